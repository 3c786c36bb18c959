//! Signing in.

use std::sync::Arc;
use std::time::{Duration, Instant};

use accounts_api::{AccountsError, CreateUser, Password, Role, SignIn};
use kernel::IdempotencyKey;
use kernel::testing::on_every_database;

use crate::staff::{GOOD, Shop, TUESDAY_NOON, anyone, is_wrong, minutes, new_user, program, sign_in, wait};

/// Guesses wrong `count` times.
async fn guess(shop: &Shop, email: &str, count: usize) {
    for _ in 0..count {
        let error = shop.accounts.sign_in(&anyone(), sign_in(email, "a wrong password")).await.expect_err("refused");
        assert!(is_wrong(&error), "{error}");
    }
}

// AC-079
#[tokio::test]
async fn every_spelling_of_an_address_is_the_same_person() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        let ada = shop.ada().await;
        for spelling in ["ada@example.org", "ADA@Example.ORG", " ada@example.org ", "ada@example.org."] {
            let session = shop.accounts.sign_in(&anyone(), sign_in(spelling, GOOD)).await.expect(spelling);
            assert_eq!(session.user, ada);
            assert_eq!(session.expires_at, TUESDAY_NOON.plus(minutes(12 * 60)));
        }
        for spelling in ["ADA@example.org", " ada@example.org. "] {
            let error =
                shop.accounts.create_user(&program(), new_user(spelling, Role::Packer)).await.expect_err("taken");
            assert_eq!(error.domain(), Some(&AccountsError::EmailTaken));
        }
    })
    .await;
}

// AC-079
#[tokio::test]
async fn an_address_of_other_letters_is_one_person_in_every_spelling() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        let request = new_user("René@München.example", Role::Owner);
        let rene = shop.accounts.create_user(&program(), request).await.expect("created");
        assert_eq!(rene.email.as_str(), "René@München.example", "mail goes where it was told to");
        for spelling in [
            "rené@münchen.example",
            " RENE\u{301}@MU\u{308}NCHEN.Example. ",
            "ｒｅｎé@ｍünchen.example",
            "rené@xn--mnchen-3ya.example",
            "rené＠münchen。example",
        ] {
            let session = shop.accounts.sign_in(&anyone(), sign_in(spelling, GOOD)).await.expect(spelling);
            assert_eq!(session.user, rene);
            let error =
                shop.accounts.create_user(&program(), new_user(spelling, Role::Packer)).await.expect_err("taken");
            assert_eq!(error.domain(), Some(&AccountsError::EmailTaken), "{spelling}");
        }
        for other in ["rene@münchen.example", "rené@munchen.example", "rené@münchen.example.org"] {
            let error = shop.accounts.sign_in(&anyone(), sign_in(other, GOOD)).await.expect_err("somebody else");
            assert!(is_wrong(&error), "{other}");
        }
    })
    .await;
}

// AC-080
#[tokio::test]
async fn unknown_addresses_and_wrong_passwords_are_refused_alike() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        shop.ada().await;
        for email in ["ada@example.org", "nobody@example.org", "not an address", ""] {
            guess(&shop, email, 5).await;
            let error = shop.accounts.sign_in(&anyone(), sign_in(email, GOOD)).await.expect_err("too many");
            assert_eq!(wait(&error), Some(601), "{email}");
        }
    })
    .await;
}

// AC-087
#[tokio::test]
async fn passwords_are_taken_as_they_are() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        for refused in ["x".repeat(10 * 1024), "violet tin\0 nine".to_owned()] {
            let request = CreateUser { password: Password::new(refused), ..new_user("bob@example.org", Role::Packer) };
            let error = shop.accounts.create_user(&program(), request).await.expect_err("refused");
            assert!(
                matches!(error.domain(), Some(AccountsError::Invalid { field, .. }) if field == "password"),
                "{error}"
            );
        }
        let long = "four buckets of chalk 🪣 and ".repeat(5).chars().take(128).collect::<String>();
        let request = CreateUser { password: Password::new(&long), ..new_user("ada@example.org", Role::Owner) };
        shop.accounts.create_user(&program(), request).await.expect("created");
        shop.accounts.sign_in(&anyone(), sign_in("ada@example.org", &long)).await.expect("signed in");
        for other in
            [long.trim_end().to_owned(), long.chars().take(127).collect(), format!("{long} "), long.to_uppercase()]
        {
            if other != long {
                let error =
                    shop.accounts.sign_in(&anyone(), sign_in("ada@example.org", &other)).await.expect_err("wrong");
                assert!(is_wrong(&error));
            }
        }
        let cut = format!("{long}\0");
        for refused in [cut, "x".repeat(10 * 1024)] {
            let error =
                shop.accounts.sign_in(&anyone(), sign_in("ada@example.org", &refused)).await.expect_err("refused");
            assert!(is_wrong(&error));
        }
    })
    .await;
}

