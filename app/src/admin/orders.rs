//! Orders: the list, one order, and what staff do with it.

use std::time::Duration;

use accounts_api::Permission;
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use billing_api::FindPayment;
use kernel::{CallError, PageRequest, Quantity};
use orders_api::{
    CancelOrder, FindOrder, Fulfillment, FulfillmentId, FulfillmentLine, FulfillmentStatus, ListOrders, MarkPaid,
    Order, OrderId, OrderLine, OrderLineId, OrderStatus, OrderSummary, OrderView, OrdersError, Pack, ParcelStatus,
    PaymentStatus, Ship,
};

use super::views::{
    Cursor, DetailLine, DetailParcel, Field, MoneyView, Notice, OrderDetailPage, OrderRow, OrdersPage, Picture, Status,
    Tab, TimelineEntry, Tone, actor, address_lines, country_name, date_time,
};
use super::{key_of, new_key, shell};
use crate::storefront::order::{contents, method_name, payment_rows};
use crate::storefront::summary::totals_of_order;
use crate::web::{Answer, Form, Problem, Visit};

const VIEWS: [(&str, &str, OrderView); 4] = [
    ("all", "All", OrderView::All),
    ("to_pack", "To pack", OrderView::ToPack),
    ("awaiting_payment", "Awaiting payment", OrderView::AwaitingPayment),
    ("refund_due", "Refund due", OrderView::RefundDue),
];
/// The page can do without what billing knows.
pub(super) const PATIENCE: Duration = Duration::from_millis(800);

/// What to say when orders do not answer.
pub(super) fn unavailable<E: std::fmt::Display>(error: CallError<E>) -> Problem {
    match Problem::from(error) {
        Problem::Unavailable(_) => Problem::Unavailable("Orders"),
        other => other,
    }
}

/// `GET /admin/orders?view=&q=&cursor=`
///
/// # Errors
/// A parameter is wrong, or orders cannot be shown now.
pub async fn list(visit: Visit) -> Answer {
    let wanted = visit.query("view")?.unwrap_or_else(|| "all".to_owned());
    let (name, _, view) = VIEWS
        .into_iter()
        .find(|(name, ..)| *name == wanted)
        .ok_or_else(|| Problem::BadRequest(format!("view: {wanted:?} is not possible here")))?;
    let query = visit.query("q")?.unwrap_or_default();
    let cursor = visit.query("cursor")?;
    let page = PageRequest { limit: 50, cursor: cursor.clone() };
    let request = ListOrders { view, search: Some(query.clone()).filter(|query| !query.is_empty()), page };
    let found = match visit.shop.orders().list_orders(&visit.staff(), request).await {
        Ok(found) => found,
        Err(CallError::Domain(OrdersError::NotPermitted)) => return Err(Problem::NotPermitted),
        Err(CallError::Domain(error)) => return Err(Problem::BadRequest(error.to_string())),
        Err(error) => return Err(unavailable(error)),
    };
    let href = |cursor: &str| {
        let pairs = [("view", name), ("q", query.as_str()), ("cursor", cursor)];
        let pairs: Vec<_> = pairs.into_iter().filter(|(_, value)| !value.is_empty()).collect();
        format!("/admin/orders?{}", serde_urlencoded::to_string(pairs).unwrap_or_default())
    };
    let tab = |(other, text, _): (&str, &str, OrderView)| Tab {
        text: text.to_owned(),
        href: format!("/admin/orders?view={other}"),
        current: other == name,
    };
    let page = OrdersPage {
        shell: shell(&visit, "orders", "Orders"),
        tabs: VIEWS.map(tab).into(),
        view: name.to_owned(),
        rows: found.items.iter().map(row).collect(),
        cursor: Cursor { first: cursor.map(|_| href("")), next: found.next_cursor.as_deref().map(href) },
        query: query.clone(),
    };
    visit.shop.pages().answer(StatusCode::OK, "admin/orders.html", &page)
}

fn row(order: &OrderSummary) -> OrderRow {
    OrderRow {
        href: format!("/admin/orders/{}", order.id),
        number: order.number.clone(),
        placed: date_time(order.created_at),
        customer: order.name.clone(),
        email: order.email.to_string(),
        country: country_name(order.country.code()).to_owned(),
        items: order.item_count,
        payment: payment(order.status, order.payment_status),
        packing: packing(order.status, order.fulfillment_status),
        total: order.total.into(),
    }
}

