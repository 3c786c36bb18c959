//! Price lists: the list of them, and the page that creates, changes and ends one.

use accounts_api::Permission;
use actix_web::http::StatusCode;
use catalog_api::{CatalogError, FindListPrices, ListPriceLists, PriceList, PriceListId, PriceListKind, SavePriceList};
use kernel::{CallError, Currency, IdempotencyKey, PageRequest, Timestamp};

use super::views::{
    Field, ListedPriceRow, Notice, PriceListPage, PriceListRow, PriceListsPage, Problem as ProblemView, SelectField,
    Status, Tone, date,
};
use super::{key_of, new_key, shell};
use crate::web::{Answer, Form, Problem, Visit};

const KINDS: [(&str, &str); 2] =
    [("override", "Simply the price"), ("sale", "A reduction, shown beside the usual price")];
const FIELDS: [&str; 7] = ["key", "version", "name", "kind", "priority", "starts_at", "ends_at"];
/// Prices on the page; all are in the file.
const PRICES_SHOWN: u32 = 100;

pub(super) fn failed(error: CallError<CatalogError>) -> Problem {
    match error {
        CallError::Domain(CatalogError::NotFound) => Problem::NotFound,
        CallError::Domain(CatalogError::NotPermitted) => Problem::NotPermitted,
        error => match Problem::from(error) {
            Problem::Unavailable(_) => Problem::Unavailable("Price lists"),
            other => other,
        },
    }
}

/// `GET /admin/price-lists`
///
/// # Errors
/// They cannot be shown now.
pub async fn list(visit: Visit) -> Answer {
    let found = visit.shop.catalog().price_lists(&visit.staff(), ListPriceLists::default()).await.map_err(failed)?;
    let now = visit.shop.clock().now();
    let page = PriceListsPage {
        shell: shell(&visit, "price_lists", "Price lists"),
        rows: found.iter().map(|list| row(list, now)).collect(),
        may_create: visit.may(Permission::ManageProducts),
    };
    visit.shop.pages().answer(StatusCode::OK, "admin/price_lists.html", &page)
}

fn row(list: &PriceList, now: Timestamp) -> PriceListRow {
    PriceListRow {
        href: format!("/admin/price-lists/{}", list.id),
        name: list.name.clone(),
        status: status_of(list, now),
        kind: match list.kind {
            PriceListKind::Override => "Price",
            PriceListKind::Sale => "Sale",
        }
        .to_owned(),
        prices: list.price_count,
        priority: list.priority,
        period: match list.ends_at {
            Some(end) => format!("{} to {}", date(list.starts_at), date(end)),
            None => format!("from {}", date(list.starts_at)),
        },
    }
}

fn status_of(list: &PriceList, now: Timestamp) -> Status {
    if list.ends_at.is_some_and(|end| end <= now) {
        Status::new(Tone::Plain, "Ended")
    } else if now < list.starts_at {
        Status::new(Tone::Info, "Scheduled")
    } else {
        Status::new(Tone::Ok, "In force")
    }
}

/// `GET /admin/price-lists/new`
///
/// # Errors
/// The page cannot be rendered.
pub async fn create_form(visit: Visit) -> Answer {
    let values = [
        ("key", new_key()),
        ("kind", "sale".to_owned()),
        ("priority", "0".to_owned()),
        ("starts_at", visit.shop.clock().now().to_minute()),
    ];
    answer(&visit, &Form::filled(values), None, StatusCode::OK).await
}

/// `GET /admin/price-lists/{list}`
///
/// # Errors
/// There is no such list, or it cannot be shown now.
pub async fn show(visit: Visit) -> Answer {
    let list = load(&visit).await?;
    answer(&visit, &filled(&list), Some(&list), StatusCode::OK).await
}

pub(super) async fn load(visit: &Visit) -> Result<PriceList, Problem> {
    let id: PriceListId = visit.path("list")?;
    let request = ListPriceLists { id: Some(id) };
    let found = visit.shop.catalog().price_lists(&visit.staff(), request).await.map_err(failed)?;
    found.into_iter().next().ok_or(Problem::NotFound)
}

