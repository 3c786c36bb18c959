//! Step 3: a last look, how to pay, and the button that buys.

use std::time::Duration;

use actix_web::http::StatusCode;
use billing_api::{ListPaymentMethods, PaymentMethod};
use cart_api::{Cart, CartError, CartLine, ClaimCodes, CodeState};
use kernel::{CallError, IdempotencyKey, Money, NotExecuted, Secret};
use orders_api::{FindOrder, GIFT_CARD, OrderProgress, OrdersError, PlaceOrder, PlaceOrderLine, PlacedOrder};

use super::attempts::{self, Attempt};
use super::gift_cards::{self, Paying};
use super::{cart_to_buy, done_contact, done_delivery, hold, next_page};
use crate::storefront::cart::code_problem;
use crate::storefront::views::{
    Field, GiftCardView, Link, MethodChoice, MoneyView, Notice, PaymentPage, Problem as ProblemView, Tone, TotalRow,
    country_name,
};
use crate::storefront::{own_shell, summary, unlock};
use crate::web::cookies::ORDER;
use crate::web::{Answer, Form, Problem, Visit, retry_after, see_other};

/// `GET /checkout/payment`
///
/// # Errors
/// The cart cannot be shown now.
pub async fn show(visit: Visit) -> Answer {
    match ready_to_pay(&visit).await? {
        Ok(cart) => answer(&visit, &cart, &Form::default(), None, StatusCode::OK).await,
        Err(elsewhere) => Ok(elsewhere),
    }
}

/// The cart when the steps before are done; else the step that is not.
///
/// # Errors
/// The cart cannot be shown now.
pub(super) async fn ready_to_pay(visit: &Visit) -> Result<Result<Cart, actix_web::HttpResponse>, Problem> {
    Ok(match cart_to_buy(visit).await? {
        Ok(cart) if cart.address.is_none() || cart.email.is_none() => Err(see_other("/checkout/contact")),
        Ok(cart) if !cart.shipping.as_ref().is_some_and(|shipping| shipping.chosen) => {
            Err(see_other("/checkout/delivery"))
        }
        other => other,
    })
}

/// The ways to pay what is `due`; none when billing does not answer, which the page says.
async fn methods(visit: &Visit, cart: &Cart, due: i64) -> Vec<PaymentMethod> {
    let request = ListPaymentMethods { amount: Money::new(due, cart.total.currency), country: cart.country };
    let ctx = visit.anonymous().within(std::time::Duration::from_millis(800));
    visit.shop.billing().payment_methods(&ctx, request).await.unwrap_or_else(|error| {
        tracing::warn!(%error, "ways to pay are not known");
        Vec::new()
    })
}

/// Ways to pay as choices.
pub fn method_choices(methods: &[PaymentMethod], chosen: &str) -> Vec<MethodChoice> {
    let is_known = methods.iter().any(|method| method.code == chosen);
    let choice = |(place, method): (usize, &PaymentMethod)| MethodChoice {
        code: method.code.clone(),
        title: method.title.clone(),
        description: method.description.clone(),
        is_test: method.is_test,
        chosen: if is_known { method.code == chosen } else { place == 0 },
    };
    methods.iter().enumerate().map(choice).collect()
}

