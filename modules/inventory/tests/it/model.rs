//! Any sequence of operations, foretold by a model and compared with what was done after each.

use std::collections::BTreeMap;

use inventory_api::{
    FindOrderStock, FindStock, Hold, InventoryError, OrderStock, Release, ReservationStatus, Restock, RestockLine,
    StockItem, StockLevel, Transfer,
};
use kernel::testing::on_every_database;
use kernel::{CallError, IdempotencyKey};
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};

use crate::{Outcome, Shop, ctx, holding, item};

const VARIANTS: [&str; 3] = ["var_a", "var_b", "var_c"];
const ORDERS: usize = 12;
const CARTS: usize = 4;
const STEPS: usize = 120;
const HOLD: u64 = 600;

type Lines = BTreeMap<String, i64>;

/// What should come of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expected {
    Done,
    Short,
    Nothing,
    OtherLines,
    TooManyHolds,
}

/// The shop as it should be. Where goods are taken from is the shop's choice; how many and whether are not.
struct Model {
    shop: Shop,
    random: StdRng,
    locations: [String; 2],
    on_hand: BTreeMap<(&'static str, String), i64>,
    /// When a cart first held what it holds, in seconds.
    first_held: BTreeMap<String, u64>,
    now: u64,
}

impl Model {
    fn variant(&mut self) -> &'static str {
        VARIANTS[self.random.random_range(0..VARIANTS.len())]
    }

    fn location(&mut self) -> String {
        self.locations[self.random.random_range(0..2)].clone()
    }

    fn order(&mut self) -> String {
        format!("ord_{}", self.random.random_range(0..ORDERS))
    }

    fn cart(&mut self) -> String {
        format!("crt_{}", self.random.random_range(0..CARTS))
    }

    fn lines(&mut self) -> Vec<(&'static str, i64)> {
        (0..self.random.random_range(1..=3)).map(|_| (self.variant(), self.random.random_range(1..5))).collect()
    }

    async fn levels(&self, held_by: Option<&str>) -> Vec<StockLevel> {
        let variant_ids = VARIANTS.map(str::to_owned).to_vec();
        let request = FindStock { variant_ids, held_by: held_by.map(str::to_owned), by_location: true };
        self.shop.inventory.stock_levels(&ctx(), request).await.expect("levels")
    }

    async fn stock_of(&self, order_id: &str) -> Option<OrderStock> {
        let request = FindOrderStock { order_id: order_id.to_owned() };
        self.shop.inventory.order_stock(&ctx(), request).await.expect("what an order holds can be asked for")
    }

    /// Whether all of `wanted` is there for whoever holds what `cart` holds.
    async fn is_there(&self, wanted: &Lines, cart: Option<&str>) -> bool {
        let levels = self.levels(cart).await;
        wanted.iter().all(|(variant_id, quantity)| {
            levels.iter().any(|level| level.variant_id == *variant_id && level.available >= *quantity)
        })
    }

    async fn step(&mut self) {
        match self.random.random_range(0..12) {
            0 => self.set().await,
            1 => self.adjust().await,
            2 => self.transfer().await,
            3 => self.restock().await,
            4 | 5 => self.hold().await,
            6 | 7 => self.reserve().await,
            8 | 9 => self.allocate().await,
            10 => self.release().await,
            _ => self.time_passes().await,
        }
    }

    async fn set(&mut self) {
        let (variant_id, location_id, on_hand) = (self.variant(), self.location(), self.random.random_range(0..25));
        let at = StockItem { location_id: Some(location_id.clone()), ..item(variant_id, on_hand) };
        self.shop.set(vec![at]).await.expect("set");
        self.on_hand.insert((variant_id, location_id), on_hand);
    }

    async fn adjust(&mut self) {
        let (variant_id, location_id, delta) = (self.variant(), self.location(), self.random.random_range(-6..=6));
        let is_stocked = self.on_hand.keys().any(|(variant, _)| *variant == variant_id);
        let there = self.on_hand.get(&(variant_id, location_id.clone())).copied().unwrap_or(0);
        let request = inventory_api::Adjust {
            location_id: Some(location_id.clone()),
            received: delta > 0,
            ..inventory_api::Adjust::new(IdempotencyKey::new(), variant_id, delta, "count")
        };
        let done = self.shop.inventory.adjust(&ctx(), request).await;
        let possible = is_stocked && delta != 0 && there + delta >= 0;
        assert_eq!(done.is_ok(), possible, "{there} {delta:+}: {done:?}");
        if possible {
            self.on_hand.insert((variant_id, location_id), there + delta);
        }
    }

