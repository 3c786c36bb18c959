//! What a cart costs: what is in it and what the neighbours say of it, put to [`crate::pricing`].

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use billing_api::{TaxRate, TaxRule};
use cart_api::{
    Cart, CartCode, CartError, CartLine, CartShipping, CodeState, LineState, Promotion, PromotionOutcome, Quote,
    QuoteCharge, QuoteLine, QuotePromotion, QuoteRequest, QuoteTax, ShippingChoice, TaxPolicy,
};
use catalog_api::{SaleItem, VariantId};
use inventory_api::StockLevel;
use kernel::money::MoneyError;
use kernel::{Country, Currency, Money, Quantity, TaxClass, Timestamp, charge};
use orders_api::ShippingMethod;

use crate::pricing::quote;
use crate::store::promotions::GivenCode;
use crate::store::{Shown, StoredCart, StoredLine};

/// An order may be worth this many minor units.
pub(crate) const ORDER_LIMIT: i64 = 1_000_000_000_000;
/// How often delivery is chosen anew because what is reduced depends on it.
const ROUNDS: usize = 3;

/// What the neighbours say. `None` is a neighbour that does not answer.
#[derive(Clone, Debug, Default)]
pub(crate) struct Answers {
    pub(crate) items: Option<Vec<SaleItem>>,
    pub(crate) stock: Option<Vec<StockLevel>>,
    pub(crate) shipping_methods: Option<Arc<[ShippingMethod]>>,
    pub(crate) rates: Option<Rates>,
}

/// The tax rates of a country, for what goes to one postcode at one moment.
#[derive(Clone, Debug)]
pub(crate) struct Rates {
    pub(crate) rules: Arc<[TaxRule]>,
    pub(crate) postcode: String,
    pub(crate) at: Timestamp,
}

impl Rates {
    /// The rate for goods of a class.
    pub(crate) fn of(&self, class: &TaxClass) -> TaxRate {
        TaxRate::of(&self.rules, class, &self.postcode, self.at)
    }
}

/// Where a cart goes, and how the shop counts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terms {
    pub(crate) currency: Currency,
    pub(crate) country: Country,
    pub(crate) taxes: TaxPolicy,
}

/// Promotions that may apply.
#[derive(Clone, Debug, Default)]
pub(crate) struct Offers {
    pub(crate) automatic: Vec<Promotion>,
    /// Those of the codes that were given, each with why it may not be used, if it may not.
    pub(crate) given: Vec<(GivenCode, Option<CodeState>)>,
}

