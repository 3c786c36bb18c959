//! The module `accounts`: who may do what.

mod attempts;
mod credentials;
mod hashing;
mod password;
mod permission;
mod schema;
mod session;
mod setup;
mod sign_in;
mod store;
mod sweep;
mod user;

use std::sync::Arc;

use accounts_api::{
    Accounts, AccountsError, ConfirmPassword, CreateOwner, CreateUser, FindSession, ListUsers, NeedsOwner, OpenSetup,
    Session, SignIn, SignOut, SignedIn, StaffUser,
};
use async_trait::async_trait;
use kernel::audit::{AuditRequest, Violation};
use kernel::db::{Db, Schema, embed_migrations};
use kernel::module::Started;
use kernel::{CallCtx, CallError, Clock};

use hashing::{Hashing, Peppers};

/// The module's tables.
pub fn schema() -> Schema {
    Schema {
        module: "accounts",
        postgres: embed_migrations!("../../migrations/accounts/postgres"),
        sqlite: embed_migrations!("../../migrations/accounts/sqlite"),
    }
}

/// What a shop decides about its accounts.
#[derive(Clone)]
pub struct AccountsSettings {
    /// Mixed into every password before it is hashed; kept outside the database. Changing it makes all passwords wrong
    /// whose pepper is not the former one.
    pub pepper: Vec<u8>,
    /// The one before, until everybody has signed in once with the new one.
    pub former_pepper: Option<Vec<u8>>,
    /// No password may contain it.
    pub shop_name: String,
}

/// Starts the module.
pub fn start(db: Db, clock: Clock, settings: AccountsSettings) -> Started<dyn Accounts> {
    let AccountsSettings { pepper, former_pepper, shop_name } = settings;
    let hashing = Hashing::new(Peppers::new(pepper, former_pepper));
    let service = Service { db: db.clone(), clock: clock.clone(), hashing, shop_name };
    Started::<dyn Accounts>::new(Arc::new(service)).working("ended sessions", move |stop| sweep::often(db, clock, stop))
}

pub(crate) struct Service {
    db: Db,
    clock: Clock,
    hashing: Hashing,
    shop_name: String,
}

#[async_trait]
impl Accounts for Service {
    async fn needs_owner(&self, _: &CallCtx, _: NeedsOwner) -> Result<bool, CallError<AccountsError>> {
        setup::needs_owner(self).await
    }

    async fn open_setup(&self, ctx: &CallCtx, request: OpenSetup) -> Result<(), CallError<AccountsError>> {
        setup::open_setup(self, ctx, request).await
    }

    async fn create_owner(&self, _: &CallCtx, request: CreateOwner) -> Result<StaffUser, CallError<AccountsError>> {
        setup::create_owner(self, request).await
    }

    async fn create_user(&self, ctx: &CallCtx, request: CreateUser) -> Result<StaffUser, CallError<AccountsError>> {
        user::create_user(self, ctx, request).await
    }

    async fn list_users(&self, ctx: &CallCtx, _: ListUsers) -> Result<Vec<StaffUser>, CallError<AccountsError>> {
        user::list_users(self, ctx).await
    }

    async fn sign_in(&self, _: &CallCtx, request: SignIn) -> Result<Session, CallError<AccountsError>> {
        sign_in::sign_in(self, request).await
    }

    async fn confirm_password(
        &self,
        _: &CallCtx,
        request: ConfirmPassword,
    ) -> Result<Session, CallError<AccountsError>> {
        sign_in::confirm_password(self, request).await
    }

    async fn session(&self, _: &CallCtx, request: FindSession) -> Result<Option<SignedIn>, CallError<AccountsError>> {
        session::session(self, request).await
    }

    async fn sign_out(&self, _: &CallCtx, request: SignOut) -> Result<(), CallError<AccountsError>> {
        session::sign_out(self, request).await
    }

    async fn audit(&self, _: &CallCtx, request: AuditRequest) -> Result<Vec<Violation>, CallError<AccountsError>> {
        self.db.audit(store::INVARIANTS, &request, self.clock.now()).await
    }
}
