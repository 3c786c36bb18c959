//! Gift cards and store credit: the list, one card with what went onto it and off it, giving one and closing one.

use accounts_api::Permission;
use actix_web::http::StatusCode;
use billing_api::{
    BillingError, ChangeGiftCard, FindGiftCards, GiftCard, GiftCardAction, GiftCardId, GiftCardMovement,
    GiftCardMovementKind, GiftCardQuery, GiftCardReason, GiftCardStatus,
};
use kernel::{CallError, Email, Money, PageRequest, Timestamp};

use super::views::{
    Cursor, Field, GiftCardIssuePage, GiftCardMovementRow, GiftCardPage, GiftCardRow, GiftCardsPage, MoneyView, Notice,
    Problem as ProblemView, Status, Tone, actor, date, date_time,
};
use super::{address, key_of, key_of_change, new_key, shell};
use crate::web::{Answer, Form, Problem, Visit};

const FIELDS: [&str; 5] = ["key", "amount", "email", "expires_at", "note"];

fn failed(error: CallError<BillingError>) -> Problem {
    match error {
        CallError::Domain(BillingError::NotPermitted) => Problem::NotPermitted,
        CallError::Domain(BillingError::NotFound) => Problem::NotFound,
        error => match Problem::from(error) {
            Problem::Unavailable(_) => Problem::Unavailable("Gift cards"),
            other => other,
        },
    }
}

/// `GET /admin/gift-cards?q=&cursor=`
///
/// # Errors
/// A parameter is wrong, or they cannot be shown now.
pub async fn list(visit: Visit) -> Answer {
    let (text, cursor) = (visit.query("q")?.unwrap_or_default(), visit.query("cursor")?);
    let page = PageRequest { limit: 50, cursor: cursor.clone() };
    let request = FindGiftCards { query: GiftCardQuery::Search { text: text.clone() }, page };
    let found = match visit.shop.billing().gift_cards(&visit.staff(), request).await {
        Err(CallError::Domain(error @ BillingError::Invalid { .. })) => {
            return Err(Problem::BadRequest(error.to_string()));
        }
        found => found.map_err(failed)?,
    };
    let href = |cursor: &str| address("/admin/gift-cards", &[("q", &text), ("cursor", cursor)]);
    let now = visit.shop.clock().now();
    let page = GiftCardsPage {
        shell: shell(&visit, "gift_cards", "Gift cards"),
        rows: found.items.iter().map(|card| row(card, now)).collect(),
        cursor: Cursor { first: cursor.map(|_| href("")), next: found.next_cursor.as_deref().map(href) },
        query: text,
        may_issue: visit.may(Permission::ManageOrders),
    };
    visit.shop.pages().answer(StatusCode::OK, "admin/gift_cards.html", &page)
}

fn row(card: &GiftCard, now: Timestamp) -> GiftCardRow {
    GiftCardRow {
        href: format!("/admin/gift-cards/{}", card.id),
        name: format!("…{}", card.last_four),
        status: status_of(card, now),
        reason: reason_of(card).to_owned(),
        email: card.email.as_ref().map(ToString::to_string).unwrap_or_default(),
        issued: card.issued.into(),
        balance: card.balance.into(),
        created: date(card.created_at),
    }
}

fn status_of(card: &GiftCard, now: Timestamp) -> Status {
    match card.status {
        GiftCardStatus::Open if card.can_pay(now) => Status::new(Tone::Ok, "Can pay"),
        GiftCardStatus::Open if card.balance.amount == 0 => Status::new(Tone::Plain, "Empty"),
        GiftCardStatus::Open => Status::new(Tone::Warn, "Expired"),
        _ => Status::new(Tone::Plain, "Closed"),
    }
}

fn reason_of(card: &GiftCard) -> &'static str {
    match card.reason {
        GiftCardReason::Granted => "Given by staff",
        GiftCardReason::Refund => "Store credit",
        _ => "Of a newer release",
    }
}

/// `GET /admin/gift-cards/{card}`
///
/// # Errors
/// There is no such card, or it cannot be shown now.
pub async fn show(visit: Visit) -> Answer {
    let id: GiftCardId = visit.path("card")?;
    let query = GiftCardQuery::Ids { ids: vec![id] };
    let found = visit.shop.billing().gift_cards(&visit.staff(), query.into()).await.map_err(failed)?;
    let card = found.items.into_iter().next().ok_or(Problem::NotFound)?;
    answer(&visit, &card, &Form::default(), StatusCode::OK)
}

/// One card. Its code is shown by the answer that issued it, and never again.
fn answer(visit: &Visit, card: &GiftCard, form: &Form, status: StatusCode) -> Answer {
    let may_close = visit.may(Permission::ManageOrders) && card.status == GiftCardStatus::Open;
    let page = GiftCardPage {
        shell: shell(visit, "gift_cards", format!("Gift card …{}", card.last_four)),
        problems: ProblemView::all(form),
        href: format!("/admin/gift-cards/{}", card.id),
        name: format!("Gift card …{}", card.last_four),
        status: status_of(card, visit.shop.clock().now()),
        code: card.code.as_ref().map(|code| code.reveal().to_owned()).unwrap_or_default(),
        balance: card.balance.into(),
        issued: card.issued.into(),
        reason: reason_of(card).to_owned(),
        note: card.note.lines().map(str::to_owned).collect(),
        email: card.email.as_ref().map(ToString::to_string).unwrap_or_default(),
        expires: card.expires_at.map(date_time).unwrap_or_default(),
        created: date_time(card.created_at),
        movements: card.movements.iter().rev().map(movement_row).collect(),
        close_key: may_close.then(new_key),
        close_note: Field::of(form, "close_note"),
    };
    visit.shop.pages().answer(status, "admin/gift_card.html", &page)
}