/// The cart with its prices.
///
/// Counted is what can be bought: all of a line that is available or unchecked, what is left of one with fewer, nothing
/// of others. Delivery is added when there is something to deliver, and is free from some worth of the goods on, after
/// their reductions.
///
/// # Errors
/// A sum does not fit.
pub(crate) fn price(
    cart: StoredCart,
    lines: Vec<StoredLine>,
    answers: &Answers,
    offers: &Offers,
    terms: Terms,
) -> Result<Cart, CartError> {
    let Terms { currency, country, taxes } = terms;
    let shelf = Shelf::new(answers, currency);
    let mut lines: Vec<CartLine> = lines.into_iter().map(|line| shelf.line(line)).collect();
    let item_count = lines.iter().map(units).sum();
    let weight = |line: &CartLine| line.weight_grams.unwrap_or(0).saturating_mul(units(line));
    let grams = lines.iter().map(weight).fold(0, i64::saturating_add);

    let (promotions, mut codes) = in_turn(offers, &cart.codes, currency);
    let asked: Vec<QuoteLine> = lines.iter().filter_map(|line| shelf.asked(line)).collect();
    let charge_taxes = charge_taxes(&asked, answers.rates.as_ref());
    let mut request = QuoteRequest {
        currency,
        taxes,
        lines: asked,
        promotions,
        shipping: None,
        surcharges: Vec::new(),
        customer_groups: Vec::new(),
    };
    let offered = answers.shipping_methods.as_deref().unwrap_or_default();
    let methods: Vec<&ShippingMethod> = offered.iter().filter(|method| method.carries(grams)).collect();
    let mut goods = if request.promotions.is_empty() { full(&request)? } else { goods_of(&quote(&request)?) };
    let mut round = 1;
    let (shipping, quoted) = loop {
        let choices: Vec<_> = methods.iter().map(|method| choice(method, goods, grams)).collect();
        let shipping = chosen(&choices, cart.shipping_method.as_deref()).filter(|_| item_count > 0);
        request.shipping = shipping.as_ref().map(|shipping| delivery(&shipping.name, shipping.price, &charge_taxes));
        let quoted = quote(&request)?;
        let reduced = goods_of(&quoted);
        if reduced == goods || round == ROUNDS {
            break (shipping, quoted);
        }
        (goods, round) = (reduced, round + 1);
    };
    let shipping_choices = choices_of(&methods, &request, &quoted, (&charge_taxes, grams))?;

    for (code, outcome) in codes.iter_mut().filter_map(|(code, place)| Some((code, &quoted.promotions[(*place)?]))) {
        code.state = state_of(outcome);
    }
    let counted = lines.iter_mut().filter(|line| units(line) > 0);
    for (line, quoted) in counted.zip(quoted.lines) {
        line.unit_price = quoted.unit_price;
        line.discounts = quoted.discounts;
        line.line_total = quoted.line_total;
        line.shares = quoted.shares;
        line.taxes = quoted.taxes;
    }
    let shipping = shipping.zip(quoted.shipping).map(|(shipping, quoted)| CartShipping {
        price: quoted.price,
        adjustments: quoted.adjustments,
        taxes: quoted.taxes,
        ..shipping
    });

    let all_answered = answers.items.is_some() && answers.shipping_methods.is_some() && answers.rates.is_some();
    let as_it_is = |line: &CartLine| matches!(line.state, LineState::Available | LineState::Unchecked);
    Ok(Cart {
        id: cart.id,
        version: cart.version,
        item_count,
        subtotal: quoted.subtotal,
        adjustments: quoted.adjustments,
        codes: codes.into_iter().map(|(code, _)| code).collect(),
        tax_lines: quoted.tax_lines,
        shipping,
        shipping_choices,
        total: quoted.total,
        tax_contained: quoted.tax_contained,
        tax_basis_points: answers.rates.as_ref().map_or(0, |rates| rates.of(&TaxClass::default()).basis_points),
        country,
        email: cart.email,
        address: cart.address,
        can_check_out: all_answered
            && !lines.is_empty()
            && lines.iter().all(as_it_is)
            && quoted.total.amount <= ORDER_LIMIT,
        lines,
    })
}

/// What the goods cost when nothing is reduced.
fn full(request: &QuoteRequest) -> Result<Money, CartError> {
    let all = request
        .lines
        .iter()
        .try_fold(Money::zero(request.currency), |all, line| all.plus(line.unit_price.times(line.quantity.get())?));
    all.map_err(|error: MoneyError| CartError::invalid("lines", error.to_string()))
}

/// What the goods cost after their reductions.
fn goods_of(quote: &Quote) -> Money {
    Money::new(quote.subtotal.amount - charge::total_of(&quote.adjustments), quote.subtotal.currency)
}

/// Promotions as they are put to the reckoning, and each code that was given with the place of its promotion there. Of
/// several codes for one promotion the first counts. Promotions of a former currency of the shop do not apply, as goods of
/// one are not sold.
fn in_turn(
    offers: &Offers,
    codes: &[String],
    currency: Currency,
) -> (Vec<QuotePromotion>, Vec<(CartCode, Option<usize>)>) {
    let asked = |promotion: &Promotion, code: Option<String>| QuotePromotion {
        promotion_id: promotion.id.to_string(),
        label: promotion.label.clone(),
        code,
        rule: promotion.rule.clone(),
    };
    let automatic = offers.automatic.iter().filter(|promotion| promotion.rule.is_in(currency));
    let mut promotions: Vec<QuotePromotion> = automatic.map(|promotion| asked(promotion, None)).collect();
    let mut counted = HashSet::new();
    let mut turns = Vec::with_capacity(codes.len());
    for code in codes {
        let given = offers.given.iter().find(|(given, _)| given.code.code == *code);
        let (label, state, place) = match given {
            None => (String::new(), CodeState::Unknown, None),
            Some((given, Some(refusal))) => (given.promotion.label.clone(), refusal.clone(), None),
            Some((given, None)) if !given.promotion.rule.is_in(currency) => {
                (given.promotion.label.clone(), CodeState::NothingQualifies, None)
            }
            Some((given, None)) if counted.insert(given.promotion.id) => {
                promotions.push(asked(&given.promotion, Some(code.clone())));
                (given.promotion.label.clone(), CodeState::NothingQualifies, Some(promotions.len() - 1))
            }
            Some((given, None)) => (given.promotion.label.clone(), CodeState::NotCombined, None),
        };
        turns.push((CartCode { code: code.clone(), label, state }, place));
    }
    (promotions, turns)
}

