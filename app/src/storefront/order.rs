//! The page of an order, opened by its secret: confirmation first, then how far it is.
//!
//! To whom it shows everything is decided in [`super::unlock`].

use actix_web::http::StatusCode;
use billing_api::{FindPayment, ListPaymentMethods};
use kernel::{CallError, IdempotencyKey, Secret};
use orders_api::{
    FindOrder, Fulfillment, FulfillmentStatus, Order, OrderProgress, OrderStatus, OrdersError, PAYMENT_LINK,
    ParcelStatus, PaymentStatus, RefundStatus, RefundTo, RetryPayment,
};

use super::cancel::cancel_form;
use super::checkout::attempts::{self, Attempt};
use super::checkout::payment::method_choices;
use super::returns::{return_form, returns};
use super::summary::{lines_of_order, totals_of_order};
use super::views::{
    MoneyView, Notice, OrderPage, ParcelView, PaymentState, ProgressStep, RetryForm, Row, StepState, Tone,
    address_lines, date,
};
use super::{own_shell, unlock};
use crate::papers::{self, views::DocumentLink};
use crate::web::counters::{self, MISSED_LINKS, Try};
use crate::web::{Answer, Form, Problem, Visit, retry_after, see_other};

/// The order that the secret in the address opens. Links that open nothing are counted.
pub(super) async fn open(visit: &Visit) -> Result<(Secret, Order), Problem> {
    let secret = Secret::parse(visit.request.match_info().query("secret"));
    let found = match &secret {
        Some(secret) => visit.shop.orders().order(&visit.guest(secret.clone()), FindOrder::OfPrincipal).await,
        None => Ok(None),
    };
    match (secret, found) {
        (Some(secret), Ok(Some(order))) => Ok((secret, order)),
        (_, Ok(_)) => Err(missed(visit).await?),
        (_, Err(error)) => Err(match Problem::from(error) {
            Problem::Unavailable(_) => Problem::Unavailable("Your order's page"),
            other => other,
        }),
    }
}

/// What to answer to a link that opens nothing; an address shows only a few of them.
pub(super) async fn missed(visit: &Visit) -> Result<Problem, Problem> {
    let missed = vec![Try::of(&visit.shop, MISSED_LINKS, visit.address())];
    counters::count(&visit.shop, None, missed).await.map_err(counters::refused)?;
    Ok(Problem::NoSuchOrder)
}

/// `GET /o/{secret}`
///
/// # Errors
/// The secret opens no order, or it cannot be shown now.
pub async fn show(visit: Visit) -> Answer {
    let (secret, order) = open(&visit).await?;
    if !unlock::is_known(&visit, &secret, &order) {
        return unlock::page(&visit, &secret, &order, &Form::default(), StatusCode::OK).await;
    }
    whole_page(&visit, &secret, &order, None, StatusCode::OK).await
}

/// Everything, with a message about what was just tried.
async fn whole_page(
    visit: &Visit,
    secret: &Secret,
    order: &Order,
    notice: Option<Notice>,
    status: StatusCode,
) -> Answer {
    let is_pending = order.status == OrderStatus::Pending;
    let failure = async { if is_pending { failure_of(visit, order).await } else { None } };
    let retry = async { if is_pending { Some(retry_form(visit, secret, order).await) } else { None } };
    let shell = own_shell(visit, format!("Order {}", order.number));
    let (failure, retry, mut shell, documents) = tokio::join!(failure, retry, shell, documents(visit, secret, order));
    shell.notice = notice.or_else(|| failure.as_deref().map(Notice::payment_failed)).or(shell.notice);
    let (headline, lead) = words(order, failure.is_some(), order.email.as_str());
    let is_asked = order.payment_method == PAYMENT_LINK;
    let waits = is_pending && failure.is_none() && !is_asked;
    let address = format!("/o/{}", secret.reveal());
    let page = OrderPage {
        shell,
        documents,
        number: order.number.clone(),
        placed: date(order.placed_at.unwrap_or(order.created_at)),
        headline,
        lead,
        email: order.email.to_string(),
        progress: progress(order),
        lines: lines_of_order(order),
        totals: totals_of_order(order),
        parcels: parcels(order),
        address: address_lines(&order.address),
        payment: payment_state(order),
        refunds: refunds(order),
        returns: returns(order, &address),
        return_form: return_form(order, &address),
        cancel: cancel_form(order, &address),
        retry,
        refresh_seconds: waits.then_some(10),
    };
    visit.shop.pages().answer(status, "storefront/order.html", &page)
}

