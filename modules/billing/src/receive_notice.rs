//! Notices of providers: stored as they came, answered when that is durable, and processed in whatever order they arrive.

use std::sync::Arc;
use std::time::{Duration, Instant};

use billing_api::{BillingError, CheckClass, CheckStatus, ReceiveNotice};
use kernel::db::AnyConnection;
use kernel::stop::Stop;
use kernel::{CallCtx, Timestamp};

use crate::cancel_payment::end_others;
use crate::provider::{Opened, Report, Reversal, ReversalKind, Standing, Subject};
use crate::record::{Cause, EndedBy, record};
use crate::refund_failed::refund_failed;
use crate::store::checks::{self, Difference};
use crate::store::events::{self, Kind};
use crate::store::notices::{self, NoticeRow, NoticeStatus};
use crate::store::refunds;
use crate::store::sessions::{self, Session};
use crate::{Module, Outcome};

const PERIOD: Duration = Duration::from_secs(2);
const BATCH: i64 = 100;
/// Before one that could not be processed is tried again, and twice as long each time.
const PAUSE: Duration = Duration::from_secs(5);
const LONGEST_PAUSE: Duration = Duration::from_secs(600);
/// Bodies hold names and addresses; nobody asks for them after this time.
const KEPT: Duration = Duration::from_secs(60 * 24 * 3600);
const TIDY_EVERY: Duration = Duration::from_secs(3600);

/// Stores a notice that its provider has signed, and then does what follows from it. When that fails it is done later:
/// the notice is not needed again.
pub(crate) async fn receive_notice(module: &Module, ctx: &CallCtx, request: ReceiveNotice) -> Outcome<()> {
    let provider = module.providers.named(&request.provider).ok_or(BillingError::NotFound)?;
    if let Err(reason) = provider.check_notice(&request.signature, &request.body) {
        tracing::warn!(provider = request.provider, reason, "a notice is not believed");
        return Err(BillingError::NotAuthentic.into());
    }
    let notice = provider.read_notice(&request.body);
    let now = module.clock.now();
    let (name, body) = (request.provider.clone(), request.body);
    let stored = module.db.write(move |conn| {
        let id = notices::notice_insert(conn, &name, (&notice.id, &notice.kind), &body, now)?;
        Outcome::Ok(id.map(|id| NoticeRow { id, provider: name, body, attempts: 0 }))
    });
    // A copy of one that was stored before is as good as that.
    if let Some(row) = stored.await? {
        process_or_postpone(module, ctx, row).await?;
    }
    Ok(())
}

/// Processes what was stored and not processed, until told to stop.
pub(crate) async fn process_notices(module: Arc<Module>, stop: Stop) {
    let ctx = CallCtx::of_module("billing");
    let mut tidied = Instant::now();
    while !stop.is_stopping() {
        if let Err(error) = process_due(&module, &ctx).await {
            tracing::warn!(%error, "notices of providers wait");
        }
        if tidied.elapsed() > TIDY_EVERY {
            tidied = Instant::now();
            let before = module.clock.now().minus(KEPT);
            let forgotten = module.db.write(move |conn| Outcome::Ok(notices::notices_forget(conn, before)?)).await;
            if let Err(error) = forgotten {
                tracing::warn!(%error, "old notices could not be removed");
            }
        }
        tokio::select! {
            () = tokio::time::sleep(PERIOD) => {}
            () = stop.wait() => {}
        }
    }
}

async fn process_due(module: &Module, ctx: &CallCtx) -> Outcome<()> {
    let now = module.clock.now();
    let due = module.db.read(move |conn| Outcome::Ok(notices::notices_due(conn, BATCH, now)?)).await?;
    for row in due {
        process_or_postpone(module, ctx, row).await?;
    }
    Ok(())
}

async fn process_or_postpone(module: &Module, ctx: &CallCtx, row: NoticeRow) -> Outcome<()> {
    let (id, attempts) = (row.id.clone(), row.attempts);
    if let Err(error) = process(module, ctx, row).await {
        tracing::warn!(notice = id, %error, "a notice is tried again later");
        let doubled = PAUSE * 2_u32.saturating_pow(u32::try_from(attempts.clamp(0, 10)).unwrap_or(0));
        let next_at = module.clock.now().plus(doubled.min(LONGEST_PAUSE));
        module.db.write(move |conn| Outcome::Ok(notices::notice_postpone(conn, &id, next_at)?)).await?;
    }
    Ok(())
}

