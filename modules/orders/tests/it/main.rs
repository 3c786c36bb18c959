//! Orders through its trait, on real databases, with a warehouse and a bank that can fail at every step.

mod buying;
mod crashes;
mod neighbors;
mod paying;
mod reading;
mod shop;
mod staff;