/// The page of the step.
///
/// # Errors
/// It cannot be shown now.
pub(super) async fn answer(
    visit: &Visit,
    cart: &Cart,
    form: &Form,
    notice: Option<Notice>,
    status: StatusCode,
) -> Answer {
    let title = if form.is_valid() { "Payment" } else { "Error: Payment" };
    let paying = async {
        let paying = gift_cards::paying(visit, cart).await.unwrap_or_else(|problem| {
            tracing::warn!(?problem, "what gift cards pay is not known");
            Paying { cards: Vec::new(), due: cart.total.amount }
        });
        let methods = if paying.is_all() { Vec::new() } else { methods(visit, cart, paying.due).await };
        (paying, methods)
    };
    let (mut shell, (paying, methods), held_until) =
        tokio::join!(own_shell(visit, title), paying, hold::until(visit, cart));
    let nothing_offered = || {
        Notice::new(
            Tone::Warn,
            "Payments are unavailable at the moment",
            "Nothing was charged, and your cart is kept. Try again in a few minutes.",
        )
    };
    let is_stuck = methods.is_empty() && !paying.is_all();
    shell.notice = notice.or(shell.notice).or_else(|| is_stuck.then(nothing_offered));
    let mut summary = summary::of_cart(cart);
    summary.totals.paid_by = paying.cards.iter().map(summary::by_gift_card).collect();
    summary.totals.due = Money::new(paying.due, cart.total.currency).into();
    let mut done = done_contact(cart);
    done.extend(done_delivery(visit, cart));
    let page = PaymentPage {
        shell,
        problems: ProblemView::all(form),
        done,
        methods: method_choices(&methods, form.raw("payment_method")),
        is_covered: paying.is_all(),
        gift_cards: paying.cards.iter().map(gift_card_view).collect(),
        gift_card: Field::of(form, "gift_card"),
        key: purchase_key(visit, cart),
        expected_total: cart.total.amount,
        expected_gift_cards: paying.as_seen(),
        held_until,
        summary,
    };
    visit.shop.pages().answer(status, "storefront/checkout/payment.html", &page)
}

fn gift_card_view(part: &orders_api::OrderGiftCard) -> GiftCardView {
    let TotalRow { name, amount } = summary::by_gift_card(part);
    GiftCardView {
        id: part.gift_card_id.clone(), name, text: format!("pays {}", amount.text.trim_start_matches('−'))
    }
}

/// A version of a cart is bought once, however often the button is pressed. The seal shows that it was this visitor's cart
/// when the cart itself is closed.
pub fn purchase_key(visit: &Visit, cart: &Cart) -> String {
    let bought = format!("{}/{}", cart.id, cart.version);
    let seal = visit.cart_secret().map(|secret| visit.shop.form_keys().sign(secret.reveal(), &bought));
    format!("{bought}/{}", seal.unwrap_or_default())
}

