//! Changing stock: counts, deliveries, transfers, and the rules by which things are sold. Each has a reason.

use actix_web::http::StatusCode;
use catalog_api::VariantId;
use inventory_api::{Adjust, InventoryError, SetStock, StockItem, StockLevel, Transfer};
use kernel::CallError;

use super::key_of;
use super::stock::{POLICIES, REASONS, answer, unavailable};
use super::views::{Notice, Tone};
use crate::web::{Answer, Form, Problem, Visit};

const MOST: i64 = 1_000_000;
const LONGEST_NOTE: usize = 150;

/// A whole number, with the minus that people type or paste.
fn whole_number(form: &Form, name: &str) -> Option<i64> {
    let typed = form.text(name)?.replace('−', "-").trim_start_matches('+').to_owned();
    typed.parse::<i64>().ok().filter(|number| number.abs() <= MOST)
}

/// A number that is there: `wrong` says what to enter.
fn number(form: &mut Form, name: &str, is_fine: fn(i64) -> bool, wrong: &str) -> Option<i64> {
    let number = whole_number(form, name).filter(|number| is_fine(*number));
    if number.is_none() {
        form.problem(name, wrong);
    }
    number
}

/// The page of the variant says what was done, or shows the form again with what is wrong.
async fn done<T>(
    visit: &Visit,
    mut form: Form,
    outcome: Result<T, CallError<InventoryError>>,
    (fields, notice): (&[(&str, &str)], impl FnOnce(T) -> Notice),
) -> Answer {
    match outcome {
        Ok(done) => {
            let variant: VariantId = visit.path("variant")?;
            return Ok(visit.see_other_saying(format!("/admin/stock/{variant}"), &notice(done)));
        }
        Err(CallError::Domain(InventoryError::NotFound)) => return Err(Problem::NotFound),
        Err(CallError::Domain(InventoryError::Invalid { field, problem })) => {
            let shown =
                fields.iter().find(|(theirs, _)| field.ends_with(theirs)).map_or(field.as_str(), |(_, ours)| *ours);
            form.problem(shown, problem);
        }
        Err(CallError::Domain(error)) => form.problem("delta", error.to_string()),
        Err(error) => return Err(unavailable(error)),
    }
    answer(visit, &form, StatusCode::UNPROCESSABLE_ENTITY).await
}

fn now_there(heading: &str, level: &StockLevel) -> Notice {
    let text = format!("{} on hand, {} available.", level.on_hand, level.available);
    Notice::new(Tone::Ok, heading, text)
}

/// `POST /admin/stock/{variant}/adjust`
///
/// # Errors
/// The form has other fields, or stock cannot be changed now.
pub async fn adjust(visit: Visit) -> Answer {
    let variant: VariantId = visit.path("variant")?;
    let mut form = visit.form(&["key", "delta", "reason", "note", "location"])?;
    let delta = number(&mut form, "delta", |delta| delta != 0, "Enter how many came or went, such as 5 or -2");
    let reason = REASONS.iter().find(|(code, _)| *code == form.raw("reason")).map(|(code, _)| *code);
    if reason.is_none() {
        form.problem("reason", "Choose a reason");
    }
    let note = form.text("note");
    if note.as_ref().is_some_and(|note| note.chars().count() > LONGEST_NOTE) {
        form.problem("note", format!("Use at most {LONGEST_NOTE} characters"));
    }
    let (Some(delta), Some(reason), true) = (delta, reason, form.is_valid()) else {
        return answer(&visit, &form, StatusCode::UNPROCESSABLE_ENTITY).await;
    };
    let reason = note.map_or_else(|| reason.to_owned(), |note| format!("{reason}: {note}"));
    let request = Adjust {
        location_id: form.text("location"),
        ..Adjust::new(key_of(&form)?, variant.to_string(), delta, reason)
    };
    let adjusted = visit.shop.inventory().adjust(&visit.staff(), request).await;
    let fields: &[_] = &[("location_id", "location")];
    done(&visit, form, adjusted, (fields, |level: StockLevel| now_there("Stock was adjusted", &level))).await
}

/// `POST /admin/stock/{variant}/receive`
///
/// # Errors
/// The form has other fields, or stock cannot be changed now.
pub async fn receive(visit: Visit) -> Answer {
    let variant: VariantId = visit.path("variant")?;
    let mut form = visit.form(&["key", "received", "delivery", "received_at"])?;
    let Some(delta) = number(&mut form, "received", |number| number > 0, "Enter how many came in, such as 12") else {
        return answer(&visit, &form, StatusCode::UNPROCESSABLE_ENTITY).await;
    };
    let request = Adjust {
        location_id: form.text("received_at"),
        received: true,
        reference: form.text("delivery"),
        ..Adjust::new(key_of(&form)?, variant.to_string(), delta, "delivery")
    };
    let received = visit.shop.inventory().adjust(&visit.staff(), request).await;
    let fields: &[_] = &[("delta", "received"), ("reference", "delivery"), ("location_id", "received_at")];
    done(&visit, form, received, (fields, |level: StockLevel| now_there("The delivery was received", &level))).await
}

