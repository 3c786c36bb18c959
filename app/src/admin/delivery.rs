//! Delivery: the ways in which goods get to someone, where each goes, and what it costs.

use accounts_api::Permission;
use actix_web::http::StatusCode;
use kernel::{CallError, Country, Currency, Money};
use orders_api::{ListShippingMethods, OrdersError, SaveShippingMethod, ShippingMethod, ShippingRate};

use super::views::{DeliveryFormPage, DeliveryRow, DeliveryRowsPage, Field, Notice, Problem as ProblemView, Tone};
use super::{key_of, key_of_change, new_key, shell};
use crate::storefront::views::MoneyView;
use crate::web::{Answer, Form, Problem, Visit};

/// Rates that a way of delivery may have.
const RATES: usize = 20;
/// Empty rows below them that the form offers.
const MORE_RATES: usize = 4;
const FIELDS: [&str; 11] = [
    "key",
    "version",
    "code",
    "name",
    "countries",
    "price",
    "free_from",
    "max_grams",
    "min_days",
    "max_days",
    "rate_*",
];

fn failed(error: CallError<OrdersError>) -> Problem {
    match error {
        CallError::Domain(OrdersError::NotFound) => Problem::NotFound,
        CallError::Domain(OrdersError::NotPermitted) => Problem::NotPermitted,
        CallError::Domain(OrdersError::Changed { .. }) => Problem::StaleForm,
        error => match Problem::from(error) {
            Problem::Unavailable(_) => Problem::Unavailable("Delivery"),
            other => other,
        },
    }
}

async fn all(visit: &Visit) -> Result<Vec<ShippingMethod>, Problem> {
    let settings = visit.shop.settings();
    let request = ListShippingMethods {
        country: settings.shop_country,
        subtotal: Money::zero(settings.shop_currency),
        weight_grams: 0,
        everywhere: true,
    };
    visit.shop.orders().shipping_methods(&visit.staff(), request).await.map_err(failed)
}

async fn load(visit: &Visit) -> Result<ShippingMethod, Problem> {
    let code: String = visit.path("method")?;
    all(visit).await?.into_iter().find(|method| method.code == code).ok_or(Problem::NotFound)
}

/// `GET /admin/delivery`
///
/// # Errors
/// It cannot be shown now.
pub async fn list(visit: Visit) -> Answer {
    let page = DeliveryRowsPage {
        shell: shell(&visit, "delivery", "Delivery"),
        rows: all(&visit).await?.iter().map(row).collect(),
        may_create: visit.may(Permission::ManageOrders),
    };
    visit.shop.pages().answer(StatusCode::OK, "admin/delivery.html", &page)
}

fn row(method: &ShippingMethod) -> DeliveryRow {
    let price = |money: Money| MoneyView::from(money).text;
    let rates = match method.rates.len() {
        0 => String::new(),
        1 => ", 1 rate by worth or weight".to_owned(),
        more => format!(", {more} rates by worth or weight"),
    };
    DeliveryRow {
        href: format!("/admin/delivery/{}", method.code),
        name: method.name.clone(),
        countries: match method.countries.len() {
            0 => "everywhere".to_owned(),
            1..=6 => codes(&method.countries),
            more => format!("{more} countries"),
        },
        price: format!("{}{rates}", price(method.price)),
        free_from: method.free_from.map(price).unwrap_or_default(),
        days: format!("{} to {}", method.min_days, method.max_days),
    }
}

fn codes(countries: &[Country]) -> String {
    countries.iter().map(|country| country.code()).collect::<Vec<_>>().join(" ")
}

/// `GET /admin/delivery/new`
///
/// # Errors
/// The page cannot be rendered.
pub async fn create_form(visit: Visit) -> Answer {
    let home = visit.shop.settings().shop_country.code().to_owned();
    let values = [("key", new_key()), ("countries", home), ("min_days", "2".to_owned()), ("max_days", "4".to_owned())];
    answer(&visit, &Form::filled(values), None, StatusCode::OK)
}

/// `GET /admin/delivery/{method}`
///
/// # Errors
/// There is no such way, or it cannot be shown now.
pub async fn show(visit: Visit) -> Answer {
    let method = load(&visit).await?;
    answer(&visit, &filled(&method), Some(&method), StatusCode::OK)
}