/// The form as it makes this list what it is.
pub(super) fn filled(list: &PriceList) -> Form {
    Form::filled([
        ("key", new_key()),
        ("version", list.version.to_string()),
        ("name", list.name.clone()),
        ("kind", list.kind.as_str().to_owned()),
        ("priority", list.priority.to_string()),
        ("starts_at", list.starts_at.to_minute()),
        ("ends_at", list.ends_at.map(Timestamp::to_minute).unwrap_or_default()),
        ("min_quantity", "1".to_owned()),
    ])
}

/// The page of a list, or that of a new one.
pub(super) async fn answer(visit: &Visit, form: &Form, list: Option<&PriceList>, status: StatusCode) -> Answer {
    let rows = match list {
        None => Vec::new(),
        Some(list) => {
            let request = FindListPrices { price_list_id: list.id, page: PageRequest::first(PRICES_SHOWN) };
            visit.shop.catalog().list_prices(&visit.staff(), request).await.map_err(failed)?.items
        }
    };
    let title = list.map_or_else(|| "New price list".to_owned(), |list| list.name.clone());
    let href = list.map(|list| format!("/admin/price-lists/{}", list.id));
    let can_save = visit.may(Permission::ManageProducts);
    let below = |part: &str| href.as_ref().map(|href| format!("{href}/{part}")).unwrap_or_default();
    let now = visit.shop.clock().now();
    let has_ended = list.is_none_or(|list| list.ends_at.is_some_and(|end| end <= now));
    let mut kind = SelectField::new(KINDS, form.raw("kind"));
    kind.error = form.problem_of("kind").unwrap_or_default().to_owned();
    let page = PriceListPage {
        shell: shell(visit, "price_lists", if form.is_valid() { title.clone() } else { format!("Error: {title}") }),
        action: href.clone().unwrap_or_else(|| "/admin/price-lists/new".to_owned()),
        is_new: list.is_none(),
        can_save,
        heading: title,
        badge: list.map(|list| status_of(list, now)),
        problems: ProblemView::all(form),
        key: form.raw("key").to_owned(),
        version: form.raw("version").to_owned(),
        name: Field::of(form, "name"),
        kind,
        priority: Field::of(form, "priority"),
        starts_at: Field::of(form, "starts_at"),
        ends_at: Field::of(form, "ends_at"),
        end_action: if can_save && !has_ended { below("end") } else { String::new() },
        prices_action: if can_save { below("prices") } else { String::new() },
        file_action: format!("{}?csrf={}", below("file"), visit.csrf_token()),
        file_href: below("prices.csv"),
        file_error: form.problem_of("file").unwrap_or_default().to_owned(),
        variant: Field::of(form, "variant"),
        min_quantity: Field::of(form, "min_quantity"),
        price: Field::of(form, "price"),
        rows: rows.iter().map(price_row).collect(),
        more: list.map_or(0, |list| list.price_count) > i64::from(PRICES_SHOWN),
        currency: visit.shop.settings().shop_currency.to_string(),
    };
    visit.shop.pages().answer(status, "admin/price_list.html", &page)
}

fn price_row(price: &catalog_api::ListedPrice) -> ListedPriceRow {
    let name = [price.title.as_str(), price.options.as_str()];
    ListedPriceRow {
        href: format!("/admin/products/{}", price.product_id),
        name: name.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", "),
        sku: price.sku.clone().unwrap_or_else(|| price.variant_id.to_string()),
        own_price: price.own_price.into(),
        from: price.min_quantity.get(),
        price: price.price.into(),
    }
}

/// `POST /admin/price-lists/new`
///
/// # Errors
/// The form has other fields, or price lists cannot be changed now.
pub async fn create(visit: Visit) -> Answer {
    store(&visit, None).await
}

/// `POST /admin/price-lists/{list}`
///
/// # Errors
/// There is no such list, the form has other fields, or price lists cannot be changed now.
pub async fn save(visit: Visit) -> Answer {
    let list = load(&visit).await?;
    store(&visit, Some(list)).await
}

