//! Reservations: what a cart holds, and what an order holds or was promised.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use inventory_api::ReservationStatus as Status;
use kernel::Timestamp;
use kernel::db::{AnyConnection, Keep as _, one_of};

use super::{insert_rows, on_either};
use crate::schema::{reservation_lines, reservations};

/// As stored.
fn text_of(status: Status) -> &'static str {
    match status {
        Status::Held => "held",
        Status::Allocated => "allocated",
        Status::Released => "released",
        Status::Shipped => "shipped",
        _ => "expired",
    }
}

fn status_of(text: &str) -> QueryResult<Status> {
    let all = [Status::Held, Status::Allocated, Status::Released, Status::Expired, Status::Shipped];
    let unknown = || diesel::result::Error::DeserializationError(format!("unknown status {text:?}").into());
    all.into_iter().find(|status| text_of(*status) == text).ok_or_else(unknown)
}

/// A reservation without its lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    /// `ord_…`, or `crt_…` for what a cart holds.
    pub(crate) order_id: String,
    pub(crate) status: Status,
    pub(crate) expires_at: Timestamp,
    /// When its goods were first held, by its cart if it took over from one.
    pub(crate) held_since: Timestamp,
    /// Whose hold it took over, or the cart itself.
    pub(crate) cart_id: Option<String>,
    /// Whom it counts for.
    pub(crate) visitor: Visitor,
}

/// Whom a hold counts for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Visitor {
    pub(crate) session: Option<String>,
    pub(crate) address: Option<String>,
}

/// A line of a reservation.
#[derive(Clone, Debug, PartialEq, Eq, Queryable)]
pub(crate) struct Line {
    pub(crate) order_id: String,
    pub(crate) variant_id: String,
    pub(crate) location_id: String,
    pub(crate) quantity: i64,
    pub(crate) shipped: i64,
}

impl Line {
    /// What has not left the house.
    pub(crate) fn outstanding(&self) -> i64 {
        self.quantity - self.shipped
    }
}

/// Whether it was written: false when there is a reservation under this id already.
pub(crate) fn reservation_insert(conn: &mut AnyConnection, head: &Head, now: Timestamp) -> QueryResult<bool> {
    let row = (
        reservations::order_id.eq(&head.order_id),
        reservations::status.eq(text_of(head.status)),
        reservations::expires_at.eq(head.expires_at.0),
        reservations::created_at.eq(now.0),
        reservations::updated_at.eq(now.0),
        reservations::held_since.eq(head.held_since.0),
        reservations::cart_id.eq(head.cart_id.as_deref()),
        reservations::session.eq(head.visitor.session.as_deref()),
        reservations::address.eq(head.visitor.address.as_deref()),
    );
    let insert = diesel::insert_into(reservations::table).values(row).on_conflict_do_nothing();
    Ok(on_either!(conn => insert.execute(conn))? == 1)
}

/// Where each part of what an order holds is; several parts of a line never share a location.
pub(crate) fn lines_insert<'a>(
    conn: &mut AnyConnection,
    order_id: &str,
    parts: impl IntoIterator<Item = (&'a str, &'a str, i64)>,
) -> QueryResult<()> {
    let row = |(variant_id, location_id, quantity): (&'a str, &'a str, i64)| {
        (
            reservation_lines::order_id.eq(order_id.to_owned()),
            reservation_lines::variant_id.eq(variant_id),
            reservation_lines::location_id.eq(location_id),
            reservation_lines::quantity.eq(quantity),
        )
    };
    let rows: Vec<_> = parts.into_iter().map(row).collect();
    insert_rows!(conn, reservation_lines::table, rows)
}

/// Forgets what an order or a cart held, since it holds something else from now on.
pub(crate) fn lines_delete(conn: &mut AnyConnection, order_id: &str) -> QueryResult<()> {
    diesel::delete(reservation_lines::table.filter(reservation_lines::order_id.eq(order_id))).execute(conn)?;
    Ok(())
}

/// What a cart held is the order's.
pub(crate) fn lines_hand_over(conn: &mut AnyConnection, cart_id: &str, order_id: &str) -> QueryResult<()> {
    let handed_over = diesel::update(reservation_lines::table.filter(reservation_lines::order_id.eq(cart_id)))
        .set(reservation_lines::order_id.eq(order_id))
        .kept();
    on_either!(conn => handed_over.execute(conn))?;
    Ok(())
}

type Row = (String, i64, i64, Option<String>, Option<String>, Option<String>);

