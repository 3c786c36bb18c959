//! A campaign: people buy, things go wrong, the shop is left alone, the checker judges.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use checker::{Evidence, Fact, Run, Stage, Unfinished, judge, unfinished};
use tokio::sync::mpsc::unbounded_channel;
use tokio::time::sleep;

use crate::browser::Browser;
use crate::diary::{Counts, Diary};
use crate::goods;
use crate::options::Options;
use crate::profile::Profile;
use crate::proxy::Proxy;
use crate::report::{Report, percentile};
use crate::shop::{STAFF, Shop};
use crate::shoppers::Crowd;
use crate::staff::Clerk;
use crate::trouble::{self, Trouble};

/// The work on orders has to be at an end this long after the last process is back.
pub const TERMINAL_WITHIN: Duration = Duration::from_secs(10);
/// The same on a busy machine with a slow build; the figure is in the report.
const TERMINAL_WITHIN_IN_CI: Duration = Duration::from_secs(30);
/// Without faults people buy until everything has happened, and no longer than this.
const LONGEST_SALE: Duration = Duration::from_secs(60);
/// Anything else the shop does by itself, such as telling events, may take longer.
const QUIET_WITHIN: Duration = Duration::from_secs(60);

/// A shop with goods and staff, not yet open.
pub struct Prepared {
    /// The shop.
    pub shop: Arc<Shop>,
    /// For the checker.
    pub run: Run,
    /// Its clients write into it.
    pub diary: Diary,
}

/// Fills a shop with goods and staff.
///
/// # Errors
/// A command of the shop does not end well.
pub fn prepare(
    profile: Profile,
    options: &Options,
    proxy: Option<u16>,
    goods: Vec<checker::Goods>,
) -> Result<Prepared, String> {
    let shop = Shop::new(profile, options.postgres.as_deref(), proxy)?;
    let diary = Diary::new(shop.folder()).map_err(|error| error.to_string())?;
    shop.tell_well(&["product", "import", "-", "--quiet"], &goods::file(&goods))?;
    let create = ["user", "create", "--email", STAFF.0, "--name", "Grace", "--role", "owner"];
    // A busy machine may need longer for it than the shop waits, and then it may be done all the same.
    for _ in 0..5 {
        match shop.tell(&create, STAFF.1)? {
            (0, _) => break,
            (4, _) => {}
            (code, said) if said.contains("already") => {
                eprintln!("staff are there already ({code})");
                break;
            }
            (code, said) => return Err(format!("staff could not be made ({code}): {said}")),
        }
    }
    let run = shop.run(options.seed, goods);
    let text = serde_json::to_string_pretty(&run).map_err(|error| error.to_string())?;
    std::fs::write(shop.folder().join("run.json"), text).map_err(|error| error.to_string())?;
    Ok(Prepared { shop: Arc::new(shop), run, diary })
}

/// The host and port of a PostgreSQL URL.
fn server_of(url: &str) -> String {
    let place = url.split("://").nth(1).unwrap_or(url).split('/').next().unwrap_or_default();
    let place = place.rsplit('@').next().unwrap_or(place);
    if place.contains(':') { place.to_owned() } else { format!("{place}:5432") }
}

/// Runs one on `profile`.
///
/// # Errors
/// The shop cannot be run at all, so that nothing can be judged.
pub async fn run(profile: Profile, options: &Options) -> Result<Report, String> {
    let proxy = match (options.trouble, &options.postgres) {
        (Trouble::LostCommits, Some(url)) => Some(Proxy::start(server_of(url)).await?),
        _ => None,
    };
    let prepared = prepare(profile, options, proxy.as_ref().map(|proxy| proxy.port), goods::all())?;
    let result = sell_and_judge(profile, options, &prepared, proxy.as_ref()).await;
    let folder = prepared.shop.folder().to_owned();
    if options.keep || !result.as_ref().is_ok_and(Report::is_clean) {
        prepared.diary.close().map_err(|error| error.to_string())?;
        eprintln!("what happened is kept in {}", folder.display());
        std::mem::forget(Arc::clone(&prepared.shop));
        prepared.shop.kill_all();
    }
    result
}

