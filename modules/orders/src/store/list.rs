//! Orders as lists show them.

use diesel::prelude::*;
use kernel::db::AnyConnection;
use kernel::{Money, Timestamp};
use orders_api::{OrderId, OrderSummary, OrderView};

use super::{currency, parsed, status};
use crate::schema::orders;

#[derive(Queryable)]
struct Row {
    id: String,
    number: String,
    status: (String, String, String),
    name: String,
    email: String,
    country: String,
    item_count: i64,
    total: i64,
    currency: String,
    created_at: i64,
}

impl Row {
    fn into_summary(self) -> QueryResult<OrderSummary> {
        let status = status(&self.status.0, &self.status.1, &self.status.2)?;
        Ok(OrderSummary {
            id: parsed(&self.id)?,
            number: self.number,
            status: status.order,
            payment_status: status.payment,
            fulfillment_status: status.fulfillment,
            name: self.name,
            email: parsed(&self.email)?,
            country: parsed(&self.country)?,
            item_count: self.item_count,
            total: Money::new(self.total, currency(&self.currency)?),
            created_at: Timestamp(self.created_at),
        })
    }
}

/// Up to `limit` orders before `before`, newest first, that contain `text`, literally and in lower case.
pub(crate) fn orders_page(
    conn: &mut AnyConnection,
    view: OrderView,
    text: Option<&str>,
    before: Option<OrderId>,
    limit: i64,
) -> QueryResult<Vec<OrderSummary>> {
    let mut query = orders::table
        .select((
            orders::id,
            orders::number,
            (orders::status, orders::payment_status, orders::fulfillment_status),
            orders::address_name,
            orders::email,
            orders::address_country,
            orders::item_count,
            orders::total,
            orders::currency,
            orders::created_at,
        ))
        // Ids sort by time.
        .order(orders::id.desc())
        .limit(limit)
        .into_boxed();
    query = match view {
        OrderView::All => query,
        OrderView::ToPack => {
            query.filter(orders::status.eq("placed")).filter(orders::fulfillment_status.ne("fulfilled"))
        }
        OrderView::AwaitingPayment => {
            query.filter(orders::status.eq_any(["pending", "placed"])).filter(orders::payment_status.eq("unpaid"))
        }
        OrderView::Pending => query.filter(orders::status.eq("pending")),
        OrderView::RefundDue => {
            let ended = query.filter(orders::status.eq_any(["canceled", "expired"]));
            ended.filter(orders::payment_status.eq_any(["paid", "partially_refunded"])).filter(orders::total.gt(0))
        }
    };
    if let Some(before) = before {
        query = query.filter(orders::id.lt(before.to_string()));
    }
    if let Some(text) = text {
        query = query.filter(orders::search_text.like(containing(text)).escape('\\'));
    }
    query.load::<Row>(conn)?.into_iter().map(Row::into_summary).collect()
}

/// The pattern of everything that contains `text`, in which `%` and `_` mean themselves.
fn containing(text: &str) -> String {
    let mut pattern = String::from("%");
    for character in text.chars() {
        if matches!(character, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    pattern.push('%');
    pattern
}