fn state_of(outcome: &PromotionOutcome) -> CodeState {
    match outcome {
        PromotionOutcome::Applied { amount } => CodeState::Applied { amount: *amount },
        PromotionOutcome::BelowMinimum { missing } => CodeState::BelowMinimum { missing: *missing },
        PromotionOutcome::NotCombined => CodeState::NotCombined,
        _ => CodeState::NothingQualifies,
    }
}

fn delivery(name: &str, price: Money, taxes: &[QuoteTax]) -> QuoteCharge {
    QuoteCharge { name: name.to_owned(), price, includes_tax: None, taxes: taxes.to_vec(), listed_with: None }
}

fn taxes(rate: TaxRate) -> Vec<QuoteTax> {
    let TaxRate { name, basis_points, class } = rate;
    vec![QuoteTax { name, rate_ppm: basis_points * 100, class, compound: false }]
}

/// Bringing goods is part of selling them and is taxed as they are: goods of several rates at the highest of these, so that
/// never too little is taxed.
fn charge_taxes(goods: &[QuoteLine], rates: Option<&Rates>) -> Vec<QuoteTax> {
    let highest = goods.iter().map(|line| &line.taxes).max_by_key(|taxes| taxes.iter().map(|tax| tax.rate_ppm).max());
    let usual = || rates.map(|rates| taxes(rates.of(&TaxClass::default()))).unwrap_or_default();
    highest.cloned().unwrap_or_else(usual)
}

/// Every way, at what it would cost.
fn choices_of(
    methods: &[&ShippingMethod],
    request: &QuoteRequest,
    quoted: &Quote,
    (taxes, grams): (&[QuoteTax], i64),
) -> Result<Vec<ShippingChoice>, CartError> {
    let mut choices: Vec<_> = methods.iter().map(|method| choice(method, goods_of(quoted), grams)).collect();
    let is_reduced = quoted.shipping.as_ref().is_some_and(|shipping| !shipping.adjustments.is_empty());
    if is_reduced {
        for choice in &mut choices {
            let other = QuoteRequest { shipping: Some(delivery(&choice.name, choice.price, taxes)), ..request.clone() };
            choice.price = quote(&other)?.shipping.map_or(choice.price, |shipping| shipping.price);
        }
    }
    Ok(choices)
}

/// How many of a line can be bought.
fn units(line: &CartLine) -> i64 {
    units_of(&line.state, line.quantity.get())
}

/// How many of so many that are wanted.
fn units_of(state: &LineState, quantity: i64) -> i64 {
    match state {
        LineState::Available | LineState::Unchecked => quantity,
        LineState::Fewer { available } => *available,
        _ => 0,
    }
}

/// What is there of each variant.
struct Shelf<'a> {
    currency: Currency,
    items: Option<HashMap<VariantId, &'a SaleItem>>,
    stock: Option<HashMap<&'a str, &'a StockLevel>>,
    rates: Option<&'a Rates>,
}

impl<'a> Shelf<'a> {
    fn new(answers: &'a Answers, currency: Currency) -> Self {
        let items = answers.items.as_ref();
        let stock = answers.stock.as_ref();
        Self {
            currency,
            items: items.map(|items| items.iter().map(|item| (item.variant_id, item)).collect()),
            stock: stock.map(|stock| stock.iter().map(|level| (level.variant_id.as_str(), level)).collect()),
            rates: answers.rates.as_ref(),
        }
    }

    fn line(&self, line: StoredLine) -> CartLine {
        let item = self.items.as_ref().and_then(|items| items.get(&line.variant_id)).copied();
        let (price_of_one, shown) = match item {
            Some(item) => (item.price, Shown::of(item)),
            None => (line.added_price, line.shown),
        };
        // Without an answer the line stays as it was added; with an answer that leaves it out, it is no longer sold.
        // Neither is what is offered in another currency, since sums never mix them.
        let sold = self.items.is_none() || item.is_some_and(|item| item.for_sale);
        let (variant_id, quantity) = (line.variant_id.to_string(), line.quantity.get());
        let state = if sold && price_of_one.currency == self.currency {
            self.state(&variant_id, quantity)
        } else {
            LineState::Withdrawn
        };
        let backordered = self.backordered(&variant_id, &state, quantity);
        // Each costs what so many as can be bought cost; of what cannot be bought, what was wanted would.
        let counted = Quantity::try_from(units_of(&state, quantity)).unwrap_or(line.quantity);
        let unit_price = item.map_or(price_of_one, |item| item.price_for(counted));
        CartLine {
            id: line.id,
            variant_id,
            slug: shown.slug,
            title: shown.title,
            options: shown.options,
            sku: shown.sku,
            image: shown.image,
            unit_price,
            price_of_one: (unit_price != price_of_one).then_some(price_of_one),
            added_price: line.added_price,
            quantity: line.quantity,
            weight_grams: item.and_then(|item| item.weight_grams),
            discounts: Vec::new(),
            line_total: Money::zero(self.currency),
            shares: Vec::new(),
            taxes: Vec::new(),
            backordered,
            state,
        }
    }

