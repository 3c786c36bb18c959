//! What must never be.

mod clients;
mod codes;
mod gift_cards;
mod messages;
mod money;
mod orders;
mod refunds;
mod stock;

use std::collections::BTreeMap;

use crate::evidence::Evidence;
use crate::tables::Order;

/// What a shop must have none of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Zero {
    /// More was sold than there was.
    Oversold,
    /// A customer paid twice, or bought twice.
    Double,
    /// Money without what was bought for it.
    LostPaid,
    /// More went back to a customer than came, or went back twice.
    PaidBack,
    /// What a client was told is not so any more.
    Gone,
    /// Work that does not come to an end.
    Stuck,
    /// Stock held for nobody.
    Leaked,
    /// A coupon or a gift card that was used more often than it may.
    Coupon,
    /// Two records of one thing contradict each other.
    Contradiction,
}

impl Zero {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Oversold,
        Self::Double,
        Self::LostPaid,
        Self::PaidBack,
        Self::Gone,
        Self::Stuck,
        Self::Leaked,
        Self::Coupon,
        Self::Contradiction,
    ];

    /// For people.
    pub fn words(self) -> &'static str {
        match self {
            Self::Oversold => "oversold units",
            Self::Double => "double charges and orders",
            Self::LostPaid => "lost paid orders",
            Self::PaidBack => "paid back too much",
            Self::Gone => "acknowledged and gone",
            Self::Stuck => "stuck work",
            Self::Leaked => "leaked stock",
            Self::Coupon => "coupons and cards used too often",
            Self::Contradiction => "contradictions in the books",
        }
    }
}

/// Something that must never be.
#[derive(Debug)]
pub struct Rule {
    /// Short, and its own.
    pub name: &'static str,
    /// Which of the zeros it guards.
    pub zero: Zero,
    /// What is wrong when it finds something.
    pub says: &'static str,
    /// What is wrong, each with its evidence.
    pub find: fn(&Evidence) -> Vec<String>,
}

const fn rule(name: &'static str, zero: Zero, says: &'static str, find: fn(&Evidence) -> Vec<String>) -> Rule {
    Rule { name, zero, says, find }
}

