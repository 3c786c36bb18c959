//! The cart.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use cart_api::{
    AddCode, AddLine, Cart, CartCode, CartError, CartLine, CartLineId, CodeState, FindCart, LineState, RemoveCode,
    RemoveLine, SetQuantity,
};
use catalog_api::VariantId;
use kernel::{CallError, IdempotencyKey, Money, Quantity, Secret, charge};

use super::checkout::hold;
use super::summary::{counts, reductions_of_line, totals_of_cart};
use super::views::{
    CartLineView, CartPage, CodeView, Field, MoneyView, Notice, Picture, Tone, Totals, counted, country_name, date,
};
use super::{own_shell, suggestions};
use crate::web::cookies::{CART, CART_COUNT};
use crate::web::{Answer, Problem, Visit, see_other};

/// The visitor's cart; `None` when they have none or it was ordered.
///
/// # Errors
/// It cannot be shown now.
pub async fn load(visit: &Visit) -> Result<Option<Cart>, Problem> {
    let Some(ctx) = visit.cart_ctx() else { return Ok(None) };
    let found = visit.shop.carts().cart(&ctx, FindCart {}).await;
    found.map_err(unavailable)
}

/// What to say when the cart's module fails.
pub fn unavailable<E: std::fmt::Display>(error: CallError<E>) -> Problem {
    match Problem::from(error) {
        Problem::Unavailable(_) => Problem::Unavailable("The cart"),
        other => other,
    }
}

/// `GET /cart`
///
/// # Errors
/// It cannot be shown now.
pub async fn show(visit: Visit) -> Answer {
    let cart = load(&visit).await?;
    let page = page(&visit, cart.as_ref(), None, Field::default()).await;
    let mut response = visit.shop.pages().answer(StatusCode::OK, "storefront/cart.html", &page)?;
    remember_count(&visit, &mut response, cart.map_or(0, |cart| cart.item_count));
    Ok(response)
}

async fn page(visit: &Visit, cart: Option<&Cart>, wrong: Option<(CartLineId, Field)>, code: Field) -> CartPage {
    let mut shell = own_shell(visit, "Your cart").await;
    shell.cart_count = Some(cart.map_or(0, |cart| cart.item_count));
    let Some(cart) = cart.filter(|cart| !cart.lines.is_empty()) else {
        return CartPage {
            shell,
            lines: Vec::new(),
            summary: String::new(),
            totals: Totals::default(),
            estimate_note: String::new(),
            free_delivery: String::new(),
            codes: Vec::new(),
            code,
            can_check_out: false,
            suggestions: suggestions(visit).await,
        };
    };
    let wrong_of = |line: &CartLine| wrong.as_ref().filter(|(id, _)| *id == line.id).map(|(_, field)| field.clone());
    let estimated = cart.address.is_none();
    CartPage {
        shell,
        lines: cart.lines.iter().map(|line| line_view(line, wrong_of(line))).collect(),
        summary: counted(cart.item_count, "item", "items"),
        totals: totals_of_cart(cart),
        estimate_note: if estimated {
            format!("Estimated for delivery to {}", country_name(cart.country.code()))
        } else {
            String::new()
        },
        free_delivery: free_delivery(cart),
        codes: cart.codes.iter().map(code_view).collect(),
        code,
        can_check_out: cart.can_check_out,
        suggestions: Vec::new(),
    }
}

fn line_view(line: &CartLine, wrong: Option<Field>) -> CartLineView {
    let (tone, message) = message_of(line);
    let max_quantity = match line.state {
        LineState::Fewer { available } => available.max(1),
        _ => Quantity::MAX,
    };
    CartLineView {
        id: line.id.to_string(),
        href: format!("/p/{}?variant={}", line.slug, line.variant_id),
        title: line.title.clone(),
        options: line.options.clone(),
        picture: Picture::of_source(line.image.as_deref(), &line.title),
        unit_price: line.unit_price.into(),
        count: line.quantity.get(),
        quantity: wrong.unwrap_or_else(|| Field::new(line.quantity.to_string())),
        max_quantity,
        line_total: line.line_total.into(),
        reductions: reductions_of_line(&line.discounts),
        counts: counts(line),
        tone,
        message,
    }
}

