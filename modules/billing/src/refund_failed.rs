//! A refund of ours that fails at the provider, perhaps days after it had succeeded there.

use billing_api::{CheckClass, CheckStatus, PaymentCheckId, RefundId, RefundStatus};
use kernel::db::AnyConnection;

use crate::Outcome;
use crate::provider::{RefundReport, Reversal, ReversalKind};
use crate::receive_notice::report;
use crate::record::Cause;
use crate::refund::{record, tell};
use crate::store::checks::{self, Difference};
use crate::store::events::Kind;
use crate::store::refunds;

/// What follows from it. One that was not known to have ended has failed; of one that had succeeded a person has to know,
/// since the buyer was told so and does not have the money. Those that others made are theirs.
pub(crate) fn refund_failed(
    conn: &mut AnyConnection,
    cause: &Cause,
    provider: &str,
    reversal: &Reversal,
) -> Outcome<()> {
    let Reversal { kind: ReversalKind::RefundFailed { reference, key: Some(key) }, amount, detail } = reversal else {
        return Ok(());
    };
    let found = Difference {
        provider: provider.to_owned(),
        class: CheckClass::RefundFailedThere,
        subject: reference.clone(),
        session_id: None,
        order_id: None,
        amount: *amount,
        evidence: format!("{amount} went back by us as {reference}; there it failed: {detail}"),
    };
    if let Ok(id) = key.parse::<RefundId>() {
        let Some(refund) = refunds::refund(conn, id)? else { return Ok(()) };
        match refund.shown.status {
            RefundStatus::Pending => return record(conn, cause, &refund, RefundReport::Failed(detail.clone())),
            RefundStatus::Succeeded => {}
            _ => return Ok(()),
        }
        let (session_id, order_id) = (Some(refund.session_id.to_string()), Some(refund.order_id.clone()));
        let found = Difference { session_id, order_id, ..found };
        if report(conn, &found, CheckStatus::Open, None, cause.at)? {
            tell(conn, cause, &refund, Kind::RefundFailed, &found.evidence)?;
        }
    } else if let Ok(id) = key.parse::<PaymentCheckId>()
        && let Some(check) = checks::check(conn, id)?
    {
        let found = Difference { session_id: check.session_id, order_id: check.order_id, ..found };
        report(conn, &found, CheckStatus::Open, None, cause.at)?;
    }
    Ok(())
}
