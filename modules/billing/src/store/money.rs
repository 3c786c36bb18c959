//! Money entries: the books, in double entry, which only grow.

use diesel::prelude::*;
use kernel::db::AnyConnection;
use kernel::{Money, Timestamp};

use super::sessions::Session;
use crate::schema::money_entries;

/// One side of a transaction.
pub(crate) struct MoneyLine<'a> {
    line: i64,
    account: &'a str,
    debit: i64,
    credit: i64,
    currency: &'static str,
}

impl<'a> MoneyLine<'a> {
    /// What we have more of.
    pub(crate) fn debit(account: &'a str, amount: Money) -> Self {
        Self { line: 1, account, debit: amount.amount, credit: 0, currency: amount.currency.code() }
    }

    /// Whom we owe it to.
    pub(crate) fn credit(account: &'a str, amount: Money) -> Self {
        Self { line: 2, account, debit: 0, credit: amount.amount, currency: amount.currency.code() }
    }
}

/// A new line.
pub(crate) fn line_insert(
    conn: &mut AnyConnection,
    txn_id: &str,
    session: &Session,
    line: &MoneyLine<'_>,
    now: Timestamp,
) -> QueryResult<()> {
    diesel::insert_into(money_entries::table)
        .values((
            money_entries::txn_id.eq(txn_id),
            money_entries::line.eq(line.line),
            money_entries::order_id.eq(&session.order_id),
            money_entries::session_id.eq(session.id.to_string()),
            money_entries::account.eq(line.account),
            money_entries::debit.eq(line.debit),
            money_entries::credit.eq(line.credit),
            money_entries::currency.eq(line.currency),
            money_entries::created_at.eq(now.0),
        ))
        .execute(conn)?;
    Ok(())
}
