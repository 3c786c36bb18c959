//! What may go wrong on the way, and what a caller may conclude from it.

use std::time::Duration;

use kernel::contract::{Fault, Format};
use kernel::{CallError, NotExecuted};

use crate::stall::{ChalkStall, ada, buy, far_away, look};

const FORMATS: [Format; 2] = [Format::Json, Format::MessagePack];

#[tokio::test]
async fn what_was_not_sent_was_not_done() {
    for format in FORMATS {
        let stall = ChalkStall::open();
        let (way, caller) = far_away(&stall, format);
        way.plan(None, Fault::Refuse);
        let failure = caller.buy(&ada(), buy("ada-1", "white", 1)).await.unwrap_err();
        assert!(
            matches!(failure, CallError::NotExecuted { reason: NotExecuted::Unreachable { .. }, .. }),
            "{failure:?}"
        );
        assert!(failure.is_temporary());
        assert_eq!(stall.served(), 0);
    }
}

#[tokio::test]
async fn a_lost_answer_is_unknown_and_the_repeat_gets_the_receipt() {
    for format in FORMATS {
        let stall = ChalkStall::open();
        let (way, caller) = far_away(&stall, format);
        way.plan(Some("buy"), Fault::LoseAnswer);
        caller.look(&ada(), look("white")).await.expect("the fault waits for a purchase");
        let failure = caller.buy(&ada(), buy("ada-1", "white", 4)).await.unwrap_err();
        assert!(matches!(failure, CallError::Unknown(_)), "{failure:?}");
        assert_eq!(stall.sales(), 1);

        let receipt = caller.buy(&ada(), buy("ada-1", "white", 4)).await.unwrap();
        assert_eq!((receipt.number, stall.sales()), (1, 1));
        assert_eq!(caller.look(&ada(), look("white")).await.unwrap().left, 6);
    }
}

#[tokio::test]
async fn an_unreadable_answer_is_unknown() {
    for format in FORMATS {
        let stall = ChalkStall::open();
        let (way, caller) = far_away(&stall, format);
        way.plan(None, Fault::Garble);
        let failure = caller.buy(&ada(), buy("ada-1", "white", 1)).await.unwrap_err();
        assert!(matches!(failure, CallError::Unknown(_)), "{failure:?}");
        assert_eq!(stall.sales(), 1);

        // A refusal that cannot be read could as well have been an answer.
        way.plan(None, Fault::Garble);
        let failure = caller.buy(&ada(), buy("ada-2", "plaid", 1)).await.unwrap_err();
        assert!(matches!(failure, CallError::Unknown(_)), "{failure:?}");
    }
}

#[tokio::test]
async fn faults_come_in_the_planned_order_and_then_stop() {
    let stall = ChalkStall::open();
    let (way, caller) = far_away(&stall, Format::Json);
    way.plan(None, Fault::Refuse);
    way.plan(None, Fault::None);
    way.plan(None, Fault::Delay(Duration::from_millis(15)));
    assert!(caller.look(&ada(), look("white")).await.is_err());
    assert!(caller.look(&ada(), look("white")).await.is_ok());
    let hurried = ada().within(Duration::from_millis(5));
    assert!(matches!(caller.look(&hurried, look("white")).await, Err(CallError::DeadlineExceeded)));
    assert!(caller.look(&ada(), look("white")).await.is_ok());
}
