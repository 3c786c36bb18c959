//! The module `catalog` as a process of its own.
fn main() {}
