//! Members of staff.

use accounts_api::{AccountsError, CreateUser, ListUsers, Password, Permission, Role};
use kernel::testing::on_every_database;

use crate::staff::{GOOD, Shop, anyone, new_user, program, sign_in, staff};

#[tokio::test]
async fn the_program_and_owners_create_and_list() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        let ada = shop.ada().await;
        shop.clock.advance(std::time::Duration::from_secs(1));
        let bob = shop
            .accounts
            .create_user(&staff(Role::Owner), new_user("bob@example.org", Role::Packer))
            .await
            .expect("created");
        let all = shop.accounts.list_users(&staff(Role::Owner), ListUsers {}).await.expect("listed");
        assert_eq!(all, [ada, bob]);
        let signed_in = shop.accounts.sign_in(&anyone(), sign_in("bob@example.org", GOOD)).await.expect("signed in");
        assert_eq!(signed_in.user.role, Role::Packer);
    })
    .await;
}

#[tokio::test]
async fn others_neither_create_nor_list() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        for ctx in [anyone(), staff(Role::Manager), staff(Role::Packer)] {
            let created =
                shop.accounts.create_user(&ctx, new_user("eve@example.org", Role::Packer)).await.expect_err("refused");
            let listed = shop.accounts.list_users(&ctx, ListUsers {}).await.expect_err("refused");
            assert_eq!(created.domain(), Some(&AccountsError::NotPermitted));
            assert_eq!(listed.domain(), Some(&AccountsError::NotPermitted));
        }
        assert_eq!(shop.accounts.list_users(&program(), ListUsers {}).await.expect("listed"), []);
    })
    .await;
}

// AC-021
#[tokio::test]
async fn nobody_gives_what_they_do_not_have() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        let mut ctx = staff(Role::Packer);
        if let kernel::Principal::Staff(staff) = &mut ctx.principal {
            staff.permissions.push(Permission::ManageUsers.as_str().to_owned());
        }
        for role in [Role::Owner, Role::Manager] {
            let error = shop.accounts.create_user(&ctx, new_user("eve@example.org", role)).await.expect_err("refused");
            assert_eq!(error.domain(), Some(&AccountsError::NotPermitted));
        }
        shop.accounts
            .create_user(&ctx, new_user("bob@example.org", Role::Packer))
            .await
            .expect("what they have themselves");
    })
    .await;
}

// AC-088
#[tokio::test]
async fn weak_passwords_are_refused_with_the_reason() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        for (weak, reason) in [
            ("too short", "12 characters"),
            ("password1234", "less common"),
            ("my OAK and not linen", ""),
            ("always oak & linen", "name of the shop"),
            ("Margarete@Example.org", "e-mail address"),
        ] {
            let request =
                CreateUser { password: Password::new(weak), ..new_user("margarete@example.org", Role::Packer) };
            match shop.accounts.create_user(&program(), request).await {
                Err(error) => {
                    let Some(AccountsError::Invalid { field, problem }) = error.domain() else { panic!("{error}") };
                    assert!(field == "password" && !reason.is_empty() && problem.contains(reason), "{weak}: {problem}");
                }
                Ok(_) => assert!(reason.is_empty(), "{weak} was taken"),
            }
        }
    })
    .await;
}

#[tokio::test]
async fn names_have_their_limits() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        for name in ["", "  ", "Bob\r\nBcc: eve@example.org", &"ä".repeat(201)] {
            let request = CreateUser { name: name.to_owned(), ..new_user("bob@example.org", Role::Packer) };
            let error = shop.accounts.create_user(&program(), request).await.expect_err("refused");
            assert!(matches!(error.domain(), Some(AccountsError::Invalid { field, .. }) if field == "name"), "{error}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_repeat_creates_nobody_else() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        let request = new_user("bob@example.org", Role::Packer);
        let bob = shop.accounts.create_user(&program(), request.clone()).await.expect("created");
        assert_eq!(shop.accounts.create_user(&program(), request).await.expect("the same again"), bob);
        assert_eq!(shop.accounts.list_users(&program(), ListUsers {}).await.expect("listed"), [bob]);
    })
    .await;
}
