//! What the templates of the shop show: plain data, with every word and number already as a person reads it.
//!
//! A handler fills one page struct and renders one template with it. Types that several pages share come first.

use catalog_api::{Media, ProductCard};
use inventory_api::StockLevel;
use kernel::{Money, Timestamp};
use serde::Serialize;

use crate::papers::views::DocumentLink;
use crate::web::Form;

/// What every page of the shop has around its own part.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Shell {
    /// Name of the shop.
    pub shop_name: String,
    /// What the page is, for the title bar and search engines; the shop's name is added by the template.
    pub title: String,
    /// One sentence for search engines; empty for none.
    pub description: String,
    /// Path of the page, without parameters.
    pub path: String,
    /// The navigation.
    pub categories: Vec<CategoryLink>,
    /// What was searched for, for the field in the header.
    pub query: String,
    /// Units in the cart. None on pages that are the same for everybody: the number is filled in when they are sent.
    pub cart_count: Option<i64>,
    /// Token for the forms of the page; empty on pages that are the same for everybody.
    pub csrf: String,
    /// What the visitor has to know first: what the last step did, or what is wrong.
    pub notice: Option<Notice>,
    /// Whether payments only pretend: a ribbon says so.
    pub test_mode: bool,
    /// Whether tax is added to prices, which contain none.
    pub taxes_added: bool,
    /// Whether search engines leave the page out.
    pub noindex: bool,
    /// The one address of the page, absolute; empty for none.
    pub canonical: String,
}

/// A category in the navigation.
#[derive(Clone, Debug, Serialize)]
pub struct CategoryLink {
    /// Its name.
    pub name: String,
    /// `/c/kitchen`
    pub href: String,
    /// Products in it.
    pub count: i64,
    /// Whether the page belongs to it.
    pub current: bool,
}

impl CategoryLink {
    /// The navigation; `current` is the slug of the category that the page belongs to.
    pub fn all(categories: &[catalog_api::Category], current: Option<&str>) -> Vec<Self> {
        let link = |category: &catalog_api::Category| Self {
            name: category.name.clone(),
            href: format!("/c/{}", category.slug),
            count: category.product_count,
            current: current == Some(category.slug.as_str()),
        };
        categories.iter().filter(|category| category.product_count > 0).map(link).collect()
    }
}

/// A link.
#[derive(Clone, Debug, Serialize)]
pub struct Link {
    /// Its words.
    pub text: String,
    /// Where it leads.
    pub href: String,
}

impl Link {
    /// `text`, leading to `href`.
    pub fn new(text: impl Into<String>, href: impl Into<String>) -> Self {
        Self { text: text.into(), href: href.into() }
    }
}

/// How a message is meant; also its colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Tone {
    /// It worked, or all is well.
    Ok,
    /// Good to know.
    Info,
    /// Needs attention.
    Warn,
    /// Did not work, or is over.
    Bad,
    /// Neither.
    #[default]
    Plain,
}

/// A message above the page.
#[derive(Clone, Debug, Serialize)]
pub struct Notice {
    /// How it is meant.
    pub tone: Tone,
    /// What happened, in a few words.
    pub heading: String,
    /// Whether money moved, and what to do; empty for none.
    pub text: String,
    /// The next step.
    pub action: Option<Link>,
}

impl Notice {
    /// A message.
    pub fn new(tone: Tone, heading: impl Into<String>, text: impl Into<String>) -> Self {
        Self { tone, heading: heading.into(), text: text.into(), action: None }
    }

    /// With a next step.
    pub fn with(self, text: impl Into<String>, href: impl Into<String>) -> Self {
        Self { action: Some(Link::new(text, href)), ..self }
    }

    /// What to say when a payment failed; `failure` is `PaymentSession::failure` of billing.
    pub fn payment_failed(failure: &str) -> Self {
        let (tone, heading, text) = match failure {
            "declined" => (
                Tone::Bad,
                "Your bank declined the payment",
                "You have not been charged. Try again, or choose another way to pay. What you chose is kept for you.",
            ),
            "insufficient_funds" => (
                Tone::Bad,
                "The card does not have enough money available",
                "You have not been charged. Use another card, or choose another way to pay. What you chose is kept for you.",
            ),
            "expired_card" => (
                Tone::Bad,
                "The card has expired",
                "You have not been charged. Use another card, or choose another way to pay. What you chose is kept for you.",
            ),
            "wrong_security_code" => (
                Tone::Bad,
                "The security code of the card is wrong",
                "You have not been charged. Look at the back of your card and try again.",
            ),
            "authentication_failed" => (
                Tone::Bad,
                "Your bank could not confirm it was you",
                "You have not been charged. Try again with the same card, or choose another way to pay.",
            ),
            "canceled" => (
                Tone::Info,
                "You canceled the payment",
                "You have not been charged. Your order is as you left it: pay when you are ready.",
            ),
            "timed_out" | "expired" => (
                Tone::Bad,
                "The payment was not finished in time",
                "You have not been charged. Start the payment again when you are ready.",
            ),
            _ => (
                Tone::Bad,
                "The payment did not go through",
                "You have not been charged. Try again, or choose another way to pay. What you chose is kept for you.",
            ),
        };
        Self::new(tone, heading, text)
    }
}

/// A field of a form: what was typed, and what is wrong with it.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Field {
    /// As it was typed.
    pub value: String,
    /// What to do about it; empty when nothing is wrong.
    pub error: String,
}

impl Field {
    /// A field with this value and nothing wrong.
    pub fn new(value: impl Into<String>) -> Self {
        Self { value: value.into(), error: String::new() }
    }

    /// The field `name` of `form`.
    pub fn of(form: &Form, name: &str) -> Self {
        Self { value: form.raw(name).to_owned(), error: form.problem_of(name).unwrap_or_default().to_owned() }
    }
}

/// A field with a few values to choose from.
#[derive(Clone, Debug, Default, Serialize)]
pub struct SelectField {
    /// The values.
    pub choices: Vec<Choice>,
    /// What to do about it; empty when nothing is wrong.
    pub error: String,
}