/// Lets people buy in a prepared shop while things go wrong, leaves it alone, and judges.
///
/// # Errors
/// The shop cannot be run at all.
pub async fn sell_and_judge(
    profile: Profile,
    options: &Options,
    prepared: &Prepared,
    proxy: Option<&Proxy>,
) -> Result<Report, String> {
    let Prepared { shop, run, diary } = prepared;
    shop.open().await?;
    let client = Browser::client();
    let (errands, to_do) = unbounded_channel();
    let closing = Arc::new(AtomicBool::new(false));
    let mut clerk = Clerk::new(&client, &shop.url(), diary);
    clerk.offer_code().await.map_err(|gave_up| gave_up.0)?;
    let cards = clerk.give_cards().await.map_err(|gave_up| gave_up.0)?;
    let crowd = Crowd {
        base: shop.url(),
        client: client.clone(),
        diary: diary.clone(),
        cards: Arc::new(cards),
        goods: Arc::new(run.goods.clone()),
        errands,
        closing: Arc::clone(&closing),
        seed: options.seed,
    };
    let clerk = tokio::spawn(clerk.work(to_do));
    let count = options.shoppers.unwrap_or_else(|| profile.shoppers());
    let started = Instant::now();
    let people: Vec<_> = (0..).take(count).map(|place: u64| tokio::spawn(crowd.clone().come_and_go(place))).collect();
    drop(crowd);
    if options.kills == 0 {
        let least = if options.quick { Duration::from_secs(5) } else { Duration::from_secs(20) };
        // A busy machine takes longer until everything has happened that people do.
        while started.elapsed() < least || started.elapsed() < LONGEST_SALE && !everything_happened(diary) {
            sleep(Duration::from_millis(100)).await;
        }
    }
    let done = trouble::make(options, profile, shop, proxy).await;
    closing.store(true, Ordering::Relaxed);
    let done = done?;
    let mut failures = Vec::new();
    for person in people {
        if let Err(panic) = person.await {
            failures.push(format!("a shopper of the harness itself: {panic}"));
        }
    }
    let mut clerk = clerk.await.map_err(|error| error.to_string())?;
    let last_answer = Instant::now();
    let back = done.over.unwrap_or(last_answer).max(last_answer);
    let terminal = until(run, back + QUIET_WITHIN, |left| left.orders == 0).await?;
    let terminal_after = Instant::now().saturating_duration_since(back);
    let limit = if options.quick { TERMINAL_WITHIN_IN_CI } else { TERMINAL_WITHIN };
    if !terminal || terminal_after > limit {
        failures.push(format!("the work on orders ended {:.1} s after the last fault", terminal_after.as_secs_f64()));
    }
    let mut canceled = 0;
    for _ in 0..5 {
        let given_up = clerk.cancel_unpaid().await.map_err(|gave_up| gave_up.0)?;
        canceled += given_up;
        if given_up == 0 {
            break;
        }
    }
    // What is given back by hand cannot be before the shop has seen that it is to go back.
    let mut paid_out = 0;
    for _ in 0..5 {
        until(run, Instant::now() + QUIET_WITHIN, Unfinished::is_quiet).await?;
        let ended = clerk.pay_out().await.map_err(|gave_up| gave_up.0)?;
        paid_out += ended;
        if ended == 0 {
            break;
        }
    }
    if !until(run, Instant::now() + QUIET_WITHIN, |left| left.is_quiet() && left.unpaid == 0).await? {
        failures.push(format!("the shop is not quiet: {:?}", unfinished(run).map_err(|problem| problem.0)?));
    }
    let (code, said) = shop.tell(&["audit"], "")?;
    if code != 0 {
        failures.push(format!("freestone audit ended with {code}: {}", said.trim()));
    }
    let (facts, counts) = diary.close().map_err(|error| error.to_string())?;
    let figures = figures(&facts, &counts, &done, (started.elapsed(), terminal_after), (canceled, paid_out));
    let evidence = Evidence::of(run.clone(), facts).map_err(|problem| problem.0)?;
    Ok(Report {
        title: format!("{} profile, {:?}, seed {}", profile.name(), options.trouble, options.seed),
        figures,
        counts,
        errors: shop.errors(),
        verdict: judge(&evidence),
        failures,
    })
}

