//! Recording what became of an attempt to pay: the only place where money is counted.

use billing_api::{CheckClass, CheckStatus, PaymentAuthorized, PaymentCaptured, PaymentFailed, SessionStatus};
use kernel::db::AnyConnection;
use kernel::trace::TraceContext;
use kernel::{CallCtx, CallError, Money, Timestamp, outbox};

use crate::Outcome;
use crate::books::{self, CUSTOMER_PAYMENTS, Entry, GIFT_CARDS_HELD, UNMATCHED, account_of};
use crate::provider::{Report, Standing};
use crate::receive_notice::of_session;
use crate::store::captures;
use crate::store::checks::{self, Difference};
use crate::store::events::{self, Kind};
use crate::store::payments::{self, Balance, Status};
use crate::store::sessions::{self, OPEN, Session, SessionTurn};

/// On whose behalf something is recorded, and when.
pub(crate) struct Cause {
    pub(crate) actor: String,
    pub(crate) trace: TraceContext,
    pub(crate) at: Timestamp,
}

impl Cause {
    /// On behalf of the one who calls.
    pub(crate) fn of_call(ctx: &CallCtx, at: Timestamp) -> Self {
        Self { actor: ctx.principal.actor(), trace: ctx.trace, at }
    }
}

/// Why a session was canceled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EndedBy {
    /// The shopper did not want to go on.
    Shopper,
    /// Nobody came back in time.
    Time,
    /// We ended it ourselves, for another attempt or with the order; nobody has to be told.
    Shop,
}

/// How a session is after a report, and from where it can get there. What is known never goes back: of news in any order
/// the same remains.
struct Turn {
    from: &'static [SessionStatus],
    to: SessionStatus,
    failure: Option<&'static str>,
    kind: Kind,
}

/// Money that was taken counts, whatever was thought of the session before.
const NOT_CAPTURED: [SessionStatus; 6] = [
    SessionStatus::Pending,
    SessionStatus::RequiresAction,
    SessionStatus::Authorized,
    SessionStatus::Failed,
    SessionStatus::Canceled,
    SessionStatus::Expired,
];

fn turn(report: &Report, ended: EndedBy) -> Option<Turn> {
    let (from, to, failure, kind): (&'static [_], _, _, _) = match (report, ended) {
        (Report::Pending, _) => return None,
        (Report::RequiresAction, _) => (&OPEN[..1], SessionStatus::RequiresAction, None, Kind::RequiresAction),
        (Report::Authorized(_), _) => (&OPEN[..2], SessionStatus::Authorized, None, Kind::Authorized),
        (Report::Captured(_), _) => (&NOT_CAPTURED, SessionStatus::Captured, None, Kind::Captured),
        (Report::Failed(failure), _) => (&OPEN, SessionStatus::Failed, Some(*failure), Kind::Failed),
        (Report::Canceled, EndedBy::Time) => (&OPEN, SessionStatus::Expired, Some("timed_out"), Kind::Expired),
        (Report::Canceled, EndedBy::Shopper | EndedBy::Shop) => {
            (&OPEN, SessionStatus::Canceled, Some("canceled"), Kind::Canceled)
        }
    };
    Some(Turn { from, to, failure, kind })
}

/// Writes down what a provider said of `session`, with everything that follows from it. Of any number of callers with
/// the same news the first does so, and the others find that it is done.
pub(crate) fn record(
    conn: &mut AnyConnection,
    cause: &Cause,
    session: &Session,
    standing: &Standing,
    ended: EndedBy,
) -> Outcome<()> {
    let Standing { report, opened } = standing;
    let balance = held(conn, cause, session)?;
    if opened.reference.is_some() || opened.charge.is_some() {
        sessions::session_opened(conn, session.id, opened, cause.at)?;
    }
    let Some(turn) = turn(report, ended) else { return Ok(()) };
    let captured = if let Report::Captured(amount) = report { amount.amount } else { 0 };
    let change = SessionTurn { from: turn.from, to: turn.to, failure: turn.failure, captured };
    if !sessions::session_turn(conn, session.id, &change, cause.at)? {
        return Ok(());
    }
    match report {
        Report::Captured(amount) => return count(conn, cause, &balance, session, *amount),
        Report::Authorized(amount) => return hold(conn, cause, &balance, session, *amount),
        _ => events::event_insert(conn, cause, session, turn.kind, turn.failure.unwrap_or_default())?,
    }
    let Some(failure) = turn.failure else { return Ok(()) };
    payments::payment_release(conn, &session.order_id, cause.at)?;
    if ended != EndedBy::Shop {
        let (order_id, failure, method) = (session.order_id.clone(), failure.to_owned(), session.method.clone());
        outbox::publish(conn, cause.trace, &PaymentFailed { order_id, session_id: session.id, failure, method })?;
    }
    Ok(())
}

/// The balance of the session's order, which nobody else changes before this unit of work ends.
fn held(conn: &mut AnyConnection, cause: &Cause, session: &Session) -> Outcome<Balance> {
    let gone = || CallError::Internal(format!("the payment of {} is gone", session.order_id));
    payments::payment_held(conn, &session.order_id, cause.at)?.ok_or_else(gone)
}