impl SelectField {
    /// A field with these values and labels, of which `chosen` is chosen.
    pub fn new<'c>(choices: impl IntoIterator<Item = (&'c str, &'c str)>, chosen: &str) -> Self {
        let choice =
            |(value, label): (&str, &str)| Choice { value: value.into(), label: label.into(), chosen: value == chosen };
        Self { choices: choices.into_iter().map(choice).collect(), error: String::new() }
    }
}

/// A value to choose.
#[derive(Clone, Debug, Serialize)]
pub struct Choice {
    /// Sent with the form.
    pub value: String,
    /// As people read it.
    pub label: String,
    /// Whether it is chosen.
    pub chosen: bool,
}

/// An entry of the list of problems above a form; links to its field.
#[derive(Clone, Debug, Serialize)]
pub struct Problem {
    /// The id of the field, which is its name.
    pub field: String,
    /// What to do about it.
    pub text: String,
}

impl Problem {
    /// Everything wrong with `form`.
    pub fn all(form: &Form) -> Vec<Self> {
        form.problems().iter().map(|(field, text)| Self { field: field.clone(), text: text.clone() }).collect()
    }
}

/// An amount of money, in the parts that it is typeset from.
#[derive(Clone, Debug, Default, Serialize)]
pub struct MoneyView {
    /// `€`, or `CHF ` with its space.
    pub symbol: String,
    /// `1,204`, with a minus when negative.
    pub whole: String,
    /// `50`; empty for a currency without minor units.
    pub fraction: String,
    /// All of it: `€1,204.50`.
    pub text: String,
    /// Whether it is nothing.
    pub is_zero: bool,
}

impl From<Money> for MoneyView {
    fn from(money: Money) -> Self {
        let symbol = match money.currency.code() {
            "EUR" => "€".to_owned(),
            "GBP" => "£".to_owned(),
            "USD" => "$".to_owned(),
            "JPY" => "¥".to_owned(),
            // A no-break space keeps the code with its number.
            code => format!("{code}\u{a0}"),
        };
        let major = money.to_major();
        let (sign, digits) = major.strip_prefix('-').map_or(("", major.as_str()), |digits| ("−", digits));
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let whole = format!("{sign}{}", grouped(whole));
        let point = if fraction.is_empty() { "" } else { "." };
        let text = format!("{sign}{symbol}{}{point}{fraction}", whole.trim_start_matches('−'));
        Self { symbol, whole, fraction: fraction.to_owned(), text, is_zero: money.amount == 0 }
    }
}

/// `1204` as `1,204`.
fn grouped(digits: &str) -> String {
    let first = digits.len() % 3;
    let mut groups: Vec<&str> = if first == 0 { Vec::new() } else { vec![&digits[..first]] };
    groups.extend((first..digits.len()).step_by(3).map(|start| &digits[start..start + 3]));
    groups.join(",")
}

/// A number as people read it: `1,204`.
pub fn number(value: i64) -> String {
    let sign = if value < 0 { "−" } else { "" };
    format!("{sign}{}", grouped(&value.unsigned_abs().to_string()))
}

/// `1 product`, `132 products`.
pub fn counted(count: i64, one: &str, many: &str) -> String {
    format!("{} {}", number(count), if count == 1 { one } else { many })
}

/// The price of something that is sold.
#[derive(Clone, Debug, Default, Serialize)]
pub struct PriceView {
    /// What it costs.
    pub now: MoneyView,
    /// What it cost before.
    pub was: Option<MoneyView>,
    /// The lowest of the 30 days before, when it is reduced.
    pub lowest: Option<MoneyView>,
    /// Whether other variants cost more.
    pub from: bool,
    /// How much less than before, in percent; the badge says it.
    #[serde(skip)]
    pub percent_off: Option<i64>,
}

impl PriceView {
    /// A price, with the former one when that was higher, and with the lowest of the 30 days before: the percentage is
    /// that of the lowest, by directive 98/6/EC.
    pub fn new(now: Money, (was, lowest): (Option<Money>, Option<Money>), from: bool) -> Self {
        let was = was.filter(|was| was.amount > now.amount && was.currency == now.currency);
        let lowest = lowest.filter(|lowest| was.is_some() && lowest.currency == now.currency);
        let percent = |former: Money| {
            i64::try_from((i128::from(former.amount) - i128::from(now.amount)) * 100 / i128::from(former.amount.max(1)))
                .ok()
        };
        let percent_off = lowest.or(was).and_then(percent).filter(|percent| *percent > 0);
        Self { now: now.into(), was: was.map(Into::into), lowest: lowest.map(Into::into), from, percent_off }
    }
}

/// Whether something can be had, in words.
#[derive(Clone, Debug, Serialize)]
pub struct StockView {
    /// `Ok` in stock, `Warn` few left, `Plain` sold out, `Info` not there or not known now.
    pub tone: Tone,
    /// `In stock`, `3 left`, `Ships when back in stock`, `Sold out`.
    pub text: String,
    /// Whether at least one can be bought.
    pub can_buy: bool,
    /// Whether it leaves only when goods are back, so that nobody knows when it arrives.
    #[serde(skip)]
    pub waits: bool,
}

impl StockView {
    /// Fewer than this are counted out.
    const FEW: i64 = 5;

    /// Of one or several variants together; `None` when inventory does not answer. No level at all is sold out.
    pub fn of<'l>(levels: Option<impl IntoIterator<Item = &'l StockLevel>>) -> Self {
        let Some(levels) = levels else {
            return Self {
                tone: Tone::Info,
                text: "Availability confirmed at checkout".into(),
                can_buy: true,
                waits: false,
            };
        };
        let (mut left, mut endless, mut waits) = (0_i64, false, false);
        for level in levels {
            endless |= !level.track_inventory;
            waits |= level.backordered(1) > 0;
            left = left.saturating_add(level.available.max(0));
        }
        match left {
            _ if endless => Self { tone: Tone::Ok, text: "In stock".into(), can_buy: true, waits: false },
            0 if waits => {
                Self { tone: Tone::Info, text: "Ships when back in stock".into(), can_buy: true, waits: true }
            }
            0 => Self { tone: Tone::Plain, text: "Sold out".into(), can_buy: false, waits: false },
            few if few < Self::FEW => {
                Self { tone: Tone::Warn, text: format!("{few} left"), can_buy: true, waits: false }
            }
            _ => Self { tone: Tone::Ok, text: "In stock".into(), can_buy: true, waits: false },
        }
    }
}

