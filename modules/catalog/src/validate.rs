//! What a product may be. Everything is checked here, before anything is written.

use std::collections::{HashMap, HashSet};

use catalog_api::{
    CatalogError, CategoryRef, Media, Product, ProductId, ProductInput, ProductOption, ProductStatus, ProductVariant,
    VariantId, VariantInput,
};
use kernel::{Currency, Money, Timestamp};

use crate::change::{Change, Listed, offer_all};
use crate::sanitize::sanitized;
use crate::words;

const MAX_NAME: usize = 200;
const MAX_DESCRIPTION: usize = 200_000;
const MAX_TAGS: usize = 250;
const MAX_TAG: usize = 255;
const MAX_OPTIONS: usize = 3;
const MAX_OPTION_VALUE: usize = 255;
const MAX_VARIANTS: usize = 2_000;
const MAX_CODE: usize = 64;
const MAX_PRICE: i64 = 10_000_000_000;
const MAX_WEIGHT_GRAMS: i64 = 1_000_000_000;
const MAX_MEDIA: usize = 250;
const MAX_SOURCE: usize = 2_000;
const MAX_ALT: usize = 1_000;
const MAX_PIXELS: i32 = 100_000;

/// A product that may be as it is wanted.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    pub(crate) slug: String,
    pub(crate) category: Option<CategoryRef>,
    pub(crate) variants: Vec<VariantInput>,
    title: String,
    description_html: String,
    vendor: Option<String>,
    status: ProductStatus,
    tags: Vec<String>,
    options: Vec<ProductOption>,
    media: Vec<Media>,
}

impl Wanted {
    /// Checks every rule that needs no other product.
    pub(crate) fn check(input: ProductInput, currency: Currency) -> Result<Self, CatalogError> {
        if !words::is_slug(&input.slug) {
            return Err(CatalogError::invalid("slug", "use 1 to 200 lower-case letters a to z, digits and hyphens"));
        }
        let title = required("title", &input.title)?;
        let category = optional("category", input.category, MAX_NAME)?;
        let variants = checked_variants(input.variants, input.options.len(), currency)?;
        Ok(Self {
            description_html: checked_description(&input.description_html)?,
            vendor: optional("vendor", input.vendor, MAX_NAME)?,
            category: category.map(|name| CategoryRef { slug: words::slug_of(&name), name }),
            tags: checked_tags(input.tags)?,
            options: options_of(input.options, &variants)?,
            media: checked_media(input.media)?,
            slug: input.slug,
            status: input.status,
            title,
            variants,
        })
    }

    /// The SKUs of its variants.
    pub(crate) fn skus(&self) -> impl Iterator<Item = &str> {
        self.variants.iter().filter_map(|variant| variant.sku.as_deref())
    }

    /// How `before` becomes this, with the prices that lists have for its variants. Variants with the same option values
    /// stay the same variants.
    pub(crate) fn change(&self, before: Option<Product>, listed: &Listed, now: Timestamp) -> Change {
        let mut after = self.onto(before.as_ref(), now);
        offer_all(&mut after, listed);
        if before.as_ref().is_some_and(|before| *before != after) {
            after.version += 1;
            after.updated_at = now;
        }
        Change { before, after }
    }

    fn onto(&self, before: Option<&Product>, now: Timestamp) -> Product {
        let known = before.map(|product| product.variants.as_slice()).unwrap_or_default();
        let known: HashMap<&[String], &ProductVariant> =
            known.iter().map(|variant| (variant.option_values.as_slice(), variant)).collect();
        let variant = |input: &VariantInput, known: Option<&ProductVariant>| ProductVariant {
            id: known.map_or_else(VariantId::new, |variant| variant.id),
            lowest_before: known.and_then(|variant| variant.lowest_before),
            sku: input.sku.clone(),
            option_values: input.option_values.clone(),
            price: input.price,
            compare_at_price: input.compare_at_price,
            tiers: Vec::new(),
            own_price: None,
            barcode: input.barcode.clone(),
            weight_grams: input.weight_grams,
            tax_class: input
                .tax_class
                .as_ref()
                .or(known.map(|variant| &variant.tax_class))
                .cloned()
                .unwrap_or_default(),
        };
        Product {
            id: before.map_or_else(ProductId::new, |product| product.id),
            slug: self.slug.clone(),
            title: self.title.clone(),
            description_html: self.description_html.clone(),
            vendor: self.vendor.clone(),
            category: self.category.clone(),
            status: self.status,
            tags: self.tags.clone(),
            options: self.options.clone(),
            variants: self
                .variants
                .iter()
                .map(|input| variant(input, known.get(input.option_values.as_slice()).copied()))
                .collect(),
            media: self.media.clone(),
            version: before.map_or(1, |product| product.version),
            created_at: before.map_or(now, |product| product.created_at),
            updated_at: before.map_or(now, |product| product.updated_at),
        }
    }
}

