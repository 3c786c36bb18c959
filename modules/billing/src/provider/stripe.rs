//! Stripe: cards and more, on its own page or in its fields on a page of ours. Card data never comes near us.

mod api;
mod list;
mod notice;
mod objects;

use std::time::Duration;

use async_trait::async_trait;
use billing_api::{CardPage, PaymentMethod, PaymentNext, SessionId};
use kernel::{Clock, Country, Money, Secret, Timestamp};
use subtle::ConstantTimeEq as _;

use super::{Answer, Listed, Notice, Opened, PaymentProvider, ProviderError, RefundReport, Report, Standing, derived};
use crate::settings::{StripePage, StripeSettings};
use crate::store::sessions::Session;
use api::{Api, Field};
use objects::{CheckoutSession, List, PaymentIntent, Refund, session_of, to_stripe};

/// The code of the method.
pub(crate) const STRIPE: &str = "stripe";
/// Where the page with its fields is; the token follows.
const PAGE: &str = "/pay/card/";
/// A little more than the half hour that its hosted pages have at least, counted by its clock.
const LIFETIME: Duration = Duration::from_secs(35 * 60);
/// A session is made there soon after it is made here; clocks differ.
const MADE_WITHIN: Duration = Duration::from_secs(10 * 60);

pub(crate) struct Stripe {
    api: Api,
    clock: Clock,
    key: Secret,
    settings: StripeSettings,
    captures_later: bool,
}

impl Stripe {
    pub(super) fn new(clock: Clock, key: Secret, captures_later: bool, settings: StripeSettings) -> Self {
        let api = Api::new(settings.http.clone(), &settings.api_url, settings.secret_key.clone());
        Self { api, clock, key, settings, captures_later }
    }

    /// Opens our page of a session. It is derived, so that it need not be kept anywhere.
    fn token(&self, session: SessionId) -> String {
        format!("{session}.{}", derived(&self.key, &format!("card page/{session}")))
    }

    /// The session whose page `token` opens.
    pub(crate) fn session_of_token(&self, token: &str) -> Option<SessionId> {
        let session: SessionId = token.split_once('.')?.0.parse().ok()?;
        bool::from(self.token(session).as_bytes().ct_eq(token.as_bytes())).then_some(session)
    }

    /// What our page of a session shows. The secret of its fields is asked for anew each time, and not kept.
    pub(crate) async fn page(&self, session: &Session) -> Answer<CardPage> {
        let mut page = CardPage {
            amount: session.amount,
            order_number: session.order_number.clone(),
            return_path: session.return_path.clone(),
            failure: session.failure.clone(),
            is_open: !session.status.is_final(),
            fields: None,
            hosted_url: None,
        };
        if !page.is_open {
            return Ok(page);
        }
        if let Some(reference) = session.reference.as_deref().filter(|reference| is_hosted(reference)) {
            let checkout = self.checkout(reference).await?;
            page.hosted_url = checkout.url;
        } else if let Some(reference) = &session.reference {
            let intent: PaymentIntent = self.api.get(&format!("/v1/payment_intents/{reference}"), &[]).await?;
            page.failure = intent.failure().map(str::to_owned);
            page.fields = self.settings.publishable_key.clone().zip(intent.client_secret);
        }
        Ok(page)
    }

    /// Lets go of the fields of a session and opens the hosted page in their place; only one of them can be paid.
    pub(crate) async fn move_to_hosted(&self, session: &Session) -> Answer<Result<Opened, Standing>> {
        let standing = self.cancel(session).await?;
        if standing.report != Report::Canceled {
            return Ok(Err(standing));
        }
        Ok(Ok(self.open_hosted(session, "hosted").await?))
    }

    async fn open_hosted(&self, session: &Session, step: &str) -> Answer<Opened> {
        let home = &self.settings.base_url;
        let amount = self.amount(session.amount)?;
        let mut form: Vec<Field> = vec![
            ("mode", "payment".to_owned()),
            ("client_reference_id", session.id.to_string()),
            ("line_items[0][quantity]", "1".to_owned()),
            ("line_items[0][price_data][currency]", currency(session)),
            ("line_items[0][price_data][unit_amount]", amount),
            ("line_items[0][price_data][product_data][name]", self.description(session)),
            ("payment_intent_data[capture_method]", capture_method(session)),
            ("payment_intent_data[description]", self.description(session)),
            ("payment_intent_data[metadata][session_id]", session.id.to_string()),
            ("payment_intent_data[metadata][order_id]", session.order_id.clone()),
            ("metadata[session_id]", session.id.to_string()),
            ("success_url", format!("{home}{}", session.return_path)),
            ("cancel_url", format!("{home}{PAGE}{}", self.token(session.id))),
        ];
        form.extend(session.expires_at.map(|expires_at| ("expires_at", seconds(expires_at).to_string())));
        let checkout: CheckoutSession =
            self.api.post("/v1/checkout/sessions", &form, Some(&format!("{}/{step}", session.id))).await?;
        checkout.opened()
    }