/// `POST /checkout/payment`
///
/// # Errors
/// The form has other fields, or the order cannot be placed now; nothing is charged then.
pub async fn place(visit: Visit) -> Answer {
    let mut form = visit.form(&["payment_method", "key", "expected_total", "expected_gift_cards"])?;
    let cart = match ready_to_pay(&visit).await? {
        Ok(cart) => cart,
        Err(elsewhere) => return Ok(order_made_before(&visit, form.raw("key")).await.unwrap_or(elsewhere)),
    };
    let paying = gift_cards::as_seen(&visit, &cart, form.raw("expected_gift_cards")).await?;
    let is_covered = paying.as_ref().is_some_and(Paying::is_all);
    let chosen = || form.required("payment_method", "Choose how to pay");
    let Some(payment_method) = Some(GIFT_CARD.to_owned()).filter(|_| is_covered).or_else(chosen) else {
        return answer(&visit, &cart, &form, None, StatusCode::UNPROCESSABLE_ENTITY).await;
    };
    if form.raw("key") != purchase_key(&visit, &cart) || form.raw("expected_total") != cart.total.amount.to_string() {
        let notice = Notice::new(
            Tone::Warn,
            format!("Your total is {}", MoneyView::from(cart.total).text),
            "Your cart, a price or the delivery has changed since you saw this page. You have not been charged. Look it over and press the button again.",
        );
        return answer(&visit, &cart, &form, Some(notice), StatusCode::CONFLICT).await;
    }
    let Some(paying) = paying else {
        let notice = Notice::new(
            Tone::Warn,
            "Your gift cards have changed",
            "You have not been charged. Look over what each of them pays and press the button again.",
        );
        return answer(&visit, &cart, &form, Some(notice), StatusCode::CONFLICT).await;
    };
    let secret = visit.shop.order_secret(&cart.id.to_string(), cart.version);
    let request = PlaceOrder { gift_cards: paying.cards, ..purchase(&cart, &secret, payment_method)? };
    let (key, method, order) = (request.key.to_string(), request.payment_method.as_str(), request.cart_id.clone());
    if let Some(wait) = (Attempt { key, method, email: &request.email, order }).count(&visit).await? {
        let notice = attempts::too_many(wait, "your cart");
        let mut response = answer(&visit, &cart, &form, Some(notice), StatusCode::TOO_MANY_REQUESTS).await?;
        retry_after(&mut response, wait);
        return Ok(response);
    }
    if let Some(refused) = without_codes(&visit, &cart, &form).await? {
        return Ok(refused);
    }
    match place_surely(&visit, &secret, request).await {
        Ok(PlacedOrder { progress: OrderProgress::Ended { .. }, .. }) => {
            let notice = Notice::new(
                Tone::Bad,
                "This order has ended",
                "You have not been charged. Your cart is kept: change it, then try again.",
            );
            answer(&visit, &cart, &form, Some(notice), StatusCode::CONFLICT).await
        }
        Ok(placed) => Ok(bought(&visit, &secret, &placed.progress)),
        Err(CallError::Domain(error)) => {
            let (notice, status) = refusal(&error, &cart);
            answer(&visit, &cart, &form, Some(notice), status).await
        }
        // This cart is being bought already, with another way to pay: that order's page offers to change it.
        Err(CallError::NotExecuted { reason: NotExecuted::KeyReused, .. }) => {
            Ok(see_other(format!("/o/{}", secret.reveal())))
        }
        // It may have gone through: the waiting page finds out, under the same key.
        Err(CallError::Unknown(cause)) => {
            tracing::warn!(cause, "it is not known whether an order was placed");
            Ok(bought(&visit, &secret, &OrderProgress::Waiting))
        }
        Err(error) => match Problem::from(error) {
            Problem::Unavailable(_) => {
                answer(&visit, &cart, &form, Some(not_now()), StatusCode::SERVICE_UNAVAILABLE).await
            }
            other => Err(other),
        },
    }
}

/// This browser bought it, and may see all of it for as long as it keeps its cookies.
fn bought(visit: &Visit, secret: &Secret, progress: &OrderProgress) -> actix_web::HttpResponse {
    let mut response = next_page(visit, secret, progress);
    unlock::remember(visit, &mut response, secret);
    response
}

fn not_now() -> Notice {
    Notice::new(
        Tone::Warn,
        "The order could not be placed now",
        "You have not been charged, and your cart is kept. Try again in a few seconds.",
    )
}

/// Counts the codes that reduce the order as used, before it is placed. The answer when that cannot be.
async fn without_codes(visit: &Visit, cart: &Cart, form: &Form) -> Result<Option<actix_web::HttpResponse>, Problem> {
    match claim_codes(visit, cart).await {
        Ok(()) => Ok(None),
        Err(CallError::Domain(CartError::CodeRefused { code, reason })) => {
            codes_gone(visit, cart, form, &code_problem(&code, &reason)).await.map(Some)
        }
        Err(CallError::Domain(CartError::AlreadyOrdered)) => {
            let made = order_made_before(visit, form.raw("key")).await;
            Ok(Some(made.unwrap_or_else(|| see_other("/cart"))))
        }
        Err(error) => {
            tracing::warn!(%error, "codes could not be claimed");
            answer(visit, cart, form, Some(not_now()), StatusCode::SERVICE_UNAVAILABLE).await.map(Some)
        }
    }
}

