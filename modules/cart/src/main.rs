//! The module `cart` as a process of its own.
fn main() {}
