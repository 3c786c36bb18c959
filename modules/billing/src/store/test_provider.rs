//! What the test provider knows. No other part of billing uses this table.

use billing_api::{SessionId, TestDecision, TestSession};
use diesel::prelude::*;
use kernel::db::AnyConnection;
use kernel::{Currency, Money, Timestamp};

use super::{of_name, on_either, to_name, unreadable};
use crate::schema::{test_provider_refunds, test_provider_sessions};

/// A session that the provider was told of.
pub(crate) struct Started {
    pub(crate) session_id: SessionId,
    pub(crate) token_hash: String,
    pub(crate) order_number: String,
    pub(crate) amount: Money,
    pub(crate) return_path: String,
    pub(crate) captures_later: bool,
    pub(crate) expires_at: Timestamp,
}

/// What was chosen, and for how much.
pub(crate) struct Decided {
    pub(crate) decision: Option<TestDecision>,
    pub(crate) amount: Money,
    pub(crate) captures_later: bool,
    /// What was taken, in the currency of `amount`.
    pub(crate) captured: i64,
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
        test_provider_sessions::captures_later.eq(i64::from(started.captures_later)),
        test_provider_sessions::expires_at.eq(started.expires_at.0),
        test_provider_sessions::created_at.eq(now.0),
        test_provider_sessions::updated_at.eq(now.0),
    );
    let insert = diesel::insert_into(test_provider_sessions::table).values(row).on_conflict_do_nothing();
    on_either!(conn => insert.execute(conn))?;
    Ok(())
}

/// The session of a token, and what its page shows.
pub(crate) fn session_of_token(
    conn: &mut AnyConnection,
    token_hash: &str,
) -> QueryResult<Option<(SessionId, TestSession)>> {
    type Row = (String, i64, String, String, Option<String>, String);
    let row: Option<Row> = test_provider_sessions::table
        .filter(test_provider_sessions::token_hash.eq(token_hash))
        .select((
            test_provider_sessions::session_id,
            test_provider_sessions::amount,
            test_provider_sessions::currency,
            test_provider_sessions::order_number,
            test_provider_sessions::decision,
            test_provider_sessions::return_path,
        ))
        .first(conn)
        .optional()?;
    let session = |(id, amount, currency, order_number, decision, return_path): Row| {
        let decision = decision.map(of_name).transpose()?;
        let shown = TestSession { amount: money(amount, &currency)?, order_number, decision, return_path };
        Ok((id.parse().map_err(unreadable)?, shown))
    };
    row.map(session).transpose()
}

