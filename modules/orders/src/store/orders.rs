//! Orders and what was bought.

use diesel::prelude::*;
use diesel::sql_types::Bool;
use kernel::db::{AnyConnection, Keep as _};
use kernel::{Address, Currency, Email, Money, Quantity, Timestamp, charge};
use orders_api::{Order, OrderId, OrderLine, ShippingLine};

use super::sagas::{SAGA, SagaRow};
use super::{currency, from_json, insert_rows, moment, on_either, parsed, status, to_json, unreadable};
use crate::find::Viewer;
use crate::journal::{Head, Purchase};
use crate::place::Draft;
use crate::schema::{order_lines, order_numbers, orders, sagas};
use crate::status::Status;

diesel::define_sql_function! {
    /// Of PostgreSQL.
    fn nextval(sequence: diesel::sql_types::Text) -> diesel::sql_types::BigInt;
}

/// The next number to show.
pub(crate) fn number_next(conn: &mut AnyConnection) -> QueryResult<String> {
    let number: i64 = match conn {
        // A counter in a table would make every buyer wait for the commit of the one before.
        AnyConnection::Postgres(conn) => diesel::select(nextval("order_numbers")).get_result(conn)?,
        AnyConnection::Sqlite(conn) => diesel::update(order_numbers::table)
            .set(order_numbers::last.eq(order_numbers::last + 1))
            .returning(order_numbers::last)
            .kept()
            .get_result(conn)?,
    };
    Ok(number.to_string())
}

/// A new order, pending.
pub(crate) fn order_insert(conn: &mut AnyConnection, order: &Head, draft: &Draft, now: Timestamp) -> QueryResult<()> {
    let bought = (
        orders::key.eq(draft.request.key.to_string()),
        orders::secret_hash.eq(draft.request.secret.hash()),
        orders::request_hash.eq(&draft.request_hash),
        orders::cart_id.eq(&order.cart_id),
        orders::cart_version.eq(order.cart_version),
        orders::currency.eq(order.total.currency.code()),
        orders::item_count.eq(draft.item_count()),
        orders::subtotal.eq(draft.parts.subtotal.amount),
        orders::shipping_method.eq(&draft.shipping.code),
        orders::shipping_name.eq(&draft.shipping.name),
        orders::shipping_price.eq(draft.request.shipping_price.amount),
        orders::tax_contained.eq(draft.request.tax_contained.amount),
        orders::total.eq(order.total.amount),
    );
    let why = (
        orders::discount.eq(draft.parts.discount.amount),
        orders::tax_added.eq(draft.parts.tax_added.amount),
        orders::shipping_discount.eq(draft.parts.shipping_discount.amount),
        orders::adjustments.eq(to_json(&draft.request.adjustments)?),
        orders::tax_lines.eq(to_json(&draft.request.tax_lines)?),
        orders::shipping_adjustments.eq(to_json(&draft.request.shipping_adjustments)?),
        orders::shipping_taxes.eq(to_json(&draft.request.shipping_taxes)?),
        orders::coupons.eq(to_json(&order.coupons)?),
        orders::gift_cards.eq(to_json(&order.gift_cards)?),
        orders::by_gift_cards.eq(order.total.amount - order.due().amount),
    );
    let (email, address) = (&draft.request.email, &draft.request.address);
    let buyer = (
        orders::email.eq(email.as_str()),
        orders::address_name.eq(&address.name),
        orders::address_line1.eq(&address.line1),
        orders::address_line2.eq(&address.line2),
        orders::address_postcode.eq(&address.postcode),
        orders::address_city.eq(&address.city),
        orders::address_country.eq(address.country.code()),
        orders::address_phone.eq(&address.phone),
        orders::search_text
            .eq(format!("{}\n{}\n{email}\n{}", order.number, email.canonical(), address.name).to_lowercase()),
    );
    let course = (
        orders::id.eq(order.id.to_string()),
        orders::number.eq(&order.number),
        orders::status.eq(order.status.order.as_str()),
        orders::payment_status.eq(order.status.payment.as_str()),
        orders::fulfillment_status.eq(order.status.fulfillment.as_str()),
        orders::payment_method.eq(&order.payment_method),
        orders::payment_instructions.eq(to_json(&order.payment_instructions)?),
        orders::version.eq(order.version),
        orders::created_at.eq(now.0),
    );
    diesel::insert_into(orders::table).values((course, buyer, bought, why)).execute(conn)?;
    Ok(())
}