    /// What can be bought of a line, as it is put to the reckoning.
    fn asked(&self, line: &CartLine) -> Option<QuoteLine> {
        let quantity = Quantity::try_from(units(line)).ok()?;
        let variant: Option<VariantId> = line.variant_id.parse().ok();
        let item = self.items.as_ref().and_then(|items| items.get(&variant?)).copied();
        let class = item.map(|item| item.tax_class.clone()).unwrap_or_default();
        Some(QuoteLine {
            id: line.id.to_string(),
            variant_id: line.variant_id.clone(),
            product_id: item.map(|item| item.product_id.to_string()).unwrap_or_default(),
            category: item.and_then(|item| item.category.clone()),
            unit_price: line.unit_price,
            quantity,
            regular_price: item.and_then(|item| item.compare_at_price),
            minimum_price: None,
            includes_tax: None,
            taxes: self.rates.map(|rates| taxes(rates.of(&class))).unwrap_or_default(),
            listed_with: None,
        })
    }

    fn backordered(&self, variant_id: &str, state: &LineState, quantity: i64) -> i64 {
        let level = self.stock.as_ref().and_then(|stock| stock.get(variant_id));
        level.filter(|_| *state == LineState::Available).map_or(0, |level| level.backordered(quantity))
    }

    fn state(&self, variant_id: &str, quantity: i64) -> LineState {
        let Some(stock) = &self.stock else { return LineState::Unchecked };
        match stock.get(variant_id) {
            Some(level) if level.can_promise(quantity) => LineState::Available,
            Some(level) if level.available > 0 => LineState::Fewer { available: level.available },
            // What was never stocked is not there.
            _ => LineState::SoldOut,
        }
    }
}

impl Shown {
    pub(crate) fn of(item: &SaleItem) -> Self {
        Self {
            slug: item.slug.clone(),
            title: item.title.clone(),
            options: item.options.clone(),
            sku: item.sku.clone(),
            image: item.media.as_ref().map(|media| media.source.clone()),
        }
    }
}

/// A way for goods of this worth and weight to get there.
fn choice(method: &ShippingMethod, goods: Money, grams: i64) -> ShippingChoice {
    ShippingChoice {
        method: method.code.clone(),
        name: method.name.clone(),
        price: method.price_for(goods, grams),
        free_from: method.free_from,
        min_days: method.min_days,
        max_days: method.max_days,
    }
}

/// The chosen way when it is offered, else the cheapest, the first among equals.
fn chosen(choices: &[ShippingChoice], wanted: Option<&str>) -> Option<CartShipping> {
    let by_choice = choices.iter().find(|choice| Some(choice.method.as_str()) == wanted);
    let taken = by_choice.or_else(|| choices.iter().min_by_key(|choice| choice.price.amount))?;
    Some(CartShipping {
        method: taken.method.clone(),
        name: taken.name.clone(),
        price: taken.price,
        adjustments: Vec::new(),
        taxes: Vec::new(),
        chosen: by_choice.is_some(),
    })
}

#[cfg(test)]
mod tests {
    use cart_api::{CartId, CartLineId};
    use catalog_api::ProductId;
    use kernel::Quantity;
    use proptest::prelude::*;

    use super::*;

    fn eur(amount: i64) -> Money {
        Money::new(amount, Currency::eur())
    }

    fn terms() -> Terms {
        let country = "AT".parse().expect("a country");
        Terms { currency: Currency::eur(), country, taxes: TaxPolicy::default() }
    }

    /// One line and what the neighbours say of it.
    #[derive(Clone, Debug)]
    struct Case {
        quantity: i64,
        added_price: i64,
        item: Option<(i64, bool)>,
        available: Option<i64>,
        track_inventory: bool,
    }