type Columns = (
    reservations::status,
    reservations::expires_at,
    reservations::held_since,
    reservations::cart_id,
    reservations::session,
    reservations::address,
);

const HEAD: Columns = (
    reservations::status,
    reservations::expires_at,
    reservations::held_since,
    reservations::cart_id,
    reservations::session,
    reservations::address,
);

fn head((status, expires_at, held_since, cart_id, session, address): Row, order_id: &str) -> QueryResult<Head> {
    Ok(Head {
        order_id: order_id.to_owned(),
        status: status_of(&status)?,
        expires_at: Timestamp(expires_at),
        held_since: Timestamp(held_since),
        cart_id,
        visitor: Visitor { session, address },
    })
}

/// The reservation of an order or of a cart.
pub(crate) fn reservation(conn: &mut AnyConnection, order_id: &str) -> QueryResult<Option<Head>> {
    let row: Option<Row> = reservations::table.find(order_id).select(HEAD).first(conn).optional()?;
    row.map(|row| head(row, order_id)).transpose()
}

/// The same, and nobody else may change it before this unit of work ends.
pub(crate) fn reservation_locked(conn: &mut AnyConnection, order_id: &str) -> QueryResult<Option<Head>> {
    let query = reservations::table.find(order_id).select(HEAD);
    let row: Option<Row> = match conn {
        AnyConnection::Postgres(conn) => query.for_no_key_update().first(conn).optional()?,
        // Only one unit of work writes at a time.
        AnyConnection::Sqlite(conn) => query.first(conn).optional()?,
    };
    row.map(|row| head(row, order_id)).transpose()
}

/// The hold of a cart when it is live, which it is no more: from now on it is someone else's, or nobody's.
pub(crate) fn hold_end(conn: &mut AnyConnection, cart_id: &str, now: Timestamp) -> QueryResult<Option<Head>> {
    let held = reservations::table.find(cart_id).filter(reservations::status.eq(text_of(Status::Held)));
    let end = diesel::update(held)
        .set((reservations::status.eq(text_of(Status::Released)), reservations::updated_at.eq(now.0)))
        .returning(HEAD)
        .kept();
    let row: Option<Row> = on_either!(conn => end.get_result(conn)).optional()?;
    row.map(|row| head(row, cart_id)).transpose()
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
        .filter(reservations::status.eq(text_of(from)))
        .set((reservations::status.eq(text_of(to)), reservations::updated_at.eq(now.0)))
        .kept();
    Ok(on_either!(conn => turned.execute(conn))? == 1)
}

/// Whether the reservation was as in `before`, and is held as in `renewed`.
pub(crate) fn reservation_renew(
    conn: &mut AnyConnection,
    renewed: &Head,
    before: &Head,
    now: Timestamp,
) -> QueryResult<bool> {
    let changed = diesel::update(reservations::table.find(&renewed.order_id))
        .filter(reservations::status.eq(text_of(before.status)))
        .filter(reservations::expires_at.eq(before.expires_at.0))
        .set((
            reservations::status.eq(text_of(Status::Held)),
            reservations::expires_at.eq(renewed.expires_at.0),
            reservations::held_since.eq(renewed.held_since.0),
            reservations::cart_id.eq(renewed.cart_id.as_deref()),
            reservations::session.eq(renewed.visitor.session.as_deref()),
            reservations::address.eq(renewed.visitor.address.as_deref()),
            reservations::updated_at.eq(now.0),
        ))
        .kept();
    Ok(on_either!(conn => changed.execute(conn))? == 1)
}

#[diesel::declare_sql_function]
extern "SQL" {
    fn hashtextextended(text: Text, seed: BigInt) -> BigInt;
    // It returns nothing, which nobody reads.
    fn pg_advisory_xact_lock(number: BigInt) -> Bool;
}

/// Of two that hold from one place at the same time, the second waits here until the first is through.
pub(crate) fn visitor_lock(conn: &mut AnyConnection, visitor: &Visitor) -> QueryResult<()> {
    // On SQLite only one unit of work writes at a time.
    let AnyConnection::Postgres(conn) = conn else { return Ok(()) };
    if let Some(name) = visitor.address.as_ref().or(visitor.session.as_ref()) {
        diesel::select(pg_advisory_xact_lock(hashtextextended(name, 0_i64))).execute(conn)?;
    }
    Ok(())
}

