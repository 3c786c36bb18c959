//! A shop of which only the carts are real.

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use billing_api::{Billing, MockBilling, TaxRule};
use cart::CartSettings;
use cart_api::{AddLine, Cart, CartError, Carts, ClaimCodes, CodeState, FindCart, LineAdded, SaveContact, TaxPolicy};
use catalog_api::{Catalog, MockCatalog, ProductId, SaleItem, VariantId};
use inventory_api::{Inventory, MockInventory, StockLevel};
use kernel::db::Db;
use kernel::event::{Envelope, Event};
use kernel::inbox::Subscription;
use kernel::module::Worker;
use kernel::testing::TestHome;
use kernel::{
    Address, CallCtx, CallError, Clock, Country, Currency, IdempotencyKey, Money, Principal, Quantity, Secret,
    TaxClass, Timestamp,
};
use orders_api::{
    FindOrder, FulfillmentStatus, MockOrders, Order, OrderCanceled, OrderCoupon, OrderId, OrderPlaced, OrderStatus,
    Orders, PaymentStatus, ShippingLine, ShippingMethod, ShippingRate,
};

pub(crate) const TUESDAY_NOON: Timestamp = Timestamp(1_763_467_200_000_000);

/// What the neighbours say, and how often they were asked.
pub(crate) struct World {
    pub(crate) items: Vec<SaleItem>,
    pub(crate) stock: Vec<StockLevel>,
    pub(crate) shipping: Vec<(Country, ShippingMethod)>,
    /// What was ordered.
    pub(crate) ordered: Vec<Order>,
    pub(crate) catalog_is_away: bool,
    pub(crate) inventory_is_away: bool,
    pub(crate) orders_is_away: bool,
    pub(crate) billing_is_away: bool,
    /// Of catalog, inventory, orders and billing.
    pub(crate) asked: [u32; 4],
}

pub(crate) struct Shop {
    pub(crate) carts: Arc<dyn Carts>,
    pub(crate) clock: Clock,
    pub(crate) db: Db,
    pub(crate) subscription: Subscription,
    pub(crate) workers: Vec<Worker>,
    world: Arc<Mutex<World>>,
}

impl Shop {
    /// Sells nothing yet, and delivers to Austria by `standard` and `express` and to Germany by `standard`.
    pub(crate) async fn open(home: &TestHome) -> Self {
        Self::open_with(home, |_| {}).await
    }

    /// The same with other neighbours.
    pub(crate) async fn open_with(home: &TestHome, change: impl FnOnce(&mut Neighbours)) -> Self {
        Self::open_as(home, change, settings()).await
    }

    /// A shop that taxes otherwise.
    pub(crate) async fn open_taxing(home: &TestHome, taxes: TaxPolicy) -> Self {
        Self::open_as(home, |_| {}, CartSettings { taxes, ..settings() }).await
    }

    /// A shop that counts in another currency.
    pub(crate) async fn open_counting_in(home: &TestHome, currency: Currency) -> Self {
        Self::open_as(home, |_| {}, CartSettings { currency, ..settings() }).await
    }