// AC-080
#[tokio::test]
async fn unknown_addresses_take_as_long_as_known_ones() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        shop.ada().await;
        let (mut known, mut unknown) = (Vec::new(), Vec::new());
        for _ in 0..15 {
            // So long ago that it does not count.
            shop.clock.advance(minutes(180));
            for (email, times) in [("ada@example.org", &mut known), ("nobody@example.org", &mut unknown)] {
                let began = Instant::now();
                guess(&shop, email, 1).await;
                times.push(began.elapsed());
            }
        }
        let median = |times: &mut Vec<Duration>| {
            times.sort();
            times[times.len() / 2]
        };
        let (known, unknown) = (median(&mut known), median(&mut unknown));
        let allowed = Duration::from_millis(5).max(known / 3);
        assert!(known.abs_diff(unknown) < allowed, "{known:?} for a known address, {unknown:?} for an unknown one");
    })
    .await;
}

#[tokio::test]
async fn after_five_failures_even_the_right_password_has_to_wait() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        shop.ada().await;
        guess(&shop, "ada@example.org", 5).await;
        let error = shop.accounts.sign_in(&anyone(), sign_in("ADA@example.org", GOOD)).await.expect_err("too many");
        assert_eq!(wait(&error), Some(601));
        shop.clock.advance(minutes(10));
        guess(&shop, "ada@example.org", 1).await;
        let error = shop.accounts.sign_in(&anyone(), sign_in("ada@example.org", GOOD)).await.expect_err("too many");
        assert_eq!(wait(&error), Some(1_201), "the next pause is longer");
        shop.clock.advance(minutes(20));
        shop.signed_in().await;
        guess(&shop, "ada@example.org", 5).await;
    })
    .await;
}

#[tokio::test]
async fn others_sign_in_while_one_account_is_guessed_at() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        shop.ada().await;
        guess(&shop, "bob@example.org", 5).await;
        shop.signed_in().await;
    })
    .await;
}

#[tokio::test]
async fn twenty_guesses_at_once_are_not_more_than_five() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        shop.ada().await;
        let guesses: Vec<_> = (0..20)
            .map(|_| {
                let accounts = Arc::clone(&shop.accounts);
                tokio::spawn(async move {
                    accounts.sign_in(&anyone(), sign_in("ada@example.org", "a wrong password")).await
                })
            })
            .collect();
        let (mut checked, mut refused) = (0, 0);
        for guess in guesses {
            let error = guess.await.expect("it ran").expect_err("wrong");
            checked += usize::from(is_wrong(&error));
            refused += usize::from(wait(&error).is_some());
        }
        assert_eq!((checked, refused), (5, 15));
    })
    .await;
}

#[tokio::test]
async fn a_repeat_opens_no_second_session() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        shop.ada().await;
        let request = sign_in("ada@example.org", GOOD);
        let first = shop.accounts.sign_in(&anyone(), request.clone()).await.expect("signed in");
        shop.clock.advance(minutes(5));
        assert_eq!(shop.accounts.sign_in(&anyone(), request.clone()).await.expect("the same again"), first);
        let wrong = SignIn { password: Password::new("a wrong password"), ..request };
        assert!(is_wrong(&shop.accounts.sign_in(&anyone(), wrong).await.expect_err("wrong")));
    })
    .await;
}

// AC-081
#[tokio::test]
async fn a_secret_opens_one_session_only() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        shop.ada().await;
        let request = sign_in("ada@example.org", GOOD);
        shop.accounts.sign_in(&anyone(), request.clone()).await.expect("signed in");
        let planted = SignIn { key: IdempotencyKey::new(), ..request };
        assert!(shop.accounts.sign_in(&anyone(), planted).await.is_err());
    })
    .await;
}
