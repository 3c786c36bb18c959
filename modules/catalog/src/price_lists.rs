//! Price lists: making and changing them, setting their prices, and bringing both into the shop in time.
//!
//! What variants are offered for is written with the variants, when a list begins, ends or changes. So whoever shows
//! prices asks for nothing more than without lists, lists are sorted by the prices that count, and each price that begins
//! is compared with those of the 30 days before in the one place that does so.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use catalog_api::{
    CatalogError, FindListPrices, ListPriceInput, ListPriceLists, ListedPrice, PriceList, PriceListId, RefusedPrice,
    SavePriceList, SetListPrices, VariantId,
};
use kernel::db::{AnyConnection, Db};
use kernel::stop::Stop;
use kernel::trace::TraceContext;
use kernel::{CallCtx, CallError, Clock, Currency, Page, Principal, Quantity, Timestamp};

use crate::permission::{may_manage_products, may_read_products};
use crate::validate::{checked_price, required};
use crate::{Answer, Service, change, store};

const MOST_LISTED: i64 = 500;
const MOST_PRICES: usize = 500;
const HIGHEST_PRIORITY: i64 = 1_000;
/// A list begins and ends at most this long, and the time that writing takes, after its time.
const PERIOD: Duration = Duration::from_secs(1);
/// Variants whose offers are changed in one unit of work, so that nobody waits long for it.
const BATCH: i64 = 200;

pub(crate) async fn price_lists(db: &Db, principal: &Principal, request: ListPriceLists) -> Answer<Vec<PriceList>> {
    may_read_products(principal)?;
    db.read(move |conn| Ok(store::price_lists(conn, request.id, MOST_LISTED)?)).await
}

/// By variant and quantity, along the primary key.
pub(crate) async fn list_prices(db: &Db, principal: &Principal, request: FindListPrices) -> Answer<Page<ListedPrice>> {
    may_read_products(principal)?;
    let place = |cursor: &str| -> Option<(VariantId, i64)> {
        let (variant, quantity) = cursor.split_once('.')?;
        Some((variant.parse().ok()?, quantity.parse().ok()?))
    };
    let wrong = || CallError::bad_request("cursor: not one of this list");
    let after = request.page.cursor.as_deref().map(|cursor| place(cursor).ok_or_else(wrong)).transpose()?;
    let limit = request.page.capped_limit();
    let list = request.price_list_id;
    let found = db.read(move |conn| Ok(store::list_prices_after(conn, list, after, limit + 1)?)).await?;
    Ok(Page::from_one_too_many(found, limit, |price: &ListedPrice| {
        format!("{}.{}", price.variant_id, price.min_quantity)
    }))
}

pub(crate) async fn save_price_list(service: &Service, ctx: &CallCtx, request: SavePriceList) -> Answer<PriceList> {
    may_manage_products(&ctx.principal)?;
    let (now, wanted) = (service.clock.now(), checked(&request, service.currency)?);
    let (id, seen) = (request.id, request.expected_version);
    let work = move |conn: &mut AnyConnection| {
        let wanted = match id {
            None => wanted,
            Some(id) => onto(one(conn, id)?, wanted, seen)?,
        };
        if !store::price_list_write(conn, &wanted, now)? {
            return Err(CatalogError::Changed { current: wanted.version }.into());
        }
        one(conn, wanted.id)
    };
    service.db.write_once(request.key.to_string(), "save_price_list", &request, work).await
}

fn one(conn: &mut AnyConnection, id: PriceListId) -> Answer<PriceList> {
    store::price_lists(conn, Some(id), 1)?.pop().ok_or_else(|| CatalogError::NotFound.into())
}

/// The list that is asked for, as a new one, if everything about it is in order.
fn checked(request: &SavePriceList, currency: Currency) -> Result<PriceList, CatalogError> {
    if request.currency != currency {
        return Err(CatalogError::invalid("currency", format!("give it in {currency}, the currency of the shop")));
    }
    if !(-HIGHEST_PRIORITY..=HIGHEST_PRIORITY).contains(&request.priority) {
        return Err(CatalogError::invalid("priority", "use -1,000 to 1,000"));
    }
    if request.ends_at.is_some_and(|end| end < request.starts_at) {
        return Err(CatalogError::invalid("ends_at", "let it end after it has begun"));
    }
    Ok(PriceList {
        id: PriceListId::new(),
        name: required("name", &request.name)?,
        currency,
        kind: request.kind,
        priority: request.priority,
        starts_at: request.starts_at,
        ends_at: request.ends_at,
        price_count: 0,
        version: 1,
    })
}

/// How a list becomes what is wanted.
fn onto(before: PriceList, wanted: PriceList, seen: Option<i64>) -> Result<PriceList, CatalogError> {
    if seen.is_some_and(|seen| seen != before.version) {
        return Err(CatalogError::Changed { current: before.version });
    }
    if wanted.currency != before.currency {
        return Err(CatalogError::invalid("currency", "a list keeps its currency; make another list"));
    }
    Ok(PriceList { id: before.id, version: before.version + 1, price_count: before.price_count, ..wanted })
}

