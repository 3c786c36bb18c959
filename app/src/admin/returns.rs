//! Goods that come back: what staff see of a return, and what they do with it.

use inventory_api::StockLocation;
use kernel::Money;
use orders_api::{
    HandleReturn, Order, OrderId, OrderLine, ReceivedLine, RefundStatus, RefundTo, RequestReturn, Return, ReturnAction,
    ReturnId, ReturnStatus,
};

use super::orders::{after, numbers_of_lines, refund_to, refund_to_of, refundable, refuse};
use super::stock::location_field;
use super::views::{DetailReturn, Field, MoneyView, RestockLine, ReturnForm, ReturnRow, Status, Tone, date_time};
use super::{key_of, new_key};
use crate::web::{Answer, Form, Problem, Visit};

/// The returns of an order, the newest first.
pub(super) fn detail_returns(order: &Order, places: &[StockLocation], may_manage: bool) -> Vec<DetailReturn> {
    order.returns.iter().rev().map(|back| detail_return(order, places, back, may_manage)).collect()
}

/// A form for writing down a return that was asked for by mail or by telephone.
pub(super) fn return_form(order: &Order) -> Option<ReturnForm> {
    let lines = lines_away(order);
    (!lines.is_empty()).then(|| ReturnForm { key: new_key(), reason: Field::new(String::new()), lines })
}

/// The lines of which something can come back.
pub(super) fn lines_away(order: &Order) -> Vec<RestockLine> {
    let away = |line: &&OrderLine| line.away() > 0;
    order.lines.iter().filter(away).map(restock_line).collect()
}

fn restock_line(line: &OrderLine) -> RestockLine {
    RestockLine {
        id: line.id.to_string(),
        title: line.title.clone(),
        most: line.away(),
        quantity: Field::new("0".to_owned()),
    }
}

fn detail_return(order: &Order, places: &[StockLocation], back: &Return, may_manage: bool) -> DetailReturn {
    let key = |status: ReturnStatus| (may_manage && back.status == status).then(new_key);
    let paying = order.refunds.iter().find(|refund| Some(refund.number) == back.refund);
    let is_paying = paying.is_some_and(|refund| refund.status == RefundStatus::Pending);
    let (tone, text) = match back.status {
        ReturnStatus::Requested => (Tone::Warn, "Asked for"),
        ReturnStatus::Approved => (Tone::Info, "On its way back"),
        ReturnStatus::Received if is_paying => (Tone::Info, "Being refunded"),
        ReturnStatus::Received => (Tone::Warn, "To refund"),
        ReturnStatus::Refunded => (Tone::Ok, "Refunded"),
        ReturnStatus::Rejected => (Tone::Bad, "Rejected"),
        _ => (Tone::Plain, "Taken back"),
    };
    let left = refundable(order);
    let worth = worth_of(order, back).min(left.amount);
    DetailReturn {
        id: back.id.to_string(),
        name: format!("Return {}", back.number),
        status: Status::new(tone, text),
        when: format!("Asked for {}", date_time(back.created_at)),
        reason: back.reason.clone(),
        answer: back.answer.clone().unwrap_or_default(),
        lines: back.lines.iter().map(|line| return_row(order, back, line)).collect(),
        decide_key: key(ReturnStatus::Requested),
        receive_key: key(ReturnStatus::Approved),
        shelf: location_field(places, &Form::default(), "shelf"),
        refund_key: key(ReturnStatus::Received).filter(|_| back.refund.is_none() && left.amount > 0),
        to: refund_to(RefundTo::Payment),
        most: MoneyView::from(left),
        amount: Field::new(Money::new(worth, left.currency).to_major()),
    }
}

/// What was paid for the units that came, without delivery.
fn worth_of(order: &Order, back: &Return) -> i64 {
    let of_line = |part: &orders_api::ReturnLine| {
        let line = order.lines.iter().find(|line| line.id == part.order_line_id)?;
        let came = i128::from(part.restocked + part.written_off);
        let paid = line.charged().amount + kernel::charge::added(&line.taxes);
        let worth = i128::from(paid) * came / i128::from(line.quantity.get());
        i64::try_from(worth).ok()
    };
    back.lines.iter().filter_map(of_line).sum()
}

