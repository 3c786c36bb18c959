//! The staff, who look after orders over the pages of the back office.

use std::collections::BTreeMap;

use checker::Stage;
use reqwest::Client;
use tokio::sync::mpsc::UnboundedReceiver;

use crate::browser::{Browser, GaveUp, Page};
use crate::diary::Diary;
use crate::goods::{CARDS, CODE};
use crate::shop::STAFF;

/// What somebody is asked to do with an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Task {
    /// Cancel it.
    Cancel,
    /// Say that its money has come.
    MarkPaid,
    /// Pack all of it and hand it to the carrier.
    Ship,
    /// Give back so many percent of what is left of its money, with all that was sent of it back on the shelf.
    Refund(i64),
    /// The same, as store credit.
    Credit(i64),
}

/// An order to look after.
#[derive(Clone, Debug)]
pub struct Errand {
    /// Whose.
    pub buyer: String,
    /// What to do, one after the other.
    pub tasks: &'static [Task],
}

/// A member of staff.
pub struct Clerk {
    browser: Browser,
    diary: Diary,
    /// Orders of which money may go back that only staff can give back, with their buyers.
    by_hand: BTreeMap<String, String>,
    /// Reasons have to differ, so that the checker can tell refunds apart.
    refunds: u32,
}

impl Clerk {
    /// Not signed in.
    pub fn new(client: &Client, base: &str, diary: &Diary) -> Self {
        let browser = Browser::new(client, base, "staff", diary);
        Self { browser, diary: diary.clone(), by_hand: BTreeMap::new(), refunds: 0 }
    }

    /// Makes the code that shoppers know.
    ///
    /// # Errors
    /// Nobody answers, or the shop does not take it.
    pub async fn offer_code(&mut self) -> Result<(), GaveUp> {
        let (code, percent, uses) = CODE;
        let page = self.page("/admin/discounts/new").await?;
        let Some(form) = page.form("/admin/discounts/new") else {
            return Err(GaveUp("there is no form for discounts".to_owned()));
        };
        let form = form.with("label", "Ten off").with("kind", "percent").with("percent", &percent.to_string());
        let form = form.with("codes", code).with("limit", &uses.to_string()).with("announced", "yes");
        let answer = self.browser.submit_only(&form.with("given_back", "yes")).await?;
        if answer.leads_on() { Ok(()) } else { Err(GaveUp(format!("the code is refused: {}", answer.text()))) }
    }

    /// Gives gift cards away; their codes.
    ///
    /// # Errors
    /// Nobody answers, or the shop does not make them.
    pub async fn give_cards(&mut self) -> Result<Vec<String>, GaveUp> {
        let (count, worth) = CARDS;
        let mut codes = Vec::new();
        for number in 1..=count {
            let page = self.page("/admin/gift-cards/new").await?;
            let Some(form) = page.form("/admin/gift-cards/new") else {
                return Err(GaveUp("there is no form for gift cards".to_owned()));
            };
            let amount = format!("{}.{:02}", worth / 100, worth % 100);
            let answer = self.browser.submit_only(&form.with("amount", &amount).with("note", "For a regular")).await?;
            let code = answer.words_behind("id=\"code\"", "<code class=\"num\">");
            if code.is_empty() {
                return Err(GaveUp(format!("gift card {number} is refused: {}", answer.text())));
            }
            codes.push(code);
        }
        Ok(codes)
    }

    /// Does errands until there will be no more.
    pub async fn work(mut self, mut errands: UnboundedReceiver<Errand>) -> Self {
        while let Some(errand) = errands.recv().await {
            if let Err(GaveUp(request)) = self.run(&errand).await {
                self.diary.fact(&errand.buyer, Stage::Unanswered { request: format!("staff: {request}") });
            }
        }
        self
    }

    async fn run(&mut self, errand: &Errand) -> Result<(), GaveUp> {
        let buyer = errand.buyer.as_str();
        let Some(order) = self.find(buyer).await? else {
            return Err(GaveUp(format!("no order of {buyer} in the list")));
        };
        self.by_hand.insert(order.clone(), errand.buyer.clone());
        for task in errand.tasks {
            self.take(*task, buyer, &order).await?;
        }
        Ok(())
    }

    async fn take(&mut self, task: Task, buyer: &str, order: &str) -> Result<(), GaveUp> {
        match task {
            Task::Cancel => {
                // It may be canceled although the answer is lost for good, so that is written down before.
                self.diary.fact(buyer, Stage::Canceled { confirmed: false });
                if self.cancel(order).await? {
                    self.diary.fact(buyer, Stage::Canceled { confirmed: true });
                }
                Ok(())
            }
            Task::MarkPaid => {
                if let Some(confirmed) = self.press(order, "/paid", &[]).await? {
                    self.diary.fact(buyer, Stage::MarkedPaid { confirmed });
                }
                Ok(())
            }
            Task::Ship => {
                if self.press(order, "/pack", &[]).await? == Some(true) {
                    let fields = [("carrier", "Post"), ("tracking_number", "1Z")];
                    if let Some(confirmed) = self.press(order, "/ship", &fields).await? {
                        self.diary.fact(buyer, Stage::Shipped { confirmed });
                    }
                }
                Ok(())
            }
            Task::Refund(percent) => self.refund((percent, "payment"), buyer, order).await,
            Task::Credit(percent) => self.refund((percent, "store_credit"), buyer, order).await,
        }
    }

