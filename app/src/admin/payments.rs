//! Payments to check: where a provider's books and ours differ, with the evidence and what can be done.

use actix_web::http::StatusCode;
use billing_api::{
    BillingError, CheckAction, CheckClass, CheckStatus, EndPayment, ListPaymentChecks, PaymentCheck, PaymentCheckId,
    ResolvePaymentCheck,
};
use kernel::{CallError, Money, PageRequest};
use orders_api::OrderId;

use super::views::{
    Cursor, MoneyView, Notice, PaymentCheckRow, PaymentChecksPage, Status, Tab, Tone, actor, date_time,
};
use super::{address, key_of, shell};
use crate::storefront::order::method_name;
use crate::web::{Answer, Problem, Visit};

fn unavailable(error: CallError<BillingError>) -> Problem {
    match error {
        CallError::Domain(BillingError::NotFound) => Problem::NotFound,
        error => match Problem::from(error) {
            Problem::Unavailable(_) => Problem::Unavailable("Payments"),
            other => other,
        },
    }
}

/// `GET /admin/payments?all=&cursor=`
///
/// # Errors
/// A parameter is wrong, or payments cannot be shown now.
pub async fn list(visit: Visit) -> Answer {
    answer(&visit, None, StatusCode::OK).await
}

async fn answer(visit: &Visit, notice: Option<Notice>, status: StatusCode) -> Answer {
    let all = visit.query("all")?.is_some();
    let cursor = visit.query("cursor")?;
    let request = ListPaymentChecks { open_only: !all, page: PageRequest { limit: 50, cursor: cursor.clone() } };
    let found = visit.shop.billing().payment_checks(&visit.staff(), request).await.map_err(unavailable)?;
    let at = |all: bool, cursor: &str| {
        address("/admin/payments", &[("all", if all { "1" } else { "" }), ("cursor", cursor)])
    };
    let tab = |text: &str, of: bool| Tab { text: text.to_owned(), href: at(of, ""), current: of == all };
    let mut shell = shell(visit, "payments", "Payments to check");
    shell.notice = notice.or(shell.notice);
    let page = PaymentChecksPage {
        shell,
        tabs: vec![tab("Open", false), tab("All", true)],
        rows: found.items.iter().map(row).collect(),
        cursor: Cursor {
            first: cursor.map(|_| at(all, "")),
            next: found.next_cursor.as_deref().map(|cursor| at(all, cursor)),
        },
    };
    visit.shop.pages().answer(status, "admin/payments.html", &page)
}

fn row(check: &PaymentCheck) -> PaymentCheckRow {
    let is_open = check.status == CheckStatus::Open;
    let (heading, advice) = words(check.class);
    let gives_back = check.class.can_be_given_back();
    let settled_by = check.settled_by.as_deref().map(actor).unwrap_or_default();
    PaymentCheckRow {
        href: format!("/admin/payments/{}", check.id),
        heading: heading.to_owned(),
        advice: if is_open { advice.to_owned() } else { String::new() },
        provider: method_name(&check.provider),
        subject: check.subject.clone(),
        order_href: check.order_id.as_ref().map(|id| format!("/admin/orders/{id}")).unwrap_or_default(),
        amount: check.amount.into(),
        evidence: check.evidence.clone(),
        found: date_time(check.found_at),
        status: match check.status {
            CheckStatus::Open => Status::new(Tone::Warn, "To check"),
            CheckStatus::Repaired => Status::new(Tone::Ok, "Repaired"),
            CheckStatus::Closed => Status::new(Tone::Plain, "Closed"),
        },
        settlement: match (&check.settlement, check.settled_at) {
            (Some(text), Some(at)) => format!("{text} ({settled_by}, {})", date_time(at)),
            _ => String::new(),
        },
        may_ask: is_open && check.session_id.is_some(),
        may_give_back: is_open && gives_back,
        may_close: is_open,
    }
}

