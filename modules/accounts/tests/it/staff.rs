//! A shop of which only the accounts are real, and the people who work there.

use std::sync::Arc;
use std::time::Duration;

use accounts::AccountsSettings;
use accounts_api::{
    Accounts, AccountsError, ConfirmPassword, CreateUser, FindSession, Password, Role, SignIn, SignedIn, StaffUser,
};
use kernel::db::Db;
use kernel::module::Worker;
use kernel::principal::Staff;
use kernel::testing::TestHome;
use kernel::{CallCtx, CallError, Clock, IdempotencyKey, Principal, Secret, Timestamp};

pub(crate) const TUESDAY_NOON: Timestamp = Timestamp(1_763_467_200_000_000);
pub(crate) const GOOD: &str = "violet tin nine";

pub(crate) struct Shop {
    pub(crate) accounts: Arc<dyn Accounts>,
    pub(crate) clock: Clock,
    pub(crate) db: Db,
    pub(crate) workers: Vec<Worker>,
}

impl Shop {
    pub(crate) async fn open(home: &TestHome) -> Self {
        Self::open_with(home, (b"not a secret", None)).await
    }

    /// With a pepper, and the one before.
    pub(crate) async fn open_with(home: &TestHome, (pepper, former): (&[u8], Option<&[u8]>)) -> Self {
        let (db, clock) = (home.open(accounts::schema()).await, Clock::fixed(TUESDAY_NOON));
        let settings = AccountsSettings {
            pepper: pepper.to_vec(),
            former_pepper: former.map(<[u8]>::to_vec),
            shop_name: "Oak & Linen".to_owned(),
        };
        let started = accounts::start(db.clone(), clock.clone(), settings);
        Self { accounts: started.service, clock, db, workers: started.workers }
    }

    /// Ada, who owns the shop.
    pub(crate) async fn ada(&self) -> StaffUser {
        self.accounts.create_user(&program(), new_user("ada@example.org", Role::Owner)).await.expect("created")
    }

    /// A session of Ada's.
    pub(crate) async fn signed_in(&self) -> Secret {
        let request = sign_in("ada@example.org", GOOD);
        let secret = request.secret.clone();
        self.accounts.sign_in(&anyone(), request).await.expect("signed in");
        secret
    }

    pub(crate) async fn session(&self, secret: &Secret) -> Option<SignedIn> {
        let request = FindSession { secret: secret.clone() };
        self.accounts.session(&anyone(), request).await.expect("an answer")
    }
}

pub(crate) fn anyone() -> CallCtx {
    CallCtx::new("app", Principal::Anonymous)
}

/// The command line.
pub(crate) fn program() -> CallCtx {
    CallCtx::of_module("app")
}

/// Someone who works with `role`.
pub(crate) fn staff(role: Role) -> CallCtx {
    let permissions = role.permissions().iter().map(|permission| permission.as_str().to_owned()).collect();
    CallCtx::new("app", Principal::Staff(Staff { id: "usr_1".to_owned(), name: "Bob".to_owned(), permissions }))
}

pub(crate) fn new_user(email: &str, role: Role) -> CreateUser {
    CreateUser {
        key: IdempotencyKey::new(),
        email: email.parse().expect("an address"),
        name: "Ada Lovelace".to_owned(),
        password: Password::new(GOOD),
        role,
    }
}

pub(crate) fn sign_in(email: &str, password: &str) -> SignIn {
    SignIn {
        key: IdempotencyKey::new(),
        email: email.to_owned(),
        password: Password::new(password),
        secret: Secret::generate(),
        address: None,
        known_device: None,
    }
}

/// The same from an address.
pub(crate) fn sign_in_from(address: &str, email: &str, password: &str) -> SignIn {
    SignIn { address: Some(address.to_owned()), ..sign_in(email, password) }
}

/// The password again, in the session of `secret`.
pub(crate) fn confirm(secret: &Secret, password: &str) -> ConfirmPassword {
    ConfirmPassword {
        key: IdempotencyKey::new(),
        secret: secret.clone(),
        next_secret: Secret::generate(),
        password: Password::new(password),
        address: None,
        known_device: None,
    }
}

pub(crate) fn minutes(number: u64) -> Duration {
    Duration::from_secs(number * 60)
}

pub(crate) fn is_wrong(error: &CallError<AccountsError>) -> bool {
    error.domain() == Some(&AccountsError::WrongCredentials)
}

/// How long to wait, if that is the answer.
pub(crate) fn wait(error: &CallError<AccountsError>) -> Option<u64> {
    match error.domain() {
        Some(AccountsError::TooManyAttempts { retry_after_seconds }) => Some(*retry_after_seconds),
        _ => None,
    }
}
