//! How goods get to someone, and what that costs.

use accounts_api::Permission;
use kernel::db::AnyConnection;
use kernel::{CallCtx, Country, Currency, Money, Timestamp};
use orders_api::{ListShippingMethods, OrdersError, SaveShippingMethod, ShippingMethod};

use crate::Outcome;
use crate::find::Viewer;
use crate::parts::check_amount;
use crate::store::shipping;
use crate::work::Shop;

const MOST_RATES: usize = 20;
const LONGEST_CODE: usize = 40;
const LONGEST_NAME: usize = 200;
/// Also the heaviest, in grams.
const HIGHEST_PRICE: i64 = 10_000_000_000;
const MOST_DAYS: u32 = 365;

/// The cheapest first; of equally cheap ones the fastest.
pub(crate) async fn shipping_methods(
    shop: &Shop,
    ctx: &CallCtx,
    request: ListShippingMethods,
) -> Outcome<Vec<ShippingMethod>> {
    let currency = shop.settings.currency;
    let (country, worth, grams) = (request.country, request.subtotal, request.weight_grams);
    let everywhere = request.everywhere && ctx.principal.may(Permission::ReadOrders.as_str());
    let mut methods =
        shop.db
            .read(move |conn| {
                if everywhere {
                    Ok(shipping::methods(conn, currency)?)
                } else {
                    methods_to(conn, country, worth, grams)
                }
            })
            .await?;
    methods.sort_by_key(|method| (method.price.amount, method.max_days, method.code.clone()));
    Ok(methods)
}

/// How goods get to `country`, at the price for their worth and weight, in no particular order.
pub(crate) fn methods_to(
    conn: &mut AnyConnection,
    country: Country,
    worth: Money,
    weight_grams: i64,
) -> Outcome<Vec<ShippingMethod>> {
    let mut methods = shipping::methods(conn, worth.currency)?;
    let goes_there = |method: &ShippingMethod| method.countries.is_empty() || method.countries.contains(&country);
    methods.retain(|method| goes_there(method) && method.carries(weight_grams));
    for method in &mut methods {
        method.countries.clear();
        method.price = method.price_for(worth, weight_grams);
    }
    Ok(methods)
}

/// Keeps a way of delivery as it is given.
pub(crate) async fn save_shipping_method(
    shop: &Shop,
    ctx: &CallCtx,
    request: SaveShippingMethod,
) -> Outcome<ShippingMethod> {
    if !Viewer::for_staff(ctx, Permission::ManageOrders)?.sees_all() {
        return Err(OrdersError::NotFound.into());
    }
    check(&request.method, shop.settings.currency)?;
    let mut method = request.method.clone();
    method.name = method.name.trim().to_owned();
    // The last rate that is reached counts.
    method.rates.sort_by_key(|rate| (rate.from_worth.map_or(0, |worth| worth.amount), rate.from_grams));
    let ended_at = request.ended.then(|| shop.clock.now());
    let seen = request.expected_version;
    let work = move |conn: &mut AnyConnection| match seen {
        Some(seen) => change(conn, method, seen, ended_at),
        None => create(conn, method),
    };
    shop.db.write_once(request.key.to_string(), "save_shipping_method", &request, work).await
}

fn create(conn: &mut AnyConnection, method: ShippingMethod) -> Outcome<ShippingMethod> {
    if !shipping::method_insert(conn, &method)? {
        return Err(OrdersError::invalid("code", "another way of delivery has it, or had it").into());
    }
    Ok(ShippingMethod { version: 1, ..method })
}

fn change(
    conn: &mut AnyConnection,
    method: ShippingMethod,
    seen: i64,
    ended_at: Option<Timestamp>,
) -> Outcome<ShippingMethod> {
    if !shipping::method_update(conn, &method, seen, ended_at)? {
        let current = shipping::method_version(conn, &method.code)?.ok_or(OrdersError::NotFound)?;
        return Err(OrdersError::Changed { current }.into());
    }
    Ok(ShippingMethod { version: seen + 1, ..method })
}

fn check(method: &ShippingMethod, currency: Currency) -> Result<(), OrdersError> {
    let is_code = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if method.code.is_empty() || method.code.len() > LONGEST_CODE || !method.code.bytes().all(is_code) {
        let problem = format!("use 1 to {LONGEST_CODE} small letters, digits and -");
        return Err(OrdersError::invalid("code", problem));
    }
    let name = method.name.trim();
    if name.is_empty() || name.chars().count() > LONGEST_NAME || name.chars().any(char::is_control) {
        return Err(OrdersError::invalid("name", format!("use 1 to {LONGEST_NAME} characters in one line")));
    }
    check_amount("price", method.price, currency, HIGHEST_PRICE)?;
    if let Some(from) = method.free_from {
        check_amount("free_from", from, currency, HIGHEST_PRICE)?;
    }
    if method.rates.len() > MOST_RATES {
        return Err(OrdersError::invalid("rates", format!("give at most {MOST_RATES}")));
    }
    for rate in &method.rates {
        check_amount("rates", rate.price, currency, HIGHEST_PRICE)?;
        if let Some(worth) = rate.from_worth {
            check_amount("rates", worth, currency, HIGHEST_PRICE)?;
        }
        if !(0..=HIGHEST_PRICE).contains(&rate.from_grams) {
            return Err(OrdersError::invalid("rates", "give the weight in whole grams"));
        }
    }
    if method.max_grams.is_some_and(|most| !(1..=HIGHEST_PRICE).contains(&most)) {
        return Err(OrdersError::invalid("max_grams", "give the weight in whole grams"));
    }
    if method.min_days > method.max_days || method.max_days > MOST_DAYS {
        return Err(OrdersError::invalid("max_days", format!("use at least the first number, at most {MOST_DAYS}")));
    }
    Ok(())
}
