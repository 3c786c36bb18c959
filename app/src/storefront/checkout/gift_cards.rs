//! Gift cards at the payment step. Which of them a shopper has entered is kept by their browser, as names that the shop has
//! signed for this cart; codes are kept nowhere.

use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use billing_api::{FindGiftCards, GiftCard, GiftCardCode, GiftCardId, GiftCardQuery, MOST_GIFT_CARDS};
use cart_api::Cart;
use kernel::{CallError, Money};
use orders_api::OrderGiftCard;

use super::payment::{answer, ready_to_pay};
use crate::storefront::views::{MoneyView, Notice, Tone};
use crate::web::cookies::GIFT_CARDS;
use crate::web::counters::{
    self, MISSED_GIFT_CARDS, MISSED_GIFT_CARDS_OF_ADDRESS, MISSED_GIFT_CARDS_OF_SESSION, TooMany, Try,
};
use crate::web::signature::Keys;
use crate::web::{Answer, Form, Problem, Visit, retry_after, see_other};

/// Whatever is wrong with a code: unknown, closed, empty and expired look alike.
const NOT_USABLE: &str = "This code does not work. Check the spelling, or use another gift card";
const LONGEST_COOKIE: usize = 600;

/// What the gift cards of a shopper pay of a cart.
#[derive(Debug, Default)]
pub struct Paying {
    /// Each with what it pays: as much as it can, one after the other.
    pub cards: Vec<OrderGiftCard>,
    /// What is left to pay otherwise.
    pub due: i64,
}

impl Paying {
    /// The same as one text, for a form to send back what was seen.
    pub fn as_seen(&self) -> String {
        let part = |part: &OrderGiftCard| format!("{}:{}", part.gift_card_id, part.amount.amount);
        self.cards.iter().map(part).collect::<Vec<_>>().join(",")
    }

    /// Whether nothing is left to pay otherwise.
    pub fn is_all(&self) -> bool {
        self.due == 0 && !self.cards.is_empty()
    }

    fn of(cart: &Cart, cards: &[GiftCard], now: kernel::Timestamp) -> Self {
        let (mut paying, currency) = (Self { cards: Vec::new(), due: cart.total.amount }, cart.total.currency);
        for card in cards.iter().filter(|card| card.can_pay(now) && card.balance.currency == currency) {
            let amount = Money::new(card.balance.amount.min(paying.due), currency);
            if amount.amount > 0 {
                paying.due -= amount.amount;
                let (gift_card_id, last_four) = (card.id.to_string(), card.last_four.clone());
                paying.cards.push(OrderGiftCard { gift_card_id, last_four, amount });
            }
        }
        paying
    }
}

/// What the cards that this visitor entered pay of their cart now.
///
/// # Errors
/// Billing does not say.
pub async fn paying(visit: &Visit, cart: &Cart) -> Result<Paying, Problem> {
    Ok(Paying::of(cart, &cards_of(visit).await?, visit.shop.clock().now()))
}

/// The same as the visitor saw it, by the form that they sent: what changed meanwhile is for the order to find out, so
/// that the same press twice is one order. `None` when the form names other cards than this visitor has entered.
///
/// # Errors
/// Billing does not say.
pub async fn as_seen(visit: &Visit, cart: &Cart, seen: &str) -> Result<Option<Paying>, Problem> {
    let cards = cards_of(visit).await?;
    let (mut paying, currency) = (Paying { cards: Vec::new(), due: cart.total.amount }, cart.total.currency);
    for part in seen.split(',').filter(|part| !part.is_empty()) {
        let read = part.split_once(':').and_then(|(id, amount)| Some((id, amount.parse::<i64>().ok()?)));
        let Some((id, amount)) = read.filter(|(_, amount)| (1..=paying.due).contains(amount)) else { return Ok(None) };
        let Some(card) = cards.iter().find(|card| card.id.to_string() == id) else { return Ok(None) };
        paying.due -= amount;
        let (gift_card_id, last_four) = (id.to_owned(), card.last_four.clone());
        paying.cards.push(OrderGiftCard { gift_card_id, last_four, amount: Money::new(amount, currency) });
    }
    Ok(Some(paying))
}

/// The cards that this visitor entered, in the order in which they did.
async fn cards_of(visit: &Visit) -> Result<Vec<GiftCard>, Problem> {
    let ids = entered(visit);
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let found = visit.shop.billing().gift_cards(&visit.edge(), GiftCardQuery::Ids { ids: ids.clone() }.into()).await;
    let mut cards = found.map_err(unavailable)?.items;
    cards.sort_by_key(|card| ids.iter().position(|id| *id == card.id));
    Ok(cards)
}

fn unavailable<E: std::fmt::Display>(error: CallError<E>) -> Problem {
    match Problem::from(error) {
        Problem::Unavailable(_) => Problem::Unavailable("Gift cards"),
        other => other,
    }
}