    async fn open_as(home: &TestHome, change: impl FnOnce(&mut Neighbours), settings: CartSettings) -> Self {
        let shipping = vec![
            (country("AT"), method("standard", 490, Some(5_000))),
            (country("AT"), method("express", 990, None)),
            (country("DE"), method("standard", 690, None)),
        ];
        let world = Arc::new(Mutex::new(World {
            items: Vec::new(),
            stock: Vec::new(),
            shipping,
            ordered: Vec::new(),
            catalog_is_away: false,
            inventory_is_away: false,
            orders_is_away: false,
            billing_is_away: false,
            asked: [0; 4],
        }));
        let mut neighbours = Neighbours::of(&world);
        change(&mut neighbours);
        let Neighbours { catalog, inventory, orders, billing } = neighbours;
        let (db, clock) = (home.open(cart::schema()).await, Clock::fixed(TUESDAY_NOON));
        let mut started = cart::start(db.clone(), clock.clone(), catalog, inventory, orders, billing, settings);
        let subscription = started.subscriptions.remove(0);
        Self { carts: started.service, clock, db, subscription, workers: started.workers, world }
    }

    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().expect("no test panicked with it")
    }

    /// Sells something that costs `price` cents and of which there are `available`.
    pub(crate) fn sell(&self, title: &str, price: i64, available: i64) -> VariantId {
        let variant_id = VariantId::new();
        let mut world = self.world();
        world.items.push(item(variant_id, title, eur(price)));
        world.stock.push(level(variant_id, available));
        variant_id
    }

    /// Changes what the catalog says of a variant.
    pub(crate) fn change_item(&self, variant: VariantId, change: impl FnOnce(&mut SaleItem)) {
        change(self.world().items.iter_mut().find(|item| item.variant_id == variant).expect("sold"));
    }

    /// Changes what inventory says of a variant.
    pub(crate) fn change_stock(&self, variant: VariantId, change: impl FnOnce(&mut StockLevel)) {
        let variant = variant.to_string();
        change(self.world().stock.iter_mut().find(|level| level.variant_id == variant).expect("stocked"));
    }

    pub(crate) async fn add(
        &self,
        ctx: &CallCtx,
        variant: VariantId,
        quantity: i64,
    ) -> Result<LineAdded, CallError<CartError>> {
        self.carts.add_line(ctx, add_line(variant, quantity)).await
    }

    pub(crate) async fn cart(&self, ctx: &CallCtx) -> Option<Cart> {
        self.carts.cart(ctx, FindCart {}).await.expect("the cart can be shown")
    }

    /// Lines, units, subtotal, total.
    pub(crate) async fn sums(&self, ctx: &CallCtx) -> (usize, i64, i64, i64) {
        let cart = self.cart(ctx).await.expect("a cart");
        (cart.lines.len(), cart.item_count, cart.subtotal.amount, cart.total.amount)
    }

    /// Delivers to Austria for nothing.
    pub(crate) fn deliver_free(&self) {
        self.world().shipping = vec![(country("AT"), method("standard", 0, None))];
    }

    /// Delivers for `price` cents from some weight on, and nothing that weighs more than `most`.
    pub(crate) fn weigh_deliveries(&self, from_grams: i64, price: i64, most: i64) {
        for (_, method) in &mut self.world().shipping {
            method.rates = vec![ShippingRate { from_worth: None, from_grams, price: eur(price) }];
            method.max_grams = Some(most);
        }
    }

    /// Claims the codes of the cart as the button does that orders it.
    pub(crate) async fn claim(&self, ctx: &CallCtx) -> Result<(), CallError<CartError>> {
        let cart = self.cart(ctx).await.expect("a cart");
        self.carts.claim_codes(ctx, claim_of(&cart)).await
    }

    /// Claims the codes of the cart and places its order, which the cart then hears of.
    pub(crate) async fn order(&self, ctx: &CallCtx) -> Result<Order, CallError<CartError>> {
        let order = self.begin_order(ctx).await?;
        self.place(&order).await;
        Ok(order)
    }

    /// Claims the codes of the cart and makes its order, which is not placed yet.
    pub(crate) async fn begin_order(&self, ctx: &CallCtx) -> Result<Order, CallError<CartError>> {
        let cart = self.cart(ctx).await.expect("a cart");
        self.carts.claim_codes(ctx, claim_of(&cart)).await?;
        let order = order_of(&cart, self.clock.now());
        self.world().ordered.push(order.clone());
        Ok(order)
    }

    /// An order is placed, and the cart hears of it.
    pub(crate) async fn place(&self, order: &Order) {
        self.change_order(order.id, OrderStatus::Placed);
        let placed = OrderPlaced {
            order_id: order.id,
            number: order.number.clone(),
            cart_id: order.cart_id.clone(),
            cart_version: order.cart_version,
            total: order.total,
            coupons: coupons(order),
        };
        self.hear(&placed).await;
    }

    /// An order is canceled, and the cart hears of it.
    pub(crate) async fn cancel(&self, order: &Order) {
        self.change_order(order.id, OrderStatus::Canceled);
        let was_placed = self.world().ordered.iter().any(|known| known.id == order.id && known.placed_at.is_some());
        let canceled = OrderCanceled {
            order_id: order.id,
            number: order.number.clone(),
            reason: "Changed my mind".to_owned(),
            cart_id: order.cart_id.clone(),
            cart_version: order.cart_version,
            coupons: coupons(order),
            was_placed,
        };
        self.hear(&canceled).await;
    }

    /// Changes what orders says of an order.
    pub(crate) fn change_order(&self, id: OrderId, status: OrderStatus) {
        let now = self.clock.now();
        let mut world = self.world();
        let order = world.ordered.iter_mut().find(|order| order.id == id).expect("ordered");
        order.status = status;
        if status == OrderStatus::Placed {
            order.placed_at = Some(now);
        }
    }

    /// Hears an event of orders.
    pub(crate) async fn hear<E: Event>(&self, event: &E) {
        let envelope = Envelope {
            id: kernel::id::new_id("evt"),
            kind: E::KIND.to_owned(),
            schema_version: 1,
            aggregate_id: event.aggregate_id(),
            aggregate_version: 1,
            payload: serde_json::to_value(event).expect("JSON"),
            trace: CallCtx::of_module("orders").trace.to_string(),
            created_at: TUESDAY_NOON,
        };
        let handler = self.subscription.handler.clone();
        let heard = self.db.write(move |conn| {
            handler(conn, &envelope).map_err(|error| CallError::<CartError>::Internal(error.to_string()))
        });
        heard.await.expect("heard");
    }

    pub(crate) async fn version(&self, ctx: &CallCtx) -> i64 {
        self.cart(ctx).await.expect("a cart").version
    }
}

