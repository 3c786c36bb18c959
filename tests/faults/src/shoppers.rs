//! Who comes to buy, and what they do.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use checker::{Goods, Stage};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{Rng as _, SeedableRng as _};
use reqwest::Client;
use tokio::sync::mpsc::UnboundedSender;
use tokio::time::sleep;

use crate::browser::{Browser, GaveUp, Page};
use crate::diary::Diary;
use crate::goods::CODE;
use crate::html::Form;
use crate::staff::{Errand, Task};

const THANKS: &str = "Thank you, your order is placed";
const BANK: &str = "bank_transfer";
const TEST: &str = "test";

/// What people come to do, and how many of a hundred. To add an act, add a line, and say in [`Purchase::act`] what it is.
const ACTS: &[(u32, Act)] = &[
    (34, Act::Transfer),
    (28, Act::Pay(&["succeed"])),
    (7, Act::Pay(&["authenticate", "succeed"])),
    (8, Act::Pay(&["decline", "succeed"])),
    (4, Act::Pay(&["cancel"])),
    (5, Act::DeclineThenTransfer),
    (6, Act::Abandon),
    (8, Act::PressTwice),
];

/// What staff do afterwards with an order that is placed, and how many of a hundred.
const AFTERWARDS: &[(u32, &[Task])] = &[
    (6, &[Task::Cancel]),
    (8, &[Task::MarkPaid]),
    (8, &[Task::Ship]),
    (6, &[Task::Refund(30), Task::Refund(100)]),
    (4, &[Task::Refund(50), Task::Cancel]),
    (3, &[Task::MarkPaid, Task::Cancel]),
    (2, &[Task::MarkPaid, Task::Refund(40)]),
    (2, &[Task::MarkPaid, Task::Refund(40), Task::Cancel]),
    (3, &[Task::MarkPaid, Task::Ship, Task::Refund(100)]),
    (3, &[Task::Credit(40), Task::Refund(100)]),
    (2, &[Task::Credit(50), Task::Cancel]),
];

/// Of a hundred whose order is placed, who cancel it themselves, maybe while staff look after it.
const REGRETS: u32 = 5;

/// Of a hundred shoppers, who put several things into the cart.
const SEVERAL_LINES: u32 = 10;
/// Of a hundred, who want something that runs out.
const SCARCE: u32 = 25;

/// Of a hundred, who know the code.
const WITH_CODE: u32 = 15;

/// Of a hundred, who have a gift card.
const WITH_CARD: u32 = 5;

/// How somebody pays.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Act {
    /// By bank transfer.
    Transfer,
    /// At the test provider, with these decisions; after one that failed comes another try.
    Pay(&'static [&'static str]),
    /// Declined at the provider, then by bank transfer.
    DeclineThenTransfer,
    /// Goes away at the provider.
    Abandon,
    /// By bank transfer, from two windows at the same moment.
    PressTwice,
}

/// What all shoppers of a run share.
#[derive(Clone)]
pub struct Crowd {
    /// Of the shop.
    pub base: String,
    /// The connections.
    pub client: Client,
    /// What everybody writes into.
    pub diary: Diary,
    /// What there is.
    pub goods: Arc<Vec<Goods>>,
    /// Codes of gift cards that people share.
    pub cards: Arc<Vec<String>>,
    /// What the staff shall do.
    pub errands: UnboundedSender<Errand>,
    /// Nobody begins to buy any more.
    pub closing: Arc<AtomicBool>,
    /// The run's.
    pub seed: u64,
}

impl Crowd {
    /// One shopper after another, until the shop closes.
    pub async fn come_and_go(self, place: u64) {
        let mut dice = StdRng::seed_from_u64(self.seed.wrapping_mul(1_000_003).wrapping_add(place));
        let mut number = 0_u64;
        while !self.closing.load(Ordering::Relaxed) {
            number += 1;
            let who = format!("buyer{place}.{number}@example.com");
            let mut purchase = Purchase::new(&self, &who, &mut dice);
            if let Err(GaveUp(request)) = purchase.act().await {
                self.diary.fact(&who, Stage::Unanswered { request });
            }
            sleep(Duration::from_millis(dice.random_range(0..80))).await;
        }
    }
}

/// One of `of`, by their shares of a hundred; what is left of the hundred is nothing.
fn drawn<T: Copy>(of: &[(u32, T)], dice: &mut StdRng) -> Option<T> {
    let mut left = dice.random_range(0..100);
    for (share, what) in of {
        if left < *share {
            return Some(*what);
        }
        left -= share;
    }
    None
}

/// The form of an order's page that pays it.
fn pay_form(order: &Page) -> Option<Form> {
    order.forms(|action| action.starts_with("/o/") && action.ends_with("/pay")).into_iter().next()
}

