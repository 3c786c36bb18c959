//! Properties of every price. `FREESTONE_PRICING_CARTS=1000000` prices that many random carts instead of 20,000.

use cart_api::{
    Action, Conditions, Items, PromotionOutcome, PromotionRule, Quote, QuoteCharge, QuoteLine, QuotePromotion,
    QuoteRequest, QuoteTax, Step, TaxPolicy, TaxRounding,
};
use kernel::{Adjustment, Currency, Money, Quantity, TaxLine};
use proptest::prelude::*;

use super::quote;

fn eur(amount: i64) -> Money {
    Money::new(amount, Currency::eur())
}

/// Numbers that look random and are the same each time: cheap, so that a million carts can be afforded.
struct Dice(u64);

impl Dice {
    /// From 0 to below `sides`.
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % sides
    }

    fn amount(&mut self, most: u64) -> i64 {
        i64::try_from(self.roll(most + 1)).expect("small")
    }

    fn small(&mut self, most: u64) -> u32 {
        u32::try_from(self.roll(most + 1)).expect("small")
    }

    fn chance(&mut self, percent: u64) -> bool {
        self.roll(100) < percent
    }

    fn price(&mut self) -> i64 {
        let most = [0, 9, 999, 9_999, 1_000_000][usize::try_from(self.roll(5)).expect("small")];
        self.amount(most)
    }

    fn taxes(&mut self) -> Vec<QuoteTax> {
        let rates = [200_000, 100_000, 70_000, 82_500, 0];
        let count = [1, 1, 1, 0, 2][usize::try_from(self.roll(5)).expect("small")];
        let tax = |number: u64| QuoteTax {
            name: format!("Tax {number}"),
            rate_ppm: rates[usize::try_from(self.roll(5)).expect("small")],
            class: "standard".to_owned(),
            compound: number > 0 && self.chance(50),
        };
        (0..count).map(tax).collect()
    }

    fn includes(&mut self) -> Option<bool> {
        [None, None, Some(true), Some(false)][usize::try_from(self.roll(4)).expect("small")]
    }

    fn items(&mut self) -> Items {
        match self.roll(3) {
            0 => Items::Categories(vec!["linen".to_owned()]),
            1 => Items::Products(vec!["prd_0".to_owned(), "prd_1".to_owned()]),
            _ => Items::All,
        }
    }

    fn action(&mut self) -> Action {
        let items = self.items();
        match self.roll(9) {
            0 => Action::AmountPerUnit { items, amount: eur(self.price()) },
            1 => Action::AmountPerLine { items, amount: eur(self.price()) },
            2 => Action::PercentPerLine { items, ppm: self.small(1_000_000) },
            3 => Action::UnitPrice { items, price: eur(self.price()) },
            4 => Action::Amount { items, amount: eur(self.price()) },
            5 => Action::Percent { items, ppm: self.small(1_000_000) },
            6 => Action::Tiered {
                items,
                steps: vec![
                    Step { from: eur(self.price()), amount: Some(eur(self.price())), ppm: 0 },
                    Step { from: eur(self.price()), amount: None, ppm: self.small(1_000_000) },
                ],
            },
            7 => Action::BuyGet {
                buy: items,
                buy_quantity: self.small(3),
                get: self.items(),
                get_quantity: 1 + self.small(2),
                ppm: self.small(1_000_000),
                most: self.chance(50).then(|| self.small(5)),
            },
            _ => Action::Delivery { ppm: self.small(1_000_000) },
        }
    }

    fn promotion(&mut self, number: usize) -> QuotePromotion {
        QuotePromotion {
            promotion_id: format!("prm_{number}"),
            label: format!("Promotion {number}"),
            code: self.chance(30).then(|| format!("CODE{number}")),
            rule: PromotionRule {
                conditions: Conditions {
                    minimum_goods: self.chance(20).then(|| eur(self.price())),
                    only_at_regular_price: self.chance(20),
                    customer_groups: Vec::new(),
                },
                action: self.action(),
                priority: self.amount(3),
                exclusive: self.chance(10),
            },
        }
    }

    fn line(&mut self, number: usize) -> QuoteLine {
        let unit = self.price();
        let most = if self.chance(90) { 5 } else { 9_998 };
        let quantity = 1 + self.amount(most);
        QuoteLine {
            id: format!("cln_{number:04}"),
            variant_id: format!("var_{number}"),
            product_id: format!("prd_{}", self.roll(4)),
            category: self.chance(50).then(|| "linen".to_owned()),
            unit_price: eur(unit),
            quantity: Quantity::try_from(quantity).expect("a quantity"),
            regular_price: self.chance(20).then(|| eur(self.price())),
            minimum_price: self.chance(20).then(|| eur(self.price())),
            includes_tax: self.includes(),
            taxes: self.taxes(),
            listed_with: self.chance(10).then(|| self.taxes()),
        }
    }

    fn charge(&mut self, name: &str) -> QuoteCharge {
        let (includes_tax, taxes) = (self.includes(), self.taxes());
        QuoteCharge { name: name.to_owned(), price: eur(self.price()), includes_tax, taxes, listed_with: None }
    }

    fn request(&mut self) -> QuoteRequest {
        let lines = usize::try_from(1 + self.roll(6)).expect("small");
        let promotions = usize::try_from(self.roll(5)).expect("small");
        let rounding = [TaxRounding::Unit, TaxRounding::Line, TaxRounding::Order];
        QuoteRequest {
            currency: Currency::eur(),
            taxes: TaxPolicy {
                prices_include_tax: self.chance(50),
                rounding: rounding[usize::try_from(self.roll(3)).expect("small")],
            },
            lines: (0..lines).map(|number| self.line(number)).collect(),
            promotions: (0..promotions).map(|number| self.promotion(number)).collect(),
            shipping: self.chance(70).then(|| self.charge("Delivery")),
            surcharges: if self.chance(20) { vec![self.charge("Gift wrap")] } else { Vec::new() },
            customer_groups: Vec::new(),
        }
    }
}

