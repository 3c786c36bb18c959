//! Sessions and their ends.

use accounts_api::{Permission, SignOut};
use kernel::stop::Stop;
use kernel::testing::on_every_database;
use kernel::{IdempotencyKey, Secret};

use crate::staff::{Shop, anyone, minutes};

fn sign_out(secret: &Secret) -> SignOut {
    SignOut { key: IdempotencyKey::new(), secret: secret.clone() }
}

#[tokio::test]
async fn a_session_says_who_it_is_and_what_they_may_do() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        let ada = shop.ada().await;
        let secret = shop.signed_in().await;
        let found = shop.session(&secret).await.expect("open");
        assert_eq!((found.user, found.permissions), (ada, Permission::ALL.to_vec()));
        assert_eq!(shop.session(&Secret::generate()).await, None);
    })
    .await;
}

// AC-083
#[tokio::test]
async fn after_signing_out_the_old_cookie_is_worth_nothing() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        shop.ada().await;
        let (here, there) = (shop.signed_in().await, shop.signed_in().await);
        shop.accounts.sign_out(&anyone(), sign_out(&here)).await.expect("signed out");
        shop.accounts.sign_out(&anyone(), sign_out(&here)).await.expect("out already");
        assert_eq!(shop.session(&here).await, None);
        assert_eq!(Shop::open(&home).await.session(&here).await, None, "in every process");
        assert!(shop.session(&there).await.is_some());
    })
    .await;
}

// AC-084
#[tokio::test]
async fn an_idle_session_ends_after_30_minutes() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        shop.ada().await;
        let secret = shop.signed_in().await;
        for _ in 0..3 {
            shop.clock.advance(minutes(29));
            assert!(shop.session(&secret).await.is_some());
        }
        shop.clock.advance(minutes(30));
        assert_eq!(shop.session(&secret).await, None);
        assert_eq!(shop.session(&secret).await, None, "asking does not bring it back");
    })
    .await;
}

// AC-084
#[tokio::test]
async fn a_busy_session_ends_after_12_hours() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        shop.ada().await;
        let secret = shop.signed_in().await;
        for _ in 0..35 {
            shop.clock.advance(minutes(20));
            assert!(shop.session(&secret).await.is_some());
        }
        shop.clock.advance(minutes(20));
        assert_eq!(shop.session(&secret).await, None);
    })
    .await;
}

// AC-084
#[tokio::test]
async fn a_session_does_not_outlive_a_clock_that_was_turned_back() {
    on_every_database(|home| async move {
        let (shop, at_noon) = (Shop::open(&home).await, Shop::open(&home).await);
        shop.ada().await;
        shop.clock.advance(minutes(11 * 60));
        let secret = shop.signed_in().await;
        assert!(shop.session(&secret).await.is_some());
        assert_eq!(at_noon.session(&secret).await, None, "nobody knows how old it is");
    })
    .await;
}

#[tokio::test]
async fn ended_sessions_are_swept_and_open_ones_are_not() {
    on_every_database(|home| async move {
        let mut shop = Shop::open(&home).await;
        shop.ada().await;
        let old = shop.signed_in().await;
        shop.clock.advance(minutes(29));
        let new = shop.signed_in().await;
        shop.clock.advance(minutes(2));
        let worker = shop.workers.remove(0);
        let (stopper, stop) = Stop::new();
        stopper.stop();
        (worker.run)(stop).await;
        assert!(shop.session(&new).await.is_some());
        // With the clock at noon again, the old one would be open if it were still there.
        let noon = Shop::open(&home).await;
        assert!(noon.session(&old).await.is_none());
    })
    .await;
}