fn filled(method: &ShippingMethod) -> Form {
    let mut values = vec![
        ("key".to_owned(), new_key()),
        ("code".to_owned(), method.code.clone()),
        ("name".to_owned(), method.name.clone()),
        ("countries".to_owned(), if method.countries.is_empty() { "*".to_owned() } else { codes(&method.countries) }),
        ("price".to_owned(), method.price.to_major()),
        ("free_from".to_owned(), method.free_from.map(Money::to_major).unwrap_or_default()),
        ("version".to_owned(), method.version.to_string()),
        ("max_grams".to_owned(), method.max_grams.map(|grams| grams.to_string()).unwrap_or_default()),
        ("min_days".to_owned(), method.min_days.to_string()),
        ("max_days".to_owned(), method.max_days.to_string()),
    ];
    for (place, rate) in method.rates.iter().enumerate() {
        values.push((format!("rate_{place}_worth"), rate.from_worth.map(Money::to_major).unwrap_or_default()));
        values.push((format!("rate_{place}_grams"), rate.from_grams.to_string()));
        values.push((format!("rate_{place}_price"), rate.price.to_major()));
    }
    Form::filled(values.iter().map(|(name, value)| (name.as_str(), value.clone())))
}

fn rate_fields(place: usize) -> [String; 3] {
    ["worth", "grams", "price"].map(|what| format!("rate_{place}_{what}"))
}

fn answer(visit: &Visit, form: &Form, method: Option<&ShippingMethod>, status: StatusCode) -> Answer {
    let title = method.map_or_else(|| "New way of delivery".to_owned(), |method| method.name.clone());
    let action =
        method.map_or_else(|| "/admin/delivery/new".to_owned(), |method| format!("/admin/delivery/{}", method.code));
    let may = visit.may(Permission::ManageOrders);
    let filled = (0..RATES).rev().find(|place| rate_fields(*place).iter().any(|name| !form.raw(name).is_empty()));
    let rows = RATES.min(filled.map_or(0, |last| last + 1) + MORE_RATES);
    let page = DeliveryFormPage {
        shell: shell(visit, "delivery", if form.is_valid() { title.clone() } else { format!("Error: {title}") }),
        end_action: method.filter(|_| may).map(|_| format!("{action}/end")).unwrap_or_default(),
        action,
        is_new: method.is_none(),
        can_save: may,
        heading: title,
        problems: ProblemView::all(form),
        key: form.raw("key").to_owned(),
        version: form.raw("version").to_owned(),
        code: Field::of(form, "code"),
        name: Field::of(form, "name"),
        countries: Field::of(form, "countries"),
        price: Field::of(form, "price"),
        free_from: Field::of(form, "free_from"),
        max_grams: Field::of(form, "max_grams"),
        min_days: Field::of(form, "min_days"),
        max_days: Field::of(form, "max_days"),
        rates: (0..rows).map(|place| rate_fields(place).map(|name| Field::of(form, &name))).collect(),
        taxes_added: !visit.shop.settings().prices_include_tax,
        currency: visit.shop.settings().shop_currency.to_string(),
    };
    visit.shop.pages().answer(status, "admin/delivery_method.html", &page)
}

/// `POST /admin/delivery/new`
///
/// # Errors
/// The form has other fields, or delivery cannot be changed now.
pub async fn create(visit: Visit) -> Answer {
    store(&visit, None).await
}

/// `POST /admin/delivery/{method}`
///
/// # Errors
/// There is no such way, the form has other fields, or delivery cannot be changed now.
pub async fn save(visit: Visit) -> Answer {
    let method = load(&visit).await?;
    store(&visit, Some(method)).await
}

async fn store(visit: &Visit, before: Option<ShippingMethod>) -> Answer {
    let mut form = visit.form(&FIELDS)?;
    let key = key_of(&form)?;
    let wanted = read(&mut form, before.as_ref(), visit.shop.settings().shop_currency);
    let Some(method) = wanted.filter(|_| form.is_valid()) else {
        return answer(visit, &form, before.as_ref(), StatusCode::UNPROCESSABLE_ENTITY);
    };
    let expected_version = match before {
        Some(_) => Some(form.raw("version").parse().map_err(|_| Problem::StaleForm)?),
        None => None,
    };
    let key = key_of_change(key, &method);
    let request = SaveShippingMethod { key, method, expected_version, ended: false };
    match visit.shop.orders().save_shipping_method(&visit.staff(), request).await {
        Ok(saved) => {
            let notice = Notice::new(Tone::Ok, "Saved", "Carts have it within half a minute.");
            Ok(visit.see_other_saying(format!("/admin/delivery/{}", saved.code), &notice))
        }
        Err(CallError::Domain(OrdersError::Invalid { field, problem })) => {
            let field = if field == "rates" { "rate_0_price" } else { &field };
            form.problem(FIELDS.into_iter().find(|name| *name == field).unwrap_or("rate_0_price"), problem);
            answer(visit, &form, before.as_ref(), StatusCode::UNPROCESSABLE_ENTITY)
        }
        Err(CallError::Domain(OrdersError::Changed { .. })) => {
            let notice = Notice::new(
                Tone::Warn,
                "Someone else changed it meanwhile",
                "Nothing of yours was saved. This is how it is now.",
            );
            let code = before.map(|before| before.code).unwrap_or_default();
            Ok(visit.see_other_saying(format!("/admin/delivery/{code}"), &notice))
        }
        Err(error) => Err(failed(error)),
    }
}