pub(crate) struct Neighbours {
    pub(crate) catalog: Arc<dyn Catalog>,
    pub(crate) inventory: Arc<dyn Inventory>,
    pub(crate) orders: Arc<dyn Orders>,
    pub(crate) billing: Arc<dyn Billing>,
}

impl Neighbours {
    fn of(world: &Arc<Mutex<World>>) -> Self {
        Self {
            catalog: Arc::new(catalog(Arc::clone(world))),
            inventory: Arc::new(inventory(Arc::clone(world))),
            orders: Arc::new(orders(Arc::clone(world))),
            billing: Arc::new(billing(Arc::clone(world))),
        }
    }
}

fn catalog(world: Arc<Mutex<World>>) -> MockCatalog {
    let mut catalog = MockCatalog::new();
    catalog.expect_variants().returning(move |_, request| {
        let mut world = world.lock().expect("no test panicked with it");
        world.asked[0] += 1;
        if world.catalog_is_away {
            return Err(CallError::unreachable("catalog is away"));
        }
        Ok(world.items.iter().filter(|item| request.variant_ids.contains(&item.variant_id)).cloned().collect())
    });
    catalog
}

fn inventory(world: Arc<Mutex<World>>) -> MockInventory {
    let mut inventory = MockInventory::new();
    inventory.expect_stock_levels().returning(move |_, request| {
        let mut world = world.lock().expect("no test panicked with it");
        world.asked[1] += 1;
        if world.inventory_is_away {
            return Err(CallError::unreachable("inventory is away"));
        }
        Ok(world.stock.iter().filter(|level| request.variant_ids.contains(&level.variant_id)).cloned().collect())
    });
    inventory
}

fn orders(world: Arc<Mutex<World>>) -> MockOrders {
    let mut orders = MockOrders::new();
    let shared = Arc::clone(&world);
    orders.expect_order().returning(move |_, request| {
        let world = shared.lock().expect("no test panicked with it");
        if world.orders_is_away {
            return Err(CallError::unreachable("orders is away"));
        }
        let FindOrder::OfCart { cart_id, cart_version } = request else { return Ok(None) };
        let is_it = |order: &&Order| order.cart_id == cart_id && order.cart_version == cart_version;
        Ok(world.ordered.iter().rev().find(is_it).cloned())
    });
    let shared = Arc::clone(&world);
    orders.expect_cancel_order().returning(move |_, request| {
        let mut world = shared.lock().expect("no test panicked with it");
        let order = world.ordered.iter_mut().find(|order| order.id == request.order_id).expect("ordered");
        order.status = OrderStatus::Canceled;
        Ok(order.clone())
    });
    orders.expect_shipping_methods().returning(move |_, request| {
        let mut world = world.lock().expect("no test panicked with it");
        world.asked[2] += 1;
        if world.orders_is_away {
            return Err(CallError::unreachable("orders is away"));
        }
        let there = world.shipping.iter().filter(|(country, _)| *country == request.country);
        Ok(there.map(|(_, method)| method.clone()).collect())
    });
    orders
}

fn billing(world: Arc<Mutex<World>>) -> MockBilling {
    let mut billing = MockBilling::new();
    billing.expect_tax_rules().returning(move |_, request| {
        let mut world = world.lock().expect("no test panicked with it");
        world.asked[3] += 1;
        if world.billing_is_away {
            return Err(CallError::unreachable("billing is away"));
        }
        let country = request.country.expect("of one country");
        let rule = |region: &str, basis_points| TaxRule {
            country,
            region: region.to_owned(),
            class: TaxClass::default(),
            valid_from: Timestamp(0),
            name: "VAT".to_owned(),
            basis_points,
        };
        // Jungholz is taxed as Germany is, from which alone it can be reached.
        let region = rule("6691", 1_900);
        let reduced = TaxRule { class: tax_class("reduced"), ..rule("", 1_000) };
        Ok(vec![rule("", if country.code() == "DE" { 1_900 } else { 2_000 }), region, reduced])
    });
    billing
}

/// The codes of a cart that take something off.
fn claim_of(cart: &Cart) -> ClaimCodes {
    let applied = cart.codes.iter().filter(|given| matches!(given.state, CodeState::Applied { .. }));
    ClaimCodes {
        key: IdempotencyKey::new(),
        cart_version: cart.version,
        codes: applied.map(|given| given.code.clone()).collect(),
    }
}