/// Whether there is enough of everything to plant violations in.
fn everything_happened(diary: &Diary) -> bool {
    let at_least = |least: usize, is_it: fn(&Stage) -> bool| diary.count(is_it) >= least;
    at_least(20, |stage| matches!(stage, Stage::Refunded { confirmed: true, .. }))
        && at_least(20, |stage| *stage == Stage::Canceled { confirmed: true })
        && at_least(10, |stage| *stage == Stage::MarkedPaid { confirmed: true })
        && at_least(10, |stage| *stage == Stage::Shipped { confirmed: true })
        && at_least(8, |stage| *stage == Stage::CardTaken)
        && at_least(30, |stage| matches!(stage, Stage::Decided { decision } if decision != "succeed"))
}

/// Waits until what is left passes, twice in a row, since it is not read at one moment; whether it did in time.
async fn until(run: &Run, deadline: Instant, is_it: impl Fn(&Unfinished) -> bool) -> Result<bool, String> {
    let mut times = 0;
    loop {
        times = if is_it(&unfinished(run).map_err(|problem| problem.0)?) { times + 1 } else { 0 };
        if times == 2 {
            return Ok(true);
        }
        if Instant::now() > deadline {
            return Ok(false);
        }
        sleep(Duration::from_millis(250)).await;
    }
}

fn figures(
    facts: &[Fact],
    counts: &Counts,
    done: &trouble::Done,
    (took, terminal): (Duration, Duration),
    (canceled, paid_out): (usize, usize),
) -> Vec<(String, String)> {
    let count = |is_it: &dyn Fn(&Stage) -> bool| facts.iter().filter(|fact| is_it(&fact.stage)).count();
    let figure = |name: &str, figure: String| (name.to_owned(), figure);
    let seconds = |time: Duration| format!("{:.2} s", time.as_secs_f64());
    vec![
        figure("faults", done.faults.to_string()),
        figure("took", seconds(took)),
        figure("purchases begun", count(&|stage| matches!(stage, Stage::Pressed { .. })).to_string()),
        figure(
            "orders shown as placed",
            count(&|stage| matches!(stage, Stage::Shown { said, .. } if said == "placed")).to_string(),
        ),
        figure(
            "paid at the provider",
            count(&|stage| matches!(stage, Stage::Decided { decision } if decision == "succeed")).to_string(),
        ),
        figure("refused", count(&|stage| matches!(stage, Stage::Refused { .. })).to_string()),
        figure("canceled", count(&|stage| *stage == Stage::Canceled { confirmed: true }).to_string()),
        figure("of these unpaid at the end", canceled.to_string()),
        figure("marked as paid", count(&|stage| matches!(stage, Stage::MarkedPaid { .. })).to_string()),
        figure("shipped", count(&|stage| matches!(stage, Stage::Shipped { .. })).to_string()),
        figure(
            "refunds asked for and confirmed",
            count(&|stage| matches!(stage, Stage::Refunded { confirmed: true, .. })).to_string(),
        ),
        figure("refunds paid out by hand", paid_out.to_string()),
        figure("work at an end after", seconds(terminal)),
        figure(
            "ready p50, p99",
            format!("{}, {}", seconds(percentile(&done.ready, 0.5)), seconds(percentile(&done.ready, 0.99))),
        ),
        figure("longest answer", seconds(counts.longest)),
    ]
}
