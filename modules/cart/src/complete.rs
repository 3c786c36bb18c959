//! Closing a cart that was ordered.

use kernel::Clock;
use kernel::inbox::Subscription;
use orders_api::OrderPlaced;

use crate::store;

/// Listens to orders. Not to be replayed: the shopper may have begun another cart, and lost nothing is closed twice.
pub(crate) fn when_ordered(clock: Clock) -> Subscription {
    Subscription::new("cart.orders", "orders")
        .on::<OrderPlaced>(move |conn, _, order| Ok(store::cart_complete(conn, &order.cart_id, clock.now())?))
        .once()
}