/// A picture in its sizes or, when the shop has none, what stands in for it.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Picture {
    /// The largest JPEG; empty when the shop has no picture.
    pub src: String,
    /// JPEG files with their widths.
    pub jpeg: String,
    /// AVIF files with their widths.
    pub avif: String,
    /// What it shows, in words.
    pub alt: String,
    /// Of `src`, in pixels.
    pub width: i32,
    /// Of `src`, in pixels.
    pub height: i32,
    /// The main colour of its background, `#rrggbb`; empty when not known.
    pub tone: String,
    /// First letter of what it shows, for the panel that stands in.
    pub initial: String,
}

impl Picture {
    /// `media`, or a panel with the initial of `title`.
    pub fn of(media: Option<&Media>, title: &str) -> Self {
        let Some(media) = media else { return Self::missing(title) };
        let tone = media.tone.clone().filter(|tone| is_tone(tone)).unwrap_or_default();
        let picture = match Self::files(&media.source) {
            Some(stem) if media.width > 0 => Self::held(&stem, media.width, media.height, title),
            _ => Self::missing(title),
        };
        Self { alt: media.alt.clone(), tone, ..picture }
    }

    /// The picture that a line of a cart or an order names.
    pub fn of_source(source: Option<&str>, title: &str) -> Self {
        match source.and_then(Self::files) {
            Some(stem) => Self::held(&stem, 960, 1200, title),
            None => Self::missing(title),
        }
    }

    /// Pictures that the shop does not hold have a whole address; browsers are not sent there.
    fn files(source: &str) -> Option<String> {
        let stem = source.strip_suffix(".jpg")?;
        (!source.contains("://")).then(|| format!("/media/{stem}"))
    }

    /// Each picture is held at its full and at half its width.
    fn held(stem: &str, width: i32, height: i32, title: &str) -> Self {
        let half = width / 2;
        let set = |ending: &str| format!("{stem}-{half}.{ending} {half}w, {stem}-{width}.{ending} {width}w");
        let (jpeg, avif, src) = (set("jpg"), set("avif"), format!("{stem}-{width}.jpg"));
        Self { src, jpeg, avif, width, height, ..Self::missing(title) }
    }

    fn missing(title: &str) -> Self {
        let initial =
            title.chars().find(|c| c.is_alphanumeric()).map(|c| c.to_uppercase().collect()).unwrap_or_default();
        Self { initial, width: 960, height: 1200, ..Self::default() }
    }
}

/// Only a colour may get into the page as one.
fn is_tone(text: &str) -> bool {
    text.len() == 7 && text.starts_with('#') && text[1..].bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// A product in a list.
#[derive(Clone, Debug, Serialize)]
pub struct ProductTile {
    /// `/p/oak-board`
    pub href: String,
    /// Its name.
    pub title: String,
    /// The maker; empty when not known.
    pub vendor: String,
    /// Its picture.
    pub picture: Picture,
    /// What it costs.
    pub price: PriceView,
    /// Whether it can be had.
    pub stock: StockView,
    /// One mark on the picture: `−20 %`, `Last one`; empty for none.
    pub badge: String,
}

impl ProductTile {
    /// A product of a list with the stock of its variants.
    pub fn new(card: &ProductCard, stock: StockView) -> Self {
        let price = PriceView::new(card.price_from, (card.compare_at_price, card.lowest_before), card.price_varies);
        let badge = match price.percent_off {
            Some(percent) if stock.can_buy => format!("−{percent} %"),
            _ if stock.text == "1 left" => "Last one".to_owned(),
            _ => String::new(),
        };
        Self {
            href: format!("/p/{}", card.slug),
            title: card.title.clone(),
            vendor: card.vendor.clone().unwrap_or_default(),
            picture: Picture::of(card.media.as_ref(), &card.title),
            price,
            stock,
            badge,
        }
    }
}

/// Where a list is in its pages.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Pagination {
    /// `1–24 of 132`
    pub range: String,
    /// The page before.
    pub previous: Option<String>,
    /// The page after.
    pub next: Option<String>,
    /// Links to pages, with gaps.
    pub pages: Vec<PageLink>,
}

/// A link to a page of a list.
#[derive(Clone, Debug, Serialize)]
pub struct PageLink {
    /// Which; 0 stands for pages left out.
    pub number: u32,
    /// Its address.
    pub href: String,
    /// Whether it is the page shown.
    pub current: bool,
}

impl Pagination {
    /// Of a list of `total` items in pages of `per_page`; `href` gives the address of a page.
    pub fn new(total: i64, page: u32, per_page: u32, href: impl Fn(u32) -> String) -> Self {
        let last = Self::last_page(total, per_page);
        let first_item = i64::from(page - 1) * i64::from(per_page) + 1;
        let last_item = (first_item + i64::from(per_page) - 1).min(total);
        let mut pages = Vec::new();
        for number in (1..=last).filter(|number| [1, last].contains(number) || number.abs_diff(page) <= 1) {
            let before = pages.last().map_or(0, |link: &PageLink| link.number);
            if number > before + 1 {
                pages.push(PageLink { number: 0, href: String::new(), current: false });
            }
            pages.push(PageLink { number, href: href(number), current: number == page });
        }
        Self {
            range: format!("{}–{} of {}", number(first_item), number(last_item), number(total)),
            previous: (page > 1).then(|| href(page - 1)),
            next: (page < last).then(|| href(page + 1)),
            pages: if last > 1 { pages } else { Vec::new() },
        }
    }

