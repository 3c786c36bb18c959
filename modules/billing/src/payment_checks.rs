//! What staff see and do about payments that differ from what the provider says.

use billing_api::{
    BillingError, CheckAction, CheckClass, CheckStatus, ListPaymentChecks, PaymentCheck, PaymentCheckId,
    ResolvePaymentCheck, SessionId,
};
use kernel::{CallCtx, CallError, Money, Page};

use crate::provider::{RefundReport, Report, ask};
use crate::record::{Cause, give_back_set_aside};
use crate::refund::paying_session;
use crate::settle::settle_session;
use crate::store::checks;
use crate::store::sessions::{self, Session};
use crate::{Module, Outcome};

const LONGEST_NOTE: usize = 500;

/// The newest first.
pub(crate) async fn payment_checks(module: &Module, request: ListPaymentChecks) -> Outcome<Page<PaymentCheck>> {
    let limit = request.page.capped_limit();
    let found = module.db.read(move |conn| {
        let cursor = request.page.cursor.as_deref();
        Outcome::Ok(checks::checks(conn, request.open_only, cursor, limit + 1)?)
    });
    Ok(Page::from_one_too_many(found.await?, limit, |check| check.id.to_string()))
}

/// Does what a member of staff decided, by the same ways that the shop itself uses.
pub(crate) async fn resolve_payment_check(
    module: &Module,
    ctx: &CallCtx,
    request: ResolvePaymentCheck,
) -> Outcome<PaymentCheck> {
    let check = find(module, request.check_id).await?;
    if check.status != CheckStatus::Open {
        return Ok(check);
    }
    let mut set_aside = None;
    let (status, settlement) = match &request.action {
        CheckAction::Close { note } => {
            let note = note.trim();
            if note.is_empty() || note.chars().count() > LONGEST_NOTE {
                return Err(BillingError::invalid(
                    "note",
                    format!("say in 1 to {LONGEST_NOTE} characters what was done"),
                )
                .into());
            }
            (CheckStatus::Closed, note.to_owned())
        }
        CheckAction::AskAgain => (CheckStatus::Repaired, ask_again(module, ctx, &check).await?),
        CheckAction::GiveBack => {
            let (settlement, session) = give_back(module, &check).await?;
            set_aside = session;
            (CheckStatus::Closed, settlement)
        }
        _ => return Err(BillingError::invalid("action", "this release does not know it").into()),
    };
    let (id, by, now, amount) = (check.id, ctx.principal.actor(), module.clock.now(), check.amount);
    let cause = Cause::of_call(ctx, now);
    module
        .db
        .write(move |conn| {
            // What was set aside leaves our books once, by whoever settles the difference.
            let is_settled = checks::check_settle(conn, id, status, (&by, &settlement), now)?;
            if let Some(session) = set_aside.filter(|_| is_settled) {
                give_back_set_aside(conn, &cause, &session, amount)?;
            }
            Outcome::Ok(())
        })
        .await?;
    find(module, id).await
}

async fn find(module: &Module, id: PaymentCheckId) -> Outcome<PaymentCheck> {
    let found = module.db.read(move |conn| Outcome::Ok(checks::check(conn, id)?)).await?;
    Ok(found.ok_or(BillingError::NotFound)?)
}

async fn session(module: &Module, check: &PaymentCheck) -> Outcome<Option<Session>> {
    let Some(id) = check.session_id.as_ref().and_then(|id| id.parse::<SessionId>().ok()) else { return Ok(None) };
    module.db.read(move |conn| Outcome::Ok(sessions::session(conn, id)?)).await
}

/// Records what the provider says now. Settled when there is nothing left in which it differs.
async fn ask_again(module: &Module, ctx: &CallCtx, check: &PaymentCheck) -> Outcome<String> {
    let unsettled = |problem: &str| BillingError::invalid("action", problem);
    let found = session(module, check).await?;
    let session = found.ok_or_else(|| unsettled("no payment of ours is known; give it back, or say what was done"))?;
    let id = session.id;
    settle_session(module, ctx, session).await?;
    let after = module.db.read(move |conn| Outcome::Ok(sessions::session(conn, id)?)).await?;
    let after = after.ok_or(BillingError::NotFound)?;
    let standing = ask(module.providers.of(&after)?.status(&after)).await?;
    let captured = Money::new(after.captured, after.amount.currency);
    let agrees = standing.report == Report::Captured(captured) && captured == after.amount;
    if agrees && matches!(check.class, CheckClass::StatusBehind | CheckClass::MissingThere | CheckClass::OtherAmount) {
        return Ok(format!("The provider was asked again and has {} as we do", after.amount));
    }
    Err(unsettled("the provider still says what differs; give it back, or say what was done").into())
}

/// Lets the provider give back money that pays for nothing here, once per difference. With it comes the session of ours
/// under which it was set aside; a stranger's money was never in our books.
async fn give_back(module: &Module, check: &PaymentCheck) -> Outcome<(String, Option<Session>)> {
    if !check.class.can_be_given_back() {
        return Err(BillingError::invalid("action", "this money is not ours to give back from here").into());
    }
    let provider = module.providers.named(&check.provider).ok_or(BillingError::NotFound)?;
    let ours = session(module, check).await?;
    // Of money that is no session's the difference has the provider's name.
    let is_by_name = matches!(check.class, CheckClass::MissingHere | CheckClass::PaidTwice)
        && check.session_id.as_ref() != Some(&check.subject);
    if !is_by_name && pays_for_its_order(module, ours.as_ref()).await? {
        return Err(BillingError::invalid("action", "it paid for its order; refund that, or say what was done").into());
    }
    let mut asked = match &ours {
        Some(session) => session.clone(),
        None => Session::of_stranger(&check.provider, check.amount, module.clock.now()),
    };
    if is_by_name {
        asked.charge = Some(check.subject.clone());
    }
    // Noted before the provider is told, who may tell of it before it answers.
    note_give_back(module, check.id, check.amount.amount).await?;
    let refused = match ask(provider.refund(&asked, &check.id.to_string(), check.amount)).await {
        Ok(RefundReport::Succeeded { reference } | RefundReport::Pending { reference }) => {
            let reference = reference.unwrap_or_default();
            return Ok((format!("{} was given back as {reference}", check.amount), ours.filter(|_| !is_by_name)));
        }
        Ok(RefundReport::Failed(reason)) => BillingError::ProviderRefused { reason },
        Ok(RefundReport::ByHand) => BillingError::invalid("action", "send it back by hand, and say so"),
        Err(CallError::Domain(refusal @ BillingError::ProviderRefused { .. })) => refusal,
        // It may have been done.
        Err(error) => return Err(error),
    };
    note_give_back(module, check.id, 0).await?;
    Err(refused.into())
}

async fn note_give_back(module: &Module, id: PaymentCheckId, amount: i64) -> Outcome<()> {
    module.db.write(move |conn| Outcome::Ok(checks::check_give_back(conn, id, amount)?)).await
}

async fn pays_for_its_order(module: &Module, session: Option<&Session>) -> Outcome<bool> {
    let Some((id, order_id)) = session.map(|session| (session.id, session.order_id.clone())) else { return Ok(false) };
    let paying = module.db.read(move |conn| paying_session(conn, &order_id)).await?;
    Ok(paying.is_some_and(|paying| paying.id == id))
}
