//! Products: the list, and the form that creates and changes one.

use std::collections::HashMap;

use accounts_api::Permission;
use actix_web::http::StatusCode;
use catalog_api::{
    CatalogError, FindProduct, ListCategories, Product, ProductId, ProductInput, ProductQuery, ProductStatus,
    SaveProduct, VariantInput,
};
use inventory_api::{FindStock, StockLevel};
use kernel::{CallError, Currency, Money, TaxClass};

use super::views::{
    ConflictRow, Field, Notice, Pagination, Picture, PriceView, Problem as ProblemView, ProductFormPage,
    ProductRowView, ProductsPage, SelectField, Status, Tab, Tone, VariantRow, date, date_time, number,
};
use super::{address, key_of, key_of_change, new_key, shell, taxes};
use crate::web::{Answer, Form, Problem, Visit};

const PER_PAGE: u32 = 50;
const STATUSES: [(&str, &str); 3] = [("active", "Active"), ("draft", "Draft"), ("archived", "Archived")];
const OPTIONS: usize = 3;
/// Empty rows for new variants below those that are there.
const SPARE_ROWS: usize = 3;
const FIELDS: [&str; 12] = [
    "key",
    "version",
    "title",
    "slug",
    "status",
    "vendor",
    "category",
    "tags",
    "tax_class",
    "description_html",
    "option_*",
    "variant_*",
];

fn unavailable<E: std::fmt::Display>(error: CallError<E>) -> Problem {
    match Problem::from(error) {
        Problem::Unavailable(_) => Problem::Unavailable("Products"),
        other => other,
    }
}

/// `GET /admin/products?q=&status=&page=`
///
/// # Errors
/// A parameter is wrong, or products cannot be shown now.
pub async fn list(visit: Visit) -> Answer {
    let status = visit.query_as::<ProductStatus>("status")?;
    let query = visit.query("q")?.unwrap_or_default();
    let page = visit.page_number()?;
    let request = ProductQuery {
        search: Some(query.clone()).filter(|query| !query.is_empty()),
        status,
        page,
        limit: PER_PAGE,
        ..ProductQuery::default()
    };
    let found = visit.shop.catalog().products(&visit.staff(), request).await.map_err(unavailable)?;
    let ids = found.items.iter().flat_map(|card| &card.variant_ids).map(ToString::to_string).collect();
    let levels = levels(&visit, ids).await;
    let status_name = status.map(ProductStatus::as_str).unwrap_or_default();
    let href = |number: u32| {
        address("/admin/products", &[("status", status_name), ("q", &query), ("page", &number.to_string())])
    };
    let tabs = [("", "All")].into_iter().chain(STATUSES).map(|(name, text)| Tab {
        text: text.to_owned(),
        href: address("/admin/products", &[("status", name)]),
        current: name == status_name,
    });
    let page = ProductsPage {
        shell: shell(&visit, "products", "Products"),
        tabs: tabs.collect(),
        status: status_name.to_owned(),
        total: found.total,
        rows: found.items.iter().map(|card| row(card, levels.as_ref())).collect(),
        pagination: Pagination::new(found.total, page, PER_PAGE, href),
        query: query.clone(),
    };
    visit.shop.pages().answer(StatusCode::OK, "admin/products.html", &page)
}

/// Levels by variant; `None` when inventory does not answer.
async fn levels(visit: &Visit, variant_ids: Vec<String>) -> Option<HashMap<String, StockLevel>> {
    let found = visit.shop.inventory().stock_levels(&visit.staff(), FindStock::of(variant_ids)).await.ok()?;
    Some(found.into_iter().map(|level| (level.variant_id.clone(), level)).collect())
}

fn status_view(status: ProductStatus) -> Status {
    match status {
        ProductStatus::Active => Status::new(Tone::Ok, "Active"),
        ProductStatus::Draft => Status::new(Tone::Info, "Draft"),
        ProductStatus::Archived => Status::new(Tone::Plain, "Archived"),
    }
}