    async fn open_fields(&self, session: &Session) -> Answer<Opened> {
        let form: Vec<Field> = vec![
            ("amount", self.amount(session.amount)?),
            ("currency", currency(session)),
            ("capture_method", capture_method(session)),
            ("metadata[session_id]", session.id.to_string()),
            ("metadata[order_id]", session.order_id.clone()),
            ("metadata[order_number]", session.order_number.clone()),
        ];
        let key = format!("{}/start", session.id);
        let intent: PaymentIntent = self.api.post("/v1/payment_intents", &form, Some(&key)).await?;
        Ok(Opened { reference: Some(intent.id.clone()), charge: Some(intent.id), next: None })
    }

    fn amount(&self, amount: Money) -> Answer<String> {
        let exact = to_stripe(amount).map(|amount| amount.to_string());
        exact.ok_or_else(|| ProviderError::Refused(format!("{amount} cannot be taken exactly")))
    }

    fn description(&self, session: &Session) -> String {
        format!("{} order {}", self.settings.shop_name, session.order_number)
    }

    async fn checkout(&self, reference: &str) -> Answer<CheckoutSession> {
        self.api.get(&format!("/v1/checkout/sessions/{reference}"), &[("expand[]", "payment_intent".to_owned())]).await
    }

    /// The standing of a session by the name that its provider gave it.
    async fn standing_of(&self, reference: &str) -> Answer<Standing> {
        if is_hosted(reference) {
            return self.checkout(reference).await?.standing();
        }
        let intent: PaymentIntent = self.api.get(&format!("/v1/payment_intents/{reference}"), &[]).await?;
        named(intent.standing()?, reference)
    }

    /// How the provider names a session. When the answer to its start was lost, it is looked for among those of its time.
    async fn reference(&self, session: &Session) -> Answer<Option<String>> {
        if session.reference.is_some() {
            return Ok(session.reference.clone());
        }
        let (from, to) = (session.created_at.minus(MADE_WITHIN), session.created_at.plus(MADE_WITHIN));
        let window = |after: Option<String>| {
            let mut query: Vec<Field> = vec![
                ("limit", "100".to_owned()),
                ("created[gte]", seconds(from).to_string()),
                ("created[lte]", seconds(to).to_string()),
            ];
            query.extend(after.map(|after| ("starting_after", after)));
            query
        };
        let mut after = None;
        loop {
            let (found, last, has_more) = if self.settings.page == StripePage::Hosted {
                let page: List<CheckoutSession> = self.api.get("/v1/checkout/sessions", &window(after)).await?;
                let found = page.data.iter().find(|checkout| checkout.session() == Some(session.id));
                (found.map(|it| it.id.clone()), page.data.last().map(|it| it.id.clone()), page.has_more)
            } else {
                let page: List<PaymentIntent> = self.api.get("/v1/payment_intents", &window(after)).await?;
                let found = page.data.iter().find(|intent| session_of(&intent.metadata) == Some(session.id));
                (found.map(|it| it.id.clone()), page.data.last().map(|it| it.id.clone()), page.has_more)
            };
            if found.is_some() || !has_more || last.is_none() {
                return Ok(found);
            }
            after = last;
        }
    }

    /// The name of a session's money.
    async fn charge(&self, session: &Session) -> Answer<String> {
        if let Some(charge) = &session.charge {
            return Ok(charge.clone());
        }
        let reference = self.reference(session).await?;
        let standing = match &reference {
            Some(reference) => self.standing_of(reference).await?,
            None => return Err(ProviderError::Refused("it knows no such session".to_owned())),
        };
        standing.opened.charge.ok_or_else(|| ProviderError::Refused("no money was taken by this session".to_owned()))
    }

    /// Takes a step that is the same however often it is taken, and says how things stand after it, also when it came
    /// too late.
    async fn after(&self, path: &str, reference: &str) -> Answer<Standing> {
        match self.api.post::<serde_json::Value>(path, &[], None).await {
            Ok(_) | Err(ProviderError::Refused(_)) => self.standing_of(reference).await,
            Err(error) => Err(error),
        }
    }
}

#[async_trait]
impl PaymentProvider for Stripe {
    fn method(&self) -> PaymentMethod {
        PaymentMethod {
            code: STRIPE.to_owned(),
            title: "Card".to_owned(),
            description: match self.settings.page {
                StripePage::Hosted => "You pay on the secure page of our payment provider, Stripe.".to_owned(),
                StripePage::Embedded => "You enter your card on the next page. Only Stripe sees its number.".to_owned(),
            },
            is_test: self.settings.secret_key.starts_with("sk_test_"),
        }
    }