fn movement_row(moved: &GiftCardMovement) -> GiftCardMovementRow {
    let (text, is_off) = match moved.kind {
        GiftCardMovementKind::Issue => ("Issued", false),
        GiftCardMovementKind::Spend => ("Pays for an order", true),
        GiftCardMovementKind::Restore => ("Back from an order", false),
        GiftCardMovementKind::Close => ("Written off", true),
        _ => ("Of a newer release", false),
    };
    let amount = Money::new(if is_off { -moved.amount.amount } else { moved.amount.amount }, moved.amount.currency);
    GiftCardMovementRow {
        text: text.to_owned(),
        amount: MoneyView::from(amount).text,
        order_href: moved.order_id.as_ref().map(|id| format!("/admin/orders/{id}")).unwrap_or_default(),
        actor: actor(&moved.actor),
        at: date_time(moved.created_at),
    }
}

/// `GET /admin/gift-cards/new`
///
/// # Errors
/// The page cannot be rendered.
pub async fn issue_form(visit: Visit) -> Answer {
    issue_page(&visit, &Form::filled([("key", new_key())]), StatusCode::OK)
}

fn issue_page(visit: &Visit, form: &Form, status: StatusCode) -> Answer {
    let title = if form.is_valid() { "New gift card" } else { "Error: New gift card" };
    let page = GiftCardIssuePage {
        shell: shell(visit, "gift_cards", title),
        problems: ProblemView::all(form),
        key: form.raw("key").to_owned(),
        currency: visit.shop.settings().shop_currency.code().to_owned(),
        amount: Field::of(form, "amount"),
        email: Field::of(form, "email"),
        expires_at: Field::of(form, "expires_at"),
        note: Field::of(form, "note"),
    };
    visit.shop.pages().answer(status, "admin/gift_card_new.html", &page)
}

/// `POST /admin/gift-cards/new`: the answer itself shows the code, so that nothing has to keep it for another page.
///
/// # Errors
/// The form has other fields, or none can be issued now.
pub async fn issue(visit: Visit) -> Answer {
    let mut form = visit.form(&FIELDS)?;
    let key = key_of(&form)?;
    let Some(action) = read(&visit, &mut form).filter(|_| form.is_valid()) else {
        return issue_page(&visit, &form, StatusCode::UNPROCESSABLE_ENTITY);
    };
    let request = ChangeGiftCard { key: key_of_change(key, &action), action };
    match visit.shop.billing().change_gift_card(&visit.staff(), request).await {
        Ok(card) => answer(&visit, &card, &Form::default(), StatusCode::OK),
        Err(CallError::Domain(BillingError::Invalid { field, problem })) => {
            form.problem(&field, problem);
            issue_page(&visit, &form, StatusCode::UNPROCESSABLE_ENTITY)
        }
        Err(error) => Err(failed(error)),
    }
}

/// What the form says; what is wrong is noted in it.
fn read(visit: &Visit, form: &mut Form) -> Option<GiftCardAction> {
    let amount = Money::parse_major(form.raw("amount").trim(), visit.shop.settings().shop_currency).ok();
    if amount.is_none() {
        form.problem("amount", "Enter an amount such as 25 or 12.50");
    }
    let email = form.text("email").map(|email| email.parse::<Email>().ok());
    if email == Some(None) {
        form.problem("email", "Enter an address such as ada@example.org, or leave it empty");
    }
    let expires_at = form.text("expires_at").map(|text| Timestamp::parse_minute(&text));
    if expires_at == Some(None) {
        form.problem("expires_at", "Enter a date and time in UTC, such as 2027-11-21T10:30, or leave it empty");
    }
    let note = form.required("note", "Say why it is given")?;
    Some(GiftCardAction::Issue { amount: amount?, email: email.flatten(), expires_at: expires_at.flatten(), note })
}

/// `POST /admin/gift-cards/{card}/close`
///
/// # Errors
/// There is no such card, or it cannot be closed now.
pub async fn close(visit: Visit) -> Answer {
    let id: GiftCardId = visit.path("card")?;
    let mut form = visit.form(&["key", "close_note"])?;
    let key = key_of(&form)?;
    if let Some(note) = form.required("close_note", "Say why it is closed") {
        let action = GiftCardAction::Close { gift_card_id: id, note };
        match visit.shop.billing().change_gift_card(&visit.staff(), ChangeGiftCard { key, action }).await {
            Ok(_) => {
                let notice = Notice::new(Tone::Ok, "The gift card is closed", "What was left on it is written off.");
                return Ok(visit.see_other_saying(format!("/admin/gift-cards/{id}"), &notice));
            }
            Err(CallError::Domain(BillingError::Invalid { problem, .. })) => form.problem("close_note", problem),
            Err(error) => return Err(failed(error)),
        }
    }
    let query = GiftCardQuery::Ids { ids: vec![id] };
    let found = visit.shop.billing().gift_cards(&visit.staff(), query.into()).await.map_err(failed)?;
    let card = found.items.into_iter().next().ok_or(Problem::NotFound)?;
    answer(&visit, &card, &form, StatusCode::UNPROCESSABLE_ENTITY)
}
