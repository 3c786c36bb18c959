//! Every query of inventory.

use kernel::db::AnyConnection;

pub(crate) mod audit;
pub(crate) mod levels;
pub(crate) mod locations;
pub(crate) mod movements;
pub(crate) mod reservations;
pub(crate) mod unmet;

/// The same statement on either database, in a form that diesel knows only for each of them.
macro_rules! on_either {
    ($conn:ident => $statement:expr) => {
        match $conn {
            super::AnyConnection::Postgres($conn) => $statement,
            super::AnyConnection::Sqlite($conn) => $statement,
        }
    };
}
use on_either;