fn row(card: &catalog_api::ProductCard, levels: Option<&HashMap<String, StockLevel>>) -> ProductRowView {
    ProductRowView {
        href: format!("/admin/products/{}", card.id),
        title: card.title.clone(),
        vendor: card.vendor.clone().unwrap_or_default(),
        category: card.category.as_ref().map(|category| category.name.clone()).unwrap_or_default(),
        picture: Picture::of(card.media.as_ref(), &card.title),
        status: status_view(card.status),
        stock: stock_view(card, levels),
        price: PriceView::new(card.price_from, (card.compare_at_price, card.lowest_before), card.price_varies),
        updated: date(card.updated_at),
    }
}

fn stock_view(card: &catalog_api::ProductCard, levels: Option<&HashMap<String, StockLevel>>) -> Status {
    let Some(levels) = levels else { return Status::new(Tone::Info, "not known now") };
    let own: Vec<&StockLevel> = card.variant_ids.iter().filter_map(|id| levels.get(&id.to_string())).collect();
    if own.iter().any(|level| !level.track_inventory) {
        return Status::new(Tone::Plain, "not counted");
    }
    let left: i64 = own.iter().map(|level| level.available.max(0)).sum();
    let text = match card.variant_ids.len() {
        1 => number(left),
        variants => format!("{} in {variants} variants", number(left)),
    };
    let tone = match left {
        0 => Tone::Bad,
        _ if own.iter().any(|level| level.available <= level.low_stock_threshold) => Tone::Warn,
        _ => Tone::Ok,
    };
    Status::new(tone, text)
}

/// `GET /admin/products/new`
///
/// # Errors
/// The page cannot be rendered.
pub async fn create_form(visit: Visit) -> Answer {
    let form = Form::filled([
        ("status", "draft".to_owned()),
        ("tax_class", TaxClass::STANDARD.to_owned()),
        ("key", new_key()),
    ]);
    answer(&visit, &form, None, Vec::new(), StatusCode::OK).await
}

/// `GET /admin/products/{product}`
///
/// # Errors
/// There is no such product, or it cannot be shown now.
pub async fn show(visit: Visit) -> Answer {
    let product = load(&visit).await?;
    answer(&visit, &filled(&product), Some(&product), Vec::new(), StatusCode::OK).await
}

async fn load(visit: &Visit) -> Result<Product, Problem> {
    let id: ProductId = visit.path("product")?;
    let found = visit.shop.catalog().product(&visit.staff(), FindProduct::Id(id)).await;
    found.map_err(unavailable)?.ok_or(Problem::NotFound)
}

fn filled(product: &Product) -> Form {
    let mut values = vec![
        ("key".to_owned(), new_key()),
        ("version".to_owned(), product.version.to_string()),
        ("title".to_owned(), product.title.clone()),
        ("slug".to_owned(), product.slug.clone()),
        ("status".to_owned(), product.status.as_str().to_owned()),
        ("vendor".to_owned(), product.vendor.clone().unwrap_or_default()),
        ("category".to_owned(), product.category.as_ref().map(|category| category.name.clone()).unwrap_or_default()),
        ("tags".to_owned(), product.tags.join(", ")),
        ("tax_class".to_owned(), tax_class_of(product).map(ToString::to_string).unwrap_or_default()),
        ("description_html".to_owned(), product.description_html.clone()),
    ];
    for (place, option) in product.options.iter().enumerate() {
        values.push((format!("option_{place}"), option.name.clone()));
    }
    for (place, variant) in product.variants.iter().enumerate() {
        let mut add = |what: &str, value: String| values.push((format!("variant_{place}_{what}"), value));
        for (option, value) in variant.option_values.iter().enumerate() {
            add(&format!("value_{option}"), value.clone());
        }
        add("sku", variant.sku.clone().unwrap_or_default());
        let own = variant.own();
        add("price", own.price.to_major());
        add("compare_at", own.compare_at_price.map(Money::to_major).unwrap_or_default());
        add("barcode", variant.barcode.clone().unwrap_or_default());
        add("weight", variant.weight_grams.map(|grams| grams.to_string()).unwrap_or_default());
    }
    Form::filled(values.iter().map(|(name, value)| (name.as_str(), value.clone())))
}