/// What is bought with it.
pub(crate) fn lines_insert(conn: &mut AnyConnection, order_id: OrderId, lines: &[OrderLine]) -> QueryResult<()> {
    let row = |(position, line): (i64, &OrderLine)| {
        Ok((
            order_lines::id.eq(line.id.to_string()),
            order_lines::order_id.eq(order_id.to_string()),
            order_lines::position.eq(position),
            order_lines::variant_id.eq(line.variant_id.clone()),
            order_lines::title.eq(line.title.clone()),
            order_lines::options.eq(line.options.clone()),
            order_lines::sku.eq(line.sku.clone()),
            order_lines::slug.eq(line.slug.clone()),
            order_lines::image.eq(line.image.clone()),
            order_lines::unit_price.eq(line.unit_price.amount),
            order_lines::quantity.eq(line.quantity.get()),
            order_lines::line_total.eq(line.line_total.amount),
            order_lines::discount.eq(charge::total_of(&line.discounts)),
            order_lines::order_discount.eq(charge::total_of(&line.shares)),
            order_lines::discounts.eq(to_json(&line.discounts)?),
            order_lines::shares.eq(to_json(&line.shares)?),
            order_lines::taxes.eq(to_json(&line.taxes)?),
        ))
    };
    let rows = (1..).zip(lines).map(row).collect::<QueryResult<Vec<_>>>()?;
    insert_rows!(conn, order_lines::table, rows)
}

/// What an order was made from, and how it is.
pub(crate) struct Earlier {
    pub(crate) id: OrderId,
    pub(crate) request_hash: String,
    pub(crate) status: Status,
    pub(crate) placed_at: Option<Timestamp>,
}

/// The order that was made with `key`, or from this version of the cart, and that no other has taken the place of.
pub(crate) fn order_of_cart(
    conn: &mut AnyConnection,
    key: &str,
    cart_id: &str,
    cart_version: i64,
) -> QueryResult<Option<Earlier>> {
    let of_cart = orders::cart_id.eq(cart_id).and(orders::cart_version.eq(cart_version)).and(orders::key.is_not_null());
    let row: Option<(String, String, String, String, String, Option<i64>)> = orders::table
        .filter(orders::key.eq(key).or(of_cart.nullable()))
        .select((
            orders::id,
            orders::request_hash,
            orders::status,
            orders::payment_status,
            orders::fulfillment_status,
            orders::placed_at,
        ))
        .first(conn)
        .optional()?;
    let earlier =
        |(id, request_hash, order, payment, fulfillment, placed_at): (String, _, String, String, String, _)| {
            Ok(Earlier {
                id: parsed(&id)?,
                request_hash,
                status: status(&order, &payment, &fulfillment)?,
                placed_at: moment(placed_at),
            })
        };
    row.map(earlier).transpose()
}

/// Gives up key, secret and cart version of an order that ended before it was placed or paid. Whether it was one.
pub(crate) fn order_supersede(conn: &mut AnyConnection, ended: OrderId, by: OrderId) -> QueryResult<bool> {
    let free = orders::table
        .find(ended.to_string())
        .filter(orders::status.eq_any(["canceled", "expired"]))
        .filter(orders::payment_status.eq("voided"))
        .filter(orders::placed_at.is_null())
        .filter(orders::key.is_not_null());
    let nothing = None::<String>;
    let row = (orders::key.eq(&nothing), orders::secret_hash.eq(&nothing), orders::superseded_by.eq(by.to_string()));
    Ok(diesel::update(free).set(row).execute(conn)? == 1)
}

