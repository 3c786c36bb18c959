//! The books: transactions and their lines, which only grow.

use billing_api::SessionId;
use diesel::prelude::*;
use kernel::Timestamp;
use kernel::db::AnyConnection;

use super::{insert_rows, unreadable};
use crate::books::Entry;
use crate::schema::{money_entries, money_transactions};

/// Why lines are entered.
pub(crate) fn transaction_insert(
    conn: &mut AnyConnection,
    txn_id: &str,
    entry: &Entry<'_>,
    actor: &str,
    now: Timestamp,
) -> QueryResult<()> {
    diesel::insert_into(money_transactions::table)
        .values((
            money_transactions::id.eq(txn_id),
            money_transactions::kind.eq(entry.kind),
            money_transactions::refund_id.eq(entry.refund_id.map(|id| id.to_string())),
            money_transactions::actor.eq(actor),
            money_transactions::created_at.eq(now.0),
        ))
        .execute(conn)?;
    Ok(())
}

/// Both sides of a transaction.
pub(crate) fn lines_insert(
    conn: &mut AnyConnection,
    txn_id: &str,
    entry: &Entry<'_>,
    now: Timestamp,
) -> QueryResult<()> {
    let side = |line: i64, account: &str, debit: i64, credit: i64| {
        (
            money_entries::txn_id.eq(txn_id.to_owned()),
            money_entries::line.eq(line),
            money_entries::order_id.eq(entry.of.map(|(order_id, _)| order_id.to_owned())),
            money_entries::session_id.eq(entry.of.map(|(_, session_id)| session_id.to_string())),
            money_entries::account.eq(account.to_owned()),
            money_entries::debit.eq(debit),
            money_entries::credit.eq(credit),
            money_entries::currency.eq(entry.amount.currency.code()),
            money_entries::created_at.eq(now.0),
        )
    };
    let amount = entry.amount.amount;
    let rows = vec![side(1, entry.debit, amount, 0), side(2, entry.credit, 0, amount)];
    insert_rows!(conn, money_entries::table, rows)
}

/// The session by which money of an order first came to be owed by an account.
pub(crate) fn session_credited(
    conn: &mut AnyConnection,
    order_id: &str,
    account: &str,
) -> QueryResult<Option<SessionId>> {
    let id: Option<Option<String>> = money_entries::table
        .filter(money_entries::order_id.eq(order_id))
        .filter(money_entries::account.eq(account))
        .filter(money_entries::credit.gt(0))
        .order((money_entries::created_at, money_entries::txn_id))
        .select(money_entries::session_id)
        .first(conn)
        .optional()?;
    id.flatten().map(|id| id.parse().map_err(unreadable)).transpose()
}

/// What an account owes for an order, in minor units.
pub(crate) fn order_owed(conn: &mut AnyConnection, order_id: &str, account: &str) -> QueryResult<i64> {
    let sides: Vec<(i64, i64)> = money_entries::table
        .filter(money_entries::order_id.eq(order_id))
        .filter(money_entries::account.eq(account))
        .select((money_entries::debit, money_entries::credit))
        .load(conn)?;
    Ok(sides.into_iter().map(|(debit, credit)| credit - debit).sum())
}