fn payment(status: OrderStatus, payment: PaymentStatus) -> Status {
    match (payment, status) {
        (PaymentStatus::Paid, OrderStatus::Canceled | OrderStatus::Expired) => Status::new(Tone::Bad, "Refund due"),
        (PaymentStatus::Paid, _) => Status::new(Tone::Ok, "Paid"),
        (PaymentStatus::Voided, _) => Status::new(Tone::Plain, "Voided"),
        (_, OrderStatus::Pending) => Status::new(Tone::Info, "Being paid"),
        (_, OrderStatus::Canceled | OrderStatus::Expired) => Status::new(Tone::Plain, "Not paid"),
        _ => Status::new(Tone::Warn, "Awaiting payment"),
    }
}

/// The same for one order, of which is known by when it has to be paid.
fn payment_of(visit: &Visit, order: &Order) -> Status {
    match order.pay_by {
        Some(pay_by) if pay_by < visit.shop.clock().now() => Status::new(Tone::Bad, "Payment overdue"),
        _ => payment(order.status, order.payment_status),
    }
}

fn packing(status: OrderStatus, fulfillment: FulfillmentStatus) -> Status {
    match (status, fulfillment) {
        (OrderStatus::Canceled, _) => Status::new(Tone::Bad, "Canceled"),
        (OrderStatus::Expired, _) => Status::new(Tone::Plain, "Expired"),
        (OrderStatus::Pending, _) => Status::new(Tone::Plain, "Not placed"),
        (_, FulfillmentStatus::Fulfilled) => Status::new(Tone::Ok, "Shipped"),
        (_, FulfillmentStatus::PartiallyFulfilled) => Status::new(Tone::Info, "Partly shipped"),
        (_, FulfillmentStatus::Canceled) => Status::new(Tone::Plain, "Will not be shipped"),
        _ => Status::new(Tone::Warn, "To pack"),
    }
}

pub(super) async fn load(visit: &Visit) -> Result<Order, Problem> {
    let id: OrderId = visit.path("order")?;
    let found = visit.shop.orders().order(&visit.staff(), FindOrder::Id(id)).await;
    found.map_err(unavailable)?.ok_or(Problem::NotFound)
}

/// `GET /admin/orders/{order}`
///
/// # Errors
/// There is no such order, or it cannot be shown now.
pub async fn show(visit: Visit) -> Answer {
    let order = load(&visit).await?;
    answer(&visit, &order, None, StatusCode::OK).await
}

/// What only a person can settle, and how.
async fn attention(visit: &Visit, order: &Order) -> Option<Notice> {
    let method = method_name(&order.payment_method).to_lowercase();
    let ended = matches!(order.status, OrderStatus::Canceled | OrderStatus::Expired);
    if ended && order.payment_status == PaymentStatus::Paid {
        let amount = MoneyView::from(order.total).text;
        let text = format!(
            "{amount} arrived by {method}, but the order had ended by then: nothing is sent. Give the money back from the account that it arrived in, and tell the customer."
        );
        return Some(Notice::new(Tone::Bad, "A refund is due", text));
    }
    let find = FindPayment { order_id: order.id.to_string() };
    let found = visit.shop.billing().payment(&visit.edge().within(PATIENCE), find).await;
    let payment = found.unwrap_or_else(|error| {
        tracing::warn!(%error, "what is known of a payment is not shown");
        None
    });
    let evidence = payment?.review?;
    let text = format!(
        "{evidence}. Nothing goes on by itself until that is settled. Compare it with the account that it arrived in: give back there what does not belong to this order, or ask the customer for what is missing."
    );
    Some(Notice::new(Tone::Bad, "This payment needs you", text))
}

