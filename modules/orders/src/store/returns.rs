//! Returns: goods that come back.

use diesel::prelude::*;
use kernel::Timestamp;
use kernel::db::AnyConnection;
use orders_api::{OrderId, Return, ReturnId, ReturnLine, ReturnStatus};

use super::refunds::CameBack;
use super::{from_json, insert_rows, one_of, parsed, to_json};
use crate::schema::{return_lines, returns};

/// How a return changes.
pub(crate) struct ReturnTurn<'a> {
    /// From one of these only.
    pub(crate) from: &'a [ReturnStatus],
    pub(crate) to: ReturnStatus,
    /// What the shop says to it; left as it is when not given.
    pub(crate) answer: Option<&'a str>,
    /// What came with it.
    pub(crate) came_back: &'a CameBack,
}

/// A new return, without its lines.
pub(crate) fn return_insert(
    conn: &mut AnyConnection,
    order_id: OrderId,
    wanted: &Return,
    now: Timestamp,
) -> QueryResult<()> {
    diesel::insert_into(returns::table)
        .values((
            returns::id.eq(wanted.id.to_string()),
            returns::order_id.eq(order_id.to_string()),
            returns::number.eq(wanted.number),
            returns::status.eq(wanted.status.as_str()),
            returns::reason.eq(&wanted.reason),
            returns::created_at.eq(now.0),
            returns::updated_at.eq(now.0),
        ))
        .execute(conn)?;
    Ok(())
}

/// What comes back with a return.
pub(crate) fn return_lines_insert(conn: &mut AnyConnection, id: ReturnId, lines: &[ReturnLine]) -> QueryResult<()> {
    let row = |line: &ReturnLine| {
        (
            return_lines::return_id.eq(id.to_string()),
            return_lines::order_line_id.eq(line.order_line_id.to_string()),
            return_lines::quantity.eq(line.quantity),
        )
    };
    let rows: Vec<_> = lines.iter().map(row).collect();
    insert_rows!(conn, return_lines::table, rows)
}

/// Whether the return of this order changes now.
pub(crate) fn return_turn(
    conn: &mut AnyConnection,
    order_id: OrderId,
    id: ReturnId,
    turn: &ReturnTurn<'_>,
    now: Timestamp,
) -> QueryResult<bool> {
    let from: Vec<_> = turn.from.iter().map(|status| status.as_str()).collect();
    let changed = diesel::update(returns::table.find(id.to_string()))
        .filter(returns::order_id.eq(order_id.to_string()))
        .filter(returns::status.eq_any(from))
        .set((
            returns::status.eq(turn.to.as_str()),
            turn.answer.map(|answer| returns::answer.eq(answer)),
            returns::restock.eq(to_json(&turn.came_back.goods)?),
            returns::location_id.eq(&turn.came_back.location_id),
            returns::updated_at.eq(now.0),
        ))
        .execute(conn)?;
    Ok(changed == 1)
}

/// What became of a line that came.
pub(crate) fn return_line_receive(conn: &mut AnyConnection, id: ReturnId, line: &ReturnLine) -> QueryResult<bool> {
    let wanted = return_lines::table
        .find((id.to_string(), line.order_line_id.to_string()))
        .filter(return_lines::quantity.ge(line.restocked + line.written_off));
    let received = (return_lines::restocked.eq(line.restocked), return_lines::written_off.eq(line.written_off));
    Ok(diesel::update(wanted).set(received).execute(conn)? == 1)
}

/// Whether this refund pays the return back from now on. It does not when another one does.
pub(crate) fn return_pay_back(
    conn: &mut AnyConnection,
    order_id: OrderId,
    id: ReturnId,
    refund_number: i64,
    now: Timestamp,
) -> QueryResult<bool> {
    let changed = diesel::update(returns::table.find(id.to_string()))
        .filter(returns::order_id.eq(order_id.to_string()))
        .filter(returns::status.eq(ReturnStatus::Received.as_str()))
        .filter(returns::refund_number.is_null())
        .set((returns::refund_number.eq(refund_number), returns::updated_at.eq(now.0)))
        .execute(conn)?;
    Ok(changed == 1)
}

