//! Looking for gift cards: a shopper by the code, the shop and its staff by what they know.

use std::sync::Arc;

use accounts_api::Permission;
use billing_api::{BillingError, FindGiftCards, GiftCard, GiftCardCode, GiftCardId, GiftCardQuery};
use kernel::{CallCtx, Email, Page, Principal};

use super::codes::canonical_ending;
use crate::store::gift_cards::{self as store, Sought};
use crate::{Module, Outcome};

const MOST_AT_ONCE: usize = 100;
const LONGEST_SEARCH: usize = 254;

/// Those that were asked for, and that the caller may see.
pub(crate) async fn gift_cards(module: &Module, ctx: &CallCtx, request: FindGiftCards) -> Outcome<Page<GiftCard>> {
    match request.query.clone() {
        GiftCardQuery::Code { code } => by_code(module, code).await,
        GiftCardQuery::Ids { ids } => {
            may_read(ctx)?;
            by_ids(module, ids).await
        }
        GiftCardQuery::Search { text } => {
            may_read(ctx)?;
            search(module, &text, &request).await
        }
        GiftCardQuery::ToMail { id } => {
            if !matches!(ctx.principal, Principal::Module(_)) {
                return Err(BillingError::NotPermitted.into());
            }
            to_mail(module, id).await
        }
        _ => Err(BillingError::invalid("query", "this release does not know it").into()),
    }
}

fn may_read(ctx: &CallCtx) -> Result<(), BillingError> {
    match ctx.principal.may(Permission::ReadOrders.as_str()) {
        true => Ok(()),
        false => Err(BillingError::NotPermitted),
    }
}

fn page(items: Vec<GiftCard>) -> Page<GiftCard> {
    Page { items, next_cursor: None }
}

/// Unknown, closed, empty and expired look alike.
async fn by_code(module: &Module, code: GiftCardCode) -> Outcome<Page<GiftCard>> {
    let found = module.db.read({
        let wraps = Arc::clone(&module.wraps);
        move |conn| {
            let hash = wraps.known_key(conn)?.and_then(|key| key.hash(&code));
            let Some(hash) = hash else { return Ok(None) };
            Outcome::Ok(store::gift_card_of_code(conn, &hash)?)
        }
    });
    let now = module.clock.now();
    Ok(page(found.await?.into_iter().filter(|card| card.can_pay(now)).collect()))
}

async fn by_ids(module: &Module, ids: Vec<GiftCardId>) -> Outcome<Page<GiftCard>> {
    if ids.len() > MOST_AT_ONCE {
        return Err(BillingError::invalid("ids", format!("ask for at most {MOST_AT_ONCE} at once")).into());
    }
    module
        .db
        .read(move |conn| {
            let mut cards = store::gift_cards_of(conn, &ids)?;
            if let [card] = cards.as_mut_slice() {
                card.movements = store::movements_of_card(conn, card.id, card.balance.currency)?;
            }
            Outcome::Ok(page(cards))
        })
        .await
}

async fn search(module: &Module, text: &str, request: &FindGiftCards) -> Outcome<Page<GiftCard>> {
    let text = text.trim();
    if text.chars().count() > LONGEST_SEARCH {
        return Err(BillingError::invalid("text", format!("use at most {LONGEST_SEARCH} characters")).into());
    }
    let sought = if text.is_empty() {
        Sought::All
    } else if text.starts_with("ord_") {
        Sought::Order(text.to_owned())
    } else if let Ok(email) = text.parse::<Email>() {
        Sought::Email(email.canonical())
    } else {
        Sought::LastFour(canonical_ending(text))
    };
    let (cursor, limit) = (request.page.cursor.clone(), request.page.capped_limit());
    let found =
        module.db.read_long(move |conn| Outcome::Ok(store::gift_cards(conn, &sought, cursor.as_deref(), limit + 1)?));
    Ok(Page::from_one_too_many(found.await?, limit, |card| card.id.to_string()))
}

async fn to_mail(module: &Module, id: GiftCardId) -> Outcome<Page<GiftCard>> {
    let wraps = Arc::clone(&module.wraps);
    module
        .db
        .read(move |conn| {
            let mut cards = store::gift_cards_of(conn, &[id])?;
            let key = wraps.known_key(conn)?;
            for card in &mut cards {
                card.code = key.as_ref().map(|key| key.code(card.id));
            }
            Outcome::Ok(page(cards))
        })
        .await
}