    fn is_offered(&self, amount: Money, _: Option<Country>) -> bool {
        !self.api.breaker.is_away() && to_stripe(amount).is_some()
    }

    fn lifetime(&self) -> Option<Duration> {
        Some(LIFETIME)
    }

    fn captures_later(&self) -> bool {
        self.captures_later
    }

    fn can_be_asked(&self) -> bool {
        true
    }

    fn foreseen(&self, _: &Session) -> PaymentNext {
        PaymentNext::Redirect { url: PAGE.to_owned() }
    }

    async fn start(&self, session: &Session) -> Answer<Opened> {
        match self.settings.page {
            StripePage::Hosted => self.open_hosted(session, "start").await,
            StripePage::Embedded => self.open_fields(session).await,
        }
    }

    async fn status(&self, session: &Session) -> Answer<Standing> {
        match self.reference(session).await? {
            Some(reference) => self.standing_of(&reference).await,
            None => Ok(Report::Pending.into()),
        }
    }

    async fn capture(&self, session: &Session, amount: Money) -> Answer<Standing> {
        let charge = self.charge(session).await?;
        let form = [("amount_to_capture", self.amount(amount)?)];
        let key = format!("{}/capture", session.id);
        let intent: PaymentIntent =
            self.api.post(&format!("/v1/payment_intents/{charge}/capture"), &form, Some(&key)).await?;
        intent.standing()
    }

    async fn cancel(&self, session: &Session) -> Answer<Standing> {
        // Whoever was never told of it has nothing that could be paid, and nobody was given a page.
        let Some(reference) = self.reference(session).await? else { return Ok(Report::Canceled.into()) };
        let mut standing = if is_hosted(&reference) {
            self.after(&format!("/v1/checkout/sessions/{reference}/expire"), &reference).await?
        } else {
            self.after(&format!("/v1/payment_intents/{reference}/cancel"), &reference).await?
        };
        // Money that the hosted page brought is held by an intent, and let go with it.
        if let (Report::Authorized(_), true, Some(charge)) =
            (&standing.report, is_hosted(&reference), standing.opened.charge.clone())
        {
            standing = named(self.after(&format!("/v1/payment_intents/{charge}/cancel"), &charge).await?, &reference)?;
        }
        Ok(standing)
    }

    async fn refund(&self, session: &Session, key: &str, amount: Money) -> Answer<RefundReport> {
        let charge = self.charge(session).await?;
        // The key of a request is forgotten after a day, and the money would go back once more.
        if let Some(made) = list::refund_made(&self.api, &charge, key).await? {
            return Ok(made.report());
        }
        // Nothing that a repeat would say in another way: the key stands for exactly this request.
        let form: Vec<Field> =
            vec![("payment_intent", charge), ("amount", self.amount(amount)?), ("metadata[key]", key.to_owned())];
        let refund: Refund = match self.api.post("/v1/refunds", &form, Some(key)).await {
            Ok(refund) => refund,
            Err(ProviderError::Refused(reason)) => return Ok(RefundReport::Failed(reason)),
            Err(error) => return Err(error),
        };
        Ok(refund.report())
    }

    async fn refund_status(&self, reference: &str) -> Answer<RefundReport> {
        let refund: Refund = self.api.get(&format!("/v1/refunds/{reference}"), &[]).await?;
        Ok(refund.report())
    }

    fn next(&self, session: &Session) -> PaymentNext {
        match &session.next {
            PaymentNext::Redirect { url } if url == PAGE => {
                PaymentNext::Redirect { url: format!("{PAGE}{}", self.token(session.id)) }
            }
            other => other.clone(),
        }
    }

    fn check_notice(&self, signature: &str, body: &str) -> Result<(), &'static str> {
        notice::check(&self.settings.webhook_secrets, signature, body, self.clock.now())
    }

    fn read_notice(&self, body: &str) -> Notice {
        notice::read(body)
    }

    async fn list(&self, since: Timestamp) -> Answer<Listed> {
        list::list(&self.api, since).await
    }
}

/// Whether it names a hosted page.
fn is_hosted(reference: &str) -> bool {
    reference.starts_with("cs_")
}

fn named(standing: Standing, reference: &str) -> Answer<Standing> {
    let opened = Opened { reference: Some(reference.to_owned()), ..standing.opened };
    Ok(Standing { opened, ..standing })
}

fn currency(session: &Session) -> String {
    session.amount.currency.code().to_lowercase()
}

fn capture_method(session: &Session) -> String {
    if session.captures_later { "manual" } else { "automatic" }.to_owned()
}

/// As the provider counts time.
fn seconds(moment: Timestamp) -> i64 {
    moment.0.div_euclid(1_000_000)
}