/// What changed since the line was added.
fn message_of(line: &CartLine) -> (Tone, String) {
    let title = &line.title;
    // The quantity that was added is not known any more, so that like is compared with like: one with one.
    let price_of_one = line.price_of_one.unwrap_or(line.unit_price);
    match line.state {
        LineState::SoldOut => (Tone::Bad, format!("{title} has sold out. Remove it, or choose another.")),
        LineState::Withdrawn => (Tone::Bad, format!("{title} is no longer sold. Remove it to check out.")),
        LineState::Fewer { available } => {
            (Tone::Warn, format!("Only {available} are left. Change the quantity to check out."))
        }
        LineState::Unchecked => (Tone::Info, "Availability is confirmed at checkout.".to_owned()),
        _ if line.backordered >= line.quantity.get() => (Tone::Info, "Ships when back in stock.".to_owned()),
        _ if line.backordered > 0 => {
            let there = line.quantity.get() - line.backordered;
            (Tone::Info, format!("{there} in stock, {} ship when back in stock.", line.backordered))
        }
        _ if price_of_one.amount > line.added_price.amount => {
            let (now, was) = (MoneyView::from(price_of_one).text, MoneyView::from(line.added_price).text);
            (Tone::Warn, format!("Now {now}, was {was} when you added it."))
        }
        _ if price_of_one.amount < line.added_price.amount => {
            let (now, was) = (MoneyView::from(price_of_one).text, MoneyView::from(line.added_price).text);
            (Tone::Ok, format!("Good news: now {now}, was {was} when you added it."))
        }
        _ if line.price_of_one.is_some() => {
            let (each, one) = (MoneyView::from(line.unit_price).text, MoneyView::from(price_of_one).text);
            (Tone::Ok, format!("{each} each for so many, instead of {one}."))
        }
        _ => (Tone::Plain, String::new()),
    }
}

fn free_delivery(cart: &Cart) -> String {
    let free_from = cart.shipping_choices.first().and_then(|choice| choice.free_from);
    let goods = cart.subtotal.amount - charge::total_of(&cart.adjustments);
    match free_from {
        _ if cart.shipping.as_ref().is_some_and(|shipping| shipping.price.amount == 0) => {
            "Delivery is free for this order.".to_owned()
        }
        // Another way than the chosen one is free already.
        Some(from) if goods >= from.amount => String::new(),
        Some(from) => match from.minus(Money::new(goods, from.currency)) {
            Ok(missing) => format!("Add {} more for free delivery.", MoneyView::from(missing).text),
            Err(_) => String::new(),
        },
        None => String::new(),
    }
}

/// `POST /cart/lines`
///
/// # Errors
/// The form is wrong, or the cart cannot be changed now.
pub async fn add_line(visit: Visit) -> Answer {
    let mut form = visit.form(&["variant", "quantity", "expected_price"])?;
    let variant = form.parsed::<VariantId>("variant", "Choose a variant");
    let quantity = form.parsed::<Quantity>("quantity", "Enter a whole number from 1 to 9,999");
    let expected_price = form.text("expected_price").map(|text| text.parse::<i64>());
    let (Some(variant), Some(quantity), Ok(expected_price)) = (variant, quantity, expected_price.transpose()) else {
        let wrong = form.problems().first().map(|(field, text)| format!("{field}: {text}"));
        return Err(Problem::Refused(wrong.unwrap_or_else(|| "expected_price: it is not a number".to_owned())));
    };
    hold::end(&visit).await;
    let (secret, is_new) = match visit.cart_secret() {
        Some(secret) => (secret, false),
        None => (Secret::generate(), true),
    };
    let currency = visit.shop.settings().shop_currency;
    let request = AddLine {
        key: IdempotencyKey::new(),
        variant_id: variant.to_string(),
        quantity,
        expected_price: expected_price.map(|amount| Money::new(amount, currency)),
    };
    let added = visit.shop.carts().add_line(&visit.guest(secret.clone()), request).await;
    let (notice, count) = match added {
        Ok(added) if added.added < quantity.get() => {
            let text = format!("We added {} to your cart.", added.added);
            (
                Notice::new(Tone::Warn, format!("Only {} of {} could be added", added.added, added.title), text),
                Some(added.item_count),
            )
        }
        Ok(added) => (Notice::new(Tone::Ok, format!("{} is in your cart", added.title), ""), Some(added.item_count)),
        Err(CallError::Domain(error)) => (refusal(&error)?, None),
        Err(error) => return Err(unavailable(error)),
    };
    let mut response = visit.see_other_saying("/cart", &notice);
    hold::forget(&visit, &mut response);
    if is_new && count.is_some() {
        visit.set_cookie(&mut response, visit.shop.cookie_names().make(CART, secret.reveal()));
    }
    if let Some(count) = count {
        remember_count(&visit, &mut response, count);
    }
    Ok(response)
}

