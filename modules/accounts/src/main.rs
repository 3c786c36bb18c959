//! The module `accounts` as a process of its own.
fn main() {}