fn coupons(order: &Order) -> Vec<OrderCoupon> {
    let coupon = |adjustment: &kernel::Adjustment| {
        Some(OrderCoupon { promotion_id: adjustment.promotion_id.clone(), code: adjustment.code.clone()? })
    };
    order.adjustments.iter().filter_map(coupon).collect()
}

/// The order that a cart becomes.
fn order_of(cart: &Cart, now: Timestamp) -> Order {
    let nothing = Money::zero(cart.total.currency);
    Order {
        id: OrderId::new(),
        number: "1001".to_owned(),
        status: OrderStatus::Pending,
        payment_status: PaymentStatus::Unpaid,
        fulfillment_status: FulfillmentStatus::Unfulfilled,
        email: cart.email.clone().expect("a contact"),
        address: cart.address.clone().expect("a contact"),
        cart_id: cart.id.to_string(),
        cart_version: cart.version,
        lines: Vec::new(),
        shipping: ShippingLine {
            method: "standard".to_owned(),
            name: "Standard".to_owned(),
            price: nothing,
            adjustments: Vec::new(),
            taxes: Vec::new(),
        },
        subtotal: cart.subtotal,
        adjustments: cart.adjustments.clone(),
        tax_lines: cart.tax_lines.clone(),
        total: cart.total,
        tax_contained: cart.tax_contained,
        gift_cards: Vec::new(),
        unpaid: None,
        payment_method: "test".to_owned(),
        payment_instructions: Vec::new(),
        fulfillments: Vec::new(),
        refunds: Vec::new(),
        returns: Vec::new(),
        timeline: Vec::new(),
        created_at: now,
        placed_at: None,
        pay_by: None,
    }
}

/// Someone with a cart's secret that nobody else has.
fn settings() -> CartSettings {
    CartSettings { currency: Currency::eur(), home_country: country("AT"), taxes: TaxPolicy::default() }
}

pub(crate) fn guest() -> CallCtx {
    CallCtx::new("app", Principal::Guest(Secret::generate()))
}

pub(crate) fn eur(amount: i64) -> Money {
    Money::new(amount, Currency::eur())
}

pub(crate) fn country(code: &str) -> Country {
    code.parse().expect("a country")
}

pub(crate) fn quantity(number: i64) -> Quantity {
    number.try_into().expect("a quantity")
}

pub(crate) fn minutes(number: u64) -> Duration {
    Duration::from_secs(number * 60)
}

pub(crate) fn add_line(variant: VariantId, number: i64) -> AddLine {
    AddLine {
        key: IdempotencyKey::new(),
        variant_id: variant.to_string(),
        quantity: quantity(number),
        expected_price: None,
    }
}

/// Ada's, in Vienna.
pub(crate) fn contact() -> SaveContact {
    SaveContact {
        key: IdempotencyKey::new(),
        email: "ada@example.org".parse().expect("an address"),
        address: Address {
            name: "Ada Lovelace".to_owned(),
            line1: "Kirchengasse 1".to_owned(),
            line2: None,
            postcode: "1070".to_owned(),
            city: "Wien".to_owned(),
            country: country("AT"),
            phone: None,
        },
    }
}

/// Ada's, in Berlin.
pub(crate) fn german_contact() -> SaveContact {
    let contact = contact();
    let address =
        Address { postcode: "10115".to_owned(), city: "Berlin".to_owned(), country: country("DE"), ..contact.address };
    SaveContact { address, ..contact }
}

fn item(variant_id: VariantId, title: &str, price: Money) -> SaleItem {
    SaleItem {
        variant_id,
        product_id: ProductId::new(),
        slug: title.to_lowercase().replace(' ', "-"),
        title: title.to_owned(),
        options: "White".to_owned(),
        sku: Some(format!("{}-1", title.to_uppercase())),
        price,
        tiers: Vec::new(),
        weight_grams: None,
        media: None,
        for_sale: true,
        category: None,
        compare_at_price: None,
        tax_class: TaxClass::default(),
    }
}

pub(crate) fn tax_class(name: &str) -> TaxClass {
    name.parse().expect("a tax class")
}

fn level(variant_id: VariantId, available: i64) -> StockLevel {
    StockLevel {
        variant_id: variant_id.to_string(),
        sku: None,
        on_hand: available,
        reserved: 0,
        allocated: 0,
        available,
        track_inventory: true,
        backorderable: false,
        low_stock_threshold: 0,
        ..StockLevel::default()
    }
}

fn method(code: &str, price: i64, free_from: Option<i64>) -> ShippingMethod {
    ShippingMethod {
        code: code.to_owned(),
        name: code.to_owned(),
        price: eur(price),
        free_from: free_from.map(eur),
        min_days: 1,
        max_days: 3,
        rates: Vec::new(),
        max_grams: None,
        countries: Vec::new(),
        version: 1,
    }
}