async fn process(module: &Module, ctx: &CallCtx, row: NoticeRow) -> Outcome<()> {
    let Some(provider) = module.providers.named(&row.provider) else { return Ok(()) };
    let cause = Cause { actor: format!("provider:{}", row.provider), trace: ctx.trace, at: module.clock.now() };
    let subject = provider.read_notice(&row.body).subject;
    let session = module.db.write(move |conn| -> Outcome<Option<Session>> {
        let taken = |conn: &mut AnyConnection, status| notices::notice_take(conn, &row.id, status, cause.at);
        match subject {
            Ok(None) => {
                taken(conn, NoticeStatus::Ignored)?;
                Ok(None)
            }
            Ok(Some(subject)) => match session_of(conn, &row.provider, &subject)? {
                Some(session) if taken(conn, NoticeStatus::Processed)? => {
                    follow(conn, &cause, &session, &subject)?;
                    Ok(Some(session))
                }
                None if taken(conn, NoticeStatus::Unmatched)? => {
                    set_aside(conn, &cause, &row.provider, &subject)?;
                    Ok(None)
                }
                _ => Ok(None),
            },
            Err(problem) => {
                tracing::error!(notice = row.id, problem, "a notice cannot be read");
                taken(conn, NoticeStatus::Unmatched)?;
                Ok(None)
            }
        }
    });
    if let Some(session) = session.await? {
        end_others(module, ctx, &session.order_id).await;
    }
    Ok(())
}

/// What follows from what a provider says of a session of ours.
pub(crate) fn follow(conn: &mut AnyConnection, cause: &Cause, session: &Session, subject: &Subject) -> Outcome<()> {
    match agreement(session, &subject.standing) {
        Agreement::Ours => record(conn, cause, session, &subject.standing, EndedBy::Shopper)?,
        Agreement::NoMatter => {}
        Agreement::Second(amount) => {
            let found = Difference {
                class: CheckClass::PaidTwice,
                subject: subject.standing.opened.charge.clone().unwrap_or_default(),
                amount,
                evidence: format!("{amount} came by another name than {} was given", session.id),
                ..of_session(session, amount)
            };
            report(conn, &found, CheckStatus::Open, None, cause.at)?;
        }
    }
    match &subject.reversal {
        Some(reversal) => reverse(conn, cause, session, reversal, &subject.standing.opened),
        None => Ok(()),
    }
}

/// Whether a standing is that of a session, by the names that the provider gave.
pub(crate) enum Agreement {
    Ours,
    /// It is about another try of the same session, and no money came of it.
    NoMatter,
    /// Money came of another try.
    Second(kernel::Money),
}

pub(crate) fn agreement(session: &Session, standing: &Standing) -> Agreement {
    let theirs = &standing.opened;
    let differs = |ours: &Option<String>, theirs: &Option<String>| ours.is_some() && theirs.is_some() && ours != theirs;
    // A hosted page ends by itself, and not with a try to pay on it.
    let is_one_try = session.reference.is_some() && session.charge.is_none() && theirs.reference.is_none();
    let is_other = differs(&session.charge, &theirs.charge) || differs(&session.reference, &theirs.reference);
    match standing.report {
        Report::Captured(amount) | Report::Authorized(amount) if is_other => Agreement::Second(amount),
        Report::Canceled | Report::Failed(_) if is_one_try => Agreement::NoMatter,
        _ if is_other => Agreement::NoMatter,
        _ => Agreement::Ours,
    }
}

