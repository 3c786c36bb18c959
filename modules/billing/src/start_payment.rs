//! Opening a session with a provider.

use billing_api::{
    BillingError, GIFT_CARD, GiftCardUse, PaymentNext, PaymentSession, SessionId, SessionStatus, StartPayment,
};
use kernel::db::AnyConnection;
use kernel::{CallCtx, CallError, Money, NotExecuted, Timestamp};

use crate::cancel_payment::end_session;
use crate::find_payment::shown_session;
use crate::look;
use crate::provider::{Opened, PaymentProvider, Report, Standing, ask};
use crate::record::{Cause, EndedBy, count, record};
use crate::store::events::{self, Kind};
use crate::store::payments::{self, Balance, Status};
use crate::store::sessions::{self, Session};
use crate::{Module, Outcome, gift_cards};

const LARGEST_AMOUNT: i64 = 1_000_000_000_000;

/// First ends the open session of the order, if there is one of another attempt. Then writes down what is intended, takes
/// from gift cards what they pay, and only then tells the provider of the rest, under a key that a repeat will use again.
pub(crate) async fn start_payment(module: &Module, ctx: &CallCtx, request: StartPayment) -> Outcome<PaymentSession> {
    check(&request)?;
    let by_gift_cards = gift_cards::total_of(&request.gift_cards, request.amount)?;
    let due = Money::new(request.amount.amount - by_gift_cards.amount, request.amount.currency);
    let provider = payer(module, &request.method, due)?;
    if let Some(other) = open_session_of_another(module, &request).await? {
        end_session(module, ctx, other).await?;
    }
    let session = intend(module, ctx, provider, &request, due).await?;
    if let Some(provider) = provider.filter(|_| !session.status.is_final()) {
        let opened = match ask(provider.start(&session)).await {
            Err(CallError::Domain(BillingError::ProviderRefused { reason })) => {
                return refused(module, ctx, session, &reason).await;
            }
            opened => opened?,
        };
        if opened != Opened::default() {
            let (id, now) = (session.id, module.clock.now());
            module.db.write(move |conn| Outcome::Ok(sessions::session_opened(conn, id, &opened, now)?)).await?;
            return shown_session(module, &found(module, session.id).await?);
        }
    }
    shown_session(module, &session)
}

fn check(request: &StartPayment) -> Result<(), BillingError> {
    if !(1..=LARGEST_AMOUNT).contains(&request.amount.amount) {
        return Err(BillingError::invalid("amount", format!("use 1 to {LARGEST_AMOUNT} minor units")));
    }
    let path = request.return_path.as_bytes();
    let is_local = path.first() == Some(&b'/') && path.get(1) != Some(&b'/') && !path.contains(&b'\\');
    if !is_local || path.len() > 500 || !path.iter().all(u8::is_ascii_graphic) {
        return Err(BillingError::invalid("return_path", "use a path of this shop, such as /o/…/return"));
    }
    if request.order_id.is_empty() || request.order_id.len() > 100 {
        return Err(BillingError::invalid("order_id", "name an order, such as ord_…"));
    }
    Ok(())
}

/// Who takes what is due; nobody where gift cards pay all.
fn payer<'m>(module: &'m Module, method: &str, due: Money) -> Result<Option<&'m dyn PaymentProvider>, BillingError> {
    match due.amount {
        0 if method == GIFT_CARD => Ok(None),
        0 => Err(BillingError::MethodNotOffered { method: method.to_owned() }),
        _ => module.providers.offered(method, due).map(Some),
    }
}

/// The provider does not take this attempt: it has failed, and another may be made.
async fn refused(module: &Module, ctx: &CallCtx, session: Session, reason: &str) -> Outcome<PaymentSession> {
    tracing::warn!(session_id = %session.id, reason, "a provider refuses an attempt to pay");
    let (id, cause) = (session.id, Cause::of_call(ctx, module.clock.now()));
    let standing = Standing::from(Report::Failed("not_possible"));
    module.db.write(move |conn| record(conn, &cause, &session, &standing, EndedBy::Shopper)).await?;
    shown_session(module, &found(module, id).await?)
}

/// The open session of the order that this attempt takes the place of. A repeat takes the place of nothing: its own
/// session was made already, and may have been replaced since.
async fn open_session_of_another(module: &Module, request: &StartPayment) -> Outcome<Option<Session>> {
    let (order_id, key) = (request.order_id.clone(), request.key.to_string());
    module
        .db
        .read(move |conn| {
            // In this order: an open session that a repeat of this request made just now is seen to have its key.
            let open = sessions::session_open(conn, &order_id)?;
            let is_repeat = open.is_some() && sessions::session_has_key(conn, &order_id, &key)?;
            Ok(open.filter(|_| !is_repeat))
        })
        .await
}