async fn store(visit: &Visit, list: Option<PriceList>) -> Answer {
    let mut form = visit.form(&FIELDS)?;
    let key = key_of(&form)?;
    let expected_version = match (&list, form.text("version")) {
        (None, _) => None,
        (Some(_), version) => Some(version.and_then(|version| version.parse().ok()).ok_or(Problem::StaleForm)?),
    };
    let wanted = read(&mut form, key, visit.shop.settings().shop_currency);
    let Some(wanted) = wanted.filter(|_| form.is_valid()) else {
        return answer(visit, &form, list.as_ref(), StatusCode::UNPROCESSABLE_ENTITY).await;
    };
    let request = SavePriceList { id: list.as_ref().map(|list| list.id), expected_version, ..wanted };
    match visit.shop.catalog().save_price_list(&visit.staff(), request).await {
        Ok(saved) => {
            let notice = Notice::new(Tone::Ok, "Saved", "The shop has it within seconds.");
            return Ok(visit.see_other_saying(format!("/admin/price-lists/{}", saved.id), &notice));
        }
        Err(CallError::Domain(CatalogError::Changed { .. })) => {
            let notice = Notice::new(
                Tone::Warn,
                "Someone else changed this price list meanwhile",
                "Nothing of yours was saved. This is how it is now.",
            );
            let id = list.map(|list| list.id.to_string()).unwrap_or_default();
            return Ok(visit.see_other_saying(format!("/admin/price-lists/{id}"), &notice));
        }
        Err(CallError::Domain(CatalogError::Invalid { field, problem })) => {
            let place = FIELDS.into_iter().find(|name| *name == field).unwrap_or("name");
            form.problem(place, problem);
        }
        Err(error) => return Err(failed(error)),
    }
    answer(visit, &form, list.as_ref(), StatusCode::UNPROCESSABLE_ENTITY).await
}

/// `POST /admin/price-lists/{list}/end`
///
/// # Errors
/// There is no such list, or price lists cannot be changed now.
pub async fn end(visit: Visit) -> Answer {
    let list = load(&visit).await?;
    let form = visit.form(&["key"])?;
    let now = visit.shop.clock().now();
    let request = SavePriceList {
        key: key_of(&form)?,
        id: Some(list.id),
        expected_version: None,
        name: list.name,
        currency: list.currency,
        kind: list.kind,
        priority: list.priority,
        starts_at: list.starts_at.min(now),
        ends_at: Some(now),
    };
    match visit.shop.catalog().save_price_list(&visit.staff(), request).await {
        Ok(saved) => {
            let notice =
                Notice::new(Tone::Ok, "The price list has ended", "Orders that were placed keep their prices.");
            Ok(visit.see_other_saying(format!("/admin/price-lists/{}", saved.id), &notice))
        }
        Err(CallError::Domain(CatalogError::Changed { .. } | CatalogError::Invalid { .. })) => Err(Problem::StaleForm),
        Err(error) => Err(failed(error)),
    }
}

/// What the form says; what is wrong is noted in it.
fn read(form: &mut Form, key: IdempotencyKey, currency: Currency) -> Option<SavePriceList> {
    let name = form.required("name", "Enter a name for yourself, such as Winter sale");
    let kind = form.parsed::<PriceListKind>("kind", "Choose what its prices are");
    let priority = form.parsed::<i64>("priority", "Enter a whole number, such as 0");
    let starts_at = moment(form, "starts_at");
    if starts_at.is_none() && form.problem_of("starts_at").is_none() {
        form.problem("starts_at", "Enter when it begins");
    }
    let ends_at = moment(form, "ends_at");
    let mut wanted = SavePriceList {
        key,
        id: None,
        expected_version: None,
        name: name?,
        currency,
        kind: kind?,
        priority: priority?,
        starts_at: starts_at?,
        ends_at,
    };
    // What differs is another change, even when it comes from the same page.
    let digest = kernel::secret::sha256_hex(&serde_json::to_vec(&wanted).unwrap_or_default());
    wanted.key = IdempotencyKey::of(wanted.key, &digest[..16]);
    Some(wanted)
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
