//! Discounts: the list, and the form that creates, changes and ends one.

mod form;
#[cfg(test)]
mod tests;

use accounts_api::Permission;
use actix_web::http::StatusCode;
use cart_api::{Action, CartError, CouponCode, Items, ListPromotions, Promotion, PromotionId, SavePromotion, Step};
use catalog_api::ListCategories;
use kernel::{CallError, Currency, Money, Timestamp};

use super::views::{
    DiscountFormPage, DiscountRow, DiscountsPage, Field, Notice, Problem as ProblemView, Row, SelectField, Status,
    Tone, date,
};
use super::{key_of, key_of_change, new_key, shell};
use crate::storefront::views::{MoneyView, percent_of_ppm};
use crate::web::{Answer, Form, Problem, Visit};
use form::{EVERYTHING, FIELDS, KINDS, filled, goods, holds, read, steps};

const YES_NO: [(&str, &str); 2] = [("no", "No"), ("yes", "Yes")];
fn failed(error: CallError<CartError>) -> Problem {
    match error {
        CallError::Domain(CartError::NotFound) => Problem::NotFound,
        CallError::Domain(CartError::NotPermitted) => Problem::NotPermitted,
        error => match Problem::from(error) {
            Problem::Unavailable(_) => Problem::Unavailable("Discounts"),
            other => other,
        },
    }
}

/// `GET /admin/discounts`
///
/// # Errors
/// They cannot be shown now.
pub async fn list(visit: Visit) -> Answer {
    let found = visit.shop.carts().promotions(&visit.staff(), ListPromotions::default()).await.map_err(failed)?;
    let (now, currency) = (visit.shop.clock().now(), visit.shop.settings().shop_currency);
    let page = DiscountsPage {
        shell: shell(&visit, "discounts", "Discounts"),
        rows: found.iter().map(|promotion| row(promotion, now, currency)).collect(),
        may_create: visit.may(Permission::ManageProducts),
    };
    visit.shop.pages().answer(StatusCode::OK, "admin/discounts.html", &page)
}

fn row(promotion: &Promotion, now: Timestamp, currency: Currency) -> DiscountRow {
    DiscountRow {
        href: format!("/admin/discounts/{}", promotion.id),
        label: promotion.label.clone(),
        status: status_of(promotion, now, currency),
        what: in_words(&promotion.rule.action),
        codes: match promotion.codes.as_slice() {
            [] => "applies by itself".to_owned(),
            [one] => one.code.clone(),
            many => format!("{} codes", many.len()),
        },
        uses: promotion.codes.iter().map(|code| code.uses).sum(),
        period: period(promotion),
    }
}

fn period(promotion: &Promotion) -> String {
    match promotion.ends_at {
        Some(end) => format!("{} to {}", date(promotion.starts_at), date(end)),
        None => format!("from {}", date(promotion.starts_at)),
    }
}

fn status_of(promotion: &Promotion, now: Timestamp, currency: Currency) -> Status {
    let is_used_up = |code: &CouponCode| code.limit.is_some_and(|limit| code.uses >= limit);
    if promotion.ends_at.is_some_and(|end| end <= now) {
        Status::new(Tone::Plain, "Ended")
    } else if !promotion.rule.is_in(currency) {
        Status::new(Tone::Warn, "In another currency")
    } else if now < promotion.starts_at {
        Status::new(Tone::Info, "Scheduled")
    } else if !promotion.codes.is_empty() && promotion.codes.iter().all(is_used_up) {
        Status::new(Tone::Warn, "Exhausted")
    } else {
        Status::new(Tone::Ok, "Active")
    }
}

fn money(amount: &Money) -> String {
    MoneyView::from(*amount).text
}