/// What the product is taxed as; none when its variants differ in that.
fn tax_class_of(product: &Product) -> Option<&TaxClass> {
    let class = &product.variants.first()?.tax_class;
    product.variants.iter().all(|variant| variant.tax_class == *class).then_some(class)
}

/// Places of the variants that the form holds.
fn places(form: &Form) -> Vec<usize> {
    let mut places: Vec<usize> = form
        .all("variant_")
        .filter_map(|(rest, _)| rest.split('_').next()?.parse().ok())
        .filter(|place| *place < 2_000)
        .collect();
    places.sort_unstable();
    places.dedup();
    places
}

/// Rows with nothing in them are left out.
fn is_blank(form: &Form, place: usize) -> bool {
    form.all(&format!("variant_{place}_")).all(|(_, value)| value.trim().is_empty())
}

async fn answer(
    visit: &Visit,
    form: &Form,
    product: Option<&Product>,
    conflict: Vec<ConflictRow>,
    status: StatusCode,
) -> Answer {
    let ids = product
        .map(|product| product.variants.iter().map(|variant| variant.id.to_string()).collect())
        .unwrap_or_default();
    let staff = visit.staff();
    let (categories, levels, tax_classes) = tokio::join!(
        visit.shop.catalog().categories(&staff, ListCategories {}),
        levels(visit, ids),
        taxes::classes(visit)
    );
    let (categories, levels) = (categories.unwrap_or_default(), levels.unwrap_or_default());
    let filled: Vec<usize> = places(form).into_iter().filter(|place| !is_blank(form, *place)).collect();
    let first_spare = filled.last().map_or(0, |last| last + 1);
    let rows = filled.into_iter().chain(first_spare..first_spare + SPARE_ROWS);
    let title = product.map_or_else(|| "New product".to_owned(), |product| product.title.clone());
    let page = ProductFormPage {
        shell: shell(visit, "products", if form.is_valid() { title } else { format!("Error: {title}") }),
        action: product
            .map_or_else(|| "/admin/products/new".to_owned(), |product| format!("/admin/products/{}", product.id)),
        is_new: product.is_none(),
        can_save: visit.may(Permission::ManageProducts),
        heading: product.map(|product| product.title.clone()).unwrap_or_default(),
        badge: product.map(|product| status_view(product.status)),
        shop_href: product
            .filter(|product| product.status == ProductStatus::Active)
            .map(|product| format!("/p/{}", product.slug))
            .unwrap_or_default(),
        changed: product
            .map(|product| format!("Changed {}, version {}", date_time(product.updated_at), product.version))
            .unwrap_or_default(),
        problems: ProblemView::all(form),
        conflict,
        key: form.raw("key").to_owned(),
        version: form.raw("version").to_owned(),
        title: Field::of(form, "title"),
        slug: Field::of(form, "slug"),
        status: SelectField::new(STATUSES, form.raw("status")).checked(form, "status"),
        vendor: Field::of(form, "vendor"),
        category: Field::of(form, "category"),
        categories: categories.into_iter().map(|category| category.name).collect(),
        tags: Field::of(form, "tags"),
        tax_class: Field::of(form, "tax_class"),
        tax_classes,
        description: Field::of(form, "description_html"),
        options: (0..OPTIONS).map(|place| Field::of(form, &format!("option_{place}"))).collect(),
        variants: rows.map(|place| variant_row(form, place, product, &levels)).collect(),
        currency: visit.shop.settings().shop_currency.to_string(),
        is_listed: product.is_some_and(|product| product.variants.iter().any(|variant| variant.own_price.is_some())),
        media: product
            .map(|product| product.media.iter().map(|media| Picture::of(Some(media), &product.title)).collect())
            .unwrap_or_default(),
    };
    visit.shop.pages().answer(status, "admin/product.html", &page)
}

