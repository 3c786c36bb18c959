//! The checker finds what is planted, and the shop keeps its promises where many press at once.

use faults::options::Options;
use faults::profile::Profile;
use faults::{campaign, plants, scenes};
use tokio::sync::Semaphore;

/// Shops at once: more of them only wait for each other.
static AT_ONCE: Semaphore = Semaphore::const_new(2);

/// A short run, and the databases that it can be made on. PostgreSQL has to be there in CI.
fn quick() -> (Options, Vec<Profile>) {
    let arguments = ["--quick", "--seed", "7"].map(str::to_owned);
    let options = Options::read(arguments.into_iter()).expect("options");
    assert!(options.postgres.is_some() || std::env::var_os("CI").is_none(), "FREESTONE_TEST_POSTGRES is not set");
    let profiles =
        if options.postgres.is_some() { vec![Profile::Sqlite, Profile::Postgres] } else { vec![Profile::Sqlite] };
    (options, profiles)
}

#[tokio::test]
async fn the_checker_finds_every_planted_violation_and_nothing_else() {
    let _turn = AT_ONCE.acquire().await.expect("never closed");
    let (report, is_clean) = plants::run(&quick().0).await.expect("a healthy shop");
    assert!(is_clean, "{report}");
}

#[tokio::test]
async fn a_hundred_presses_of_one_button_make_one_order() {
    let (options, profiles) = quick();
    for profile in profiles {
        let _turn = AT_ONCE.acquire().await.expect("never closed");
        let (report, is_clean) = scenes::one_key(profile, &options).await.expect("a shop");
        assert!(is_clean, "{report}");
    }
}

#[tokio::test]
async fn many_buyers_of_few_units_buy_exactly_these() {
    let (options, profiles) = quick();
    for profile in profiles {
        let _turn = AT_ONCE.acquire().await.expect("never closed");
        let (report, is_clean) = scenes::flash_sale(profile, &options).await.expect("a shop");
        assert!(is_clean, "{report}");
    }
}

/// People buy, pay, cancel and get their money back while processes are ended at once and started again.
async fn ended_at_once(profile: Profile, kills: u32) {
    let (options, profiles) = quick();
    if profile != Profile::Sqlite && !profiles.contains(&Profile::Postgres) {
        return;
    }
    let _turn = AT_ONCE.acquire().await.expect("never closed");
    let options = Options { kills, seed: 20_261_121, shoppers: Some(8), ..options };
    let report = campaign::run(profile, &options).await.expect("a shop");
    assert!(report.is_clean(), "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_or_done_twice_on_sqlite() {
    ended_at_once(Profile::Sqlite, 25).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_or_done_twice_on_postgres() {
    ended_at_once(Profile::Postgres, 8).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_or_done_twice_in_processes_of_their_own() {
    ended_at_once(Profile::Split, 6).await;
}
