//! The module `accounts`.
