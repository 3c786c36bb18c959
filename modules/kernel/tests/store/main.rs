//! How a module keeps its data, told by a module that moves parcels.
#![allow(clippy::unwrap_used, missing_docs)]

mod events;
mod once;
mod opening;
mod units;

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::time::Duration;

use diesel::prelude::*;
use kernel::CallError;
use kernel::db::{AnyConnection, Db, Schema, embed_migrations};
use kernel::event::Event;
use kernel::trace::TraceContext;
use serde::{Deserialize, Serialize};

type Failure = CallError<Infallible>;

diesel::table! {
    parcels (id) {
        id -> Text,
        moves -> BigInt,
    }
}

fn depot() -> Schema {
    schema("depot")
}

fn schema(module: &'static str) -> Schema {
    Schema {
        module,
        postgres: embed_migrations!("tests/store/migrations/postgres"),
        sqlite: embed_migrations!("tests/store/migrations/sqlite"),
    }
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct ParcelMoved {
    parcel: String,
}

impl Event for ParcelMoved {
    const KIND: &'static str = "parcel.moved";

    fn aggregate_id(&self) -> String {
        self.parcel.clone()
    }
}

/// Moves the parcel once more, new or not.
fn parcel_move(conn: &mut AnyConnection, id: &str) -> QueryResult<()> {
    let moved = diesel::update(parcels::table.find(id)).set(parcels::moves.eq(parcels::moves + 1)).execute(conn)?;
    if moved == 0 {
        diesel::insert_into(parcels::table).values((parcels::id.eq(id), parcels::moves.eq(1))).execute(conn)?;
    }
    Ok(())
}

/// Moves the parcel and says so.
fn parcel_move_and_tell(conn: &mut AnyConnection, id: &str) -> QueryResult<()> {
    parcel_move(conn, id)?;
    kernel::outbox::publish(conn, TraceContext::new(), &ParcelMoved { parcel: id.to_owned() })
}

async fn move_parcel(db: &Db, id: impl Into<String>) -> Result<(), Failure> {
    let id = id.into();
    db.write(move |conn| Ok(parcel_move(conn, &id)?)).await
}

async fn move_and_tell(db: &Db, id: impl Into<String>) -> Result<(), Failure> {
    let id = id.into();
    db.write(move |conn| Ok(parcel_move_and_tell(conn, &id)?)).await
}

/// How often each parcel was moved.
async fn moves(db: &Db) -> BTreeMap<String, i64> {
    let rows: Vec<(String, i64)> = db.read(|conn| Ok::<_, Failure>(parcels::table.load(conn)?)).await.unwrap();
    rows.into_iter().collect()
}

/// Waits until `condition` holds, for as long as a slow machine may need.
async fn eventually(what: &str, mut condition: impl AsyncFnMut() -> bool) {
    for _ in 0..1_000 {
        if condition().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("did not come about: {what}");
}
