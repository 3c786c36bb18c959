//! Discounts: the list, and the form that creates, changes and ends one.

use accounts_api::Permission;
use actix_web::http::StatusCode;
use cart_api::{
    Action, CartError, Conditions, CouponCode, Items, ListPromotions, Promotion, PromotionId, PromotionRule,
    SavePromotion, Step,
};
use catalog_api::ListCategories;
use kernel::{CallError, Currency, IdempotencyKey, Money, Timestamp};

use super::views::{
    DiscountFormPage, DiscountRow, DiscountsPage, Field, Notice, Problem as ProblemView, SelectField, Status, Tone,
    date,
};
use super::{key_of, key_of_change, new_key, shell};
use crate::storefront::views::{MoneyView, percent_of_ppm};
use crate::web::{Answer, Form, Problem, Visit};

const KINDS: [(&str, &str); 8] = [
    ("percent", "Percent off all that qualifies"),
    ("amount", "Amount off all that qualifies"),
    ("percent_each", "Percent off each item"),
    ("amount_each", "Amount off each unit"),
    ("unit_price", "A fixed price for each unit"),
    ("buy_get", "Buy some, get some free"),
    ("tiered", "The more they buy, the more comes off"),
    ("delivery", "Free delivery"),
];
const YES_NO: [(&str, &str); 2] = [("no", "No"), ("yes", "Yes")];
/// Steps of a tiered discount that the form offers.
const STEPS: usize = 3;
const FIELDS: [&str; 22] = [
    "key",
    "version",
    "label",
    "kind",
    "percent",
    "amount",
    "category",
    "buy",
    "get",
    "most",
    "step_*",
    "minimum",
    "only_regular",
    "exclusive",
    "priority",
    "starts_at",
    "ends_at",
    "codes",
    "limit",
    "limit_per_customer",
    "announced",
    "given_back",
];

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
    let now = visit.shop.clock().now();
    let page = DiscountsPage {
        shell: shell(&visit, "discounts", "Discounts"),
        rows: found.iter().map(|promotion| row(promotion, now)).collect(),
        may_create: visit.may(Permission::ManageProducts),
    };
    visit.shop.pages().answer(StatusCode::OK, "admin/discounts.html", &page)
}

fn row(promotion: &Promotion, now: Timestamp) -> DiscountRow {
    DiscountRow {
        href: format!("/admin/discounts/{}", promotion.id),
        label: promotion.label.clone(),
        status: status_of(promotion, now),
        what: in_words(&promotion.rule.action),
        codes: match promotion.codes.as_slice() {
            [] => "applies by itself".to_owned(),
            [one] => one.code.clone(),
            many => format!("{} codes", many.len()),
        },
        uses: promotion.codes.iter().map(|code| code.uses).sum(),
        period: match promotion.ends_at {
            Some(end) => format!("{} to {}", date(promotion.starts_at), date(end)),
            None => format!("from {}", date(promotion.starts_at)),
        },
    }
}

fn status_of(promotion: &Promotion, now: Timestamp) -> Status {
    let is_used_up = |code: &CouponCode| code.limit.is_some_and(|limit| code.uses >= limit);
    if promotion.ends_at.is_some_and(|end| end <= now) {
        Status::new(Tone::Plain, "Ended")
    } else if now < promotion.starts_at {
        Status::new(Tone::Info, "Scheduled")
    } else if !promotion.codes.is_empty() && promotion.codes.iter().all(is_used_up) {
        Status::new(Tone::Warn, "Exhausted")
    } else {
        Status::new(Tone::Ok, "Active")
    }
}

