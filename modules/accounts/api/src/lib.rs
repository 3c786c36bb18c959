//! The public face of `accounts`: who may do what.

use kernel::audit::{AuditRequest, Violation};
use kernel::{CallCtx, CallError, DomainError, Email, IdempotencyKey, Secret, Timestamp, contract, ids};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

ids! {
    /// A member of staff.
    UserId = "usr";
}

/// Who may do what.
#[contract(module = "accounts", version = 1)]
pub trait Accounts {
    /// Whether the shop waits for its first owner.
    #[read]
    async fn needs_owner(&self, ctx: &CallCtx, request: NeedsOwner) -> Result<bool, CallError<AccountsError>>;

    /// Makes a one-time link to the set-up page valid, for 30 minutes; earlier ones end. Refused when there is an owner.
    #[write(idempotent_by = key)]
    async fn open_setup(&self, ctx: &CallCtx, request: OpenSetup) -> Result<(), CallError<AccountsError>>;

    /// Creates the first owner with the secret of the set-up link. Of two racing attempts one succeeds.
    #[write(idempotent_by = key)]
    async fn create_owner(&self, ctx: &CallCtx, request: CreateOwner) -> Result<StaffUser, CallError<AccountsError>>;

    /// Creates a member of staff; for owners and the command line.
    #[write(idempotent_by = key)]
    async fn create_user(&self, ctx: &CallCtx, request: CreateUser) -> Result<StaffUser, CallError<AccountsError>>;

    /// All members of staff.
    #[read]
    async fn list_users(&self, ctx: &CallCtx, request: ListUsers) -> Result<Vec<StaffUser>, CallError<AccountsError>>;

    /// Opens a session for e-mail and password. Unknown addresses and wrong passwords are refused alike.
    #[write(idempotent_by = key)]
    async fn sign_in(&self, ctx: &CallCtx, request: SignIn) -> Result<Session, CallError<AccountsError>>;

    /// Goes on with a session under a new secret after its password was given again; the former one ends within 30 seconds.
    /// Counted and refused like signing in.
    #[write(idempotent_by = key)]
    async fn confirm_password(
        &self,
        ctx: &CallCtx,
        request: ConfirmPassword,
    ) -> Result<Session, CallError<AccountsError>>;

    /// The member of staff whose session has this secret; `None` when it is unknown, ended or too old.
    #[read]
    async fn session(&self, ctx: &CallCtx, request: FindSession) -> Result<Option<SignedIn>, CallError<AccountsError>>;

    /// Ends a session.
    #[write(idempotent_by = key)]
    async fn sign_out(&self, ctx: &CallCtx, request: SignOut) -> Result<(), CallError<AccountsError>>;

    /// Compares its data with its invariants. Gives what breaks one; nothing when all is well.
    #[read]
    async fn audit(&self, ctx: &CallCtx, request: AuditRequest) -> Result<Vec<Violation>, CallError<AccountsError>>;
}

/// The one who is signed in, as `kernel::principal::Staff` wants it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SignedIn {
    /// Which member of staff.
    pub user: StaffUser,
    /// What their roles allow.
    pub permissions: Vec<Permission>,
    /// Whether they gave their password within the last 15 minutes.
    #[serde(default)]
    pub recent: bool,
}

/// What a member of staff may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Permission {
    /// See orders and the people behind them.
    ReadOrders,
    /// Pack and ship.
    FulfillOrders,
    /// Mark as paid, cancel.
    ManageOrders,
    /// See products and stock.
    ReadProducts,
    /// Change and import products.
    ManageProducts,
    /// Change stock.
    ManageStock,
    /// See and create members of staff.
    ManageUsers,
}

impl Permission {
    /// Every permission.
    pub const ALL: [Self; 7] = [
        Self::ReadOrders,
        Self::FulfillOrders,
        Self::ManageOrders,
        Self::ReadProducts,
        Self::ManageProducts,
        Self::ManageStock,
        Self::ManageUsers,
    ];

    /// As it travels in a principal.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ReadOrders => "read_orders",
            Self::FulfillOrders => "fulfill_orders",
            Self::ManageOrders => "manage_orders",
            Self::ReadProducts => "read_products",
            Self::ManageProducts => "manage_products",
            Self::ManageStock => "manage_stock",
            Self::ManageUsers => "manage_users",
        }
    }
}

/// A named set of permissions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Role {
    /// Everything.
    Owner,
    /// Orders, products and stock.
    Manager,
    /// Sees orders, packs and ships.
    Packer,
}

impl Role {
    /// As stored and written on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Manager => "manager",
            Self::Packer => "packer",
        }
    }

    /// What it allows.
    pub fn permissions(self) -> Vec<Permission> {
        match self {
            Self::Owner => Permission::ALL.to_vec(),
            Self::Manager => Permission::ALL.into_iter().filter(|p| *p != Permission::ManageUsers).collect(),
            Self::Packer => vec![Permission::ReadOrders, Permission::FulfillOrders, Permission::ReadProducts],
        }
    }
}