fn refusal(error: &CartError) -> Result<Notice, Problem> {
    Ok(match error {
        CartError::SoldOut { title, in_cart: 0 } => {
            Notice::new(Tone::Warn, format!("{title} is sold out"), "It was not added.")
        }
        CartError::SoldOut { title, in_cart } => {
            let text = format!("Your cart holds {in_cart} already, and no more are left.");
            Notice::new(Tone::Warn, format!("No more of {title} can be added"), text)
        }
        CartError::PriceChanged { title, now } => {
            let text = format!(
                "It costs {} now and was not added. Look at it again if you still want it.",
                MoneyView::from(*now).text
            );
            Notice::new(Tone::Warn, format!("The price of {title} has changed"), text)
        }
        CartError::TooMany { what, limit } => {
            Notice::new(Tone::Warn, format!("A cart holds at most {limit} {what}"), "Nothing was added.")
        }
        CartError::NotForSale | CartError::NotFound => return Err(Problem::NotFound),
        other => return Err(Problem::Refused(other.to_string())),
    })
}

/// `POST /cart/lines/{line}`
///
/// # Errors
/// There is no such line, or the cart cannot be changed now.
pub async fn set_quantity(visit: Visit) -> Answer {
    let line_id: CartLineId = visit.path("line")?;
    let ctx = visit.cart_ctx().ok_or(Problem::NotFound)?;
    let mut form = visit.form(&["quantity"])?;
    let Some(quantity) = form.parsed::<Quantity>("quantity", "Enter a whole number from 1 to 9,999") else {
        let cart = load(&visit).await?.ok_or(Problem::NotFound)?;
        if cart.lines.iter().all(|line| line.id != line_id) {
            return Err(Problem::NotFound);
        }
        let page = page(&visit, Some(&cart), Some((line_id, Field::of(&form, "quantity"))), Field::default()).await;
        return visit.shop.pages().answer(StatusCode::UNPROCESSABLE_ENTITY, "storefront/cart.html", &page);
    };
    hold::end(&visit).await;
    let request = SetQuantity { key: IdempotencyKey::new(), line_id, quantity };
    match visit.shop.carts().set_quantity(&ctx, request).await {
        Ok(changed) => {
            Ok(changed_response(&visit, changed.item_count, &Notice::new(Tone::Ok, "The quantity was changed", "")))
        }
        Err(CallError::Domain(error)) => Ok(visit.see_other_saying("/cart", &refusal(&error)?)),
        Err(error) => Err(unavailable(error)),
    }
}

fn code_view(given: &CartCode) -> CodeView {
    let (tone, text) = match &given.state {
        CodeState::Applied { amount } => {
            (Tone::Ok, format!("{}: you save {}.", given.label, MoneyView::from(*amount).text))
        }
        reason => (Tone::Warn, code_problem(&given.code, reason)),
    };
    CodeView { code: given.code.clone(), text, tone }
}