/// Writes what changes of an order that has `seen` events. False when something else happened to it.
pub(crate) fn order_save(conn: &mut AnyConnection, order: &Head, seen: i64) -> QueryResult<bool> {
    let as_seen = orders::table.find(order.id.to_string()).filter(orders::version.eq(seen));
    let row = (
        orders::status.eq(order.status.order.as_str()),
        orders::payment_status.eq(order.status.payment.as_str()),
        orders::fulfillment_status.eq(order.status.fulfillment.as_str()),
        orders::payment_method.eq(&order.payment_method),
        orders::payment_instructions.eq(to_json(&order.payment_instructions)?),
        orders::placed_at.eq(order.placed_at.map(|at| at.0)),
        orders::unpaid.eq(order.unpaid),
        orders::version.eq(order.version),
    );
    let save = diesel::update(as_seen).set(row).kept();
    Ok(on_either!(conn => save.execute(conn))? == 1)
}

#[derive(Queryable)]
struct HeadRow {
    id: String,
    number: String,
    cart_id: String,
    cart_version: i64,
    status: (String, String, String),
    total: (i64, String, String, i64),
    coupons: String,
    payment_method: String,
    payment_instructions: String,
    version: i64,
    placed_at: Option<i64>,
}

impl HeadRow {
    fn into_head(self) -> QueryResult<Head> {
        Ok(Head {
            id: parsed(&self.id)?,
            number: self.number,
            cart_id: self.cart_id,
            cart_version: self.cart_version,
            status: status(&self.status.0, &self.status.1, &self.status.2)?,
            total: Money::new(self.total.0, currency(&self.total.1)?),
            gift_cards: from_json(&self.total.2)?,
            unpaid: self.total.3,
            coupons: from_json(&self.coupons)?,
            payment_method: self.payment_method,
            payment_instructions: from_json(&self.payment_instructions)?,
            version: self.version,
            placed_at: moment(self.placed_at),
        })
    }
}

/// An order and its journal, if `viewer` may see it.
pub(crate) fn purchase_of(
    conn: &mut AnyConnection,
    order_id: OrderId,
    viewer: &Viewer,
) -> QueryResult<Option<Purchase>> {
    let row: Option<(HeadRow, SagaRow)> = sagas::table
        .inner_join(orders::table)
        .filter(orders::id.eq(order_id.to_string()))
        .filter(orders::secret_hash.eq(viewer.secret_hash()).or(viewer.sees_all().into_sql::<Bool>().nullable()))
        .select((
            (
                orders::id,
                orders::number,
                orders::cart_id,
                orders::cart_version,
                (orders::status, orders::payment_status, orders::fulfillment_status),
                (orders::total, orders::currency, orders::gift_cards, orders::unpaid),
                orders::coupons,
                orders::payment_method,
                orders::payment_instructions,
                orders::version,
                orders::placed_at,
            ),
            SAGA,
        ))
        .first(conn)
        .optional()?;
    row.map(|(head, saga)| Ok(Purchase { order: head.into_head()?, saga: saga.into_saga()? })).transpose()
}

#[derive(Queryable)]
struct OrderRow {
    id: String,
    number: String,
    status: (String, String, String),
    email: String,
    address: (String, String, Option<String>, String, String, String, Option<String>),
    cart: (String, i64),
    currency: String,
    subtotal: i64,
    shipping: (String, String, i64, String, String),
    adjustments: String,
    tax_lines: String,
    tax_contained: i64,
    total: (i64, String, i64),
    payment_method: String,
    payment_instructions: String,
    created_at: i64,
    placed_at: Option<i64>,
}