async fn answer(visit: &Visit, order: &Order, notice: Option<Notice>, status: StatusCode) -> Answer {
    let mut shell = shell(visit, "orders", format!("Order {}", order.number));
    shell.notice = notice.or(shell.notice);
    let placed = matches!(order.status, OrderStatus::Placed | OrderStatus::Completed);
    let open = order.lines.iter().any(|line| line.packed < line.quantity.get());
    let packed_any = order.lines.iter().any(|line| line.packed > 0);
    let may_pack = visit.may(Permission::FulfillOrders) && placed && open;
    let may_manage = visit.may(Permission::ManageOrders);
    let unpaid = order.payment_status == PaymentStatus::Unpaid;
    let may_cancel =
        may_manage && unpaid && !packed_any && matches!(order.status, OrderStatus::Placed | OrderStatus::Pending);
    // An order by card that is placed and not paid is one whose money is held.
    let held = matches!(order.payment_method.as_str(), "stripe" | "test");
    let pack_blocked = match order.status {
        OrderStatus::Pending => "The order is not placed yet: its payment is under way.",
        OrderStatus::Placed if unpaid && open => "It is not paid yet. It can be packed all the same.",
        _ => "",
    };
    let (documents, attention) = tokio::join!(super::documents::of_order(visit, order), attention(visit, order));
    let page = OrderDetailPage {
        documents,
        href: format!("/admin/orders/{}", order.id),
        number: order.number.clone(),
        placed: format!(
            "{} {}",
            if order.placed_at.is_some() { "Placed" } else { "Created" },
            date_time(order.placed_at.unwrap_or(order.created_at))
        ),
        badges: vec![payment_of(visit, order), packing(order.status, order.fulfillment_status)],
        attention,
        lines: order.lines.iter().map(detail_line).collect(),
        totals: totals_of_order(order),
        parcels: order
            .fulfillments
            .iter()
            .enumerate()
            .map(|(place, parcel)| detail_parcel(visit, order, place, parcel))
            .collect(),
        pack_key: may_pack.then(new_key),
        pack_blocked: pack_blocked.to_owned(),
        paid_key: (may_manage && placed && unpaid && !held).then(new_key),
        capture_key: (may_manage && placed && unpaid && held).then(new_key),
        cancel_key: may_cancel.then(new_key),
        payment_method: method_name(&order.payment_method),
        payment: payment_of(visit, order),
        instructions: payment_rows(order),
        email: order.email.to_string(),
        phone: order.address.phone.clone().unwrap_or_default(),
        address: address_lines(&order.address),
        shipping_name: order.shipping.name.clone(),
        timeline: order.timeline.iter().rev().map(timeline_entry).collect(),
        shell,
    };
    visit.shop.pages().answer(status, "admin/order.html", &page)
}

fn detail_line(line: &OrderLine) -> DetailLine {
    let open = line.quantity.get() - line.packed;
    DetailLine {
        id: line.id.to_string(),
        href: format!("/p/{}", line.slug),
        title: line.title.clone(),
        options: line.options.clone(),
        sku: line.sku.clone().unwrap_or_default(),
        picture: Picture::of_source(line.image.as_deref(), &line.title),
        unit_price: line.unit_price.into(),
        quantity: line.quantity.get(),
        line_total: line.line_total.into(),
        packed: line.packed,
        shipped: line.shipped,
        open,
        pack: Field::new(open.to_string()),
    }
}

fn detail_parcel(visit: &Visit, order: &Order, place: usize, parcel: &Fulfillment) -> DetailParcel {
    let shipped = parcel.status == ParcelStatus::Shipped;
    let (status, when) = match parcel.shipped_at {
        Some(at) => (Status::new(Tone::Ok, "Shipped"), format!("Shipped {}", date_time(at))),
        None => (Status::new(Tone::Info, "Packed"), format!("Packed {}", date_time(parcel.created_at))),
    };
    DetailParcel {
        id: parcel.id.to_string(),
        delivery_note: format!("/admin/orders/{}/delivery-notes/{}", order.id, parcel.id),
        name: format!("Parcel {}", place + 1),
        status,
        when,
        contents: contents(order, parcel),
        carrier: Field::new(parcel.carrier.clone().unwrap_or_default()),
        tracking_number: Field::new(parcel.tracking_number.clone().unwrap_or_default()),
        ship_key: (!shipped && visit.may(Permission::FulfillOrders)).then(new_key),
    }
}

fn timeline_entry(event: &orders_api::OrderEvent) -> TimelineEntry {
    let tone = match event.kind.as_str() {
        "placed" | "paid" | "shipped" => Tone::Ok,
        "payment_failed" | "canceled" | "expired" | "refund_due" => Tone::Bad,
        _ => Tone::Plain,
    };
    let text = match event.kind.as_str() {
        "canceled" => format!("Canceled: {}", event.message),
        "expired" => format!("Expired: {}", event.message),
        _ => event.message.clone(),
    };
    TimelineEntry { at: date_time(event.created_at), text, actor: actor(&event.actor), tone }
}

/// Back to the order with what was done; a refusal is shown on it, and nothing was changed.
async fn after(visit: &Visit, done: &str, result: Result<Order, CallError<OrdersError>>) -> Answer {
    match result {
        Ok(order) => Ok(saying(visit, &order, Notice::new(Tone::Ok, done, ""))),
        Err(CallError::Domain(OrdersError::NotFound)) => Err(Problem::NotFound),
        Err(CallError::Domain(OrdersError::NotPermitted)) => Err(Problem::NotPermitted),
        Err(CallError::Domain(error)) => {
            let order = load(visit).await?;
            let notice = Notice::new(Tone::Bad, "That was not possible", format!("Nothing was changed: {error}."));
            answer(visit, &order, Some(notice), StatusCode::UNPROCESSABLE_ENTITY).await
        }
        Err(error) => Err(unavailable(error)),
    }
}

