//! The accounts through their trait, on every database.

mod session;
mod setup;
mod sign_in;
mod staff;
mod user;
