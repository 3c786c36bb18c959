//! What the test provider knows. No other part of billing uses this table.

use billing_api::{SessionId, TestDecision, TestSession};
use diesel::prelude::*;
use kernel::db::AnyConnection;
use kernel::{Currency, Money, Timestamp};

use super::{of_name, on_either, to_name, unreadable};
use crate::schema::test_provider_sessions;

/// A session that the provider was told of.
pub(crate) struct Started {
    pub(crate) session_id: SessionId,
    pub(crate) token_hash: String,
    pub(crate) order_number: String,
    pub(crate) amount: Money,
    pub(crate) return_path: String,
    pub(crate) expires_at: Timestamp,
}

/// What was chosen, and for how much.
pub(crate) struct Decided {
    pub(crate) decision: Option<TestDecision>,
    pub(crate) amount: Money,
}

fn money(amount: i64, currency: &str) -> QueryResult<Money> {
    Ok(Money::new(amount, currency.parse::<Currency>().map_err(unreadable)?))
}

/// A new session; being told of it twice changes nothing.
pub(crate) fn session_insert(conn: &mut AnyConnection, started: &Started, now: Timestamp) -> QueryResult<()> {
    let row = (
        test_provider_sessions::session_id.eq(started.session_id.to_string()),
        test_provider_sessions::token_hash.eq(&started.token_hash),
        test_provider_sessions::order_number.eq(&started.order_number),
        test_provider_sessions::amount.eq(started.amount.amount),
        test_provider_sessions::currency.eq(started.amount.currency.code()),
        test_provider_sessions::return_path.eq(&started.return_path),
        test_provider_sessions::expires_at.eq(started.expires_at.0),
        test_provider_sessions::created_at.eq(now.0),
        test_provider_sessions::updated_at.eq(now.0),
    );
    let insert = diesel::insert_into(test_provider_sessions::table).values(row).on_conflict_do_nothing();
    on_either!(conn => insert.execute(conn))?;
    Ok(())
}

/// What the page of a token shows.
pub(crate) fn session_of_token(conn: &mut AnyConnection, token_hash: &str) -> QueryResult<Option<TestSession>> {
    type Row = (i64, String, String, Option<String>, String);
    let row: Option<Row> = test_provider_sessions::table
        .filter(test_provider_sessions::token_hash.eq(token_hash))
        .select((
            test_provider_sessions::amount,
            test_provider_sessions::currency,
            test_provider_sessions::order_number,
            test_provider_sessions::decision,
            test_provider_sessions::return_path,
        ))
        .first(conn)
        .optional()?;
    let session = |(amount, currency, order_number, decision, return_path): Row| {
        let decision = decision.map(of_name).transpose()?;
        Ok(TestSession { amount: money(amount, &currency)?, order_number, decision, return_path })
    };
    row.map(session).transpose()
}

/// What was decided about a session.
pub(crate) fn session_decision(conn: &mut AnyConnection, session: SessionId) -> QueryResult<Option<Decided>> {
    let row: Option<(Option<String>, i64, String)> = test_provider_sessions::table
        .find(session.to_string())
        .select((test_provider_sessions::decision, test_provider_sessions::amount, test_provider_sessions::currency))
        .first(conn)
        .optional()?;
    let decided = |(decision, amount, currency): (Option<String>, i64, String)| {
        Ok(Decided { decision: decision.map(of_name).transpose()?, amount: money(amount, &currency)? })
    };
    row.map(decided).transpose()
}

/// Takes a shopper's choice, in time and when none that is final was made.
pub(crate) fn session_decide(
    conn: &mut AnyConnection,
    token_hash: &str,
    decision: TestDecision,
    now: Timestamp,
) -> QueryResult<()> {
    let undecided = test_provider_sessions::decision
        .is_null()
        .or(test_provider_sessions::decision.eq(to_name(TestDecision::Authenticate)?));
    diesel::update(test_provider_sessions::table)
        .filter(test_provider_sessions::token_hash.eq(token_hash))
        .filter(test_provider_sessions::expires_at.gt(now.0))
        .filter(undecided)
        .set((
            test_provider_sessions::decision.eq(Some(to_name(decision)?)),
            test_provider_sessions::updated_at.eq(now.0),
        ))
        .execute(conn)?;
    Ok(())
}

/// Ends a session that has neither succeeded nor failed.
pub(crate) fn session_cancel(conn: &mut AnyConnection, session: SessionId, now: Timestamp) -> QueryResult<()> {
    let open = [to_name(TestDecision::Authenticate)?, to_name(TestDecision::TimeOut)?];
    let unfinished = test_provider_sessions::decision.is_null().or(test_provider_sessions::decision.eq_any(open));
    diesel::update(test_provider_sessions::table.find(session.to_string()))
        .filter(unfinished)
        .set((
            test_provider_sessions::decision.eq(Some(to_name(TestDecision::Cancel)?)),
            test_provider_sessions::updated_at.eq(now.0),
        ))
        .execute(conn)?;
    Ok(())
}
