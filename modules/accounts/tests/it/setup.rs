//! The first owner.

use std::sync::Arc;

use accounts_api::{AccountsError, CreateOwner, ListUsers, NeedsOwner, OpenSetup, Password, Role};
use kernel::testing::on_every_database;
use kernel::{CallError, IdempotencyKey, Secret};

use crate::staff::{GOOD, Shop, anyone, minutes, new_user, program, staff};

fn link(secret: &Secret) -> OpenSetup {
    OpenSetup { key: IdempotencyKey::new(), secret: secret.clone() }
}

fn owner(secret: &Secret, email: &str) -> CreateOwner {
    CreateOwner {
        key: IdempotencyKey::new(),
        secret: secret.clone(),
        email: email.parse().expect("an address"),
        name: "Ada Lovelace".to_owned(),
        password: Password::new(GOOD),
    }
}

fn is_closed(error: &CallError<AccountsError>) -> bool {
    error.domain() == Some(&AccountsError::SetupClosed)
}

async fn needs_owner(shop: &Shop) -> bool {
    shop.accounts.needs_owner(&anyone(), NeedsOwner {}).await.expect("an answer")
}

#[tokio::test]
async fn the_link_makes_one_owner_and_then_nothing_does() {
    on_every_database(|home| async move {
        let (shop, secret) = (Shop::open(&home).await, Secret::generate());
        assert!(needs_owner(&shop).await);
        shop.accounts.open_setup(&program(), link(&secret)).await.expect("opened");
        let ada = shop.accounts.create_owner(&anyone(), owner(&secret, "ada@example.org")).await.expect("created");
        assert_eq!((ada.role, ada.email.as_str()), (Role::Owner, "ada@example.org"));
        assert!(!needs_owner(&shop).await);

        let again = shop.accounts.create_owner(&anyone(), owner(&secret, "eve@example.org")).await.expect_err("used");
        let reopened = shop.accounts.open_setup(&program(), link(&secret)).await.expect_err("there is an owner");
        assert!(is_closed(&again) && is_closed(&reopened));
    })
    .await;
}

#[tokio::test]
async fn a_repeat_of_the_attempt_that_succeeded_succeeds() {
    on_every_database(|home| async move {
        let (shop, secret) = (Shop::open(&home).await, Secret::generate());
        shop.accounts.open_setup(&program(), link(&secret)).await.expect("opened");
        let request = owner(&secret, "ada@example.org");
        let ada = shop.accounts.create_owner(&anyone(), request.clone()).await.expect("created");
        assert_eq!(shop.accounts.create_owner(&anyone(), request).await.expect("the same again"), ada);
    })
    .await;
}

// AC-020
#[tokio::test]
async fn of_two_who_race_one_becomes_the_owner() {
    on_every_database(|home| async move {
        let (shop, secret) = (Shop::open(&home).await, Secret::generate());
        shop.accounts.open_setup(&program(), link(&secret)).await.expect("opened");
        let attempts: Vec<_> = (0..4)
            .map(|number| {
                let (accounts, request) =
                    (Arc::clone(&shop.accounts), owner(&secret, &format!("a{number}@example.org")));
                tokio::spawn(async move { accounts.create_owner(&anyone(), request).await })
            })
            .collect();
        let mut owners = 0;
        for attempt in attempts {
            match attempt.await.expect("it ran") {
                Ok(_) => owners += 1,
                Err(error) => assert!(is_closed(&error), "{error}"),
            }
        }
        assert_eq!(owners, 1);
        assert_eq!(shop.accounts.list_users(&program(), ListUsers {}).await.expect("listed").len(), 1);
    })
    .await;
}

// AC-020
#[tokio::test]
async fn a_link_that_is_unknown_too_old_or_replaced_is_refused() {
    on_every_database(|home| async move {
        let (shop, first, second) = (Shop::open(&home).await, Secret::generate(), Secret::generate());
        let attempt = async |secret: &Secret| {
            let error =
                shop.accounts.create_owner(&anyone(), owner(secret, "a@example.org")).await.expect_err("refused");
            assert!(is_closed(&error), "{error}");
        };
        attempt(&first).await;

        shop.accounts.open_setup(&program(), link(&first)).await.expect("opened");
        shop.accounts.open_setup(&program(), link(&second)).await.expect("opened");
        attempt(&first).await;

        shop.clock.advance(minutes(30));
        attempt(&second).await;
        assert!(needs_owner(&shop).await);
    })
    .await;
}

#[tokio::test]
async fn a_refused_attempt_does_not_use_up_the_link() {
    on_every_database(|home| async move {
        let (shop, secret) = (Shop::open(&home).await, Secret::generate());
        shop.accounts.create_user(&program(), new_user("bob@example.org", Role::Packer)).await.expect("created");
        shop.accounts.open_setup(&program(), link(&secret)).await.expect("opened");
        let weak = CreateOwner { password: Password::new("password1234"), ..owner(&secret, "ada@example.org") };
        let error = shop.accounts.create_owner(&anyone(), weak).await.expect_err("common");
        assert!(matches!(error.domain(), Some(AccountsError::Invalid { field, .. }) if field == "password"), "{error}");
        let taken = shop.accounts.create_owner(&anyone(), owner(&secret, "BOB@example.org")).await.expect_err("taken");
        assert_eq!(taken.domain(), Some(&AccountsError::EmailTaken));
        shop.accounts.create_owner(&anyone(), owner(&secret, "ada@example.org")).await.expect("created");
    })
    .await;
}

#[tokio::test]
async fn an_owner_made_on_the_command_line_closes_the_link() {
    on_every_database(|home| async move {
        let (shop, secret) = (Shop::open(&home).await, Secret::generate());
        shop.accounts.open_setup(&program(), link(&secret)).await.expect("opened");
        shop.ada().await;
        let error = shop.accounts.create_owner(&anyone(), owner(&secret, "eve@example.org")).await.expect_err("closed");
        assert!(is_closed(&error));
    })
    .await;
}

#[tokio::test]
async fn only_the_program_opens_the_set_up() {
    on_every_database(|home| async move {
        let (shop, secret) = (Shop::open(&home).await, Secret::generate());
        for ctx in [anyone(), staff(Role::Manager)] {
            let error = shop.accounts.open_setup(&ctx, link(&secret)).await.expect_err("refused");
            assert_eq!(error.domain(), Some(&AccountsError::NotPermitted));
        }
    })
    .await;
}