/// Why a code does nothing, and what to do about it.
pub fn code_problem(code: &str, reason: &CodeState) -> String {
    match reason {
        CodeState::NotStarted { starts_at } => format!("{code} starts on {}.", date(*starts_at)),
        CodeState::Ended { ended_at } => format!("{code} ended on {}.", date(*ended_at)),
        CodeState::UsedUp => format!("{code} has already been used as often as it can be."),
        CodeState::NothingQualifies => format!("Nothing in your cart qualifies for {code}."),
        CodeState::BelowMinimum { missing } => format!("Spend {} more to use {code}.", MoneyView::from(*missing).text),
        CodeState::NotCombined => {
            format!("{code} cannot be combined with your other reduction. We kept the one that takes more off.")
        }
        _ => format!("We do not recognise {code}. Check the spelling: letters and numbers only."),
    }
}

/// `POST /cart/codes`
///
/// # Errors
/// There is no cart, or it cannot be changed now.
pub async fn add_code(visit: Visit) -> Answer {
    let ctx = visit.cart_ctx().ok_or(Problem::NotFound)?;
    let mut form = visit.form(&["code"])?;
    if let Some(code) = form.required("code", "Type the code") {
        let request = AddCode { key: IdempotencyKey::new(), code };
        match visit.shop.carts().add_code(&ctx, request).await {
            Ok(_) => return Ok(visit.see_other_saying("/cart", &Notice::new(Tone::Ok, "Your code is applied", ""))),
            Err(CallError::Domain(CartError::CodeRefused { code, reason })) => {
                form.problem("code", code_problem(&code, &reason));
            }
            Err(CallError::Domain(error)) => return Ok(visit.see_other_saying("/cart", &refusal(&error)?)),
            Err(error) => return Err(unavailable(error)),
        }
    }
    let cart = load(&visit).await?.ok_or(Problem::NotFound)?;
    let page = page(&visit, Some(&cart), None, Field::of(&form, "code")).await;
    visit.shop.pages().answer(StatusCode::UNPROCESSABLE_ENTITY, "storefront/cart.html", &page)
}

/// `POST /cart/codes/remove`
///
/// # Errors
/// There is no cart, or it cannot be changed now.
pub async fn remove_code(visit: Visit) -> Answer {
    let ctx = visit.cart_ctx().ok_or(Problem::NotFound)?;
    let mut form = visit.form(&["code"])?;
    let code = form.required("code", "Type the code").ok_or(Problem::NotFound)?;
    match visit.shop.carts().remove_code(&ctx, RemoveCode { key: IdempotencyKey::new(), code }).await {
        Ok(_) => Ok(visit.see_other_saying("/cart", &Notice::new(Tone::Ok, "The code was removed", ""))),
        Err(CallError::Domain(_)) => Err(Problem::NotFound),
        Err(error) => Err(unavailable(error)),
    }
}

/// `POST /cart/lines/{line}/remove`
///
/// # Errors
/// There is no such cart, or it cannot be changed now.
pub async fn remove_line(visit: Visit) -> Answer {
    let line_id: CartLineId = visit.path("line")?;
    let ctx = visit.cart_ctx().ok_or(Problem::NotFound)?;
    visit.form(&[])?;
    hold::end(&visit).await;
    let request = RemoveLine { key: IdempotencyKey::new(), line_id };
    match visit.shop.carts().remove_line(&ctx, request).await {
        Ok(changed) => {
            Ok(changed_response(&visit, changed.item_count, &Notice::new(Tone::Ok, "The item was removed", "")))
        }
        Err(CallError::Domain(_)) => Err(Problem::NotFound),
        Err(error) => Err(unavailable(error)),
    }
}

fn changed_response(visit: &Visit, count: i64, notice: &Notice) -> HttpResponse {
    let mut response = visit.see_other_saying("/cart", notice);
    hold::forget(visit, &mut response);
    remember_count(visit, &mut response, count);
    response
}

/// Pages that are the same for everybody show this number.
pub fn remember_count(visit: &Visit, response: &mut HttpResponse, count: i64) {
    if i64::from(visit.cookies().cart_count()) == count {
        return;
    }
    let names = visit.shop.cookie_names();
    let cookie = if count == 0 { names.remove(CART_COUNT) } else { names.make(CART_COUNT, count.to_string()) };
    visit.set_cookie(response, cookie);
}

/// For a page that needs something to buy: where to go when there is nothing.
pub fn nothing_to_buy() -> HttpResponse {
    see_other("/cart")
}
