//! What becomes of a cart and its codes when its order is placed, and of the codes when it is canceled.

use kernel::Clock;
use kernel::inbox::Subscription;
use orders_api::{OrderCanceled, OrderPlaced};

use crate::{claim, store};

/// Listens to orders. Not to be replayed: the shopper may have begun another cart, and lost nothing is closed twice.
pub(crate) fn when_ordered(clock: Clock) -> Subscription {
    let now = clock.clone();
    Subscription::new("cart.orders", "orders")
        .on::<OrderPlaced>(move |conn, _, order| {
            store::cart_complete(conn, &order.cart_id, clock.now())?;
            claim::ordered(conn, &order, clock.now())
        })
        .on::<OrderCanceled>(move |conn, _, order| claim::canceled(conn, &order, now.now()))
        .once()
}