    async fn transfer(&mut self) {
        if self.locations[0] == self.locations[1] {
            return;
        }
        let (variant_id, quantity) = (self.variant(), self.random.random_range(1..8));
        let [from, to] = self.locations.clone();
        let free = self.levels(None).await.iter().find(|level| level.variant_id == variant_id).map_or(0, |level| {
            let at = level.locations.iter().find(|at| at.location_id == from);
            at.map_or(0, |at| at.on_hand - at.reserved - at.allocated)
        });
        let (key, reason) = (IdempotencyKey::new(), "nearer".to_owned());
        let (variant, from_id, to_id) = (variant_id.to_owned(), from.clone(), to.clone());
        let request = Transfer { key, variant_id: variant, from: from_id, to: to_id, quantity, reason };
        let done = self.shop.inventory.transfer(&ctx(), request).await;
        assert_eq!(done.is_ok(), free >= quantity, "{free} free, {quantity} wanted: {done:?}");
        if done.is_ok() {
            *self.on_hand.entry((variant_id, from)).or_default() -= quantity;
            *self.on_hand.entry((variant_id, to)).or_default() += quantity;
        }
    }

    async fn restock(&mut self) {
        let (variant_id, location_id) = (self.variant(), self.location());
        let (units, write_off) = (self.random.random_range(1..4), self.random.random_bool(0.5));
        let quantity = units.try_into().expect("a quantity");
        let request = Restock {
            key: IdempotencyKey::new(),
            order_id: self.order(),
            lines: vec![RestockLine { variant_id: variant_id.to_owned(), quantity, write_off }],
            location_id: Some(location_id.clone()),
            reason: "returned".to_owned(),
        };
        self.shop.inventory.restock(&ctx(), request).await.expect("taken back");
        let is_stocked = self.on_hand.keys().any(|(variant, _)| *variant == variant_id);
        if is_stocked {
            *self.on_hand.entry((variant_id, location_id)).or_default() += if write_off { 0 } else { units };
        }
    }

    async fn hold(&mut self) {
        let (cart_id, lines) = (self.cart(), self.lines());
        let wanted = in_all(&lines);
        let before = self.stock_of(&cart_id).await;
        let holds = before.as_ref().is_some_and(|before| before.status == ReservationStatus::Held);
        let since = self.first_held.get(&cart_id).copied();
        let is_same = holds && before.as_ref().is_some_and(|before| held(before) == wanted);
        let expected = match since.map(|since| self.now - since) {
            Some(age) if age < HOLD && is_same => Expected::Done,
            Some(age) if (HOLD..2 * HOLD).contains(&age) => Expected::TooManyHolds,
            // What an order made of it holds is not the cart's any more.
            _ => self.foretell(&wanted, holds.then_some(cart_id.as_str())).await,
        };
        let lines = holding(&cart_id, &lines).lines;
        let hold_seconds = u32::try_from(HOLD).expect("fits");
        let request = Hold { cart_id: cart_id.clone(), lines, hold_seconds, session: None, address: None };
        let done = self.shop.inventory.hold(&ctx(), request).await;
        assert_eq!(outcome(&done), expected, "{cart_id} {wanted:?} before {before:?}");
        if expected == Expected::Done {
            let begins_anew = since.is_none_or(|since| self.now - since >= 2 * HOLD);
            self.first_held.insert(cart_id.clone(), if begins_anew { self.now } else { since.unwrap_or(self.now) });
            self.sees(&cart_id, ReservationStatus::Held, &wanted).await;
        }
    }

    async fn foretell(&self, wanted: &Lines, cart: Option<&str>) -> Expected {
        // An order made from the cart may hold something, too; that is not given back for the cart.
        let own = match cart {
            Some(cart) => self.stock_of(cart).await.map(|stock| held(&stock)).unwrap_or_default(),
            None => Lines::new(),
        };
        let levels = self.levels(None).await;
        let is_there = wanted.iter().all(|(variant_id, quantity)| {
            let own = own.get(variant_id).copied().unwrap_or(0);
            levels.iter().any(|level| level.variant_id == *variant_id && level.available + own >= *quantity)
        });
        if is_there { Expected::Done } else { Expected::Short }
    }

