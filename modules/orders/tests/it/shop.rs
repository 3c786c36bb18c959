//! The shop in which tests buy: chalk for 2.50, standard delivery for 4.90.

use std::sync::Arc;
use std::time::Duration;

use billing_api::{PaymentCaptured, PaymentRefunded, RefundId, SessionId};
use kernel::db::Db;
use kernel::event::{Envelope, Event};
use kernel::inbox::HandlerError;
use kernel::module::Started;
use kernel::stop::{Stop, Stopper};
use kernel::testing::TestHome;
use kernel::{
    Address, CallCtx, CallError, Clock, Currency, IdempotencyKey, Principal, Quantity, Secret, Timestamp,
    principal::Staff,
};
use orders::OrdersSettings;
use orders_api::{
    AdvanceOrder, CancelOrder, FindOrder, FulfillmentLine, MarkPaid, Order, OrderId, OrderProgress, Orders,
    OrdersError, Pack, PlaceOrder, PlaceOrderLine, PlacedOrder, RefundOrder, RefundTo, RetryPayment, Ship,
};
use tokio::task::JoinHandle;

use crate::neighbors::{Bank, Warehouse, country, eur};

pub(crate) const CHALK: &str = "var_chalk";
pub(crate) const SLATE: &str = "var_slate";
/// Standard delivery.
pub(crate) const DELIVERY: i64 = 490;
/// Longer than a lease.
pub(crate) const LEASE_OVER: Duration = Duration::from_secs(11);

pub(crate) type Outcome<T> = Result<T, CallError<OrdersError>>;

/// A shop with ten chalks and ten slates.
pub(crate) struct Bench {
    pub(crate) db: Db,
    pub(crate) clock: Clock,
    pub(crate) warehouse: Arc<Warehouse>,
    pub(crate) bank: Arc<Bank>,
    pub(crate) orders: Arc<dyn Orders>,
    // Dropped last: the data goes with it.
    _home: TestHome,
}

impl Bench {
    pub(crate) async fn open(home: TestHome) -> Self {
        let db = home.open(orders::schema()).await;
        let clock = Clock::fixed(Timestamp(1_800_000_000_000_000));
        let (warehouse, bank) = (Arc::new(Warehouse::default()), Arc::new(Bank::new(clock.clone())));
        warehouse.deliver(CHALK, 10);
        warehouse.deliver(SLATE, 10);
        let orders = start(&db, &clock, &warehouse, &bank).service;
        Self { db, clock, warehouse, bank, orders, _home: home }
    }

    /// Another process of the shop on the same data.
    pub(crate) fn start(&self) -> Started<dyn Orders> {
        start(&self.db, &self.clock, &self.warehouse, &self.bank)
    }

    /// The recovery job of another process, until it is dropped.
    pub(crate) fn recovery(&self) -> Recovery {
        let (stopper, stop) = Stop::new();
        let workers = self.start().workers;
        let tasks = workers.into_iter().map(|worker| tokio::spawn((worker.run)(stop.clone()))).collect();
        Recovery { stopper, tasks }
    }

    pub(crate) async fn place(&self, request: &PlaceOrder) -> Outcome<PlacedOrder> {
        self.orders.place_order(&guest(request), request.clone()).await
    }

    /// An order that is placed and not paid.
    pub(crate) async fn placed(&self, cart: &str, quantity: i64) -> Order {
        let placed = self.place(&chalk(cart, quantity)).await.unwrap();
        assert_eq!(placed.progress, OrderProgress::Placed);
        self.order(placed.order_id).await
    }

    /// An order whose shopper is at the provider's page.
    pub(crate) async fn paying(&self, cart: &str, quantity: i64) -> OrderId {
        let placed = self.place(&by_card(chalk(cart, quantity))).await.unwrap();
        assert!(matches!(placed.progress, OrderProgress::Pay { .. }), "{:?}", placed.progress);
        placed.order_id
    }

    pub(crate) async fn advance(&self, order_id: OrderId) -> OrderProgress {
        self.orders.advance_order(&staff(), AdvanceOrder { order_id }).await.unwrap()
    }

