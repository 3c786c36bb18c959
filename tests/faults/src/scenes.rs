//! What can be made to happen on purpose, rather than waited for.

use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use checker::{Evidence, Goods, Stage, judge, unfinished};
use futures_util::future::join_all;
use futures_util::{StreamExt as _, stream};
use tokio::sync::mpsc::unbounded_channel;
use tokio::time::sleep;

use crate::browser::{Browser, Page};
use crate::campaign::{Prepared, prepare};
use crate::options::Options;
use crate::profile::Profile;
use crate::report::percentile;
use crate::shoppers::{Act, Crowd, Led, Purchase};

/// How many people go through the shop at the same time before they press the button together.
const AT_ONCE: usize = 32;
/// Everybody is answered within this.
const ANSWERED_WITHIN: Duration = Duration::from_secs(30);

/// A crowd of nobody yet. Its shop is open.
async fn open(prepared: &Prepared, options: &Options) -> Result<Crowd, String> {
    prepared.shop.open().await?;
    Ok(crowd(prepared, options))
}

fn crowd(prepared: &Prepared, options: &Options) -> Crowd {
    Crowd {
        base: prepared.shop.url(),
        client: Browser::client(),
        diary: prepared.diary.clone(),
        goods: Arc::new(prepared.run.goods.clone()),
        cards: Arc::default(),
        errands: unbounded_channel().0,
        closing: Arc::new(AtomicBool::new(false)),
        seed: options.seed,
    }
}

/// Waits until the shop has nothing more to do; how long that took.
async fn quiet(prepared: &Prepared, within: Duration) -> Result<Option<Duration>, String> {
    let started = Instant::now();
    while started.elapsed() < within {
        if unfinished(&prepared.run).map_err(|problem| problem.0)?.is_quiet() {
            return Ok(Some(started.elapsed()));
        }
        sleep(Duration::from_millis(100)).await;
    }
    Ok(None)
}

fn judged(prepared: &Prepared) -> Result<checker::Verdict, String> {
    let (facts, _) = prepared.diary.close().map_err(|error| error.to_string())?;
    Ok(judge(&Evidence::of(prepared.run.clone(), facts).map_err(|problem| problem.0)?))
}

/// Few units, many buyers who press the button at the same moment.
///
/// # Errors
/// The shop cannot be run.
pub async fn flash_sale(profile: Profile, options: &Options) -> Result<(String, bool), String> {
    let (units, buyers) = if options.quick { (10, 100) } else { (100, 2_000) };
    let goods = vec![Goods { sku: "plenty-1".to_owned(), units }];
    let prepared = prepare(profile, options, None, goods)?;
    let crowd = open(&prepared, options).await?;
    let came = (0..buyers).map(|number| {
        let crowd = &crowd;
        async move {
            let who = format!("buyer{number}@example.com");
            let mut purchase = Purchase::of_one(crowd, &who, "plenty-1", Act::Transfer);
            let payment = purchase.choose().await;
            payment.map(|page| (purchase, page)).map_err(|gave_up| gave_up.0)
        }
    });
    let came: Vec<_> = stream::iter(came).buffer_unordered(AT_ONCE).collect().await;
    let came = came.into_iter().collect::<Result<Vec<_>, _>>()?;
    let told_before = came.iter().filter(|(_, page)| page.is_none()).count();
    let started = Instant::now();
    let presses = came.into_iter().filter_map(|(purchase, page)| Some((purchase, page?))).map(press_and_read);
    let mut times = Vec::new();
    let (mut placed, mut refused, mut unanswered) = (0, 0, 0);
    for (outcome, time) in join_all(presses).await {
        match outcome {
            Ok(true) => placed += 1,
            Ok(false) => refused += 1,
            Err(()) => {
                unanswered += 1;
                continue;
            }
        }
        times.push(time);
    }
    let took = started.elapsed();
    times.sort_unstable();
    let is_quiet = quiet(&prepared, Duration::from_secs(30)).await?.is_some();
    let verdict = judged(&prepared)?;
    let mut text = format!("flash sale on {}: {units} units, {buyers} buyers\n", profile.name());
    let _ = writeln!(text, "  placed {placed}, refused {refused}, told before {told_before}, unanswered {unanswered}");
    let _ = writeln!(
        text,
        "  answered p50 {:.2?}, p99 {:.2?}, all {took:.2?}",
        percentile(&times, 0.5),
        percentile(&times, 0.99)
    );
    let _ = write!(text, "{verdict}");
    let is_exact = i64::from(placed) == units && unanswered == 0 && took <= ANSWERED_WITHIN;
    Ok((text, is_exact && is_quiet && verdict.is_clean()))
}