/// The invoice and what belongs to it. While billing does not answer, the page goes without.
async fn documents(visit: &Visit, secret: &Secret, order: &Order) -> Vec<DocumentLink> {
    if order.placed_at.is_none() {
        return Vec::new();
    }
    let found = papers::documents_of(&visit.shop, &visit.edge(), &order.id.to_string()).await.unwrap_or_default();
    DocumentLink::all(&found, &format!("/o/{}/documents", secret.reveal()))
}

/// Why the latest attempt to pay failed, when it did.
async fn failure_of(visit: &Visit, order: &Order) -> Option<String> {
    let find = FindPayment { order_id: order.id.to_string() };
    let payment = visit.shop.billing().payment(&visit.edge(), find).await.ok().flatten()?;
    payment.session.failure.filter(|_| payment.session.status.is_final())
}

async fn retry_form(visit: &Visit, secret: &Secret, order: &Order) -> RetryForm {
    let request = ListPaymentMethods { amount: order.due(), country: order.address.country };
    let methods = visit.shop.billing().payment_methods(&visit.anonymous(), request).await.unwrap_or_default();
    RetryForm {
        action: format!("/o/{}/pay", secret.reveal()),
        key: IdempotencyKey::new().to_string(),
        methods: method_choices(&methods, &order.payment_method),
    }
}

/// How the order is, and what happens next; `email` as it may be shown.
pub(super) fn words(order: &Order, failed: bool, email: &str) -> (String, String) {
    let (headline, lead) = match (order.status, order.fulfillment_status, order.payment_status) {
        (OrderStatus::Pending, ..) if failed => {
            ("Not paid yet", "Your order is kept for a little while. Pay below to complete it.".to_owned())
        }
        (OrderStatus::Pending, ..) if order.payment_method == PAYMENT_LINK => (
            "Your order is ready to be paid",
            "Pay below to complete it. We keep it for seven days, and hold the goods when you pay.".to_owned(),
        ),
        (OrderStatus::Pending, ..) => {
            ("Waiting for your payment", "We place the order as soon as the payment is confirmed.".to_owned())
        }
        (OrderStatus::Canceled | OrderStatus::Expired, _, PaymentStatus::Paid | PaymentStatus::PartiallyRefunded) => {
            ("This order has ended", "Nothing more will be sent. What you paid is on its way back to you.".to_owned())
        }
        (OrderStatus::Canceled | OrderStatus::Expired, _, PaymentStatus::Refunded) => {
            ("This order has ended", "Nothing more will be sent. What you paid went back to you.".to_owned())
        }
        (OrderStatus::Canceled, ..) => ("This order was canceled", "Nothing more will be sent.".to_owned()),
        (OrderStatus::Expired, ..) => {
            ("This order has expired", "It was not paid in time. Nothing was charged.".to_owned())
        }
        (_, FulfillmentStatus::Fulfilled, _) => ("On its way", "Everything you ordered has left our house.".to_owned()),
        (_, FulfillmentStatus::PartiallyFulfilled, _) => {
            ("Partly on its way", "The rest follows as soon as it is packed.".to_owned())
        }
        (_, _, PaymentStatus::Unpaid) => {
            ("Thank you, your order is placed", format!("We wrote to {email}. {}", what_to_pay(order)))
        }
        _ => (
            "Thank you, your order is placed",
            format!("We wrote to {email}. Next we pack it, and write again when it leaves."),
        ),
    };
    (headline.to_owned(), lead)
}

/// Whether the money of an order comes after it was placed, without a provider.
pub fn is_paid_later(method: &str) -> bool {
    matches!(method, "bank_transfer" | "cash_on_delivery")
}