/// A provider holds money for `session`, which says so already. Another amount than was asked for is not taken.
fn hold(conn: &mut AnyConnection, cause: &Cause, balance: &Balance, session: &Session, amount: Money) -> Outcome<()> {
    if !payments::payment_authorize(conn, &session.order_id, amount, cause.at)? {
        let evidence = format!("{amount} is held; the payment of {} was {:?}", balance.amount()?, balance.status);
        let found = Difference { class: class_of(balance, amount)?, evidence, ..of_session(session, amount) };
        return call_a_person(conn, cause, session, &found);
    }
    events::event_insert(conn, cause, session, Kind::Authorized, &amount.to_string())?;
    let (order_id, session_id) = (session.order_id.clone(), session.id);
    outbox::publish(conn, cause.trace, &PaymentAuthorized { order_id, session_id, amount })?;
    Ok(())
}

/// Counts money that arrived by `session`, which says so already, and what gift cards pay with it. Where these pay all, no
/// money is `arrived`.
pub(crate) fn count(
    conn: &mut AnyConnection,
    cause: &Cause,
    balance: &Balance,
    session: &Session,
    arrived: Money,
) -> Outcome<()> {
    let kind = if payments::payment_capture(conn, &session.order_id, arrived, cause.at)? {
        Kind::Captured
    } else if is_wanted_part(conn, session, arrived)?
        && payments::payment_capture_part(conn, &session.order_id, arrived, cause.at)?
    {
        Kind::PartiallyCaptured
    } else {
        return set_aside(conn, cause, balance, session, arrived);
    };
    let by_cards = Money::new(balance.gift_cards, arrived.currency);
    let account = account_of(&session.method);
    let entries = [
        entry(session, ("captured", CUSTOMER_PAYMENTS), &account, arrived),
        entry(session, ("gift_card_counted", CUSTOMER_PAYMENTS), GIFT_CARDS_HELD, by_cards),
    ];
    let entries: Vec<Entry<'_>> = entries.into_iter().filter(|entry| entry.amount.amount > 0).collect();
    books::post(conn, cause, &entries)?;
    let amount = Money::new(arrived.amount + by_cards.amount, arrived.currency);
    events::event_insert(conn, cause, session, kind, &amount.to_string())?;
    let (order_id, session_id, method) = (session.order_id.clone(), session.id, session.method.clone());
    outbox::publish(conn, cause.trace, &PaymentCaptured { order_id, session_id, amount, method })?;
    Ok(())
}

/// Whether we asked for this part of what was held.
fn is_wanted_part(conn: &mut AnyConnection, session: &Session, arrived: Money) -> Outcome<bool> {
    Ok(captures::capture(conn, session.id)?.is_some_and(|capture| capture.amount == arrived))
}

/// Money that nobody asked for, or another amount than was asked for, pays nothing until a person has looked at it.
fn set_aside(
    conn: &mut AnyConnection,
    cause: &Cause,
    balance: &Balance,
    session: &Session,
    arrived: Money,
) -> Outcome<()> {
    let evidence = format!("{arrived} arrived by {}; {}", session.method, awaited(balance)?);
    let found = Difference { class: class_of(balance, arrived)?, evidence, ..of_session(session, arrived) };
    call_a_person(conn, cause, session, &found)?;
    let account = account_of(&session.method);
    books::post(conn, cause, &[entry(session, ("unmatched", UNMATCHED), &account, arrived)])?;
    Ok(())
}

/// The payment of the session's order waits for somebody who reads the evidence and decides.
fn call_a_person(conn: &mut AnyConnection, cause: &Cause, session: &Session, found: &Difference) -> Outcome<()> {
    let (order_id, evidence) = (&session.order_id, &found.evidence);
    tracing::error!(order_id, session_id = %session.id, evidence, "money needs a person's decision");
    payments::payment_review(conn, order_id, cause.at)?;
    events::event_insert(conn, cause, session, Kind::Review, evidence)?;
    checks::check_insert(conn, found, CheckStatus::Open, None, cause.at)?;
    Ok(())
}

/// What was to be paid when other money arrived.
fn awaited(balance: &Balance) -> Outcome<String> {
    let amount = balance.due()?;
    Ok(match balance.status {
        Status::Pending | Status::Authorized | Status::Review => format!("{amount} was to be paid"),
        Status::PartiallyCaptured | Status::Captured => format!("{amount} had been paid already"),
        Status::Voided => format!("nothing was to be paid any more of {amount}"),
    })
}

/// What is wrong with money that arrived and pays for nothing.
fn class_of(balance: &Balance, arrived: Money) -> Outcome<CheckClass> {
    let asked = balance.due()?;
    Ok(match balance.status {
        _ if arrived.currency != asked.currency => CheckClass::OtherCurrency,
        Status::Captured if arrived == asked => CheckClass::PaidTwice,
        _ => CheckClass::OtherAmount,
    })
}

/// Money that was set aside went back; the order awaits what it owes, if it still does.
pub(crate) fn give_back_set_aside(
    conn: &mut AnyConnection,
    cause: &Cause,
    session: &Session,
    amount: Money,
) -> Outcome<()> {
    held(conn, cause, session)?;
    payments::payment_await_again(conn, &session.order_id, cause.at)?;
    events::event_insert(conn, cause, session, Kind::GivenBack, &amount.to_string())?;
    let account = account_of(&session.method);
    books::post(conn, cause, &[entry(session, ("given_back", &account), UNMATCHED, amount)])?;
    Ok(())
}

/// Money that moves for the order of a session: from `debit`, which has more afterwards, to whom it is owed.
fn entry<'a>(
    session: &'a Session,
    (kind, credit): (&'static str, &'a str),
    debit: &'a str,
    amount: Money,
) -> Entry<'a> {
    Entry { kind, of: Some((&session.order_id, session.id)), refund_id: None, debit, credit, amount }
}
