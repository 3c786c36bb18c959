//! The module `inventory` as a process of its own.
fn main() {}
