//! What is known of the money of an order.

use billing_api::{Payment, PaymentNext, PaymentSession, SessionStatus};
use kernel::Money;

use crate::provider::ask;
use crate::store::events::{self, Kind};
use crate::store::payments::{self, Balance, Status};
use crate::store::refunds;
use crate::store::sessions::{self, Session};
use crate::{Module, Outcome};

/// All that is known; `None` when no payment was started.
pub(crate) async fn payment(module: &Module, order_id: String) -> Outcome<Option<Payment>> {
    let Some((balance, session)) = balance_and_session(module, order_id.clone()).await? else { return Ok(None) };
    let mut payment = shown_payment(module, &balance, &session)?;
    let leads_away = matches!(payment.session.next, PaymentNext::Redirect { .. });
    if leads_away && !ask(module.providers.of(&session)?.is_open(&session)).await? {
        payment.session.next = PaymentNext::Nothing;
    }
    if balance.status == Status::Review {
        let evidence = move |conn: &mut _| Outcome::Ok(events::detail_latest(conn, &order_id, Kind::Review)?);
        payment.review = Some(module.db.read(evidence).await?.unwrap_or_default());
    }
    Ok(Some(payment))
}

/// The balance of an order and its latest session.
pub(crate) async fn balance_and_session(module: &Module, order_id: String) -> Outcome<Option<(Balance, Session)>> {
    module
        .db
        .read(move |conn| {
            let Some(session) = sessions::session_latest(conn, &order_id)? else { return Ok(None) };
            let Some(mut balance) = payments::payment(conn, &order_id)? else { return Ok(None) };
            if balance.captured > 0 {
                balance.refunds = refunds::refunds_of_order(conn, &order_id)?;
            }
            Ok(Some((balance, session)))
        })
        .await
}

/// As others see it.
pub(crate) fn shown_payment(module: &Module, balance: &Balance, session: &Session) -> Outcome<Payment> {
    let amount = balance.amount()?;
    Ok(Payment {
        order_id: balance.order_id.clone(),
        amount,
        captured: Money::new(balance.captured, amount.currency),
        authorized: (balance.authorized > 0).then(|| Money::new(balance.authorized, amount.currency)),
        by_gift_cards: (balance.gift_cards > 0).then(|| Money::new(balance.gift_cards, amount.currency)),
        session: shown_session(module, session)?,
        paid_at: balance.paid_at,
        review: None,
        refunds: balance.refunds.clone(),
    })
}

/// As others see it: when the shopper has done their part there is nothing to do next.
pub(crate) fn shown_session(module: &Module, session: &Session) -> Outcome<PaymentSession> {
    let next = match session.status {
        SessionStatus::Pending | SessionStatus::RequiresAction => module.providers.of(session)?.next(session),
        _ => PaymentNext::Nothing,
    };
    let Session { id, method, status, failure, .. } = session.clone();
    Ok(PaymentSession { id, method, status, next, failure })
}
