//! Freestone.
