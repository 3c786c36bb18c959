//! What a variant is offered for: its own price, and those of the price lists in force. The one place that decides it.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use catalog_api::{OwnPrice, PriceListId, PriceListKind, PriceTier, ProductVariant};
use kernel::{Money, Quantity};

/// A price of a list that is in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ListPrice {
    pub(crate) list: PriceListId,
    pub(crate) kind: PriceListKind,
    pub(crate) priority: i64,
    pub(crate) min_quantity: Quantity,
    pub(crate) price: Money,
}

/// What a variant is offered for.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Offered {
    /// For one.
    one: OwnPrice,
    tiers: Vec<PriceTier>,
}

/// Makes a variant offered as its own price and these prices have it.
pub(crate) fn offer(variant: &mut ProductVariant, listed: &[ListPrice]) {
    let own = variant.own();
    let Offered { one, tiers } = offered(own, listed);
    variant.own_price = (one != own).then_some(own);
    (variant.price, variant.compare_at_price, variant.tiers) = (one.price, one.compare_at_price, tiers);
}

/// Larger quantities never cost more for each: a price that is not below that of fewer is none.
fn offered(own: OwnPrice, listed: &[ListPrice]) -> Offered {
    let one = at(own, listed, Quantity::ONE);
    let steps: BTreeSet<Quantity> = listed.iter().map(|listed| listed.min_quantity).collect();
    let (mut lowest, mut tiers) = (one.price, Vec::new());
    for from in steps {
        let price = at(own, listed, from).price;
        if price.amount < lowest.amount {
            lowest = price;
            tiers.push(PriceTier { from, price });
        }
    }
    Offered { one, tiers }
}

/// Overrides say what a thing costs. Sales reduce that, and are shown beside it; they make nothing dearer.
fn at(own: OwnPrice, listed: &[ListPrice], quantity: Quantity) -> OwnPrice {
    let best = |kind| best(listed, kind, quantity, own.price);
    let regular = best(PriceListKind::Override).map_or(own, |price| OwnPrice { price, compare_at_price: None });
    match best(PriceListKind::Sale) {
        Some(price) if price.amount < regular.price.amount => {
            OwnPrice { price, compare_at_price: regular.compare_at_price.or(Some(regular.price)) }
        }
        _ => regular,
    }
}

/// Of each list the price for most units that are reached; of the lists that with the highest priority, then the cheapest.
fn best(listed: &[ListPrice], kind: PriceListKind, quantity: Quantity, like: Money) -> Option<Money> {
    let counts = |listed: &&ListPrice| {
        listed.kind == kind && listed.min_quantity <= quantity && listed.price.currency == like.currency
    };
    let mut of_list: BTreeMap<PriceListId, &ListPrice> = BTreeMap::new();
    for listed in listed.iter().filter(counts) {
        let reached = of_list.entry(listed.list).or_insert(listed);
        if listed.min_quantity > reached.min_quantity {
            *reached = listed;
        }
    }
    let best = of_list.into_values().max_by_key(|listed| (listed.priority, Reverse(listed.price.amount)));
    best.map(|listed| listed.price)
}

#[cfg(test)]
mod tests {
    use kernel::Currency;
    use proptest::prelude::*;

    use super::*;

    fn eur(amount: i64) -> Money {
        Money::new(amount, Currency::eur())
    }

    fn own(price: i64) -> OwnPrice {
        OwnPrice { price: eur(price), compare_at_price: None }
    }

    fn quantity(number: i64) -> Quantity {
        number.try_into().expect("a quantity")
    }

    fn listed(list: PriceListId, kind: PriceListKind, priority: i64, (from, price): (i64, i64)) -> ListPrice {
        ListPrice { list, kind, priority, min_quantity: quantity(from), price: eur(price) }
    }

    /// Up to four lists, each with up to four prices.
    fn lists() -> impl Strategy<Value = Vec<ListPrice>> {
        let list = (any::<bool>(), -2..3_i64, prop::collection::btree_map(1..40_i64, 0..2_000_i64, 0..4));
        prop::collection::vec(list, 0..4).prop_map(|lists| {
            let of_list = |(sale, priority, prices): (bool, i64, BTreeMap<i64, i64>)| {
                let kind = if sale { PriceListKind::Sale } else { PriceListKind::Override };
                let id = PriceListId::new();
                prices.into_iter().map(move |price| listed(id, kind, priority, price))
            };
            lists.into_iter().flat_map(of_list).collect()
        })
    }

