//! Comparing a provider's books with ours: every difference is named, what is safe is repaired, and the rest waits for a
//! person with the evidence.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use billing_api::{BillingError, CheckClass, CheckStatus, SessionStatus};
use kernel::db::AnyConnection;
use kernel::stop::Stop;
use kernel::{CallCtx, Money, Timestamp};

use crate::cancel_payment::end_others;
use crate::provider::{Answer, PaymentProvider, ProviderError, Report, Reversal, ReversalKind, Subject, TheirPayment};
use crate::receive_notice::{Agreement, agreement, follow, of_session, report, reverse, session_of, set_aside};
use crate::record::Cause;
use crate::store::checks::{self, Difference};
use crate::store::payments::{self, Status};
use crate::store::sessions::{self, Session};
use crate::{Module, Outcome};

const PERIOD: Duration = Duration::from_secs(300);
/// What was begun this long before the last comparison may have changed since, such as money that was held.
const OVERLAP: Duration = Duration::from_secs(8 * 24 * 3600);
/// At the first comparison.
const BEGINNING: Duration = Duration::from_secs(30 * 24 * 3600);
/// What is younger may be under way.
const SETTLED_AFTER: Duration = Duration::from_secs(30);

/// Compares now and then until told to stop.
pub(crate) async fn reconcile(module: Arc<Module>, stop: Stop) {
    while !stop.is_stopping() {
        compare_all(&module, &stop).await;
        tokio::select! {
            () = tokio::time::sleep(PERIOD) => {}
            () = stop.wait() => {}
        }
    }
}

/// One comparison with each provider.
async fn compare_all(module: &Module, stop: &Stop) {
    for provider in module.providers.all() {
        if stop.is_stopping() {
            return;
        }
        let code = provider.method().code;
        match compare(module, provider.as_ref(), &code).await {
            Ok((_, 0)) => {}
            Ok((compared, differing)) => tracing::warn!(provider = code, compared, differing, "books differ"),
            Err(error) => tracing::warn!(provider = code, %error, "books could not be compared"),
        }
    }
}

/// How much was compared, and how much of it differed.
async fn compare(module: &Module, provider: &dyn PaymentProvider, code: &str) -> Outcome<(i64, i64)> {
    let now = module.clock.now();
    let name = code.to_owned();
    let through = module.db.read(move |conn| Outcome::Ok(checks::compared_through(conn, &name)?)).await?;
    let since = through.map_or_else(|| now.minus(BEGINNING), |through| through.minus(OVERLAP));
    let Some(listed) = unless_refused(provider.list(since).await)? else { return Ok((0, 0)) };

    let (mut compared, mut differing) = (0, 0);
    let mut seen = BTreeSet::new();
    for mut theirs in listed.payments {
        compared += 1;
        seen.insert(theirs.reference.clone());
        let (listed, name) = (theirs.clone(), code.to_owned());
        let (at, is_latest) = (cause(module), false);
        let mut found = module.db.write(move |conn| judge(conn, &at, &name, &listed, is_latest)).await?;
        if let Some(Found { is_doubtful: true, session, .. }) = &found {
            // The money may have come since the books were opened.
            theirs.standing = match provider.status(session).await {
                Ok(standing) => standing,
                // Somebody asks again at the next comparison.
                Err(_) => continue,
            };
            let (at, is_latest, name) = (cause(module), true, code.to_owned());
            found = module.db.write(move |conn| judge(conn, &at, &name, &theirs, is_latest)).await?;
        }
        let Some(Found { is_different, session, is_held_in_vain, .. }) = found else { continue };
        differing += i64::from(is_different);
        if is_held_in_vain {
            let_go(provider, &session).await;
        }
        if is_different {
            end_others(module, &CallCtx::of_module("billing"), &session.order_id).await;
        }
    }
    for subject in listed.disputes {
        let (cause, name) = (cause(module), code.to_owned());
        module
            .db
            .write(move |conn| match session_of(conn, &name, &subject)? {
                Some(session) => follow(conn, &cause, &session, &subject),
                None => Ok(()),
            })
            .await?;
    }
    differing += missing_there(module, provider, code, since, &seen).await?;
    let name = code.to_owned();
    module.db.write(move |conn| Outcome::Ok(checks::compared(conn, &name, now, (compared, differing), now)?)).await?;
    Ok((compared, differing))
}

