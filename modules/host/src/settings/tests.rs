//! What is set, refused and kept.

use std::collections::BTreeMap;

use super::*;

const KEY: &str = "5e1b0c7a94d2f38667c1a0be4d92f37b";

fn load(environment: &[(&str, &str)]) -> Result<Settings, SettingsError> {
    let secret = ("FREESTONE_SECRET_KEY", KEY);
    let variables = environment.iter().chain([&secret]).map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Settings::from_sources(&Flags::default(), &variables.collect())
}

fn problem(environment: &[(&str, &str)]) -> String {
    load(environment).expect_err("refused").to_string()
}

#[test]
fn nothing_has_to_be_set() {
    let settings = load(&[]).expect("loads");
    assert_eq!(settings.base_url, "http://127.0.0.1:8080");
    assert_eq!(settings.placement("orders"), ModulePlacement::Here { parity: false });
}

#[test]
fn an_address_moves_a_module_out() {
    let settings = load(&[("FREESTONE_MODULE_ORDERS_URL", "http://10.0.0.5:9464")]).expect("loads");
    assert_eq!(settings.placement("orders"), ModulePlacement::Remote("http://10.0.0.5:9464".to_owned()));
    assert_eq!(settings.placement("cart"), ModulePlacement::Here { parity: false });
}

#[test]
fn a_module_that_is_run_here_is_here() {
    let settings =
        load(&[("FREESTONE_MODULES", "orders"), ("FREESTONE_MODULE_ORDERS_URL", "http://a:1")]).expect("loads");
    assert_eq!(settings.placement("orders"), ModulePlacement::Here { parity: false });
    assert_eq!(settings.placement("cart"), ModulePlacement::Absent);
}

#[test]
fn a_misspelt_key_is_named_with_the_right_one() {
    assert!(problem(&[("FREESTONE_LISTN", "x")]).contains("did you mean FREESTONE_LISTEN?"));
    assert!(problem(&[("FREESTONE_MODULE_ORDER_URL", "x")]).contains("did you mean FREESTONE_MODULE_ORDERS_URL?"));
}

#[test]
fn every_wrong_value_is_named() {
    for (name, value) in [
        ("FREESTONE_LISTEN", "8080"),
        ("FREESTONE_SHOP_CURRENCY", "EURO"),
        ("FREESTONE_SHOP_COUNTRY", "Austria"),
        ("FREESTONE_SECRET_KEY", "short"),
        ("FREESTONE_MODULES", "catalog,basket"),
        ("FREESTONE_DATABASE_URL", "mysql://x"),
        ("FREESTONE_LOG_FORMAT", "xml"),
        ("FREESTONE_BASE_URL", "https://shop.example/path"),
        ("FREESTONE_MODULE_CART_URL", "10.0.0.5"),
        ("FREESTONE_AUTO_MIGRATE", "maybe"),
        ("FREESTONE_ORDER_LINK_MINUTES", "half"),
        ("FREESTONE_PAYMENT_CAPTURE", "sometimes"),
    ] {
        let variables = BTreeMap::from([(name.to_owned(), value.to_owned())]);
        let flags = Flags { values: BTreeMap::from([("data_dir", "/nonexistent".to_owned())]), ..Flags::default() };
        let error = Settings::from_sources(&flags, &variables).expect_err(name);
        assert!(error.to_string().contains(name) || name == "FREESTONE_MODULES", "{name}: {error}");
    }
}

#[test]
fn a_seller_is_whole_or_not_there() {
    let whole = [
        ("FREESTONE_SELLER_NAME", "Freestone Goods GmbH"),
        ("FREESTONE_SELLER_STREET", "Steingasse 1"),
        ("FREESTONE_SELLER_POSTCODE", "1030"),
        ("FREESTONE_SELLER_CITY", "Wien"),
        ("FREESTONE_SELLER_VAT_ID", "ATU12345678"),
    ];
    assert_eq!(load(&whole).expect("loads").seller.expect("a seller").country.code(), "AT");
    for left_out in 0..whole.len() {
        let rest: Vec<_> = whole.into_iter().enumerate().filter(|(place, _)| *place != left_out).collect();
        let rest: Vec<_> = rest.into_iter().map(|(_, variable)| variable).collect();
        assert!(problem(&rest).starts_with(whole[left_out].0), "{}", whole[left_out].0);
    }
    assert!(problem(&[whole[0], whole[1], whole[2], whole[3], (whole[4].0, "12345678")]).contains("ATU12345678"));
    let production = [("FREESTONE_ENV", "production"), ("FREESTONE_BASE_URL", "https://shop.example")];
    assert_eq!(load(&production).expect("loads").seller, None);
}

