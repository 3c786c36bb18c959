//! A panic in a module is an error of one call, in every placement.

use kernel::CallError;

use crate::stall::{Mood, ada, buy, in_every_placement, look};

#[tokio::test]
async fn a_panic_is_contained_and_the_stall_goes_on() {
    in_every_placement(|stall, caller| async move {
        stall.set_mood(Mood::Clumsy);
        let looked = caller.look(&ada(), look("white")).await;
        assert!(matches!(&looked, Err(CallError::Internal(cause)) if cause.contains("stall.look")), "{looked:?}");
        let bought = caller.buy(&ada(), buy("ada-1", "white", 1)).await;
        assert!(matches!(&bought, Err(CallError::Internal(cause)) if cause.contains("on the floor")), "{bought:?}");

        stall.set_mood(Mood::Calm);
        let receipt = caller.buy(&ada(), buy("ada-1", "white", 1)).await.unwrap();
        assert_eq!((receipt.number, caller.look(&ada(), look("white")).await.unwrap().left), (1, 9));
    })
    .await;
}