fn cause(module: &Module) -> Cause {
    Cause::of_call(&CallCtx::of_module("billing"), module.clock.now())
}

/// What a provider answered; `None` when it has no books to show.
fn unless_refused<T>(answer: Answer<T>) -> Outcome<Option<T>> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(ProviderError::Refused(_)) => Ok(None),
        Err(ProviderError::NotDone(cause) | ProviderError::Unknown(cause)) => {
            tracing::warn!(error = cause, "a payment provider does not answer");
            Err(BillingError::ProviderUnavailable.into())
        }
    }
}

/// What became of the comparison of one payment that is ours.
struct Found {
    is_different: bool,
    session: Session,
    /// Money is held for a session that has ended.
    is_held_in_vain: bool,
    /// We have money that they did not know of when they were asked, which may be long ago. Nothing was done about it.
    is_doubtful: bool,
}

/// Compares one payment of theirs with ours, and repairs ours where that is safe: when only our knowledge is behind.
/// `is_latest` when they were asked about it after ours was as it is.
fn judge(
    conn: &mut AnyConnection,
    cause: &Cause,
    provider: &str,
    theirs: &TheirPayment,
    is_latest: bool,
) -> Outcome<Option<Found>> {
    let now = cause.at;
    let subject = Subject { session: theirs.session, standing: theirs.standing.clone(), reversal: None };
    let Some(session) = session_of(conn, provider, &subject)? else {
        set_aside(conn, cause, provider, &subject)?;
        return Ok(None);
    };
    let agreement = agreement(&session, &theirs.standing);
    let is_ours = matches!(agreement, Agreement::Ours);
    let verdict = if is_ours { verdict(conn, &session, theirs, now)? } else { None };
    if !is_latest && matches!(verdict, Some((CheckClass::MissingThere, ..))) {
        let (is_different, is_held_in_vain, is_doubtful) = (false, false, true);
        return Ok(Some(Found { is_different, session, is_held_in_vain, is_doubtful }));
    }
    let is_held_in_vain = matches!(theirs.standing.report, Report::Authorized(_))
        && is_ours
        && session.status.is_final()
        && session.status != SessionStatus::Captured;
    // What they say counts as if they had told us; money that is not what was asked for is set aside there.
    follow(conn, cause, &session, &subject)?;
    let mut is_different = matches!(agreement, Agreement::Second(_));
    if let Some((class, status, evidence)) = verdict {
        is_different = true;
        let amount = money_of(theirs).unwrap_or(theirs.asked);
        let found = Difference { class, evidence, ..of_session(&session, amount) };
        let settlement = (status == CheckStatus::Repaired).then_some(match class {
            CheckClass::CapturedForEnded => "Recorded; the order was told that a refund is due",
            _ => "Recorded as they have it",
        });
        report(conn, &found, status, settlement, now)?;
    }
    if theirs.refunded.amount > 0 {
        let reversal = Reversal { kind: ReversalKind::Refunded, amount: theirs.refunded, detail: String::new() };
        reverse(conn, cause, &session, &reversal, &theirs.standing.opened)?;
    }
    Ok(Some(Found { is_different, session, is_held_in_vain, is_doubtful: false }))
}

fn money_of(theirs: &TheirPayment) -> Option<Money> {
    match theirs.standing.report {
        Report::Captured(amount) | Report::Authorized(amount) => Some(amount),
        _ => None,
    }
}

type Verdict = (CheckClass, CheckStatus, String);

