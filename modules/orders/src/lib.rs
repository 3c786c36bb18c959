//! The module `orders`.