/// How many live holds there are of a session and of an address, without those of the cart.
pub(crate) fn holds_of(
    conn: &mut AnyConnection,
    visitor: &Visitor,
    cart_id: &str,
    now: Timestamp,
) -> QueryResult<(i64, i64)> {
    let mut count = |of: Option<(bool, &str)>| {
        let Some((is_session, name)) = of else { return Ok(0) };
        let mut live = reservations::table
            .filter(reservations::status.eq(text_of(Status::Held)))
            .filter(reservations::expires_at.ge(now.0))
            .filter(reservations::order_id.ne(cart_id))
            .into_boxed();
        live = if is_session {
            live.filter(reservations::session.eq(name))
        } else {
            live.filter(reservations::address.eq(name))
        };
        live.count().get_result(conn)
    };
    let sessions = count(visitor.session.as_deref().map(|session| (true, session)))?;
    let addresses = count(visitor.address.as_deref().map(|address| (false, address)))?;
    Ok((sessions, addresses))
}

/// Whether a hold has run out.
pub(crate) fn reservations_are_due(conn: &mut AnyConnection, now: Timestamp) -> QueryResult<bool> {
    let first: Option<i64> = reservations::table
        .filter(reservations::status.eq(text_of(Status::Held)))
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
        .filter(reservations::status.eq(text_of(Status::Held)))
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
        .filter(one_of(reservations::order_id, &order_ids))
        .filter(reservations::status.eq(text_of(Status::Held)))
        .filter(reservations::expires_at.lt(now.0));
    let expired = (reservations::status.eq(text_of(Status::Expired)), reservations::updated_at.eq(now.0));
    let update = diesel::update(ending).set(expired).returning(reservations::order_id).kept();
    on_either!(conn => update.get_results(conn))
}

/// Who holds how many of a variant at a location, the newest hold first.
pub(crate) fn holds_newest_first(
    conn: &mut AnyConnection,
    (variant_id, location_id): (&str, &str),
    limit: i64,
) -> QueryResult<Vec<(String, i64)>> {
    let held = reservations::table
        .inner_join(reservation_lines::table.on(reservation_lines::order_id.eq(reservations::order_id)))
        .filter(reservations::status.eq(text_of(Status::Held)))
        .filter(reservation_lines::variant_id.eq(variant_id))
        .filter(reservation_lines::location_id.eq(location_id))
        .order((reservations::held_since.desc(), reservations::order_id.desc()))
        .limit(limit)
        .select((reservations::order_id, reservation_lines::quantity));
    match conn {
        // Whoever is about to promise, release or end a hold is not waited for.
        AnyConnection::Postgres(conn) => held.for_update().skip_locked().load(conn),
        AnyConnection::Sqlite(conn) => held.load(conn),
    }
}

/// The lines of several orders, sorted by variant and location.
pub(crate) fn lines_of(conn: &mut AnyConnection, order_ids: &[String]) -> QueryResult<Vec<Line>> {
    let query = reservation_lines::table
        .filter(one_of(reservation_lines::order_id, order_ids))
        .order((reservation_lines::variant_id, reservation_lines::location_id, reservation_lines::order_id))
        .select((
            reservation_lines::order_id,
            reservation_lines::variant_id,
            reservation_lines::location_id,
            reservation_lines::quantity,
            reservation_lines::shipped,
        ));
    on_either!(conn => query.load(conn))
}

/// The lines of an order, sorted by variant and location.
pub(crate) fn lines_of_order(conn: &mut AnyConnection, order_id: &str) -> QueryResult<Vec<Line>> {
    reservation_lines::table
        .filter(reservation_lines::order_id.eq(order_id))
        .order((reservation_lines::variant_id, reservation_lines::location_id))
        .select((
            reservation_lines::order_id,
            reservation_lines::variant_id,
            reservation_lines::location_id,
            reservation_lines::quantity,
            reservation_lines::shipped,
        ))
        .load(conn)
}

/// So many more of a line have left the house.
pub(crate) fn line_ship(conn: &mut AnyConnection, line: &Line, quantity: i64) -> QueryResult<()> {
    diesel::update(reservation_lines::table.find((&line.order_id, &line.variant_id, &line.location_id)))
        .set(reservation_lines::shipped.eq(reservation_lines::shipped + quantity))
        .execute(conn)?;
    Ok(())
}

/// So many are promised of a line that is there.
pub(crate) fn line_resize(conn: &mut AnyConnection, line: &Line, quantity: i64) -> QueryResult<()> {
    let line = reservation_lines::table.find((&line.order_id, &line.variant_id, &line.location_id));
    if quantity == 0 {
        diesel::delete(line).execute(conn)?;
    } else {
        diesel::update(line).set(reservation_lines::quantity.eq(quantity)).execute(conn)?;
    }
    Ok(())
}