    fn own_prices() -> impl Strategy<Value = OwnPrice> {
        (1..2_000_i64, prop::option::of(1..500_i64)).prop_map(|(price, more)| OwnPrice {
            price: eur(price),
            compare_at_price: more.map(|more| eur(price + more)),
        })
    }

    proptest! {
        #[test]
        fn without_lists_it_is_the_own_price(own in own_prices()) {
            prop_assert_eq!(offered(own, &[]), Offered { one: own, tiers: Vec::new() });
        }

        #[test]
        fn the_more_the_cheaper_each_and_a_reduction_is_one(own in own_prices(), listed in lists()) {
            let Offered { one, tiers } = offered(own, &listed);
            prop_assert!(one.compare_at_price.is_none_or(|before| before.amount > one.price.amount));
            let mut before = (Quantity::ONE, one.price.amount);
            for tier in tiers {
                prop_assert!(tier.from > before.0 && tier.price.amount < before.1);
                before = (tier.from, tier.price.amount);
            }
        }

        #[test]
        fn the_order_of_the_prices_is_no_matter(own in own_prices(), listed in lists()) {
            let reversed: Vec<ListPrice> = listed.iter().rev().copied().collect();
            prop_assert_eq!(offered(own, &listed), offered(own, &reversed));
        }

        #[test]
        fn sales_make_nothing_dearer(own in own_prices(), listed in lists()) {
            let others: Vec<ListPrice> =
                listed.iter().filter(|listed| listed.kind == PriceListKind::Override).copied().collect();
            for number in 1..40 {
                let (with, without) = (at(own, &listed, quantity(number)), at(own, &others, quantity(number)));
                prop_assert!(with.price.amount <= without.price.amount);
            }
        }

        #[test]
        fn applying_lists_twice_or_taking_them_away_gives_what_was_before(own in own_prices(), listed in lists()) {
            let mut variant = ProductVariant {
                id: catalog_api::VariantId::new(),
                sku: None,
                option_values: Vec::new(),
                price: own.price,
                compare_at_price: own.compare_at_price,
                tiers: Vec::new(),
                own_price: None,
                lowest_before: None,
                barcode: None,
                weight_grams: None,
                tax_class: Default::default(),
            };
            let plain = variant.clone();
            offer(&mut variant, &listed);
            let once = variant.clone();
            offer(&mut variant, &listed);
            prop_assert_eq!(&variant, &once);
            prop_assert_eq!(variant.own(), own);
            offer(&mut variant, &[]);
            prop_assert_eq!(variant, plain);
        }
    }

    #[test]
    fn the_highest_priority_counts_and_among_equals_the_lower_price() {
        let (a, b, c) = (PriceListId::new(), PriceListId::new(), PriceListId::new());
        let all = [
            listed(a, PriceListKind::Override, 1, (1, 900)),
            listed(b, PriceListKind::Override, 2, (1, 1_200)),
            listed(c, PriceListKind::Override, 2, (1, 1_100)),
        ];
        assert_eq!(offered(own(1_000), &all).one, own(1_100), "also when it is dearer");
        let sale = listed(PriceListId::new(), PriceListKind::Sale, 0, (1, 800));
        let reduced = OwnPrice { price: eur(800), compare_at_price: Some(eur(1_100)) };
        assert_eq!(offered(own(1_000), &[all.as_slice(), &[sale]].concat()).one, reduced);
    }

    #[test]
    fn a_list_for_larger_quantities_leaves_smaller_ones_to_others() {
        let (many, few) = (PriceListId::new(), PriceListId::new());
        let all = [
            listed(many, PriceListKind::Override, 5, (10, 800)),
            listed(many, PriceListKind::Override, 5, (50, 700)),
            listed(few, PriceListKind::Override, 1, (1, 950)),
            listed(few, PriceListKind::Override, 1, (20, 100)),
        ];
        let Offered { one, tiers } = offered(own(1_000), &all);
        assert_eq!(one, own(950));
        let tiers: Vec<_> = tiers.iter().map(|tier| (tier.from.get(), tier.price.amount)).collect();
        assert_eq!(tiers, [(10, 800), (50, 700)], "the list with the higher priority says what 20 cost");
    }

    #[test]
    fn prices_of_another_currency_are_no_prices_here() {
        let usd: Currency = "USD".parse().expect("a currency");
        let other =
            ListPrice { price: Money::new(1, usd), ..listed(PriceListId::new(), PriceListKind::Override, 1, (1, 1)) };
        assert_eq!(offered(own(1_000), &[other]).one, own(1_000));
    }
}