/// How much an order that is placed and not paid costs, by when, and what happens then.
pub fn what_to_pay(order: &Order) -> String {
    let amount = MoneyView::from(order.due()).text;
    match order.pay_by {
        Some(pay_by) => format!("Transfer {amount} by {}. We pack as soon as it has arrived.", date(pay_by)),
        None => format!("Pay {amount} to the courier when your parcel arrives. We pack it next."),
    }
}

/// How to pay outside of the shop: what it takes, by when, and where to; nothing once it is paid.
pub fn payment_rows(order: &Order) -> Vec<Row> {
    if order.payment_instructions.is_empty() || order.payment_status != PaymentStatus::Unpaid {
        return Vec::new();
    }
    let amount = Row::new("Amount", MoneyView::from(order.due()).text);
    let by = order.pay_by.map(|pay_by| Row::new("Pay by", date(pay_by)));
    let account = order.payment_instructions.iter().map(|(name, value)| Row::new(name, value));
    std::iter::once(amount).chain(by).chain(account).collect()
}

pub(super) fn progress(order: &Order) -> Vec<ProgressStep> {
    if matches!(order.status, OrderStatus::Canceled | OrderStatus::Expired) {
        return Vec::new();
    }
    let placed = order.placed_at.is_some();
    let paid = order.payment_status.has_arrived();
    let packed = order.lines.iter().all(|line| line.packed >= line.quantity.get());
    let sent = order.fulfillment_status == FulfillmentStatus::Fulfilled;
    let steps = [
        ("Placed", placed, order.placed_at.map(date).unwrap_or_default()),
        ("Paid", paid, String::new()),
        ("Packed", packed, String::new()),
        ("On its way", sent, String::new()),
    ];
    let awaited = match order.payment_method.as_str() {
        "bank_transfer" if placed && !paid => "waiting for your transfer",
        "cash_on_delivery" if placed && !paid => "when your parcel arrives",
        _ => "comes next",
    };
    let current = steps.iter().position(|(_, done, _)| !done);
    let state = |place: usize, done: bool| match current {
        _ if done => StepState::Done,
        Some(current) if current == place => StepState::Current,
        _ => StepState::Next,
    };
    let step = |(place, (name, done, text)): (usize, (&str, bool, String))| {
        let state = state(place, done);
        let text = if state == StepState::Current { awaited.to_owned() } else { text };
        ProgressStep { name: name.to_owned(), text, state }
    };
    steps.into_iter().enumerate().map(step).collect()
}

pub(super) fn parcels(order: &Order) -> Vec<ParcelView> {
    let count = order.fulfillments.len();
    let parcel = |(place, parcel): (usize, &Fulfillment)| ParcelView {
        name: format!("Parcel {} of {count}", place + 1),
        text: match (parcel.status, parcel.shipped_at) {
            (ParcelStatus::Shipped, Some(at)) => format!("Sent on {}", date(at)),
            _ => "Packed, leaves soon".to_owned(),
        },
        carrier: parcel.carrier.clone().unwrap_or_default(),
        tracking_number: parcel.tracking_number.clone().unwrap_or_default(),
        contents: contents(order, parcel),
    };
    order.fulfillments.iter().enumerate().map(parcel).collect()
}

/// What went back, or is about to. What failed is for staff to put right.
fn refunds(order: &Order) -> Vec<Row> {
    let shown = order.refunds.iter().filter(|refund| refund.status != RefundStatus::Failed);
    let row = |refund: &orders_api::OrderRefund| {
        let state = match (refund.status, refund.to) {
            (RefundStatus::Succeeded, RefundTo::StoreCredit) => "Refunded as store credit",
            (RefundStatus::Succeeded, RefundTo::Payment) => "Refunded",
            _ => "Refund on its way",
        };
        Row::new(state, MoneyView::from(refund.amount).text)
    };
    shown.map(row).collect()
}

