//! A whole purchase over the pages, as a shopper's browser makes it.

use crate::Options;
use crate::client::{Answer, Client, value_of};
use crate::goods;
use crate::measure::{CONCURRENCY, Dice, Run, Visitor, closed_loop};
use crate::report::{Report, Target};
use crate::shop::{Database, Shop};
use crate::store;

/// One shopper after another at the same till.
struct Shopper {
    client: Client,
    dice: Dice,
    products: usize,
}

impl Shopper {
    fn new(address: &str, number: usize, products: usize) -> Self {
        Self { client: Client::new(address), dice: Dice::new(1_000 + number), products }
    }

    async fn page(&mut self, path: &str) -> Result<String, String> {
        Ok(self.client.get(path).await?.expect(200, path)?.text())
    }

    /// Sends a form and goes where the shop says, as a browser does.
    async fn submit(&mut self, path: &str, fields: &[(&str, &str)]) -> Result<(String, String), String> {
        let answer: Answer = self.client.post(path, fields).await?.expect(303, path)?;
        let next = answer.location.ok_or_else(|| format!("{path} leads nowhere"))?;
        let page = self.page(&next).await?;
        Ok((next, page))
    }

    async fn put_into_cart(&mut self) -> Result<String, String> {
        let product = format!("/p/{}", goods::slug(self.dice.below(self.products)));
        let page = self.page(&product).await?;
        let variant = value_of(&page, "variant")?;
        let mut fields = vec![("variant", variant.as_str()), ("quantity", "1")];
        let price = value_of(&page, "expected_price");
        if let Ok(price) = &price {
            fields.push(("expected_price", price));
        }
        Ok(self.submit("/cart/lines", &fields).await?.1)
    }

    /// Two goods, contact, delivery, payment by bank transfer, confirmation.
    async fn buy(&mut self) -> Result<(), String> {
        self.client.forget();
        self.put_into_cart().await?;
        self.put_into_cart().await?;

        let contact = self.page("/checkout/contact").await?;
        let token = value_of(&contact, "csrf")?;
        let fields = [
            ("csrf", token.as_str()),
            ("email", "ada@example.org"),
            ("name", "Ada Lovelace"),
            ("country", "AT"),
            ("line1", "Ring 1"),
            ("line2", ""),
            ("postcode", "1010"),
            ("city", "Wien"),
            ("phone", ""),
        ];
        let (_, delivery) = self.submit("/checkout/contact", &fields).await?;
        let (token, method) = (value_of(&delivery, "csrf")?, value_of(&delivery, "method")?);
        let (_, payment) = self.submit("/checkout/delivery", &[("csrf", &token), ("method", &method)]).await?;
        let (token, key) = (value_of(&payment, "csrf")?, value_of(&payment, "key")?);
        let total = value_of(&payment, "expected_total")?;
        let fields = [
            ("csrf", token.as_str()),
            ("key", key.as_str()),
            ("expected_total", total.as_str()),
            ("payment_method", "bank_transfer"),
        ];
        let (order, _) = self.submit("/checkout/payment", &fields).await?;
        if order.contains("/o/") { Ok(()) } else { Err(format!("the purchase led to {order}")) }
    }
}

impl Visitor for Shopper {
    async fn once(&mut self) -> Result<(), String> {
        self.buy().await
    }
}

/// Looks at a cart with two lines.
struct CartReader(Shopper);

impl Visitor for CartReader {
    async fn once(&mut self) -> Result<(), String> {
        self.0.page("/cart").await.map(drop)
    }
}

/// Puts one more of the same into the cart, without looking at it.
struct CartFiller {
    shopper: Shopper,
    variant: String,
    times: u32,
}

impl Visitor for CartFiller {
    async fn once(&mut self) -> Result<(), String> {
        self.times += 1;
        // A cart holds at most so many of one thing.
        if self.times.is_multiple_of(500) {
            self.shopper.client.forget();
        }
        let fields = [("variant", self.variant.as_str()), ("quantity", "1")];
        self.shopper.client.post("/cart/lines", &fields).await?.expect(303, "/cart/lines").map(drop)
    }
}