    async fn reserve(&mut self) {
        // Several orders may be made from one cart, one after the other.
        let number = self.random.random_range(0..ORDERS);
        let (order_id, cart_id) = (format!("ord_{number}"), format!("crt_{}", number % CARTS));
        let lines = self.lines();
        let wanted = in_all(&lines);
        let before = self.stock_of(&order_id).await;
        let cart = self.stock_of(&cart_id).await.filter(|cart| cart.status == ReservationStatus::Held);
        let inherits = cart.as_ref().map(|_| cart_id.as_str());
        let expected = match before.as_ref().map(|before| (before.status, held(before))) {
            Some((ReservationStatus::Released, _)) => Expected::Nothing,
            Some((_, other)) if other != wanted => Expected::OtherLines,
            // What is held is held, whatever is short elsewhere.
            None | Some((ReservationStatus::Expired, _)) if cart.as_ref().is_some_and(|cart| held(cart) == wanted) => {
                Expected::Done
            }
            None => self.foretell(&wanted, inherits).await,
            Some((ReservationStatus::Expired, _)) => self.foretell(&wanted, inherits).await,
            Some(_) => Expected::Done,
        };
        let request = inventory_api::Reserve { takes_over: Some(cart_id.clone()), ..holding(&order_id, &lines) };
        let done = self.shop.inventory.reserve(&ctx(), request).await;
        assert_eq!(outcome(&done), expected, "{order_id} {wanted:?} before {before:?}");
        if expected == Expected::Done {
            let cart = self.stock_of(&cart_id).await;
            assert!(cart.is_none_or(|cart| cart.status != ReservationStatus::Held), "the cart holds nothing any more");
        }
    }

    async fn allocate(&mut self) {
        let order_id = self.order();
        let before = self.stock_of(&order_id).await;
        let expected = match before.as_ref().map(|before| before.status) {
            None | Some(ReservationStatus::Released) => Expected::Nothing,
            Some(ReservationStatus::Expired) => {
                let lines = before.as_ref().map(held).unwrap_or_default();
                self.foretell(&lines, None).await
            }
            Some(_) => Expected::Done,
        };
        let done = self.shop.allocate(&order_id).await;
        assert_eq!(outcome(&done), expected, "{order_id} before {before:?}");
        if let (Expected::Done, Some(before)) = (expected, before) {
            self.sees(&order_id, ReservationStatus::Allocated, &held(&before)).await;
            self.edit(&order_id, &held(&before)).await;
        }
    }

    /// Now and then a placed order is changed afterwards.
    async fn edit(&mut self, order_id: &str, lines: &Lines) {
        if self.random.random_bool(0.5) {
            return;
        }
        let wanted = in_all(&self.lines());
        let more: Lines = wanted
            .iter()
            .map(|(variant_id, units)| (variant_id.clone(), units - lines.get(variant_id).copied().unwrap_or(0)))
            .filter(|(_, more)| *more > 0)
            .collect();
        let is_there = self.is_there(&more, None).await;
        let units: Vec<(&str, i64)> = wanted.iter().map(|(variant_id, units)| (variant_id.as_str(), *units)).collect();
        let lines_wanted = holding(order_id, &units).lines;
        let (key, order) = (IdempotencyKey::new(), order_id.to_owned());
        let request = inventory_api::Allocate { key, order_id: order, lines: lines_wanted };
        let done = self.shop.inventory.allocate(&ctx(), request).await;
        assert_eq!(done.is_ok(), is_there, "{order_id} from {lines:?} to {wanted:?}: {done:?}");
        let now = if is_there { &wanted } else { lines };
        self.sees(order_id, ReservationStatus::Allocated, now).await;
    }

    async fn release(&mut self) {
        let order_id = if self.random.random_bool(0.2) { self.cart() } else { self.order() };
        let before = self.stock_of(&order_id).await;
        let (may_return, write_off) = (self.random.random_bool(0.3), self.random.random_bool(0.3));
        let request =
            Release { may_return, write_off, ..Release::new(IdempotencyKey::new(), order_id.clone(), "canceled") };
        self.shop.inventory.release(&ctx(), request).await.expect("given back");
        let Some(before) = before else { return };
        let was_promised = before.status == ReservationStatus::Allocated;
        if was_promised && write_off && !may_return {
            for line in &before.lines {
                let variant = VARIANTS.into_iter().find(|variant| *variant == line.variant_id).expect("one of ours");
                let there = self.on_hand.entry((variant, line.location_id.clone())).or_default();
                *there -= (line.quantity - line.shipped).min(*there);
            }
        }
        let after = self.stock_of(&order_id).await.expect("it is remembered").status;
        match before.status {
            ReservationStatus::Held if may_return => assert_eq!(after, ReservationStatus::Expired),
            _ if may_return => assert_eq!(after, before.status),
            _ => assert_eq!(after, ReservationStatus::Released),
        }
    }