    pub(crate) async fn retry(&self, key: &str, order_id: OrderId, method: &str) -> Outcome<OrderProgress> {
        let request = RetryPayment { key: self::key(key), order_id, payment_method: method.to_owned() };
        self.orders.retry_payment(&staff(), request).await
    }

    pub(crate) async fn cancel(&self, key: &str, order_id: OrderId) -> Outcome<Order> {
        let request = CancelOrder {
            key: self::key(key),
            order_id,
            reason: "Changed my mind".to_owned(),
            write_off: false,
            unless_placed: false,
        };
        self.orders.cancel_order(&staff(), request).await
    }

    /// Cancels it, and its goods are lost.
    pub(crate) async fn write_off(&self, key: &str, order_id: OrderId) -> Outcome<Order> {
        let reason = "Broken".to_owned();
        let request = CancelOrder { key: self::key(key), order_id, reason, write_off: true, unless_placed: false };
        self.orders.cancel_order(&staff(), request).await
    }

    /// An order that is placed, and paid by card.
    pub(crate) async fn paid(&self, cart: &str, quantity: i64) -> Order {
        let id = self.paying(cart, quantity).await;
        self.bank.pay(&id.to_string());
        assert_eq!(self.advance(id).await, OrderProgress::Placed);
        self.order(id).await
    }

    /// An order that is paid by card and left the house.
    pub(crate) async fn sent(&self, cart: &str, quantity: i64) -> Order {
        let order = self.paid(cart, quantity).await;
        self.send(cart, &order, quantity).await
    }

    /// An order leaves the house, paid or not.
    pub(crate) async fn send(&self, cart: &str, order: &Order, quantity: i64) -> Order {
        let packed = self.pack(&format!("p{cart}"), order, quantity).await.unwrap();
        let key = self::key(&format!("s{cart}"));
        let fulfillment_id = packed.fulfillments[0].id;
        let ship = Ship { key, order_id: order.id, fulfillment_id, carrier: None, tracking_number: None };
        self.orders.ship(&staff(), ship).await.unwrap()
    }

    pub(crate) async fn refund(&self, key: &str, order_id: OrderId, amount: i64) -> Outcome<Order> {
        self.refund_and_restock(key, order_id, amount, Vec::new()).await
    }

    pub(crate) async fn refund_and_restock(
        &self,
        key: &str,
        order_id: OrderId,
        amount: i64,
        restock: Vec<FulfillmentLine>,
    ) -> Outcome<Order> {
        let (key, reason) = (self::key(key), "It was chipped".to_owned());
        let (amount, to) = (eur(amount), RefundTo::Payment);
        let request = RefundOrder { key, order_id, amount, to, reason, restock, location_id: None };
        self.orders.refund_order(&staff(), request).await
    }

    pub(crate) async fn mark_paid(&self, key: &str, order_id: OrderId) -> Outcome<Order> {
        let request = MarkPaid { key: self::key(key), order_id, reference: Some("Transfer 17".to_owned()) };
        self.orders.mark_paid(&staff(), request).await
    }

    pub(crate) async fn pack(&self, key: &str, order: &Order, quantity: i64) -> Outcome<Order> {
        let lines = vec![FulfillmentLine { order_line_id: order.lines[0].id, quantity: units(quantity) }];
        self.orders.pack(&staff(), Pack { key: self::key(key), order_id: order.id, lines }).await
    }

    pub(crate) async fn order(&self, id: OrderId) -> Order {
        self.orders.order(&staff(), FindOrder::Id(id)).await.unwrap().unwrap()
    }

    /// What happened to an order, by kind.
    pub(crate) async fn timeline(&self, id: OrderId) -> Vec<String> {
        self.order(id).await.timeline.into_iter().map(|event| event.kind).collect()
    }

    /// What the neighbours were told of an order, by kind.
    pub(crate) async fn told(&self, id: OrderId) -> Vec<String> {
        self.outbox(id).await.into_iter().map(|(kind, _)| kind).collect()
    }