    /// The number of the last page; an empty list has one page, too.
    pub fn last_page(total: i64, per_page: u32) -> u32 {
        let pages = (total.max(1) - 1) / i64::from(per_page.max(1)) + 1;
        u32::try_from(pages).unwrap_or(u32::MAX)
    }
}

/// From the day on which time began.
const WEEKDAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const DAY: std::time::Duration = std::time::Duration::from_secs(86_400);

fn month(number: u32) -> &'static str {
    usize::try_from(number).ok().and_then(|number| MONTHS.get(number.checked_sub(1)?)).copied().unwrap_or_default()
}

/// `Tue`; the first of January 1970 was a Thursday.
fn weekday(at: Timestamp) -> &'static str {
    let days = at.0.div_euclid(86_400_000_000).rem_euclid(7);
    usize::try_from(days).ok().and_then(|day| WEEKDAYS.get(day)).copied().unwrap_or_default()
}

/// `21 Nov 2026`
pub fn date(at: Timestamp) -> String {
    let (year, m, day, ..) = at.civil();
    format!("{day} {} {year}", month(m))
}

/// `21 Nov 2026, 10:42 UTC`
pub fn date_time(at: Timestamp) -> String {
    let (_, _, _, hour, minute, _) = at.civil();
    format!("{}, {hour:02}:{minute:02} UTC", date(at))
}

/// `10:42 UTC`
pub fn time_of_day(at: Timestamp) -> String {
    let (_, _, _, hour, minute, _) = at.civil();
    format!("{hour:02}:{minute:02} UTC")
}

/// When something arrives that takes from `min` to `max` working days: `Tue 24 – Wed 25 Nov`.
pub fn arrival(now: Timestamp, min: u32, max: u32) -> String {
    let (first, last) = (after_working_days(now, min), after_working_days(now, max.max(min)));
    let short = |at: Timestamp| format!("{} {}", weekday(at), at.civil().2);
    let with_month = |at: Timestamp| format!("{} {}", short(at), month(at.civil().1));
    match (first == last, first.civil().1 == last.civil().1) {
        (true, _) => with_month(first),
        (false, true) => format!("{} – {}", short(first), with_month(last)),
        (false, false) => format!("{} – {}", with_month(first), with_month(last)),
    }
}

fn after_working_days(from: Timestamp, days: u32) -> Timestamp {
    let (mut at, mut left) = (from, days);
    while left > 0 {
        at = at.plus(DAY);
        if !["Sat", "Sun"].contains(&weekday(at)) {
            left -= 1;
        }
    }
    at
}

/// Parts per million as people read them: `8.875 %`.
pub fn percent_of_ppm(ppm: u32) -> String {
    let number = format!("{}.{:04}", ppm / 10_000, ppm % 10_000);
    format!("{} %", number.trim_end_matches('0').trim_end_matches('.'))
}

/// The lines of an address as on a label.
pub fn address_lines(address: &kernel::Address) -> Vec<String> {
    let place = format!("{} {}", address.postcode, address.city);
    let lines = [Some(address.name.clone()), Some(address.line1.clone()), address.line2.clone(), Some(place)];
    let mut lines: Vec<String> = lines.into_iter().flatten().filter(|line| !line.is_empty()).collect();
    lines.push(country_name(address.country.code()).to_owned());
    lines
}

/// Countries by name, for fields that ask for one.
#[rustfmt::skip] // A long list reads best in few lines.
pub const COUNTRIES: &[(&str, &str)] = &[
    ("AD", "Andorra"), ("AU", "Australia"), ("AT", "Austria"), ("BE", "Belgium"), ("BG", "Bulgaria"), ("CA", "Canada"),
    ("HR", "Croatia"), ("CY", "Cyprus"), ("CZ", "Czechia"), ("DK", "Denmark"), ("EE", "Estonia"), ("FI", "Finland"),
    ("FR", "France"), ("DE", "Germany"), ("GR", "Greece"), ("HU", "Hungary"), ("IS", "Iceland"), ("IE", "Ireland"),
    ("IT", "Italy"), ("JP", "Japan"), ("LV", "Latvia"), ("LI", "Liechtenstein"), ("LT", "Lithuania"),
    ("LU", "Luxembourg"), ("MT", "Malta"), ("MC", "Monaco"), ("NL", "Netherlands"), ("NZ", "New Zealand"),
    ("NO", "Norway"), ("PL", "Poland"), ("PT", "Portugal"), ("RO", "Romania"), ("SM", "San Marino"),
    ("SK", "Slovakia"), ("SI", "Slovenia"), ("ES", "Spain"), ("SE", "Sweden"), ("CH", "Switzerland"),
    ("GB", "United Kingdom"), ("US", "United States"),
];

/// The name of a country; its code when it has none here.
pub fn country_name(code: &str) -> &str {
    COUNTRIES.iter().find(|(known, _)| *known == code).map_or(code, |(_, name)| name)
}

// ---- storefront/home.html ----

/// `/`
#[derive(Clone, Debug, Serialize)]
pub struct HomePage {
    /// Around the page.
    pub shell: Shell,
    /// The first thing seen. Without a picture it is set in type alone.
    pub hero: Hero,
    /// The breadth of the range; none when nothing is for sale.
    pub tiles: Vec<CategoryTile>,
    /// A row of products; left out when empty.
    pub row: ProductRow,
    /// A story; left out when there is none.
    pub editorial: Option<Editorial>,
}

/// The first thing seen.
#[derive(Clone, Debug, Serialize)]
pub struct Hero {
    /// 4:3; without `src` the hero is set in type.
    pub picture: Picture,
    /// A few words above.
    pub eyebrow: String,
    /// The headline.
    pub heading: String,
    /// One sentence.
    pub text: String,
    /// Where to go.
    pub action: Option<Link>,
}

/// A category as a picture.
#[derive(Clone, Debug, Serialize)]
pub struct CategoryTile {
    /// Its name.
    pub name: String,
    /// `/c/kitchen`
    pub href: String,
    /// `6 products`
    pub count: String,
    /// Of one of its products.
    pub picture: Picture,
}

