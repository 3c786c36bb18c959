//! The staff, who look after orders over the pages of the back office.

use checker::Stage;
use reqwest::Client;
use tokio::sync::mpsc::UnboundedReceiver;

use crate::browser::{Browser, GaveUp, Page};
use crate::diary::Diary;
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
}

/// An order to look after.
#[derive(Clone, Debug)]
pub struct Errand {
    /// Whose.
    pub buyer: String,
    /// What to do.
    pub task: Task,
}

/// A member of staff.
pub struct Clerk {
    browser: Browser,
    diary: Diary,
}

impl Clerk {
    /// Not signed in.
    pub fn new(client: &Client, base: &str, diary: &Diary) -> Self {
        Self { browser: Browser::new(client, base, "staff", diary), diary: diary.clone() }
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
        match errand.task {
            Task::Cancel => {
                // It may be canceled although the answer is lost for good, so that is written down before.
                self.diary.fact(buyer, Stage::Canceled { confirmed: false });
                if self.cancel(&order).await? {
                    self.diary.fact(buyer, Stage::Canceled { confirmed: true });
                }
                Ok(())
            }
            Task::MarkPaid => {
                if let Some(confirmed) = self.press(&order, "/paid", &[]).await? {
                    self.diary.fact(buyer, Stage::MarkedPaid { confirmed });
                }
                Ok(())
            }
            Task::Ship => {
                if self.press(&order, "/pack", &[]).await? == Some(true) {
                    let fields = [("carrier", "Post"), ("tracking_number", "1Z")];
                    if let Some(confirmed) = self.press(&order, "/ship", &fields).await? {
                        self.diary.fact(buyer, Stage::Shipped { confirmed });
                    }
                }
                Ok(())
            }
        }
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
        let page = self.page(order).await?;
        let form = page.forms(|action| action.starts_with(order) && action.ends_with(ending)).into_iter().next();
        let Some(form) = form else { return Ok(None) };
        let form = fields.iter().fold(form, |form, (name, value)| form.with(name, value));
        let answer = self.browser.submit_only(&form).await?;
        let is_done = answer.leads_on();
        let page = self.browser.follow(answer).await?;
        // Asked for the password again: nothing was done, and the next errand is not asked.
        let Some(confirm) = page.form("/admin/confirm") else { return Ok(Some(is_done)) };
        self.browser.submit(&confirm.with("password", STAFF.1)).await?;
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
