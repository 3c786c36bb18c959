//! What variants were offered for, and when.

use std::collections::HashMap;

use catalog_api::VariantId;
use diesel::prelude::*;
use kernel::Timestamp;
use kernel::db::{AnyConnection, on_either};

use super::{ROWS, parsed};
use crate::schema::price_history;

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