impl OrderRow {
    /// The order without what is in other tables.
    fn into_order(self) -> QueryResult<Order> {
        let currency = currency(&self.currency)?;
        let status = status(&self.status.0, &self.status.1, &self.status.2)?;
        let (name, line1, line2, postcode, city, country, phone) = self.address;
        let (method, shipping_name, price, shipping_adjustments, shipping_taxes) = self.shipping;
        let (total, gift_cards, unpaid) = self.total;
        Ok(Order {
            id: parsed(&self.id)?,
            number: self.number,
            status: status.order,
            payment_status: status.payment,
            fulfillment_status: status.fulfillment,
            email: parsed(&self.email)?,
            address: Address { name, line1, line2, postcode, city, country: parsed(&country)?, phone },
            cart_id: self.cart.0,
            cart_version: self.cart.1,
            lines: Vec::new(),
            shipping: ShippingLine {
                method,
                name: shipping_name,
                price: Money::new(price, currency),
                adjustments: from_json(&shipping_adjustments)?,
                taxes: from_json(&shipping_taxes)?,
            },
            subtotal: Money::new(self.subtotal, currency),
            adjustments: from_json(&self.adjustments)?,
            tax_lines: from_json(&self.tax_lines)?,
            total: Money::new(total, currency),
            tax_contained: Money::new(self.tax_contained, currency),
            gift_cards: from_json(&gift_cards)?,
            unpaid: (unpaid > 0).then(|| Money::new(unpaid, currency)),
            payment_method: self.payment_method,
            payment_instructions: from_json(&self.payment_instructions)?,
            fulfillments: Vec::new(),
            refunds: Vec::new(),
            returns: Vec::new(),
            timeline: Vec::new(),
            created_at: Timestamp(self.created_at),
            placed_at: moment(self.placed_at),
            pay_by: None,
        })
    }
}

/// Which order is looked for.
pub(crate) enum Wanted {
    Id(OrderId),
    SecretHash(String),
    /// Made of this version of this cart.
    Cart(String, i64),
}

/// An order without its lines, parcels and timeline.
pub(crate) fn order(conn: &mut AnyConnection, wanted: &Wanted) -> QueryResult<Option<Order>> {
    let query = orders::table.select((
        orders::id,
        orders::number,
        (orders::status, orders::payment_status, orders::fulfillment_status),
        orders::email,
        (
            orders::address_name,
            orders::address_line1,
            orders::address_line2,
            orders::address_postcode,
            orders::address_city,
            orders::address_country,
            orders::address_phone,
        ),
        (orders::cart_id, orders::cart_version),
        orders::currency,
        orders::subtotal,
        (
            orders::shipping_method,
            orders::shipping_name,
            orders::shipping_price,
            orders::shipping_adjustments,
            orders::shipping_taxes,
        ),
        orders::adjustments,
        orders::tax_lines,
        orders::tax_contained,
        (orders::total, orders::gift_cards, orders::unpaid),
        orders::payment_method,
        orders::payment_instructions,
        orders::created_at,
        orders::placed_at,
    ));
    let row: Option<OrderRow> = match wanted {
        Wanted::Id(id) => query.filter(orders::id.eq(id.to_string())).first(conn).optional()?,
        Wanted::SecretHash(hash) => query.filter(orders::secret_hash.eq(hash)).first(conn).optional()?,
        Wanted::Cart(id, version) => query
            .filter(orders::cart_id.eq(id))
            .filter(orders::cart_version.eq(version))
            .filter(orders::key.is_not_null())
            .first(conn)
            .optional()?,
    };
    row.map(OrderRow::into_order).transpose()
}

/// Where mail about an order goes.
pub(crate) fn email_of_order(conn: &mut AnyConnection, order_id: OrderId) -> QueryResult<Email> {
    let email: String = orders::table.find(order_id.to_string()).select(orders::email).first(conn)?;
    parsed(&email)
}

#[derive(Queryable)]
struct LineRow {
    id: String,
    variant_id: String,
    title: String,
    options: String,
    sku: Option<String>,
    slug: String,
    image: Option<String>,
    unit_price: i64,
    quantity: i64,
    line_total: i64,
    packed: i64,
    shipped: i64,
    discounts: String,
    shares: String,
    taxes: String,
    returned: i64,
    coming_back: i64,
}