/// What a difference is, and what to do about it.
fn words(class: CheckClass) -> (&'static str, &'static str) {
    match class {
        CheckClass::MissingHere => (
            "The provider has money that we know nothing of",
            "Find out whose it is. If it pays for nothing here, give it back.",
        ),
        CheckClass::MissingThere => (
            "We have money that the provider knows nothing of",
            "Ask again. If it stays so, talk to the provider before you send the goods.",
        ),
        CheckClass::OtherAmount => (
            "Another amount arrived than was asked for",
            "It pays for nothing yet. Give it back, so that the customer can pay again, or settle it with them.",
        ),
        CheckClass::OtherCurrency => (
            "Another currency arrived than was asked for",
            "It pays for nothing yet. Give it back, so that the customer can pay again.",
        ),
        CheckClass::RefundedThere => (
            "Money went back on the provider's own pages",
            "Record it with the order, so that it is not given back twice.",
        ),
        CheckClass::RefundFailedThere => (
            "A refund failed at the provider after all",
            "The customer was told of it and does not have the money. Pay it out in another way, then say what was done.",
        ),
        CheckClass::CapturedForEnded => ("Money came for an order that has ended", "A refund is due: see the order."),
        CheckClass::StatusBehind => ("The provider knew more than we did", "Ask again."),
        CheckClass::PaidTwice => ("An order was paid twice", "Give the second payment back."),
        CheckClass::Disputed => (
            "A bank takes the money back for its customer",
            "Answer on the provider's pages before its deadline, with the proof of delivery.",
        ),
        _ => ("Something differs", "A newer release knows more about it."),
    }
}

/// `POST /admin/orders/{order}/capture`: takes what a provider holds for the order, or a part of it.
///
/// # Errors
/// The form is wrong, there is no such order, or the money cannot be taken now.
pub async fn capture(visit: Visit) -> Answer {
    let order_id: OrderId = visit.path("order")?;
    let form = visit.form(&["key", "amount"])?;
    let currency = visit.shop.settings().shop_currency;
    let amount = form.text("amount").map(|text| Money::parse_major(&text, currency)).transpose();
    let amount = amount.map_err(|error| Problem::Refused(format!("amount: {error}")))?;
    let request = EndPayment::capture(key_of(&form)?, order_id.to_string(), amount);
    let notice = match visit.shop.billing().end_payment(&visit.staff(), request).await {
        Ok(Some(payment)) => Notice::new(Tone::Ok, format!("{} was taken", MoneyView::from(payment.captured).text), ""),
        Ok(None) | Err(CallError::Domain(BillingError::NotFound)) => return Err(Problem::NotFound),
        // It is asked for again without anyone waiting for it.
        Err(CallError::Domain(BillingError::ProviderUnavailable) | CallError::Unknown(_)) => {
            Notice::new(Tone::Warn, "The provider has not answered yet", "It is asked again; look here in a minute.")
        }
        Err(CallError::Domain(error)) => {
            Notice::new(Tone::Bad, "The money was not taken", format!("Nothing was changed: {error}."))
        }
        Err(error) => return Err(unavailable(error)),
    };
    Ok(visit.see_other_saying(format!("/admin/orders/{order_id}"), &notice))
}

/// `POST /admin/payments/{check}`
///
/// # Errors
/// The form is wrong, there is no such difference, or nothing can be done now.
pub async fn resolve(visit: Visit) -> Answer {
    let check_id: PaymentCheckId = visit.path("check")?;
    let form = visit.form(&["action", "note"])?;
    let action = match form.raw("action") {
        "ask" => CheckAction::AskAgain,
        "give_back" => CheckAction::GiveBack,
        "close" => CheckAction::Close { note: form.text("note").unwrap_or_default() },
        other => return Err(Problem::Refused(format!("action: {other:?} is not possible here"))),
    };
    let request = ResolvePaymentCheck { check_id, action };
    match visit.shop.billing().resolve_payment_check(&visit.staff(), request).await {
        Ok(check) => {
            let notice = Notice::new(Tone::Ok, "Settled", check.settlement.unwrap_or_default());
            Ok(visit.see_other_saying("/admin/payments", &notice))
        }
        Err(CallError::Domain(BillingError::NotFound)) => Err(Problem::NotFound),
        Err(CallError::Domain(error)) => {
            let notice = Notice::new(Tone::Bad, "That was not possible", format!("Nothing was changed: {error}."));
            answer(&visit, Some(notice), StatusCode::UNPROCESSABLE_ENTITY).await
        }
        Err(error) => Err(unavailable(error)),
    }
}
