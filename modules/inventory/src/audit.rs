//! Comparing counters, reservations and the ledger with each other.

use std::time::Duration;

use kernel::audit::{AuditRequest, Violation};

use crate::store::audit;
use crate::{Module, Outcome};

/// How late the sweeper may be.
const GRACE: Duration = Duration::from_secs(5);

/// What breaks an invariant. Each is one query, so that each sees one moment.
pub(crate) async fn audit(module: &Module, request: AuditRequest) -> Outcome<Vec<Violation>> {
    let (rows, before) = (request.capped_rows(), module.clock.now().minus(GRACE));
    module
        .db
        .read(move |conn| {
            let mut violations = Vec::new();
            for invariant in audit::INVARIANTS {
                let broken = audit::broken_rows(conn, invariant, before, rows)?;
                let violation = |row| Violation::new(invariant.id, invariant.message, row);
                violations.extend(broken.into_iter().map(violation));
            }
            Ok(violations)
        })
        .await
}