/// One line of text that may be left out; only spaces count as left out.
fn optional(field: &str, text: Option<String>, most: usize) -> Result<Option<String>, CatalogError> {
    let Some(text) = text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    if text.chars().count() > most {
        return Err(CatalogError::invalid(field, format!("shorten it to {most} characters")));
    }
    if text.chars().any(char::is_control) {
        return Err(CatalogError::invalid(field, "write it on one line, without control characters"));
    }
    Ok(Some(text))
}

pub(crate) fn required(field: &str, text: &str) -> Result<String, CatalogError> {
    optional(field, Some(text.to_owned()), MAX_NAME)?
        .ok_or_else(|| CatalogError::invalid(field, "write 1 to 200 characters"))
}

/// The limit is for what is kept; the first check only spares the work.
fn checked_description(html: &str) -> Result<String, CatalogError> {
    let too_long = || CatalogError::invalid("description_html", "shorten it to 200,000 bytes");
    if html.len() > 5 * MAX_DESCRIPTION {
        return Err(too_long());
    }
    let html = sanitized(html);
    if html.len() > MAX_DESCRIPTION { Err(too_long()) } else { Ok(html) }
}

/// A comma parts tags, as in every file they come from.
fn checked_tags(tags: Vec<String>) -> Result<Vec<String>, CatalogError> {
    let mut kept = Vec::with_capacity(tags.len());
    for tag in tags.iter().flat_map(|tags| tags.split(',')) {
        if let Some(tag) = optional("tags", Some(tag.to_owned()), MAX_TAG)?
            && !kept.contains(&tag)
        {
            kept.push(tag);
        }
        if kept.len() > MAX_TAGS {
            return Err(CatalogError::invalid("tags", "keep at most 250"));
        }
    }
    Ok(kept)
}

/// The options with their values, in the order in which the variants first have them.
fn options_of(names: Vec<String>, variants: &[VariantInput]) -> Result<Vec<ProductOption>, CatalogError> {
    let mut options: Vec<ProductOption> = Vec::with_capacity(names.len());
    for (place, name) in names.into_iter().enumerate() {
        let name = required(&format!("options[{place}]"), &name)?;
        if options.iter().any(|option| option.name == name) {
            return Err(CatalogError::invalid(format!("options[{place}]"), "give each option a name of its own"));
        }
        let mut values: Vec<String> = Vec::new();
        let mut seen = HashSet::new();
        for value in variants.iter().filter_map(|variant| variant.option_values.get(place)) {
            if seen.insert(value) {
                values.push(value.clone());
            }
        }
        options.push(ProductOption { name, values });
    }
    Ok(options)
}

fn checked_variants(
    variants: Vec<VariantInput>,
    options: usize,
    currency: Currency,
) -> Result<Vec<VariantInput>, CatalogError> {
    if options > MAX_OPTIONS {
        return Err(CatalogError::invalid("options", "keep at most 3"));
    }
    if !(1..=MAX_VARIANTS).contains(&variants.len()) {
        return Err(CatalogError::invalid("variants", "give 1 to 2,000"));
    }
    if options == 0 && variants.len() > 1 {
        return Err(CatalogError::invalid("options", "name the option in which the variants differ"));
    }
    let mut checked: Vec<VariantInput> = Vec::with_capacity(variants.len());
    for (place, variant) in variants.into_iter().enumerate() {
        checked.push(checked_variant(&format!("variants[{place}]"), variant, options, currency)?);
    }
    all_different(&checked)?;
    Ok(checked)
}

fn checked_variant(
    at: &str,
    variant: VariantInput,
    options: usize,
    currency: Currency,
) -> Result<VariantInput, CatalogError> {
    if variant.option_values.len() != options {
        return Err(CatalogError::invalid(format!("{at}.option_values"), "give one value for each option"));
    }
    let mut option_values = Vec::with_capacity(options);
    for value in variant.option_values {
        let value = optional(&format!("{at}.option_values"), Some(value), MAX_OPTION_VALUE)?;
        let missing = || CatalogError::invalid(format!("{at}.option_values"), "give one value for each option");
        option_values.push(value.ok_or_else(missing)?);
    }
    let price = checked_price(&format!("{at}.price"), variant.price, currency)?;
    let before =
        variant.compare_at_price.map(|price| checked_price(&format!("{at}.compare_at_price"), price, currency));
    Ok(VariantInput {
        sku: checked_sku(&format!("{at}.sku"), variant.sku)?,
        option_values,
        price,
        // A former price that is not higher is none.
        compare_at_price: before.transpose()?.filter(|before| before.amount > price.amount),
        barcode: optional(&format!("{at}.barcode"), variant.barcode, MAX_CODE)?,
        weight_grams: checked_weight(&format!("{at}.weight_grams"), variant.weight_grams)?,
        tax_class: variant.tax_class,
    })
}

