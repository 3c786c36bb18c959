//! What can go wrong with a database, in the words of callers.

use std::convert::Infallible;
use std::time::Duration;

use diesel::result::{DatabaseErrorKind, Error};

use crate::call::{CallError, NotExecuted};

/// A failure of the database itself, which no rule of a module can cause.
pub type Failure = CallError<Infallible>;

/// The same failure for a caller that expects refusals of type `E`.
pub(crate) fn widen<E>(failure: Failure) -> CallError<E> {
    failure.map_domain(|never| match never {})
}

/// What a unit of work gets when a statement fails. Nothing of the unit is kept.
///
/// A duplicate that the unit did not handle itself counts as a conflict: someone was faster, and the next attempt will see
/// it.
impl<E> From<Error> for CallError<E> {
    fn from(error: Error) -> Self {
        let Error::DatabaseError(kind, information) = &error else {
            return Self::Internal(error.to_string());
        };
        match kind {
            DatabaseErrorKind::UniqueViolation | DatabaseErrorKind::SerializationFailure => {
                Self::not_executed(NotExecuted::Conflict)
            }
            DatabaseErrorKind::ClosedConnection | DatabaseErrorKind::UnableToSendCommand => Self::unreachable(error),
            _ if is_contention(information.message()) => Self::not_executed(NotExecuted::Conflict),
            _ if is_full(information.message()) => Self::Overloaded { retry_after: Some(Duration::from_secs(5)) },
            _ => Self::Internal(error.to_string()),
        }
    }
}

// Diesel hands on neither SQLSTATE nor SQLite's codes, so the rest is told by its text.

fn is_contention(message: &str) -> bool {
    ["database is locked", "database table is locked", "deadlock detected", "due to lock timeout"]
        .iter()
        .any(|text| message.contains(text))
}

fn is_full(message: &str) -> bool {
    message.contains("database or disk is full") || message.contains("No space left on device")
}

/// Whether SQLite could not read or write its file, after which nothing may be assumed about what is on the disk.
pub(super) fn is_io_error(error: &Error) -> bool {
    matches!(error, Error::DatabaseError(_, information) if information.message().contains("disk I/O error"))
}

/// Why a module's data could not be opened. Each says what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// There is no connection, or the file cannot be opened.
    #[error(
        "the data of {module} cannot be reached: {cause}. Check that the database runs, and the address and rights in the settings"
    )]
    Unreachable {
        /// The module.
        module: &'static str,
        /// What the database or the system said.
        cause: String,
    },
    /// The user of the database may not do what is needed.
    #[error(
        "the database refused to prepare the schema of {module}: {cause}. Give the user CREATE on the database, and CREATEROLE to fence modules from each other"
    )]
    NotAllowed {
        /// The module.
        module: &'static str,
        /// What the database said.
        cause: String,
    },
    /// A newer program has used this data.
    #[error(
        "the data of {module} was written by a newer version of Freestone (it has migration {version}, which this program does not know). Start the newer version, or restore a backup made before the upgrade"
    )]
    NewerSchema {
        /// The module.
        module: &'static str,
        /// The newest unknown migration.
        version: String,
    },
    /// The data is older than the program, and the caller did not want it changed.
    #[error("the data of {module} is older than this program. Run `freestone migrate up`")]
    PendingMigrations {
        /// The module.
        module: &'static str,
    },
    /// A migration failed; the data is as before it.
    #[error(
        "a migration of {module} failed and was undone: {cause}. The data is unchanged; start the previous version and report this"
    )]
    Migration {
        /// The module.
        module: &'static str,
        /// What the database said.
        cause: String,
    },
    /// The SQLite library may damage data.
    #[error(
        "SQLite {version} may damage data in write-ahead mode; 3.51.3 or newer is needed. Build with the bundled library"
    )]
    OldSqlite {
        /// The version found.
        version: String,
    },
}
