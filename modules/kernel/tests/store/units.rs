//! Units of work: all or nothing each, many to one commit.

use std::sync::Arc;
use std::time::Duration;

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::result::{DatabaseErrorKind, Error};
use diesel::sql_types::Integer;
use futures_util::future::join_all;
use kernel::db::{AnyConnection, Db, Location};
use kernel::testing::{Backend, TestHome, on_every_database};
use kernel::{CallError, NotExecuted};

use crate::{Failure, depot, move_parcel, moves, parcel_move, parcels, schema};

#[tokio::test(flavor = "multi_thread")]
async fn many_units_share_a_commit_on_sqlite() {
    let home = TestHome::new(Backend::Sqlite);
    let db = home.open(depot()).await;
    let before = db.commits();
    let results = join_all((0..64).map(|n| move_parcel(&db, format!("p{n}")))).await;
    assert!(results.iter().all(Result::is_ok));
    assert_eq!(moves(&db).await.len(), 64);
    assert!(db.commits() - before < 16, "{} commits", db.commits() - before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_unit_that_fails_or_panics_takes_only_itself_back() {
    on_every_database(|home| async move {
        let db = home.open(depot()).await;
        let units = (0..60).map(|n| {
            let db = db.clone();
            async move {
                db.write(move |conn| {
                    parcel_move(conn, &format!("p{n}"))?;
                    match n % 3 {
                        0 => Ok(()),
                        1 => Err(Failure::Internal("dropped".to_owned())),
                        _ => panic!("dropped, as it should be"),
                    }
                })
                .await
            }
        });
        let results = join_all(units).await;
        for (n, result) in results.iter().enumerate() {
            assert_eq!(result.is_ok(), n % 3 == 0, "unit {n}: {result:?}");
        }
        let kept: Vec<String> = moves(&db).await.into_keys().collect();
        let mut expected: Vec<String> = (0..60).step_by(3).map(|n| format!("p{n}")).collect();
        expected.sort();
        assert_eq!(kept, expected);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_is_there_after_reopening() {
    on_every_database(|home| async move {
        let db = home.open(depot()).await;
        let mut acknowledged = Vec::new();
        for n in 0..20 {
            move_parcel(&db, format!("p{n:02}")).await.unwrap();
            acknowledged.push(format!("p{n:02}"));
        }
        drop(db);
        let db = home.open(depot()).await;
        assert_eq!(moves(&db).await.into_keys().collect::<Vec<_>>(), acknowledged);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_unit_is_finished_when_its_caller_goes_away() {
    on_every_database(|home| async move {
        let db = home.open(depot()).await;
        let unit = db.write(|conn| {
            std::thread::sleep(Duration::from_millis(100));
            Ok::<_, Failure>(parcel_move(conn, "p1")?)
        });
        assert!(tokio::time::timeout(Duration::from_millis(20), unit).await.is_err());
        crate::eventually("the parcel was moved", async || moves(&db).await.contains_key("p1")).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_update_is_lost_between_concurrent_units() {
    on_every_database(|home| async move {
        let db = home.open(depot()).await;
        move_parcel(&db, "p1").await.unwrap();
        let results = join_all((0..50).map(|_| move_parcel(&db, "p1"))).await;
        assert!(results.iter().all(Result::is_ok));
        assert_eq!(moves(&db).await["p1"], 51);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_unit_that_ignores_a_failed_statement_is_never_half_kept() {
    on_every_database(|home| async move {
        let db = home.open(depot()).await;
        let insert = |conn: &mut AnyConnection, id: &str| {
            diesel::insert_into(parcels::table).values((parcels::id.eq(id), parcels::moves.eq(1))).execute(conn)
        };
        let result: Result<(), Failure> = db
            .write(move |conn| {
                insert(conn, "p1")?;
                let duplicate = insert(conn, "p1");
                assert!(matches!(duplicate, Err(Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _))));
                Ok(())
            })
            .await;
        // PostgreSQL has given up the transaction by then, SQLite has not. Either way the answer is true.
        assert_eq!(result.is_ok(), moves(&db).await.contains_key("p1"));
        assert_eq!(result.is_ok(), !db.is_postgres());
        move_parcel(&db, "p2").await.unwrap();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_duplicate_that_nobody_handled_is_a_conflict() {
    on_every_database(|home| async move {
        let db = home.open(depot()).await;
        move_parcel(&db, "p1").await.unwrap();
        let result: Result<(), Failure> = db
            .write(|conn| {
                diesel::insert_into(parcels::table)
                    .values((parcels::id.eq("p1"), parcels::moves.eq(1)))
                    .execute(conn)?;
                Ok(())
            })
            .await;
        assert!(matches!(result, Err(CallError::NotExecuted { reason: NotExecuted::Conflict, .. })), "{result:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_cannot_write_on_sqlite() {
    let home = TestHome::new(Backend::Sqlite);
    let db = home.open(depot()).await;
    let result: Result<(), Failure> = db.read(|conn| Ok(parcel_move(conn, "p1")?)).await;
    assert!(result.is_err());
    assert!(moves(&db).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_sees_one_moment_on_sqlite() {
    let home = TestHome::new(Backend::Sqlite);
    let db = home.open(depot()).await;
    let (begun, has_begun) = std::sync::mpsc::channel();
    let (written, is_written) = std::sync::mpsc::channel();
    let reader = tokio::spawn({
        let db = db.clone();
        async move {
            db.read(move |conn| {
                let first: i64 = parcels::table.count().get_result(conn)?;
                begun.send(()).unwrap();
                is_written.recv().unwrap();
                let second: i64 = parcels::table.count().get_result(conn)?;
                Ok::<_, Failure>((first, second))
            })
            .await
        }
    });
    tokio::task::spawn_blocking(move || has_begun.recv().unwrap()).await.unwrap();
    move_parcel(&db, "p1").await.unwrap();
    written.send(()).unwrap();
    assert_eq!(reader.await.unwrap().unwrap(), (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_unit_of_work_is_in_a_transaction() {
    on_every_database(|home| async move {
        let db = home.open(depot()).await;
        assert!(!kernel::db::in_transaction());
        assert!(db.write(|_| Ok::<_, Failure>(kernel::db::in_transaction())).await.unwrap());
        assert!(db.read(|_| Ok::<_, Failure>(kernel::db::in_transaction())).await.unwrap());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_modules_and_two_handles_do_not_disturb_each_other() {
    on_every_database(|home| async move {
        let depot = home.open(depot()).await;
        let again = home.open(crate::depot()).await;
        let office = home.open(schema("office")).await;
        let all = Arc::new([depot.clone(), again, office.clone()]);
        let units = (0..90).map(|n| {
            let all = Arc::clone(&all);
            async move { move_parcel(&all[n % 3], format!("p{n}")).await }
        });
        assert!(join_all(units).await.iter().all(Result::is_ok));
        assert_eq!(moves(&depot).await.len(), 60);
        assert_eq!(moves(&office).await.len(), 30);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn readiness_reads_and_writes() {
    on_every_database(|home| async move {
        let db = home.open(depot()).await;
        assert_eq!(db.ping().await, Ok(()));
    })
    .await;
}

/// Ends connections from outside, as a restart of the server does.
fn cut(url: &str, condition: &str) {
    let mut admin = PgConnection::establish(url).unwrap();
    let query = format!("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE {condition}");
    diesel::sql_query(query).execute(&mut admin).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_that_died_while_idle_are_replaced() {
    on_every_database(|home| async move {
        let db = home.open(depot()).await;
        join_all((0..8).map(|n| move_parcel(&db, format!("p{n}")))).await;
        if let Location::Postgres { url, namespace, .. } = home.location() {
            cut(&url, &format!("application_name = 'freestone {namespace}depot'"));
        }
        let results = join_all((8..16).map(|n| move_parcel(&db, format!("p{n}")))).await;
        assert!(results.iter().all(Result::is_ok), "{results:?}");
    })
    .await;
}

/// Moves a parcel in a unit whose connection is cut before the statement after `work`.
async fn move_and_cut(home: &TestHome, db: &Db, goes_on: bool) -> Result<(), Failure> {
    let Location::Postgres { url, .. } = home.location() else { unreachable!() };
    db.write(move |conn| {
        parcel_move(conn, "p1")?;
        let pid: i32 = diesel::select(sql::<Integer>("pg_backend_pid()")).get_result(conn)?;
        cut(&url, &format!("pid = {pid}"));
        if goes_on { Ok(parcel_move(conn, "p2")?) } else { Ok(()) }
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_cut_before_the_commit_is_known_to_have_done_nothing() {
    on_every_database(|home| async move {
        let db = home.open(depot()).await;
        if db.is_postgres() {
            let result = move_and_cut(&home, &db, true).await;
            assert!(
                matches!(result, Err(CallError::NotExecuted { reason: NotExecuted::Unreachable { .. }, .. })),
                "{result:?}"
            );
            assert!(moves(&db).await.is_empty());
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_without_an_answer_is_neither_done_nor_undone() {
    on_every_database(|home| async move {
        let db = home.open(depot()).await;
        if db.is_postgres() {
            let result = move_and_cut(&home, &db, false).await;
            assert!(matches!(result, Err(CallError::Unknown(_))), "{result:?}");
            move_parcel(&db, "p3").await.unwrap();
        }
    })
    .await;
}