/// One person who buys once.
pub(crate) struct Purchase<'c> {
    crowd: &'c Crowd,
    browser: Browser,
    act: Act,
    afterwards: Option<&'static [Task]>,
    regrets: bool,
    knows_code: bool,
    /// The code of a gift card.
    card: Option<String>,
    wanted: Vec<String>,
    quantity: i64,
}

/// Where a press of the button led.
pub(crate) enum Led {
    /// The order's page.
    Order(Page),
    /// The page of the provider.
    Provider(Page),
    /// The shop refused, and said why.
    Refused,
}

impl<'c> Purchase<'c> {
    fn new(crowd: &'c Crowd, who: &str, dice: &mut StdRng) -> Self {
        let (plenty, scarce): (Vec<&Goods>, Vec<&Goods>) =
            crowd.goods.iter().partition(|goods| goods.sku.starts_with("plenty"));
        let lines = if dice.random_range(0..100) < SEVERAL_LINES { dice.random_range(2..=4) } else { 1 };
        let mut wanted: Vec<String> = plenty.choose_multiple(dice, lines).map(|goods| goods.sku.clone()).collect();
        if dice.random_range(0..100) < SCARCE
            && let Some(goods) = scarce.choose(dice)
        {
            wanted[0].clone_from(&goods.sku);
        }
        Self {
            crowd,
            browser: Browser::new(&crowd.client, &crowd.base, who, &crowd.diary),
            act: drawn(ACTS, dice).unwrap_or(Act::Transfer),
            afterwards: drawn(AFTERWARDS, dice),
            regrets: dice.random_range(0..100) < REGRETS,
            knows_code: dice.random_range(0..100) < WITH_CODE,
            card: crowd.cards.choose(dice).filter(|_| dice.random_range(0..100) < WITH_CARD).cloned(),
            wanted,
            quantity: dice.random_range(1..=3),
        }
    }

    /// One unit of one thing.
    pub(crate) fn of_one(crowd: &'c Crowd, who: &str, sku: &str, act: Act) -> Self {
        let browser = Browser::new(&crowd.client, &crowd.base, who, &crowd.diary);
        let (afterwards, regrets, knows_code) = (None, false, false);
        let (card, wanted) = (None, vec![sku.to_owned()]);
        Self { crowd, browser, act, afterwards, regrets, knows_code, card, wanted, quantity: 1 }
    }

    /// The same person in another window.
    pub(crate) fn in_another_window(&self) -> Self {
        let (browser, card, wanted) = (self.browser.clone(), self.card.clone(), self.wanted.clone());
        Self { browser, card, wanted, ..*self }
    }

    fn note(&self, stage: Stage) {
        self.crowd.diary.fact(self.browser.who(), stage);
    }

    /// Comes, buys and goes.
    ///
    /// # Errors
    /// Nobody answers.
    pub(crate) async fn act(&mut self) -> Result<(), GaveUp> {
        let Some(payment) = self.choose().await? else { return Ok(()) };
        self.note_wanted();
        let order = match self.act {
            Act::Transfer => self.buy(&payment, BANK, &[]).await?,
            Act::Pay(decisions) => self.buy(&payment, TEST, decisions).await?,
            Act::DeclineThenTransfer => {
                let declined = self.buy(&payment, TEST, &["decline"]).await?;
                match declined {
                    Some(page) if !page.says(THANKS) => self.pay_again(&page).await?,
                    other => other,
                }
            }
            Act::Abandon => {
                if let Led::Order(page) = self.press(&payment, TEST).await? {
                    self.read(&page);
                }
                None
            }
            Act::PressTwice => {
                let mut other = self.in_another_window();
                let (one, two) =
                    futures_util::future::join(self.press(&payment, BANK), other.press(&payment, BANK)).await;
                let (one, two) = (one?, two?);
                for led in [&one, &two] {
                    if let Led::Order(page) = led {
                        self.read(page);
                    }
                }
                match (one, two) {
                    (Led::Order(page), _) | (_, Led::Order(page)) => Some(page),
                    _ => None,
                }
            }
        };
        let Some(page) = order.filter(|page| page.says(THANKS)) else { return Ok(()) };
        if self.afterwards.is_some() || self.regrets {
            let tasks = self.afterwards.unwrap_or_default();
            // Nobody does it any more when the run is over.
            let _ = self.crowd.errands.send(Errand { buyer: self.browser.who().to_owned(), tasks });
        }
        if self.regrets { self.cancel(&page).await } else { Ok(()) }
    }

