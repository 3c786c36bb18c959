//! Ending an attempt to pay: as its provider says, with money that is taken, with money that staff saw, or without any.

use billing_api::{BillingError, EndPayment, Payment, PaymentEnd};
use kernel::CallCtx;

use crate::cancel_payment::cancel_payment;
use crate::capture_payment::capture_payment;
use crate::find_payment::{balance_and_session, shown_payment};
use crate::record_payment::{Arrival, record_payment};
use crate::settle::settle;
use crate::{Module, Outcome};

pub(crate) async fn end_payment(module: &Module, ctx: &CallCtx, request: EndPayment) -> Outcome<Option<Payment>> {
    match request.end.clone() {
        PaymentEnd::Settle => return settle(module, ctx, request.order_id).await.map(Some),
        PaymentEnd::Capture { amount } => capture_payment(module, ctx, &request, amount).await?,
        PaymentEnd::Record { amount, reference } => {
            let (key, order_id) = (request.key.to_string(), request.order_id.clone());
            record_payment(module, ctx, &request, Arrival { key, order_id, amount, reference }).await?;
        }
        PaymentEnd::Cancel => cancel_payment(module, ctx, &request).await?,
        _ => return Err(BillingError::invalid("end", "this release does not know it").into()),
    }
    let known = balance_and_session(module, request.order_id).await?;
    known.map(|(balance, session)| shown_payment(module, &balance, &session)).transpose()
}