    async fn time_passes(&mut self) {
        let seconds = self.random.random_range(100..500);
        self.now += seconds;
        self.shop.wait(seconds);
        self.shop.end_holds().await;
    }

    async fn sees(&self, order_id: &str, status: ReservationStatus, lines: &Lines) {
        let stock = self.stock_of(order_id).await.expect("it holds something");
        assert_eq!((stock.status, held(&stock)), (status, lines.clone()), "{order_id}");
    }

    /// Counters, reservations and ledger tell the same story, and it is the model's.
    async fn agrees(&self) {
        let mut from_reservations = BTreeMap::<(String, String), (i64, i64)>::new();
        let orders = (0..ORDERS).map(|number| format!("ord_{number}"));
        for order_id in orders.chain((0..CARTS).map(|number| format!("crt_{number}"))) {
            let Some(stock) = self.stock_of(&order_id).await else { continue };
            for line in stock.lines {
                let sums = from_reservations.entry((line.variant_id, line.location_id)).or_default();
                match stock.status {
                    ReservationStatus::Held => sums.0 += line.quantity,
                    ReservationStatus::Allocated => sums.1 += line.quantity - line.shipped,
                    _ => {}
                }
            }
        }
        for level in self.levels(None).await {
            for at in &level.locations {
                let place = (level.variant_id.clone(), at.location_id.clone());
                let variant = VARIANTS.into_iter().find(|variant| *variant == level.variant_id).expect("one of ours");
                let on_hand = self.on_hand.get(&(variant, at.location_id.clone())).copied().unwrap_or(0);
                let (reserved, allocated) = from_reservations.remove(&place).unwrap_or_default();
                assert_eq!((at.on_hand, at.reserved, at.allocated), (on_hand, reserved, allocated), "{place:?}");
                assert!(at.reserved == 0 || at.on_hand >= at.reserved + at.allocated, "{at:?}: what is held is there");
            }
        }
        assert!(from_reservations.values().all(|sums| *sums == (0, 0)), "{from_reservations:?}");
        assert_eq!(self.shop.violations().await, []);
    }
}

fn in_all(lines: &[(&str, i64)]) -> Lines {
    let mut in_all = Lines::new();
    for (variant_id, units) in lines {
        *in_all.entry((*variant_id).to_owned()).or_default() += units;
    }
    in_all
}

fn held(stock: &OrderStock) -> Lines {
    let lines: Vec<(&str, i64)> = stock.lines.iter().map(|line| (line.variant_id.as_str(), line.quantity)).collect();
    in_all(&lines)
}

fn outcome<T: std::fmt::Debug>(done: &Outcome<T>) -> Expected {
    match done {
        Ok(_) => Expected::Done,
        Err(CallError::Domain(InventoryError::OutOfStock { .. })) => Expected::Short,
        Err(CallError::Domain(InventoryError::NothingReserved)) => Expected::Nothing,
        Err(CallError::Domain(InventoryError::Invalid { .. })) => Expected::OtherLines,
        Err(CallError::Domain(InventoryError::TooManyHolds)) => Expected::TooManyHolds,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn after_every_operation_the_shop_is_as_the_model_foretold() {
    random_operations(false).await;
}

#[tokio::test]
async fn so_it_is_with_two_locations() {
    random_operations(true).await;
}

async fn random_operations(two_locations: bool) {
    on_every_database(|home| async move {
        let seed = std::env::var("SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or_else(rand::random);
        eprintln!("SEED={seed}");
        let shop = Shop::open(&home).await;
        let other = if two_locations { shop.add_location("Far", 5).await } else { "main".to_owned() };
        let mut model = Model {
            shop,
            random: StdRng::seed_from_u64(seed),
            locations: ["main".to_owned(), other],
            on_hand: BTreeMap::new(),
            first_held: BTreeMap::new(),
            now: 0,
        };
        for _ in 0..4 {
            model.set().await;
        }
        for _ in 0..STEPS {
            model.step().await;
            model.agrees().await;
        }
    })
    .await;
}
