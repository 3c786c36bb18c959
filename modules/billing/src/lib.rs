//! The module `billing`.
