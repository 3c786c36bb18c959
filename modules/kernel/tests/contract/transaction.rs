//! No module is called while a unit of work is open. Checked in debug and test builds only.

#![cfg(debug_assertions)]

use kernel::CallError;
use kernel::contract::unit_of_work;

use crate::stall::{ChalkStall, ada, buy, everywhere, look};

#[tokio::test]
async fn a_call_inside_a_unit_of_work_fails_and_is_not_done() {
    let stall = ChalkStall::open();
    for (name, caller) in everywhere(&stall).into_iter().filter(|(name, _)| !name.starts_with("client")) {
        let open = unit_of_work::enter();
        let looked = caller.look(&ada(), look("white")).await;
        assert!(matches!(&looked, Err(CallError::Internal(cause)) if cause.contains("inside a transaction")), "{name}");
        let bought = caller.buy(&ada(), buy("ada-1", "white", 1)).await;
        assert!(matches!(&bought, Err(CallError::Internal(cause)) if cause.contains("stall.buy")), "{name}");
        drop(open);
        assert_eq!(stall.served(), 0, "{name}");
    }
}

#[tokio::test]
async fn after_the_unit_of_work_calls_are_welcome() {
    drop(unit_of_work::enter());
    for (name, caller) in everywhere(&ChalkStall::open()) {
        assert!(caller.look(&ada(), look("white")).await.is_ok(), "{name}");
    }
}