/// The session of the request's key, new or of an earlier call. Only its id is stored with the key, and no secret.
async fn intend(
    module: &Module,
    ctx: &CallCtx,
    provider: Option<&dyn PaymentProvider>,
    request: &StartPayment,
    due: Money,
) -> Outcome<Session> {
    let (id, now) = (SessionId::new(), module.clock.now());
    let mut session = Session {
        id,
        order_id: request.order_id.clone(),
        order_number: request.order_number.clone(),
        method: request.method.clone(),
        amount: due,
        return_path: request.return_path.clone(),
        captures_later: provider.is_some_and(PaymentProvider::captures_later),
        status: if provider.is_some() { SessionStatus::Pending } else { SessionStatus::Captured },
        failure: None,
        captured: 0,
        next: PaymentNext::Nothing,
        reference: None,
        charge: None,
        expires_at: provider.and_then(PaymentProvider::lifetime).map(|lifetime| now.plus(lifetime)),
        created_at: now,
    };
    if let Some(provider) = provider {
        session.next = provider.foreseen(&session);
    }
    let key = request.key.to_string();
    let attempt = Attempt {
        session: session.clone(),
        key: key.clone(),
        amount: request.amount,
        gift_cards: request.gift_cards.clone(),
        look_at: provider.filter(|provider| provider.can_be_asked()).map(|_| now.plus(look::FIRST)),
    };
    let cause = Cause::of_call(ctx, now);
    let stored = module.db.write_once(key, "start_payment", request, move |conn| begin(conn, &cause, &attempt)).await?;
    if stored == id { Ok(session) } else { found(module, stored).await }
}

/// An attempt to pay, before it is written down.
struct Attempt {
    session: Session,
    key: String,
    /// What the order costs.
    amount: Money,
    /// What of it these pay.
    gift_cards: Vec<GiftCardUse>,
    /// When the provider is asked about it.
    look_at: Option<Timestamp>,
}

fn begin(conn: &mut AnyConnection, cause: &Cause, attempt: &Attempt) -> Outcome<SessionId> {
    let Attempt { session: new, amount, .. } = attempt;
    let (order_id, by_gift_cards) = (&new.order_id, amount.amount - new.amount.amount);
    let is_first = payments::payment_insert(conn, (order_id, &new.order_number), *amount, by_gift_cards, cause.at)?;
    if !is_first {
        let balance = payments::payment_held(conn, order_id, cause.at)?.ok_or_else(conflict)?;
        check_another(&balance, *amount, by_gift_cards)?;
    }
    // At most one is open per order: a unique index refuses a second as a conflict.
    sessions::session_insert(conn, new, &attempt.key)?;
    if is_first {
        gift_cards::hold(conn, cause, new, &attempt.gift_cards)?;
    }
    if let Some(at) = attempt.look_at {
        sessions::session_look_at(conn, new.id, at)?;
    }
    events::event_insert(conn, cause, new, Kind::Started, &format!("{} by {}", new.amount, new.method))?;
    if new.status == SessionStatus::Captured {
        let balance = payments::payment_held(conn, order_id, cause.at)?.ok_or_else(conflict)?;
        count(conn, cause, &balance, new, new.amount)?;
    }
    Ok(new.id)
}

/// Whether another attempt may be made, to pay the same in the same parts.
fn check_another(balance: &Balance, amount: Money, by_gift_cards: i64) -> Outcome<()> {
    let expected = balance.amount();
    match balance.status {
        Status::Pending if expected.as_ref() != Ok(&amount) => {
            Err(BillingError::WrongAmount { expected: expected?, given: amount }.into())
        }
        Status::Pending if balance.gift_cards != by_gift_cards => {
            Err(BillingError::invalid("gift_cards", "name those that this payment began with").into())
        }
        Status::Pending => Ok(()),
        // Whoever holds the money was not ended in time.
        Status::Authorized => Err(conflict()),
        Status::Captured | Status::PartiallyCaptured | Status::Review => Err(BillingError::AlreadyPaid.into()),
        Status::Voided => Err(voided().into()),
    }
}

async fn found(module: &Module, id: SessionId) -> Outcome<Session> {
    let gone = || CallError::Internal(format!("the session {id} is gone"));
    module.db.read(move |conn| Outcome::Ok(sessions::session(conn, id)?)).await?.ok_or_else(gone)
}

/// What is told about an order whose payment was canceled.
pub(crate) fn voided() -> BillingError {
    BillingError::invalid("order_id", "the payment of this order was canceled; place a new order")
}

/// Someone else changed the same payment at the same moment; the next attempt will see it.
pub(crate) fn conflict() -> CallError<BillingError> {
    CallError::not_executed(NotExecuted::Conflict)
}
