//! Showing a cart with present prices and stock. Whatever neighbour is away, the shopper sees what they gathered.

use cart_api::{Cart, CartError, CartId};
use catalog_api::VariantId;
use kernel::{CallCtx, CallError, Country};

use crate::Service;
use crate::owner::Owner;
use crate::price::{Answers, price};
use crate::store;

pub(crate) async fn cart(service: &Service, ctx: &CallCtx) -> Result<Option<Cart>, CallError<CartError>> {
    let Ok(owner) = Owner::of(ctx) else { return Ok(None) };
    let found =
        service.db.read(move |conn| Ok::<_, CallError<CartError>>(store::cart_with_lines(conn, &owner)?)).await?;
    let Some((cart, lines)) = found else { return Ok(None) };
    let country = cart.address.as_ref().map_or(service.settings.home_country, |address| address.country);
    let variants: Vec<VariantId> = lines.iter().map(|line| line.variant_id).collect();
    let answers =
        if variants.is_empty() { Answers::default() } else { ask(service, ctx, (cart.id, &variants), country).await };
    price(cart, lines, &answers, (service.settings.currency, country))
        .map(Some)
        .map_err(|error| CallError::Internal(error.to_string()))
}

/// All neighbours at once.
async fn ask(service: &Service, ctx: &CallCtx, (cart, variants): (CartId, &[VariantId]), country: Country) -> Answers {
    let neighbours = &service.neighbours;
    let (items, stock, shipping_methods, tax_rate) = tokio::join!(
        neighbours.items(ctx, variants),
        neighbours.stock(ctx, variants, Some(cart)),
        neighbours.shipping_methods(ctx, country),
        neighbours.tax_rate(ctx, country),
    );
    let items = items.inspect_err(|error| tracing::warn!(%error, "the cart is shown as it was added")).ok();
    Answers { items, stock, shipping_methods, tax_rate }
}