/// A row of products.
#[derive(Clone, Debug, Default, Serialize)]
pub struct ProductRow {
    /// `New in`
    pub eyebrow: String,
    /// `Fresh on the shelf`
    pub heading: String,
    /// The products.
    pub items: Vec<ProductTile>,
}

/// A story with a picture.
#[derive(Clone, Debug, Serialize)]
pub struct Editorial {
    /// The picture.
    pub picture: Picture,
    /// Below it.
    pub caption: String,
    /// A few words above.
    pub eyebrow: String,
    /// The headline.
    pub heading: String,
    /// The text.
    pub paragraphs: Vec<String>,
    /// Where to go.
    pub action: Option<Link>,
}

// ---- storefront/listing.html ----

/// `/c/{slug}`
#[derive(Clone, Debug, Serialize)]
pub struct ListingPage {
    /// Around the page.
    pub shell: Shell,
    /// The way here, without the page itself.
    pub breadcrumb: Vec<Link>,
    /// The category.
    pub heading: String,
    /// Products in all pages together.
    pub total: i64,
    /// `132 products, newest first`
    pub summary: String,
    /// `sort`; its values are those of the address.
    pub sort: SelectField,
    /// The products of the page.
    pub items: Vec<ProductTile>,
    /// Where the page is among the others.
    pub pagination: Pagination,
}

// ---- storefront/search.html ----

/// `/search?q=`
#[derive(Clone, Debug, Serialize)]
pub struct SearchPage {
    /// Around the page; `shell.query` is what was searched for.
    pub shell: Shell,
    /// Whether the words were cut because they were too many.
    pub cut: bool,
    /// Products found.
    pub total: i64,
    /// `4 products match`
    pub summary: String,
    /// The products of the page.
    pub items: Vec<ProductTile>,
    /// Where the page is among the others.
    pub pagination: Pagination,
    /// A way on when nothing was found or searched for.
    pub suggestions: Vec<ProductTile>,
}

// ---- storefront/product.html ----

/// `/p/{slug}?variant=`
#[derive(Clone, Debug, Serialize)]
pub struct ProductPage {
    /// Around the page.
    pub shell: Shell,
    /// The way here, without the page itself.
    pub breadcrumb: Vec<Link>,
    /// Its name.
    pub heading: String,
    /// The maker; empty when not known.
    pub vendor: String,
    /// Pictures, the main one first; at least one, which may stand in for none.
    pub gallery: Vec<Picture>,
    /// What the chosen variant costs.
    pub price: PriceView,
    /// `VAT included`; empty for none.
    pub tax_note: String,
    /// What there is to choose; empty for a product with a single variant.
    pub options: Vec<OptionGroup>,
    /// The chosen variant.
    pub variant_id: String,
    /// The chosen option values: `Sand, 140 × 200`; empty for a single variant.
    pub variant_name: String,
    /// Stock keeping unit; empty for none.
    pub sku: String,
    /// Whether the chosen variant can be had.
    pub stock: StockView,
    /// Whether another variant can be had.
    pub others_in_stock: bool,
    /// The price shown, in minor units, sent back so that a changed price is noticed.
    pub expected_price: i64,
    /// The most that one order may take, at least 1.
    pub max_quantity: i64,
    /// How it gets there, what that costs, how it goes back.
    pub facts: Vec<Fact>,
    /// Sanitised HTML.
    pub description_html: String,
    /// What is known of it, row by row.
    pub specification: Vec<Row>,
    /// Others of its category.
    pub related: Vec<ProductTile>,
}

/// One thing to choose.
#[derive(Clone, Debug, Serialize)]
pub struct OptionGroup {
    /// `Size`
    pub name: String,
    /// The value chosen.
    pub chosen: String,
    /// In order.
    pub values: Vec<OptionValue>,
}

/// One value to choose. It is a link to the variant that differs from the chosen one in this value only or, where that
/// does not exist, to the nearest that does.
#[derive(Clone, Debug, Serialize)]
pub struct OptionValue {
    /// `Large`
    pub name: String,
    /// `/p/oak-board?variant=var_…`
    pub href: String,
    /// Whether it is the one chosen.
    pub chosen: bool,
    /// Whether that variant is sold out.
    pub sold_out: bool,
    /// What else changes when it is chosen: `in Walnut only`; empty when nothing does.
    pub note: String,
}

/// A fact about delivery or returns.
#[derive(Clone, Debug, Serialize)]
pub struct Fact {
    /// Name of an icon: `truck`, `return`, `lock`, `tax`.
    pub icon: String,
    /// `Arrives Tue 24 – Wed 25 Nov`
    pub text: String,
    /// `to Austria, €4.90, free from €120`; empty for none.
    pub detail: String,
}

/// A name and a value.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    /// `Maker`
    pub name: String,
    /// `Holm & Ader`
    pub value: String,
}

impl Row {
    /// A row.
    pub fn new(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self { name: name.into(), value: value.into() }
    }
}

// ---- storefront/cart.html ----

/// `/cart`
#[derive(Clone, Debug, Serialize)]
pub struct CartPage {
    /// Around the page.
    pub shell: Shell,
    /// What is in it; empty for an empty cart.
    pub lines: Vec<CartLineView>,
    /// `3 items`
    pub summary: String,
    /// What it costs.
    pub totals: Totals,
    /// `Estimated for delivery to Austria`; empty when the address is known.
    pub estimate_note: String,
    /// `Add €41.00 more for free delivery`, or that it is reached; empty where it is never free.
    pub free_delivery: String,
    /// The codes that were given.
    pub codes: Vec<CodeView>,
    /// Where another one is typed.
    pub code: Field,
    /// Whether every line can be bought as it is.
    pub can_check_out: bool,
    /// A way on from an empty cart.
    pub suggestions: Vec<ProductTile>,
}

