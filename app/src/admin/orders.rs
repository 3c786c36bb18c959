//! Orders: the list, one order, and what staff do with it.

use std::time::Duration;

use accounts_api::Permission;
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use billing_api::{BillingError, FindPayment, Payment, Refund, RefundId};
use inventory_api::{ListLocations, StockLocation};
use kernel::{CallError, Money, PageRequest, Quantity};
use orders_api::{
    CancelOrder, FindOrder, Fulfillment, FulfillmentId, FulfillmentLine, FulfillmentStatus, ListOrders, MarkPaid,
    Order, OrderId, OrderLine, OrderLineId, OrderStatus, OrderSummary, OrderView, OrdersError, Pack, ParcelStatus,
    PaymentStatus, RefundOrder, RefundStatus, RefundTo, Ship,
};

use super::returns::{detail_returns, lines_away, return_form};
use super::stock::location_field;
use super::views::{
    Cursor, DetailLine, DetailParcel, DetailRefund, Field, MoneyView, Notice, OrderDetailPage, OrderRow, OrdersPage,
    Picture, RefundForm, SelectField, Status, Tab, TimelineEntry, Tone, actor, address_lines, country_name, date_time,
};
use super::{address, key_of, new_key, shell};
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
    let href = |cursor: &str| address("/admin/orders", &[("view", name), ("q", &query), ("cursor", cursor)]);
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
        payment: payment(order.status, order.payment_status, order.total),
        packing: packing(order.status, order.fulfillment_status),
        total: order.total.into(),
    }
}