#[test]
fn production_wants_an_address() {
    assert!(problem(&[("FREESTONE_ENV", "production")]).contains("FREESTONE_BASE_URL"));
}

#[test]
fn a_card_account_is_complete_or_refused() {
    let key = ("FREESTONE_STRIPE_SECRET_KEY", "sk_test_1");
    let stripe = load(&[key, ("FREESTONE_STRIPE_WEBHOOK_SECRET", "whsec_2, whsec_1")]).expect("loads").stripe;
    assert_eq!(stripe.expect("an account").webhook_secrets, ["whsec_2", "whsec_1"]);
    assert!(load(&[]).expect("loads").stripe.is_none());
    for (name, value) in [
        ("FREESTONE_STRIPE_PAGE", "embedded"),
        ("FREESTONE_STRIPE_API_URL", "http://api.example"),
        ("FREESTONE_STRIPE_WEBHOOK_SECRET", "a,b,c"),
    ] {
        assert!(problem(&[key, (name, value)]).contains("FREESTONE_STRIPE"), "{name}");
    }
}

#[test]
fn secrets_are_not_shown() {
    let settings = load(&[("FREESTONE_DATABASE_URL", "postgres://user:hunter2@db/shop")]).expect("loads");
    assert!(settings.shown().iter().all(|(_, value, _)| !value.contains("hunter2")));
    assert!(settings.shown().iter().any(|(name, value, _)| name == "database_url" && value == "(hidden)"));
}

#[test]
fn keys_that_others_may_know_are_refused_with_the_way_to_make_one() {
    for key in [
        "5e1b0c7a94d2f38667c1a0be4d92f37",
        "change-me-change-me-before-you-go-live",
        "ThisIsAnExampleOfAKeyThatIsLongEnough",
        "00000000000000000000000000000000",
        "tests-tests-tests-tests-tests-tests-tests",
        "0123456789abcdef0123456789abcdef",
        "django-insecure-4f$kz!t8w@x#l2p9qv7c6bn",
    ] {
        for name in ["FREESTONE_SECRET_KEY", "FREESTONE_SECRET_KEY_PREVIOUS"] {
            let variables = BTreeMap::from([("FREESTONE_SECRET_KEY", KEY), (name, key)]);
            let variables = variables.into_iter().map(|(name, key)| (name.to_owned(), key.to_owned())).collect();
            let problem = Settings::from_sources(&Flags::default(), &variables).expect_err(key).to_string();
            assert!(problem.starts_with(name) && problem.contains("openssl rand -hex 32"), "{key}: {problem}");
        }
    }
    assert!(problem(&[("FREESTONE_SECRET_KEY_PREVIOUS", KEY)]).contains("the secret key itself"));
}

#[test]
fn while_the_secret_key_is_changed_that_before_is_known() {
    let (before, after) = (KEY, "9d0c1b2a3f4e5d6c7b8a9f0e1d2c3b4a");
    let load = |key: &str, former: &str| {
        let variables = [("FREESTONE_SECRET_KEY", key), ("FREESTONE_SECRET_KEY_PREVIOUS", former)];
        let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        Settings::from_sources(&Flags::default(), &variables).expect("loads")
    };
    let (first, second) = (load(before, ""), load(after, before));
    assert_eq!(first.former_key("passwords"), None);
    assert_eq!(second.former_key("passwords"), Some(first.derived_key("passwords")));
    assert_eq!(second.former_module_credential(), Some(first.module_credential()));
    assert_ne!(second.derived_key("passwords"), first.derived_key("passwords"));
}

#[test]
fn a_new_shop_gets_a_key_of_its_own_and_keeps_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let values = BTreeMap::from([("data_dir", folder.path().join("new").display().to_string())]);
    let flags = Flags { values, ..Flags::default() };
    let load = || Settings::from_sources(&flags, &BTreeMap::new());
    let made: Vec<_> = std::thread::scope(|scope| {
        let starts: Vec<_> = (0..8).map(|_| scope.spawn(load)).collect();
        starts.into_iter().map(|start| start.join().expect("it ran").expect("loads").secret_key).collect()
    });
    assert!(made[0].len() == 64 && made.iter().all(|key| *key == made[0]), "{made:?}");
    let files = std::fs::read_dir(folder.path().join("new")).expect("a folder").count();
    assert_eq!(files, 1, "nothing else is left");

    std::fs::write(folder.path().join("new/secret_key"), "").expect("written");
    let problem = load().expect_err("refused").to_string();
    assert!(problem.contains("new/secret_key: use at least 32"), "{problem}");
}