pub(crate) fn checked_price(field: &str, price: Money, currency: Currency) -> Result<Money, CatalogError> {
    if price.currency != currency {
        return Err(CatalogError::invalid(field, format!("give it in {currency}, the currency of the shop")));
    }
    if !(0..=MAX_PRICE).contains(&price.amount) {
        let most = Money::new(MAX_PRICE, currency).to_major();
        return Err(CatalogError::invalid(field, format!("write an amount from 0 to {most}")));
    }
    Ok(price)
}

fn checked_sku(field: &str, sku: Option<String>) -> Result<Option<String>, CatalogError> {
    let Some(sku) = sku.map(|sku| sku.trim().to_owned()).filter(|sku| !sku.is_empty()) else { return Ok(None) };
    if sku.len() > MAX_CODE || !sku.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(CatalogError::invalid(field, "use at most 64 letters, digits and signs of ASCII, without spaces"));
    }
    Ok(Some(sku))
}

fn checked_weight(field: &str, grams: Option<i64>) -> Result<Option<i64>, CatalogError> {
    match grams {
        Some(grams) if !(0..=MAX_WEIGHT_GRAMS).contains(&grams) => {
            Err(CatalogError::invalid(field, "write a weight from 0 to 1,000,000,000 grams"))
        }
        // Nothing weighs nothing: the weight is not known.
        grams => Ok(grams.filter(|&grams| grams > 0)),
    }
}

/// Two variants with the same option values, or the same SKU, would be one.
fn all_different(variants: &[VariantInput]) -> Result<(), CatalogError> {
    let (mut values, mut skus) = (HashSet::new(), HashSet::new());
    for (place, variant) in variants.iter().enumerate() {
        if !values.insert(&variant.option_values) {
            let field = format!("variants[{place}].option_values");
            return Err(CatalogError::invalid(field, "another variant has the same values; change one or take it out"));
        }
        if let Some(sku) = &variant.sku
            && !skus.insert(sku)
        {
            let problem = format!("another variant has the SKU {sku}; give each its own");
            return Err(CatalogError::invalid(format!("variants[{place}].sku"), problem));
        }
    }
    Ok(())
}

fn checked_media(media: Vec<Media>) -> Result<Vec<Media>, CatalogError> {
    if media.len() > MAX_MEDIA {
        return Err(CatalogError::invalid("media", "keep at most 250 pictures"));
    }
    let mut checked: Vec<Media> = Vec::with_capacity(media.len());
    for (place, picture) in media.into_iter().enumerate() {
        let picture = checked_picture(&format!("media[{place}]"), picture)?;
        if checked.iter().all(|other| other.source != picture.source) {
            checked.push(picture);
        }
    }
    Ok(checked)
}

fn checked_picture(at: &str, picture: Media) -> Result<Media, CatalogError> {
    let source = picture.source.trim().to_owned();
    if source.len() > MAX_SOURCE || !is_source(&source) {
        let problem = "give an address that begins with http:// or https://, or the path of a picture of the shop";
        return Err(CatalogError::invalid(format!("{at}.source"), problem));
    }
    if ![picture.width, picture.height].iter().all(|pixels| (0..=MAX_PIXELS).contains(pixels)) {
        return Err(CatalogError::invalid(format!("{at}.width"), "write a size from 0 to 100,000 pixels"));
    }
    if picture.tone.as_deref().is_some_and(|tone| !is_tone(tone)) {
        return Err(CatalogError::invalid(format!("{at}.tone"), "write a colour as #rrggbb"));
    }
    // Line ends in a text for the ear are spaces.
    let alt = picture.alt.split_whitespace().collect::<Vec<_>>().join(" ");
    let alt = optional(&format!("{at}.alt"), Some(alt), MAX_ALT)?.unwrap_or_default();
    Ok(Media { source, alt, ..picture })
}

fn is_source(source: &str) -> bool {
    let printable = source.bytes().all(|byte| byte.is_ascii_graphic()) && !source.contains(['"', '<', '>', '\\']);
    if let Some(address) = source.strip_prefix("https://").or_else(|| source.strip_prefix("http://")) {
        return printable && !address.is_empty() && !address.starts_with('/');
    }
    let is_name = |part: &str| {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        !part.is_empty() && !part.starts_with('.') && part.bytes().all(fits)
    };
    source.split('/').all(is_name)
}

fn is_tone(tone: &str) -> bool {
    tone.strip_prefix('#')
        .is_some_and(|digits| digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
}
