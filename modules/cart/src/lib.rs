//! The module `cart`.
