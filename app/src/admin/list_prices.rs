//! The prices of a price list: one by one, from a file, to a file. And what a product was offered for so far.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use catalog_api::{
    FindListPrices, FindPriceHistory, FindProduct, ListPriceInput, PriceList, PriceMoment, ProductId, RefusedPrice,
    SetListPrices,
};
use kernel::{IdempotencyKey, Money, Page, PageRequest, Quantity};

use super::import::uploaded_file;
use super::price_lists::{answer, failed, filled, load};
use super::views::{Notice, PriceHistoryPage, PriceMomentRow, Tone, date_time};
use super::{key_of, shell};
use crate::imports::price_file::{self, PriceRow};
use crate::storefront::views::MoneyView;
use crate::web::{Answer, Form, Problem, Visit};

const PRICES_AT_ONCE: usize = 500;
/// Mistakes of a file that are named; the others follow when these are mended.
const PROBLEMS_SHOWN: usize = 20;

/// `POST /admin/price-lists/{list}/prices`: sets one price, or takes it out.
///
/// # Errors
/// There is no such list, the form has other fields, or prices cannot be changed now.
pub async fn set(visit: Visit) -> Answer {
    let list = load(&visit).await?;
    let mut form = visit.form(&["key", "variant", "min_quantity", "price"])?;
    let key = key_of(&form)?;
    if let Some(price) = read(&mut form, &list).filter(|_| form.is_valid()) {
        let done = if price.price.is_some() { "The price is set" } else { "The price is taken out" };
        let refused = write(&visit, &list, &key, vec![price], false).await?;
        if refused.is_empty() {
            let notice = Notice::new(Tone::Ok, done, "");
            return Ok(visit.see_other_saying(format!("/admin/price-lists/{}", list.id), &notice));
        }
        for RefusedPrice { field, problem, .. } in refused {
            form.problem(if field == "price" { "price" } else { "variant" }, problem);
        }
    }
    let mut page = filled(&list);
    for name in ["variant", "min_quantity", "price"] {
        page.set(name, form.raw(name).to_owned());
    }
    for (name, problem) in form.problems() {
        page.problem(name, problem);
    }
    answer(&visit, &page, Some(&list), StatusCode::UNPROCESSABLE_ENTITY).await
}

/// What the form says; what is wrong is noted in it.
fn read(form: &mut Form, list: &PriceList) -> Option<ListPriceInput> {
    let variant = form.required("variant", "Enter the SKU of a variant");
    let min_quantity = form.parsed::<Quantity>("min_quantity", "Enter from how many on, 1 for every quantity");
    let price = match form.text("price").map(|text| Money::parse_major(&text, list.currency)) {
        None => None,
        Some(Ok(price)) => Some(price),
        Some(Err(error)) => {
            form.problem("price", error.to_string());
            None
        }
    };
    Some(ListPriceInput { variant: variant?, min_quantity: min_quantity?, price })
}

async fn write(
    visit: &Visit,
    list: &PriceList,
    key: &IdempotencyKey,
    prices: Vec<ListPriceInput>,
    dry_run: bool,
) -> Result<Vec<RefusedPrice>, Problem> {
    // What differs is another change, even when it comes from the same page.
    let digest = kernel::secret::sha256_hex(&serde_json::to_vec(&prices).unwrap_or_default());
    let request =
        SetListPrices { key: IdempotencyKey::of(key, &digest[..16]), price_list_id: list.id, dry_run, prices };
    visit.shop.catalog().set_list_prices(&visit.staff(), request).await.map_err(failed)
}