/// Whether it was placed, and how long the answer took.
async fn press_and_read((mut purchase, page): (Purchase<'_>, Page)) -> (Result<bool, ()>, Duration) {
    let started = Instant::now();
    purchase.note_wanted();
    let outcome = match purchase.press(&page, "bank_transfer").await {
        Ok(Led::Order(order)) => {
            purchase.read(&order);
            Ok(true)
        }
        Ok(_) => Ok(false),
        Err(_) => Err(()),
    };
    (outcome, started.elapsed())
}

/// A hundred windows of one person press the button at the same moment.
///
/// # Errors
/// The shop cannot be run.
pub async fn one_key(profile: Profile, options: &Options) -> Result<(String, bool), String> {
    let goods = vec![Goods { sku: "plenty-1".to_owned(), units: 1_000 }];
    let prepared = prepare(profile, options, None, goods)?;
    let crowd = open(&prepared, options).await?;
    let mut person = Purchase::of_one(&crowd, "buyer1@example.com", "plenty-1", Act::Transfer);
    let page = person.choose().await.map_err(|gave_up| gave_up.0)?.ok_or("there is nothing to buy")?;
    let presses = (0..100).map(|_| {
        let mut window = person.in_another_window();
        let page = &page;
        async move {
            match window.press(page, "bank_transfer").await {
                Ok(Led::Order(order)) => order.path,
                Ok(_) => "refused".to_owned(),
                Err(gave_up) => gave_up.0,
            }
        }
    });
    person.note_wanted();
    let mut led: Vec<String> = join_all(presses).await;
    led.sort();
    led.dedup();
    let is_quiet = quiet(&prepared, Duration::from_secs(30)).await?.is_some();
    let verdict = judged(&prepared)?;
    let is_one = matches!(led.as_slice(), [one] if one.starts_with("/o/"));
    let text = format!("a hundred presses of one button on {}: they led to {led:?}\n{verdict}", profile.name());
    Ok((text, is_one && is_quiet && verdict.is_clean()))
}

/// The steps of a purchase outside of orders, from when its cart is held, and how one is made to take it.
const STEPS: &[(&str, &str, Act)] = &[
    ("inventory", "hold", Act::Transfer),
    ("inventory", "reserve", Act::Transfer),
    ("billing", "start_payment", Act::Transfer),
    ("inventory", "allocate", Act::Transfer),
    ("billing", "start_payment", Act::Pay(&["succeed"])),
    ("billing", "end_payment", Act::Pay(&["succeed"])),
    ("inventory", "allocate", Act::Pay(&["succeed"])),
];

/// The process ends once at every moment of every step: before it is asked for, before and after what it writes is
/// committed, after the answer, and around what orders writes itself.
fn moments() -> Vec<(String, Act)> {
    let mut moments = Vec::new();
    for (module, step, act) in STEPS {
        let asked = format!("before_send/{module}.{step}");
        moments.push((asked.clone(), *act));
        // A settlement without news writes nothing; what is not reached is told apart.
        for place in ["begin", "before_commit", "after_commit"] {
            moments.push((format!("{asked} > {place}/{module}"), *act));
        }
        moments.push((format!("after_answer/{module}.{step}"), *act));
    }
    for act in [Act::Transfer, Act::Pay(&["succeed"])] {
        for nth in 1..=2 {
            for place in ["begin", "before_commit", "after_commit"] {
                moments.push((format!("before_send/orders.place_order > {place}/orders#{nth}"), act));
            }
        }
    }
    for place in ["begin", "before_commit", "after_commit"] {
        moments.push((format!("before_send/orders.advance_order > {place}/orders#2"), Act::Pay(&["succeed"])));
    }
    moments
}

/// How many uses of a database are made to fail, one after the other, from the press of the button on.
const OPERATIONS: u32 = 60;

/// Ends the process at every moment of every step, and lets every single use of a database fail.
///
/// # Errors
/// The shop cannot be run.
pub async fn directed(profile: Profile, options: &Options) -> Result<(String, bool), String> {
    if profile == Profile::Split {
        return Err("one process is needed, so that each moment follows the one before".to_owned());
    }
    let goods = vec![Goods { sku: "plenty-1".to_owned(), units: 1_000 }];
    let prepared = prepare(profile, options, None, goods)?;
    prepared.shop.open().await?;
    let (mut text, mut hit, mut missed) = (format!("directed faults on {}\n", profile.name()), 0, Vec::new());
    let mut longest = Duration::ZERO;
    let endings = moments().into_iter().map(|(plan, act)| (format!("{plan} = abort"), act));
    let failures =
        ["before_send/orders.place_order", "before_send/orders.advance_order"].into_iter().flat_map(|first| {
            let act = if first.ends_with("place_order") { Act::Transfer } else { Act::Pay(&["succeed"]) };
            (1..=OPERATIONS).map(move |nth| (format!("{first} > operation/*#{nth} = fail"), act))
        });
    let lost =
        (1..=12).map(|nth| (format!("before_send/orders.place_order > after_commit/*#{nth} = fail"), Act::Transfer));
    let mut over = String::new();
    let plans: Vec<_> = endings.chain(lost).chain(failures).collect();
    let stride = if options.quick { 4 } else { 1 };
    for (number, (plan, act)) in plans.into_iter().enumerate().step_by(stride) {
        // Of a row of operations, those after the first that is not reached are not either.
        let row = plan.split('#').next().unwrap_or_default().to_owned();
        if plan.contains("operation/") && over == row {
            continue;
        }
        let before = prepared.shop.log("shop").matches("fail point:").count();
        prepared.shop.kill("shop");
        prepared.shop.set("FAIL_POINT", &plan);
        prepared.shop.start("shop")?;
        prepared.shop.ready("shop").await?;
        let crowd = crowd(&prepared, options);
        let who = format!("buyer{number}@example.com");
        let buyer = async {
            let mut purchase = Purchase::of_one(&crowd, &who, "plenty-1", act);
            if let Err(gave_up) = purchase.act().await {
                crowd.diary.fact(&who, Stage::Unanswered { request: format!("{plan}: {}", gave_up.0) });
            }
        };
        // Whoever ended is started again, without a plan.
        let mender = async {
            loop {
                sleep(Duration::from_millis(20)).await;
                if prepared.shop.has_ended("shop") {
                    prepared.shop.set("FAIL_POINT", "");
                    return prepared.shop.start("shop");
                }
            }
        };
        tokio::select! {
            () = buyer => {}
            mended = async { mender.await?; std::future::pending::<Result<(), String>>().await } => mended?,
        }
        if prepared.shop.has_ended("shop") {
            prepared.shop.set("FAIL_POINT", "");
            prepared.shop.start("shop")?;
        }
        prepared.shop.ready("shop").await?;
        let is_hit = prepared.shop.log("shop").matches("fail point:").count() > before;
        hit += usize::from(is_hit);
        if hit == 0 && missed.len() > 2 {
            return Err("the places where it can be ended are in builds with debug assertions only".to_owned());
        }
        if !is_hit {
            if plan.contains("operation/") {
                let _ = writeln!(text, "  {row}: a whole purchase passes untouched");
                over = row;
            } else {
                missed.push(plan.clone());
            }
        }
        match quiet(&prepared, Duration::from_secs(30)).await? {
            Some(took) => longest = longest.max(took),
            None => {
                let _ = writeln!(text, "  NOT QUIET after {plan}");
            }
        }
    }
    let verdict = judged(&prepared)?;
    let _ = writeln!(text, "  {hit} faults, each judged; the work was at an end within {longest:.1?}");
    let _ = writeln!(text, "  not reached: {missed:?}");
    let _ = write!(text, "{verdict}");
    let is_clean = verdict.is_clean() && !text.contains("NOT QUIET");
    if options.keep || !is_clean {
        eprintln!("what happened is kept in {}", prepared.shop.folder().display());
        prepared.shop.kill_all();
        std::mem::forget(Arc::clone(&prepared.shop));
    }
    Ok((text, is_clean))
}