/// Asks the cart for the use of its codes: what is used up is not promised twice.
///
/// # Errors
/// A code does not apply any more, or cannot be claimed now.
pub(crate) async fn claim_codes(visit: &Visit, cart: &Cart) -> Result<(), CallError<CartError>> {
    let applied = cart.codes.iter().filter(|given| matches!(given.state, CodeState::Applied { .. }));
    let codes: Vec<String> = applied.map(|given| given.code.clone()).collect();
    let Some(ctx) = visit.cart_ctx().filter(|_| !codes.is_empty()) else { return Ok(()) };
    let request = ClaimCodes {
        key: IdempotencyKey::of(cart.id, &format!("{}/codes", cart.version)),
        cart_version: cart.version,
        codes,
    };
    visit.shop.carts().claim_codes(&ctx, request).await
}

/// A code was used up between the page and the button: the page again, with what it costs without.
async fn codes_gone(visit: &Visit, seen: &Cart, form: &Form, why: &str) -> Answer {
    let cart = match ready_to_pay(visit).await? {
        Ok(cart) => cart,
        Err(elsewhere) => return Ok(elsewhere),
    };
    let (was, now) = (MoneyView::from(seen.total).text, MoneyView::from(cart.total).text);
    let notice = Notice::new(
        Tone::Warn,
        format!("Your total changed from {was} to {now}"),
        format!("{why} You have not been charged. Look it over and press the button again."),
    );
    answer(visit, &cart, form, Some(notice), StatusCode::CONFLICT).await
}

/// Pauses before the shop asks again whether an order was placed: together about what a module needs to start.
const PAUSES: [Duration; 3] = [Duration::from_millis(250), Duration::from_millis(750), Duration::from_millis(1_500)];

/// Places the order; asks again under the same key when nobody knows whether it was placed.
async fn place_surely(
    visit: &Visit,
    secret: &Secret,
    request: PlaceOrder,
) -> Result<PlacedOrder, CallError<OrdersError>> {
    let ctx = || visit.guest(secret.clone());
    let mut answer = visit.shop.orders().place_order(&ctx(), request.clone()).await;
    for pause in PAUSES {
        let Err(CallError::Unknown(cause)) = &answer else { break };
        tracing::warn!(cause, "asking again whether an order was placed");
        tokio::time::sleep(pause).await;
        match visit.shop.orders().place_order(&ctx(), request.clone()).await {
            // That says nothing about the first time.
            Err(error) if error.is_temporary() => {}
            known => answer = known,
        }
    }
    answer
}

/// A second press of the button arrives when the cart is an order already. The answer to the first one, with its cookie,
/// may have been lost: then the seal of the button proves whose order it is.
async fn order_made_before(visit: &Visit, key: &str) -> Option<actix_web::HttpResponse> {
    if let Some(secret) = order_of_press(visit, key) {
        match visit.shop.orders().order(&visit.guest(secret.clone()), FindOrder::OfPrincipal).await {
            Ok(Some(_)) => {
                let mut response = to_order(visit, &secret);
                unlock::remember(visit, &mut response, &secret);
                return Some(response);
            }
            Ok(None) => {}
            Err(_) => return Some(bought(visit, &secret, &OrderProgress::Waiting)),
        }
    }
    let secret = visit.cookies().secret(ORDER)?;
    Some(to_order(visit, &secret))
}

/// Opens the order that a press of the button with this key made, if the key is one of this visitor's.
fn order_of_press(visit: &Visit, key: &str) -> Option<Secret> {
    let (bought, seal) = key.rsplit_once('/')?;
    let (cart_id, version) = bought.split_once('/')?;
    let is_theirs = visit.shop.form_keys().signed(visit.cart_secret()?.reveal(), bought, seal);
    is_theirs.then(|| version.parse().ok().map(|version| visit.shop.order_secret(cart_id, version)))?
}

fn to_order(visit: &Visit, secret: &Secret) -> actix_web::HttpResponse {
    let mut response = see_other(format!("/o/{}", secret.reveal()));
    visit.set_cookie(&mut response, visit.shop.cookie_names().make(ORDER, secret.reveal()));
    response
}