/// A code that was given.
#[derive(Clone, Debug, Serialize)]
pub struct CodeView {
    /// `SPRING5`
    pub code: String,
    /// What it does, or why it does nothing.
    pub text: String,
    /// How good that is.
    pub tone: Tone,
}

/// A line of the cart.
#[derive(Clone, Debug, Serialize)]
pub struct CartLineView {
    /// `cln_…`
    pub id: String,
    /// Its product.
    pub href: String,
    /// The product's name.
    pub title: String,
    /// The chosen option values; empty for a single variant.
    pub options: String,
    /// Its picture.
    pub picture: Picture,
    /// For one.
    pub unit_price: MoneyView,
    /// How many.
    pub count: i64,
    /// The same, or what was typed when that is wrong.
    pub quantity: Field,
    /// The most that can be had.
    pub max_quantity: i64,
    /// For all.
    pub line_total: MoneyView,
    /// What came off it: `Spring sale −€0.50`.
    pub reductions: Vec<String>,
    /// Whether it counts towards the total.
    pub counts: bool,
    /// What changed since it was added; empty text for nothing.
    pub tone: Tone,
    /// `Now €64.00, was €59.00 when you added it.` Empty for nothing.
    pub message: String,
}

/// What is to be paid, part by part.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Totals {
    /// Lines together.
    pub subtotal: MoneyView,
    /// What comes off all of them: `Spring sale, code SPRING5` and `−€9.80`.
    pub reductions: Vec<TotalRow>,
    /// `Standard delivery`
    pub shipping_name: String,
    /// What it costs; none when it cannot be delivered or is not yet known.
    pub shipping: Option<MoneyView>,
    /// What to say when it is none.
    pub shipping_note: String,
    /// What comes off the delivery: `Free delivery week`; empty for nothing.
    pub shipping_reduction: String,
    /// `plus VAT (20 %)`: taxes on top of prices.
    pub taxes_added: Vec<TotalRow>,
    /// What is to be paid.
    pub total: MoneyView,
    /// `Gift card …7K3M` and `−€20.00`: what gift cards pay of the total.
    pub paid_by: Vec<TotalRow>,
    /// What is paid otherwise; shown when gift cards pay a part.
    pub due: MoneyView,
    /// `Left to pay`, or `Paid otherwise`.
    pub due_name: String,
    /// `of which VAT (20 %)`: taxes that the total contains.
    pub taxes_contained: Vec<TotalRow>,
}

/// A line among totals.
#[derive(Clone, Debug, Default, Serialize)]
pub struct TotalRow {
    /// What it is.
    pub name: String,
    /// How much.
    pub amount: MoneyView,
}

impl TotalRow {
    /// One.
    pub fn new(name: impl Into<String>, amount: impl Into<MoneyView>) -> Self {
        Self { name: name.into(), amount: amount.into() }
    }
}

// ---- storefront/checkout/*.html ----

/// What is bought, at the side of each step.
#[derive(Clone, Debug, Default, Serialize)]
pub struct OrderSummary {
    /// What is bought.
    pub lines: Vec<SummaryLine>,
    /// What it costs.
    pub totals: Totals,
}

/// A line of a summary.
#[derive(Clone, Debug, Serialize)]
pub struct SummaryLine {
    /// The product's name.
    pub title: String,
    /// The chosen option values; empty for a single variant.
    pub options: String,
    /// Its picture.
    pub picture: Picture,
    /// How many.
    pub quantity: i64,
    /// For all.
    pub line_total: MoneyView,
    /// What came off it: `Spring sale −€0.50`.
    pub reductions: Vec<String>,
}

/// `/checkout/contact`
#[derive(Clone, Debug, Serialize)]
pub struct ContactPage {
    /// Around the page.
    pub shell: Shell,
    /// What is wrong.
    pub problems: Vec<Problem>,
    /// `email`
    pub email: Field,
    /// `name`
    pub name: Field,
    /// `country`
    pub country: SelectField,
    /// `line1`
    pub line1: Field,
    /// `line2`
    pub line2: Field,
    /// `postcode`
    pub postcode: Field,
    /// `city`
    pub city: Field,
    /// `phone`
    pub phone: Field,
    /// What is bought.
    pub summary: OrderSummary,
}

/// `/checkout/delivery`
#[derive(Clone, Debug, Serialize)]
pub struct DeliveryPage {
    /// Around the page.
    pub shell: Shell,
    /// What is wrong.
    pub problems: Vec<Problem>,
    /// What earlier steps said.
    pub done: Vec<DoneStep>,
    /// `method`; empty when nothing can be delivered there.
    pub choices: Vec<DeliveryChoice>,
    /// `Norway`
    pub country: String,
    /// What is bought.
    pub summary: OrderSummary,
}

/// An earlier step, with a link to change it.
#[derive(Clone, Debug, Serialize)]
pub struct DoneStep {
    /// `Deliver to`
    pub name: String,
    /// What it said.
    pub lines: Vec<String>,
    /// Where to change it.
    pub href: String,
}

/// A way to deliver.
#[derive(Clone, Debug, Serialize)]
pub struct DeliveryChoice {
    /// Sent with the form.
    pub code: String,
    /// `Standard delivery`
    pub name: String,
    /// `Arrives Tue 24 – Wed 25 Nov`
    pub arrival: String,
    /// What it costs.
    pub price: MoneyView,
    /// `free from €120.00`; empty for none.
    pub note: String,
    /// Whether it is chosen.
    pub chosen: bool,
}