/// In what they differ from us, before anything is done about it.
fn verdict(
    conn: &mut AnyConnection,
    session: &Session,
    theirs: &TheirPayment,
    now: Timestamp,
) -> Outcome<Option<Verdict>> {
    let ended = payments::payment(conn, &session.order_id)?.is_some_and(|balance| balance.status == Status::Voided);
    let ours = Money::new(session.captured, session.amount.currency);
    let is_young = now.since(session.created_at) < SETTLED_AFTER;
    let open = |class, evidence| Ok(Some((class, CheckStatus::Open, evidence)));
    let repaired = |class, evidence| Ok(Some((class, CheckStatus::Repaired, evidence)));
    match &theirs.standing.report {
        Report::Captured(amount) | Report::Authorized(amount) if amount.currency != session.amount.currency => {
            open(CheckClass::OtherCurrency, format!("they have {amount}; we asked for {}", session.amount))
        }
        Report::Captured(amount) if session.status == SessionStatus::Captured => match *amount == ours {
            true => Ok(None),
            false => open(CheckClass::OtherAmount, format!("they have {amount}; we have {ours}")),
        },
        Report::Captured(amount) if *amount != session.amount && session.status != SessionStatus::Authorized => {
            open(CheckClass::OtherAmount, format!("they have {amount}; we asked for {}", session.amount))
        }
        Report::Captured(amount) if ended => {
            repaired(CheckClass::CapturedForEnded, format!("{amount} came for an order that has ended"))
        }
        Report::Captured(amount) => {
            repaired(CheckClass::StatusBehind, format!("they have {amount}; we had {:?}", session.status))
        }
        Report::Authorized(amount) => match session.status {
            SessionStatus::Authorized => Ok(None),
            SessionStatus::Captured => open(CheckClass::MissingThere, format!("{ours} here; {amount} only held there")),
            SessionStatus::Pending | SessionStatus::RequiresAction => {
                repaired(CheckClass::StatusBehind, format!("they hold {amount}; we had {:?}", session.status))
            }
            _ => repaired(CheckClass::CapturedForEnded, format!("they held {amount} for a session that has ended")),
        },
        report if session.status == SessionStatus::Captured => {
            open(CheckClass::MissingThere, format!("{ours} here; they say {report:?}"))
        }
        Report::Canceled | Report::Failed(_) if !session.status.is_final() && !is_young => {
            repaired(CheckClass::StatusBehind, format!("it ended there; we had {:?}", session.status))
        }
        _ => Ok(None),
    }
}

/// Lets go of money that is held for nothing.
async fn let_go(provider: &dyn PaymentProvider, session: &Session) {
    if let Err(error) = provider.cancel(session).await {
        tracing::warn!(session_id = %session.id, ?error, "money that is held in vain could not be let go now");
    }
}

/// Money that we have and they do not know of.
async fn missing_there(
    module: &Module,
    provider: &dyn PaymentProvider,
    code: &str,
    since: Timestamp,
    seen: &BTreeSet<String>,
) -> Outcome<i64> {
    if !provider.can_be_asked() {
        return Ok(0);
    }
    let name = code.to_owned();
    let ours =
        module.db.read_long(move |conn| Outcome::Ok(sessions::sessions_captured_since(conn, &name, since)?)).await?;
    let mut count = 0;
    for session in ours {
        let names = [&session.charge, &session.reference, &Some(session.id.to_string())];
        if names.into_iter().flatten().any(|name| seen.contains(name)) {
            continue;
        }
        let evidence = match provider.status(&session).await {
            Ok(standing) if matches!(standing.report, Report::Captured(_)) => continue,
            Ok(standing) => format!("we have {}; they say {:?}", session.captured, standing.report),
            Err(ProviderError::Refused(reason)) => format!("we have {}; they say {reason}", session.captured),
            Err(_) => continue,
        };
        let amount = Money::new(session.captured, session.amount.currency);
        let now = module.clock.now();
        let found = Difference { class: CheckClass::MissingThere, evidence, ..of_session(&session, amount) };
        let is_new = module.db.write(move |conn| report(conn, &found, CheckStatus::Open, None, now)).await?;
        count += i64::from(is_new);
    }
    Ok(count)
}