    /// The same with what exactly they were told. The feed itself holds back what is too fresh on a busy PostgreSQL.
    pub(crate) async fn outbox(&self, id: OrderId) -> Vec<(String, serde_json::Value)> {
        use diesel::prelude::*;
        use diesel::sql_types::Text;
        #[derive(QueryableByName)]
        struct Row {
            #[diesel(sql_type = Text)]
            kind: String,
            #[diesel(sql_type = Text)]
            payload: String,
        }
        let query = format!("SELECT kind, payload FROM outbox WHERE aggregate_id = '{id}' ORDER BY aggregate_version");
        let rows: Outcome<Vec<Row>> = self.db.read(move |conn| Ok(diesel::sql_query(query).load(conn)?)).await;
        let row = |row: Row| (row.kind, serde_json::from_str(&row.payload).unwrap());
        rows.unwrap().into_iter().map(row).collect()
    }

    /// Billing tells that the money of an order arrived.
    pub(crate) async fn tell_captured(&self, id: OrderId) {
        self.tell_captured_part(id, 740).await;
    }

    /// The same of so much.
    pub(crate) async fn tell_captured_part(&self, id: OrderId, amount: i64) {
        let event = PaymentCaptured {
            order_id: id.to_string(),
            session_id: SessionId::new(),
            amount: eur(amount),
            method: "card".to_owned(),
        };
        self.tell(id, &event).await;
    }

    /// Billing tells that a refund of an order ended; how, is not for an event to say.
    pub(crate) async fn tell_refunded(&self, id: OrderId) {
        let event = PaymentRefunded { order_id: id.to_string(), refund_id: RefundId::new(), amount: eur(1) };
        self.tell(id, &event).await;
    }

    async fn tell<E: Event>(&self, id: OrderId, event: &E) {
        let envelope = Envelope {
            id: kernel::id::new_id("evt"),
            kind: E::KIND.to_owned(),
            schema_version: 1,
            aggregate_id: id.to_string(),
            aggregate_version: 1,
            payload: serde_json::to_value(event).unwrap(),
            trace: String::new(),
            created_at: self.clock.now(),
        };
        let handler = Arc::clone(&self.start().subscriptions[0].handler);
        let handled: Result<(), CallError<OrdersError>> = self
            .db
            .write(move |conn| {
                handler(conn, &envelope).map_err(|error: HandlerError| CallError::Internal(error.to_string()))
            })
            .await;
        handled.unwrap();
    }

    /// Waits until an order has the status, with a recovery job at work.
    pub(crate) async fn until(&self, id: OrderId, status: orders_api::OrderStatus) -> Order {
        let _recovery = self.recovery();
        eventually(async || Some(self.order(id).await).filter(|order| order.status == status)).await
    }

    /// Waits until nothing is left to do for any order, with a recovery job at work.
    pub(crate) async fn settled(&self) {
        let _recovery = self.recovery();
        eventually(async || (self.open_journals().await == 0).then_some(())).await;
    }

    /// How many orders have something to do.
    pub(crate) async fn open_journals(&self) -> i64 {
        self.count("SELECT count(*) AS n FROM sagas WHERE next_attempt_at IS NOT NULL").await
    }

    pub(crate) async fn execute(&self, statement: &'static str) {
        use diesel::RunQueryDsl as _;
        let done: Outcome<usize> = self.db.write(move |conn| Ok(diesel::sql_query(statement).execute(conn)?)).await;
        done.unwrap();
    }

    /// One text per row, for looking at the tables from outside.
    pub(crate) async fn keys(&self, query: &'static str) -> Vec<String> {
        use diesel::prelude::*;
        #[derive(QueryableByName)]
        struct Row {
            #[diesel(sql_type = diesel::sql_types::Text)]
            row: String,
        }
        let read: Outcome<Vec<Row>> = self.db.read(move |conn| Ok(diesel::sql_query(query).load(conn)?)).await;
        read.unwrap().into_iter().map(|row| row.row).collect()
    }

    pub(crate) async fn count(&self, query: &'static str) -> i64 {
        use diesel::prelude::*;
        #[derive(QueryableByName)]
        struct Count {
            #[diesel(sql_type = diesel::sql_types::BigInt)]
            n: i64,
        }
        let counted: Outcome<i64> =
            self.db.read(move |conn| Ok(diesel::sql_query(query).get_result::<Count>(conn)?.n)).await;
        counted.unwrap()
    }
}