/// `/checkout/payment`
#[derive(Clone, Debug, Serialize)]
pub struct PaymentPage {
    /// Around the page; `shell.notice` says what changed or why a payment failed.
    pub shell: Shell,
    /// What is wrong.
    pub problems: Vec<Problem>,
    /// What earlier steps said.
    pub done: Vec<DoneStep>,
    /// `payment_method`; empty when there is no way to pay now, or nothing is left to pay.
    pub methods: Vec<MethodChoice>,
    /// Whether gift cards pay all of it.
    pub is_covered: bool,
    /// Gift cards that were entered. Their form posts `gift_card_id` to `/checkout/gift-cards/remove`.
    pub gift_cards: Vec<GiftCardView>,
    /// `gift_card`: a code, which its form posts to `/checkout/gift-cards`.
    pub gift_card: Field,
    /// Sent with the form: names the purchase.
    pub key: String,
    /// Sent with the form: the total shown, in minor units.
    pub expected_total: i64,
    /// Sent with the form: what each gift card pays, as shown.
    pub expected_gift_cards: String,
    /// Until when everything is held for this shopper: `14:32 UTC`; empty when it is not.
    pub held_until: String,
    /// What is bought.
    pub summary: OrderSummary,
}

/// A gift card that was entered.
#[derive(Clone, Debug, Serialize)]
pub struct GiftCardView {
    /// `gft_…`
    pub id: String,
    /// `Gift card …7K3M`
    pub name: String,
    /// `pays €20.00`
    pub text: String,
}

/// A way to pay.
#[derive(Clone, Debug, Serialize)]
pub struct MethodChoice {
    /// Sent with the form.
    pub code: String,
    /// `Bank transfer`
    pub title: String,
    /// What happens.
    pub description: String,
    /// Whether no real money moves.
    pub is_test: bool,
    /// Whether it is chosen.
    pub chosen: bool,
}

/// `/checkout/waiting/{secret}`
#[derive(Clone, Debug, Serialize)]
pub struct WaitingPage {
    /// Around the page.
    pub shell: Shell,
    /// Of the order.
    pub number: String,
    /// Where mail goes.
    pub email: String,
    /// Whether it takes longer than a minute.
    pub late: bool,
    /// After how many seconds the page asks again.
    pub refresh_seconds: u32,
    /// The order's page.
    pub order_href: String,
}

// ---- storefront/order.html ----

/// `/o/{secret}`
#[derive(Clone, Debug, Serialize)]
pub struct OrderPage {
    /// Around the page.
    pub shell: Shell,
    /// Shown to people.
    pub number: String,
    /// `21 Nov 2026`
    pub placed: String,
    /// In plain words: `On its way`.
    pub headline: String,
    /// One sentence: what happens next.
    pub lead: String,
    /// Where mail goes.
    pub email: String,
    /// How far it is; empty for an order that ended.
    pub progress: Vec<ProgressStep>,
    /// What was bought.
    pub lines: Vec<SummaryLine>,
    /// What it costs.
    pub totals: Totals,
    /// Parcels that were packed.
    pub parcels: Vec<ParcelView>,
    /// Where it goes.
    pub address: Vec<String>,
    /// How it is paid.
    pub payment: PaymentState,
    /// The invoice and its credit notes.
    pub documents: Vec<DocumentLink>,
    /// What went back or is about to.
    pub refunds: Vec<Row>,
    /// Goods that came back or are to.
    pub returns: Vec<ReturnView>,
    /// A form for sending something back, when that is possible.
    pub return_form: Option<ReturnForm>,
    /// A form for canceling, while that is possible.
    pub cancel: Option<CancelForm>,
    /// A form for another attempt to pay, when one can be made.
    pub retry: Option<RetryForm>,
    /// After how many seconds the page asks again, while something is on its way.
    pub refresh_seconds: Option<u32>,
}

/// How it is paid.
#[derive(Clone, Debug, Serialize)]
pub struct PaymentState {
    /// `Bank transfer`
    pub method: String,
    /// How it is meant.
    pub tone: Tone,
    /// `Waiting for your transfer`
    pub text: String,
    /// What the shopper has to do, outside the shop.
    pub instructions: Vec<Row>,
}

/// A form for canceling an order: posts `key` and `why` to `action`.
#[derive(Clone, Debug, Serialize)]
pub struct CancelForm {
    /// Where to post.
    pub action: String,
    /// Names it.
    pub key: String,
    /// Whether money goes back with it.
    pub pays_back: bool,
}

/// Goods that came back or are to.
#[derive(Clone, Debug, Serialize)]
pub struct ReturnView {
    /// `Return 1`
    pub name: String,
    /// What happens next.
    pub text: String,
    /// `2 × Oak board`
    pub lines: Vec<String>,
    /// What the shop said to it; empty for nothing.
    pub answer: String,
    /// Where to post that it does not come after all, while that is possible.
    pub cancel: Option<String>,
}

/// A form for sending something back: posts `key`, `why` and the fields of its lines to `action`.
#[derive(Clone, Debug, Serialize)]
pub struct ReturnForm {
    /// Where to post.
    pub action: String,
    /// Names this return.
    pub key: String,
    /// Why.
    pub reason: Field,
    /// What can come back.
    pub lines: Vec<ReturnLineField>,
}

/// How many of a line come back.
#[derive(Clone, Debug, Serialize)]
pub struct ReturnLineField {
    /// Of the field.
    pub name: String,
    /// The product's name.
    pub title: String,
    /// How many can.
    pub most: i64,
    /// How many do.
    pub quantity: Field,
}

/// A form for another attempt to pay: posts to `action`.
#[derive(Clone, Debug, Serialize)]
pub struct RetryForm {
    /// `/o/{secret}/pay`
    pub action: String,
    /// Names the attempt.
    pub key: String,
    /// `payment_method`
    pub methods: Vec<MethodChoice>,
}

/// A step of an order on its way.
#[derive(Clone, Debug, Serialize)]
pub struct ProgressStep {
    /// `Packed`
    pub name: String,
    /// When, or what is awaited; empty for nothing.
    pub text: String,
    /// How far.
    pub state: StepState,
}

/// How far a step is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum StepState {
    /// It is over.
    Done,
    /// It goes on now.
    Current,
    /// It comes later.
    Next,
}

/// A parcel as the shopper sees it.
#[derive(Clone, Debug, Serialize)]
pub struct ParcelView {
    /// `Parcel 1 of 2`
    pub name: String,
    /// `Sent on 24 Nov 2026`
    pub text: String,
    /// Who carries it; empty when not known.
    pub carrier: String,
    /// Given by the carrier; empty when not known.
    pub tracking_number: String,
    /// `1 × Linen sheet, sand`
    pub contents: Vec<String>,
}

