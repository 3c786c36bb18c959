//! Runs modules.
