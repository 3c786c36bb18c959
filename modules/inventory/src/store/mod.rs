//! Every query of inventory.

use kernel::db::{insert_rows, on_either};

pub(crate) mod audit;
pub(crate) mod levels;
pub(crate) mod locations;
pub(crate) mod movements;
pub(crate) mod reservations;
pub(crate) mod unmet;