/// `POST /admin/stock/{variant}/transfer`
///
/// # Errors
/// The form has other fields, or stock cannot be changed now.
pub async fn transfer(visit: Visit) -> Answer {
    let variant: VariantId = visit.path("variant")?;
    let mut form = visit.form(&["key", "moved", "from", "to", "why"])?;
    let quantity = number(&mut form, "moved", |number| number > 0, "Enter how many go there, such as 4");
    let reason = form.required("why", "Say why, such as “sells better there”");
    let (Some(quantity), Some(reason)) = (quantity, reason) else {
        return answer(&visit, &form, StatusCode::UNPROCESSABLE_ENTITY).await;
    };
    let (from, to) = (form.raw("from").to_owned(), form.raw("to").to_owned());
    let request = Transfer { key: key_of(&form)?, variant_id: variant.to_string(), from, to, quantity, reason };
    let moved = visit.shop.inventory().transfer(&visit.staff(), request).await;
    let fields: &[_] = &[("quantity", "moved"), ("reason", "why")];
    done(&visit, form, moved, (fields, |level: StockLevel| now_there("The goods were transferred", &level))).await
}

/// `POST /admin/stock/{variant}/rules`
///
/// # Errors
/// The form has other fields, or stock cannot be changed now.
pub async fn set_rules(visit: Visit) -> Answer {
    let mut form = visit.form(&["key", "rules_location", "incoming", "safety_stock", "low_stock_threshold"])?;
    let wrong = "Enter a whole number, 0 for none";
    let is_fine: fn(i64) -> bool = |number| number >= 0;
    let incoming = number(&mut form, "incoming", is_fine, wrong);
    let safety_stock = number(&mut form, "safety_stock", is_fine, wrong);
    let low_stock_threshold = number(&mut form, "low_stock_threshold", is_fine, wrong);
    if !form.is_valid() {
        return answer(&visit, &form, StatusCode::UNPROCESSABLE_ENTITY).await;
    }
    let level = level(&visit).await?;
    let item = StockItem {
        variant_id: level.variant_id,
        track_inventory: level.track_inventory,
        backorderable: level.backorderable,
        location_id: form.text("rules_location"),
        incoming,
        safety_stock,
        low_stock_threshold,
        ..StockItem::default()
    };
    let request = SetStock { key: key_of(&form)?, reason: "rules".to_owned(), items: vec![item] };
    let saved = visit.shop.inventory().set_stock(&visit.staff(), request).await;
    let fields: &[_] = &[("location_id", "rules_location")];
    done(&visit, form, saved, (fields, |_: u32| Notice::new(Tone::Ok, "The rules were saved", ""))).await
}

/// `POST /admin/stock/{variant}/policy`
///
/// # Errors
/// The form has other fields, or stock cannot be changed now.
pub async fn set_policy(visit: Visit) -> Answer {
    let mut form = visit.form(&["key", "policy"])?;
    let policy = form.raw("policy").to_owned();
    if !POLICIES.iter().any(|(code, _)| *code == policy) {
        form.problem("policy", "Choose what happens when none is left");
        return answer(&visit, &form, StatusCode::UNPROCESSABLE_ENTITY).await;
    }
    let item = StockItem {
        variant_id: level(&visit).await?.variant_id,
        track_inventory: policy != "uncounted",
        backorderable: policy == "backorder",
        ..StockItem::default()
    };
    let request = SetStock { key: key_of(&form)?, reason: "rules".to_owned(), items: vec![item] };
    let saved = visit.shop.inventory().set_stock(&visit.staff(), request).await;
    let fields: &[_] = &[("track_inventory", "policy")];
    done(&visit, form, saved, (fields, |_: u32| Notice::new(Tone::Ok, "The rule was saved", ""))).await
}

/// The variant of the page, as it is now.
async fn level(visit: &Visit) -> Result<StockLevel, Problem> {
    let variant: VariantId = visit.path("variant")?;
    let request = inventory_api::FindStock::of(vec![variant.to_string()]);
    let found = visit.shop.inventory().stock_levels(&visit.staff(), request).await.map_err(unavailable)?;
    found.into_iter().next().ok_or(Problem::NotFound)
}
