//! The mock, with which neighbours are tested.

use std::sync::Arc;

use kernel::CallError;

use crate::stall::{MockStall, Receipt, Stall, StallError, ada, buy};

#[tokio::test]
async fn a_mock_stands_in_for_the_stall() {
    let mut mock = MockStall::new();
    mock.expect_buy()
        .withf(|ctx, request| ctx.caller == "app" && request.color == "white")
        .times(1)
        .returning(|_, _| Err(StallError::NoSuchColor.into()));
    mock.expect_buy().returning(|_, request| {
        Ok(Receipt { number: 2, total: kernel::Money::zero(kernel::Currency::eur()), note: request.note })
    });

    let stall: Arc<dyn Stall> = Arc::new(mock);
    let refusal = stall.buy(&ada(), buy("ada-1", "white", 1)).await;
    assert!(matches!(refusal, Err(CallError::Domain(StallError::NoSuchColor))), "{refusal:?}");
    assert_eq!(stall.buy(&ada(), buy("ada-2", "red", 1)).await.unwrap().number, 2);
}
