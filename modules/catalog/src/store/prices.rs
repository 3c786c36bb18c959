//! What variants were offered for, and when.

use std::collections::HashMap;

use catalog_api::{PriceMoment, ProductId, VariantId};
use diesel::prelude::*;
use kernel::db::{AnyConnection, on_either};
use kernel::{Money, Timestamp};

use super::{ROWS, from_json, parsed};
use crate::schema::{price_history, variants};

/// What a variant is offered for from a moment on; nothing when it is no longer offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Offer {
    pub(crate) from: Timestamp,
    pub(crate) price_minor: Option<i64>,
}

/// The offers of these variants that began before `now`, the oldest first.
pub(crate) fn offers_before(
    conn: &mut AnyConnection,
    variants: &[VariantId],
    now: Timestamp,
) -> QueryResult<HashMap<VariantId, Vec<Offer>>> {
    let mut offers: HashMap<VariantId, Vec<Offer>> = HashMap::new();
    for some in variants.chunks(ROWS) {
        let ids: Vec<String> = some.iter().map(ToString::to_string).collect();
        let rows: Vec<(String, i64, Option<i64>)> = price_history::table
            .filter(price_history::variant_id.eq_any(&ids))
            .filter(price_history::from_at.lt(now.0))
            .order((price_history::variant_id, price_history::from_at))
            .select((price_history::variant_id, price_history::from_at, price_history::price_minor))
            .load(conn)?;
        for (variant, from, price_minor) in rows {
            offers.entry(parsed(&variant)?).or_default().push(Offer { from: Timestamp(from), price_minor });
        }
    }
    Ok(offers)
}

/// Writes what these variants are offered for from `now` on, instead of anything written for the same moment.
pub(crate) fn offers_insert(
    conn: &mut AnyConnection,
    offers: &[(VariantId, Option<i64>)],
    (currency, now): (&str, Timestamp),
) -> QueryResult<()> {
    for some in offers.chunks(ROWS) {
        let ids: Vec<String> = some.iter().map(|(variant, _)| variant.to_string()).collect();
        let same = price_history::table
            .filter(price_history::variant_id.eq_any(&ids))
            .filter(price_history::from_at.eq(now.0));
        diesel::delete(same).execute(conn)?;
        let row = |(id, (_, price_minor)): (&String, &(VariantId, Option<i64>))| {
            (
                price_history::variant_id.eq(id.clone()),
                price_history::from_at.eq(now.0),
                price_history::currency.eq(currency.to_owned()),
                price_history::price_minor.eq(*price_minor),
            )
        };
        let rows: Vec<_> = ids.iter().zip(some).map(row).collect();
        on_either!(conn => diesel::insert_into(price_history::table).values(&rows).execute(conn))?;
    }
    Ok(())
}

/// What the present variants of a product were offered for, the newest first.
pub(crate) fn offers_of_product(
    conn: &mut AnyConnection,
    product: ProductId,
    limit: i64,
) -> QueryResult<Vec<PriceMoment>> {
    let rows: Vec<(String, String, i64, Option<i64>, String)> = price_history::table
        .inner_join(variants::table.on(variants::id.eq(price_history::variant_id)))
        .filter(variants::product_id.eq(product.to_string()))
        .order((price_history::from_at.desc(), variants::position))
        .select((
            price_history::variant_id,
            variants::option_values,
            price_history::from_at,
            price_history::price_minor,
            price_history::currency,
        ))
        .limit(limit)
        .load(conn)?;
    let moment = |(variant, options, from, price, currency): (String, String, i64, Option<i64>, String)| {
        let (options, currency) = (from_json::<Vec<String>>(&options)?.join(", "), parsed(&currency)?);
        let price = price.map(|amount| Money::new(amount, currency));
        Ok(PriceMoment { variant_id: parsed(&variant)?, options, from: Timestamp(from), price })
    };
    rows.into_iter().map(moment).collect()
}