    fn cases() -> impl Strategy<Value = Vec<Case>> {
        let case = (
            1..=Quantity::MAX,
            0..=10_000_000_000_i64,
            prop::option::weighted(0.9, (0..=10_000_000_000_i64, prop::bool::weighted(0.9))),
            prop::option::weighted(0.9, -5..12_000_i64),
            prop::bool::weighted(0.8),
        );
        let case = case.prop_map(|(quantity, added_price, item, available, track_inventory)| Case {
            quantity,
            added_price,
            item,
            available,
            track_inventory,
        });
        prop::collection::vec(case, 0..20)
    }

    fn methods() -> impl Strategy<Value = Option<Vec<ShippingMethod>>> {
        let method = (0..100_000_i64, prop::option::of(0..1_000_000_000_i64));
        prop::option::weighted(0.9, prop::collection::vec(method, 0..4)).prop_map(|methods| {
            let numbered = methods?.into_iter().enumerate();
            Some(numbered.map(|(number, (price, free_from))| method_of(number, price, free_from)).collect())
        })
    }

    fn method_of(number: usize, price: i64, free_from: Option<i64>) -> ShippingMethod {
        ShippingMethod {
            code: format!("method{number}"),
            name: format!("Method {number}"),
            price: eur(price),
            free_from: free_from.map(eur),
            min_days: 1,
            max_days: 2,
            rates: Vec::new(),
            max_grams: None,
            countries: Vec::new(),
            version: 1,
        }
    }

    fn stored(case: &Case, position: usize) -> StoredLine {
        StoredLine {
            id: CartLineId::new(),
            variant_id: VariantId::new(),
            quantity: case.quantity.try_into().expect("a quantity"),
            added_price: eur(case.added_price),
            shown: Shown {
                slug: "chalk".to_owned(),
                title: "Chalk".to_owned(),
                options: String::new(),
                sku: None,
                image: None,
            },
            position: i64::try_from(position).expect("small"),
        }
    }

    fn item(line: &StoredLine, (price, for_sale): (i64, bool)) -> SaleItem {
        SaleItem {
            variant_id: line.variant_id,
            product_id: ProductId::new(),
            slug: "chalk".to_owned(),
            title: "Chalk, white".to_owned(),
            options: String::new(),
            sku: None,
            price: eur(price),
            tiers: Vec::new(),
            weight_grams: None,
            media: None,
            for_sale,
            category: None,
            compare_at_price: None,
            tax_class: TaxClass::default(),
        }
    }

    fn rates(basis_points: u32) -> Rates {
        let country = "AT".parse().expect("a country");
        let (region, name, class) = (String::new(), "VAT".to_owned(), TaxClass::default());
        let rule = TaxRule { country, region, class, valid_from: Timestamp(0), name, basis_points };
        Rates { rules: [rule].into(), postcode: String::new(), at: Timestamp(0) }
    }

    fn level(line: &StoredLine, case: &Case) -> Option<StockLevel> {
        let available = case.available?;
        Some(StockLevel {
            variant_id: line.variant_id.to_string(),
            sku: None,
            on_hand: available,
            reserved: 0,
            allocated: 0,
            available,
            track_inventory: case.track_inventory,
            backorderable: false,
            low_stock_threshold: 0,
            ..StockLevel::default()
        })
    }

    fn cart() -> StoredCart {
        StoredCart {
            id: CartId::new(),
            version: 1,
            email: None,
            address: None,
            shipping_method: None,
            codes: Vec::new(),
        }
    }

    fn priced(cases: &[Case], answering: (bool, bool), methods: Option<Vec<ShippingMethod>>, tax: Option<u32>) -> Cart {
        let lines: Vec<_> = cases.iter().enumerate().map(|(position, case)| stored(case, position)).collect();
        let told = || lines.iter().zip(cases);
        let answers = Answers {
            items: answering.0.then(|| told().filter_map(|(line, case)| Some(item(line, case.item?))).collect()),
            stock: answering.1.then(|| told().filter_map(|(line, case)| level(line, case)).collect()),
            shipping_methods: methods.map(Into::into),
            rates: tax.map(rates),
        };
        price(cart(), lines, &answers, &Offers::default(), terms()).expect("the sums fit")
    }