fn start(db: &Db, clock: &Clock, warehouse: &Arc<Warehouse>, bank: &Arc<Bank>) -> Started<dyn Orders> {
    let settings = OrdersSettings { currency: Currency::eur() };
    orders::start(db.clone(), clock.clone(), warehouse.clone(), bank.clone(), settings)
}

/// A recovery job at work.
pub(crate) struct Recovery {
    stopper: Stopper,
    tasks: Vec<JoinHandle<()>>,
}

impl Recovery {
    /// Lets it finish what it has begun.
    pub(crate) async fn stop(mut self) {
        self.stopper.stop();
        for task in self.tasks.drain(..) {
            task.await.unwrap();
        }
    }
}

/// What `check` finds at last.
pub(crate) async fn eventually<T>(check: impl AsyncFn() -> Option<T>) -> T {
    for _ in 0..400 {
        if let Some(found) = check().await {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("it did not come true within 10 seconds");
}

/// Ada buys chalk by bank transfer.
pub(crate) fn chalk(cart: &str, quantity: i64) -> PlaceOrder {
    let total = 250 * quantity + DELIVERY;
    PlaceOrder {
        key: key(&format!("{cart}/1")),
        cart_id: cart.to_owned(),
        cart_version: 1,
        secret: secret(cart),
        email: "Ada@Example.org".parse().unwrap(),
        address: Address {
            name: "Ada Lovelace".to_owned(),
            line1: "Hauptstraße 1".to_owned(),
            line2: None,
            postcode: "1010".to_owned(),
            city: "Wien".to_owned(),
            country: country("AT"),
            phone: None,
        },
        lines: vec![line(CHALK, "Chalk", quantity)],
        shipping_method: "standard".to_owned(),
        shipping_price: eur(DELIVERY),
        shipping_adjustments: Vec::new(),
        shipping_taxes: Vec::new(),
        adjustments: Vec::new(),
        tax_lines: Vec::new(),
        tax_contained: eur(total / 6),
        expected_total: eur(total),
        gift_cards: Vec::new(),
        payment_method: "bank_transfer".to_owned(),
    }
}

pub(crate) fn by_card(request: PlaceOrder) -> PlaceOrder {
    PlaceOrder { payment_method: "card".to_owned(), ..request }
}

pub(crate) fn line(variant_id: &str, title: &str, quantity: i64) -> PlaceOrderLine {
    PlaceOrderLine {
        variant_id: variant_id.to_owned(),
        title: title.to_owned(),
        options: "White".to_owned(),
        sku: Some("CHK-1".to_owned()),
        slug: title.to_lowercase(),
        image: None,
        unit_price: eur(250),
        quantity: units(quantity),
        weight_grams: None,
        discounts: Vec::new(),
        shares: Vec::new(),
        taxes: Vec::new(),
    }
}

pub(crate) fn units(quantity: i64) -> Quantity {
    quantity.try_into().unwrap()
}

pub(crate) fn key(text: &str) -> IdempotencyKey {
    IdempotencyKey::parse(text).unwrap()
}

pub(crate) fn secret(of: &str) -> Secret {
    Secret::parse(&kernel::secret::sha256_hex(of.as_bytes())).unwrap()
}

/// The one who holds the secret of an order.
pub(crate) fn guest(request: &PlaceOrder) -> CallCtx {
    CallCtx::new("app", Principal::Guest(request.secret.clone()))
}

pub(crate) fn staff() -> CallCtx {
    staff_who_may(&["read_orders", "fulfill_orders", "manage_orders"])
}

pub(crate) fn staff_who_may(permissions: &[&str]) -> CallCtx {
    let permissions = permissions.iter().map(|&permission| permission.to_owned()).collect();
    let staff = Staff { id: "usr_1".to_owned(), name: "Grace".to_owned(), permissions };
    CallCtx::new("app", Principal::Staff(staff))
}

/// Whether nothing was done, and the caller may try again.
pub(crate) fn is_temporary<T: std::fmt::Debug>(outcome: &Outcome<T>) -> bool {
    outcome.as_ref().is_err_and(CallError::is_temporary)
}

pub(crate) fn refusal<T: std::fmt::Debug>(outcome: Outcome<T>) -> OrdersError {
    match outcome {
        Err(CallError::Domain(refusal)) => refusal,
        other => panic!("not a refusal: {other:?}"),
    }
}
