//! Breaks a real shop while people buy in it.
//!
//! The shop runs as its own processes. Shoppers and staff use its pages as browsers do, and ask again when they get no
//! answer. Meanwhile the [`campaign`] ends processes, cuts connections or loses answers. Afterwards the shop is left
//! alone until it is quiet, and the checker, which shares no code with it, judges.

pub mod browser;
pub mod campaign;
pub mod diary;
mod goods;
#[path = "../../../app/tests/it/html.rs"]
#[allow(dead_code, unreachable_pub, reason = "the reader of pages is shared with the tests of the shop")]
mod html;
pub mod options;
pub mod plants;
pub mod profile;
pub mod proxy;
pub mod report;
pub mod scenes;
pub mod shop;
pub mod shoppers;
pub mod staff;
mod store;
pub mod trouble;