fn in_words(action: &Action) -> String {
    let money = |amount: &Money| MoneyView::from(*amount).text;
    match action {
        Action::Percent { ppm, items } => format!("{} off{}", percent_of_ppm(*ppm), of(items)),
        Action::PercentPerLine { ppm, items } => format!("{} off each item{}", percent_of_ppm(*ppm), of(items)),
        Action::Amount { amount, items } => format!("{} off{}", money(amount), of(items)),
        Action::AmountPerUnit { amount, items } => format!("{} off each unit{}", money(amount), of(items)),
        Action::AmountPerLine { amount, items } => format!("{} off each item{}", money(amount), of(items)),
        Action::UnitPrice { price, items } => format!("{} each{}", money(price), of(items)),
        Action::BuyGet { buy_quantity, get_quantity, get, .. } => {
            format!("Buy {buy_quantity}, get {get_quantity} free{}", of(get))
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

/// The form as it creates this promotion.
fn filled(promotion: &Promotion) -> Form {
    let rule = &promotion.rule;
    let mut values: Vec<(String, String)> = Vec::new();
    let mut add = |name: &str, value: String| values.push((name.to_owned(), value));
    let yes_no = |yes: bool| if yes { "yes" } else { "no" }.to_owned();
    add("key", new_key());
    add("version", promotion.version.to_string());
    add("label", promotion.label.clone());
    add("minimum", rule.conditions.minimum_goods.map(Money::to_major).unwrap_or_default());
    add("only_regular", yes_no(rule.conditions.only_at_regular_price));
    add("exclusive", yes_no(rule.exclusive));
    add("priority", rule.priority.to_string());
    add("starts_at", promotion.starts_at.to_minute());
    add("ends_at", promotion.ends_at.map(Timestamp::to_minute).unwrap_or_default());
    add("announced", yes_no(promotion.announced));
    add("given_back", yes_no(promotion.given_back));
    add("codes", promotion.codes.iter().map(|code| format!("{}\n", code.code)).collect());
    let first = promotion.codes.first();
    let limit = |limit: Option<i64>| limit.map(|limit| limit.to_string()).unwrap_or_default();
    add("limit", limit(first.and_then(|code| code.limit)));
    add("limit_per_customer", limit(first.and_then(|code| code.limit_per_customer)));
    let category = |items: &Items| match items {
        Items::Categories(slugs) => slugs.first().cloned().unwrap_or_default(),
        _ => String::new(),
    };
    let (kind, items) = match &rule.action {
        Action::Percent { items, ppm } | Action::PercentPerLine { items, ppm } => {
            add("percent", typed_percent(*ppm));
            (if matches!(rule.action, Action::Percent { .. }) { "percent" } else { "percent_each" }, category(items))
        }
        Action::Amount { items, amount } => {
            add("amount", amount.to_major());
            ("amount", category(items))
        }
        Action::AmountPerUnit { items, amount } | Action::UnitPrice { items, price: amount } => {
            add("amount", amount.to_major());
            (
                if matches!(rule.action, Action::UnitPrice { .. }) { "unit_price" } else { "amount_each" },
                category(items),
            )
        }
        Action::BuyGet { buy_quantity, get_quantity, get, most, .. } => {
            add("buy", buy_quantity.to_string());
            add("get", get_quantity.to_string());
            add("most", most.map(|most| most.to_string()).unwrap_or_default());
            ("buy_get", category(get))
        }
        Action::Tiered { items, steps } => {
            for (place, step) in steps.iter().enumerate() {
                add(&format!("step_{place}_from"), step.from.to_major());
                add(&format!("step_{place}_percent"), typed_percent(step.ppm));
            }
            ("tiered", category(items))
        }
        _ => ("delivery", String::new()),
    };
    add("kind", kind.to_owned());
    add("category", items);
    Form::filled(values.iter().map(|(name, value)| (name.as_str(), value.clone())))
}

async fn answer(visit: &Visit, form: &Form, promotion: Option<&Promotion>, status: StatusCode) -> Answer {
    let categories = visit.shop.catalog().categories(&visit.staff(), ListCategories {}).await;
    let categories =
        categories.inspect_err(|error| tracing::warn!(%error, "categories are not known")).unwrap_or_default();
    // One that is not in the list stays chosen: saving must not make everything qualify.
    let wanted = form.raw("category");
    let unlisted = !wanted.is_empty() && categories.iter().all(|category| category.slug != wanted);
    let choices = [("", "Everything")].into_iter().chain(unlisted.then_some((wanted, wanted)));
    let choices = choices.chain(categories.iter().map(|category| (category.slug.as_str(), category.name.as_str())));
    let choice = |name: &str, choices: &[(&str, &str)]| {
        SelectField::new(choices.iter().copied(), form.raw(name)).checked(form, name)
    };
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
        badge: promotion.map(|promotion| status_of(promotion, visit.shop.clock().now())),
        problems: ProblemView::all(form),
        key: form.raw("key").to_owned(),
        version: form.raw("version").to_owned(),
        label: Field::of(form, "label"),
        kind: choice("kind", &KINDS),
        percent: Field::of(form, "percent"),
        amount: Field::of(form, "amount"),
        category: choice("category", &choices.collect::<Vec<_>>()),
        buy: Field::of(form, "buy"),
        get: Field::of(form, "get"),
        most: Field::of(form, "most"),
        steps: (0..STEPS)
            .map(|place| {
                let field = |what: &str| Field::of(form, &format!("step_{place}_{what}"));
                (field("from"), field("percent"))
            })
            .collect(),
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
            .filter(|promotion| promotion.ends_at.is_none_or(|end| end > visit.shop.clock().now()))
            .filter(|_| visit.may(Permission::ManageProducts))
            .map(|promotion| format!("/admin/discounts/{}/end", promotion.id))
            .unwrap_or_default(),
        currency: visit.shop.settings().shop_currency.to_string(),
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
    let wanted = read(&mut form, visit.shop.settings().shop_currency);
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

/// What the form says; what is wrong is noted in it.
fn read(form: &mut Form, currency: Currency) -> Option<SavePromotion> {
    let label = form.required("label", "Enter a name that shoppers can read");
    let action = action(form, currency);
    let minimum_goods = optional_money(form, "minimum", currency);
    let priority = form.parsed::<i64>("priority", "Enter a whole number, such as 0");
    let starts_at = moment(form, "starts_at");
    if starts_at.is_none() && form.problem_of("starts_at").is_none() {
        form.problem("starts_at", "Enter when it begins");
    }
    let ends_at = moment(form, "ends_at");
    let limit = optional_count(form, "limit");
    let limit_per_customer = optional_count(form, "limit_per_customer");
    let codes = form.raw("codes").lines().map(str::trim).filter(|line| !line.is_empty());
    let codes = codes.map(|code| CouponCode { code: code.to_owned(), limit, limit_per_customer, uses: 0 }).collect();
    let yes = |name: &str| form.raw(name) == "yes";
    Some(SavePromotion {
        // Replaced by the caller, who knows which change this is.
        key: IdempotencyKey::parse("form")?,
        id: None,
        expected_version: None,
        label: label?,
        rule: PromotionRule {
            conditions: Conditions {
                minimum_goods,
                only_at_regular_price: yes("only_regular"),
                customer_groups: Vec::new(),
            },
            action: action?,
            priority: priority?,
            exclusive: yes("exclusive"),
        },
        starts_at: starts_at?,
        ends_at,
        announced: yes("announced"),
        given_back: yes("given_back"),
        codes,
    })
}

fn action(form: &mut Form, currency: Currency) -> Option<Action> {
    let items = match form.text("category") {
        Some(slug) => Items::Categories(vec![slug]),
        None => Items::All,
    };
    let kind = form.raw("kind").to_owned();
    match kind.as_str() {
        "percent" => Some(Action::Percent { items, ppm: percent(form, "percent")? }),
        "percent_each" => Some(Action::PercentPerLine { items, ppm: percent(form, "percent")? }),
        "amount" => Some(Action::Amount { items, amount: money(form, "amount", currency)? }),
        "amount_each" => Some(Action::AmountPerUnit { items, amount: money(form, "amount", currency)? }),
        "unit_price" => Some(Action::UnitPrice { items, price: money(form, "amount", currency)? }),
        "buy_get" => {
            let buy_quantity = form.parsed::<u32>("buy", "Enter how many have to be bought");
            let get_quantity = form.parsed::<std::num::NonZeroU32>("get", "Enter how many are free, 1 or more");
            let most = form.text("most").and_then(|_| form.parsed::<u32>("most", "Enter a whole number, or nothing"));
            Some(Action::BuyGet {
                buy: items.clone(),
                buy_quantity: buy_quantity?,
                get: items,
                get_quantity: get_quantity?.get(),
                ppm: 1_000_000,
                most,
            })
        }
        "tiered" => {
            let mut steps = Vec::new();
            for place in 0..STEPS {
                let (from, off) = (format!("step_{place}_from"), format!("step_{place}_percent"));
                if form.text(&from).is_none() && form.text(&off).is_none() {
                    continue;
                }
                let (from, ppm) = (money(form, &from, currency), percent(form, &off));
                steps.push(Step { from: from?, amount: None, ppm: ppm? });
            }
            if steps.is_empty() {
                form.problem("step_0_from", "Enter from which worth on, and how much comes off");
                return None;
            }
            Some(Action::Tiered { items, steps })
        }
        "delivery" => Some(Action::Delivery { ppm: 1_000_000 }),
        _ => {
            form.problem("kind", "Choose what it does");
            None
        }
    }
}

fn money(form: &mut Form, name: &str, currency: Currency) -> Option<Money> {
    let money = form.text(name).and_then(|text| Money::parse_major(&text, currency).ok());
    let money = money.filter(|money| money.amount >= 0);
    if money.is_none() {
        form.problem(name, format!("Enter an amount in {currency}, such as 12.50"));
    }
    money
}

fn optional_money(form: &mut Form, name: &str, currency: Currency) -> Option<Money> {
    form.text(name)?;
    money(form, name, currency)
}

fn optional_count(form: &mut Form, name: &str) -> Option<i64> {
    form.text(name)?;
    form.parsed::<i64>(name, "Enter a whole number, or nothing for no limit")
}

/// `12.5` as parts per million.
fn percent(form: &mut Form, name: &str) -> Option<u32> {
    // A percentage with up to four decimal digits is an amount of a currency with four.
    let digits: Option<Currency> = "UYW".parse().ok();
    let parsed = form.text(name).zip(digits).and_then(|(text, digits)| Money::parse_major(&text, digits).ok());
    let ppm = parsed.and_then(|parsed| u32::try_from(parsed.amount).ok()).filter(|ppm| *ppm <= 1_000_000);
    if ppm.is_none() {
        form.problem(name, "Enter a percentage from 0 to 100, such as 12.5");
    }
    ppm
}

fn typed_percent(ppm: u32) -> String {
    percent_of_ppm(ppm).trim_end_matches(" %").to_owned()
}

/// `2026-11-21T10:42`, in UTC, as browsers send it.
fn moment(form: &mut Form, name: &str) -> Option<Timestamp> {
    let text = form.text(name)?;
    let moment = Timestamp::parse_minute(&text);
    if moment.is_none() {
        form.problem(name, "Enter a date and time in UTC, such as 2026-11-21T10:30");
    }
    moment
}