    proptest! {
        #[test]
        fn totals_add_up_and_nothing_is_negative(
            cases in cases(),
            answering in any::<(bool, bool)>(),
            methods in methods(),
            tax in prop::option::of(0..3_000_u32),
        ) {
            let cart = priced(&cases, answering, methods, tax);
            let lines: i64 = cart.lines.iter().map(|line| line.line_total.amount).sum();
            let shipping = cart.shipping.as_ref().map_or(0, |shipping| shipping.price.amount);
            prop_assert_eq!(cart.subtotal.amount, lines);
            prop_assert_eq!(cart.total.amount, lines + shipping);
            prop_assert!((0..=cart.total.amount).contains(&cart.tax_contained.amount));
            for line in &cart.lines {
                prop_assert!(line.line_total.amount >= 0);
                prop_assert!(line.line_total.amount <= line.unit_price.amount * line.quantity.get());
            }
        }

        #[test]
        fn what_cannot_be_bought_counts_nothing_and_stops_the_checkout(
            cases in cases(),
            answering in any::<(bool, bool)>(),
        ) {
            let cart = priced(&cases, answering, Some(vec![method_of(1, 490, None)]), Some(2_000));
            let mut units = 0;
            for (line, case) in cart.lines.iter().zip(&cases) {
                let sold = !answering.0 || case.item.is_some_and(|(_, for_sale)| for_sale);
                let there = match case.available {
                    _ if !answering.1 => case.quantity,
                    Some(_) if !case.track_inventory => case.quantity,
                    Some(available) => available.clamp(0, case.quantity),
                    None => 0,
                };
                let expected = if sold { there } else { 0 };
                prop_assert_eq!(line.line_total.amount, line.unit_price.amount * expected);
                prop_assert!(expected == case.quantity || !cart.can_check_out);
                units += expected;
            }
            prop_assert_eq!(cart.item_count, units);
            prop_assert!(answering.0 || !cart.can_check_out);
            prop_assert_eq!(cart.shipping.is_some(), units > 0);
        }

        #[test]
        fn delivery_is_free_from_its_worth_on(quantity in 1..=100_i64, free_from in 1..=100_000_i64) {
            let case = Case {
                quantity,
                added_price: 0,
                item: Some((1_000, true)),
                available: Some(100),
                track_inventory: true,
            };
            let cart = priced(&[case], (true, true), Some(vec![method_of(1, 490, Some(free_from))]), Some(2_000));
            let expected = if quantity * 1_000 >= free_from { 0 } else { 490 };
            prop_assert_eq!(cart.shipping.map(|shipping| shipping.price.amount), Some(expected));
        }
    }

    #[test]
    fn sums_that_do_not_fit_are_an_error() {
        let case =
            Case { quantity: 9_999, added_price: i64::MAX / 2, item: None, available: None, track_inventory: true };
        let result = price(cart(), vec![stored(&case, 1)], &Answers::default(), &Offers::default(), terms());
        assert!(matches!(result, Err(CartError::Invalid { .. })), "{result:?}");
    }

    #[test]
    fn more_than_an_order_can_hold_stops_the_checkout() {
        let case = |quantity| Case {
            quantity,
            added_price: 0,
            item: Some((ORDER_LIMIT / 100, true)),
            available: Some(9_999),
            track_inventory: true,
        };
        let free = || Some(vec![method_of(1, 0, None)]);
        assert!(priced(&[case(100)], (true, true), free(), Some(2_000)).can_check_out);
        assert!(!priced(&[case(101)], (true, true), free(), Some(2_000)).can_check_out);
    }

    #[test]
    fn the_chosen_way_counts_else_the_cheapest() {
        let case =
            Case { quantity: 1, added_price: 0, item: Some((1_000, true)), available: Some(1), track_inventory: true };
        let line = stored(&case, 1);
        let answers = Answers {
            items: Some(vec![item(&line, (1_000, true))]),
            shipping_methods: Some([method_of(1, 900, None), method_of(2, 490, None)].into()),
            ..Answers::default()
        };
        let way = |chosen: Option<&str>| {
            let cart = StoredCart { shipping_method: chosen.map(str::to_owned), ..cart() };
            let cart = price(cart, vec![line.clone()], &answers, &Offers::default(), terms()).expect("fits");
            cart.shipping.map(|shipping| (shipping.method, shipping.chosen))
        };
        assert_eq!(way(Some("method1")), Some(("method1".to_owned(), true)));
        assert_eq!(way(Some("gone")), Some(("method2".to_owned(), false)));
        assert_eq!(way(None), Some(("method2".to_owned(), false)));
    }
}
