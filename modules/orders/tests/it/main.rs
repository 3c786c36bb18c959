//! Orders through its trait, on real databases, with a warehouse and a bank that can fail at every step.

// What cannot be unwrapped fails the test.
#![allow(clippy::unwrap_used)]

mod audit;
mod buying;
mod crashes;
mod gift_cards;
mod links;
mod neighbors;
mod paying;
mod reading;
mod reduced;
mod refunding;
mod returning;
mod shipping;
mod shop;
mod staff;
