//! Buying one version of a cart.
//!
//! The order and its journal are written before anything happens outside this module. A repeat of the call finds them
//! and joins: it waits for the one who works on the order, or takes up what was left undone.
//!
//! A cart version is ordered once. But an order that ended before it was placed or paid, for instance because something
//! was sold out, gives its key, its secret and its cart version to the order that the shopper tries next.

use std::time::Duration;

use accounts_api::Permission;
use billing_api::{GiftCardId, MOST_GIFT_CARDS};
use kernel::db::AnyConnection;
use kernel::secret::sha256_hex;
use kernel::{Address, CallCtx, CallError, Currency, Money, NotExecuted, Timestamp, outbox};
use orders_api::{
    GIFT_CARD, OrderCoupon, OrderGiftCard, OrderId, OrderLine, OrderLineId, OrderStatus, OrdersError, PAYMENT_LINK,
    PaymentRequested, PaymentStatus, PlaceOrder, PlaceOrderLine, PlacedOrder, ShippingMethod,
};

use crate::Outcome;
use crate::find::Viewer;
use crate::journal::{Act, Happened, Head, LEASE, Purchase, Saga, SagaStatus, Step, internal};
use crate::parts::{HIGHEST_TOTAL, Parts, check_amount, coupons, line_total, weight};
use crate::saga::Turn;
use crate::shipping::methods_to;
use crate::status::Status;
use crate::store::orders::Earlier;
use crate::store::{events, orders, sagas};
use crate::work::{Errand, Report, Shop};

const LONGEST_FIELD: usize = 200;
/// Of the code of a gift card.
const LONGEST_ENDING: usize = 8;
/// How long an order may be paid. The hold of its stock is shorter, and is renewed when it is paid in time.
const PAYMENT_TIME: Duration = Duration::from_secs(30 * 60);
/// How long an order that staff made may be paid.
const LINK_TIME: Duration = Duration::from_secs(7 * 24 * 3_600);
/// How often the same cart may be ordered by someone else between a look and a try.
const TRIES: usize = 3;

/// An order that may be made.
pub(crate) struct Draft {
    pub(crate) request: PlaceOrder,
    pub(crate) request_hash: String,
    pub(crate) parts: Parts,
    pub(crate) shipping: ShippingMethod,
    pub(crate) coupons: Vec<OrderCoupon>,
    lines: Vec<OrderLine>,
}

impl Draft {
    /// Units.
    pub(crate) fn item_count(&self) -> i64 {
        self.lines.iter().map(|line| line.quantity.get()).sum()
    }
}

/// Makes the order and carries it on, or joins the one that the first call made.
pub(crate) async fn place_order(shop: &Shop, ctx: &CallCtx, request: PlaceOrder) -> Outcome<PlacedOrder> {
    let request_hash = sha256_hex(&serde_json::to_vec(&request).map_err(internal)?);
    let parts = Parts::of(&request, shop.settings.currency)?;
    for _ in 0..TRIES {
        let (earlier, methods) = look(shop, &request, parts.goods()).await?;
        let ended = match earlier {
            Some(earlier) if !is_abandoned(&earlier) => return join(shop, ctx, &earlier, &request_hash).await,
            earlier => earlier.map(|earlier| earlier.id),
        };
        let draft = draft(request.clone(), request_hash.clone(), parts, methods, shop.settings.currency)?;
        check_payer(ctx, &draft.request)?;
        match create(shop, ctx, draft, ended).await {
            Err(CallError::NotExecuted { reason: NotExecuted::Conflict, .. }) => {}
            Ok((purchase, _)) if is_paid_later(&purchase) => return answer(Report::as_written(purchase)),
            Ok((purchase, lines)) => return first_turn(shop, ctx, purchase, &lines).await,
            Err(error) => return Err(error),
        }
    }
    Err(CallError::not_executed(NotExecuted::Conflict))
}