fn in_words(action: &Action) -> String {
    match action {
        Action::Percent { ppm, items } => format!("{} off{}", percent_of_ppm(*ppm), of(items)),
        Action::PercentPerLine { ppm, items } => format!("{} off each item{}", percent_of_ppm(*ppm), of(items)),
        Action::Amount { amount, items } => format!("{} off{}", money(amount), of(items)),
        Action::AmountPerUnit { amount, items } => format!("{} off each unit{}", money(amount), of(items)),
        Action::AmountPerLine { amount, items } => format!("{} off each item{}", money(amount), of(items)),
        Action::UnitPrice { price, items } => format!("{} each{}", money(price), of(items)),
        Action::BuyGet { buy, buy_quantity, get, get_quantity, ppm, .. } => {
            let bought = if buy == get { String::new() } else { of(buy) };
            let price = if *ppm == 1_000_000 { "free".to_owned() } else { format!("at {} off", percent_of_ppm(*ppm)) };
            format!("Buy {buy_quantity}{bought}, get {get_quantity} {price}{}", of(get))
        }
        Action::Tiered { items, .. } => format!("More off for more{}", of(items)),
        Action::Delivery { ppm: 1_000_000 } => "Free delivery".to_owned(),
        Action::Delivery { ppm } => format!("{} off delivery", percent_of_ppm(*ppm)),
        _ => "Of a newer release".to_owned(),
    }
}

fn of(items: &Items) -> String {
    match items {
        Items::All => String::new(),
        Items::Categories(slugs) => format!(", in {}", slugs.join(", ")),
        Items::Products(ids) | Items::Variants(ids) | Items::Lines(ids) => format!(", of {} articles", ids.len()),
    }
}

/// All of a discount in words, when the form cannot hold it.
fn rows(promotion: &Promotion) -> Vec<Row> {
    let (action, conditions) = (&promotion.rule.action, &promotion.rule.conditions);
    let mut rows = vec![Row::new("What it does", in_words(action))];
    match action {
        Action::Tiered { steps, .. } => rows.extend(steps.iter().map(step)),
        Action::BuyGet { most: Some(most), .. } => rows.push(Row::new("At most in one order", most.to_string())),
        _ => {}
    }
    rows.extend(conditions.minimum_goods.as_ref().map(|least| Row::new("Goods for at least", money(least))));
    if !conditions.customer_groups.is_empty() {
        rows.push(Row::new("Only for customers of", conditions.customer_groups.join(", ")));
    }
    if conditions.only_at_regular_price {
        rows.push(Row::new("Only what is not reduced already", "Yes"));
    }
    if promotion.rule.exclusive {
        rows.push(Row::new("Never combined", "Yes"));
    }
    rows.push(Row::new("Priority", promotion.rule.priority.to_string()));
    rows.push(Row::new("When", period(promotion)));
    rows.extend(promotion.codes.iter().map(code));
    rows
}

fn step(step: &Step) -> Row {
    let off = step.amount.map_or_else(|| percent_of_ppm(step.ppm), |amount| money(&amount));
    Row::new(format!("From {}", money(&step.from)), format!("{off} off"))
}

fn code(code: &CouponCode) -> Row {
    let of = |limit: Option<i64>| limit.map_or_else(String::new, |limit| format!(" of {limit}"));
    let each = code.limit_per_customer.map_or_else(String::new, |limit| format!(", each customer {limit} times"));
    Row::new(format!("Code {}", code.code), format!("used {}{} times{each}", code.uses, of(code.limit)))
}

/// `GET /admin/discounts/new`
///
/// # Errors
/// The page cannot be rendered.
pub async fn create_form(visit: Visit) -> Answer {
    let values = [
        ("key", new_key()),
        ("kind", "percent".to_owned()),
        ("starts_at", visit.shop.clock().now().to_minute()),
        ("only_regular", "no".to_owned()),
        ("exclusive", "no".to_owned()),
        ("announced", "no".to_owned()),
        ("given_back", "yes".to_owned()),
        ("priority", "0".to_owned()),
    ];
    answer(&visit, &Form::filled(values), None, StatusCode::OK).await
}

/// `GET /admin/discounts/{promotion}`
///
/// # Errors
/// There is no such discount, or it cannot be shown now.
pub async fn show(visit: Visit) -> Answer {
    let promotion = load(&visit).await?;
    answer(&visit, &filled(&promotion), Some(&promotion), StatusCode::OK).await
}