/// All rules.
pub const RULES: &[Rule] = &[
    rule("sold-more-than-there-was", Zero::Oversold, "more units are sold than there ever were", stock::oversold),
    rule("promised-more-than-on-hand", Zero::Oversold, "more is promised than lies on the shelf", stock::overpromised),
    rule("sold-without-stock", Zero::Oversold, "a sold order was not promised its units", stock::unpromised),
    rule("units-vanished", Zero::Oversold, "start, dispatched and on hand do not add up", stock::not_conserved),
    rule("stock-ledger", Zero::Contradiction, "a level is not the sum of its movements", stock::not_the_ledger),
    rule(
        "stock-held",
        Zero::Leaked,
        "a level counts other units than its reservations hold",
        stock::not_the_reservations,
    ),
    rule("reservation-of-nobody", Zero::Leaked, "stock is held for an order that is over or unknown", stock::leaked),
    rule(
        "dispatched-twice",
        Zero::Contradiction,
        "orders and stock count dispatched units differently",
        stock::dispatched,
    ),
    rule("charged-twice", Zero::Double, "the provider took money twice for one order", money::charged_twice),
    rule("two-open-payments", Zero::Double, "an order can be paid in two ways at once", money::two_open),
    rule(
        "paid-and-lost",
        Zero::LostPaid,
        "the provider took money, and the buyer has neither order nor refund",
        money::lost,
    ),
    rule(
        "captured-without-order",
        Zero::LostPaid,
        "money is counted for an order that does not know of it",
        money::captured,
    ),
    rule("provider-differs", Zero::Contradiction, "the provider's ledger and ours differ", money::provider_differs),
    rule("ledger-unbalanced", Zero::Contradiction, "a money transaction does not balance", money::unbalanced),
    rule("ledger-of-payment", Zero::Contradiction, "the money ledger and a payment differ", money::not_the_ledger),
    rule("more-back-than-came", Zero::PaidBack, "more money went back than was taken for an order", refunds::too_much),
    rule("refunded-twice", Zero::PaidBack, "staff asked for one refund, and there are two", refunds::twice),
    rule("refund-gone", Zero::Gone, "staff were told that money goes back, and it did not", refunds::gone),
    rule(
        "canceled-and-kept",
        Zero::LostPaid,
        "an order was paid and has ended, and its money is still here",
        refunds::kept,
    ),
    rule("refund-not-at-an-end", Zero::Stuck, "a refund, or what came back with it, is still pending", refunds::stuck),
    rule(
        "refund-ledger",
        Zero::Contradiction,
        "a refund is not in the money ledger as it should be",
        refunds::unbooked,
    ),
    rule(
        "refund-provider",
        Zero::Contradiction,
        "the provider gave back other amounts than we count",
        refunds::provider_differs,
    ),
    rule(
        "refund-of-order",
        Zero::Contradiction,
        "an order, its refunds and its payment count differently what went back",
        refunds::order_differs,
    ),
    rule("order-arithmetic", Zero::Contradiction, "an order does not add up", money::arithmetic),
    rule(
        "payment-amount",
        Zero::Contradiction,
        "a payment is about another amount than its order",
        money::other_amount,
    ),
    rule("timeline", Zero::Contradiction, "the timeline of an order has a gap or ends elsewhere", orders::timeline),
    rule(
        "cart-ordered-twice",
        Zero::Double,
        "one version of a cart, or one number, has two orders",
        orders::cart_twice,
    ),
    rule("work-not-at-an-end", Zero::Stuck, "the work on an order does not come to an end", orders::stuck),
    rule("step-not-at-an-end", Zero::Stuck, "a step of finished work was never ended", orders::open_steps),
    rule(
        "parcels",
        Zero::Contradiction,
        "lines and parcels count packed or shipped units differently",
        orders::parcels,
    ),
    rule(
        "event-missing",
        Zero::Contradiction,
        "something happened and no event tells of it, or two do",
        messages::untold,
    ),
    rule("event-gap", Zero::Contradiction, "the versions of an aggregate's events have a gap", messages::gaps),
    rule("event-unheard", Zero::Stuck, "a consumer has not heard an event", messages::unheard),
    rule("event-parked", Zero::Stuck, "an event could not be handled", messages::parked),
    rule("call-without-answer", Zero::Contradiction, "a call was claimed and has no result", messages::unanswered),
    rule("mail-of-order", Zero::Contradiction, "a buyer got no mail about an order, or two", messages::mails),
    rule("cart-still-open", Zero::Contradiction, "the cart of a sold order can still be bought", messages::open_carts),
    rule("code-used-too-often", Zero::Coupon, "a code was used more often than it may be", codes::too_often),
    rule("code-count", Zero::Coupon, "the uses of a code are not those of the orders that used it", codes::miscounted),
    rule("gift-card-overspent", Zero::Coupon, "more was spent of gift cards than was on them", gift_cards::overspent),
    rule("gift-card-twice", Zero::Coupon, "a gift card paid for one order twice", gift_cards::twice),
    rule(
        "gift-card-kept",
        Zero::LostPaid,
        "an order has ended, and its gift card has not its part back",
        gift_cards::kept,
    ),
    rule(
        "gift-card-ledger",
        Zero::Contradiction,
        "a gift card, its movements and the money ledger differ",
        gift_cards::not_the_ledger,
    ),
    rule(
        "gift-card-of-order",
        Zero::Contradiction,
        "an order, its payment and its gift cards count differently what they paid",
        gift_cards::order_differs,
    ),
    rule("order-gone", Zero::Gone, "a buyer was shown an order that is not there", clients::gone),
    rule("placed-no-more", Zero::Gone, "a buyer was told that it is placed, and nobody canceled it", clients::unplaced),
    rule("decision-gone", Zero::Gone, "the provider confirmed a payment that it does not know", clients::undecided),
    rule("cancel-undone", Zero::Gone, "staff were told that it is canceled, and it is not", clients::uncanceled),
    rule("paid-no-more", Zero::LostPaid, "staff were told that it is paid, and it is not", clients::unpaid),
    rule("shipped-no-more", Zero::Gone, "staff were told that it left, and it did not", clients::unshipped),
    rule("bought-twice", Zero::Double, "a buyer pressed once and has two orders", clients::bought_twice),
    rule("other-units", Zero::Contradiction, "an order holds other units than its buyer wanted", clients::other_units),
    rule("client-unanswered", Zero::Stuck, "a client that asked again and again got no answer", clients::unanswered),
];

impl Evidence {
    fn orders_by_id(&self) -> BTreeMap<&str, &Order> {
        self.orders.iter().map(|order| (order.id.as_str(), order)).collect()
    }

    /// The SKU of each variant.
    fn skus(&self) -> BTreeMap<&str, &str> {
        self.levels.iter().map(|level| (level.variant_id.as_str(), level.sku.as_str())).collect()
    }
}

/// Items by a key.
fn grouped<'e, K: Ord, T>(items: impl IntoIterator<Item = &'e T>, key: impl Fn(&'e T) -> K) -> BTreeMap<K, Vec<&'e T>> {
    let mut groups = BTreeMap::<K, Vec<&T>>::new();
    for item in items {
        groups.entry(key(item)).or_default().push(item);
    }
    groups
}

/// Amounts added up by a key.
fn summed<K: Ord>(items: impl IntoIterator<Item = (K, i64)>) -> BTreeMap<K, i64> {
    let mut sums = BTreeMap::new();
    for (key, amount) in items {
        *sums.entry(key).or_default() += amount;
    }
    sums
}
