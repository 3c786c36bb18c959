//! Reservations: what an order holds or was promised.

use diesel::prelude::*;
use inventory_api::Reservation;
use kernel::Timestamp;
use kernel::db::{AnyConnection, Keep as _};

use super::{MAIN, on_either};
use crate::schema::{reservation_lines, reservations};

/// How far a reservation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    /// Held until its time runs out.
    Held,
    /// Promised to a placed order.
    Allocated,
    /// Given back. Also what remains of an order that was released before it held anything.
    Released,
    /// Its time ran out.
    Expired,
    /// All of it left the house.
    Shipped,
}

impl Status {
    const ALL: [Self; 5] = [Self::Held, Self::Allocated, Self::Released, Self::Expired, Self::Shipped];

    fn as_str(self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::Allocated => "allocated",
            Self::Released => "released",
            Self::Expired => "expired",
            Self::Shipped => "shipped",
        }
    }

    fn parse(text: &str) -> QueryResult<Self> {
        let unknown = || diesel::result::Error::DeserializationError(format!("unknown status {text:?}").into());
        Self::ALL.into_iter().find(|status| status.as_str() == text).ok_or_else(unknown)
    }
}

/// A line of a reservation.
#[derive(Clone, Debug, PartialEq, Eq, Queryable)]
pub(crate) struct Line {
    pub(crate) order_id: String,
    pub(crate) variant_id: String,
    pub(crate) quantity: i64,
    pub(crate) shipped: i64,
}

impl Line {
    /// What has not left the house.
    pub(crate) fn outstanding(&self) -> i64 {
        self.quantity - self.shipped
    }
}

/// Whether it was written: false when the order already has a reservation.
pub(crate) fn reservation_insert(
    conn: &mut AnyConnection,
    reservation: &Reservation,
    status: Status,
    now: Timestamp,
) -> QueryResult<bool> {
    let row = (
        reservations::order_id.eq(&reservation.order_id),
        reservations::status.eq(status.as_str()),
        reservations::expires_at.eq(reservation.expires_at.0),
        reservations::created_at.eq(now.0),
        reservations::updated_at.eq(now.0),
    );
    let insert = diesel::insert_into(reservations::table).values(row).on_conflict_do_nothing();
    Ok(on_either!(conn => insert.execute(conn))? == 1)
}

/// What an order holds, by variant.
pub(crate) fn lines_insert<'a>(
    conn: &mut AnyConnection,
    order_id: &str,
    lines: impl IntoIterator<Item = (&'a String, &'a i64)>,
) -> QueryResult<()> {
    let row = |(variant_id, quantity): (&'a String, &'a i64)| {
        (
            reservation_lines::order_id.eq(order_id.to_owned()),
            reservation_lines::variant_id.eq(variant_id.as_str()),
            reservation_lines::location_id.eq(MAIN),
            reservation_lines::quantity.eq(*quantity),
        )
    };
    let mut rows: Vec<_> = lines.into_iter().map(row).collect();
    let insert = diesel::insert_into(reservation_lines::table);
    if rows.len() > 1 {
        on_either!(conn => insert.values(rows).execute(conn))?;
    } else if let Some(only) = rows.pop() {
        // Most orders have one line, and the statement for one row stays prepared.
        insert.values(only).execute(conn)?;
    }
    Ok(())
}

/// How far the reservation of an order is, and when its hold ends or ended.
pub(crate) fn reservation(conn: &mut AnyConnection, order_id: &str) -> QueryResult<Option<(Status, Timestamp)>> {
    let row: Option<(String, i64)> = reservations::table
        .find(order_id)
        .select((reservations::status, reservations::expires_at))
        .first(conn)
        .optional()?;
    row.map(|(status, expires_at)| Ok((Status::parse(&status)?, Timestamp(expires_at)))).transpose()
}

/// Whether the reservation was `from` and is `to` now. Who loses against another change gets false.
pub(crate) fn reservation_turn(
    conn: &mut AnyConnection,
    order_id: &str,
    from: Status,
    to: Status,
    now: Timestamp,
) -> QueryResult<bool> {
    let turned = diesel::update(reservations::table.find(order_id))
        .filter(reservations::status.eq(from.as_str()))
        .set((reservations::status.eq(to.as_str()), reservations::updated_at.eq(now.0)))
        .kept()
        .execute(conn)?;
    Ok(turned == 1)
}