pub(crate) async fn set_list_prices(
    service: &Service,
    ctx: &CallCtx,
    request: SetListPrices,
) -> Answer<Vec<RefusedPrice>> {
    may_manage_products(&ctx.principal)?;
    if request.prices.len() > MOST_PRICES {
        return Err(CatalogError::invalid("prices", "send at most 500 at once").into());
    }
    let (now, trace, list, prices) = (service.clock.now(), ctx.trace, request.price_list_id, request.prices.clone());
    if request.dry_run {
        return service.db.read(move |conn| Ok(Wanted::of(conn, list, &prices)?.refused)).await;
    }
    let work = move |conn: &mut AnyConnection| {
        // Held from here on, so that two who set prices of one list do so one after the other.
        if !store::price_list_touch(conn, list, now)? {
            return Err(CatalogError::NotFound.into());
        }
        let wanted = Wanted::of(conn, list, &prices)?;
        if wanted.refused.is_empty() {
            store::prices_replace(conn, list, &wanted.variants, &wanted.prices)?;
            change::reprice(conn, trace, &wanted.variants, now)?;
        }
        Ok(wanted.refused)
    };
    service.db.write_once(request.key.to_string(), "set_list_prices", &request, work).await
}

/// What a list shall have for some variants, and what cannot be.
struct Wanted {
    variants: Vec<VariantId>,
    prices: HashMap<(VariantId, Quantity), i64>,
    refused: Vec<RefusedPrice>,
}

impl Wanted {
    fn of(conn: &mut AnyConnection, list: PriceListId, inputs: &[ListPriceInput]) -> Answer<Self> {
        let currency = one(conn, list)?.currency;
        let names: Vec<&str> = inputs.iter().map(|input| input.variant.trim()).collect();
        let known = store::variants_named(conn, &names)?;
        let variants: BTreeSet<VariantId> = names.iter().filter_map(|name| known.get(*name).copied()).collect();
        let variants: Vec<VariantId> = variants.into_iter().collect();
        let prices = store::prices_of_list(conn, list, &variants)?;
        let mut wanted = Self { variants, prices, refused: Vec::new() };
        let mut seen = BTreeSet::new();
        for (place, (input, name)) in (0..).zip(inputs.iter().zip(names)) {
            let taken = checked_input(input, known.get(name).copied(), currency).and_then(|(variant, price)| {
                let at = (variant, input.min_quantity);
                if !seen.insert(at) {
                    return Err(CatalogError::invalid(
                        "variant",
                        "it is there already for that quantity; give it once",
                    ));
                }
                Ok((at, price))
            });
            match taken {
                Ok((at, Some(price))) => {
                    wanted.prices.insert(at, price);
                }
                Ok((at, None)) => {
                    wanted.prices.remove(&at);
                }
                Err(refusal) => wanted.refused.push(refused(place, refusal)),
            }
        }
        Ok(wanted)
    }
}

fn checked_input(
    input: &ListPriceInput,
    variant: Option<VariantId>,
    currency: Currency,
) -> Result<(VariantId, Option<i64>), CatalogError> {
    let unknown = || CatalogError::invalid("variant", "no variant has this SKU; write one as on its product's page");
    let variant = variant.ok_or_else(unknown)?;
    let price = input.price.map(|price| checked_price("price", price, currency)).transpose()?;
    Ok((variant, price.map(|price| price.amount)))
}

fn refused(place: u32, refusal: CatalogError) -> RefusedPrice {
    let (field, problem) = match refusal {
        CatalogError::Invalid { field, problem } => (field, problem),
        other => ("variant".to_owned(), other.to_string()),
    };
    RefusedPrice { place, field, problem }
}

/// Looks every second until told to stop. Any number of processes may do so: what is done already changes nothing.
pub(crate) async fn begin_and_end_in_time(db: Db, clock: Clock, stop: Stop) {
    while !stop.is_stopping() {
        if let Err(error) = bring_in_due_lists(&db, clock.now()).await {
            tracing::warn!(%error, "price lists that begin or end wait for now");
        }
        tokio::select! {
            () = tokio::time::sleep(PERIOD) => {}
            () = stop.wait() => {}
        }
    }
}

async fn bring_in_due_lists(db: &Db, now: Timestamp) -> Answer<()> {
    while let Some(list) = db.read(move |conn| Answer::Ok(store::price_list_due(conn, now)?)).await? {
        bring_in(db, list, now).await?;
    }
    Ok(())
}

/// Offers all variants of a list for what they are now, part by part. One that was changed meanwhile stays due.
async fn bring_in(db: &Db, list: PriceList, now: Timestamp) -> Answer<()> {
    let (id, trace) = (list.id, TraceContext::new());
    let mut after = None;
    loop {
        let work = move |conn: &mut AnyConnection| {
            let variants = store::variants_of_list(conn, id, after, BATCH)?;
            change::reprice(conn, trace, &variants, now)?;
            Answer::Ok(variants.last().copied())
        };
        match db.write(work).await? {
            None => break,
            last => after = last,
        }
    }
    let next = [Some(list.starts_at), list.ends_at].into_iter().flatten().filter(|moment| *moment > now).min();
    db.write(move |conn| Answer::Ok(store::price_list_settle(conn, &list, next)?)).await
}