fn payment(status: OrderStatus, payment: PaymentStatus, total: Money) -> Status {
    match (payment, status) {
        (PaymentStatus::Paid, OrderStatus::Canceled | OrderStatus::Expired) if total.amount == 0 => {
            Status::new(Tone::Plain, "Nothing to pay")
        }
        (PaymentStatus::Paid | PaymentStatus::PartiallyRefunded, OrderStatus::Canceled | OrderStatus::Expired) => {
            Status::new(Tone::Bad, "Refund due")
        }
        (PaymentStatus::Paid, _) => Status::new(Tone::Ok, "Paid"),
        (PaymentStatus::PartiallyRefunded, _) => Status::new(Tone::Info, "Partly refunded"),
        (PaymentStatus::Refunded, _) => Status::new(Tone::Plain, "Refunded"),
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
        _ => payment(order.status, order.payment_status, order.total),
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

/// What billing knows of the money of an order.
async fn payment_known(visit: &Visit, order: &Order) -> Option<Payment> {
    let find = FindPayment { order_id: order.id.to_string() };
    let found = visit.shop.billing().payment(&visit.edge().within(PATIENCE), find).await;
    found.unwrap_or_else(|error| {
        tracing::warn!(%error, "what is known of a payment is not shown");
        None
    })
}

/// Where goods that come back can go.
async fn places(visit: &Visit, order: &Order) -> Vec<StockLocation> {
    if order.lines.iter().all(|line| line.shipped == line.returned) {
        return Vec::new();
    }
    let found = visit.shop.inventory().locations(&visit.edge().within(PATIENCE), ListLocations {}).await;
    found.unwrap_or_else(|error| {
        tracing::warn!(%error, "goods that come back go to the default location");
        Vec::new()
    })
}

/// What only a person can settle, and how.
fn attention(order: &Order, payment: Option<&Payment>) -> Option<Notice> {
    let currency = order.total.currency;
    let by_hand = payment.map(|payment| payment.refunds.iter().filter(|refund| refund.awaits_staff));
    let by_hand: i64 = by_hand.into_iter().flatten().map(|refund| refund.amount.amount).sum();
    if by_hand > 0 {
        let amount = MoneyView::from(Money::new(by_hand, currency)).text;
        let method = method_name(&order.payment_method).to_lowercase();
        let text =
            format!("{amount} came by {method}, and nobody else can give it back. Pay it out, and say so below.");
        return Some(Notice::new(Tone::Bad, "A refund is due", text));
    }
    let ended = matches!(order.status, OrderStatus::Canceled | OrderStatus::Expired);
    let left = refundable(order);
    if ended && order.payment_status.has_arrived() && left.amount > 0 {
        let amount = MoneyView::from(left).text;
        let text = format!(
            "The order has ended, nothing is sent, and {amount} of what was paid is still here. If that does not change within a minute, give it back below."
        );
        return Some(Notice::new(Tone::Bad, "A refund is due", text));
    }
    let evidence = payment?.review.as_ref()?;
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
    let has_arrived = order.payment_status.has_arrived();
    let is_open = order.status == OrderStatus::Placed || order.status == OrderStatus::Pending && unpaid;
    let may_cancel = may_manage && !packed_any && is_open;
    let left = refundable(order);
    let places = async { if may_manage { places(visit, order).await } else { Vec::new() } };
    let (documents, payment_known, places) =
        tokio::join!(super::documents::of_order(visit, order), payment_known(visit, order), places);
    // An order by card that is placed and not paid is one whose money is held.
    let held = matches!(order.payment_method.as_str(), "stripe" | "test");
    let pack_blocked = match order.status {
        OrderStatus::Pending => "The order is not placed yet: its payment is under way.",
        OrderStatus::Placed if unpaid && open => "It is not paid yet. It can be packed all the same.",
        _ => "",
    };
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
        attention: attention(order, payment_known.as_ref()),
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
        cancel_refund: if has_arrived && left.amount > 0 { MoneyView::from(left).text } else { String::new() },
        refunds: detail_refunds(order, payment_known.as_ref().filter(|_| may_manage)),
        returns: detail_returns(order, &places, may_manage),
        return_form: return_form(order).filter(|_| may_manage && placed),
        refund: (may_manage && has_arrived && left.amount > 0).then(|| refund_form(order, &places, left)),
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
        returned: line.returned,
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

/// What of the money that was paid has not gone back and is not about to.
pub(super) fn refundable(order: &Order) -> Money {
    let counts = order.refunds.iter().filter(|refund| refund.status != RefundStatus::Failed);
    let gone: i64 = counts.map(|refund| refund.amount.amount).sum();
    Money::new((order.paid().amount - gone).max(0), order.total.currency)
}

/// Where money may go back to.
pub(super) fn refund_to(chosen: RefundTo) -> SelectField {
    let ways = [(RefundTo::Payment, "To where it came from"), (RefundTo::StoreCredit, "Store credit, by mail")];
    SelectField::new(ways.map(|(to, text)| (to.as_str(), text)), chosen.as_str())
}

/// What a form says of it.
pub(super) fn refund_to_of(text: &str) -> Result<RefundTo, String> {
    let ways = [RefundTo::Payment, RefundTo::StoreCredit];
    // A form of the release before has no such field.
    let named = |to: &RefundTo| to.as_str() == text || text.is_empty();
    ways.into_iter().find(named).ok_or_else(|| "Choose where the money goes.".to_owned())
}

fn refund_form(order: &Order, places: &[StockLocation], left: Money) -> RefundForm {
    RefundForm {
        key: new_key(),
        most: left.into(),
        amount: Field::new(left.to_major()),
        to: refund_to(RefundTo::Payment),
        to_hint: match order.gift_cards.is_empty() {
            true => "Store credit is a gift card, whose code goes to the customer by mail.".to_owned(),
            false => "What was paid otherwise goes back first, then the gift cards get theirs. Store credit is a new gift card, whose code goes to the customer by mail.".to_owned(),
        },
        reason: Field::new(String::new()),
        restock: lines_away(order),
        shelf: location_field(places, &Form::default(), "shelf"),
    }
}

/// The refunds of an order; billing knows which of them wait for staff.
fn detail_refunds(order: &Order, known: Option<&Payment>) -> Vec<DetailRefund> {
    let awaits_staff = |id: &str| {
        let known = known.map(|payment| payment.refunds.as_slice()).unwrap_or_default();
        known.iter().any(|refund| refund.awaits_staff && refund.id.to_string() == id)
    };
    let shown = |refund: &orders_api::OrderRefund| {
        let id = refund.refund_id.clone().unwrap_or_default();
        let record_key = awaits_staff(&id).then(new_key);
        let status = match refund.status {
            RefundStatus::Succeeded => Status::new(Tone::Ok, "Refunded"),
            RefundStatus::Failed => Status::new(Tone::Bad, "Failed"),
            _ if record_key.is_some() => Status::new(Tone::Warn, "To be transferred"),
            _ => Status::new(Tone::Info, "Under way"),
        };
        DetailRefund {
            id,
            amount: refund.amount.into(),
            status,
            reason: refund.reason.clone(),
            when: format!("Asked for {} by {}", date_time(refund.created_at), actor(&refund.actor)),
            failure: refund.failure.clone().unwrap_or_default(),
            credit_href: refund.gift_card_id.as_ref().map(|id| format!("/admin/gift-cards/{id}")).unwrap_or_default(),
            record_key,
        }
    };
    order.refunds.iter().rev().map(shown).collect()
}

fn timeline_entry(event: &orders_api::OrderEvent) -> TimelineEntry {
    let tone = match event.kind.as_str() {
        "placed" | "paid" | "shipped" => Tone::Ok,
        "payment_failed" | "canceled" | "expired" | "refund_due" | "refund_failed" | "return_rejected" => Tone::Bad,
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
pub(super) async fn after(visit: &Visit, done: &str, result: Result<Order, CallError<OrdersError>>) -> Answer {
    match result {
        Ok(order) => Ok(saying(visit, &order, Notice::new(Tone::Ok, done, ""))),
        Err(CallError::Domain(OrdersError::NotFound)) => Err(Problem::NotFound),
        Err(CallError::Domain(OrdersError::NotPermitted)) => Err(Problem::NotPermitted),
        Err(CallError::Domain(error)) => {
            refuse(visit, "That was not possible", format!("Nothing was changed: {error}.")).await
        }
        Err(error) => Err(unavailable(error)),
    }
}

/// The order again with what is wrong with a form; nothing was changed.
pub(super) async fn refuse(visit: &Visit, heading: &str, problem: String) -> Answer {
    let order = load(visit).await?;
    let notice = Notice::new(Tone::Bad, heading, problem);
    answer(visit, &order, Some(notice), StatusCode::UNPROCESSABLE_ENTITY).await
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
        Err(problem) => return refuse(&visit, "Nothing was packed", problem).await,
    };
    let request = Pack { key: key_of(&form)?, order_id, lines: lines.clone() };
    let result = visit.shop.orders().pack(&visit.staff(), request).await;
    // Who asks again for what was packed is not refused, so why it is refused is looked for afterwards.
    if matches!(result, Err(CallError::Domain(OrdersError::Invalid { .. }))) {
        let order = load(&visit).await?;
        let is_over = |line: &&OrderLine| wanted(&lines, line) > line.quantity.get() - line.packed;
        if let Some(line) = order.lines.iter().find(is_over) {
            let left = line.quantity.get() - line.packed;
            let text = format!("Only {left} of {} are left to pack. The numbers below are what is left.", line.title);
            return refuse(&visit, "Nothing was packed", text).await;
        }
    }
    after(&visit, "Packed into a parcel", result).await
}

fn wanted(lines: &[FulfillmentLine], line: &OrderLine) -> i64 {
    lines.iter().find(|wanted| wanted.order_line_id == line.id).map_or(0, |wanted| wanted.quantity.get())
}

/// Lines left empty or at 0 stay unpacked.
fn lines_to_pack(form: &Form) -> Result<Vec<FulfillmentLine>, String> {
    let lines = numbers_of_lines(form, "quantity_")?;
    if lines.is_empty() { Err("Enter how many of at least one line go into the parcel.".to_owned()) } else { Ok(lines) }
}

/// How many of which line, from fields that begin with `prefix`. Lines left empty or at 0 are left out.
pub(super) fn numbers_of_lines(form: &Form, prefix: &str) -> Result<Vec<FulfillmentLine>, String> {
    let mut lines = Vec::new();
    for (id, typed) in form.all(prefix) {
        let order_line_id: OrderLineId = id.parse().map_err(|_| format!("{prefix}{id}: there is no such line."))?;
        if ["", "0"].contains(&typed.trim()) {
            continue;
        }
        let quantity: Quantity =
            typed.parse().map_err(|_| format!("{typed:?} is not a number of items. Enter a whole number."))?;
        lines.push(FulfillmentLine { order_line_id, quantity });
    }
    Ok(lines)
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
    let form = visit.form(&["key", "reason", "goods"])?;
    let reason = form.text("reason").unwrap_or_else(|| "no reason given".to_owned());
    let write_off = form.raw("goods") == "write_off";
    let request = CancelOrder { key: key_of(&form)?, order_id, reason, write_off, unless_placed: false };
    let result = visit.shop.orders().cancel_order(&visit.staff(), request).await;
    let done = if write_off { "Canceled; its goods are written off" } else { "Canceled; its stock is free again" };
    after(&visit, done, result).await
}

/// `POST /admin/orders/{order}/refund`
///
/// # Errors
/// The form is wrong, or the order cannot be changed now.
pub async fn refund(visit: Visit) -> Answer {
    let order_id: OrderId = visit.path("order")?;
    let form = visit.form(&["key", "amount", "refund_to", "refund_reason", "restock_*", "shelf"])?;
    let order = load(&visit).await?;
    let amount = Money::parse_major(form.raw("amount").trim(), order.total.currency)
        .map_err(|_| format!("{:?} is no amount. Write it like {}.", form.raw("amount"), order.total.to_major()));
    let reason = form.text("refund_reason").ok_or_else(|| "Say why the money goes back.".to_owned());
    let to = refund_to_of(form.raw("refund_to"));
    let (amount, to, reason, restock) = match (amount, to, reason, numbers_of_lines(&form, "restock_")) {
        (Ok(amount), Ok(to), Ok(reason), Ok(restock)) => (amount, to, reason, restock),
        (Err(problem), ..) | (_, Err(problem), ..) | (_, _, Err(problem), _) | (.., Err(problem)) => {
            let notice = Notice::new(Tone::Bad, "Nothing was refunded", problem);
            return answer(&visit, &order, Some(notice), StatusCode::UNPROCESSABLE_ENTITY).await;
        }
    };
    let location_id = form.text("shelf");
    let request = RefundOrder { key: key_of(&form)?, order_id, amount, to, reason, restock, location_id };
    let result = visit.shop.orders().refund_order(&visit.staff(), request).await;
    let done = match result.as_ref().ok().and_then(|order| order.refunds.last()).map(|refund| refund.status) {
        Some(RefundStatus::Succeeded) => "Refunded; the customer gets a mail",
        Some(RefundStatus::Failed) => "The refund failed; its reason is below",
        _ => "The refund is under way",
    };
    after(&visit, done, result).await
}

/// `POST /admin/orders/{order}/refunds/{refund}/recorded`
///
/// # Errors
/// The form is wrong, or the refund cannot be recorded now.
pub async fn record_refund(visit: Visit) -> Answer {
    let refund_id: RefundId = visit.path("refund")?;
    let form = visit.form(&["key", "reference_*"])?;
    let order = load(&visit).await?;
    let id = refund_id.to_string();
    let reference = form.text(&format!("reference_{id}"));
    if !order.refunds.iter().any(|refund| refund.refund_id.as_deref() == Some(&id)) {
        return Err(Problem::NotFound);
    }
    let request = Refund::paid_by_hand(key_of(&form)?, refund_id, reference);
    match visit.shop.billing().refund(&visit.staff(), request).await {
        Ok(_) => Ok(saying(&visit, &order, Notice::new(Tone::Ok, "Recorded; the customer gets a mail", ""))),
        Err(CallError::Domain(BillingError::NotFound)) => Err(Problem::NotFound),
        Err(CallError::Domain(error)) => {
            let notice = Notice::new(Tone::Bad, "That was not possible", format!("Nothing was changed: {error}."));
            answer(&visit, &order, Some(notice), StatusCode::UNPROCESSABLE_ENTITY).await
        }
        Err(error) => Err(unavailable(error)),
    }
}