/// `POST /admin/price-lists/{list}/file`: sets the prices of a file, all or none.
///
/// # Errors
/// There is no such list, or prices cannot be changed now.
pub async fn upload(visit: Visit) -> Answer {
    let list = load(&visit).await?;
    let problems = match uploaded_file(&visit).await {
        Err(problem) => vec![problem],
        Ok((_, content)) => match price_file::read(&content, list.currency) {
            Err(problems) => problems,
            Ok(rows) if rows.is_empty() => vec!["The file has no prices".to_owned()],
            Ok(rows) => match write_file(&visit, &list, &rows).await? {
                problems if problems.is_empty() => {
                    let text = format!("{} prices of the file are taken over", rows.len());
                    let notice = Notice::new(Tone::Ok, &text, "");
                    return Ok(visit.see_other_saying(format!("/admin/price-lists/{}", list.id), &notice));
                }
                problems => problems,
            },
        },
    };
    let mut page = filled(&list);
    let more = problems.len().saturating_sub(PROBLEMS_SHOWN);
    for problem in problems.into_iter().take(PROBLEMS_SHOWN) {
        page.problem("file", problem);
    }
    if more > 0 {
        page.problem("file", format!("And {more} more"));
    }
    answer(&visit, &page, Some(&list), StatusCode::UNPROCESSABLE_ENTITY).await
}

/// First all parts are looked at, then all are written, so that a mistake far below leaves nothing half done.
async fn write_file(visit: &Visit, list: &PriceList, rows: &[PriceRow]) -> Result<Vec<String>, Problem> {
    let key = IdempotencyKey::new();
    for dry_run in [true, false] {
        let mut problems = Vec::new();
        for part in rows.chunks(PRICES_AT_ONCE) {
            let prices = part.iter().map(|row| row.price.clone()).collect();
            let refused = write(visit, list, &key, prices, dry_run).await?;
            problems.extend(refused.into_iter().map(|refused| in_words(&refused, part)));
        }
        if !problems.is_empty() {
            return Ok(problems);
        }
    }
    Ok(Vec::new())
}

fn in_words(refused: &RefusedPrice, part: &[PriceRow]) -> String {
    let row = usize::try_from(refused.place).ok().and_then(|place| part.get(place));
    let (line, variant) = row.map_or((0, ""), |row| (row.line, row.price.variant.as_str()));
    format!("Line {line}, {variant}: {}", refused.problem)
}

/// `GET /admin/price-lists/{list}/prices.csv`
///
/// # Errors
/// There is no such list, or it cannot be read now.
pub async fn download(visit: Visit) -> Answer {
    let list = load(&visit).await?;
    let (mut prices, mut page) = (Vec::new(), PageRequest::first(100));
    loop {
        let request = FindListPrices { price_list_id: list.id, page };
        let Page { items, next_cursor } =
            visit.shop.catalog().list_prices(&visit.staff(), request).await.map_err(failed)?;
        prices.extend(items);
        let Some(cursor) = next_cursor else { break };
        page = PageRequest { limit: 100, cursor: Some(cursor) };
    }
    let mut content = Vec::new();
    price_file::write(&prices, &mut content).map_err(|error| Problem::Internal(error.to_string()))?;
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "text/csv; charset=utf-8"))
        .insert_header((CONTENT_DISPOSITION, "attachment; filename=\"prices.csv\""))
        .body(content))
}

/// `GET /admin/products/{product}/prices`
///
/// # Errors
/// There is no such product, or its prices cannot be shown now.
pub async fn history(visit: Visit) -> Answer {
    let id: ProductId = visit.path("product")?;
    let staff = visit.staff();
    let (product, moments) = tokio::join!(
        visit.shop.catalog().product(&staff, FindProduct::Id(id)),
        visit.shop.catalog().price_history(&staff, FindPriceHistory { product_id: id })
    );
    let product = product.map_err(failed)?.ok_or(Problem::NotFound)?;
    let page = PriceHistoryPage {
        shell: shell(&visit, "products", format!("Prices of {}", product.title)),
        up: format!("/admin/products/{id}"),
        heading: product.title,
        rows: moments.map_err(failed)?.iter().map(moment_row).collect(),
    };
    visit.shop.pages().answer(StatusCode::OK, "admin/price_history.html", &page)
}

fn moment_row(moment: &PriceMoment) -> PriceMomentRow {
    PriceMomentRow {
        from: date_time(moment.from),
        variant: moment.options.clone(),
        price: moment.price.map_or_else(|| "not offered".to_owned(), |price| MoneyView::from(price).text),
    }
}