/// What was decided about a session.
pub(crate) fn session_decision(conn: &mut AnyConnection, session: SessionId) -> QueryResult<Option<Decided>> {
    type Row = (Option<String>, i64, String, i64, i64);
    let row: Option<Row> = test_provider_sessions::table
        .find(session.to_string())
        .select((
            test_provider_sessions::decision,
            test_provider_sessions::amount,
            test_provider_sessions::currency,
            test_provider_sessions::captures_later,
            test_provider_sessions::captured,
        ))
        .first(conn)
        .optional()?;
    let decided = |(decision, amount, currency, captures_later, captured): Row| {
        let (decision, amount) = (decision.map(of_name).transpose()?, money(amount, &currency)?);
        Ok(Decided { decision, amount, captures_later: captures_later != 0, captured })
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
    if decision == TestDecision::Dispute {
        return session_dispute(conn, token_hash, now);
    }
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
    if decision == TestDecision::Succeed {
        diesel::update(test_provider_sessions::table)
            .filter(test_provider_sessions::token_hash.eq(token_hash))
            .filter(test_provider_sessions::decision.eq(to_name(TestDecision::Succeed)?))
            .filter(test_provider_sessions::captures_later.eq(0))
            .set(test_provider_sessions::captured.eq(test_provider_sessions::amount))
            .execute(conn)?;
    }
    Ok(())
}

/// The shopper's bank takes the money back, when there is some.
fn session_dispute(conn: &mut AnyConnection, token_hash: &str, now: Timestamp) -> QueryResult<()> {
    diesel::update(test_provider_sessions::table)
        .filter(test_provider_sessions::token_hash.eq(token_hash))
        .filter(test_provider_sessions::captured.gt(0))
        .set((test_provider_sessions::disputed.eq(1), test_provider_sessions::updated_at.eq(now.0)))
        .execute(conn)?;
    Ok(())
}

/// Takes a part of what is held, or all of it, once.
pub(crate) fn session_capture(
    conn: &mut AnyConnection,
    session: SessionId,
    amount: Money,
    now: Timestamp,
) -> QueryResult<()> {
    diesel::update(test_provider_sessions::table.find(session.to_string()))
        .filter(test_provider_sessions::decision.eq(to_name(TestDecision::Succeed)?))
        .filter(test_provider_sessions::captured.eq(0))
        .filter(test_provider_sessions::amount.ge(amount.amount))
        .filter(test_provider_sessions::currency.eq(amount.currency.code()))
        .set((test_provider_sessions::captured.eq(amount.amount), test_provider_sessions::updated_at.eq(now.0)))
        .execute(conn)?;
    Ok(())
}

/// Ends a session of which no money was taken, unless the provider refused it.
pub(crate) fn session_cancel(conn: &mut AnyConnection, session: SessionId, now: Timestamp) -> QueryResult<()> {
    let open = [TestDecision::Authenticate, TestDecision::TimeOut]
        .map(to_name)
        .into_iter()
        .collect::<QueryResult<Vec<_>>>()?;
    let held = test_provider_sessions::decision
        .eq(to_name(TestDecision::Succeed)?)
        .and(test_provider_sessions::captures_later.eq(1));
    let unfinished =
        test_provider_sessions::decision.is_null().or(test_provider_sessions::decision.eq_any(open)).or(held);
    diesel::update(test_provider_sessions::table.find(session.to_string()))
        .filter(test_provider_sessions::captured.eq(0))
        .filter(unfinished)
        .set((
            test_provider_sessions::decision.eq(Some(to_name(TestDecision::Cancel)?)),
            test_provider_sessions::updated_at.eq(now.0),
        ))
        .execute(conn)?;
    Ok(())
}

/// A session as its provider's books show it.
pub(crate) struct Booked {
    pub(crate) session_id: SessionId,
    pub(crate) decided: Decided,
    pub(crate) refunded: i64,
    pub(crate) is_disputed: bool,
}

/// The sessions that were begun since then.
pub(crate) fn sessions_since(conn: &mut AnyConnection, since: Timestamp) -> QueryResult<Vec<Booked>> {
    type Row = (String, Option<String>, i64, String, i64, i64, i64);
    let rows: Vec<Row> = test_provider_sessions::table
        .filter(test_provider_sessions::created_at.ge(since.0))
        .order(test_provider_sessions::session_id)
        .select((
            test_provider_sessions::session_id,
            test_provider_sessions::decision,
            test_provider_sessions::amount,
            test_provider_sessions::currency,
            test_provider_sessions::captures_later,
            test_provider_sessions::captured,
            test_provider_sessions::disputed,
        ))
        .load(conn)?;
    let refunds: Vec<(String, i64)> = test_provider_refunds::table
        .filter(test_provider_refunds::created_at.ge(since.0))
        .select((test_provider_refunds::session_id, test_provider_refunds::amount))
        .load(conn)?;
    let mut refunded = std::collections::BTreeMap::<String, i64>::new();
    for (session, amount) in refunds {
        *refunded.entry(session).or_default() += amount;
    }
    let booked = |(session, decision, amount, currency, captures_later, captured, disputed): Row| {
        let (decision, amount) = (decision.map(of_name).transpose()?, money(amount, &currency)?);
        Ok(Booked {
            session_id: session.parse().map_err(unreadable)?,
            decided: Decided { decision, amount, captures_later: captures_later != 0, captured },
            refunded: refunded.get(&session).copied().unwrap_or(0),
            is_disputed: disputed != 0,
        })
    };
    rows.into_iter().map(booked).collect()
}

/// Whether `amount` was given back under `key`, now or before.
pub(crate) fn refund_insert(
    conn: &mut AnyConnection,
    session: SessionId,
    key: &str,
    amount: Money,
    now: Timestamp,
) -> QueryResult<bool> {
    // First take the session, so that no other refund of it is decided at the same time.
    let taken: Option<(i64, String)> = diesel::update(test_provider_sessions::table.find(session.to_string()))
        .set(test_provider_sessions::updated_at.eq(now.0))
        .returning((test_provider_sessions::captured, test_provider_sessions::currency))
        .get_result(conn)
        .optional()?;
    let refunds: Vec<(String, i64)> = test_provider_refunds::table
        .filter(test_provider_refunds::session_id.eq(session.to_string()))
        .select((test_provider_refunds::key, test_provider_refunds::amount))
        .load(conn)?;
    if let Some((_, earlier)) = refunds.iter().find(|(known, _)| known == key) {
        return Ok(*earlier == amount.amount);
    }
    let given_back: i64 = refunds.iter().map(|(_, amount)| amount).sum();
    let is_there = taken.is_some_and(|(captured, currency)| {
        currency == amount.currency.code() && amount.amount > 0 && captured - given_back >= amount.amount
    });
    if is_there {
        diesel::insert_into(test_provider_refunds::table)
            .values((
                test_provider_refunds::key.eq(key),
                test_provider_refunds::session_id.eq(session.to_string()),
                test_provider_refunds::amount.eq(amount.amount),
                test_provider_refunds::created_at.eq(now.0),
            ))
            .execute(conn)?;
    }
    Ok(is_there)
}
