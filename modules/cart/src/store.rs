//! Every query of the module. A cart is only ever found by the hash of its secret, and only while it is open.

mod audit;
pub(crate) mod promotions;
pub(crate) mod uses;

use std::error::Error as StdError;
use std::str::FromStr;

use cart_api::{CartId, CartLineId};
use catalog_api::VariantId;
use diesel::prelude::*;
use diesel::result::Error;
use kernel::db::{AnyConnection, Keep as _, on_either};
use kernel::{Address, Email, Money, Quantity, Timestamp};

pub(crate) use audit::INVARIANTS;

use crate::owner::Owner;
use crate::schema::{cart_lines, carts};

/// A cart as it is kept.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct StoredCart {
    pub(crate) id: CartId,
    pub(crate) version: i64,
    pub(crate) email: Option<Email>,
    pub(crate) address: Option<Address>,
    pub(crate) shipping_method: Option<String>,
    /// In the order given. Kept with the cart, so that they are always of its version.
    pub(crate) codes: Vec<String>,
}

/// A line as it is kept.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct StoredLine {
    pub(crate) id: CartLineId,
    pub(crate) variant_id: VariantId,
    pub(crate) quantity: Quantity,
    pub(crate) added_price: Money,
    pub(crate) shown: Shown,
    pub(crate) position: i64,
}

/// What the catalog said of a variant when it was added.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Shown {
    pub(crate) slug: String,
    pub(crate) title: String,
    pub(crate) options: String,
    pub(crate) sku: Option<String>,
    pub(crate) image: Option<String>,
}

#[derive(Queryable)]
struct CartRow {
    id: String,
    version: i64,
    email: Option<String>,
    address: Option<String>,
    shipping_method: Option<String>,
    codes: String,
}

#[derive(Queryable)]
struct LineRow {
    id: String,
    variant_id: String,
    quantity: i64,
    added_price: i64,
    currency: String,
    slug: String,
    title: String,
    options: String,
    sku: Option<String>,
    image: Option<String>,
    position: i64,
}

type CartColumns = (carts::id, carts::version, carts::email, carts::address, carts::shipping_method, carts::codes);
const CART: CartColumns =
    (carts::id, carts::version, carts::email, carts::address, carts::shipping_method, carts::codes);

type LineColumns = (
    cart_lines::id,
    cart_lines::variant_id,
    cart_lines::quantity,
    cart_lines::added_price,
    cart_lines::currency,
    cart_lines::slug,
    cart_lines::title,
    cart_lines::options,
    cart_lines::sku,
    cart_lines::image,
    cart_lines::position,
);
const LINE: LineColumns = (
    cart_lines::id,
    cart_lines::variant_id,
    cart_lines::quantity,
    cart_lines::added_price,
    cart_lines::currency,
    cart_lines::slug,
    cart_lines::title,
    cart_lines::options,
    cart_lines::sku,
    cart_lines::image,
    cart_lines::position,
);

/// The open cart of `owner` with its lines in the order added. One statement, so that both are of one version.
pub(crate) fn cart_with_lines(
    conn: &mut AnyConnection,
    owner: &Owner,
) -> QueryResult<Option<(StoredCart, Vec<StoredLine>)>> {
    let query = carts::table
        .left_join(cart_lines::table)
        .filter(carts::secret_hash.eq(owner.as_str()))
        .filter(carts::completed_at.is_null())
        .order(cart_lines::position)
        .select((CART, LINE.nullable()));
    let rows: Vec<(CartRow, Option<LineRow>)> = on_either!(conn => query.load(conn))?;
    let mut found = None;
    for (cart, line) in rows {
        let (_, lines) = match &mut found {
            Some(found) => found,
            None => found.insert((cart.read()?, Vec::new())),
        };
        if let Some(line) = line {
            lines.push(line.read()?);
        }
    }
    Ok(found)
}

