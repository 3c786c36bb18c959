//! Giving the password again before something sensitive.

use accounts_api::{AccountsError, ConfirmPassword, SignOut};
use kernel::testing::on_every_database;
use kernel::{IdempotencyKey, Secret};

use crate::staff::{GOOD, Shop, TUESDAY_NOON, anyone, confirm, is_wrong, minutes, sign_in, wait};

async fn is_recent(shop: &Shop, secret: &Secret) -> bool {
    shop.session(secret).await.expect("open").recent
}

// AC-026
#[tokio::test]
async fn a_password_is_recent_for_15_minutes_and_again_when_it_is_given_again() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        let ada = shop.ada().await;
        let first = shop.signed_in().await;
        shop.clock.advance(minutes(14));
        assert!(is_recent(&shop, &first).await);
        shop.clock.advance(minutes(1));
        assert!(!is_recent(&shop, &first).await, "to be signed in is not enough");

        let request = confirm(&first, GOOD);
        let session = shop.accounts.confirm_password(&anyone(), request.clone()).await.expect("confirmed");
        assert_eq!(session.user, ada);
        assert_eq!(session.expires_at, TUESDAY_NOON.plus(minutes(12 * 60)), "it does not last longer for that");
        assert!(is_recent(&shop, &request.next_secret).await);
        shop.clock.advance(minutes(16));
        assert!(!is_recent(&shop, &request.next_secret).await);
    })
    .await;
}

#[tokio::test]
async fn the_former_secret_ends_soon_and_is_no_more_recent_than_it_was() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        shop.ada().await;
        let first = shop.signed_in().await;
        shop.clock.advance(minutes(20));
        let request = confirm(&first, GOOD);
        shop.accounts.confirm_password(&anyone(), request.clone()).await.expect("confirmed");
        assert!(!is_recent(&shop, &first).await, "what was sent at the same time still finds its session");
        shop.clock.advance(minutes(1));
        assert_eq!(shop.session(&first).await, None);
        assert!(is_recent(&shop, &request.next_secret).await);
    })
    .await;
}

#[tokio::test]
async fn a_button_that_is_pressed_twice_leaves_a_session_that_lasts() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        shop.ada().await;
        let first = shop.signed_in().await;
        shop.clock.advance(minutes(20));
        let presses = [confirm(&first, GOOD), confirm(&first, GOOD)];
        for press in &presses {
            shop.accounts.confirm_password(&anyone(), press.clone()).await.expect("confirmed");
        }
        shop.clock.advance(minutes(10));
        for press in &presses {
            assert!(is_recent(&shop, &press.next_secret).await);
        }
    })
    .await;
}

#[tokio::test]
async fn a_repeat_confirms_once() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        shop.ada().await;
        let first = shop.signed_in().await;
        let request = confirm(&first, GOOD);
        let session = shop.accounts.confirm_password(&anyone(), request.clone()).await.expect("confirmed");
        assert_eq!(shop.accounts.confirm_password(&anyone(), request).await.expect("the same again"), session);
    })
    .await;
}

#[tokio::test]
async fn wrong_passwords_are_counted_as_at_the_door() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        shop.ada().await;
        let first = shop.signed_in().await;
        shop.clock.advance(minutes(20));
        for _ in 0..5 {
            let request = confirm(&first, "a wrong password");
            assert!(is_wrong(&shop.accounts.confirm_password(&anyone(), request).await.expect_err("wrong")));
        }
        let error = shop.accounts.confirm_password(&anyone(), confirm(&first, GOOD)).await.expect_err("too many");
        assert_eq!(wait(&error), Some(601));
        let error = shop.accounts.sign_in(&anyone(), sign_in("ada@example.org", GOOD)).await.expect_err("too many");
        assert_eq!(wait(&error), Some(601));
        let known = ConfirmPassword { known_device: Some("her laptop".to_owned()), ..confirm(&first, GOOD) };
        shop.accounts.confirm_password(&anyone(), known).await.expect("a known device is counted by itself");
    })
    .await;
}

#[tokio::test]
async fn only_an_open_session_goes_on() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        shop.ada().await;
        let (idle, out) = (shop.signed_in().await, shop.signed_in().await);
        let sign_out = SignOut { key: IdempotencyKey::new(), secret: out.clone() };
        shop.accounts.sign_out(&anyone(), sign_out).await.expect("signed out");
        shop.clock.advance(minutes(30));
        for secret in [idle, out, Secret::generate()] {
            let error = shop.accounts.confirm_password(&anyone(), confirm(&secret, GOOD)).await.expect_err("refused");
            assert_eq!(error.domain(), Some(&AccountsError::SessionEnded));
        }
    })
    .await;
}
