//! Categories, and how many products each list has.

use std::collections::BTreeMap;

use catalog_api::{Category, CategoryRef, ProductStatus};
use diesel::dsl::max;
use diesel::prelude::*;
use kernel::db::{AnyConnection, on_either};

use crate::schema::{categories, listing_counts};

/// All, with the number of their active products.
pub(crate) fn categories_all(conn: &mut AnyConnection) -> QueryResult<Vec<Category>> {
    let active = listing_counts::status.eq(ProductStatus::Active.as_str());
    let rows: Vec<(String, String, Option<i64>)> = categories::table
        .left_join(listing_counts::table.on(listing_counts::category_slug.eq(categories::slug).and(active)))
        .order((categories::position, categories::slug))
        .select((categories::slug, categories::name, listing_counts::product_count.nullable()))
        .load(conn)?;
    let category =
        |(slug, name, count): (String, String, Option<i64>)| Category { slug, name, product_count: count.unwrap_or(0) };
    Ok(rows.into_iter().map(category).collect())
}

/// Those of these slugs that there are.
pub(crate) fn categories_by_slugs(conn: &mut AnyConnection, slugs: &[&str]) -> QueryResult<Vec<CategoryRef>> {
    let rows: Vec<(String, String)> = categories::table
        .filter(categories::slug.eq_any(slugs))
        .select((categories::slug, categories::name))
        .load(conn)?;
    Ok(rows.into_iter().map(|(slug, name)| CategoryRef { slug, name }).collect())
}

/// One category, and how many products of `status` it has.
pub(crate) fn category_with_count(
    conn: &mut AnyConnection,
    slug: &str,
    status: Option<ProductStatus>,
) -> QueryResult<Option<(CategoryRef, i64)>> {
    let rows: Vec<(String, Option<String>, Option<i64>)> = categories::table
        .left_join(listing_counts::table.on(listing_counts::category_slug.eq(categories::slug)))
        .filter(categories::slug.eq(slug))
        .select((categories::name, listing_counts::status.nullable(), listing_counts::product_count.nullable()))
        .load(conn)?;
    let wanted = |of: &Option<String>| status.is_none_or(|status| of.as_deref() == Some(status.as_str()));
    let total = rows.iter().filter(|(_, of, _)| wanted(of)).filter_map(|(_, _, count)| *count).sum();
    let name = rows.into_iter().next().map(|(name, ..)| name);
    Ok(name.map(|name| (CategoryRef { slug: slug.to_owned(), name }, total)))
}

/// How many products of `status` there are.
pub(crate) fn counts_of_all(conn: &mut AnyConnection, status: Option<ProductStatus>) -> QueryResult<i64> {
    let rows: Vec<(String, i64)> =
        listing_counts::table.select((listing_counts::status, listing_counts::product_count)).load(conn)?;
    let wanted = |of: &str| status.is_none_or(|status| of == status.as_str());
    Ok(rows.iter().filter(|(of, _)| wanted(of)).map(|(_, count)| count).sum())
}

/// Adds new ones behind those that there are. One that somebody else was faster to add stays as it is.
pub(crate) fn categories_insert(conn: &mut AnyConnection, new: &[CategoryRef]) -> QueryResult<()> {
    if new.is_empty() {
        return Ok(());
    }
    let last: Option<i64> = categories::table.select(max(categories::position)).get_result(conn)?;
    for (category, position) in new.iter().zip(last.unwrap_or(0) + 1..) {
        let row = (
            categories::slug.eq(&category.slug),
            categories::name.eq(&category.name),
            categories::position.eq(position),
        );
        let insert = diesel::insert_into(categories::table).values(row).on_conflict_do_nothing();
        on_either!(conn => insert.execute(conn))?;
    }
    Ok(())
}

/// Lets each list grow by its number.
pub(crate) fn counts_add(conn: &mut AnyConnection, deltas: &BTreeMap<(String, &'static str), i64>) -> QueryResult<()> {
    for ((category, status), delta) in deltas {
        if !count_add(conn, category, status, *delta)? {
            count_insert(conn, category, status, *delta)?;
        }
    }
    Ok(())
}

fn count_add(conn: &mut AnyConnection, category: &str, status: &str, delta: i64) -> QueryResult<bool> {
    let updated = diesel::update(listing_counts::table.find((category, status)))
        .set(listing_counts::product_count.eq(listing_counts::product_count + delta))
        .execute(conn)?;
    Ok(updated == 1)
}

/// For the first product of a list; adds all the same when another was first after all.
fn count_insert(conn: &mut AnyConnection, category: &str, status: &str, count: i64) -> QueryResult<()> {
    let row = (
        listing_counts::category_slug.eq(category),
        listing_counts::status.eq(status),
        listing_counts::product_count.eq(count),
    );
    let insert = diesel::insert_into(listing_counts::table)
        .values(row)
        .on_conflict((listing_counts::category_slug, listing_counts::status))
        .do_update()
        .set(listing_counts::product_count.eq(listing_counts::product_count + count));
    on_either!(conn => insert.execute(conn))?;
    Ok(())
}
