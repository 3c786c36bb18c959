//! What consumers remember: their cursor, and of each aggregate the newest event they handled.

use std::convert::Infallible;

use diesel::prelude::*;
use diesel::query_dsl::methods;
use diesel::upsert::excluded;

use super::{Replay, Subscription};
use crate::clock::Clock;
use crate::db::schema::{inbox, inbox_cursor};
use crate::db::{AnyConnection, Db, Failure, Keep as _, on_either};
use crate::event::{Envelope, FeedCursor};

/// Where a consumer stands.
#[derive(Clone, Copy, PartialEq, Eq, Queryable)]
pub(super) struct Place {
    pub(super) generation: i64,
    txid: i64,
    seq: i64,
}

impl Place {
    pub(super) fn cursor(self) -> FeedCursor {
        FeedCursor { txid: self.txid, seq: self.seq }
    }
}

/// Where `consumer` stands; `None` before its first start.
pub(super) fn place(conn: &mut AnyConnection, consumer: &str) -> QueryResult<Option<Place>> {
    inbox_cursor::table
        .find(consumer)
        .select((inbox_cursor::generation, inbox_cursor::txid, inbox_cursor::seq))
        .first(conn)
        .optional()
}

/// Lets the consumer begin after `start`, if it has not begun.
pub(super) fn cursor_insert(
    conn: &mut AnyConnection,
    subscription: &Subscription,
    start: FeedCursor,
) -> QueryResult<()> {
    let row = (
        inbox_cursor::consumer.eq(subscription.consumer),
        inbox_cursor::producer.eq(subscription.producer),
        inbox_cursor::replayable.eq(subscription.replay == Replay::Replayable),
        inbox_cursor::generation.eq(1_i64),
        inbox_cursor::txid.eq(start.txid),
        inbox_cursor::seq.eq(start.seq),
    );
    let insert = diesel::insert_into(inbox_cursor::table).values(row).on_conflict_do_nothing();
    on_either!(conn => insert.execute(conn))?;
    Ok(())
}

/// Moves the cursor, unless it is no longer where the caller saw it. Waits for another process that is moving it.
pub(super) fn cursor_move(conn: &mut AnyConnection, consumer: &str, from: Place, to: FeedCursor) -> QueryResult<bool> {
    let unmoved = inbox_cursor::table
        .find(consumer)
        .filter(inbox_cursor::generation.eq(from.generation))
        .filter(inbox_cursor::txid.eq(from.txid).and(inbox_cursor::seq.eq(from.seq)));
    let moved = diesel::update(unmoved).set((inbox_cursor::txid.eq(to.txid), inbox_cursor::seq.eq(to.seq))).kept();
    Ok(on_either!(conn => moved.execute(conn))? == 1)
}

/// Records that the consumer has `event` in hand; `false` when it already had it, or a later one of the aggregate.
pub(super) fn take(conn: &mut AnyConnection, consumer: &str, generation: i64, event: &Envelope) -> QueryResult<bool> {
    let row = (
        inbox::consumer.eq(consumer),
        inbox::generation.eq(generation),
        inbox::aggregate_id.eq(&event.aggregate_id),
        inbox::aggregate_version.eq(event.aggregate_version),
        inbox::handled_at.eq(Clock::system().now().0),
    );
    let upsert = diesel::insert_into(inbox::table)
        .values(row)
        .on_conflict((inbox::consumer, inbox::generation, inbox::aggregate_id))
        .do_update()
        .set((
            inbox::aggregate_version.eq(excluded(inbox::aggregate_version)),
            inbox::handled_at.eq(excluded(inbox::handled_at)),
        ));
    // In a statement like this, `filter` is that of the update.
    let upsert =
        methods::FilterDsl::filter(upsert, inbox::aggregate_version.lt(excluded(inbox::aggregate_version))).kept();
    Ok(on_either!(conn => upsert.execute(conn))? == 1)
}

/// Whether the consumer may see events again; `None` when there is no such consumer.
pub(super) fn is_replayable(conn: &mut AnyConnection, consumer: &str) -> QueryResult<Option<bool>> {
    inbox_cursor::table.find(consumer).select(inbox_cursor::replayable).first(conn).optional()
}

/// Begins a new generation. The events it had parked come again by themselves.
pub(super) fn start_over(conn: &mut AnyConnection, consumer: &str) -> QueryResult<()> {
    diesel::update(inbox_cursor::table.find(consumer))
        .set((
            inbox_cursor::generation.eq(inbox_cursor::generation + 1),
            inbox_cursor::txid.eq(0),
            inbox_cursor::seq.eq(0),
        ))
        .execute(conn)?;
    super::parked::forget(conn, consumer)
}

/// Removes what earlier generations remembered, a slice at a time.
pub(crate) async fn tidy(db: &Db) -> Result<(), Failure> {
    const SLICE: &str = "DELETE FROM inbox WHERE (consumer, generation, aggregate_id) IN (
        SELECT i.consumer, i.generation, i.aggregate_id
        FROM inbox i JOIN inbox_cursor c ON c.consumer = i.consumer AND c.generation > i.generation LIMIT 500)";
    while db.write::<_, Infallible, _>(|conn| Ok(diesel::sql_query(SLICE).execute(conn)?)).await? > 0 {}
    Ok(())
}
