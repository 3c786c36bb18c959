//! A deadline bounds the waiting in every placement, and a write that has begun is finished all the same.

use std::time::Duration;

use kernel::CallError;

use crate::stall::{ChalkStall, Mood, ada, buy, in_every_placement, look};

async fn until_sold(stall: &ChalkStall) {
    let sold = async {
        while stall.sales() == 0 {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(5), sold).await.expect("the purchase goes on");
}

#[tokio::test]
async fn nothing_is_done_after_the_deadline() {
    in_every_placement(|stall, caller| async move {
        let late = ada().within(Duration::ZERO);
        let bought = caller.buy(&late, buy("ada-1", "white", 1)).await;
        assert!(matches!(bought, Err(CallError::DeadlineExceeded)), "{bought:?}");
        let looked = caller.look(&late, look("white")).await;
        assert!(matches!(looked, Err(CallError::DeadlineExceeded)), "{looked:?}");
        tokio::time::sleep(Duration::from_millis(5)).await;
        assert_eq!(stall.served(), 0);
    })
    .await;
}

#[tokio::test]
async fn a_slow_look_ends_at_the_deadline() {
    in_every_placement(|stall, caller| async move {
        stall.set_mood(Mood::Slow(Duration::from_secs(60)));
        let hurried = ada().within(Duration::from_millis(20));
        let looked = tokio::time::timeout(Duration::from_secs(5), caller.look(&hurried, look("white"))).await;
        assert!(matches!(looked, Ok(Err(CallError::DeadlineExceeded))), "{looked:?}");
    })
    .await;
}

#[tokio::test]
async fn a_slow_purchase_is_unknown_at_the_deadline_and_goes_on() {
    in_every_placement(|stall, caller| async move {
        stall.set_mood(Mood::Slow(Duration::from_millis(80)));
        let hurried = ada().within(Duration::from_millis(20));
        let bought = caller.buy(&hurried, buy("ada-1", "white", 1)).await;
        assert!(matches!(bought, Err(CallError::Unknown(_))), "{bought:?}");
        assert_eq!(stall.sales(), 0);
        until_sold(&stall).await;
        stall.set_mood(Mood::Calm);
        let repeated = caller.buy(&ada(), buy("ada-1", "white", 1)).await.unwrap();
        assert_eq!((repeated.number, stall.sales()), (1, 1));
    })
    .await;
}

#[tokio::test]
async fn a_purchase_goes_on_when_the_caller_goes_away() {
    in_every_placement(|stall, caller| async move {
        stall.set_mood(Mood::Slow(Duration::from_millis(60)));
        let waited =
            tokio::time::timeout(Duration::from_millis(10), caller.buy(&ada(), buy("ada-1", "white", 1))).await;
        assert!(waited.is_err(), "Ada left before the answer");
        assert_eq!((stall.served(), stall.sales()), (1, 0));
        until_sold(&stall).await;
    })
    .await;
}
