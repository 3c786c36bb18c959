//! A browser that keeps cookies, reads forms, writes down every request, and asks again when it gets no answer.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use reqwest::{Client, Method};
use tokio::time::sleep;

use crate::diary::Diary;
use crate::html::{self, Form};

/// After this long without an answer a person gives up. The shop has to be back long before.
const PATIENCE: Duration = Duration::from_secs(60);
const TIMEOUT: Duration = Duration::from_secs(30);
/// Before asking again.
const PAUSE: Duration = Duration::from_millis(150);

/// What a browser was given.
#[derive(Clone, Debug)]
pub struct Page {
    /// Where it is.
    pub path: String,
    /// Of the answer.
    pub status: u16,
    location: Option<String>,
    body: String,
}

/// Nobody answered for as long as a person waits.
#[derive(Debug)]
pub struct GaveUp(pub String);

impl Page {
    /// Its words.
    pub fn text(&self) -> String {
        html::text(&self.body)
    }

    /// Whether it sends the browser elsewhere, which is how a form is accepted.
    pub fn leads_on(&self) -> bool {
        self.location.is_some()
    }

    /// Whether its words contain these.
    pub fn says(&self, words: &str) -> bool {
        self.text().contains(words)
    }

    /// The forms whose action passes.
    pub(crate) fn forms(&self, is_it: impl Fn(&str) -> bool) -> Vec<Form> {
        html::forms(&self.body).into_iter().filter(|form| is_it(&form.action)).collect()
    }

    pub(crate) fn form(&self, begin: &str) -> Option<Form> {
        self.forms(|action| action.starts_with(begin)).into_iter().next()
    }

    /// The links that begin so.
    pub fn links(&self, begin: &str) -> Vec<String> {
        html::links(&self.body).into_iter().filter(|href| href.starts_with(begin)).collect()
    }

    /// The links that begin so, of the rows of a table that contain these words.
    pub fn links_of_rows(&self, begin: &str, words: &str) -> Vec<String> {
        let rows = self.body.split("<tr").skip(1).filter(|row| html::text(row).contains(words));
        rows.flat_map(html::links).filter(|href| href.starts_with(begin)).collect()
    }

    /// The words between `begin`, behind `place` in the page, and the next tag.
    pub(crate) fn words_behind(&self, place: &str, begin: &str) -> String {
        let rest = self.body.split_once(place).and_then(|(_, rest)| rest.split_once(begin));
        rest.and_then(|(_, rest)| rest.split('<').next()).unwrap_or_default().to_owned()
    }

    /// The value of the first choice of this name.
    pub fn first_choice(&self, name: &str) -> Option<String> {
        let rest = self.body.split(&format!("name=\"{name}\" value=\"")).nth(1)?;
        Some(rest.split('"').next().unwrap_or_default().to_owned())
    }
}

/// One person with cookies of their own.
#[derive(Clone)]
pub struct Browser {
    client: Client,
    base: String,
    who: String,
    cookies: BTreeMap<String, String>,
    diary: Diary,
}

impl Browser {
    /// A client that many browsers share.
    ///
    /// # Panics
    /// When there is no memory for one.
    pub fn client() -> Client {
        let builder = Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().timeout(TIMEOUT);
        builder.build().expect("a client needs nothing that may be missing")
    }

    /// Somebody new.
    pub fn new(client: &Client, base: &str, who: &str, diary: &Diary) -> Self {
        let (client, base, who) = (client.clone(), base.to_owned(), who.to_owned());
        Self { client, base, who, cookies: BTreeMap::new(), diary: diary.clone() }
    }

    /// Their name, which is their address as a customer.
    pub fn who(&self) -> &str {
        &self.who
    }

