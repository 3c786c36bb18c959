//! Whether a unit of work of some database is open on this thread. No contract is called inside one.

use std::cell::Cell;

thread_local! {
    static OPEN: Cell<bool> = const { Cell::new(false) };
}

/// Marks a unit of work as open until dropped.
#[must_use]
pub struct Guard(());

/// Opens a unit of work on this thread.
pub fn enter() -> Guard {
    OPEN.set(true);
    Guard(())
}

/// Whether one is open on this thread.
pub fn is_open() -> bool {
    OPEN.get()
}

impl Drop for Guard {
    fn drop(&mut self) {
        OPEN.set(false);
    }
}