async fn load(visit: &Visit) -> Result<Promotion, Problem> {
    let id: PromotionId = visit.path("promotion")?;
    let request = ListPromotions { id: Some(id) };
    let found = visit.shop.carts().promotions(&visit.staff(), request).await.map_err(failed)?;
    found.into_iter().next().ok_or(Problem::NotFound)
}

async fn answer(visit: &Visit, form: &Form, promotion: Option<&Promotion>, status: StatusCode) -> Answer {
    let categories = visit.shop.catalog().categories(&visit.staff(), ListCategories {}).await;
    let categories =
        categories.inspect_err(|error| tracing::warn!(%error, "categories are not known")).unwrap_or_default();
    // What is not in the list stays chosen: saving must not make everything qualify.
    let goods_field = |name: &str, all: &[(&'static str, &'static str)]| {
        let wanted = form.raw(name);
        let is_listed =
            all.iter().any(|(value, _)| *value == wanted) || categories.iter().any(|category| category.slug == wanted);
        let words = of(&goods(wanted));
        let unlisted = (!is_listed).then_some((wanted, words.trim_start_matches(", ")));
        let listed = categories.iter().map(|category| (category.slug.as_str(), category.name.as_str()));
        SelectField::new(all.iter().copied().chain(unlisted).chain(listed), wanted).checked(form, name)
    };
    let choice = |name: &str, choices: &[(&'static str, &'static str)]| {
        SelectField::new(choices.iter().copied(), form.raw(name)).checked(form, name)
    };
    let (now, currency) = (visit.shop.clock().now(), visit.shop.settings().shop_currency);
    let fixed = promotion.filter(|promotion| !holds(promotion, currency)).map(rows).unwrap_or_default();
    let title = promotion.map_or_else(|| "New discount".to_owned(), |promotion| promotion.label.clone());
    let page = DiscountFormPage {
        shell: shell(visit, "discounts", if form.is_valid() { title.clone() } else { format!("Error: {title}") }),
        action: promotion.map_or_else(
            || "/admin/discounts/new".to_owned(),
            |promotion| format!("/admin/discounts/{}", promotion.id),
        ),
        is_new: promotion.is_none(),
        can_save: visit.may(Permission::ManageProducts),
        heading: title,
        badge: promotion.map(|promotion| status_of(promotion, now, currency)),
        fixed,
        problems: ProblemView::all(form),
        key: form.raw("key").to_owned(),
        version: form.raw("version").to_owned(),
        label: Field::of(form, "label"),
        kind: choice("kind", &KINDS),
        percent: Field::of(form, "percent"),
        amount: Field::of(form, "amount"),
        category: goods_field("category", &[("", "Everything")]),
        bought: goods_field("bought", &[("", "What qualifies"), (EVERYTHING, "Everything")]),
        buy: Field::of(form, "buy"),
        get: Field::of(form, "get"),
        get_percent: Field::of(form, "get_percent"),
        most: Field::of(form, "most"),
        steps: steps(form),
        minimum: Field::of(form, "minimum"),
        only_regular: choice("only_regular", &YES_NO),
        exclusive: choice("exclusive", &YES_NO),
        priority: Field::of(form, "priority"),
        starts_at: Field::of(form, "starts_at"),
        ends_at: Field::of(form, "ends_at"),
        by_code: promotion.is_none_or(|promotion| !promotion.codes.is_empty()),
        codes: Field::of(form, "codes"),
        limit: Field::of(form, "limit"),
        limit_per_customer: Field::of(form, "limit_per_customer"),
        announced: choice("announced", &YES_NO),
        given_back: choice("given_back", &YES_NO),
        uses: promotion
            .map(|promotion| promotion.codes.iter().map(|code| (code.code.clone(), code.uses)).collect())
            .unwrap_or_default(),
        end_action: promotion
            .filter(|promotion| promotion.ends_at.is_none_or(|end| end > now))
            .filter(|_| visit.may(Permission::ManageProducts))
            .map(|promotion| format!("/admin/discounts/{}/end", promotion.id))
            .unwrap_or_default(),
        currency: currency.to_string(),
    };
    visit.shop.pages().answer(status, "admin/discount.html", &page)
}

