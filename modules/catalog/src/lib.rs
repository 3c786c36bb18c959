//! The module `catalog`.
