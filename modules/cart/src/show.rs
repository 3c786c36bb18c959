//! Showing a cart with present prices and stock. Whatever neighbour is away, the shopper sees what they gathered.

use std::sync::Arc;

use cart_api::{Cart, CartError, CartId, Promotion};
use catalog_api::VariantId;
use kernel::db::AnyConnection;
use kernel::{CallCtx, CallError, Country, Timestamp};

use crate::Service;
use crate::codes;
use crate::owner::Owner;
use crate::price::{Answers, Offers, Terms, price};
use crate::save_shipping::country_of;
use crate::store::{self, StoredCart, StoredLine, promotions};

/// The oldest count.
const MOST_AUTOMATIC: usize = 40;

pub(crate) async fn cart(service: &Service, ctx: &CallCtx) -> Result<Option<Cart>, CallError<CartError>> {
    let Ok(owner) = Owner::of(ctx) else { return Ok(None) };
    let now = service.clock.now();
    let automatic = automatic(service, now).await?;
    let kept = service.db.read(move |conn| Kept::find(conn, &owner, None, (automatic, now))).await?;
    let Some(kept) = kept else { return Ok(None) };
    priced(service, ctx, kept).await.map(Some)
}

/// The cart as it would be with one more code, and whether the shop has told everybody of that code.
pub(crate) async fn with_code(
    service: &Service,
    ctx: &CallCtx,
    code: &str,
) -> Result<Option<(Cart, bool)>, CallError<CartError>> {
    let (owner, now, code) = (Owner::of(ctx)?, service.clock.now(), code.to_owned());
    let (automatic, more) = (automatic(service, now).await?, code.clone());
    let kept = service.db.read(move |conn| Kept::find(conn, &owner, Some(more), (automatic, now))).await?;
    let Some(kept) = kept else { return Ok(None) };
    let announced = kept.offers.given.iter().any(|(given, _)| given.code.code == code && given.promotion.announced);
    Ok(Some((priced(service, ctx, kept).await?, announced)))
}

/// What reduces every cart now. With the codes of a cart it is as much as an order takes.
async fn automatic(service: &Service, now: Timestamp) -> Result<Vec<Promotion>, CallError<CartError>> {
    let read = service.db.read(move |conn| Ok(promotions::promotions_without_code(conn, now)?.into()));
    let all: Arc<[Promotion]> = service.automatic.get(read).await?;
    let is_on = |promotion: &&Promotion| promotion.starts_at <= now && promotion.ends_at.is_none_or(|at| at > now);
    Ok(all.iter().filter(is_on).take(MOST_AUTOMATIC).cloned().collect())
}

/// All that this module knows of what a cart costs.
struct Kept {
    cart: StoredCart,
    lines: Vec<StoredLine>,
    offers: Offers,
}

impl Kept {
    fn find(
        conn: &mut AnyConnection,
        owner: &Owner,
        more: Option<String>,
        (automatic, now): (Vec<Promotion>, Timestamp),
    ) -> Result<Option<Self>, CallError<CartError>> {
        let Some((mut cart, lines)) = store::cart_with_lines(conn, owner)? else { return Ok(None) };
        cart.codes.extend(more.filter(|code| !cart.codes.contains(code)));
        let offers = Offers { automatic, given: codes::given(conn, (cart.id, cart.email.as_ref()), &cart.codes, now)? };
        Ok(Some(Self { cart, lines, offers }))
    }
}

async fn priced(service: &Service, ctx: &CallCtx, kept: Kept) -> Result<Cart, CallError<CartError>> {
    let Kept { cart, lines, offers } = kept;
    let country = country_of(&cart, service.settings.home_country);
    let place = (country, cart.address.as_ref().map_or("", |address| address.postcode.as_str()));
    let variants: Vec<VariantId> = lines.iter().map(|line| line.variant_id).collect();
    let answers =
        if variants.is_empty() { Answers::default() } else { ask(service, ctx, (cart.id, &variants), place).await };
    let terms = Terms { currency: service.settings.currency, country, taxes: service.settings.taxes };
    price(cart, lines, &answers, &offers, terms).map_err(|error| CallError::Internal(error.to_string()))
}

/// All neighbours at once.
async fn ask(
    service: &Service,
    ctx: &CallCtx,
    (cart, variants): (CartId, &[VariantId]),
    (country, postcode): (Country, &str),
) -> Answers {
    let neighbours = &service.neighbours;
    let (items, stock, shipping_methods, rates) = tokio::join!(
        neighbours.items(ctx, variants),
        neighbours.stock(ctx, variants, Some(cart)),
        neighbours.shipping_methods(ctx, country),
        neighbours.rates(ctx, country, postcode),
    );
    let items = items.inspect_err(|error| tracing::warn!(%error, "the cart is shown as it was added")).ok();
    Answers { items, stock, shipping_methods, rates }
}
