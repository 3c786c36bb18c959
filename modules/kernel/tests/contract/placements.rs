//! A caller cannot tell where the stall is: answers, refusals and failures are the same.

use std::time::Duration;

use kernel::contract::Format;
use kernel::{CallError, NotExecuted};

use crate::stall::{ChalkStall, Mood, Stall, StallError, ada, buy, everywhere, far_away, look};

/// Everything that Ada and the stall say to each other on one afternoon.
async fn afternoon(stall: &dyn Stall) -> Vec<String> {
    let mut noted = buy("ada-3", "white", 2);
    noted.note = Some("für Ada ✏ \"now\"".to_owned());
    vec![
        format!("{:?}", stall.look(&ada(), look("white")).await),
        format!("{:?}", stall.buy(&ada(), buy("ada-1", "white", 3)).await),
        format!("{:?}", stall.buy(&ada(), buy("ada-1", "white", 3)).await),
        format!("{:?}", stall.buy(&ada(), buy("ada-2", "red", 2)).await),
        format!("{:?}", stall.buy(&ada(), noted).await),
        format!("{:?}", stall.buy(&ada(), buy("ada-4", "plaid", 1)).await),
        format!("{:?}", stall.look(&ada(), look("plaid")).await),
        format!("{:?}", stall.look(&ada().through("cart"), look("white")).await),
    ]
}

#[tokio::test]
async fn the_same_afternoon_in_every_placement() {
    let expected = afternoon(&*ChalkStall::open()).await;
    assert!(expected[1].contains("number: 1") && expected[1].contains("amount: 360"), "{}", expected[1]);
    assert_eq!(expected[1], expected[2], "a repeat under the same key gets the first receipt");
    assert_eq!(expected[3], r#"Err(Domain(SoldOut { color: "red", left: 1 }))"#);
    assert_eq!(expected[6], "Err(Domain(NoSuchColor))");
    assert!(expected[7].contains("left: 5") && expected[7].contains("anonymous through cart"), "{}", expected[7]);

    let placements = everywhere(&ChalkStall::open()).len();
    for place in 0..placements {
        let stall = ChalkStall::open();
        let (name, caller) = everywhere(&stall).swap_remove(place);
        assert_eq!(afternoon(&*caller).await, expected, "{name}");
        assert_eq!(stall.sales(), 2, "{name}");
    }
}

/// Every way in which a call can fail.
fn failures() -> Vec<CallError<StallError>> {
    let after = Some(Duration::from_millis(1_500));
    let reasons = [
        NotExecuted::Unreachable { cause: "nobody home".to_owned() },
        NotExecuted::Draining,
        NotExecuted::InFlight,
        NotExecuted::KeyReused,
        NotExecuted::BadRequest { cause: "quantity: too many".to_owned() },
        NotExecuted::Unauthenticated,
        NotExecuted::UnknownMethod,
        NotExecuted::Conflict,
    ];
    let mut failures: Vec<_> = reasons.into_iter().map(CallError::not_executed).collect();
    failures.extend([
        CallError::Domain(StallError::SoldOut { color: "white".to_owned(), left: 0 }),
        CallError::Domain(StallError::NoSuchColor),
        CallError::NotExecuted { reason: NotExecuted::Draining, retry_after: after },
        CallError::Unknown("the line went dead".to_owned()),
        CallError::DeadlineExceeded,
        CallError::Overloaded { retry_after: None },
        CallError::Overloaded { retry_after: after },
        CallError::ContractMismatch("this stall speaks stall/2".to_owned()),
        CallError::Internal("the till is broken".to_owned()),
    ]);
    failures
}

#[tokio::test]
async fn every_failure_survives_the_way() {
    for failure in failures() {
        let stall = ChalkStall::open();
        stall.set_mood(Mood::Failing(failure.clone()));
        for (name, caller) in everywhere(&stall) {
            let bought = caller.buy(&ada(), buy("ada-1", "white", 1)).await.unwrap_err();
            assert_eq!(format!("{bought:?}"), format!("{failure:?}"), "{name}");
            let looked = caller.look(&ada(), look("white")).await.unwrap_err();
            assert_eq!(looked.to_string(), failure.to_string(), "{name}");
        }
    }
}

#[tokio::test]
async fn a_failure_survives_two_ways() {
    let stall = ChalkStall::open();
    stall.set_mood(Mood::Failing(CallError::Internal("the till is broken".to_owned())));
    let (_, first) = far_away(&stall, Format::Json);
    let reseller = ChalkStall::open();
    reseller.set_mood(Mood::Failing(first.look(&ada(), look("white")).await.unwrap_err()));
    let (_, second) = far_away(&reseller, Format::MessagePack);
    let failure = second.look(&ada(), look("white")).await.unwrap_err();
    assert_eq!(failure.to_string(), "internal: the till is broken");
}