    /// One request.
    async fn once(&mut self, method: Method, path: &str, body: Option<String>) -> Result<Page, String> {
        let started = Instant::now();
        let asked = format!("{method} {path}");
        let answer = self.send(method, path, body).await;
        let (status, said) = match &answer {
            Ok(page) if page.status >= 400 => (page.status, page.text().chars().take(300).collect()),
            Ok(page) => (page.status, page.location.clone().unwrap_or_default()),
            Err(cause) => (0, cause.clone()),
        };
        self.diary.request(&self.who, &asked, (status, &said), started.elapsed());
        answer
    }

    async fn send(&mut self, method: Method, path: &str, body: Option<String>) -> Result<Page, String> {
        let mut request = self.client.request(method, format!("{}{path}", self.base));
        let cookies: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        if !cookies.is_empty() {
            request = request.header("cookie", cookies.join("; "));
        }
        if let Some(body) = body {
            let form = "application/x-www-form-urlencoded";
            request = request.header("origin", &self.base).header("content-type", form).body(body);
        }
        let answer = request.send().await.map_err(|error| error.to_string())?;
        let status = answer.status().as_u16();
        let header = |name: &str| answer.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let location = header("location").map(|to| to.strip_prefix(&self.base).unwrap_or(&to).to_owned());
        let cookies: Vec<String> = answer
            .headers()
            .get_all("set-cookie")
            .iter()
            .filter_map(|cookie| cookie.to_str().ok().map(str::to_owned))
            .collect();
        let body = answer.bytes().await.map_err(|error| error.to_string())?;
        // A browser keeps the cookies of an answer whose body it never got; a cautious one does not count on it.
        cookies.iter().for_each(|cookie| self.keep(cookie));
        let body = String::from_utf8_lossy(&body).into_owned();
        Ok(Page { path: path.to_owned(), status, location, body })
    }

    fn keep(&mut self, cookie: &str) {
        let Some((name, rest)) = cookie.split_once('=') else { return };
        let value = rest.split(';').next().unwrap_or_default();
        if rest.contains("Max-Age=0") {
            self.cookies.remove(name);
        } else {
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
    }

    /// Asks until there is an answer that is not "try again later".
    async fn insist(&mut self, method: Method, path: &str, body: Option<String>) -> Result<Page, GaveUp> {
        let until = Instant::now() + PATIENCE;
        loop {
            let answer = self.once(method.clone(), path, body.clone()).await;
            match answer {
                Ok(page) if page.status < 500 && page.status != 429 => return Ok(page),
                _ if Instant::now() < until => sleep(PAUSE).await,
                Ok(page) => return Err(GaveUp(format!("{method} {path}: {}", page.status))),
                Err(cause) => return Err(GaveUp(format!("{method} {path}: {cause}"))),
            }
        }
    }

    /// A page, wherever its address leads.
    ///
    /// # Errors
    /// Nobody answers.
    pub async fn visit(&mut self, path: &str) -> Result<Page, GaveUp> {
        let page = self.insist(Method::GET, path, None).await?;
        self.follow(page).await
    }

    /// Sends a form as often as needed, and goes where that leads.
    pub(crate) async fn submit(&mut self, form: &Form) -> Result<Page, GaveUp> {
        let page = self.submit_only(form).await?;
        self.follow(page).await
    }

    /// Sends a form as often as needed; the answer itself.
    pub(crate) async fn submit_only(&mut self, form: &Form) -> Result<Page, GaveUp> {
        let body = serde_urlencoded::to_string(&form.fields).unwrap_or_default();
        self.insist(Method::POST, &form.action, Some(body)).await
    }

    /// Goes where a page sends, as long as it does.
    ///
    /// # Errors
    /// Nobody answers.
    pub async fn follow(&mut self, mut page: Page) -> Result<Page, GaveUp> {
        for _ in 0..10 {
            match page.location.take() {
                Some(to) if matches!(page.status, 301 | 302 | 303 | 307 | 308) => {
                    page = self.insist(Method::GET, &to, None).await?;
                }
                _ => return Ok(page),
            }
        }
        Err(GaveUp(format!("{}: sent around in circles", page.path)))
    }
}
