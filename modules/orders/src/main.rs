//! The module `orders` as a process of its own.
fn main() {}
