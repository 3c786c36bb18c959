//! Done once, however often it is asked for.

use futures_util::future::join_all;
use kernel::db::Db;
use kernel::testing::on_every_database;
use kernel::{CallError, NotExecuted};

use crate::{Failure, depot, move_parcel, moves, parcel_move};

/// Moves the parcel once per key and answers with a number that no second run would repeat.
async fn move_once(db: &Db, key: &str, parcel: &'static str) -> Result<String, Failure> {
    db.write_once(key.to_owned(), "move", parcel, move |conn| {
        parcel_move(conn, parcel)?;
        Ok(kernel::id::new_id("mov"))
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeat_gets_the_first_answer() {
    on_every_database(|home| async move {
        let db = home.open(depot()).await;
        let first = move_once(&db, "key1", "p1").await.unwrap();
        assert_eq!(move_once(&db, "key1", "p1").await.unwrap(), first);
        assert_eq!(moves(&db).await["p1"], 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_belongs_to_one_request() {
    on_every_database(|home| async move {
        let db = home.open(depot()).await;
        move_once(&db, "key1", "p1").await.unwrap();
        let other = move_once(&db, "key1", "p2").await;
        assert!(matches!(other, Err(CallError::NotExecuted { reason: NotExecuted::KeyReused, .. })), "{other:?}");
        assert!(!moves(&db).await.contains_key("p2"));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_twenty_at_the_same_time_one_is_done_and_all_are_answered() {
    on_every_database(|home| async move {
        let db = home.open(depot()).await;
        let answers = join_all((0..20).map(|_| move_once(&db, "key1", "p1"))).await;
        let first = answers[0].as_ref().unwrap();
        assert!(answers.iter().all(|answer| answer.as_ref().unwrap() == first));
        assert_eq!(moves(&db).await["p1"], 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_is_decided_anew() {
    on_every_database(|home| async move {
        let db = home.open(depot()).await;
        let refused: Result<(), Failure> =
            db.write_once("key1".to_owned(), "move", "p1", |_| Err(Failure::Internal("not today".to_owned()))).await;
        assert!(refused.is_err());
        move_once(&db, "key1", "p1").await.unwrap();
        assert_eq!(moves(&db).await["p1"], 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_forgotten_after_a_month() {
    on_every_database(|home| async move {
        let db = home.open(depot()).await;
        let first = move_once(&db, "key1", "p1").await.unwrap();
        let day = std::time::Duration::from_secs(24 * 3600);
        let now = kernel::Clock::system().now();
        db.tidy(now.plus(day * 29)).await.unwrap();
        assert_eq!(move_once(&db, "key1", "p1").await.unwrap(), first);
        db.tidy(now.plus(day * 31)).await.unwrap();
        assert_ne!(move_once(&db, "key1", "p1").await.unwrap(), first);
        move_parcel(&db, "p2").await.unwrap();
    })
    .await;
}
