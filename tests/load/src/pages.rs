//! Pages for everybody: from memory against bare actix-web, and rendered anew.

use std::sync::Arc;

use crate::Options;
use crate::bare::{Process, free_address, own_process};
use crate::client::Client;
use crate::goods;
use crate::measure::{CONCURRENCY, Dice, Run, Visitor, closed_loop, median, open_loop};
use crate::report::{Report, Target};
use crate::shop::{Database, Shop};

/// Asks for the same page again and again, as cheaply as can be.
struct Reader {
    client: Client,
    request: Arc<str>,
}

impl Visitor for Reader {
    async fn once(&mut self) -> Result<(), String> {
        match self.client.get_unseen(&self.request).await? {
            200 => Ok(()),
            status => Err(format!("{}: {status}", self.request)),
        }
    }
}

fn request_for(address: &str, path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: {address}\r\n\r\n")
}

fn readers(address: &str, path: &str) -> Vec<Reader> {
    let request: Arc<str> = request_for(address, path).into();
    (0..CONCURRENCY).map(|_| Reader { client: Client::new(address), request: Arc::clone(&request) }).collect()
}

/// A cached product page against bare actix-web that sends the same bytes, in turns.
pub(crate) async fn measure_cached(options: &Options, database: &Database, report: &mut Report) -> Result<(), String> {
    let shop = Shop::open(database, &[]).await?;
    let path = format!("/p/{}", goods::slug(3));
    let page = Client::new(&shop.address).get(&path).await?.expect(200, &path)?.body;
    let file = tempfile::NamedTempFile::new().map_err(|error| error.to_string())?;
    std::fs::write(file.path(), &page).map_err(|error| error.to_string())?;
    let bare_address = free_address()?;
    let bare = Process::start(own_process("bare")?.arg(format!("{bare_address}={}", file.path().display())))?;
    wait_for(&bare_address).await?;

    let mut ours = readers(&shop.address, &path);
    let mut theirs = readers(&bare_address, "/");
    let (mut our_rates, mut their_rates, mut costs) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..6 {
        let run: Run;
        (run, theirs) = closed_loop(theirs, options.time(1.0)).await?;
        let theirs_per_second = run.per_second();
        let before = shop.own_cpu_ms();
        let run: Run;
        (run, ours) = closed_loop(ours, options.time(1.0)).await?;
        // The first round warms both up.
        if round > 0 {
            their_rates.push(theirs_per_second);
            our_rates.push(run.per_second());
            costs.push((shop.own_cpu_ms() - before) / run.count() as f64);
        }
    }
    let ratios = our_rates.iter().zip(&their_rates).map(|(ours, theirs)| ours / theirs).collect();
    report.figure("cached product page, of bare actix-web", "", Target::AtLeast(0.8), median(ratios));
    report.figure("cached product page, CPU", "ms", Target::AtMost(0.02), median(costs));
    report.figure("cached product page", "/s", Target::None, median(our_rates));
    report.figure("bare actix-web, same bytes", "/s", Target::None, median(their_rates));
    report.fact(&format!("bytes of a product page on {}", database.name()), page.len().to_string());
    drop(bare);
    shop.stop();
    Ok(())
}

pub(crate) async fn wait_for(address: &str) -> Result<(), String> {
    for _ in 0..500 {
        if tokio::net::TcpStream::connect(address).await.is_ok() {
            return Ok(());
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    Err(format!("nobody listens at {address}"))
}

/// Looks at one page of a kind after the other.
struct Wanderer {
    client: Client,
    dice: Dice,
    page: fn(usize) -> String,
    products: usize,
}

impl Visitor for Wanderer {
    async fn once(&mut self) -> Result<(), String> {
        let path = (self.page)(self.dice.below(self.products));
        match self.client.get_unseen(&request_for(self.client.address(), &path)).await? {
            200 => Ok(()),
            status => Err(format!("{path}: {status}")),
        }
    }
}

/// A kind of page: its name, where the one with a number is, and how much CPU time it may cost in milliseconds.
type Kind = (&'static str, fn(usize) -> String, f64);

const KINDS: [Kind; 4] = [
    ("category page", |number| format!("/c/category-{}", number % 24 + 1), 0.6),
    ("category page by price, page 2", |number| format!("/c/category-{}?sort=price&page=2", number % 24 + 1), 0.6),
    ("product page", |number| format!("/p/{}", goods::slug(number)), 0.6),
    ("search", |number| format!("/search?q={}", goods::search(number)), 0.5),
];

/// Pages that are rendered for each visitor, with the cache off.
pub(crate) async fn measure_rendered(
    options: &Options,
    database: &Database,
    report: &mut Report,
) -> Result<(), String> {
    let shop = Shop::open(database, &[("FREESTONE_PAGE_CACHE", "false")]).await?;
    for (name, page, cost) in KINDS {
        let wanderer = |number| Wanderer {
            client: Client::new(&shop.address),
            dice: Dice::new(number),
            page,
            products: options.products(),
        };
        let (_, wanderers) = closed_loop((0..CONCURRENCY).map(wanderer).collect(), options.time(0.7)).await?;
        let before = shop.cpu().await;
        let (run, wanderers) = closed_loop(wanderers, options.time(2.5)).await?;
        let cpu = shop.cpu().await.since(&before) / run.count() as f64;
        report.figure(&format!("{name}, CPU with database"), "ms", Target::AtMost(cost), cpu);
        report.figure(&format!("{name}, p50 of 16 at once"), "ms", Target::AtMost(5.0), run.percentile_ms(0.5));
        report.figure(&format!("{name}, rendered"), "/s", Target::None, run.per_second());
        let half = open_loop(wanderers, run.per_second() / 2.0, options.time(1.5)).await?;
        report.figure(&format!("{name}, p50 at half of that"), "ms", Target::None, half.percentile_ms(0.5));
        report.figure(&format!("{name}, p99 at half of that"), "ms", Target::None, half.percentile_ms(0.99));
    }
    shop.stop();
    Ok(())
}