    /// Cancels the order from its page, while that is possible.
    async fn cancel(&mut self, order: &Page) -> Result<(), GaveUp> {
        let Some(form) = order.forms(|action| action.starts_with("/o/") && action.ends_with("/cancel")).pop() else {
            return Ok(());
        };
        self.note(Stage::Canceled { confirmed: false });
        let page = self.browser.submit(&form.with("why", "I found another")).await?;
        if page.says("Your order is canceled") {
            self.note(Stage::Canceled { confirmed: true });
        }
        Ok(())
    }

    /// Writes down what the button is pressed for.
    pub(crate) fn note_wanted(&self) {
        let units: BTreeMap<String, i64> = self.wanted.iter().map(|sku| (sku.clone(), self.quantity)).collect();
        self.note(Stage::Pressed { units });
    }

    /// Fills the cart and goes through the steps. `None` when something is sold out, which is said before the button.
    pub(crate) async fn choose(&mut self) -> Result<Option<Page>, GaveUp> {
        for (place, sku) in self.wanted.clone().iter().enumerate() {
            if !self.put_into_cart(sku, place + 1).await? {
                return Ok(None);
            }
        }
        if self.knows_code {
            let cart = self.browser.visit("/cart").await?;
            if let Some(form) = cart.forms(|action| action == "/cart/codes").into_iter().next() {
                // When it is used up they buy without it.
                self.browser.submit(&form.with("code", CODE.0)).await?;
            }
        }
        let contact = self.browser.visit("/checkout/contact").await?;
        let email = self.browser.who().to_owned();
        let typed = [
            ("email", email.as_str()),
            ("name", "Ada Lovelace"),
            ("country", "AT"),
            ("line1", "Ringstraße 1"),
            ("postcode", "1010"),
            ("city", "Wien"),
        ];
        let Some(form) = contact.form("/checkout/contact") else { return Ok(None) };
        let form = typed.iter().fold(form, |form, (name, value)| form.with(name, value));
        let delivery = self.browser.submit(&form).await?;
        let (Some(form), Some(method)) = (delivery.form("/checkout/delivery"), delivery.first_choice("method")) else {
            return Ok(None);
        };
        let mut payment = self.browser.submit(&form.with("method", &method)).await?;
        if let Some(code) = self.card.clone()
            && let Some(form) = payment.form("/checkout/gift-cards")
        {
            // When nothing is left on it they buy without it.
            payment = self.browser.submit(&form.with("gift_card", &code)).await?;
            if payment.says("Your gift card is applied") {
                self.note(Stage::CardTaken);
            }
        }
        Ok(Some(payment).filter(|page| page.form("/checkout/payment").is_some()))
    }

    /// The cart holds `lines` lines afterwards, with the wanted quantity each; `false` when that cannot be had.
    async fn put_into_cart(&mut self, sku: &str, lines: usize) -> Result<bool, GaveUp> {
        let is_line = |action: &str| action.starts_with("/cart/lines/") && !action.ends_with("/remove");
        for _ in 0..20 {
            let cart = self.browser.visit("/cart").await?;
            // A line has small forms for one less and one more; the last one takes any number.
            let forms: BTreeMap<String, Form> =
                cart.forms(is_line).into_iter().map(|form| (form.action.clone(), form)).collect();
            let is_in_cart = |action: &str| action.starts_with("/cart/lines/") && action.ends_with("/remove");
            if forms.len() < cart.forms(is_in_cart).len() {
                // Of what was sold out meanwhile nobody can want more or less.
                return Ok(false);
            }
            if forms.len() >= lines {
                // An answer that was lost may have left more of it than wanted.
                let wrong = forms.into_values().find(|form| form.value("quantity") != self.quantity.to_string());
                match wrong {
                    None => return Ok(true),
                    Some(form) => {
                        let changed = form.with("quantity", &self.quantity.to_string());
                        let answer = self.browser.submit(&changed).await?;
                        if answer.says("Only ") {
                            return Ok(false);
                        }
                    }
                }
            } else {
                let page = self.browser.visit(&format!("/p/{sku}")).await?;
                let Some(form) = page.form("/cart/lines") else { return Ok(false) };
                let answer = self.browser.submit(&form.with("quantity", &self.quantity.to_string())).await?;
                if answer.says("is sold out") || answer.says("Only ") {
                    return Ok(false);
                }
            }
        }
        Err(GaveUp(format!("{sku} does not stay in the cart")))
    }