fn sum(adjustments: &[Adjustment]) -> i64 {
    adjustments.iter().map(|adjustment| adjustment.amount.amount).sum()
}

fn tax(taxes: &[TaxLine], contained: bool) -> i64 {
    taxes.iter().filter(|tax| tax.contained == contained).map(|tax| tax.amount.amount).sum()
}

/// Reckons a quote again from its parts. What is wrong with it, if anything.
fn audit(request: &QuoteRequest, quote: &Quote) -> Result<(), String> {
    let ensure = |holds: bool, what: &str| if holds { Ok(()) } else { Err(what.to_owned()) };
    let (mut subtotal, mut charged, mut shares) = (0, 0, 0);
    let mut taxes: Vec<&TaxLine> = Vec::new();
    let base_of = |paid: i64, taxes: &[TaxLine]| {
        taxes.iter().all(|tax| tax.base.amount == paid - self::tax(taxes, true) && tax.amount.amount >= 0)
    };
    for (line, asked) in quote.lines.iter().zip(&request.lines) {
        let full = line.unit_price.amount * line.quantity.get();
        ensure(line.id == asked.id, "lines stand in the order asked for")?;
        ensure(line.line_total.amount == full - sum(&line.discounts), "a line is its price less its discounts")?;
        let paid = line.line_total.amount - sum(&line.shares);
        ensure(paid >= 0, "no line is negative")?;
        ensure(line.discounts.iter().chain(&line.shares).all(|part| part.amount.amount > 0), "no empty reduction")?;
        ensure(base_of(paid, &line.taxes), "the base of a line's tax is what is paid without it")?;
        subtotal += line.line_total.amount;
        charged += paid;
        shares += sum(&line.shares);
        taxes.extend(&line.taxes);
    }
    ensure(quote.subtotal.amount == subtotal, "the subtotal is the sum of the lines")?;
    ensure(shares == sum(&quote.adjustments), "shares add up to the reductions of the order")?;
    for charge in quote.shipping.iter().chain(&quote.surcharges) {
        ensure(charge.price.amount >= 0, "no charge is negative")?;
        ensure(base_of(charge.price.amount, &charge.taxes), "the base of a charge's tax")?;
        charged += charge.price.amount;
        taxes.extend(&charge.taxes);
    }
    for contained in [true, false] {
        let of_parts: i64 = taxes.iter().filter(|tax| tax.contained == contained).map(|tax| tax.amount.amount).sum();
        let total = if contained { quote.tax_contained } else { quote.tax_added };
        ensure(of_parts == self::tax(&quote.tax_lines, contained), "taxes of parts add up to those by rate")?;
        ensure(of_parts == total.amount, "taxes by rate add up")?;
    }
    ensure(quote.tax_contained.amount <= charged, "contained tax is part of the price")?;
    ensure(quote.total.amount == charged + quote.tax_added.amount, "the total is the sum of its parts")?;
    let applied: i64 = quote
        .promotions
        .iter()
        .map(|outcome| if let PromotionOutcome::Applied { amount } = outcome { amount.amount } else { 0 })
        .sum();
    let taken = quote.lines.iter().map(|line| sum(&line.discounts)).sum::<i64>()
        + sum(&quote.adjustments)
        + quote.shipping.as_ref().map_or(0, |shipping| sum(&shipping.adjustments));
    ensure(applied == taken, "promotions say what they take off")
}

