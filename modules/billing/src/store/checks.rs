//! Payment checks: where a provider and our books differ; and up to when they were compared.

use billing_api::{CheckClass, CheckStatus, PaymentCheck, PaymentCheckId};
use diesel::prelude::*;
use kernel::db::{AnyConnection, MultiBackend};
use kernel::{Currency, Money, Timestamp};

use super::{of_name, on_either, to_name, unreadable};
use crate::schema::{payment_checks, reconciliations};

/// A difference that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Difference {
    pub(crate) provider: String,
    pub(crate) class: CheckClass,
    /// The provider's name for the money, or our session.
    pub(crate) subject: String,
    pub(crate) session_id: Option<String>,
    pub(crate) order_id: Option<String>,
    /// How much it is about.
    pub(crate) amount: Money,
    /// What they say and what we say.
    pub(crate) evidence: String,
}

/// Whether the difference is new. One that was found before stays as it is.
pub(crate) fn check_insert(
    conn: &mut AnyConnection,
    found: &Difference,
    status: CheckStatus,
    settlement: Option<&str>,
    now: Timestamp,
) -> QueryResult<bool> {
    let settled = settlement.map(|text| (now.0, "module:billing".to_owned(), text.to_owned()));
    let (settled_at, settled_by, text) =
        settled.map_or((None, None, None), |(at, by, text)| (Some(at), Some(by), Some(text)));
    let row = (
        payment_checks::id.eq(PaymentCheckId::new().to_string()),
        payment_checks::provider.eq(&found.provider),
        payment_checks::class.eq(to_name(found.class)?),
        payment_checks::subject.eq(&found.subject),
        payment_checks::session_id.eq(&found.session_id),
        payment_checks::order_id.eq(&found.order_id),
        payment_checks::amount.eq(found.amount.amount),
        payment_checks::currency.eq(found.amount.currency.code()),
        payment_checks::evidence.eq(&found.evidence),
        payment_checks::status.eq(to_name(status)?),
        payment_checks::found_at.eq(now.0),
        (
            payment_checks::settled_at.eq(settled_at),
            payment_checks::settled_by.eq(settled_by),
            payment_checks::settlement.eq(text),
        ),
    );
    let insert = diesel::insert_into(payment_checks::table).values(row).on_conflict_do_nothing();
    Ok(on_either!(conn => insert.execute(conn))? == 1)
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = payment_checks)]
struct Row {
    id: String,
    provider: String,
    class: String,
    subject: String,
    session_id: Option<String>,
    order_id: Option<String>,
    amount: i64,
    currency: String,
    evidence: String,
    status: String,
    found_at: i64,
    settled_at: Option<i64>,
    settled_by: Option<String>,
    settlement: Option<String>,
}

fn read(row: Row) -> QueryResult<PaymentCheck> {
    Ok(PaymentCheck {
        id: row.id.parse().map_err(unreadable)?,
        provider: row.provider,
        class: of_name(row.class)?,
        subject: row.subject,
        session_id: row.session_id,
        order_id: row.order_id,
        amount: Money::new(row.amount, row.currency.parse::<Currency>().map_err(unreadable)?),
        evidence: row.evidence,
        status: of_name(row.status)?,
        found_at: Timestamp(row.found_at),
        settled_at: row.settled_at.map(Timestamp),
        settled_by: row.settled_by,
        settlement: row.settlement,
    })
}

/// One difference.
pub(crate) fn check(conn: &mut AnyConnection, id: PaymentCheckId) -> QueryResult<Option<PaymentCheck>> {
    let row: Option<Row> =
        payment_checks::table.find(id.to_string()).select(Row::as_select()).first(conn).optional()?;
    row.map(read).transpose()
}

/// The newest differences, open ones only when so asked, older than `before`.
pub(crate) fn checks(
    conn: &mut AnyConnection,
    open_only: bool,
    before: Option<&str>,
    limit: i64,
) -> QueryResult<Vec<PaymentCheck>> {
    let mut query = payment_checks::table.select(Row::as_select()).into_boxed::<MultiBackend>();
    if open_only {
        query = query.filter(payment_checks::status.eq(to_name(CheckStatus::Open)?));
    }
    if let Some(before) = before {
        query = query.filter(payment_checks::id.lt(before.to_owned()));
    }
    let rows: Vec<Row> = query.order(payment_checks::id.desc()).limit(limit).load(conn)?;
    rows.into_iter().map(read).collect()
}

/// Whether the difference, which was open, is settled now, by whom and how.
pub(crate) fn check_settle(
    conn: &mut AnyConnection,
    id: PaymentCheckId,
    status: CheckStatus,
    (by, settlement): (&str, &str),
    now: Timestamp,
) -> QueryResult<bool> {
    let changed = diesel::update(payment_checks::table.find(id.to_string()))
        .filter(payment_checks::status.eq(to_name(CheckStatus::Open)?))
        .set((
            payment_checks::status.eq(to_name(status)?),
            payment_checks::settled_at.eq(Some(now.0)),
            payment_checks::settled_by.eq(Some(by)),
            payment_checks::settlement.eq(Some(settlement)),
        ))
        .execute(conn)?;
    Ok(changed == 1)
}

/// Notes how much of a difference, which is open, we give back ourselves.
pub(crate) fn check_give_back(conn: &mut AnyConnection, id: PaymentCheckId, amount: i64) -> QueryResult<()> {
    diesel::update(payment_checks::table.find(id.to_string()))
        .filter(payment_checks::status.eq(to_name(CheckStatus::Open)?))
        .set(payment_checks::given_back.eq(amount))
        .execute(conn)?;
    Ok(())
}

/// How much we gave back, or are about to, because of differences about this subject.
pub(crate) fn given_back(conn: &mut AnyConnection, provider: &str, subject: &str) -> QueryResult<i64> {
    let amounts: Vec<i64> = payment_checks::table
        .filter(payment_checks::provider.eq(provider))
        .filter(payment_checks::subject.eq(subject))
        .select(payment_checks::given_back)
        .load(conn)?;
    Ok(amounts.into_iter().sum())
}

/// Up to when a provider's books were compared with ours.
pub(crate) fn compared_through(conn: &mut AnyConnection, provider: &str) -> QueryResult<Option<Timestamp>> {
    let through: Option<i64> =
        reconciliations::table.find(provider).select(reconciliations::through).first(conn).optional()?;
    Ok(through.map(Timestamp))
}

/// Notes a comparison.
pub(crate) fn compared(
    conn: &mut AnyConnection,
    provider: &str,
    through: Timestamp,
    (compared, differing): (i64, i64),
    now: Timestamp,
) -> QueryResult<()> {
    let values = (
        reconciliations::through.eq(through.0),
        reconciliations::run_at.eq(now.0),
        reconciliations::compared.eq(compared),
        reconciliations::differing.eq(differing),
    );
    if diesel::update(reconciliations::table.find(provider)).set(values).execute(conn)? == 0 {
        let insert = diesel::insert_into(reconciliations::table)
            .values((reconciliations::provider.eq(provider), values))
            .on_conflict_do_nothing();
        on_either!(conn => insert.execute(conn))?;
    }
    Ok(())
}
