//! Movements: the ledger, which only grows.

use diesel::deserialize::Result as Read;
use diesel::prelude::*;
use inventory_api::{ListMovements, MovementKind, StockMovement};
use kernel::Timestamp;
use kernel::db::AnyConnection;
use serde_json::Value;

use super::insert_rows;
use crate::schema::stock_movements;

/// Below the number of parameters that SQLite and PostgreSQL take in one statement.
const ROWS_AT_ONCE: usize = 1_000;

#[derive(Insertable)]
#[diesel(table_name = stock_movements, treat_none_as_default_value = false)]
struct NewMovement<'a> {
    id: &'a str,
    variant_id: &'a str,
    location_id: &'a str,
    kind: String,
    on_hand_delta: i64,
    reserved_delta: i64,
    allocated_delta: i64,
    on_hand_after: i64,
    reason: &'a str,
    actor: &'a str,
    reference: Option<&'a str>,
    created_at: i64,
}

impl<'a> NewMovement<'a> {
    fn of(movement: &'a StockMovement) -> QueryResult<Self> {
        Ok(Self {
            id: &movement.id,
            variant_id: &movement.variant_id,
            location_id: &movement.location_id,
            kind: kind_to_text(movement.kind)?,
            on_hand_delta: movement.on_hand_delta,
            reserved_delta: movement.reserved_delta,
            allocated_delta: movement.allocated_delta,
            on_hand_after: movement.on_hand_after,
            reason: &movement.reason,
            actor: &movement.actor,
            reference: movement.reference.as_deref(),
            created_at: movement.created_at.0,
        })
    }
}

/// Stored under the name by which it travels.
fn kind_to_text(kind: MovementKind) -> QueryResult<String> {
    match serde_json::to_value(kind) {
        Ok(Value::String(text)) => Ok(text),
        Ok(other) => Err(diesel::result::Error::SerializationError(format!("{other} is not a name").into())),
        Err(error) => Err(diesel::result::Error::SerializationError(error.into())),
    }
}

fn kind_of_text(text: String) -> Read<MovementKind> {
    Ok(serde_json::from_value(Value::String(text))?)
}

#[derive(Queryable)]
struct Row {
    id: String,
    variant_id: String,
    kind: String,
    on_hand_delta: i64,
    reserved_delta: i64,
    allocated_delta: i64,
    on_hand_after: i64,
    reason: String,
    actor: String,
    reference: Option<String>,
    created_at: i64,
    location_id: String,
}

impl Row {
    fn movement(self) -> QueryResult<StockMovement> {
        Ok(StockMovement {
            kind: kind_of_text(self.kind).map_err(diesel::result::Error::DeserializationError)?,
            id: self.id,
            variant_id: self.variant_id,
            on_hand_delta: self.on_hand_delta,
            reserved_delta: self.reserved_delta,
            allocated_delta: self.allocated_delta,
            on_hand_after: self.on_hand_after,
            reason: self.reason,
            actor: self.actor,
            reference: self.reference,
            created_at: Timestamp(self.created_at),
            location_id: self.location_id,
        })
    }
}

/// New lines.
pub(crate) fn movements_insert(conn: &mut AnyConnection, movements: &[StockMovement]) -> QueryResult<()> {
    for movements in movements.chunks(ROWS_AT_ONCE) {
        let rows = movements.iter().map(NewMovement::of).collect::<QueryResult<Vec<_>>>()?;
        insert_rows!(conn, stock_movements::table, rows)?;
    }
    Ok(())
}

/// Lines of a variant before the one with the id `before`, newest first.
pub(crate) fn movements_of(
    conn: &mut AnyConnection,
    wish: &ListMovements,
    before: &str,
    limit: i64,
) -> QueryResult<Vec<StockMovement>> {
    let mut query = stock_movements::table
        .filter(stock_movements::variant_id.eq(&wish.variant_id))
        .filter(stock_movements::id.lt(before))
        .order(stock_movements::id.desc())
        .limit(limit)
        .select((
            stock_movements::id,
            stock_movements::variant_id,
            stock_movements::kind,
            stock_movements::on_hand_delta,
            stock_movements::reserved_delta,
            stock_movements::allocated_delta,
            stock_movements::on_hand_after,
            stock_movements::reason,
            stock_movements::actor,
            stock_movements::reference,
            stock_movements::created_at,
            stock_movements::location_id,
        ))
        .into_boxed();
    if let Some(location_id) = &wish.location_id {
        query = query.filter(stock_movements::location_id.eq(location_id));
    }
    if let Some(kind) = wish.kind {
        query = query.filter(stock_movements::kind.eq(kind_to_text(kind)?));
    }
    let rows: Vec<Row> = query.load(conn)?;
    rows.into_iter().map(Row::movement).collect()
}