struct Purchases {
    run: Run,
    cpu: f64,
    commits: f64,
}

async fn purchases(options: &Options, shop: &Shop<'_>) -> Result<Purchases, String> {
    let shoppers = (0..CONCURRENCY).map(|number| Shopper::new(&shop.address, number, options.products())).collect();
    let (_, shoppers) = closed_loop(shoppers, options.time(2.0)).await?;
    let (cpu, commits) = (shop.cpu().await, shop.commits().await?);
    let (run, _) = closed_loop(shoppers, options.time(8.0)).await?;
    let count = run.count() as f64;
    Ok(Purchases { cpu: shop.cpu().await.since(&cpu) / count, commits: (shop.commits().await? - commits) / count, run })
}

pub(crate) async fn measure(options: &Options, database: &Database, report: &mut Report) -> Result<(), String> {
    let shop = Shop::open(database, &[]).await?;
    if options.wants("checkout") {
        measure_cart(options, &shop, report).await?;
    }
    let together = purchases(options, &shop).await?;
    if options.wants("checkout") {
        report.figure("memory after the load", "MiB", Target::AtMost(128.0), shop.resident_mib());
    }
    shop.stop();
    if options.wants("checkout") {
        let can = store::commits_per_second(database.own().await, options.time(2.0)).await?;
        let per_second = together.run.per_second();
        let least = if database.name() == "SQLite" { Target::None } else { Target::AtLeast(300.0) };
        report.figure("whole checkout, CPU with database", "ms", Target::AtMost(5.0), together.cpu);
        report.figure(&format!("checkouts on {}", database.name()), "/s", least, per_second);
        report.figure("whole checkout, p50 of 16 at once", "ms", Target::None, together.run.percentile_ms(0.5));
        report.figure("whole checkout, p99 of 16 at once", "ms", Target::None, together.run.percentile_ms(0.99));
        report.figure("durable commits per checkout", "", Target::None, together.commits);
        report.figure("durable commits that the database can do", "/s", Target::None, can);
        report.figure(
            "checkouts, of what these commits allow",
            "",
            Target::AtLeast(0.5),
            per_second * together.commits / can,
        );
    }
    if options.wants("placement") {
        let split = Shop::open_split(database).await?;
        let apart = purchases(options, &split).await?;
        split.stop();
        let ratio = apart.run.percentile_ms(0.5) / together.run.percentile_ms(0.5);
        report.figure("checkout with inventory remote, of in-process", "", Target::AtMost(1.15), ratio);
        report.figure("checkout with inventory remote, CPU", "ms", Target::None, apart.cpu);
    }
    Ok(())
}

async fn measure_cart(options: &Options, shop: &Shop<'_>, report: &mut Report) -> Result<(), String> {
    let mut readers = Vec::new();
    let mut fillers = Vec::new();
    for number in 0..CONCURRENCY {
        let mut shopper = Shopper::new(&shop.address, 100 + number, options.products());
        shopper.put_into_cart().await?;
        shopper.put_into_cart().await?;
        readers.push(CartReader(shopper));
        let mut shopper = Shopper::new(&shop.address, 200 + number, options.products());
        let variant = value_of(&shopper.page(&format!("/p/{}", goods::slug(number))).await?, "variant")?;
        fillers.push(CartFiller { shopper, variant, times: 0 });
    }
    let before = shop.cpu().await;
    let (run, _) = closed_loop(readers, options.time(2.0)).await?;
    let cpu = shop.cpu().await.since(&before) / run.count() as f64;
    report.figure("cart page, CPU with database", "ms", Target::AtMost(1.0), cpu);
    let before = shop.cpu().await;
    let (run, _) = closed_loop(fillers, options.time(2.0)).await?;
    let cpu = shop.cpu().await.since(&before) / run.count() as f64;
    report.figure("add to cart, CPU with database", "ms", Target::AtMost(1.0), cpu);
    Ok(())
}