/// What was made of this cart version before, and how its goods could be sent now.
async fn look(shop: &Shop, request: &PlaceOrder, goods: Money) -> Outcome<(Option<Earlier>, Vec<ShippingMethod>)> {
    let grams = weight(&request.lines)?;
    let (key, cart_id, cart_version) = (request.key.to_string(), request.cart_id.clone(), request.cart_version);
    let country = request.address.country;
    shop.db
        .read(move |conn| {
            let earlier = orders::order_of_cart(conn, &key, &cart_id, cart_version)?;
            Ok((earlier, methods_to(conn, country, goods, grams)?))
        })
        .await
}

/// Whether another order may take its place.
fn is_abandoned(earlier: &Earlier) -> bool {
    earlier.status.has_ended() && earlier.placed_at.is_none() && earlier.status.payment == PaymentStatus::Voided
}

async fn join(shop: &Shop, ctx: &CallCtx, earlier: &Earlier, request_hash: &str) -> Outcome<PlacedOrder> {
    if earlier.request_hash != request_hash {
        return Err(CallError::not_executed(NotExecuted::KeyReused));
    }
    answer(wait_for(shop, ctx, earlier.id).await?)
}

async fn wait_for(shop: &Shop, ctx: &CallCtx, order_id: OrderId) -> Outcome<Report> {
    let errand = Errand::new(&Viewer::Shop, |status| status == SagaStatus::Buying);
    Ok(shop.with_page(ctx, shop.carry_on(ctx, order_id, errand).await?).await)
}

async fn first_turn(shop: &Shop, ctx: &CallCtx, purchase: Purchase, lines: &[OrderLine]) -> Outcome<PlacedOrder> {
    let order_id = purchase.order.id;
    match Turn::new(shop, ctx, purchase, lines).impatient().go().await? {
        Some(report) => answer(report),
        None => answer(wait_for(shop, ctx, order_id).await?),
    }
}

fn answer(report: Report) -> Outcome<PlacedOrder> {
    let (order_id, number) = (report.purchase.order.id, report.purchase.order.number.clone());
    Ok(PlacedOrder { order_id, number, progress: report.into_answer()? })
}

/// Writes the order and its journal, in place of the one that has `ended`.
async fn create(
    shop: &Shop,
    ctx: &CallCtx,
    draft: Draft,
    ended: Option<OrderId>,
) -> Outcome<(Purchase, Vec<OrderLine>)> {
    let act = shop.act(ctx);
    let owner = shop.owner.to_string();
    shop.db
        .write(move |conn| {
            let order = order_create(conn, &draft, ended, &act)?;
            let saga = saga_create(conn, &order, owner, &act)?;
            if saga.payment_method == PAYMENT_LINK {
                let (order_id, number, total) = (order.id, order.number.clone(), order.total);
                outbox::publish(conn, act.trace, &PaymentRequested { order_id, number, total })?;
            }
            Ok((Purchase { order, saga }, draft.lines))
        })
        .await
}

fn order_create(conn: &mut AnyConnection, draft: &Draft, ended: Option<OrderId>, act: &Act) -> Outcome<Head> {
    let id = OrderId::new();
    if let Some(ended) = ended
        && !orders::order_supersede(conn, ended, id)?
    {
        return Err(CallError::not_executed(NotExecuted::Conflict));
    }
    let order = Head {
        id,
        number: orders::number_next(conn)?,
        cart_id: draft.request.cart_id.clone(),
        cart_version: draft.request.cart_version,
        status: Status::NEW,
        total: draft.request.expected_total,
        gift_cards: draft.request.gift_cards.clone(),
        unpaid: 0,
        coupons: draft.coupons.clone(),
        payment_method: draft.request.payment_method.clone(),
        payment_instructions: Vec::new(),
        version: 1,
        placed_at: None,
    };
    orders::order_insert(conn, &order, draft, act.at)?;
    orders::lines_insert(conn, id, &draft.lines)?;
    let created = Happened { kind: "created", message: "Order created".to_owned(), status: OrderStatus::Pending };
    events::events_insert(conn, id, 0, &[created], act)?;
    Ok(order)
}