/// Money went back without us: a person has to know. `names` are those of the money.
pub(crate) fn reverse(
    conn: &mut AnyConnection,
    cause: &Cause,
    session: &Session,
    reversal: &Reversal,
    names: &Opened,
) -> Outcome<()> {
    let Reversal { kind, amount, detail } = reversal;
    let (class, amount, evidence) = match kind {
        ReversalKind::Refunded => {
            let ours = given_back_by_us(conn, session, names)?;
            if amount.amount <= ours {
                return Ok(());
            }
            let more = kernel::Money::new(amount.amount - ours, amount.currency);
            let ours = kernel::Money::new(ours, amount.currency);
            (CheckClass::RefundedThere, more, format!("{amount} went back there, {ours} by us"))
        }
        ReversalKind::RefundFailed { .. } => return refund_failed(conn, cause, &session.method, reversal),
        ReversalKind::Disputed => (CheckClass::Disputed, *amount, format!("{amount} is disputed: {detail}")),
    };
    let found = Difference { class, evidence, ..of_session(session, amount) };
    if report(conn, &found, CheckStatus::Open, None, cause.at)? {
        let kind = if class == CheckClass::Disputed { Kind::Disputed } else { Kind::Review };
        events::event_insert(conn, cause, session, kind, &found.evidence)?;
    }
    Ok(())
}

/// How much of the money of a session went back by us, or is about to: by refunds of the order, or because it paid for
/// nothing. Money of another try has a name of its own, under which it was given back.
fn given_back_by_us(conn: &mut AnyConnection, session: &Session, names: &Opened) -> Outcome<i64> {
    match (&session.charge, &names.charge) {
        (Some(ours), Some(theirs)) if ours != theirs => Ok(checks::given_back(conn, &session.method, theirs)?),
        _ => {
            let because_of_differences = checks::given_back(conn, &session.method, &session.id.to_string())?;
            Ok(refunds::refunded_of_session(conn, session.id)? + because_of_differences)
        }
    }
}

/// A difference about a session of ours; what it is has to be filled in.
pub(crate) fn of_session(session: &Session, amount: kernel::Money) -> Difference {
    Difference {
        provider: session.method.clone(),
        class: CheckClass::OtherAmount,
        subject: session.id.to_string(),
        session_id: Some(session.id.to_string()),
        order_id: Some(session.order_id.clone()),
        amount,
        evidence: String::new(),
    }
}

/// Notes a difference; whether it is new. Open ones are for a person, so the log calls for one.
pub(crate) fn report(
    conn: &mut AnyConnection,
    found: &Difference,
    status: CheckStatus,
    settlement: Option<&str>,
    at: Timestamp,
) -> Outcome<bool> {
    let is_new = checks::check_insert(conn, found, status, settlement, at)?;
    if is_new && status == CheckStatus::Open {
        let Difference { class, subject, evidence, .. } = found;
        tracing::error!(?class, subject, evidence, order_id = found.order_id, "a payment needs a person's decision");
    }
    Ok(is_new)
}

/// Money of which we know nothing, for a person to look at.
pub(crate) fn set_aside(conn: &mut AnyConnection, cause: &Cause, provider: &str, subject: &Subject) -> Outcome<()> {
    if let Some(found) = stranger(provider, subject) {
        report(conn, &found, CheckStatus::Open, None, cause.at)?;
    }
    match &subject.reversal {
        Some(reversal) => refund_failed(conn, cause, provider, reversal),
        None => Ok(()),
    }
}

/// The difference that is money of which we know nothing; `None` when there is no money.
fn stranger(provider: &str, subject: &Subject) -> Option<Difference> {
    let (Report::Captured(amount) | Report::Authorized(amount)) = subject.standing.report else { return None };
    let opened = &subject.standing.opened;
    let mut names = [&opened.charge, &opened.reference].into_iter().flatten();
    Some(Difference {
        provider: provider.to_owned(),
        class: CheckClass::MissingHere,
        subject: names.next().cloned().unwrap_or_else(|| "without a name".to_owned()),
        session_id: None,
        order_id: None,
        amount,
        evidence: format!("{amount} came there, and no payment of ours is known by its names"),
    })
}

/// The session that a provider speaks of.
pub(crate) fn session_of(conn: &mut AnyConnection, provider: &str, subject: &Subject) -> Outcome<Option<Session>> {
    if let Some(id) = subject.session
        && let Some(session) = sessions::session(conn, id)?.filter(|session| session.method == provider)
    {
        return Ok(Some(session));
    }
    let opened = &subject.standing.opened;
    for name in [&opened.charge, &opened.reference].into_iter().flatten() {
        if let Some(session) = sessions::session_named(conn, provider, name)? {
            return Ok(Some(session));
        }
    }
    Ok(None)
}