// ---- storefront/unlock.html ----

/// `/o/{secret}` in a browser that the shop does not know for this order.
#[derive(Clone, Debug, Serialize)]
pub struct UnlockPage {
    /// Around the page.
    pub shell: Shell,
    /// What is wrong.
    pub problems: Vec<Problem>,
    /// Shown to people.
    pub number: String,
    /// `21 Nov 2026`
    pub placed: String,
    /// In plain words: `On its way`.
    pub headline: String,
    /// One sentence: what happens next.
    pub lead: String,
    /// How far it is; empty for an order that ended.
    pub progress: Vec<ProgressStep>,
    /// Parcels that were packed, without what is in them and how they are tracked.
    pub parcels: Vec<ParcelView>,
    /// Who ordered, with first letters only.
    pub masked: Vec<Row>,
    /// `/o/{secret}/unlock`
    pub action: String,
    /// `email`
    pub email: Field,
    /// `postcode`
    pub postcode: Field,
}

// ---- storefront/test_payment.html ----

/// `/pay/test/{token}`
#[derive(Clone, Debug, Serialize)]
pub struct TestPaymentPage {
    /// Name of the shop.
    pub shop_name: String,
    /// Where the form goes: the page itself.
    pub action: String,
    /// Of the order.
    pub number: String,
    /// To be paid.
    pub amount: MoneyView,
    /// Whether the shopper is now to confirm it with the bank.
    pub authenticating: bool,
    /// Whether there is money that the shopper's bank could take back.
    pub can_dispute: bool,
    /// Where to go when it was decided already; empty before.
    pub return_href: String,
}

// ---- storefront/card_payment.html ----

/// `/pay/card/{token}`
#[derive(Clone, Debug, Serialize)]
pub struct CardPaymentPage {
    /// Around the page.
    pub shell: Shell,
    /// Where the forms go: the page itself; `choice` is `hosted` or `leave`.
    pub action: String,
    /// Of the order.
    pub number: String,
    /// To be paid.
    pub amount: MoneyView,
    /// Whether the provider's fields can be here; else only the way to its own page.
    pub has_fields: bool,
    /// For the provider's script: whose shop it is.
    pub key: String,
    /// For the provider's script: which payment it is.
    pub secret: String,
    /// For the provider's script: where it sends the shopper back to.
    pub return_url: String,
    /// Lets the scripts of this answer run, and no others.
    pub nonce: String,
}

// ---- storefront/problem.html ----

/// What is shown in place of a page that cannot be.
#[derive(Clone, Debug, Serialize)]
pub struct ProblemPage {
    /// Around the page.
    pub shell: Shell,
    /// What happened.
    pub heading: String,
    /// What to do.
    pub text: String,
    /// What to search for instead, taken from the address; empty for no search field.
    pub search: String,
    /// Where to go on.
    pub actions: Vec<Link>,
    /// By which the log knows the request; empty where nobody needs it.
    pub reference: String,
}

#[cfg(test)]
mod tests {
    use kernel::Currency;

    use super::*;

    #[test]
    fn amounts_are_grouped_and_keep_their_sign() {
        let text = |amount| MoneyView::from(Money::new(amount, Currency::eur())).text;
        assert_eq!(text(7_900), "€79.00");
        assert_eq!(text(123_456_789), "€1,234,567.89");
        assert_eq!(text(-5), "−€0.05");
    }

    #[test]
    fn a_former_price_that_was_lower_is_not_shown() {
        let eur = |amount| Money::new(amount, Currency::eur());
        assert!(PriceView::new(eur(900), (Some(eur(900)), Some(eur(800))), false).lowest.is_none());
        assert_eq!(PriceView::new(eur(5_400), (Some(eur(6_900)), None), false).percent_off, Some(21));
        // Who was cheaper a week ago reduced nothing.
        let dearer = PriceView::new(eur(5_400), (Some(eur(6_900)), Some(eur(5_000))), false);
        assert_eq!((dearer.percent_off, dearer.lowest.map(|lowest| lowest.text)), (None, Some("€50.00".to_owned())));
        let reduced = PriceView::new(eur(5_400), (Some(eur(6_900)), Some(eur(6_000))), false);
        assert_eq!(reduced.percent_off, Some(10));
    }

    #[test]
    fn pages_are_linked_with_gaps() {
        let pages = |page| Pagination::new(240, page, 24, |page| page.to_string()).pages;
        let numbers = |page| pages(page).iter().map(|link| link.number).collect::<Vec<_>>();
        assert_eq!(numbers(1), [1, 2, 0, 10]);
        assert_eq!(numbers(5), [1, 0, 4, 5, 6, 0, 10]);
        assert_eq!(Pagination::new(240, 10, 24, |_| String::new()).range, "217–240 of 240");
        assert!(Pagination::new(0, 1, 24, |_| String::new()).pages.is_empty());
    }

    #[test]
    fn parcels_do_not_arrive_on_sundays() {
        // Saturday 21 November 2026, noon.
        let saturday = Timestamp(1_795_262_400_000_000);
        assert_eq!(date_time(saturday), "21 Nov 2026, 12:00 UTC");
        assert_eq!(arrival(saturday, 1, 2), "Mon 23 – Tue 24 Nov");
        assert_eq!(arrival(saturday, 5, 8), "Fri 27 Nov – Wed 2 Dec");
    }

    #[test]
    fn pictures_elsewhere_are_not_fetched() {
        assert_eq!(Picture::of_source(Some("https://example.org/a.jpg"), "oak board").src, "");
        assert_eq!(Picture::of_source(None, "oak board").initial, "O");
        let held = Picture::of_source(Some("demo/oak-board.jpg"), "Oak board");
        assert_eq!(held.jpeg, "/media/demo/oak-board-480.jpg 480w, /media/demo/oak-board-960.jpg 960w");
    }
}