/// The journal of a new order, owned by the one who makes it.
fn saga_create(conn: &mut AnyConnection, order: &Head, owner: String, act: &Act) -> Outcome<Saga> {
    if order.payment_method == PAYMENT_LINK {
        return pay_later(conn, order, owner, act);
    }
    let lease_expires_at = act.at.plus(LEASE);
    let saga = Saga {
        status: SagaStatus::Buying,
        try_number: 1,
        payment_method: order.payment_method.clone(),
        payment_failure: None,
        detail: None,
        refusal: None,
        last_error: None,
        owner,
        epoch: 1,
        lease_expires_at,
        attempts: 0,
        next_attempt_at: Some(lease_expires_at),
        gives_up_at: act.at.plus(PAYMENT_TIME),
        write_off: false,
    };
    sagas::saga_insert(conn, order.id, &saga)?;
    let is_free = order.total.amount == 0;
    let steps: &[Step] =
        if is_free { &[Step::Reserve, Step::Allocate] } else { &[Step::Reserve, Step::Pay, Step::Allocate] };
    sagas::steps_announce(conn, order.id, saga.try_number, steps, act.at)?;
    Ok(saga)
}

/// The journal of an order whose buyer has not begun to pay. There is nothing to do until they do, or its time is over.
fn pay_later(conn: &mut AnyConnection, order: &Head, owner: String, act: &Act) -> Outcome<Saga> {
    let gives_up_at = act.at.plus(LINK_TIME);
    let saga = Saga {
        status: SagaStatus::AwaitingPayment,
        try_number: 1,
        payment_method: order.payment_method.clone(),
        payment_failure: None,
        detail: None,
        refusal: None,
        last_error: None,
        owner,
        epoch: 1,
        lease_expires_at: Timestamp(0),
        attempts: 0,
        next_attempt_at: Some(gives_up_at),
        gives_up_at,
        write_off: false,
    };
    sagas::saga_insert(conn, order.id, &saga)?;
    Ok(saga)
}

fn is_paid_later(purchase: &Purchase) -> bool {
    purchase.saga.payment_method == PAYMENT_LINK
}

/// Only staff let someone pay later, and only when there is something to pay.
fn check_payer(ctx: &CallCtx, request: &PlaceOrder) -> Result<(), OrdersError> {
    if request.payment_method != PAYMENT_LINK {
        return Ok(());
    }
    if !Viewer::for_staff(ctx, Permission::ManageOrders)?.sees_all() {
        return Err(OrdersError::PaymentNotOffered { method: request.payment_method.clone() });
    }
    match request.expected_total.amount {
        0 => Err(OrdersError::invalid("payment_method", "there is nothing to pay later")),
        _ => Ok(()),
    }
}

/// Checks all that can be checked before anything is done.
fn draft(
    request: PlaceOrder,
    request_hash: String,
    parts: Parts,
    methods: Vec<ShippingMethod>,
    currency: Currency,
) -> Result<Draft, OrdersError> {
    check_address(&request.address)?;
    check_text("cart_id", &request.cart_id)?;
    check_text("shipping_method", &request.shipping_method)?;
    check_text("payment_method", &request.payment_method)?;
    check_amount("expected_total", request.expected_total, currency, HIGHEST_TOTAL)?;
    let shipping = offered(&request, parts, methods)?;
    check_gift_cards(&request)?;
    if request.tax_contained.amount > request.expected_total.amount {
        return Err(OrdersError::invalid("tax_contained", "it cannot be more than the total"));
    }
    let lines = request.lines.iter().map(|line| order_line(line, currency)).collect::<Result<_, _>>()?;
    let coupons = coupons(&request);
    Ok(Draft { request, request_hash, parts, shipping, coupons, lines })
}