impl LineRow {
    fn into_line(self, currency: Currency) -> QueryResult<OrderLine> {
        Ok(OrderLine {
            id: parsed(&self.id)?,
            variant_id: self.variant_id,
            title: self.title,
            options: self.options,
            sku: self.sku,
            slug: self.slug,
            image: self.image,
            unit_price: Money::new(self.unit_price, currency),
            quantity: Quantity::try_from(self.quantity).map_err(unreadable)?,
            discounts: from_json(&self.discounts)?,
            line_total: Money::new(self.line_total, currency),
            shares: from_json(&self.shares)?,
            taxes: from_json(&self.taxes)?,
            packed: self.packed,
            shipped: self.shipped,
            returned: self.returned,
            coming_back: self.coming_back,
        })
    }
}

/// What was bought with an order, as it was listed then.
pub(crate) fn lines_of_order(
    conn: &mut AnyConnection,
    order_id: OrderId,
    currency: Currency,
) -> QueryResult<Vec<OrderLine>> {
    let rows: Vec<LineRow> = order_lines::table
        .filter(order_lines::order_id.eq(order_id.to_string()))
        .order(order_lines::position)
        .select((
            order_lines::id,
            order_lines::variant_id,
            order_lines::title,
            order_lines::options,
            order_lines::sku,
            order_lines::slug,
            order_lines::image,
            order_lines::unit_price,
            order_lines::quantity,
            order_lines::line_total,
            order_lines::packed,
            order_lines::shipped,
            order_lines::discounts,
            order_lines::shares,
            order_lines::taxes,
            order_lines::returned,
            order_lines::coming_back,
        ))
        .load(conn)?;
    rows.into_iter().map(|row| row.into_line(currency)).collect()
}

/// Packs `quantity` more of a line of an order. False when there is no such line, or not so much of it is left to pack.
pub(crate) fn line_pack(
    conn: &mut AnyConnection,
    order_id: OrderId,
    line_id: &str,
    quantity: i64,
) -> QueryResult<bool> {
    let left = order_lines::table
        .find(line_id)
        .filter(order_lines::order_id.eq(order_id.to_string()))
        .filter((order_lines::packed + quantity).le(order_lines::quantity));
    let packed = order_lines::packed.eq(order_lines::packed + quantity);
    Ok(diesel::update(left).set(packed).execute(conn)? == 1)
}

/// `quantity` more of a line, which was packed, has left the house. False when not so much of it was packed.
pub(crate) fn line_ship(conn: &mut AnyConnection, line_id: &str, quantity: i64) -> QueryResult<bool> {
    let packed = order_lines::table.find(line_id).filter((order_lines::shipped + quantity).le(order_lines::packed));
    let shipped = order_lines::shipped.eq(order_lines::shipped + quantity);
    Ok(diesel::update(packed).set(shipped).execute(conn)? == 1)
}

/// Of a line of an order `came` more came back, and `awaited` more are to come back, or fewer when that is below zero. False
/// when there is no such line, when fewer were to come back, or when not so much of it is away.
pub(crate) fn line_back(
    conn: &mut AnyConnection,
    order_id: OrderId,
    line_id: &str,
    came: i64,
    awaited: i64,
) -> QueryResult<bool> {
    let away = order_lines::table
        .find(line_id)
        .filter(order_lines::order_id.eq(order_id.to_string()))
        .filter(order_lines::coming_back.ge(-awaited))
        .filter((order_lines::returned + order_lines::coming_back + came + awaited).le(order_lines::shipped));
    let row = (
        order_lines::returned.eq(order_lines::returned + came),
        order_lines::coming_back.eq(order_lines::coming_back + awaited),
    );
    Ok(diesel::update(away).set(row).execute(conn)? == 1)
}

/// Whether any unit of an order is in a parcel.
pub(crate) fn is_packed(conn: &mut AnyConnection, order_id: OrderId) -> QueryResult<bool> {
    let line: Option<String> = order_lines::table
        .filter(order_lines::order_id.eq(order_id.to_string()))
        .filter(order_lines::packed.gt(0))
        .select(order_lines::id)
        .first(conn)
        .optional()?;
    Ok(line.is_some())
}