/// `2 × Oak board, large`
pub fn contents(order: &Order, parcel: &Fulfillment) -> Vec<String> {
    let line_of = |part: &orders_api::FulfillmentLine| {
        let line = order.lines.iter().find(|line| line.id == part.order_line_id)?;
        let options = if line.options.is_empty() { String::new() } else { format!(", {}", line.options) };
        Some(format!("{} × {}{options}", part.quantity, line.title))
    };
    parcel.lines.iter().filter_map(line_of).collect()
}

/// The way to pay as people call it.
pub fn method_name(code: &str) -> String {
    match code {
        PAYMENT_LINK => "Payment link".to_owned(),
        "bank_transfer" => "Bank transfer".to_owned(),
        "cash_on_delivery" => "Cash on delivery".to_owned(),
        "stripe" => "Card".to_owned(),
        "gift_card" => "Gift card".to_owned(),
        "store_credit" => "Store credit".to_owned(),
        "test" => "Test payment".to_owned(),
        other => other.to_owned(),
    }
}

fn payment_state(order: &Order) -> PaymentState {
    let (tone, text) = match (order.payment_status, order.status) {
        (PaymentStatus::Paid, _) => (Tone::Ok, "Paid"),
        (PaymentStatus::PartiallyRefunded, _) => (Tone::Info, "Partly refunded"),
        (PaymentStatus::Refunded, _) => (Tone::Plain, "Refunded"),
        (PaymentStatus::Voided, _) | (_, OrderStatus::Canceled | OrderStatus::Expired) => {
            (Tone::Plain, "Nothing to pay")
        }
        _ if order.payment_method == "bank_transfer" => (Tone::Warn, "Waiting for your transfer"),
        _ if order.payment_method == "cash_on_delivery" => (Tone::Plain, "You pay when it arrives"),
        _ => (Tone::Warn, "Not paid yet"),
    };
    let instructions = payment_rows(order);
    PaymentState { method: method_name(&order.payment_method), tone, text: text.to_owned(), instructions }
}

/// `POST /o/{secret}/pay`
///
/// # Errors
/// The secret opens no order, the form is wrong, or no payment can be started now.
pub async fn pay_again(visit: Visit) -> Answer {
    let (secret, order) = open(&visit).await?;
    let mut form = visit.form(&["payment_method", "key"])?;
    let method = form.required("payment_method", "Choose how to pay");
    let key = IdempotencyKey::parse(form.raw("key"));
    let (Some(payment_method), Some(key)) = (method, key) else {
        return Err(Problem::Refused("payment_method: choose how to pay".to_owned()));
    };
    let back = format!("/o/{}", secret.reveal());
    if !unlock::is_known(&visit, &secret, &order) {
        return Ok(see_other(back));
    }
    let key = IdempotencyKey::of(order.id, &key.to_string());
    let (method, email, order_name) = (payment_method.as_str(), &order.email, order.id.to_string());
    let attempt = Attempt { key: key.to_string(), method, email, order: order_name };
    if let Some(wait) = attempt.count(&visit).await? {
        let notice = attempts::too_many(wait, "your order");
        let mut response = whole_page(&visit, &secret, &order, Some(notice), StatusCode::TOO_MANY_REQUESTS).await?;
        retry_after(&mut response, wait);
        return Ok(response);
    }
    let request = RetryPayment { key, order_id: order.id, payment_method };
    match visit.shop.orders().retry_payment(&visit.edge(), request).await {
        Ok(OrderProgress::Pay { url }) => {
            let mut response = see_other(url);
            visit
                .set_cookie(&mut response, visit.shop.cookie_names().make(crate::web::cookies::ORDER, secret.reveal()));
            Ok(response)
        }
        Ok(_) => Ok(see_other(back)),
        Err(CallError::Domain(error)) => {
            let text = match &error {
                OrdersError::OutOfStock { .. } => {
                    "Part of it was sold meanwhile. You have not been charged.".to_owned()
                }
                other => format!("You have not been charged. The reason: {other}."),
            };
            Ok(visit.see_other_saying(back, &Notice::new(Tone::Bad, "No payment could be started", text)))
        }
        Err(error) => Err(error.into()),
    }
}
