//! Who used which code. Whatever changes how often a code is used holds the code's row from its first statement on
//! ([`code_hold`]), so such changes of one code happen one after the other.

use diesel::prelude::*;
use kernel::Timestamp;
use kernel::db::AnyConnection;
use kernel::id::new_id;

use crate::schema::{coupon_codes, coupon_uses, promotions};

/// A live use of a code by a cart.
#[derive(Clone, Debug, Queryable)]
pub(crate) struct Use {
    pub(crate) id: String,
    pub(crate) code: String,
    pub(crate) cart_id: String,
    pub(crate) cart_version: i64,
    pub(crate) order_id: Option<String>,
    pub(crate) claimed_at: i64,
}

type Columns = (
    coupon_uses::id,
    coupon_uses::code,
    coupon_uses::cart_id,
    coupon_uses::cart_version,
    coupon_uses::order_id,
    coupon_uses::claimed_at,
);
const USE: Columns = (
    coupon_uses::id,
    coupon_uses::code,
    coupon_uses::cart_id,
    coupon_uses::cart_version,
    coupon_uses::order_id,
    coupon_uses::claimed_at,
);

/// Holds a code until the end of the unit of work.
pub(crate) fn code_hold(conn: &mut AnyConnection, code: &str) -> QueryResult<()> {
    diesel::update(coupon_codes::table.find(code))
        .set(coupon_codes::uses.eq(coupon_codes::uses))
        .execute(conn)
        .map(drop)
}

/// Counts one more use of a code, where one is left. Whether one was.
pub(crate) fn code_take(conn: &mut AnyConnection, code: &str) -> QueryResult<bool> {
    let left = coupon_codes::table
        .find(code)
        .filter(coupon_codes::ended_at.is_null())
        .filter(coupon_codes::use_limit.is_null().or(coupon_codes::use_limit.gt(coupon_codes::uses.nullable())));
    Ok(diesel::update(left).set(coupon_codes::uses.eq(coupon_codes::uses + 1)).execute(conn)? == 1)
}

/// Counts `more` uses of a code, whatever its limit.
pub(crate) fn code_count(conn: &mut AnyConnection, code: &str, more: i64) -> QueryResult<()> {
    diesel::update(coupon_codes::table.find(code))
        .set(coupon_codes::uses.eq(coupon_codes::uses + more))
        .execute(conn)
        .map(drop)
}

/// Of these codes those that a cart uses.
pub(crate) fn uses_of_cart(conn: &mut AnyConnection, cart_id: &str, codes: &[String]) -> QueryResult<Vec<Use>> {
    coupon_uses::table
        .filter(coupon_uses::cart_id.eq(cart_id))
        .filter(coupon_uses::code.eq_any(codes))
        .filter(coupon_uses::status.ne("released"))
        .order(coupon_uses::code)
        .select(USE)
        .load(conn)
}

/// How often a customer uses each of these codes with other carts.
pub(crate) fn uses_of_customer(
    conn: &mut AnyConnection,
    customer: &str,
    codes: &[String],
    other_than: &str,
) -> QueryResult<Vec<(String, i64)>> {
    coupon_uses::table
        .filter(coupon_uses::code.eq_any(codes))
        .filter(coupon_uses::customer.eq(customer))
        .filter(coupon_uses::status.ne("released"))
        .filter(coupon_uses::cart_id.ne(other_than))
        .group_by(coupon_uses::code)
        .select((coupon_uses::code, diesel::dsl::count_star()))
        .load(conn)
}

/// Writes that a cart uses a code, for no order yet.
pub(crate) fn use_claim(
    conn: &mut AnyConnection,
    code: &str,
    (cart_id, cart_version): (&str, i64),
    customer: &str,
    now: Timestamp,
) -> QueryResult<()> {
    let row = (
        coupon_uses::id.eq(new_id("use")),
        coupon_uses::code.eq(code),
        coupon_uses::cart_id.eq(cart_id),
        coupon_uses::cart_version.eq(cart_version),
        coupon_uses::customer.eq(customer),
        coupon_uses::status.eq("claimed"),
        coupon_uses::claimed_at.eq(now.0),
    );
    diesel::insert_into(coupon_uses::table).values(row).execute(conn).map(drop)
}

