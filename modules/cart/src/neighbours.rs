//! Asking the neighbours, each for a short time: a cart is shown without the part that does not come.

use std::sync::Arc;
use std::time::Duration;

use billing_api::{Billing, BillingError, ListTaxRules, TaxRule};
use cart_api::{CartError, CartId};
use catalog_api::{Catalog, FindVariants, SaleItem, VariantId};
use inventory_api::{FindStock, Inventory, StockLevel};
use kernel::{CallCtx, CallError, Clock, Country, Currency, IdempotencyKey, Money};
use orders_api::{CancelOrder, FindOrder, ListShippingMethods, Order, Orders, OrdersError, ShippingMethod};

use crate::price::Rates;
use crate::recent::Recent;

/// A page that shows the cart answers within 800 ms, whoever of the neighbours is slow.
const PATIENCE: Duration = Duration::from_millis(800);
/// Ending an order asks billing, which may ask a provider.
const LONG_PATIENCE: Duration = Duration::from_secs(5);

pub(crate) struct Neighbours {
    catalog: Arc<dyn Catalog>,
    inventory: Arc<dyn Inventory>,
    orders: Arc<dyn Orders>,
    billing: Arc<dyn Billing>,
    currency: Currency,
    shipping_methods: Recent<Arc<[ShippingMethod]>>,
    tax_rules: Recent<Arc<[TaxRule]>>,
    clock: Clock,
}

impl Neighbours {
    pub(crate) fn new(
        catalog: Arc<dyn Catalog>,
        inventory: Arc<dyn Inventory>,
        orders: Arc<dyn Orders>,
        billing: Arc<dyn Billing>,
        (clock, currency): (&Clock, Currency),
    ) -> Self {
        Self {
            catalog,
            inventory,
            orders,
            billing,
            currency,
            shipping_methods: Recent::new(clock.clone()),
            tax_rules: Recent::new(clock.clone()),
            clock: clock.clone(),
        }
    }

    /// What the catalog says of `variants`.
    pub(crate) async fn items(
        &self,
        ctx: &CallCtx,
        variants: &[VariantId],
    ) -> Result<Vec<SaleItem>, CallError<CartError>> {
        let ctx = ours(ctx);
        let request = FindVariants { variant_ids: variants.to_vec() };
        in_time(&ctx, self.catalog.variants(&ctx, request)).await.map_err(CallError::unexpected)
    }

    /// What there is of `variants` for the shopper of `cart`, who may hold some; `None` when inventory does not answer.
    pub(crate) async fn stock(
        &self,
        ctx: &CallCtx,
        variants: &[VariantId],
        cart: Option<CartId>,
    ) -> Option<Vec<StockLevel>> {
        let ctx = ours(ctx);
        let held_by = cart.map(|cart| cart.to_string());
        let request = FindStock { held_by, ..FindStock::of(variants.iter().map(VariantId::to_string).collect()) };
        in_time(&ctx, self.inventory.stock_levels(&ctx, request))
            .await
            .inspect_err(|error| tracing::warn!(%error, "stock could not be asked for"))
            .ok()
    }

    /// How goods get to `country`; `None` when orders does not answer and never did.
    ///
    /// Asked for goods that are worth and weigh nothing, so that one answer serves every cart: what a way costs for others
    /// is in its rates, which `price` applies.
    pub(crate) async fn shipping_methods(&self, ctx: &CallCtx, country: Country) -> Option<Arc<[ShippingMethod]>> {
        let ctx = ours(ctx);
        let ask = async {
            let request = ListShippingMethods {
                country,
                subtotal: Money::zero(self.currency),
                weight_grams: 0,
                everywhere: false,
            };
            let mut methods = in_time(&ctx, self.orders.shipping_methods(&ctx, request)).await?;
            methods.retain(|method| method.price.currency == self.currency);
            Ok::<_, CallError<_>>(methods.into())
        };
        self.shipping_methods.get(country, "delivery", ask).await
    }

    /// The taxes on what goes to a postcode in `country`; `None` when billing does not answer and never did.
    pub(crate) async fn rates(&self, ctx: &CallCtx, country: Country, postcode: &str) -> Option<Rates> {
        let ctx = ours(ctx);
        let ask = async {
            let request = ListTaxRules { country: Some(country) };
            Ok::<_, CallError<BillingError>>(in_time(&ctx, self.billing.tax_rules(&ctx, request)).await?.into())
        };
        let rules: Arc<[TaxRule]> = self.tax_rules.get(country, "tax", ask).await?;
        Some(Rates { rules, postcode: postcode.to_owned(), at: self.clock.now() })
    }

    /// What became of a version of a cart, if an order did.
    pub(crate) async fn order_of_cart(
        &self,
        cart_id: &str,
        cart_version: i64,
    ) -> Result<Option<Order>, CallError<CartError>> {
        let ctx = CallCtx::of_module("cart").within(LONG_PATIENCE);
        let request = FindOrder::OfCart { cart_id: cart_id.to_owned(), cart_version };
        in_time(&ctx, self.orders.order(&ctx, request)).await.map_err(CallError::unexpected)
    }

    /// Ends an order that is not paid, because its buyer orders another version of the cart.
    ///
    /// # Errors
    /// It is paid by now, or orders does not answer.
    pub(crate) async fn end_order(&self, order: &Order) -> Result<(), CallError<CartError>> {
        let ctx = CallCtx::of_module("cart").within(LONG_PATIENCE);
        let request = CancelOrder {
            key: IdempotencyKey::of(order.id, "replaced"),
            order_id: order.id,
            reason: "The buyer changed the cart and ordered anew".to_owned(),
            write_off: false,
            unless_placed: true,
        };
        match in_time(&ctx, self.orders.cancel_order(&ctx, request)).await {
            Ok(_) => Ok(()),
            Err(CallError::Domain(OrdersError::NotAllowed { .. })) => Err(CartError::AlreadyOrdered.into()),
            Err(error) => Err(error.unexpected()),
        }
    }
}

fn ours(ctx: &CallCtx) -> CallCtx {
    ctx.through("cart").within(PATIENCE)
}

/// The answer, if it comes before the deadline: also a neighbour in the same process may be slow.
async fn in_time<T, E>(ctx: &CallCtx, call: impl Future<Output = Result<T, CallError<E>>>) -> Result<T, CallError<E>> {
    tokio::time::timeout(ctx.remaining(), call).await.unwrap_or(Err(CallError::DeadlineExceeded))
}