/// `POST /admin/discounts/new`
///
/// # Errors
/// The form has other fields, or discounts cannot be changed now.
pub async fn create(visit: Visit) -> Answer {
    store(&visit, None).await
}

/// `POST /admin/discounts/{promotion}`
///
/// # Errors
/// There is no such discount, the form has other fields, or discounts cannot be changed now.
pub async fn save(visit: Visit) -> Answer {
    let promotion = load(&visit).await?;
    store(&visit, Some(promotion)).await
}

async fn store(visit: &Visit, promotion: Option<Promotion>) -> Answer {
    let mut form = visit.form(&FIELDS)?;
    let key = key_of(&form)?;
    let expected_version = match (&promotion, form.text("version")) {
        (None, _) => None,
        (Some(_), version) => Some(version.and_then(|version| version.parse().ok()).ok_or(Problem::StaleForm)?),
    };
    let currency = visit.shop.settings().shop_currency;
    if promotion.as_ref().is_some_and(|promotion| !holds(promotion, currency)) {
        return Err(Problem::StaleForm);
    }
    let wanted = read(&mut form, promotion.as_ref(), currency);
    let Some(wanted) = wanted.filter(|_| form.is_valid()) else {
        return answer(visit, &form, promotion.as_ref(), StatusCode::UNPROCESSABLE_ENTITY).await;
    };
    let request = SavePromotion {
        key: key_of_change(key, &wanted),
        id: promotion.as_ref().map(|promotion| promotion.id),
        expected_version,
        ..wanted
    };
    match visit.shop.carts().save_promotion(&visit.staff(), request).await {
        Ok(saved) => {
            let notice = Notice::new(Tone::Ok, "Saved", "");
            return Ok(visit.see_other_saying(format!("/admin/discounts/{}", saved.id), &notice));
        }
        Err(CallError::Domain(CartError::Changed { .. })) => {
            let notice = Notice::new(
                Tone::Warn,
                "Someone else changed this discount meanwhile",
                "Nothing of yours was saved. This is how it is now.",
            );
            let id = promotion.map(|promotion| promotion.id.to_string()).unwrap_or_default();
            return Ok(visit.see_other_saying(format!("/admin/discounts/{id}"), &notice));
        }
        Err(CallError::Domain(CartError::CodeTaken { code })) => {
            form.problem("codes", format!("Another discount has or had the code {code}"));
        }
        Err(CallError::Domain(CartError::Invalid { field, problem })) => {
            let field = field.rsplit('.').next().unwrap_or_default().to_owned();
            let known = ["label", "codes", "limit", "limit_per_customer", "ends_at", "amount"];
            let place = known.into_iter().find(|name| *name == field).unwrap_or("kind");
            form.problem(place, problem);
        }
        Err(error) => return Err(failed(error)),
    }
    answer(visit, &form, promotion.as_ref(), StatusCode::UNPROCESSABLE_ENTITY).await
}

/// `POST /admin/discounts/{promotion}/end`
///
/// # Errors
/// There is no such discount, or discounts cannot be changed now.
pub async fn end(visit: Visit) -> Answer {
    let promotion = load(&visit).await?;
    let form = visit.form(&["key"])?;
    let now = visit.shop.clock().now();
    let request = SavePromotion {
        key: key_of(&form)?,
        id: Some(promotion.id),
        expected_version: None,
        label: promotion.label,
        rule: promotion.rule,
        starts_at: promotion.starts_at.min(now),
        ends_at: Some(now),
        announced: promotion.announced,
        given_back: promotion.given_back,
        codes: promotion.codes,
    };
    match visit.shop.carts().save_promotion(&visit.staff(), request).await {
        Ok(saved) => {
            let notice = Notice::new(Tone::Ok, "The discount has ended", "Orders that have it keep it.");
            Ok(visit.see_other_saying(format!("/admin/discounts/{}", saved.id), &notice))
        }
        Err(CallError::Domain(CartError::Changed { .. } | CartError::Invalid { .. })) => Err(Problem::StaleForm),
        Err(error) => Err(failed(error)),
    }
}