fn variant_row(
    form: &Form,
    place: usize,
    product: Option<&Product>,
    levels: &HashMap<String, StockLevel>,
) -> VariantRow {
    let field = |what: &str| Field::of(form, &format!("variant_{place}_{what}"));
    let id = product.and_then(|product| product.variants.get(place)).map(|variant| variant.id.to_string());
    let stock = id.as_ref().and_then(|id| levels.get(id)).map(|level| format!("{} available", number(level.available)));
    VariantRow {
        place,
        values: (0..OPTIONS).map(|option| field(&format!("value_{option}"))).collect(),
        sku: field("sku"),
        price: field("price"),
        compare_at: field("compare_at"),
        barcode: field("barcode"),
        weight: field("weight"),
        stock: stock.unwrap_or_default(),
        stock_href: id.map(|id| format!("/admin/stock/{id}")).unwrap_or_default(),
    }
}

/// `POST /admin/products/new`
///
/// # Errors
/// The form has other fields, or products cannot be changed now.
pub async fn create(visit: Visit) -> Answer {
    store(&visit, None).await
}

/// `POST /admin/products/{product}`
///
/// # Errors
/// There is no such product, the form has other fields, or products cannot be changed now.
pub async fn save(visit: Visit) -> Answer {
    let product = load(&visit).await?;
    store(&visit, Some(product)).await
}

async fn store(visit: &Visit, product: Option<Product>) -> Answer {
    let mut form = visit.form(&FIELDS)?;
    let key = key_of(&form)?;
    let expected_version = match (&product, form.text("version")) {
        (None, _) => None,
        (Some(_), version) => Some(version.and_then(|version| version.parse().ok()).ok_or(Problem::StaleForm)?),
    };
    let Some((input, rows)) = read(&mut form, product.as_ref(), visit.shop.settings().shop_currency) else {
        return answer(visit, &form, product.as_ref(), Vec::new(), StatusCode::UNPROCESSABLE_ENTITY).await;
    };
    let (key, id) = (key_of_change(key, &input), product.as_ref().map(|product| product.id));
    let request = SaveProduct { key, id, expected_version, product: input };
    match visit.shop.catalog().save_product(&visit.staff(), request).await {
        Ok(saved) => {
            let notice = Notice::new(Tone::Ok, "Saved", "");
            return Ok(visit.see_other_saying(format!("/admin/products/{}", saved.id), &notice));
        }
        Err(CallError::Domain(CatalogError::Changed { .. })) => {
            let theirs = load(visit).await?;
            let conflict = differences(&form, &theirs);
            form.set("version", theirs.version.to_string());
            form.set("key", new_key());
            return answer(visit, &form, Some(&theirs), conflict, StatusCode::CONFLICT).await;
        }
        Err(CallError::Domain(CatalogError::NotPermitted)) => return Err(Problem::NotPermitted),
        Err(CallError::Domain(CatalogError::SlugTaken { slug })) => {
            form.problem("slug", format!("Another product has the address {slug}"))
        }
        Err(CallError::Domain(CatalogError::SkuTaken { sku })) => {
            let place =
                rows.iter().find(|place| form.raw(&format!("variant_{place}_sku")).trim() == sku).copied().unwrap_or(0);
            form.problem(&format!("variant_{place}_sku"), format!("Another variant has the SKU {sku}"));
        }
        Err(CallError::Domain(CatalogError::Invalid { field, problem })) => {
            form.problem(&form_field(&field, &rows), problem)
        }
        Err(CallError::Domain(error)) => form.problem("title", error.to_string()),
        Err(error) => return Err(unavailable(error)),
    }
    answer(visit, &form, product.as_ref(), Vec::new(), StatusCode::UNPROCESSABLE_ENTITY).await
}

/// `variants[2].price` of the module as the field of the form that holds it.
fn form_field(field: &str, rows: &[usize]) -> String {
    let part = |field: &str| -> Option<String> {
        let (place, what) = field.strip_prefix("variants[")?.split_once(']')?;
        let place = rows.get(place.parse::<usize>().ok()?)?;
        let what = what.trim_start_matches('.');
        let what = match what {
            "compare_at_price" => "compare_at",
            "weight_grams" => "weight",
            "sku" | "price" | "barcode" => what,
            _ => "value_0",
        };
        Some(format!("variant_{place}_{what}"))
    };
    part(field).unwrap_or_else(|| if field.starts_with("options") { "option_0".to_owned() } else { field.to_owned() })
}

