//! The accounts through their trait, on every database.

mod audit;
mod confirm;
mod limits;
mod pepper;
mod session;
mod setup;
mod sign_in;
mod staff;
mod user;