/// Where the tax of a rate is rounded once, it is the exact tax on all of its base.
fn audit_order_rounding(request: &QuoteRequest, quote: &Quote) -> Result<(), String> {
    let is_simple = request.lines.iter().all(|line| line.taxes.len() == 1)
        && request.taxes.rounding == TaxRounding::Order
        && request.shipping.iter().chain(&request.surcharges).all(|charge| charge.taxes.len() == 1);
    for tax in quote.tax_lines.iter().filter(|_| is_simple) {
        let (base, amount, rate) =
            (i128::from(tax.base.amount), i128::from(tax.amount.amount), i128::from(tax.rate_ppm));
        let exact = if tax.contained { (base + amount) * rate / (1_000_000 + rate) } else { base * rate / 1_000_000 };
        if (amount - exact).abs() > 1 {
            return Err(format!("{tax:?} is not its rate of its base"));
        }
    }
    Ok(())
}

#[test]
fn the_parts_of_many_random_carts_add_up_to_their_totals_and_nothing_is_negative() {
    let carts: u64 = std::env::var("FREESTONE_PRICING_CARTS").map_or(20_000, |text| text.parse().expect("a number"));
    let started = std::time::Instant::now();
    for seed in 0..carts {
        let request = Dice(seed).request();
        let quote = quote(&request).unwrap_or_else(|error| panic!("cart {seed}: {error}"));
        audit(&request, &quote)
            .and_then(|()| audit_order_rounding(&request, &quote))
            .unwrap_or_else(|wrong| panic!("cart {seed}: {wrong}\n{request:#?}\n{quote:#?}"));
    }
    println!("{carts} carts in {:?}", started.elapsed());
}

proptest! {
    #[test]
    fn the_order_of_lines_does_not_matter(seed in any::<u64>(), by in 1_usize..6) {
        let request = Dice(seed).request();
        let mut turned = request.clone();
        let lines = turned.lines.len();
        turned.lines.rotate_left(by % lines);
        let (one, mut other) = (quote(&request).expect("fits"), quote(&turned).expect("fits"));
        other.lines.rotate_right(by % lines);
        prop_assert_eq!(one, other);
    }

    #[test]
    fn the_same_request_has_the_same_answer(seed in any::<u64>()) {
        let request = Dice(seed).request();
        prop_assert_eq!(quote(&request), quote(&request));
    }

    #[test]
    fn a_percentage_of_the_order_is_that_of_the_sum(prices in prop::collection::vec(0_i64..100_000, 1..20), ppm in 0_u32..=1_000_000) {
        let mut request = bare(&prices);
        request.promotions = vec![promotion(Action::Percent { items: Items::All, ppm })];
        let sum: i64 = prices.iter().sum();
        let expected = (i128::from(sum) * i128::from(ppm) * 2 + 1_000_000) / 2_000_000;
        let quote = quote(&request).expect("fits");
        prop_assert_eq!(i128::from(sum - quote.total.amount), expected);
    }

    #[test]
    fn what_is_taken_off_again_is_never_more_than_what_is_left(price in 0_i64..100_000, ppm in 1_u32..=1_000_000) {
        let mut request = bare(&[price]);
        let percent = promotion(Action::Percent { items: Items::All, ppm });
        let mut totals = Vec::new();
        for times in 0..6 {
            request.promotions = vec![percent.clone(); times];
            totals.push(quote(&request).expect("fits").total.amount);
        }
        prop_assert!(totals.is_sorted_by(|before, after| before >= after && *after >= 0));
    }
}

