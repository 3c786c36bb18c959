//! Price lists and the prices in them.

use std::collections::HashMap;

use catalog_api::{ListedPrice, PriceList, PriceListId, VariantId};
use diesel::dsl::count_star;
use diesel::prelude::*;
use kernel::db::{AnyConnection, MultiBackend};
use kernel::{Money, Quantity, Timestamp};

use super::{ROWS, corrupt, from_json, parsed};
use crate::offered::ListPrice;
use crate::schema::{list_prices, price_lists, products, variants};

#[derive(Queryable, Selectable)]
#[diesel(table_name = price_lists)]
struct ListRow {
    id: String,
    name: String,
    currency: String,
    kind: String,
    priority: i64,
    starts_at: i64,
    ends_at: Option<i64>,
    version: i64,
}

impl ListRow {
    fn into_list(self, counts: &HashMap<String, i64>) -> QueryResult<PriceList> {
        Ok(PriceList {
            price_count: counts.get(&self.id).copied().unwrap_or(0),
            id: parsed(&self.id)?,
            name: self.name,
            currency: parsed(&self.currency)?,
            kind: parsed(&self.kind)?,
            priority: self.priority,
            starts_at: Timestamp(self.starts_at),
            ends_at: self.ends_at.map(Timestamp),
            version: self.version,
        })
    }
}

/// One list or all, the newest first.
pub(crate) fn price_lists(
    conn: &mut AnyConnection,
    only: Option<PriceListId>,
    limit: i64,
) -> QueryResult<Vec<PriceList>> {
    let mut query = price_lists::table.select(ListRow::as_select()).into_boxed::<MultiBackend>();
    if let Some(id) = only {
        query = query.filter(price_lists::id.eq(id.to_string()));
    }
    // Ids sort by time.
    let rows: Vec<ListRow> = query.order(price_lists::id.desc()).limit(limit).load(conn)?;
    let counts = price_counts(conn, &rows)?;
    rows.into_iter().map(|row| row.into_list(&counts)).collect()
}

fn price_counts(conn: &mut AnyConnection, lists: &[ListRow]) -> QueryResult<HashMap<String, i64>> {
    let ids: Vec<&str> = lists.iter().map(|list| list.id.as_str()).collect();
    let counts: Vec<(String, i64)> = list_prices::table
        .filter(list_prices::price_list_id.eq_any(ids))
        .group_by(list_prices::price_list_id)
        .select((list_prices::price_list_id, count_star()))
        .load(conn)?;
    Ok(counts.into_iter().collect())
}

/// A new list, or one as it is from its version before on, which has to be brought into the shop at once. False when there
/// is no such version.
pub(crate) fn price_list_write(conn: &mut AnyConnection, list: &PriceList, now: Timestamp) -> QueryResult<bool> {
    let values = (
        price_lists::name.eq(list.name.clone()),
        price_lists::kind.eq(list.kind.as_str().to_owned()),
        price_lists::priority.eq(list.priority),
        price_lists::starts_at.eq(list.starts_at.0),
        price_lists::ends_at.eq(list.ends_at.map(|end| end.0)),
        price_lists::due_at.eq(Some(now.0)),
        price_lists::version.eq(list.version),
        price_lists::updated_at.eq(now.0),
    );
    if list.version > 1 {
        let before = price_lists::table.find(list.id.to_string()).filter(price_lists::version.eq(list.version - 1));
        return Ok(diesel::update(before).set(values).execute(conn)? == 1);
    }
    let new = (
        price_lists::id.eq(list.id.to_string()),
        price_lists::currency.eq(list.currency.code().to_owned()),
        price_lists::created_at.eq(now.0),
        values,
    );
    Ok(diesel::insert_into(price_lists::table).values(new).execute(conn)? == 1)
}

/// Raises the version of a list, whose row is held from then on. False when there is no such list.
pub(crate) fn price_list_touch(conn: &mut AnyConnection, id: PriceListId, now: Timestamp) -> QueryResult<bool> {
    let raised = (price_lists::version.eq(price_lists::version + 1), price_lists::updated_at.eq(now.0));
    Ok(diesel::update(price_lists::table.find(id.to_string())).set(raised).execute(conn)? == 1)
}