/// The order that is made of a cart.
///
/// # Errors
/// A part of the cart is missing.
pub fn purchase(cart: &Cart, secret: &Secret, payment_method: String) -> Result<PlaceOrder, Problem> {
    let incomplete = || Problem::Internal("a cart that is ready to pay lacks a part".to_owned());
    let shipping = cart.shipping.as_ref().ok_or_else(incomplete)?;
    Ok(PlaceOrder {
        key: IdempotencyKey::of(cart.id, &cart.version.to_string()),
        cart_id: cart.id.to_string(),
        cart_version: cart.version,
        secret: secret.clone(),
        email: cart.email.clone().ok_or_else(incomplete)?,
        address: cart.address.clone().ok_or_else(incomplete)?,
        lines: cart.lines.iter().map(line).collect(),
        shipping_method: shipping.method.clone(),
        shipping_price: shipping.price,
        shipping_adjustments: shipping.adjustments.clone(),
        shipping_taxes: shipping.taxes.clone(),
        adjustments: cart.adjustments.clone(),
        tax_lines: cart.tax_lines.clone(),
        tax_contained: cart.tax_contained,
        expected_total: cart.total,
        gift_cards: Vec::new(),
        payment_method,
    })
}

fn line(line: &CartLine) -> PlaceOrderLine {
    PlaceOrderLine {
        variant_id: line.variant_id.clone(),
        title: line.title.clone(),
        options: line.options.clone(),
        sku: line.sku.clone(),
        slug: line.slug.clone(),
        image: line.image.clone(),
        unit_price: line.unit_price,
        quantity: line.quantity,
        weight_grams: line.weight_grams,
        discounts: line.discounts.clone(),
        shares: line.shares.clone(),
        taxes: line.taxes.clone(),
    }
}

/// What to say to a shopper whose order was refused, and the status of the page that says it.
fn refusal(error: &OrdersError, cart: &Cart) -> (Notice, StatusCode) {
    match error {
        OrdersError::OutOfStock { lines } => {
            let titles: Vec<&str> = lines.iter().map(|line| line.title.as_str()).collect();
            let heading = format!("While you were paying, the last of {} was sold", titles.join(" and "));
            let mut notice =
                Notice::new(Tone::Bad, heading, "You have not been charged. Change your cart to buy the rest.");
            notice.action = Some(Link::new("To your cart", "/cart"));
            (notice, StatusCode::CONFLICT)
        }
        OrdersError::ShippingNotOffered { country, .. } => {
            let heading = format!("This delivery is no longer offered to {}", country_name(country.code()));
            let notice = Notice::new(Tone::Bad, heading, "You have not been charged.")
                .with("Choose another", "/checkout/delivery");
            (notice, StatusCode::CONFLICT)
        }
        OrdersError::PaymentNotOffered { .. } => {
            let notice = Notice::new(
                Tone::Bad,
                "This way to pay is not offered for this order",
                "You have not been charged. Choose another.",
            );
            (notice, StatusCode::UNPROCESSABLE_ENTITY)
        }
        OrdersError::GiftCardTooLow { asked, left, .. } => {
            let (asked, left) = (MoneyView::from(*asked).text, MoneyView::from(*left).text);
            let notice = Notice::new(
                Tone::Warn,
                format!("Your gift card has {left} left, not {asked}"),
                "You have not been charged. Look over what is left to pay and press the button again.",
            );
            (notice, StatusCode::CONFLICT)
        }
        OrdersError::TotalChanged { actual, .. } => {
            let (was, now) = (MoneyView::from(cart.total).text, MoneyView::from(*actual).text);
            let notice = Notice::new(
                Tone::Warn,
                format!("Your total changed from {was} to {now}"),
                "You have not been charged. Look it over and press the button again.",
            );
            (notice, StatusCode::CONFLICT)
        }
        other => {
            let notice = Notice::new(
                Tone::Bad,
                "The order was not placed",
                format!("You have not been charged. The reason: {other}."),
            );
            (notice, StatusCode::UNPROCESSABLE_ENTITY)
        }
    }
}
