//! Events between two modules: the depot moves parcels, the office counts what it hears.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use kernel::CallError;
use kernel::Clock;
use kernel::db::Db;
use kernel::event::{Envelope, Event, Feed, FeedBatch, FeedCursor, FeedError};
use kernel::inbox::{self, HandlerError, ReplayRefused, Subscription};
use kernel::stop::{Stop, Stopper};
use kernel::testing::{Backend, TestHome, on_every_database};
use kernel::trace::TraceContext;
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

use crate::{Failure, ParcelMoved, depot, eventually, move_and_tell, moves, parcel_move, parcel_move_and_tell, schema};

const PATIENCE: Duration = Duration::from_secs(10);

/// The first `count` events. On PostgreSQL they may come late, while a transaction of any other test is open.
async fn events(db: &Db, count: usize) -> Vec<Envelope> {
    let mut events = Vec::new();
    let mut after = FeedCursor::default();
    while events.len() < count {
        let batch = db.feed().read(after, 50, PATIENCE).await.unwrap().events;
        after = batch.last().expect("all events come in the end").0;
        events.extend(batch.into_iter().map(|(_, event)| event));
    }
    events
}

/// The office's subscription: it counts moves in its own table. It can be broken, for one parcel.
fn counting(broken: &Arc<AtomicBool>) -> Subscription {
    let broken = Arc::clone(broken);
    Subscription::new("count", "depot").on::<ParcelMoved>(move |conn, _, moved| {
        parcel_move(conn, &moved.parcel)?;
        match moved.parcel.as_str() {
            "cursed" if broken.load(Ordering::SeqCst) => Err(HandlerError::new("it fell down")),
            "explosive" if broken.load(Ordering::SeqCst) => panic!("bang, as it should"),
            _ => Ok(()),
        }
    })
}

fn working() -> Subscription {
    counting(&Arc::default())
}

/// Starts a consumer of the depot's events in `office`.
fn start(office: &Db, subscription: Subscription, depot: &Db) -> (Stopper, tokio::task::JoinHandle<()>) {
    let (stopper, stop) = Stop::new();
    (stopper, tokio::spawn(inbox::consume(office.clone(), subscription, depot.feed(), stop)))
}

async fn depot_and_office(home: &TestHome) -> (Db, Db) {
    (home.open(depot()).await, home.open(schema("office")).await)
}

