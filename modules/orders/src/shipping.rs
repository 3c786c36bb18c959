//! How goods get to someone, and what that costs.

use orders_api::{ListShippingMethods, ShippingMethod};

use crate::Outcome;
use crate::store::shipping;
use crate::work::Shop;

/// The cheapest first; of equally cheap ones the fastest.
pub(crate) async fn shipping_methods(shop: &Shop, request: ListShippingMethods) -> Outcome<Vec<ShippingMethod>> {
    let mut methods =
        shop.db.read(move |conn| Ok(shipping::methods_to(conn, request.country, request.subtotal)?)).await?;
    methods.sort_by_key(|method| (method.price.amount, method.max_days, method.code.clone()));
    Ok(methods)
}