fn saying(visit: &Visit, order: &Order, notice: Notice) -> HttpResponse {
    visit.see_other_saying(format!("/admin/orders/{}", order.id), &notice)
}

/// `POST /admin/orders/{order}/paid`
///
/// # Errors
/// The form is wrong, or the order cannot be changed now.
pub async fn mark_paid(visit: Visit) -> Answer {
    let order_id: OrderId = visit.path("order")?;
    let form = visit.form(&["key", "reference"])?;
    let request = MarkPaid { key: key_of(&form)?, order_id, reference: form.text("reference") };
    let result = visit.shop.orders().mark_paid(&visit.staff(), request).await;
    after(&visit, "Marked as paid", result).await
}

/// `POST /admin/orders/{order}/pack`
///
/// # Errors
/// The form is wrong, or the order cannot be changed now.
pub async fn pack(visit: Visit) -> Answer {
    let order_id: OrderId = visit.path("order")?;
    let form = visit.form(&["key", "quantity_*"])?;
    let lines = match lines_to_pack(&form) {
        Ok(lines) => lines,
        Err(problem) => {
            let order = load(&visit).await?;
            let notice = Notice::new(Tone::Bad, "Nothing was packed", problem);
            return answer(&visit, &order, Some(notice), StatusCode::UNPROCESSABLE_ENTITY).await;
        }
    };
    let order = load(&visit).await?;
    if let Some(line) = order.lines.iter().find(|line| wanted(&lines, line) > line.quantity.get() - line.packed) {
        let left = line.quantity.get() - line.packed;
        let text = format!("Only {left} of {} are left to pack. The numbers below are what is left.", line.title);
        let notice = Notice::new(Tone::Bad, "Nothing was packed", text);
        return answer(&visit, &order, Some(notice), StatusCode::UNPROCESSABLE_ENTITY).await;
    }
    let request = Pack { key: key_of(&form)?, order_id, lines };
    let result = visit.shop.orders().pack(&visit.staff(), request).await;
    after(&visit, "Packed into a parcel", result).await
}

fn wanted(lines: &[FulfillmentLine], line: &OrderLine) -> i64 {
    lines.iter().find(|wanted| wanted.order_line_id == line.id).map_or(0, |wanted| wanted.quantity.get())
}

/// Lines left empty or at 0 stay unpacked.
fn lines_to_pack(form: &Form) -> Result<Vec<FulfillmentLine>, String> {
    let mut lines = Vec::new();
    for (id, typed) in form.all("quantity_") {
        let order_line_id: OrderLineId = id.parse().map_err(|_| format!("quantity_{id}: there is no such line."))?;
        if ["", "0"].contains(&typed.trim()) {
            continue;
        }
        let quantity: Quantity =
            typed.parse().map_err(|_| format!("{typed:?} is not a number of items. Enter a whole number."))?;
        lines.push(FulfillmentLine { order_line_id, quantity });
    }
    if lines.is_empty() { Err("Enter how many of at least one line go into the parcel.".to_owned()) } else { Ok(lines) }
}

/// `POST /admin/orders/{order}/ship`
///
/// # Errors
/// The form is wrong, or the order cannot be changed now.
pub async fn ship(visit: Visit) -> Answer {
    let order_id: OrderId = visit.path("order")?;
    let form = visit.form(&["key", "fulfillment", "carrier", "tracking_number"])?;
    let fulfillment_id: FulfillmentId = form.raw("fulfillment").parse().map_err(|_| Problem::NotFound)?;
    let (carrier, tracking_number) = (form.text("carrier"), form.text("tracking_number"));
    let request = Ship { key: key_of(&form)?, order_id, fulfillment_id, carrier, tracking_number };
    let result = visit.shop.orders().ship(&visit.staff(), request).await;
    after(&visit, "Handed to the carrier; the customer gets a mail", result).await
}

/// `POST /admin/orders/{order}/cancel`
///
/// # Errors
/// The form is wrong, or the order cannot be changed now.
pub async fn cancel(visit: Visit) -> Answer {
    let order_id: OrderId = visit.path("order")?;
    let form = visit.form(&["key", "reason"])?;
    let reason = form.text("reason").unwrap_or_else(|| "no reason given".to_owned());
    let request = CancelOrder { key: key_of(&form)?, order_id, reason };
    let result = visit.shop.orders().cancel_order(&visit.staff(), request).await;
    after(&visit, "Canceled; its stock is free again", result).await
}
