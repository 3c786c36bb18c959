//! Every query of inventory.
//!
//! There is one location now; the tables are ready for several, and every query names the one it means.

use kernel::db::AnyConnection;

pub(crate) mod levels;
pub(crate) mod movements;
pub(crate) mod reservations;

/// The location that everything is at.
const MAIN: &str = "main";

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