/// One of each, untaxed.
fn bare(prices: &[i64]) -> QuoteRequest {
    let mut dice = Dice(1);
    let mut request = dice.request();
    let line = |(number, &price): (usize, &i64)| QuoteLine {
        unit_price: eur(price),
        quantity: Quantity::ONE,
        regular_price: None,
        minimum_price: None,
        taxes: Vec::new(),
        listed_with: None,
        ..Dice(1).line(number)
    };
    request.lines = prices.iter().enumerate().map(line).collect();
    (request.shipping, request.surcharges, request.promotions) = (None, Vec::new(), Vec::new());
    request
}

fn promotion(action: Action) -> QuotePromotion {
    let rule = PromotionRule { conditions: Conditions::default(), action, priority: 0, exclusive: false };
    QuotePromotion { promotion_id: "prm_1".to_owned(), label: "Sale".to_owned(), code: None, rule }
}

#[test]
fn of_what_is_not_combined_the_better_counts() {
    let mut request = bare(&[10_000]);
    let mut alone = promotion(Action::Amount { items: Items::All, amount: eur(1_000) });
    alone.rule.exclusive = true;
    let beside = |ppm| promotion(Action::Percent { items: Items::All, ppm });
    request.promotions = vec![alone.clone(), beside(200_000)];
    let two = quote(&request).expect("fits");
    assert_eq!((two.total, &two.promotions[0]), (eur(8_000), &PromotionOutcome::NotCombined));
    request.promotions = vec![alone, beside(50_000)];
    let two = quote(&request).expect("fits");
    assert_eq!((two.total, &two.promotions[1]), (eur(9_000), &PromotionOutcome::NotCombined));
}

#[test]
fn a_group_pays_its_own_prices() {
    let mut request = bare(&[10_000]);
    let mut trade = promotion(Action::Percent { items: Items::All, ppm: 500_000 });
    trade.rule.conditions.customer_groups = vec!["trade".to_owned()];
    request.promotions = vec![trade];
    assert_eq!(quote(&request).expect("fits").promotions, [PromotionOutcome::NotForCustomer]);
    request.customer_groups = vec!["trade".to_owned()];
    assert_eq!(quote(&request).expect("fits").total, eur(5_000));
}

#[test]
fn what_is_below_its_minimum_says_what_is_missing() {
    let mut request = bare(&[4_000, 3_000]);
    let mut free = promotion(Action::Delivery { ppm: 1_000_000 });
    free.rule.conditions.minimum_goods = Some(eur(7_001));
    request.shipping = Some(Dice(3).charge("Delivery"));
    request.promotions = vec![free];
    let missing = PromotionOutcome::BelowMinimum { missing: eur(1) };
    assert_eq!(quote(&request).expect("fits").promotions, [missing]);
}

#[test]
fn what_is_free_already_does_not_make_the_next_gift_cheaper() {
    let mut request = bare(&[250]);
    request.lines[0].quantity = Quantity::try_from(1_080).expect("a quantity");
    let gift = |buy_quantity, get_quantity| {
        let (buy, get, most) = (Items::All, Items::All, Some(get_quantity));
        promotion(Action::BuyGet { buy, buy_quantity, get, get_quantity, ppm: 1_000_000, most })
    };
    request.promotions = vec![gift(50, 1_000), gift(10, 20)];
    assert_eq!(quote(&request).expect("fits").total, eur(60 * 250));
}

#[test]
fn another_currency_is_refused_and_sums_do_not_wrap() {
    let mut dollars = bare(&[100]);
    dollars.lines[0].unit_price = Money::new(100, "USD".parse().expect("a currency"));
    assert!(quote(&dollars).is_err());
    let mut dear = bare(&[10_000_000_001]);
    assert!(quote(&dear).is_err());
    dear.lines[0].unit_price = eur(10_000_000_000);
    dear.lines[0].quantity = Quantity::try_from(9_999).expect("a quantity");
    assert_eq!(quote(&dear).expect("fits").total, eur(99_990_000_000_000));
}