impl std::str::FromStr for Role {
    type Err = AccountsError;

    fn from_str(text: &str) -> Result<Self, AccountsError> {
        match text {
            "owner" => Ok(Self::Owner),
            "manager" => Ok(Self::Manager),
            "packer" => Ok(Self::Packer),
            _ => Err(AccountsError::invalid("role", "write owner, manager or packer")),
        }
    }
}

/// A member of staff.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StaffUser {
    /// Their id.
    pub id: UserId,
    /// Where they get mail, and what they sign in with.
    pub email: Email,
    /// Shown in timelines.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// When they were created.
    pub created_at: Timestamp,
}

/// Asks whether the shop waits for its first owner.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NeedsOwner {}

/// Asks to make a set-up link valid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OpenSetup {
    /// Names this link.
    pub key: IdempotencyKey,
    /// What the link carries; only its hash is stored.
    pub secret: Secret,
}

/// Asks to create the first owner.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CreateOwner {
    /// Names this attempt.
    pub key: IdempotencyKey,
    /// From the link.
    pub secret: Secret,
    /// Of the owner.
    pub email: Email,
    /// 1 to 200 characters.
    pub name: String,
    /// 12 to 1,024 bytes.
    pub password: Password,
}

/// Asks to create a member of staff.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CreateUser {
    /// Names this.
    pub key: IdempotencyKey,
    /// Of the new one.
    pub email: Email,
    /// 1 to 200 characters.
    pub name: String,
    /// 12 to 1,024 bytes.
    pub password: Password,
    /// What they may do.
    pub role: Role,
}

/// A password on its way to be hashed. Never printed by `Debug`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Password(String);

impl Password {
    /// As it was typed.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// As it was typed.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Password {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Password(…)")
    }
}

/// Asks for all members of staff.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ListUsers {}

/// Asks to open a session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SignIn {
    /// Names this attempt.
    pub key: IdempotencyKey,
    /// As typed.
    pub email: String,
    /// As typed.
    pub password: Password,
    /// What the session's cookie will carry, made by the caller; only its hash is stored.
    pub secret: Secret,
    /// The network address that it comes from: attempts are counted by it, too.
    #[serde(default)]
    pub address: Option<String>,
    /// Names the device, when the caller has proof that this account was signed in to on it before. Attempts from there
    /// are counted by themselves, so that nobody who guesses elsewhere can keep its owner out.
    #[serde(default)]
    pub known_device: Option<String>,
}

/// Asks to go on with a session after its password was given again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ConfirmPassword {
    /// Names this attempt.
    pub key: IdempotencyKey,
    /// From the cookie.
    pub secret: Secret,
    /// What the cookie will carry from now on, made by the caller; only its hash is stored.
    pub next_secret: Secret,
    /// As typed.
    pub password: Password,
    /// As in [`SignIn`].
    #[serde(default)]
    pub address: Option<String>,
    /// As in [`SignIn`].
    #[serde(default)]
    pub known_device: Option<String>,
}

/// An open session: 30 minutes idle, 12 hours in all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Session {
    /// Whose.
    pub user: StaffUser,
    /// When it ends at the latest.
    pub expires_at: Timestamp,
}

/// Asks whose session this is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FindSession {
    /// From the cookie.
    pub secret: Secret,
}

/// Asks to end a session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SignOut {
    /// Names this.
    pub key: IdempotencyKey,
    /// From the cookie.
    pub secret: Secret,
}

/// Why `accounts` refuses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, thiserror::Error)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum AccountsError {
    /// E-mail and password do not belong together.
    #[error("the e-mail or the password is wrong")]
    WrongCredentials,
    /// Too many failures.
    #[error("too many attempts; try again in {retry_after_seconds} seconds")]
    TooManyAttempts {
        /// When to try again.
        retry_after_seconds: u64,
    },
    /// The session is unknown, ended or too old.
    #[error("the session has ended")]
    SessionEnded,
    /// The set-up link is unknown, used or too old, or the shop has an owner.
    #[error("this set-up link is not valid")]
    SetupClosed,
    /// Someone has this address.
    #[error("someone has this e-mail address already")]
    EmailTaken,
    /// The caller may not do this.
    #[error("not permitted")]
    NotPermitted,
    /// A value breaks a rule.
    #[error("{field}: {problem}")]
    Invalid {
        /// Which.
        field: String,
        /// What to do about it.
        problem: String,
    },
    /// A refusal of a newer release.
    #[error("refused for a reason that this release does not know")]
    #[serde(other)]
    Other,
}

impl AccountsError {
    /// `field` breaks a rule; `problem` says what to do.
    pub fn invalid(field: impl Into<String>, problem: impl Into<String>) -> Self {
        Self::Invalid { field: field.into(), problem: problem.into() }
    }
}

impl DomainError for AccountsError {}