/// A list that has to be brought into the shop or taken out of it by now.
pub(crate) fn price_list_due(conn: &mut AnyConnection, now: Timestamp) -> QueryResult<Option<PriceList>> {
    let due = price_lists::table.filter(price_lists::due_at.le(now.0)).order(price_lists::due_at);
    let row: Option<ListRow> = due.select(ListRow::as_select()).first(conn).optional()?;
    row.map(|row| row.into_list(&HashMap::new())).transpose()
}

/// Says when a list is next due, unless it was changed since `list` was read.
pub(crate) fn price_list_settle(
    conn: &mut AnyConnection,
    list: &PriceList,
    due_at: Option<Timestamp>,
) -> QueryResult<()> {
    let same = price_lists::table.find(list.id.to_string()).filter(price_lists::version.eq(list.version));
    diesel::update(same).set(price_lists::due_at.eq(due_at.map(|at| at.0))).execute(conn).map(drop)
}

/// Up to `limit` variants that a list names, in their order, after one of them.
pub(crate) fn variants_of_list(
    conn: &mut AnyConnection,
    list: PriceListId,
    after: Option<VariantId>,
    limit: i64,
) -> QueryResult<Vec<VariantId>> {
    let after = after.map(|id| id.to_string()).unwrap_or_default();
    let ids: Vec<String> = list_prices::table
        .filter(list_prices::price_list_id.eq(list.to_string()))
        .filter(list_prices::variant_id.gt(after))
        .select(list_prices::variant_id)
        .distinct()
        .order(list_prices::variant_id)
        .limit(limit)
        .load(conn)?;
    ids.iter().map(|id| parsed(id)).collect()
}

/// The prices of these variants in the lists that are in force at a moment.
pub(crate) fn prices_in_force(
    conn: &mut AnyConnection,
    variants: &[VariantId],
    now: Timestamp,
) -> QueryResult<HashMap<VariantId, Vec<ListPrice>>> {
    let mut found: HashMap<VariantId, Vec<ListPrice>> = HashMap::new();
    for some in variants.chunks(ROWS) {
        let ids: Vec<String> = some.iter().map(ToString::to_string).collect();
        let rows: Vec<(String, String, String, i64, String, i64, i64)> = list_prices::table
            .inner_join(price_lists::table)
            .filter(list_prices::variant_id.eq_any(&ids))
            .filter(price_lists::starts_at.le(now.0))
            .filter(price_lists::ends_at.is_null().or(price_lists::ends_at.gt(now.0)))
            .select((
                list_prices::variant_id,
                price_lists::id,
                price_lists::kind,
                price_lists::priority,
                price_lists::currency,
                list_prices::min_quantity,
                list_prices::price_minor,
            ))
            .load(conn)?;
        for (variant, list, kind, priority, currency, min_quantity, price) in rows {
            found.entry(parsed(&variant)?).or_default().push(ListPrice {
                list: parsed(&list)?,
                kind: parsed(&kind)?,
                priority,
                min_quantity: quantity(min_quantity)?,
                price: Money::new(price, parsed(&currency)?),
            });
        }
    }
    Ok(found)
}

fn quantity(stored: i64) -> QueryResult<Quantity> {
    stored.try_into().map_err(corrupt)
}

/// What a list has for these variants: from how many on, and for how much.
pub(crate) fn prices_of_list(
    conn: &mut AnyConnection,
    list: PriceListId,
    variants: &[VariantId],
) -> QueryResult<HashMap<(VariantId, Quantity), i64>> {
    let ids: Vec<String> = variants.iter().map(ToString::to_string).collect();
    let rows: Vec<(String, i64, i64)> = list_prices::table
        .filter(list_prices::price_list_id.eq(list.to_string()))
        .filter(list_prices::variant_id.eq_any(ids))
        .select((list_prices::variant_id, list_prices::min_quantity, list_prices::price_minor))
        .load(conn)?;
    rows.into_iter().map(|(id, from, price)| Ok(((parsed(&id)?, quantity(from)?), price))).collect()
}

