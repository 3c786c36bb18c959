//! The module `inventory`.