fn return_row(order: &Order, back: &Return, part: &orders_api::ReturnLine) -> ReturnRow {
    let line = order.lines.iter().find(|line| line.id == part.order_line_id);
    let title = line.map(|line| line.title.clone()).unwrap_or_default();
    let has_come = matches!(back.status, ReturnStatus::Received | ReturnStatus::Refunded);
    let text = match has_come {
        true => format!("{} × {title}: {} on the shelf, {} lost", part.quantity, part.restocked, part.written_off),
        false => format!("{} × {title}", part.quantity),
    };
    ReturnRow {
        id: part.order_line_id.to_string(),
        title,
        text,
        most: part.quantity,
        restock: Field::new(part.quantity.to_string()),
        write_off: Field::new("0".to_owned()),
    }
}

/// `POST /admin/orders/{order}/returns`
///
/// # Errors
/// The form is wrong, or the order cannot be changed now.
pub async fn request(visit: Visit) -> Answer {
    let order_id: OrderId = visit.path("order")?;
    let form = visit.form(&["key", "why", "return_*"])?;
    let (lines, reason) = match (numbers_of_lines(&form, "return_"), form.text("why")) {
        (Ok(lines), Some(reason)) => (lines, reason),
        (Err(problem), _) => return refuse(&visit, "No return was written down", problem).await,
        (_, None) => return refuse(&visit, "No return was written down", "Say why it comes back.".to_owned()).await,
    };
    let request = RequestReturn { key: key_of(&form)?, order_id, lines, reason };
    let result = visit.shop.orders().request_return(&visit.staff(), request).await;
    after(&visit, "Written down and approved; the customer gets a mail", result).await
}

/// `POST /admin/orders/{order}/returns/{return}`
///
/// # Errors
/// The form is wrong, or the order cannot be changed now.
pub async fn handle(visit: Visit) -> Answer {
    let order_id: OrderId = visit.path("order")?;
    let return_id: ReturnId = visit.path("return")?;
    let form = visit.form(&["key", "action", "answer_*", "amount_*", "to_*", "restock_*", "lost_*", "shelf_*"])?;
    let (action, done) = match action_of(&visit, &form, return_id).await? {
        Ok(action) => action,
        Err(problem) => return refuse(&visit, "Nothing was changed", problem).await,
    };
    let request = HandleReturn { key: key_of(&form)?, order_id, return_id, action };
    let result = visit.shop.orders().handle_return(&visit.staff(), request).await;
    after(&visit, done, result).await
}

async fn action_of(
    visit: &Visit,
    form: &Form,
    id: ReturnId,
) -> Result<Result<(ReturnAction, &'static str), String>, Problem> {
    let answer = form.text(&format!("answer_{id}"));
    Ok(match form.raw("action") {
        "approve" => Ok((
            ReturnAction::Approve { instructions: answer.unwrap_or_default() },
            "Approved; the customer gets a mail",
        )),
        "reject" => match answer {
            Some(reason) => Ok((ReturnAction::Reject { reason }, "Rejected; the customer gets a mail")),
            None => Err("Tell the customer why you do not take it back.".to_owned()),
        },
        "receive" => {
            let location_id = form.text(&format!("shelf_{id}"));
            received(form).map(|lines| (ReturnAction::Receive { lines, location_id }, "Received"))
        }
        "refund" => {
            let order = super::orders::load(visit).await?;
            let typed = form.raw(&format!("amount_{id}"));
            let amount = Money::parse_major(typed.trim(), order.total.currency)
                .map_err(|_| format!("{typed:?} is no amount. Write it like {}.", order.total.to_major()));
            match (amount, refund_to_of(form.raw(&format!("to_{id}")))) {
                (Ok(amount), Ok(to)) => Ok((ReturnAction::Refund { amount, to }, "The money goes back")),
                (Err(problem), _) | (_, Err(problem)) => Err(problem),
            }
        }
        _ => return Err(Problem::BadRequest("action: choose one of the buttons".to_owned())),
    })
}

fn received(form: &Form) -> Result<Vec<ReceivedLine>, String> {
    let mut lines = Vec::<ReceivedLine>::new();
    for (is_lost, prefix) in [(false, "restock_"), (true, "lost_")] {
        for part in numbers_of_lines(form, prefix)? {
            let units = part.quantity.get();
            let place = lines.iter().position(|line| line.order_line_id == part.order_line_id);
            let place = place.unwrap_or_else(|| {
                lines.push(ReceivedLine { order_line_id: part.order_line_id, restock: 0, write_off: 0 });
                lines.len() - 1
            });
            let line = &mut lines[place];
            *(if is_lost { &mut line.write_off } else { &mut line.restock }) = units;
        }
    }
    Ok(lines)
}