/// The open cart of `owner`, which from here to the end of the unit of work nobody else changes: the row that says when
/// it was last in use is written first.
pub(crate) fn cart_touch(conn: &mut AnyConnection, owner: &Owner, now: Timestamp) -> QueryResult<Option<StoredCart>> {
    let touched = diesel::update(carts::table)
        .filter(carts::secret_hash.eq(owner.as_str()))
        .filter(carts::completed_at.is_null())
        .set(carts::updated_at.eq(now.0))
        .returning(CART)
        .kept();
    let row: Option<CartRow> = on_either!(conn => touched.get_result(conn)).optional()?;
    row.map(CartRow::read).transpose()
}

/// Opens a cart for `owner`, unless one is open.
pub(crate) fn cart_insert_if_none(conn: &mut AnyConnection, owner: &Owner, now: Timestamp) -> QueryResult<()> {
    let row = (
        carts::id.eq(CartId::new().to_string()),
        carts::secret_hash.eq(owner.as_str()),
        carts::created_at.eq(now.0),
        carts::updated_at.eq(now.0),
    );
    let insert = diesel::insert_into(carts::table).values(row).on_conflict_do_nothing();
    on_either!(conn => insert.execute(conn))?;
    Ok(())
}

/// Counts a change that matters to an order.
pub(crate) fn cart_raise_version(conn: &mut AnyConnection, id: CartId) -> QueryResult<()> {
    let changed = diesel::update(carts::table.find(id.to_string())).set(carts::version.eq(carts::version + 1)).kept();
    on_either!(conn => changed.execute(conn)).map(drop)
}

/// Keeps who buys, where it goes and how, and counts the change.
pub(crate) fn cart_set_contact(
    conn: &mut AnyConnection,
    id: CartId,
    email: &Email,
    address: &Address,
    shipping_method: Option<&str>,
) -> QueryResult<()> {
    let address = serde_json::to_string(address).map_err(|error| Error::SerializationError(error.into()))?;
    let changed = diesel::update(carts::table.find(id.to_string()))
        .set((
            carts::version.eq(carts::version + 1),
            carts::email.eq(email.as_str()),
            carts::address.eq(address),
            carts::shipping_method.eq(shipping_method),
        ))
        .kept();
    on_either!(conn => changed.execute(conn)).map(drop)
}

/// Keeps how it gets there, and counts the change.
pub(crate) fn cart_set_shipping(conn: &mut AnyConnection, id: CartId, method: &str) -> QueryResult<()> {
    let changed = diesel::update(carts::table.find(id.to_string()))
        .set((carts::version.eq(carts::version + 1), carts::shipping_method.eq(method)))
        .kept();
    on_either!(conn => changed.execute(conn)).map(drop)
}

/// Keeps the codes that were given, and counts the change.
pub(crate) fn cart_set_codes(conn: &mut AnyConnection, id: CartId, codes: &[String]) -> QueryResult<()> {
    let codes = serde_json::to_string(codes).map_err(|error| Error::SerializationError(error.into()))?;
    diesel::update(carts::table.find(id.to_string()))
        .set((carts::version.eq(carts::version + 1), carts::codes.eq(codes)))
        .execute(conn)
        .map(drop)
}

/// Closes a cart that was ordered; one that is closed already stays as it is.
pub(crate) fn cart_complete(conn: &mut AnyConnection, id: &str, now: Timestamp) -> QueryResult<()> {
    let changed = diesel::update(carts::table.find(id))
        .filter(carts::completed_at.is_null())
        .set((carts::completed_at.eq(now.0), carts::updated_at.eq(now.0)))
        .kept();
    on_either!(conn => changed.execute(conn)).map(drop)
}

/// Deletes up to `limit` carts, with their lines, that were not used since `before`. How many there were.
pub(crate) fn carts_delete_unused(conn: &mut AnyConnection, before: Timestamp, limit: i64) -> QueryResult<usize> {
    let old: Vec<String> = carts::table
        .filter(carts::updated_at.lt(before.0))
        .order(carts::updated_at)
        .limit(limit)
        .select(carts::id)
        .load(conn)?;
    // Asked again, because a shopper may have come back in between.
    diesel::delete(carts::table.filter(carts::id.eq_any(old)).filter(carts::updated_at.lt(before.0))).execute(conn)
}