/// Gift cards pay parts of the total; who pays all of it with them needs no other way to pay, and nobody else can do without.
fn check_gift_cards(request: &PlaceOrder) -> Result<(), OrdersError> {
    let invalid = |problem: String| OrdersError::invalid("gift_cards", problem);
    let (cards, total) = (&request.gift_cards, request.expected_total);
    if cards.len() > MOST_GIFT_CARDS {
        return Err(invalid(format!("use at most {MOST_GIFT_CARDS}")));
    }
    let mut by_cards = 0;
    for (place, OrderGiftCard { gift_card_id, last_four, amount }) in cards.iter().enumerate() {
        check_amount("gift_cards", *amount, total.currency, total.amount)?;
        let is_known = gift_card_id.parse::<GiftCardId>().is_ok() && last_four.len() <= LONGEST_ENDING;
        let is_again = cards[..place].iter().any(|other| other.gift_card_id == *gift_card_id);
        if amount.amount < 1 || !is_known || is_again {
            return Err(invalid("let each card pay once, and at least 1 minor unit".to_owned()));
        }
        by_cards += amount.amount;
    }
    let left = total.amount - by_cards;
    if left < 0 {
        return Err(invalid(format!("they pay more than {total}")));
    }
    match request.payment_method.as_str() {
        PAYMENT_LINK if by_cards > 0 => Err(invalid("who pays later cannot use them".to_owned())),
        GIFT_CARD if left > 0 || by_cards == 0 => Err(OrdersError::PaymentNotOffered { method: GIFT_CARD.to_owned() }),
        method if method != GIFT_CARD && left == 0 && by_cards > 0 => {
            Err(OrdersError::PaymentNotOffered { method: method.to_owned() })
        }
        _ => Ok(()),
    }
}

/// The way to send it, at the price and total that the shopper saw.
fn offered(request: &PlaceOrder, parts: Parts, methods: Vec<ShippingMethod>) -> Result<ShippingMethod, OrdersError> {
    let expected = request.expected_total;
    let seen = parts.total(request.shipping_price)?;
    if seen != expected {
        return Err(OrdersError::TotalChanged { expected, actual: seen });
    }
    let not_offered = || OrdersError::ShippingNotOffered {
        method: request.shipping_method.clone(),
        country: request.address.country,
    };
    let method = methods.into_iter().find(|method| method.code == request.shipping_method).ok_or_else(not_offered)?;
    let reduced = (method.price.amount - parts.shipping_discount.amount).max(0);
    let actual = parts.total(Money::new(reduced, expected.currency))?;
    if actual == expected { Ok(method) } else { Err(OrdersError::TotalChanged { expected, actual }) }
}

fn order_line(line: &PlaceOrderLine, currency: Currency) -> Result<OrderLine, OrdersError> {
    Ok(OrderLine {
        id: OrderLineId::new(),
        variant_id: line.variant_id.clone(),
        title: line.title.clone(),
        options: line.options.clone(),
        sku: line.sku.clone(),
        slug: line.slug.clone(),
        image: line.image.clone(),
        unit_price: line.unit_price,
        quantity: line.quantity,
        discounts: line.discounts.clone(),
        line_total: line_total(line, currency)?,
        shares: line.shares.clone(),
        taxes: line.taxes.clone(),
        packed: 0,
        shipped: 0,
        returned: 0,
        coming_back: 0,
    })
}

fn check_address(address: &Address) -> Result<(), OrdersError> {
    check_text("address.name", &address.name)?;
    check_text("address.line1", &address.line1)?;
    check_text("address.postcode", &address.postcode)?;
    check_text("address.city", &address.city)?;
    for (field, text) in [("address.line2", &address.line2), ("address.phone", &address.phone)] {
        if let Some(text) = text {
            check_text(field, text)?;
        }
    }
    Ok(())
}

fn check_text(field: &str, text: &str) -> Result<(), OrdersError> {
    if text.trim().is_empty() {
        return Err(OrdersError::invalid(field, "fill this in"));
    }
    if text.chars().count() > LONGEST_FIELD || text.chars().any(char::is_control) {
        return Err(OrdersError::invalid(field, format!("use one line of at most {LONGEST_FIELD} characters")));
    }
    Ok(())
}
