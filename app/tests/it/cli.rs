//! The command line: what it prints, and how it ends.

use std::process::Output;

use tempfile::TempDir;

use crate::shop::{Plan, in_a_shop, in_the_shop, program, run_with_input};

const GOODS: &str = "Handle,Title,Variant SKU,Variant Price,Variant Inventory Tracker,Variant Inventory Qty,Status\n\
    slate,Slate,SLT-1,12.50,shopify,7,active\n\
    chalk,Chalk,CHK-1,3.00,shopify,9,active\n";

/// Data of its own, without a running shop.
struct Place(TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.run_with(arguments, "")
    }

    fn run_with(&self, arguments: &[&str], input: &str) -> Output {
        let mut command = program();
        command.current_dir(self.0.path()).env("FREESTONE_DATA_DIR", self.0.path().join("data")).args(arguments);
        run_with_input(&mut command, input)
    }

    fn write(&self, name: &str, content: &str) {
        std::fs::write(self.0.path().join(name), content).expect("a file");
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.0.path().join(name)).expect("a file")
    }
}

/// Its standard output, when it ended so.
#[track_caller]
fn out(output: &Output, code: i32) -> String {
    assert_eq!(output.status.code(), Some(code), "{}{}", text(&output.stdout), text(&output.stderr));
    text(&output.stdout)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn a_misspelt_key_ends_with_3_and_names_the_right_one() {
    let place = Place::new();
    let output = run_with_input(program().env("FREESTONE_LISTN", "x").args(["config", "show"]), "");
    assert_eq!((output.status.code(), text(&output.stdout).as_str()), (Some(3), ""));
    assert!(text(&output.stderr).contains("FREESTONE_LISTN: there is no such key; did you mean FREESTONE_LISTEN?"));
    place.write("shop.toml", "lissten = \"127.0.0.1:1\"\n");
    let output = place.run(&["--config", "shop.toml", "config", "show"]);
    out(&output, 3);
    assert!(text(&output.stderr).contains("did you mean listen?"), "{}", text(&output.stderr));
}

#[test]
fn wrong_usage_ends_with_2() {
    let place = Place::new();
    for arguments in [&["sell"][..], &["product", "import"], &["serve", "--port", "1"], &[]] {
        out(&place.run(arguments), 2);
    }
}

#[test]
fn a_dry_run_changes_nothing_and_says_what_would_be() {
    let place = Place::new();
    place.write("goods.csv", GOODS);
    for _ in 0..2 {
        let said = out(&place.run(&["product", "import", "goods.csv", "--dry-run"]), 0);
        assert_eq!(said.trim(), "2 would be new, 0 would be changed, 0 the same, 0 refused; nothing was changed");
    }
    let export = out(&place.run(&["product", "export", "-"]), 0);
    assert!(!export.contains("slate"), "{export}");
}

#[test]
fn what_is_imported_and_exported_is_unchanged_when_imported_again() {
    let place = Place::new();
    place.write("goods.csv", GOODS);
    assert!(out(&place.run(&["product", "import", "goods.csv"]), 0).starts_with("2 new, 0 changed"));
    assert!(out(&place.run(&["product", "import", "goods.csv"]), 0).starts_with("0 new, 0 changed, 2 the same"));
    assert!(out(&place.run(&["product", "export", "out.csv"]), 0).contains("2 products written"));
    assert!(out(&place.run(&["product", "import", "out.csv"]), 0).starts_with("0 new, 0 changed, 2 the same"));
    assert!(place.read("out.csv").contains("SLT-1"));
}

#[test]
fn refused_rows_end_with_6_and_can_be_corrected_and_imported() {
    let place = Place::new();
    place.write("goods.csv", &GOODS.replace("12.50", "twelve"));
    let output = place.run(&["product", "import", "goods.csv", "--rejects", "refused.csv"]);
    assert!(out(&output, 6).contains("1 new, 0 changed, 0 the same, 1 refused"));
    assert!(text(&output.stderr).contains("line 2, slate, Variant Price: \"twelve\""), "{}", text(&output.stderr));
    let refused = place.read("refused.csv");
    assert!(refused.contains("twelve") && !refused.contains("chalk"), "{refused}");
    place.write("refused.csv", &refused.replace("\"twelve\",", "\"12.50\","));
    assert!(out(&place.run(&["product", "import", "refused.csv"]), 0).starts_with("1 new, 0 changed"));
}

#[test]
fn a_file_that_is_not_there_ends_with_7_and_one_that_is_none_with_2() {
    let place = Place::new();
    let output = place.run(&["product", "import", "nothing.csv"]);
    out(&output, 7);
    assert!(text(&output.stderr).contains("nothing.csv"));
    place.write("letter.txt", "Dear shop,\nplease send me a mug.\n");
    out(&place.run(&["product", "import", "letter.txt"]), 2);
}

#[test]
fn goods_come_from_standard_input_and_results_as_json() {
    let place = Place::new();
    let report = out(&place.run_with(&["--json", "product", "import", "-"], GOODS), 0);
    let report: serde_json::Value = serde_json::from_str(&report).expect("JSON");
    assert_eq!((&report["created"], &report["rejected"]), (&2.into(), &0.into()));
}

#[test]
fn members_of_staff_are_made_with_good_passwords_only() {
    let place = Place::new();
    let create = ["user", "create", "--email", "ada@example.com", "--name", "Ada", "--role", "manager"];
    for weak in ["short", "passwordpassword", ""] {
        let output = place.run_with(&create, weak);
        out(&output, 2);
        assert!(text(&output.stderr).contains("password"), "{}", text(&output.stderr));
    }
    assert_eq!(out(&place.run_with(&["user", "list"], ""), 0).trim(), "");
    out(&place.run_with(&create, "a granite block in spring\n"), 0);
    out(&place.run_with(&create, "a granite block in spring\n"), 5);
    assert!(out(&place.run(&["user", "list"]), 0).contains("ada@example.com  manager  Ada"));
    out(&place.run_with(&["user", "create", "--email", "x", "--name", "X"], "a granite block"), 2);
    out(
        &place.run_with(
            &["user", "create", "--email", "x@example.com", "--name", "X", "--role", "king"],
            "a granite block",
        ),
        2,
    );
}

#[test]
fn a_shop_that_is_closed_is_not_healthy() {
    let place = Place::new();
    let output = run_with_input(
        program().env("FREESTONE_LISTEN", "127.0.0.1:9").arg("healthcheck").current_dir(place.0.path()),
        "",
    );
    out(&output, 4);
    assert!(text(&output.stderr).contains("127.0.0.1:9"), "{}", text(&output.stderr));
}

#[tokio::test]
async fn a_shop_that_is_open_is_healthy() {
    in_the_shop(|shop| async move {
        let output = shop.command("app").arg("healthcheck").output().expect("it runs");
        assert_eq!(out(&output, 0).trim(), "ready");
    })
    .await;
}

#[tokio::test]
async fn goods_imported_by_the_command_line_appear_in_the_open_shop() {
    in_the_shop(|shop| async move {
        let file = shop.folder().join("goods.csv");
        std::fs::write(&file, GOODS).expect("a file");
        let output = shop.command("app").args(["product", "import"]).arg(&file).output().expect("it runs");
        assert!(out(&output, 0).starts_with("2 new"));
        shop.shopper().get("/p/slate").await.expect(200).says("€12.50");
    })
    .await;
}

#[test]
fn the_description_of_the_api_names_every_method_of_every_contract() {
    let document: serde_json::Value = serde_json::from_str(&out(&Place::new().run(&["openapi"]), 0)).expect("JSON");
    let paths = document["paths"].as_object().expect("paths");
    for (module, method) in [
        ("catalog", "save_product"),
        ("inventory", "reserve"),
        ("billing", "start_payment"),
        ("orders", "place_order"),
        ("cart", "add_line"),
        ("accounts", "sign_in"),
    ] {
        assert!(paths.contains_key(&format!("/contract/{module}/{method}")), "{module} {method}");
    }
    assert!(paths.contains_key("/api/v1/store/products/{slug}") && paths.len() > 40, "{}", paths.len());
    // Every reference leads to a schema.
    let text = document.to_string();
    for reference in text.split("\"#/components/schemas/").skip(1).filter_map(|rest| rest.split('"').next()) {
        assert!(document["components"]["schemas"].get(reference).is_some(), "{reference}");
    }
}

#[test]
fn the_configuration_is_shown_with_its_sources_and_without_its_secrets() {
    let place = Place::new();
    place.write("shop.toml", "shop_name = \"Marble\"\n");
    let mut command = program();
    command
        .current_dir(place.0.path())
        .env("FREESTONE_SECRET_KEY", "hidden-5e1b0c7a94d2f38667c1a0be4d92f37b")
        .env("FREESTONE_SMTP_URL", "smtp://user:hunter2@localhost:25")
        .env("FREESTONE_LOG_LEVEL", "error")
        .args(["--config", "shop.toml", "--data-dir", "elsewhere", "config", "show"]);
    let output = run_with_input(&mut command, "");
    let shown = out(&output, 0);
    for (key, value, source) in [
        ("shop_name", "Marble", "shop.toml"),
        ("data_dir", "elsewhere", "flag"),
        ("secret_key", "(hidden)", "FREESTONE_SECRET_KEY"),
        ("smtp_url", "(hidden)", "FREESTONE_SMTP_URL"),
        ("shop_currency", "EUR", "default"),
    ] {
        let row = shown.lines().find(|row| row.starts_with(&format!("{key} "))).expect(key);
        assert!(row.contains(value) && row.trim_end().ends_with(source), "{row}");
    }
    assert!(!shown.contains("hunter2") && !shown.contains("hidden-5e1b"), "{shown}");
}

#[test]
fn it_says_its_version_and_how_its_modules_are_joined() {
    let place = Place::new();
    assert_eq!(out(&place.run(&["version"]), 0).trim(), concat!("freestone ", env!("CARGO_PKG_VERSION")));
    let graph = out(&place.run(&["module", "graph"]), 0);
    assert!(
        graph.starts_with("flowchart LR")
            && graph.contains("orders --> inventory")
            && graph.contains("cart --> catalog")
    );
    let list = out(&place.run(&["module", "list"]), 0);
    assert_eq!(list.lines().filter(|row| row.contains("in-process") && row.contains(" up ")).count(), 6, "{list}");
}

#[tokio::test]
async fn an_audit_finds_nothing_in_a_healthy_shop_and_names_what_was_tampered_with() {
    in_a_shop(Plan { away: &["orders", "billing"], ..Plan::default() }, |shop| async move {
        let shopper = shop.shopper();
        let goods = shopper.goods("dinner-plate", "TAB-PLT-CHK").await;
        let payment = shopper.choose(&goods, 1).await;
        shopper.press_pay(&payment, "bank_transfer").await.expect(200).says("Thank you");
        shop.mails_to(&shopper.email, 1).await;
        let audit = |arguments: &[&str]| shop.command("app").args(arguments).output().expect("it runs");
        assert_eq!(out(&audit(&["audit"]), 0).trim(), "every invariant holds");

        shop.tamper(orders::schema(), "UPDATE orders SET payment_status = 'paid'").await;
        let said = out(&audit(&["audit"]), 1);
        assert!(
            said.starts_with("I-M8  across: an order is paid, and other money was counted\n       1001 (ord_"),
            "{said}"
        );
        shop.tamper(orders::schema(), "UPDATE orders SET payment_status = 'unpaid'").await;

        let money = "UPDATE payments SET captured = amount, status = 'captured', paid_at = 1";
        shop.tamper(billing::schema(), money).await;
        let report: serde_json::Value = serde_json::from_str(&out(&audit(&["--json", "audit"]), 1)).expect("JSON");
        let items = report["items"].as_array().expect("items");
        let named: Vec<_> = items.iter().map(|item| (item["module"].as_str(), item["invariant"].as_str())).collect();
        assert_eq!(named, [(Some("billing"), Some("I-M3")), (Some("across"), Some("I-O7"))]);
        let ended = "UPDATE orders SET status = 'canceled', payment_status = 'voided', fulfillment_status = 'canceled'";
        shop.tamper(orders::schema(), ended).await;
        let said = out(&audit(&["audit"]), 1);
        assert!(said.contains("I-M8  across: an order has ended, and its money was counted"), "{said}");
        assert!(said.contains("I-O1  orders: an order is in another status than its last event says"), "{said}");
    })
    .await;
}

#[test]
fn migrations_are_told_apart_by_whether_they_ran() {
    let place = Place::new();
    let before = out(&place.run(&["migrate", "status"]), 5);
    assert!(before.contains("behind") && before.contains("orders"), "{before}");
    assert!(out(&place.run(&["migrate", "up"]), 0).starts_with("up to date"));
    assert!(out(&place.run(&["migrate", "up"]), 0).starts_with("up to date"));
    assert!(out(&place.run(&["migrate", "status"]), 0).starts_with("up to date"));
}

#[test]
fn a_shop_that_may_not_migrate_does_not_start_on_old_data() {
    let place = Place::new();
    let mut command = program();
    command.env("FREESTONE_DATA_DIR", place.0.path()).env("FREESTONE_AUTO_MIGRATE", "false").arg("serve");
    let output = run_with_input(&mut command, "");
    assert_eq!(output.status.code(), Some(5), "{}", text(&output.stderr));
    assert!(text(&output.stderr).contains("freestone migrate up"), "{}", text(&output.stderr));
}
