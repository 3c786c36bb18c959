//! The module `billing` as a process of its own.
fn main() {}
