//! Sending goods back, from the page of the order.

use kernel::{CallError, IdempotencyKey, Quantity};
use orders_api::{
    FulfillmentLine, HandleReturn, Order, OrderLineId, OrderStatus, OrdersError, RequestReturn, Return, ReturnAction,
    ReturnId, ReturnStatus,
};

use super::order::open;
use super::unlock;
use super::views::{Field, Notice, ReturnForm, ReturnLineField, ReturnView, Tone};
use crate::web::{Answer, Form, Problem, Visit, see_other};

/// The returns of an order; `page` is the address of its page.
pub(super) fn returns(order: &Order, page: &str) -> Vec<ReturnView> {
    order.returns.iter().map(|back| shown(order, back, page)).collect()
}

fn shown(order: &Order, back: &Return, page: &str) -> ReturnView {
    let text = match back.status {
        ReturnStatus::Requested => "We look at it and write to you.",
        ReturnStatus::Approved => "Please send it to us.",
        ReturnStatus::Received => "It has arrived. The money is next.",
        ReturnStatus::Refunded => "It has arrived, and your money is on its way back.",
        ReturnStatus::Rejected => "We do not take it back.",
        _ => "You keep it.",
    };
    let line = |part: &orders_api::ReturnLine| {
        let line = order.lines.iter().find(|line| line.id == part.order_line_id)?;
        Some(format!("{} × {}", part.quantity, line.title))
    };
    let can_cancel = matches!(back.status, ReturnStatus::Requested | ReturnStatus::Approved);
    ReturnView {
        name: format!("Return {}", back.number),
        text: text.to_owned(),
        lines: back.lines.iter().filter_map(line).collect(),
        answer: back.answer.clone().unwrap_or_default(),
        cancel: can_cancel.then(|| format!("{page}/returns/{}/cancel", back.id)),
    }
}

/// A form for sending something back, when something has left that is not on its way back.
pub(super) fn return_form(order: &Order, page: &str) -> Option<ReturnForm> {
    let away = |line: &&orders_api::OrderLine| line.away() > 0;
    let line = |line: &orders_api::OrderLine| ReturnLineField {
        name: format!("return_{}", line.id),
        title: line.title.clone(),
        most: line.away(),
        quantity: Field::new("0".to_owned()),
    };
    let lines: Vec<_> = order.lines.iter().filter(away).map(line).collect();
    let is_possible = matches!(order.status, OrderStatus::Placed | OrderStatus::Completed) && !lines.is_empty();
    is_possible.then(|| ReturnForm {
        action: format!("{page}/returns"),
        key: IdempotencyKey::new().to_string(),
        reason: Field::new(String::new()),
        lines,
    })
}

/// `POST /o/{secret}/returns`
///
/// # Errors
/// The secret opens no order, the form is wrong, or nothing can be sent back now.
pub async fn request(visit: Visit) -> Answer {
    let (secret, order) = open(&visit).await?;
    let form = visit.form(&["key", "why", "return_*"])?;
    let back = format!("/o/{}", secret.reveal());
    if !unlock::is_known(&visit, &secret, &order) {
        return Ok(see_other(back));
    }
    let saying =
        |heading: &str, text: String| Ok(visit.see_other_saying(back.clone(), &Notice::new(Tone::Bad, heading, text)));
    let Some(key) = IdempotencyKey::parse(form.raw("key")) else { return Err(Problem::StaleForm) };
    let (lines, reason) = match (lines_of(&form), form.text("why")) {
        (Ok(lines), Some(reason)) if !lines.is_empty() => (lines, reason),
        (Err(problem), _) => return saying("Nothing was sent yet", problem),
        (_, None) => return saying("Nothing was sent yet", "Tell us why you send it back.".to_owned()),
        _ => return saying("Nothing was sent yet", "Say how many of which item you send back.".to_owned()),
    };
    let request =
        RequestReturn { key: IdempotencyKey::of(order.id, &key.to_string()), order_id: order.id, lines, reason };
    match visit.shop.orders().request_return(&visit.guest(secret), request).await {
        Ok(_) => {
            let text = "We look at it and write to you. Please send nothing before that.";
            Ok(visit.see_other_saying(back, &Notice::new(Tone::Ok, "We have your request", text)))
        }
        Err(CallError::Domain(OrdersError::NotFound)) => Err(Problem::NotFound),
        Err(CallError::Domain(error)) => saying("That was not possible", format!("The reason: {error}.")),
        Err(error) => Err(error.into()),
    }
}

fn lines_of(form: &Form) -> Result<Vec<FulfillmentLine>, String> {
    let mut lines = Vec::new();
    for (id, typed) in form.all("return_") {
        let order_line_id: OrderLineId = id.parse().map_err(|_| "There is no such item in this order.".to_owned())?;
        if ["", "0"].contains(&typed.trim()) {
            continue;
        }
        let quantity: Quantity =
            typed.trim().parse().map_err(|_| format!("{typed:?} is not a number of items. Enter a whole number."))?;
        lines.push(FulfillmentLine { order_line_id, quantity });
    }
    Ok(lines)
}

/// `POST /o/{secret}/returns/{return}/cancel`
///
/// # Errors
/// The secret opens no order, it has no such return, or it cannot be taken back now.
pub async fn cancel(visit: Visit) -> Answer {
    let (secret, order) = open(&visit).await?;
    let return_id: ReturnId = visit.path("return")?;
    visit.form(&[])?;
    let page = format!("/o/{}", secret.reveal());
    if !unlock::is_known(&visit, &secret, &order) {
        return Ok(see_other(page));
    }
    let key = IdempotencyKey::of(order.id, &format!("{return_id}/cancel"));
    let request = HandleReturn { key, order_id: order.id, return_id, action: ReturnAction::Cancel };
    match visit.shop.orders().handle_return(&visit.guest(secret), request).await {
        Ok(_) => Ok(see_other(page)),
        Err(CallError::Domain(OrdersError::NotFound)) => Err(Problem::NotFound),
        Err(CallError::Domain(error)) => {
            let notice = Notice::new(Tone::Bad, "That was not possible", format!("The reason: {error}."));
            Ok(visit.see_other_saying(page, &notice))
        }
        Err(error) => Err(error.into()),
    }
}
