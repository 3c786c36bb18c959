//! Who may try how often, from where.

use std::sync::Arc;

use accounts_api::SignIn;
use kernel::testing::on_every_database;

use crate::staff::{GOOD, Shop, anyone, is_wrong, minutes, sign_in, sign_in_from, wait};

// AC-086
#[tokio::test]
async fn guessing_at_many_accounts_from_one_address_is_slowed_down() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        shop.ada().await;
        for number in 0..10 {
            let request = sign_in_from("192.0.2.7", &format!("a{number}@example.org"), "a wrong password");
            assert!(is_wrong(&shop.accounts.sign_in(&anyone(), request).await.expect_err("refused")), "{number}");
        }
        let there = sign_in_from("192.0.2.7", "ada@example.org", GOOD);
        assert_eq!(wait(&shop.accounts.sign_in(&anyone(), there.clone()).await.expect_err("too many")), Some(601));
        let elsewhere = sign_in_from("192.0.2.8", "ada@example.org", GOOD);
        shop.accounts.sign_in(&anyone(), elsewhere).await.expect("others are not concerned");
        shop.clock.advance(minutes(10));
        shop.accounts.sign_in(&anyone(), there).await.expect("after the pause");
    })
    .await;
}

#[tokio::test]
async fn guesses_at_once_from_one_address_are_not_more_than_ten() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        let guesses: Vec<_> = (0..20)
            .map(|number| {
                let accounts = Arc::clone(&shop.accounts);
                let request = sign_in_from("192.0.2.7", &format!("a{number}@example.org"), "a wrong password");
                tokio::spawn(async move { accounts.sign_in(&anyone(), request).await })
            })
            .collect();
        let mut checked = 0;
        for guess in guesses {
            checked += usize::from(is_wrong(&guess.await.expect("it ran").expect_err("refused")));
        }
        assert_eq!(checked, 10);
    })
    .await;
}

#[tokio::test]
async fn who_knows_a_password_does_not_wipe_out_what_others_guessed_from_there() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        shop.ada().await;
        for number in 0..9 {
            let request = sign_in_from("192.0.2.7", &format!("a{number}@example.org"), "a wrong password");
            assert!(is_wrong(&shop.accounts.sign_in(&anyone(), request).await.expect_err("refused")));
        }
        for _ in 0..3 {
            let own = sign_in_from("192.0.2.7", "ada@example.org", GOOD);
            shop.accounts.sign_in(&anyone(), own).await.expect("it does not count");
        }
        let tenth = sign_in_from("192.0.2.7", "b@example.org", "a wrong password");
        assert!(is_wrong(&shop.accounts.sign_in(&anyone(), tenth).await.expect_err("refused")));
        let eleventh = sign_in_from("192.0.2.7", "ada@example.org", GOOD);
        assert_eq!(wait(&shop.accounts.sign_in(&anyone(), eleventh).await.expect_err("too many")), Some(601));
    })
    .await;
}

// AC-086
#[tokio::test]
async fn the_owner_signs_in_from_a_known_device_while_others_guess_from_everywhere() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        shop.ada().await;
        let mut limited = 0;
        for number in 0..100 {
            let request = sign_in_from(&format!("192.0.2.{number}"), "ada@example.org", "a wrong password");
            limited += usize::from(wait(&shop.accounts.sign_in(&anyone(), request).await.expect_err("no")).is_some());
        }
        assert_eq!(limited, 95);
        let unknown = sign_in_from("198.51.100.1", "ada@example.org", GOOD);
        assert!(wait(&shop.accounts.sign_in(&anyone(), unknown.clone()).await.expect_err("limited")).is_some());

        let known = |password: &str| SignIn {
            known_device: Some("her laptop".to_owned()),
            ..sign_in_from("192.0.2.1", "ada@example.org", password)
        };
        shop.accounts.sign_in(&anyone(), known(GOOD)).await.expect("signed in");
        assert!(
            wait(&shop.accounts.sign_in(&anyone(), unknown).await.expect_err("still limited")).is_some(),
            "what was guessed elsewhere is not forgotten for it"
        );
        for _ in 0..5 {
            assert!(is_wrong(&shop.accounts.sign_in(&anyone(), known("a wrong password")).await.expect_err("wrong")));
        }
        assert_eq!(wait(&shop.accounts.sign_in(&anyone(), known(GOOD)).await.expect_err("too many")), Some(601));
    })
    .await;
}

#[tokio::test]
async fn counts_are_shared_by_all_processes() {
    on_every_database(|home| async move {
        let (here, there) = (Shop::open(&home).await, Shop::open(&home).await);
        here.ada().await;
        for shop in [&here, &there, &here, &there, &here] {
            let request = sign_in("ada@example.org", "a wrong password");
            assert!(is_wrong(&shop.accounts.sign_in(&anyone(), request).await.expect_err("refused")));
        }
        let error = there.accounts.sign_in(&anyone(), sign_in("ada@example.org", GOOD)).await.expect_err("too many");
        assert_eq!(wait(&error), Some(601));
    })
    .await;
}