async fn eventually_counted(office: &Db, parcel: &str, count: i64) {
    eventually(&format!("{parcel} counted {count} times"), async || moves(office).await.get(parcel) == Some(&count))
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_is_told_only_with_its_change() {
    on_every_database(|home| async move {
        let db = home.open(depot()).await;
        move_and_tell(&db, "p1").await.unwrap();
        let undone: Result<(), Failure> = db
            .write(|conn| {
                parcel_move_and_tell(conn, "p2")?;
                Err(Failure::Internal("dropped".to_owned()))
            })
            .await;
        assert!(undone.is_err());
        move_and_tell(&db, "p3").await.unwrap();
        let told = events(&db, 2).await;
        let parcels: Vec<&str> = told.iter().map(|event| event.aggregate_id.as_str()).collect();
        assert_eq!(parcels, ["p1", "p3"]);
        assert_eq!(told[0].kind, "parcel.moved");
        assert_eq!(told[0].open::<ParcelMoved>().unwrap().parcel, "p1");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn events_of_one_thing_are_numbered_without_gaps() {
    on_every_database(|home| async move {
        let db = home.open(depot()).await;
        let results = join_all((0..30).map(|n| move_and_tell(&db, format!("p{}", n % 3)))).await;
        let told = events(&db, results.iter().filter(|result| result.is_ok()).count()).await;
        for parcel in ["p0", "p1", "p2"] {
            let versions: Vec<i64> =
                told.iter().filter(|event| event.aggregate_id == parcel).map(|event| event.aggregate_version).collect();
            assert_eq!(versions, (1..=i64::try_from(versions.len()).unwrap()).collect::<Vec<_>>(), "{parcel}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_beside_sixteen_writers_misses_nothing() {
    on_every_database(|home| async move {
        let db = home.open(depot()).await;
        let writers = (0..16).map(|writer| {
            let db = db.clone();
            tokio::spawn(async move {
                for n in 0..25 {
                    move_and_tell(&db, format!("p{writer}-{n}")).await.unwrap();
                }
            })
        });
        let writing = tokio::spawn(join_all(writers));
        let feed = db.feed();
        let (mut after, mut seen) = (FeedCursor::default(), Vec::new());
        while seen.len() < 400 {
            let batch = feed.read(after, 50, PATIENCE).await.unwrap().events;
            after = batch.last().expect("all events come").0;
            seen.extend(batch.into_iter().map(|(_, event)| event.id));
        }
        writing.await.unwrap();
        seen.sort();
        seen.dedup();
        assert_eq!(seen.len(), 400);
    })
    .await;
}

/// The one who began first writes second: ordering by transaction alone would turn its events around.
#[tokio::test(flavor = "multi_thread")]
async fn an_early_transaction_that_writes_late_does_not_turn_events_around() {
    on_every_database(|home| async move {
        let db = home.open(depot()).await;
        if !db.is_postgres() {
            return;
        }
        let (begun, has_begun) = std::sync::mpsc::channel();
        let (go_on, may_go_on) = std::sync::mpsc::channel();
        let early = tokio::spawn({
            let db = db.clone();
            async move {
                db.write(move |conn| {
                    // The first change gives the transaction its number.
                    parcel_move(conn, "another")?;
                    begun.send(()).unwrap();
                    may_go_on.recv().unwrap();
                    Ok::<_, Failure>(parcel_move_and_tell(conn, "p1")?)
                })
                .await
            }
        });
        tokio::task::spawn_blocking(move || has_begun.recv().unwrap()).await.unwrap();
        move_and_tell(&db, "p1").await.unwrap();
        go_on.send(()).unwrap();
        early.await.unwrap().unwrap();
        let versions: Vec<i64> = events(&db, 2).await.iter().map(|event| event.aggregate_version).collect();
        assert_eq!(versions, [1, 2]);
    })
    .await;
}

/// How long after `writer` told something a reader that waits at `db` has it.
async fn time_to_hear(db: &Db, writer: &Db) -> Duration {
    let feed = db.feed();
    let after = feed.newest().await.unwrap();
    let waiting = tokio::spawn(async move { feed.read(after, 50, PATIENCE).await });
    // Just after the second look at the idle table; the third would come a quarter of a second later.
    tokio::time::sleep(Duration::from_millis(520)).await;
    let told = Instant::now();
    move_and_tell(writer, "p1").await.unwrap();
    assert_eq!(waiting.await.unwrap().unwrap().events.len(), 1);
    told.elapsed()
}

#[tokio::test(flavor = "multi_thread")]
async fn who_waits_hears_of_another_process() {
    on_every_database(|home| async move {
        let (db, other_process) = (home.open(depot()).await, home.open(depot()).await);
        let time = time_to_hear(&db, &other_process).await;
        assert!(time < Duration::from_secs(3), "{time:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_waits_hears_of_the_own_process_at_once() {
    let home = TestHome::new(Backend::Sqlite);
    let db = home.open(depot()).await;
    let time = time_to_hear(&db, &db).await;
    assert!(time < Duration::from_millis(150), "{time:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn waiting_for_nothing_ends_in_time() {
    on_every_database(|home| async move {
        let db = home.open(depot()).await;
        let begun = Instant::now();
        let batch = db.feed().read(FeedCursor::default(), 50, Duration::from_millis(300)).await.unwrap();
        assert!(batch.events.is_empty());
        assert!((300..2_000).contains(&begun.elapsed().as_millis()), "{:?}", begun.elapsed());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_from_before_a_restore_starts_over() {
    on_every_database(|home| async move {
        let db = home.open(depot()).await;
        move_and_tell(&db, "p1").await.unwrap();
        let from_another_life = FeedCursor { txid: i64::MAX, seq: 1_000 };
        assert_eq!(db.feed().read(from_another_life, 50, PATIENCE).await.unwrap().events.len(), 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn events_are_applied_once_by_two_processes() {
    on_every_database(|home| async move {
        let (depot, office) = depot_and_office(&home).await;
        let other_process = home.open(schema("office")).await;
        let _first = start(&office, working(), &depot);
        let _second = start(&other_process, working(), &depot);
        for round in 0..40 {
            move_and_tell(&depot, format!("p{}", round % 10)).await.unwrap();
        }
        for n in 0..10 {
            eventually_counted(&office, &format!("p{n}"), 4).await;
        }
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert!(moves(&office).await.values().all(|count| *count == 4));
    })
    .await;
}

/// A feed that delivers everything again every time, as a broker may after it was restored.
struct Forgetful(Arc<dyn Feed>);

#[async_trait::async_trait]
impl Feed for Forgetful {
    async fn read(&self, _: FeedCursor, limit: u32, wait: Duration) -> Result<FeedBatch, FeedError> {
        self.0.read(FeedCursor::default(), limit, wait).await
    }

    async fn newest(&self) -> Result<FeedCursor, FeedError> {
        self.0.newest().await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_delivered_again_is_applied_once() {
    on_every_database(|home| async move {
        let (depot, office) = depot_and_office(&home).await;
        for parcel in ["p1", "p1", "p1"] {
            move_and_tell(&depot, parcel).await.unwrap();
        }
        let (_stopper, stop) = Stop::new();
        tokio::spawn(inbox::consume(office.clone(), working(), Arc::new(Forgetful(depot.feed())), stop));
        for parcel in ["p2", "p3"] {
            move_and_tell(&depot, parcel).await.unwrap();
            eventually_counted(&office, parcel, 1).await;
            assert_eq!(moves(&office).await["p1"], 3);
            office.tidy(Clock::system().now()).await.unwrap();
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_consumer_goes_on_where_it_stopped() {
    on_every_database(|home| async move {
        let (depot, office) = depot_and_office(&home).await;
        for n in 1..=3 {
            let (stopper, consuming) = start(&office, working(), &depot);
            move_and_tell(&depot, "p1").await.unwrap();
            eventually_counted(&office, "p1", n).await;
            stopper.stop();
            consuming.await.unwrap();
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failing_event_holds_up_only_its_own_aggregate() {
    on_every_database(|home| async move {
        let (depot, office) = depot_and_office(&home).await;
        let broken = Arc::new(AtomicBool::new(true));
        let _running = start(&office, counting(&broken), &depot);
        for parcel in ["cursed", "p1", "cursed", "explosive", "p2"] {
            move_and_tell(&depot, parcel).await.unwrap();
        }
        eventually_counted(&office, "p2", 1).await;
        eventually_counted(&office, "p1", 1).await;
        eventually("three events are parked", async || inbox::parked(&office).await.unwrap().len() == 3).await;
        assert_eq!(moves(&office).await.len(), 2, "what failing handlers did is undone");

        let parked = inbox::parked(&office).await.unwrap();
        let cursed: Vec<_> = parked.iter().filter(|parked| parked.event.aggregate_id == "cursed").collect();
        assert!(cursed[0].attempts >= 1 && cursed[0].last_error == "it fell down", "{cursed:?}");
        assert_eq!((cursed[1].attempts, cursed[1].event.aggregate_version), (0, 2));

        broken.store(false, Ordering::SeqCst);
        eventually_counted(&office, "cursed", 2).await;
        eventually_counted(&office, "explosive", 1).await;
        assert!(inbox::parked(&office).await.unwrap().is_empty());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_retries_or_discards_what_is_parked() {
    on_every_database(|home| async move {
        let (depot, office) = depot_and_office(&home).await;
        let broken = Arc::new(AtomicBool::new(true));
        let _running = start(&office, counting(&broken), &depot);
        for parcel in ["cursed", "cursed", "explosive"] {
            move_and_tell(&depot, parcel).await.unwrap();
        }
        eventually("all are parked", async || inbox::parked(&office).await.unwrap().len() == 3).await;
        let parked = inbox::parked(&office).await.unwrap();
        broken.store(false, Ordering::SeqCst);
        assert!(inbox::discard(&office, &parked[0].event.id).await.unwrap());
        assert!(inbox::retry(&office, &parked[2].event.id).await.unwrap());
        assert!(!inbox::retry(&office, "evt_unknown").await.unwrap());
        eventually_counted(&office, "cursed", 1).await;
        eventually_counted(&office, "explosive", 1).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replay_applies_everything_again() {
    on_every_database(|home| async move {
        let (depot, office) = depot_and_office(&home).await;
        let _running = start(&office, working(), &depot);
        for parcel in ["p1", "p1", "p2"] {
            move_and_tell(&depot, parcel).await.unwrap();
        }
        eventually_counted(&office, "p2", 1).await;
        inbox::replay(&office, "count").await.unwrap();
        eventually_counted(&office, "p1", 4).await;
        eventually_counted(&office, "p2", 2).await;
        office.tidy(Clock::system().now()).await.unwrap();
        move_and_tell(&depot, "p1").await.unwrap();
        eventually_counted(&office, "p1", 5).await;
    })
    .await;
}

/// A feed that holds back what it has read of parcel 2 until it may go on.
struct Held {
    feed: Arc<dyn Feed>,
    reached: Notify,
    go_on: Notify,
}

#[async_trait::async_trait]
impl Feed for Held {
    async fn read(&self, after: FeedCursor, limit: u32, wait: Duration) -> Result<FeedBatch, FeedError> {
        let batch = self.feed.read(after, limit, wait).await?;
        if after != FeedCursor::default() && batch.events.iter().any(|(_, event)| event.aggregate_id == "p2") {
            self.reached.notify_one();
            self.go_on.notified().await;
        }
        Ok(batch)
    }

    async fn newest(&self) -> Result<FeedCursor, FeedError> {
        self.feed.newest().await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replay_ordered_elsewhere_is_not_undone_by_a_batch_on_its_way() {
    on_every_database(|home| async move {
        let (depot, office) = depot_and_office(&home).await;
        let other_process = home.open(schema("office")).await;
        let feed = Arc::new(Held { feed: depot.feed(), reached: Notify::new(), go_on: Notify::new() });
        let (_stopper, stop) = Stop::new();
        tokio::spawn(inbox::consume(office.clone(), working(), Arc::clone(&feed) as Arc<dyn Feed>, stop));
        move_and_tell(&depot, "p1").await.unwrap();
        eventually_counted(&office, "p1", 1).await;
        move_and_tell(&depot, "p2").await.unwrap();
        feed.reached.notified().await;
        inbox::replay(&other_process, "count").await.unwrap();
        feed.go_on.notify_one();
        eventually_counted(&office, "p1", 2).await;
        eventually_counted(&office, "p2", 1).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_reaches_people_is_not_replayed() {
    on_every_database(|home| async move {
        let (depot, office) = depot_and_office(&home).await;
        let _running = start(&office, working().once(), &depot);
        move_and_tell(&depot, "p1").await.unwrap();
        eventually_counted(&office, "p1", 1).await;
        let refused = inbox::replay(&office, "count").await;
        assert!(matches!(refused, Err(CallError::Domain(ReplayRefused::Once))), "{refused:?}");
        let unknown = inbox::replay(&office, "nobody").await;
        assert!(matches!(unknown, Err(CallError::Domain(ReplayRefused::Unknown))), "{unknown:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_begins_from_now_on_hears_nothing_of_the_past() {
    on_every_database(|home| async move {
        let (depot, office) = depot_and_office(&home).await;
        move_and_tell(&depot, "p1").await.unwrap();
        events(&depot, 1).await;
        let _running = start(&office, working().from_now_on(), &depot);
        eventually("it hears what happens after it began", async || {
            move_and_tell(&depot, "p2").await.unwrap();
            moves(&office).await.contains_key("p2")
        })
        .await;
        assert!(!moves(&office).await.contains_key("p1"));
    })
    .await;
}

#[derive(Serialize, Deserialize)]
struct DoorOpened;

impl Event for DoorOpened {
    const KIND: &'static str = "door.opened";

    fn aggregate_id(&self) -> String {
        "door".to_owned()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn events_that_nobody_asked_for_cost_no_commit_each() {
    on_every_database(|home| async move {
        let (depot, office) = depot_and_office(&home).await;
        let _running = start(&office, working(), &depot);
        move_and_tell(&depot, "p1").await.unwrap();
        eventually_counted(&office, "p1", 1).await;
        let before = office.commits();
        for _ in 0..50 {
            let told =
                depot.write(|conn| Ok::<_, Failure>(kernel::outbox::publish(conn, TraceContext::new(), &DoorOpened)?));
            told.await.unwrap();
        }
        move_and_tell(&depot, "p2").await.unwrap();
        eventually_counted(&office, "p2", 1).await;
        assert!(office.commits() - before <= 3, "{} commits", office.commits() - before);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_events_are_told_at_once_each_in_its_place() {
    on_every_database(|home| async move {
        let db = home.open(depot()).await;
        move_and_tell(&db, "p7").await.unwrap();
        let name = |number: usize| format!("p{}", number % 400);
        let told = db.write(move |conn| {
            let moved: Vec<_> = (0..1_100).map(|number| ParcelMoved { parcel: name(number) }).collect();
            Ok::<_, Failure>(kernel::outbox::publish_all(conn, TraceContext::new(), &moved)?)
        });
        told.await.unwrap();
        let (mut versions, mut order) = (std::collections::HashMap::<String, i64>::new(), Vec::new());
        for event in events(&db, 1_101).await {
            let version = versions.entry(event.aggregate_id.clone()).or_default();
            *version += 1;
            assert_eq!(event.aggregate_version, *version, "{}", event.aggregate_id);
            order.push(event.aggregate_id);
        }
        assert_eq!((versions["p7"], versions["p399"], order.len()), (4, 2, 1_101));
        assert!(order[1..].iter().enumerate().all(|(number, parcel)| *parcel == name(number)), "in the order given");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn old_events_go_but_numbering_goes_on() {
    on_every_database(|home| async move {
        let db = home.open(depot()).await;
        for parcel in ["p1", "p1", "p2"] {
            move_and_tell(&db, parcel).await.unwrap();
        }
        db.tidy(Clock::system().now().plus(Duration::from_secs(31 * 24 * 3600))).await.unwrap();
        move_and_tell(&db, "p1").await.unwrap();
        let left: Vec<(String, i64)> =
            events(&db, 3).await.into_iter().map(|event| (event.aggregate_id, event.aggregate_version)).collect();
        assert_eq!(left, [("p1".to_owned(), 2), ("p2".to_owned(), 1), ("p1".to_owned(), 3)]);
    })
    .await;
}