/// `POST /admin/delivery/{method}/end`
///
/// # Errors
/// There is no such way, or delivery cannot be changed now.
pub async fn end(visit: Visit) -> Answer {
    let method = load(&visit).await?;
    let form = visit.form(&["key", "version"])?;
    let expected_version = Some(form.raw("version").parse().map_err(|_| Problem::StaleForm)?);
    let request = SaveShippingMethod { key: key_of(&form)?, method, expected_version, ended: true };
    match visit.shop.orders().save_shipping_method(&visit.staff(), request).await {
        Ok(_) => {
            let notice = Notice::new(Tone::Ok, "It is no longer offered", "Orders that have it keep it.");
            Ok(visit.see_other_saying("/admin/delivery", &notice))
        }
        Err(error) => Err(failed(error)),
    }
}

/// What the form says; what is wrong is noted in it.
fn read(form: &mut Form, before: Option<&ShippingMethod>, currency: Currency) -> Option<ShippingMethod> {
    let code = match before {
        Some(before) => Some(before.code.clone()),
        None => form.required("code", "Enter a short name of small letters, digits and -"),
    };
    let name = form.required("name", "Enter a name that shoppers can read");
    let countries = countries(form);
    let price = money(form, "price", currency);
    let free_from = form.text("free_from").and_then(|_| money(form, "free_from", currency));
    let min_days = form.parsed::<u32>("min_days", "Enter a number of working days");
    let max_grams =
        form.text("max_grams").and_then(|_| form.parsed::<i64>("max_grams", "Enter a weight in whole grams"));
    let max_days = form.parsed::<u32>("max_days", "Enter a number of working days");
    let mut rates = Vec::new();
    for place in 0..RATES {
        let [worth, grams, price] = rate_fields(place);
        if form.text(&worth).is_none() && form.text(&grams).is_none() && form.text(&price).is_none() {
            continue;
        }
        let from_worth = form.text(&worth).and_then(|_| money(form, &worth, currency));
        let from_grams = match form.text(&grams) {
            Some(_) => form.parsed::<i64>(&grams, "Enter a weight in whole grams"),
            None => Some(0),
        };
        if let (Some(from_grams), Some(price)) = (from_grams, money(form, &price, currency)) {
            rates.push(ShippingRate { from_worth, from_grams, price });
        }
    }
    Some(ShippingMethod {
        code: code?,
        name: name?,
        price: price?,
        free_from,
        min_days: min_days?,
        max_days: max_days?,
        rates,
        max_grams,
        countries: countries?,
        version: before.map_or(0, |before| before.version),
    })
}

/// Codes with spaces or commas between, or `*` for everywhere.
fn countries(form: &mut Form) -> Option<Vec<Country>> {
    let text = form.required("countries", "Enter countries such as AT DE, or * for everywhere")?;
    if text == "*" {
        return Some(Vec::new());
    }
    let mut countries = Vec::new();
    for code in text.split([' ', ',', ';']).filter(|code| !code.is_empty()) {
        match code.to_ascii_uppercase().parse::<Country>() {
            Ok(country) => countries.push(country),
            Err(_) => {
                form.problem("countries", format!("{code} is no country; enter codes such as AT DE"));
                return None;
            }
        }
    }
    Some(countries)
}

fn money(form: &mut Form, name: &str, currency: Currency) -> Option<Money> {
    let money = form.text(name).and_then(|text| Money::parse_major(&text, currency).ok());
    let money = money.filter(|money| money.amount >= 0);
    if money.is_none() {
        form.problem(name, format!("Enter an amount in {currency}, such as 4.90"));
    }
    money
}