/// The refund that pays a return back has succeeded, or not; of any other refund nothing changes.
pub(crate) fn return_paid_back(
    conn: &mut AnyConnection,
    order_id: OrderId,
    refund_number: i64,
    has_succeeded: bool,
    now: Timestamp,
) -> QueryResult<()> {
    let paid_back = returns::table
        .filter(returns::order_id.eq(order_id.to_string()))
        .filter(returns::refund_number.eq(refund_number))
        .filter(returns::status.eq(ReturnStatus::Received.as_str()));
    let at = returns::updated_at.eq(now.0);
    if has_succeeded {
        let row = (returns::status.eq(ReturnStatus::Refunded.as_str()), at);
        diesel::update(paid_back).set(row).execute(conn)?;
    } else {
        diesel::update(paid_back).set((returns::refund_number.eq(None::<i64>), at)).execute(conn)?;
    }
    Ok(())
}

/// What inventory does not yet know to have come with the returns of an order, by number.
pub(crate) fn returns_to_shelve(conn: &mut AnyConnection, order_id: OrderId) -> QueryResult<Vec<(i64, CameBack)>> {
    let rows: Vec<(i64, String, Option<String>)> = returns::table
        .filter(returns::order_id.eq(order_id.to_string()))
        .filter(returns::restock.ne("[]"))
        .order(returns::number)
        .select((returns::number, returns::restock, returns::location_id))
        .load(conn)?;
    let came_back = |(number, goods, location_id): (i64, String, Option<String>)| {
        Ok((number, CameBack { location_id, goods: from_json(&goods)? }))
    };
    rows.into_iter().map(came_back).collect()
}

/// Inventory knows what came with a return.
pub(crate) fn return_shelved(
    conn: &mut AnyConnection,
    order_id: OrderId,
    number: i64,
    now: Timestamp,
) -> QueryResult<()> {
    let shelved = returns::table.filter(returns::order_id.eq(order_id.to_string())).filter(returns::number.eq(number));
    diesel::update(shelved).set((returns::restock.eq("[]"), returns::updated_at.eq(now.0))).execute(conn)?;
    Ok(())
}

/// The returns of an order, the oldest first.
pub(crate) fn returns_of_order(conn: &mut AnyConnection, order_id: OrderId) -> QueryResult<Vec<Return>> {
    type Row = (String, i64, String, String, Option<String>, Option<i64>, i64);
    type LineRow = (String, String, i64, i64, i64);
    let rows: Vec<Row> = returns::table
        .filter(returns::order_id.eq(order_id.to_string()))
        .order(returns::number)
        .select((
            returns::id,
            returns::number,
            returns::status,
            returns::reason,
            returns::answer,
            returns::refund_number,
            returns::created_at,
        ))
        .load(conn)?;
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<_> = rows.iter().map(|row| row.0.clone()).collect();
    let lines: Vec<LineRow> = return_lines::table
        .filter(return_lines::return_id.eq_any(ids))
        .order((return_lines::return_id, return_lines::order_line_id))
        .select((
            return_lines::return_id,
            return_lines::order_line_id,
            return_lines::quantity,
            return_lines::restocked,
            return_lines::written_off,
        ))
        .load(conn)?;
    let line_of = |(_, line, quantity, restocked, written_off): &LineRow| {
        let (quantity, restocked, written_off) = (*quantity, *restocked, *written_off);
        Ok(ReturnLine { order_line_id: parsed(line)?, quantity, restocked, written_off })
    };
    let shown = |(id, number, status, reason, answer, refund, created_at): Row| {
        let own = lines.iter().filter(|line| line.0 == id);
        Ok(Return {
            id: parsed(&id)?,
            number,
            status: one_of(&ReturnStatus::ALL, ReturnStatus::as_str, &status)?,
            lines: own.map(line_of).collect::<QueryResult<_>>()?,
            reason,
            answer,
            refund,
            created_at: Timestamp(created_at),
        })
    };
    rows.into_iter().map(shown).collect()
}