/// The names that the browser keeps, if the shop signed them for this cart.
fn entered(visit: &Visit) -> Vec<GiftCardId> {
    let text = visit.cookies().text(GIFT_CARDS).filter(|text| text.len() < LONGEST_COOKIE).unwrap_or_default();
    let Some((names, seal)) = text.rsplit_once('.') else { return Vec::new() };
    let Some(secret) = visit.cart_secret() else { return Vec::new() };
    if !keys(visit).signed(secret.reveal(), names, seal) {
        return Vec::new();
    }
    names.split('.').filter_map(|name| name.parse().ok()).take(MOST_GIFT_CARDS).collect()
}

/// The browser keeps these names.
fn keep(visit: &Visit, response: &mut HttpResponse, ids: &[GiftCardId]) {
    let Some(secret) = visit.cart_secret().filter(|_| !ids.is_empty()) else { return forget(visit, response) };
    let names = ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(".");
    let seal = keys(visit).sign(secret.reveal(), &names);
    visit.set_cookie(response, visit.shop.cookie_names().make(GIFT_CARDS, format!("{names}.{seal}")));
}

/// The browser keeps none any more.
pub fn forget(visit: &Visit, response: &mut HttpResponse) {
    if visit.cookies().text(GIFT_CARDS).is_some() {
        visit.set_cookie(response, visit.shop.cookie_names().remove(GIFT_CARDS));
    }
}

fn keys(visit: &Visit) -> Keys {
    Keys::of(visit.shop.settings(), "gift cards of a cart")
}

/// `POST /checkout/gift-cards`
///
/// # Errors
/// The form has other fields, or billing does not answer.
pub async fn add(visit: Visit) -> Answer {
    let mut form = visit.form(&["gift_card"])?;
    let cart = match ready_to_pay(&visit).await? {
        Ok(cart) => cart,
        Err(elsewhere) => return Ok(elsewhere),
    };
    let Some(code) = form.required("gift_card", "Type the code of your gift card") else {
        return answer(&visit, &cart, &form, None, StatusCode::UNPROCESSABLE_ENTITY).await;
    };
    // Counted before it is looked at, so that guesses at the same time cannot slip through together.
    match counters::count(&visit.shop, None, tries(&visit)).await {
        Ok(()) => {}
        Err(CallError::Domain(TooMany { wait, .. })) => return too_many(&visit, &cart, wait).await,
        Err(error) => return Err(counters::refused(error)),
    }
    let request = FindGiftCards::from(GiftCardQuery::Code { code: GiftCardCode::new(code) });
    let found = visit.shop.billing().gift_cards(&visit.anonymous(), request).await.map_err(unavailable)?;
    let usable = found.items.into_iter().find(|card| card.balance.currency == cart.total.currency);
    let Some(card) = usable else {
        // A code is not shown again: who looks over a shoulder learns nothing.
        form.set("gift_card", String::new());
        form.problem("gift_card", NOT_USABLE);
        return answer(&visit, &cart, &form, None, StatusCode::UNPROCESSABLE_ENTITY).await;
    };
    counters::take_back(&visit.shop, tries(&visit)).await;
    let mut ids = entered(&visit);
    if ids.len() >= MOST_GIFT_CARDS && !ids.contains(&card.id) {
        form.set("gift_card", String::new());
        form.problem("gift_card", format!("An order can be paid with at most {MOST_GIFT_CARDS} gift cards"));
        return answer(&visit, &cart, &form, None, StatusCode::UNPROCESSABLE_ENTITY).await;
    }
    if !ids.contains(&card.id) {
        ids.push(card.id);
    }
    let text = format!("It has {} on it.", MoneyView::from(card.balance).text);
    let notice = Notice::new(Tone::Ok, "Your gift card is applied", text);
    let mut response = visit.see_other_saying("/checkout/payment", &notice);
    keep(&visit, &mut response, &ids);
    Ok(response)
}

fn tries(visit: &Visit) -> Vec<Try> {
    let session = visit.cart_secret().map(|secret| secret.hash()).unwrap_or_default();
    vec![
        Try::of(&visit.shop, MISSED_GIFT_CARDS, "all"),
        Try::of(&visit.shop, MISSED_GIFT_CARDS_OF_ADDRESS, visit.address()),
        Try::of(&visit.shop, MISSED_GIFT_CARDS_OF_SESSION, session),
    ]
}

async fn too_many(visit: &Visit, cart: &Cart, wait: Duration) -> Answer {
    let text = format!(
        "Wait {} before you try another one, or pay in another way now. Your cart is kept.",
        counters::in_words(wait)
    );
    let notice = Notice::new(Tone::Warn, "Too many codes that do not work", text);
    let mut response = answer(visit, cart, &Form::default(), Some(notice), StatusCode::TOO_MANY_REQUESTS).await?;
    retry_after(&mut response, wait);
    Ok(response)
}

/// `POST /checkout/gift-cards/remove`
///
/// # Errors
/// The form has other fields.
pub async fn remove(visit: Visit) -> Answer {
    let form = visit.form(&["gift_card_id"])?;
    let mut ids = entered(&visit);
    ids.retain(|id| id.to_string() != form.raw("gift_card_id"));
    let mut response = see_other("/checkout/payment");
    keep(&visit, &mut response, &ids);
    Ok(response)
}