/// Writes that a claimed use is for this version of its cart, as of now, and for whom when that is known. False when
/// something else happened to it.
pub(crate) fn use_renew(
    conn: &mut AnyConnection,
    seen: &Use,
    version: i64,
    customer: Option<&str>,
    now: Timestamp,
) -> QueryResult<bool> {
    let as_seen = coupon_uses::table
        .find(&seen.id)
        .filter(coupon_uses::status.eq("claimed"))
        .filter(coupon_uses::cart_version.eq(seen.cart_version))
        .filter(coupon_uses::claimed_at.eq(seen.claimed_at));
    let customer = customer.map(|customer| coupon_uses::customer.eq(customer));
    let row = (coupon_uses::cart_version.eq(version), coupon_uses::claimed_at.eq(now.0), customer);
    Ok(diesel::update(as_seen).set(row).execute(conn)? == 1)
}

/// The claimed use of a code by a version of a cart is for an order. False when there is none.
pub(crate) fn use_order(
    conn: &mut AnyConnection,
    code: &str,
    (cart_id, cart_version): (&str, i64),
    order_id: &str,
) -> QueryResult<bool> {
    let claimed = coupon_uses::table
        .filter(coupon_uses::cart_id.eq(cart_id))
        .filter(coupon_uses::code.eq(code))
        .filter(coupon_uses::cart_version.eq(cart_version))
        .filter(coupon_uses::status.eq("claimed"));
    let row = (coupon_uses::status.eq("used"), coupon_uses::order_id.eq(order_id));
    Ok(diesel::update(claimed).set(row).execute(conn)? == 1)
}

/// Whether a code was ever used for an order.
pub(crate) fn is_used_by(conn: &mut AnyConnection, code: &str, order_id: &str) -> QueryResult<bool> {
    let used = coupon_uses::table.filter(coupon_uses::code.eq(code)).filter(coupon_uses::order_id.eq(order_id));
    diesel::select(diesel::dsl::exists(used)).get_result(conn)
}

/// Gives back what a code was used for an order, when its promotion gives back. False when it was not used, or not
/// given back.
pub(crate) fn use_give_back(conn: &mut AnyConnection, code: &str, order_id: &str, now: Timestamp) -> QueryResult<bool> {
    let gives_back =
        promotions::table.inner_join(coupon_codes::table).filter(promotions::given_back).select(coupon_codes::code);
    let used = coupon_uses::table
        .filter(coupon_uses::code.eq(code))
        .filter(coupon_uses::code.eq_any(gives_back))
        .filter(coupon_uses::order_id.eq(order_id))
        .filter(coupon_uses::status.eq("used"));
    let row = (coupon_uses::status.eq("released"), coupon_uses::ended_at.eq(now.0));
    Ok(diesel::update(used).set(row).execute(conn)? == 1)
}

/// Gives back a claimed use that nothing happened to since it was `seen`. Whether it was one.
pub(crate) fn use_release(conn: &mut AnyConnection, seen: &Use, now: Timestamp) -> QueryResult<bool> {
    let as_seen = coupon_uses::table
        .find(&seen.id)
        .filter(coupon_uses::status.eq("claimed"))
        .filter(coupon_uses::cart_version.eq(seen.cart_version))
        .filter(coupon_uses::claimed_at.eq(seen.claimed_at));
    let row = (coupon_uses::status.eq("released"), coupon_uses::ended_at.eq(now.0));
    Ok(diesel::update(as_seen).set(row).execute(conn)? == 1)
}

/// Uses that were claimed before a moment and are not yet of an order, in order of id, after `last`.
pub(crate) fn uses_claimed_before(
    conn: &mut AnyConnection,
    before: Timestamp,
    last: &str,
    limit: i64,
) -> QueryResult<Vec<Use>> {
    coupon_uses::table
        .filter(coupon_uses::status.eq("claimed"))
        .filter(coupon_uses::claimed_at.lt(before.0))
        .filter(coupon_uses::id.gt(last))
        .order(coupon_uses::id)
        .limit(limit)
        .select(USE)
        .load(conn)
}

/// Writes that an order used a code that was not claimed for it.
pub(crate) fn use_insert_used(
    conn: &mut AnyConnection,
    code: &str,
    (cart_id, cart_version): (&str, i64),
    order_id: &str,
    now: Timestamp,
) -> QueryResult<()> {
    let row = (
        coupon_uses::id.eq(new_id("use")),
        coupon_uses::code.eq(code),
        coupon_uses::cart_id.eq(cart_id),
        coupon_uses::cart_version.eq(cart_version),
        coupon_uses::customer.eq(""),
        coupon_uses::order_id.eq(order_id),
        coupon_uses::status.eq("used"),
        coupon_uses::claimed_at.eq(now.0),
    );
    diesel::insert_into(coupon_uses::table).values(row).execute(conn).map(drop)
}