/// Makes what a list has for these variants what is given.
pub(crate) fn prices_replace(
    conn: &mut AnyConnection,
    list: PriceListId,
    variants: &[VariantId],
    prices: &HashMap<(VariantId, Quantity), i64>,
) -> QueryResult<()> {
    let ids: Vec<String> = variants.iter().map(ToString::to_string).collect();
    let former = list_prices::table
        .filter(list_prices::price_list_id.eq(list.to_string()))
        .filter(list_prices::variant_id.eq_any(ids));
    diesel::delete(former).execute(conn)?;
    let row = |(&(variant, from), &price): (&(VariantId, Quantity), &i64)| {
        (
            list_prices::price_list_id.eq(list.to_string()),
            list_prices::variant_id.eq(variant.to_string()),
            list_prices::min_quantity.eq(from.get()),
            list_prices::price_minor.eq(price),
        )
    };
    let rows: Vec<_> = prices.iter().map(row).collect();
    for some in rows.chunks(ROWS) {
        // Several rows in one statement are built differently for each database.
        match conn {
            AnyConnection::Postgres(conn) => diesel::insert_into(list_prices::table).values(some).execute(conn)?,
            AnyConnection::Sqlite(conn) => diesel::insert_into(list_prices::table).values(some).execute(conn)?,
        };
    }
    Ok(())
}

/// Takes variants that are no more out of every list.
pub(crate) fn list_prices_forget(conn: &mut AnyConnection, gone: &[VariantId]) -> QueryResult<()> {
    for some in gone.chunks(ROWS) {
        let ids: Vec<String> = some.iter().map(ToString::to_string).collect();
        diesel::delete(list_prices::table.filter(list_prices::variant_id.eq_any(ids))).execute(conn)?;
    }
    Ok(())
}

#[derive(Queryable)]
struct PriceRow {
    variant_id: String,
    min_quantity: i64,
    price_minor: i64,
    option_values: String,
    sku: Option<String>,
    offered_minor: i64,
    own_minor: Option<i64>,
    product_id: String,
    title: String,
    currency: String,
}

impl PriceRow {
    fn into_price(self) -> QueryResult<ListedPrice> {
        let currency = parsed(&self.currency)?;
        let options: Vec<String> = from_json(&self.option_values)?;
        Ok(ListedPrice {
            variant_id: parsed(&self.variant_id)?,
            product_id: parsed(&self.product_id)?,
            title: self.title,
            options: options.join(", "),
            sku: self.sku,
            own_price: Money::new(self.own_minor.unwrap_or(self.offered_minor), currency),
            min_quantity: quantity(self.min_quantity)?,
            price: Money::new(self.price_minor, currency),
        })
    }
}

/// Up to `limit` prices of a list by variant and quantity, after that of a variant and a quantity.
pub(crate) fn list_prices_after(
    conn: &mut AnyConnection,
    list: PriceListId,
    after: Option<(VariantId, i64)>,
    limit: i64,
) -> QueryResult<Vec<ListedPrice>> {
    let (variant, quantity) = after.map_or((String::new(), 0), |(variant, quantity)| (variant.to_string(), quantity));
    let later = list_prices::variant_id
        .gt(variant.clone())
        .or(list_prices::variant_id.eq(variant).and(list_prices::min_quantity.gt(quantity)));
    let rows: Vec<PriceRow> = list_prices::table
        .inner_join(variants::table.on(variants::id.eq(list_prices::variant_id)))
        .inner_join(products::table.on(products::id.eq(variants::product_id)))
        .filter(list_prices::price_list_id.eq(list.to_string()))
        .filter(later)
        .order((list_prices::variant_id, list_prices::min_quantity))
        .select((
            list_prices::variant_id,
            list_prices::min_quantity,
            list_prices::price_minor,
            variants::option_values,
            variants::sku,
            variants::price_minor,
            variants::own_price_minor,
            products::id,
            products::title,
            products::currency,
        ))
        .limit(limit)
        .load(conn)?;
    rows.into_iter().map(PriceRow::into_price).collect()
}