/// The product that the form describes, and which rows its variants come from. Rows without a price are left out.
fn read(form: &mut Form, product: Option<&Product>, currency: Currency) -> Option<(ProductInput, Vec<usize>)> {
    let title = form.required("title", "Enter a name");
    let slug = form.required("slug", "Enter the last part of its address, such as oak-board");
    let status = form.parsed::<ProductStatus>("status", "Choose a status");
    let options: Vec<String> = (0..OPTIONS).filter_map(|place| form.text(&format!("option_{place}"))).collect();
    let tax_class = form.text("tax_class").and_then(|name| {
        let class: Result<TaxClass, _> = name.parse();
        class.map_err(|error| form.problem("tax_class", error.to_string())).ok()
    });
    let mut variants = Vec::new();
    let mut rows = Vec::new();
    for place in places(form) {
        if is_blank(form, place) {
            continue;
        }
        rows.push(place);
        let variant = read_variant(form, place, options.len(), currency);
        variants.extend(variant.map(|variant| VariantInput { tax_class: tax_class.clone(), ..variant }));
    }
    if rows.is_empty() {
        form.problem("variant_0_price", "Enter the price of at least one variant");
    }
    if !form.is_valid() {
        return None;
    }
    let tags = form.raw("tags").split(',').map(str::trim).filter(|tag| !tag.is_empty()).map(str::to_owned).collect();
    let input = ProductInput {
        slug: slug?,
        title: title?,
        description_html: form.raw("description_html").to_owned(),
        vendor: form.text("vendor"),
        category: form.text("category"),
        status: status?,
        tags,
        options,
        variants,
        media: product.map(|product| product.media.clone()).unwrap_or_default(),
    };
    Some((input, rows))
}

fn read_variant(form: &mut Form, place: usize, options: usize, currency: Currency) -> Option<VariantInput> {
    let name = |what: &str| format!("variant_{place}_{what}");
    let mut money = |what: &str, required: bool| match form.text(&name(what)) {
        None if required => {
            form.problem(&name(what), "Enter a price");
            None
        }
        None => None,
        Some(text) => {
            Money::parse_major(&text, currency).map_err(|error| form.problem(&name(what), error.to_string())).ok()
        }
    };
    let (price, compare_at_price) = (money("price", true), money("compare_at", false));
    let weight_grams = match form.text(&name("weight")).map(|text| text.parse::<i64>()) {
        None => None,
        Some(Ok(grams)) if grams >= 0 => Some(grams),
        Some(_) => {
            form.problem(&name("weight"), "Enter a whole number of grams");
            None
        }
    };
    let option_values =
        (0..options).map(|option| form.text(&name(&format!("value_{option}"))).unwrap_or_default()).collect();
    let (sku, barcode) = (form.text(&name("sku")), form.text(&name("barcode")));
    Some(VariantInput { sku, option_values, price: price?, compare_at_price, barcode, weight_grams, tax_class: None })
}

/// Where what is stored now differs from what is typed.
fn differences(form: &Form, theirs: &Product) -> Vec<ConflictRow> {
    let stored = filled(theirs);
    let names = [
        ("title", "Name"),
        ("slug", "Address"),
        ("status", "Status"),
        ("vendor", "Maker"),
        ("category", "Category"),
        ("tags", "Tags"),
        ("tax_class", "Taxed as"),
        ("description_html", "Description"),
    ];
    let mut rows: Vec<ConflictRow> = names
        .iter()
        .filter(|(field, _)| stored.raw(field) != form.raw(field))
        .map(|(field, name)| ConflictRow {
            name: (*name).into(),
            theirs: stored.raw(field).into(),
            yours: form.raw(field).into(),
        })
        .collect();
    for place in places(&stored) {
        for (what, name) in [("price", "price"), ("sku", "SKU"), ("compare_at", "former price")] {
            let field = format!("variant_{place}_{what}");
            if stored.raw(&field) != form.raw(&field) {
                let name = format!("Variant {}: {name}", place + 1);
                rows.push(ConflictRow { name, theirs: stored.raw(&field).into(), yours: form.raw(&field).into() });
            }
        }
    }
    rows
}