/// Whether the reservation was `from` with a hold that ended at `ended`, and is held anew.
pub(crate) fn reservation_renew(
    conn: &mut AnyConnection,
    renewed: &Reservation,
    from: (Status, Timestamp),
    now: Timestamp,
) -> QueryResult<bool> {
    let (status, ended) = from;
    let changed = diesel::update(reservations::table.find(&renewed.order_id))
        .filter(reservations::status.eq(status.as_str()))
        .filter(reservations::expires_at.eq(ended.0))
        .set((
            reservations::status.eq(Status::Held.as_str()),
            reservations::expires_at.eq(renewed.expires_at.0),
            reservations::updated_at.eq(now.0),
        ))
        .execute(conn)?;
    Ok(changed == 1)
}

/// Whether a hold has run out.
pub(crate) fn reservations_are_due(conn: &mut AnyConnection, now: Timestamp) -> QueryResult<bool> {
    let first: Option<i64> = reservations::table
        .filter(reservations::status.eq(Status::Held.as_str()))
        .filter(reservations::expires_at.lt(now.0))
        .select(reservations::expires_at)
        .order(reservations::expires_at)
        .first(conn)
        .optional()?;
    Ok(first.is_some())
}

/// Ends up to `limit` holds that have run out and gives their orders.
pub(crate) fn reservations_expire(conn: &mut AnyConnection, limit: i64, now: Timestamp) -> QueryResult<Vec<String>> {
    let due = reservations::table
        .filter(reservations::status.eq(Status::Held.as_str()))
        .filter(reservations::expires_at.lt(now.0))
        .order(reservations::expires_at)
        .limit(limit)
        .select(reservations::order_id);
    let order_ids: Vec<String> = match conn {
        // Whoever is about to promise, release or end a hold is not waited for.
        AnyConnection::Postgres(conn) => due.for_update().skip_locked().load(conn)?,
        // Only one unit of work writes at a time.
        AnyConnection::Sqlite(conn) => due.load(conn)?,
    };
    let ending = reservations::table
        .filter(reservations::order_id.eq_any(&order_ids))
        .filter(reservations::status.eq(Status::Held.as_str()))
        .filter(reservations::expires_at.lt(now.0));
    let expired = (reservations::status.eq(Status::Expired.as_str()), reservations::updated_at.eq(now.0));
    let update = diesel::update(ending).set(expired).returning(reservations::order_id);
    on_either!(conn => update.get_results(conn))
}

/// The lines of several orders, sorted by variant.
pub(crate) fn lines_of(conn: &mut AnyConnection, order_ids: &[String]) -> QueryResult<Vec<Line>> {
    let query = reservation_lines::table
        .filter(reservation_lines::order_id.eq_any(order_ids))
        .filter(reservation_lines::location_id.eq(MAIN))
        .order((reservation_lines::variant_id, reservation_lines::order_id))
        .select((
            reservation_lines::order_id,
            reservation_lines::variant_id,
            reservation_lines::quantity,
            reservation_lines::shipped,
        ));
    on_either!(conn => query.load(conn))
}

/// The lines of an order, sorted by variant.
pub(crate) fn lines_of_order(conn: &mut AnyConnection, order_id: &str) -> QueryResult<Vec<Line>> {
    reservation_lines::table
        .filter(reservation_lines::order_id.eq(order_id))
        .filter(reservation_lines::location_id.eq(MAIN))
        .order(reservation_lines::variant_id)
        .select((
            reservation_lines::order_id,
            reservation_lines::variant_id,
            reservation_lines::quantity,
            reservation_lines::shipped,
        ))
        .load(conn)
}

/// So many more of a line have left the house.
pub(crate) fn line_ship(conn: &mut AnyConnection, line: &Line, quantity: i64) -> QueryResult<()> {
    diesel::update(reservation_lines::table.find((&line.order_id, &line.variant_id, MAIN)))
        .set(reservation_lines::shipped.eq(reservation_lines::shipped + quantity))
        .execute(conn)?;
    Ok(())
}