/// The lines of a cart in the order added.
pub(crate) fn lines_of_cart(conn: &mut AnyConnection, id: CartId) -> QueryResult<Vec<StoredLine>> {
    let query =
        cart_lines::table.filter(cart_lines::cart_id.eq(id.to_string())).order(cart_lines::position).select(LINE);
    let rows: Vec<LineRow> = on_either!(conn => query.load(conn))?;
    rows.into_iter().map(LineRow::read).collect()
}

/// Adds a line.
pub(crate) fn line_insert(conn: &mut AnyConnection, cart: CartId, line: &StoredLine) -> QueryResult<()> {
    diesel::insert_into(cart_lines::table)
        .values((
            cart_lines::id.eq(line.id.to_string()),
            cart_lines::cart_id.eq(cart.to_string()),
            cart_lines::variant_id.eq(line.variant_id.to_string()),
            cart_lines::quantity.eq(line.quantity.get()),
            cart_lines::added_price.eq(line.added_price.amount),
            cart_lines::currency.eq(line.added_price.currency.code()),
            cart_lines::slug.eq(&line.shown.slug),
            cart_lines::title.eq(&line.shown.title),
            cart_lines::options.eq(&line.shown.options),
            cart_lines::sku.eq(&line.shown.sku),
            cart_lines::image.eq(&line.shown.image),
            cart_lines::position.eq(line.position),
        ))
        .execute(conn)
        .map(drop)
}

/// Makes a line as given: more of it was added, at the price and under the name of now.
pub(crate) fn line_update(conn: &mut AnyConnection, line: &StoredLine) -> QueryResult<()> {
    let changed = diesel::update(cart_lines::table.find(line.id.to_string()))
        .set((
            cart_lines::quantity.eq(line.quantity.get()),
            cart_lines::added_price.eq(line.added_price.amount),
            cart_lines::currency.eq(line.added_price.currency.code()),
            cart_lines::slug.eq(&line.shown.slug),
            cart_lines::title.eq(&line.shown.title),
            cart_lines::options.eq(&line.shown.options),
            cart_lines::sku.eq(&line.shown.sku),
            cart_lines::image.eq(&line.shown.image),
        ))
        .kept();
    on_either!(conn => changed.execute(conn)).map(drop)
}

/// Takes a line out.
pub(crate) fn line_delete(conn: &mut AnyConnection, id: CartLineId) -> QueryResult<()> {
    diesel::delete(cart_lines::table.find(id.to_string())).execute(conn).map(drop)
}

impl CartRow {
    fn read(self) -> QueryResult<StoredCart> {
        Ok(StoredCart {
            id: parsed(&self.id)?,
            version: self.version,
            email: self.email.as_deref().map(parsed).transpose()?,
            address: self.address.as_deref().map(serde_json::from_str).transpose().map_err(damaged)?,
            shipping_method: self.shipping_method,
            codes: serde_json::from_str(&self.codes).map_err(damaged)?,
        })
    }
}

impl LineRow {
    fn read(self) -> QueryResult<StoredLine> {
        Ok(StoredLine {
            id: parsed(&self.id)?,
            variant_id: parsed(&self.variant_id)?,
            quantity: self.quantity.try_into().map_err(damaged)?,
            added_price: Money::new(self.added_price, parsed(&self.currency)?),
            shown: Shown {
                slug: self.slug,
                title: self.title,
                options: self.options,
                sku: self.sku,
                image: self.image,
            },
            position: self.position,
        })
    }
}

/// A stored text as what was stored; anything else is damage.
fn parsed<T>(text: &str) -> QueryResult<T>
where
    T: FromStr<Err: StdError + Send + Sync + 'static>,
{
    text.parse().map_err(damaged)
}

fn damaged(error: impl StdError + Send + Sync + 'static) -> Error {
    Error::DeserializationError(Box::new(error))
}
