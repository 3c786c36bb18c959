//! Opening data: up to date, fenced, and never by a program that is too old for it.

use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use kernel::db::{Db, Location, OpenError, Schema, embed_migrations};
use kernel::testing::{Backend, TestHome, backends, on_every_database};

use crate::{Failure, depot, move_parcel, moves, schema};

/// The schema of the next version of the program.
fn newer_depot() -> Schema {
    Schema {
        module: "depot",
        postgres: embed_migrations!("tests/store/newer/postgres"),
        sqlite: embed_migrations!("tests/store/newer/sqlite"),
    }
}

fn postgres() -> Option<TestHome> {
    backends().into_iter().find(|backend| matches!(backend, Backend::Postgres(_))).map(TestHome::new)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upgrade_keeps_the_data() {
    on_every_database(|home| async move {
        move_parcel(&home.open(depot()).await, "p1").await.unwrap();
        let db = home.open(newer_depot()).await;
        assert_eq!(moves(&db).await["p1"], 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_program_is_refused_and_says_what_to_do() {
    on_every_database(|home| async move {
        drop(home.open(newer_depot()).await);
        let refused = Db::open(depot(), &home.location()).await.err().unwrap();
        assert!(matches!(&refused, OpenError::NewerSchema { version, .. } if version == "20261102000000"), "{refused}");
        assert!(refused.to_string().contains("Start the newer version"));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_migrating_only_current_data_is_opened() {
    on_every_database(|home| async move {
        let location = home.location();
        let pending = |result: Result<Db, OpenError>| matches!(result, Err(OpenError::PendingMigrations { .. }));
        assert!(pending(Db::open_existing(depot(), &location).await), "of nothing");
        drop(home.open(depot()).await);
        assert!(Db::open_existing(depot(), &location).await.is_ok());
        assert!(pending(Db::open_existing(newer_depot(), &location).await), "of the version before");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_several_that_start_at_once_one_migrates() {
    on_every_database(|home| async move {
        let location = home.location();
        let opened = futures_util::future::join_all((0..4).map(|_| Db::open(depot(), &location))).await;
        for db in opened {
            move_parcel(&db.unwrap(), "p1").await.unwrap();
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upgrade_on_sqlite_leaves_a_copy_of_the_data_before_it() {
    let home = TestHome::new(Backend::Sqlite);
    move_parcel(&home.open(depot()).await, "p1").await.unwrap();
    drop(home.open(newer_depot()).await);
    let Location::Sqlite { folder } = home.location() else { unreachable!() };
    let copy = folder.join("depot.before-20261102000000.sqlite");
    // The copy is a whole database: under the module's name, the older program opens it.
    std::fs::rename(copy, folder.join("depot.sqlite")).unwrap();
    assert_eq!(moves(&home.open(depot()).await).await["p1"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_module_is_denied_the_tables_of_another_on_postgres() {
    let Some(home) = postgres() else { return };
    let depot = home.open(depot()).await;
    let _office = home.open(schema("office")).await;
    let Location::Postgres { namespace, .. } = home.location() else { unreachable!() };
    for table in ["parcels", "outbox", "idempotency"] {
        let query = format!("SELECT * FROM \"{namespace}office\".{table}");
        let denied: Result<(), Failure> = depot
            .read(move |conn| {
                diesel::sql_query(query).execute(conn)?;
                Ok(())
            })
            .await;
        assert!(denied.unwrap_err().to_string().contains("permission denied"), "{table}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_without_rights_still_gets_a_shop_on_postgres() {
    let Some(home) = postgres() else { return };
    let Location::Postgres { url, namespace, pool_size } = home.location() else { unreachable!() };
    let mut admin = PgConnection::establish(&url).unwrap();
    // The name makes the home remove the user with everything it owns.
    let user = format!("freestone_{namespace}owner");
    let database = database_of(&mut admin);
    let create =
        format!("CREATE ROLE \"{user}\" LOGIN PASSWORD 'plain'; GRANT CREATE ON DATABASE \"{database}\" TO \"{user}\"");
    admin.batch_execute(&create).unwrap();
    let url = as_user(&url, &user);
    let location = Location::Postgres { url, namespace, pool_size };
    let db = Db::open(depot(), &location).await.unwrap();
    move_parcel(&db, "p1").await.unwrap();
    drop(db);
    let db = Db::open(depot(), &location).await.unwrap();
    assert_eq!(moves(&db).await["p1"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_where_nobody_answers_is_unreachable() {
    let location = Location::Postgres {
        url: "postgres://nobody@127.0.0.1:1/nothing".to_owned(),
        namespace: String::new(),
        pool_size: 1,
    };
    assert!(matches!(Db::open(depot(), &location).await, Err(OpenError::Unreachable { .. })));
}

fn database_of(conn: &mut PgConnection) -> String {
    diesel::select(diesel::dsl::sql::<diesel::sql_types::Text>("current_database()::text")).get_result(conn).unwrap()
}

/// The same address for another user.
fn as_user(url: &str, user: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap();
    let host = rest.split_once('@').map_or(rest, |(_, host)| host);
    format!("{scheme}://{user}:plain@{host}")
}