    /// Presses the button that buys.
    pub(crate) async fn press(&mut self, payment: &Page, method: &str) -> Result<Led, GaveUp> {
        let mut page = payment.clone();
        for _ in 0..10 {
            let Some(form) = page.form("/checkout/payment") else { return Ok(Led::Refused) };
            page = self.browser.submit(&form.with("payment_method", method)).await?;
            page = self.wait(page).await?;
            // The shop says that it was not placed, or that it costs more now, and asks to press again.
            let asks_again = page.status == 200
                || page.says("Your total changed from")
                || page.says("Your gift card has")
                || page.says("Your gift cards have changed");
            if !(page.path.starts_with("/checkout/payment") && asks_again) {
                break;
            }
        }
        self.led(page).await
    }

    /// Waits until the shop knows how far the order is.
    async fn wait(&mut self, mut page: Page) -> Result<Page, GaveUp> {
        let until = Instant::now() + Duration::from_secs(60);
        while page.path.starts_with("/checkout/waiting/") {
            if Instant::now() > until {
                return Err(GaveUp(format!("{}: still waiting", page.path)));
            }
            sleep(Duration::from_millis(300)).await;
            page = self.browser.visit(&page.path.clone()).await?;
        }
        Ok(page)
    }

    /// Where a page leads, once the shop knows how far the order is.
    async fn led(&mut self, page: Page) -> Result<Led, GaveUp> {
        let page = self.wait(page).await?;
        if page.path.starts_with("/pay/test/") {
            return Ok(Led::Provider(page));
        }
        if page.path.starts_with("/o/") && page.status == 200 {
            return Ok(Led::Order(page));
        }
        let words: String = page.text().chars().take(400).collect();
        // Sold out between the last page and the button, which the cart shows.
        let is_sold_out = page.path == "/cart" && (page.says("has sold out") || page.says("Only "));
        if is_sold_out || page.path.starts_with("/checkout/payment") && page.status >= 400 {
            self.note(Stage::Refused { words });
            return Ok(Led::Refused);
        }
        Err(GaveUp(format!("pressing led to {} ({}): {words}", page.path, page.status)))
    }

    /// Writes down what the order's page says.
    pub(crate) fn read(&self, page: &Page) {
        let secret = page.path.trim_start_matches("/o/").to_owned();
        let said = if page.says(THANKS) {
            "placed"
        } else if page.says("canceled") || page.says("expired") {
            "ended"
        } else {
            "unpaid"
        };
        self.note(Stage::Shown { secret, said: said.to_owned() });
    }

    /// Presses the button, and decides at the provider; gives the order's page.
    async fn buy(&mut self, payment: &Page, method: &str, decisions: &[&str]) -> Result<Option<Page>, GaveUp> {
        let led = self.press(payment, method).await?;
        self.pay(led, decisions).await
    }

    async fn pay(&mut self, led: Led, decisions: &[&str]) -> Result<Option<Page>, GaveUp> {
        let mut led = led;
        let mut decisions = decisions.iter().copied();
        loop {
            led = match led {
                Led::Refused => return Ok(None),
                Led::Order(page) => {
                    self.read(&page);
                    match decisions.next() {
                        Some(decision) if !page.says(THANKS) => {
                            let Some(form) = pay_form(&page) else { return Ok(Some(page)) };
                            let answer = self.browser.submit(&form.with("payment_method", TEST)).await?;
                            let led = self.led(answer).await?;
                            self.decide(led, decision).await?
                        }
                        _ => return Ok(Some(page)),
                    }
                }
                Led::Provider(_) => match decisions.next() {
                    Some(decision) => self.decide(led, decision).await?,
                    None => return Ok(None),
                },
            };
        }
    }

    /// Takes a decision on the provider's page, and comes back.
    async fn decide(&mut self, led: Led, decision: &str) -> Result<Led, GaveUp> {
        let Led::Provider(page) = &led else { return Ok(led) };
        let Some(form) = page.form("/pay/test/") else { return self.back(page).await };
        let answer = self.browser.submit_only(&form.with("decision", decision)).await?;
        if answer.leads_on() {
            self.note(Stage::Decided { decision: decision.to_owned() });
        }
        let page = self.browser.follow(answer).await?;
        self.led(page).await
    }

    /// The payment is decided already: its page has only a link to the shop.
    async fn back(&mut self, page: &Page) -> Result<Led, GaveUp> {
        let links = page.links("/checkout/return/");
        let Some(link) = links.first() else { return Err(GaveUp(format!("{} leads nowhere", page.path))) };
        let page = self.browser.visit(link).await?;
        self.led(page).await
    }

    /// Another attempt from the order's page: by transfer.
    async fn pay_again(&mut self, order: &Page) -> Result<Option<Page>, GaveUp> {
        let Some(form) = pay_form(order) else { return Ok(None) };
        let answer = self.browser.submit(&form.with("payment_method", BANK)).await?;
        let led = self.led(answer).await?;
        self.pay(led, &[]).await
    }
}