    /// Gives money back, when there is any.
    async fn refund(&mut self, (percent, to): (i64, &str), buyer: &str, order: &str) -> Result<(), GaveUp> {
        let page = self.page(order).await?;
        let Some(form) = page.form(&format!("{order}/refund")).filter(|form| form.action.ends_with("/refund")) else {
            return Ok(());
        };
        let left = minor(form.value("amount"));
        let amount = (left * percent / 100).max(1);
        self.refunds += 1;
        let reason = format!("refund {} of {buyer}", self.refunds);
        let note = |confirmed| Stage::Refunded { reason: reason.clone(), amount, confirmed };
        let typed = format!("{}.{:02}", amount / 100, amount % 100);
        let mut fields = vec![("amount".to_owned(), typed), ("refund_reason".to_owned(), reason.clone())];
        fields.push(("refund_to".to_owned(), to.to_owned()));
        for (name, _) in form.fields.iter().filter(|(name, _)| name.starts_with("restock_")) {
            fields.push((name.clone(), back_of(&page, name)));
        }
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        self.diary.fact(buyer, note(false));
        if self.press(order, "/refund", &fields).await? == Some(true) {
            self.diary.fact(buyer, note(true));
        }
        Ok(())
    }

    /// Gives back by hand what nobody else can; how many refunds that ended.
    ///
    /// # Errors
    /// Nobody answers.
    pub async fn pay_out(&mut self) -> Result<usize, GaveUp> {
        let mut ended = 0;
        for (order, buyer) in self.by_hand.clone() {
            let page = self.page(&order).await?;
            for form in page.forms(|action| action.starts_with(&order) && action.ends_with("/recorded")) {
                let refund = form.action.rsplit('/').nth(1).unwrap_or_default().to_owned();
                let ending = format!("/refunds/{refund}/recorded");
                if let Some(confirmed) = self.press(&order, &ending, &[]).await? {
                    ended += usize::from(confirmed);
                    self.diary.fact(&buyer, Stage::PaidOut { refund, confirmed });
                }
            }
        }
        Ok(ended)
    }

    /// The address of an order, of the one that was not superseded: the newest.
    async fn find(&mut self, buyer: &str) -> Result<Option<String>, GaveUp> {
        let list = self.page(&format!("/admin/orders?view=all&q={buyer}")).await?;
        Ok(list.links("/admin/orders/ord_").into_iter().next())
    }

    /// A page of the back office; signs in first when needed.
    async fn page(&mut self, path: &str) -> Result<Page, GaveUp> {
        for _ in 0..5 {
            let page = self.browser.visit(path).await?;
            let Some(form) = page.form("/admin/sign-in") else { return Ok(page) };
            self.browser.submit(&form.with("email", STAFF.0).with("password", STAFF.1)).await?;
        }
        Err(GaveUp(format!("{path}: staff cannot sign in")))
    }

    /// Sends the form of the order's page whose action ends so. Whether the shop did it; `None` when there is no such form.
    async fn press(&mut self, order: &str, ending: &str, fields: &[(&str, &str)]) -> Result<Option<bool>, GaveUp> {
        for _ in 0..3 {
            let page = self.page(order).await?;
            let form = page.forms(|action| action.starts_with(order) && action.ends_with(ending)).into_iter().next();
            let Some(form) = form else { return Ok(None) };
            let form = fields.iter().fold(form, |form, (name, value)| form.with(name, value));
            let answer = self.browser.submit_only(&form).await?;
            let is_done = answer.leads_on();
            let page = self.browser.follow(answer).await?;
            // Asked for the password again: nothing was done yet.
            let Some(confirm) = page.form("/admin/confirm") else { return Ok(Some(is_done)) };
            self.browser.submit(&confirm.with("password", STAFF.1)).await?;
        }
        Ok(Some(false))
    }

    /// Whether the shop did it.
    async fn cancel(&mut self, order: &str) -> Result<bool, GaveUp> {
        Ok(self.press(order, "/cancel", &[("reason", "the customer called")]).await? == Some(true))
    }

    /// Cancels every order whose shopper went away without paying; how many.
    ///
    /// # Errors
    /// Nobody answers.
    pub async fn cancel_unpaid(&mut self) -> Result<usize, GaveUp> {
        let mut canceled = 0;
        let mut next = Some("/admin/orders?view=awaiting_payment".to_owned());
        let mut orders = Vec::new();
        while let Some(path) = next.take() {
            let list = self.page(&path).await?;
            // The others are placed, and their money comes later.
            orders.extend(list.links_of_rows("/admin/orders/ord_", "Being paid"));
            next = list.links("/admin/orders?view=awaiting_payment&cursor=").into_iter().next();
        }
        orders.sort();
        orders.dedup();
        for order in orders {
            canceled += usize::from(self.cancel(&order).await?);
        }
        Ok(canceled)
    }
}

/// An amount such as `12.50`, in minor units.
fn minor(text: &str) -> i64 {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    digits.parse().unwrap_or(0)
}

/// How many of a line can come back, as the hint of its field says.
fn back_of(page: &Page, name: &str) -> String {
    let most = page.words_behind(&format!("id=\"{name}-hint\""), "Up to ");
    most.split(' ').next().unwrap_or("0").to_owned()
}
