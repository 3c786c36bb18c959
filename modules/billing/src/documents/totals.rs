//! The sums of a document: from what the shopper was charged to bases, VAT and totals that satisfy BR-CO-10 to BR-CO-17
//! of EN 16931. Pure arithmetic.
//!
//! A shop may round VAT on each line; a document rounds it once for each rate, on the base of all its lines. The shopper
//! pays what the shop showed, so the document is built from that: for each rate a base is chosen whose VAT leads to the
//! amount charged at that rate. Not every amount has one (at 20 % no base leads to 0.03: 0.02 and 0.03 lead to 0.02 and
//! 0.04). Where a rate has none, its amount is off by one minor unit, in turn below and above, so that two such rates
//! make up for each other; the unit that may be left is the rounding amount (BT-114), which leads to what was paid.

use std::collections::BTreeMap;

use billing_api::{
    BillingError, DocumentCharge, DocumentLine, DocumentTotals, InvoiceCharge, InvoiceLine, Prices, Vat, VatSubtotal,
};
use kernel::{Currency, Money};

/// No amount on a document is as large, so that sums of them fit.
const LARGEST: i64 = 1_000_000_000_000;
const MILLION: i128 = 1_000_000;

/// What a document says in numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sums {
    pub(crate) lines: Vec<DocumentLine>,
    pub(crate) charges: Vec<DocumentCharge>,
    pub(crate) vat: Vec<VatSubtotal>,
    pub(crate) totals: DocumentTotals,
}

/// Sums up a document that comes to `total`, VAT included, of which `paid` is paid.
pub(crate) fn sums(
    prices: Prices,
    lines: &[InvoiceLine],
    charges: &[InvoiceCharge],
    total: Money,
    paid: Money,
) -> Result<Sums, BillingError> {
    let currency = total.currency;
    let amounts = lines.iter().map(|line| line.amount).chain(charges.iter().map(|charge| charge.amount));
    let discounts = lines.iter().map(|line| line.discount);
    for money in amounts.chain(discounts).chain([total, paid]) {
        check(money, currency)?;
    }
    let items: Vec<(Vat, i64)> = lines
        .iter()
        .map(|line| (line.vat, line.amount.amount))
        .chain(charges.iter().map(|charge| (charge.vat, charge.amount.amount)))
        .collect();
    let (nets, vat) = match prices {
        Prices::TaxContained => of_gross(&items),
        Prices::TaxAdded => of_net(&items),
    };
    let money = |amount: i64| Money::new(amount, currency);
    let (line_nets, charge_nets) = nets.split_at(lines.len());
    let sum = |amounts: &mut dyn Iterator<Item = i64>| amounts.sum::<i64>();
    let lines_net = sum(&mut line_nets.iter().copied());
    let added = sum(&mut charge_nets.iter().copied().filter(|net| *net > 0));
    let taken_off = -sum(&mut charge_nets.iter().copied().filter(|net| *net < 0));
    let tax = sum(&mut vat.iter().map(|(_, (_, tax))| *tax));
    let net = lines_net - taken_off + added;
    let rounding = total.amount - net - tax;
    let charged = sum(&mut items.iter().map(|(_, amount)| *amount));
    let most = match prices {
        Prices::TaxContained if charged == total.amount => 1,
        Prices::TaxContained => -1,
        Prices::TaxAdded => {
            (sum(&mut lines.iter().map(|line| line.quantity.get())) + sum(&mut charges.iter().map(|_| 1))) / 2 + 1
        }
    };
    check_rounding(rounding, most, total)?;
    Ok(Sums {
        lines: lines.iter().zip(line_nets).map(|(line, net)| document_line(line, money(*net))).collect(),
        charges: charges.iter().zip(charge_nets).map(|(charge, net)| document_charge(charge, money(*net))).collect(),
        vat: vat
            .into_iter()
            .map(|(vat, (base, tax))| VatSubtotal { vat, base: money(base), tax: money(tax) })
            .collect(),
        totals: DocumentTotals {
            lines: money(lines_net),
            charges: money(added),
            allowances: money(taken_off),
            net: money(net),
            tax: money(tax),
            gross: money(net + tax),
            rounding: money(rounding),
            paid,
            due: money(total.amount - paid.amount),
        },
    })
}

fn check(money: Money, currency: Currency) -> Result<(), BillingError> {
    if money.currency != currency {
        return Err(BillingError::invalid("lines", format!("{money}: use {currency} for all amounts")));
    }
    if money.amount.abs() > LARGEST {
        return Err(BillingError::invalid("lines", format!("{money} is too large for a document")));
    }
    Ok(())
}

/// Where prices contain VAT, they are what is paid, and rounding explains one unit; where it is added, half a unit for
/// each VAT that the shop may have rounded. More is a mistake of the caller, which no document hides.
fn check_rounding(rounding: i64, most: i64, total: Money) -> Result<(), BillingError> {
    if rounding.abs() <= most {
        return Ok(());
    }
    let sums = Money::new(total.amount - rounding, total.currency);
    Err(BillingError::invalid("total", format!("lines, charges and their VAT come to {sums}, not to {total}")))
}

/// Base and VAT by rate; the net amount of each item in their order.
type Split = (Vec<i64>, BTreeMap<Vat, (i64, i64)>);

fn by_vat(items: &[(Vat, i64)]) -> BTreeMap<Vat, i64> {
    let mut sums = BTreeMap::new();
    for (vat, amount) in items {
        *sums.entry(*vat).or_insert(0) += amount;
    }
    sums
}

/// VAT on a base, rounded half away from zero.
fn tax_on(base: i64, vat: Vat) -> i64 {
    rounded(i128::from(base) * i128::from(vat.rate_ppm), MILLION)
}

/// A quotient that is within the bounds of amounts, rounded half away from zero.
fn rounded(numerator: i128, denominator: i128) -> i64 {
    let magnitude = (2 * numerator.abs() + denominator) / (2 * denominator);
    i64::try_from(magnitude * numerator.signum()).unwrap_or(i64::MAX)
}

/// An amount that contains VAT, without it: exact but for rounding, whatever the document's base will be.
fn without_tax(amount: i64, vat: Vat) -> i64 {
    rounded(i128::from(amount) * MILLION, MILLION + i128::from(vat.rate_ppm))
}

fn of_net(items: &[(Vat, i64)]) -> Split {
    let vat = by_vat(items).into_iter().map(|(vat, base)| (vat, (base, tax_on(base, vat)))).collect();
    (items.iter().map(|(_, amount)| *amount).collect(), vat)
}

fn of_gross(items: &[(Vat, i64)]) -> Split {
    let mut bases = BTreeMap::new();
    let mut off = 0;
    for (vat, gross) in by_vat(items) {
        let base = base_of(gross, vat, off);
        let tax = tax_on(base, vat);
        off += base + tax - gross;
        bases.insert(vat, (base, tax));
    }
    let mut nets: Vec<i64> = vec![0; items.len()];
    for (vat, (base, _)) in &bases {
        let own: Vec<usize> = (0..items.len()).filter(|place| items[*place].0 == *vat).collect();
        spread(items, &own, *vat, *base, &mut nets);
    }
    (nets, bases)
}

/// The base whose VAT leads to `gross`. Where there is none, the one next to it: below, unless earlier rates are below
/// already.
fn base_of(gross: i64, vat: Vat, off: i64) -> i64 {
    let near = without_tax(gross, vat);
    let leads_to = |base: i64| base + tax_on(base, vat);
    if let Some(exact) = (near - 1..=near + 1).find(|base| leads_to(*base) == gross) {
        return exact;
    }
    // Base and VAT together grow by one or two units with each unit of the base, so both neighbours are led to.
    let wanted = if off < 0 { gross + 1 } else { gross - 1 };
    (near - 2..=near + 2).find(|base| leads_to(*base) == wanted).unwrap_or(near)
}

/// Spreads `base` over its items: each gets its amount without VAT, rounded so that the running sum is right; what is
/// left is with the largest.
fn spread(items: &[(Vat, i64)], own: &[usize], vat: Vat, base: i64, nets: &mut [i64]) {
    let (mut gross_so_far, mut net_so_far) = (0, 0);
    for place in own {
        gross_so_far += items[*place].1;
        nets[*place] = without_tax(gross_so_far, vat) - net_so_far;
        net_so_far += nets[*place];
    }
    if let Some(largest) = own.iter().copied().max_by_key(|place| (items[*place].1.abs(), std::cmp::Reverse(*place))) {
        nets[largest] += base - net_so_far;
    }
}

fn document_line(line: &InvoiceLine, net: Money) -> DocumentLine {
    DocumentLine {
        reference: line.reference.clone(),
        title: line.title.clone(),
        detail: line.detail.clone(),
        sku: line.sku.clone(),
        quantity: line.quantity,
        discount: line.discount,
        amount: line.amount,
        net,
        vat: line.vat,
    }
}

fn document_charge(charge: &InvoiceCharge, net: Money) -> DocumentCharge {
    let InvoiceCharge { reference, title, amount, vat } = charge.clone();
    DocumentCharge { reference, title, amount, net, vat }
}

#[cfg(test)]
mod tests {
    use billing_api::VatCategory;
    use kernel::Quantity;
    use proptest::prelude::*;

    use super::*;
    use crate::documents::rules::broken;

    fn eur(amount: i64) -> Money {
        Money::new(amount, Currency::eur())
    }

    fn at(rate_ppm: u32) -> Vat {
        let category = if rate_ppm == 0 { VatCategory::Zero } else { VatCategory::Standard };
        Vat { category, rate_ppm }
    }

    fn line(amount: i64, rate_ppm: u32) -> InvoiceLine {
        InvoiceLine {
            reference: "oln_1".to_owned(),
            title: "Chalk".to_owned(),
            detail: String::new(),
            sku: None,
            quantity: Quantity::ONE,
            discount: eur(0),
            amount: eur(amount),
            vat: at(rate_ppm),
        }
    }

    fn charge(amount: i64, rate_ppm: u32) -> InvoiceCharge {
        InvoiceCharge {
            reference: "shipping".to_owned(),
            title: "Delivery".to_owned(),
            amount: eur(amount),
            vat: at(rate_ppm),
        }
    }

    fn assert_rules(sums: &Sums, total: i64) {
        assert_eq!(broken(&sums.lines, &sums.charges, &sums.vat, &sums.totals), Vec::<&str>::new(), "{sums:?}");
        assert_eq!(sums.totals.gross.amount + sums.totals.rounding.amount, total, "what was paid");
    }

    #[test]
    fn an_amount_that_no_base_leads_to_is_rounded_and_says_so() {
        let sums = sums(Prices::TaxContained, &[line(3, 200_000)], &[], eur(3), eur(3)).expect("sums");
        assert_eq!((sums.totals.net, sums.totals.tax, sums.totals.rounding), (eur(2), eur(0), eur(1)));
        assert_rules(&sums, 3);
    }

    #[test]
    fn two_such_amounts_make_up_for_each_other() {
        let lines = [line(3, 200_000), line(5, 100_000)];
        let sums = sums(Prices::TaxContained, &lines, &[], eur(8), eur(8)).expect("sums");
        assert_eq!(sums.totals.rounding, eur(0));
        assert_rules(&sums, 8);
    }

    #[test]
    fn a_free_line_stays_free() {
        let lines = [line(999, 200_000), line(0, 200_000)];
        let sums = sums(Prices::TaxContained, &lines, &[charge(490, 200_000)], eur(1_489), eur(1_489)).expect("sums");
        assert_eq!(sums.lines[1].net, eur(0));
        assert_rules(&sums, 1_489);
    }

    #[test]
    fn a_total_that_is_none_is_refused() {
        for (prices, total) in [(Prices::TaxContained, 998), (Prices::TaxAdded, 998), (Prices::TaxContained, 1_001)] {
            let refused = sums(prices, &[line(1_000, 200_000)], &[], eur(total), eur(0));
            assert!(matches!(refused, Err(BillingError::Invalid { ref field, .. }) if field == "total"), "{refused:?}");
        }
    }

    fn rate() -> impl Strategy<Value = u32> {
        prop_oneof![
            Just(200_000),
            Just(100_000),
            Just(0),
            Just(55_000),
            Just(255_000),
            Just(21_000),
            Just(88_750),
            Just(1_000_000),
            1_u32..1_000_000
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4_000))]

        #[test]
        fn whatever_was_paid_is_what_the_document_comes_to(
            lines in prop::collection::vec((0_i64..200_000, rate()), 1..40),
            charges in prop::collection::vec((-500_i64..2_000, rate()), 0..4),
        ) {
            let total = lines.iter().chain(&charges).map(|(amount, _)| amount).sum::<i64>();
            let lines: Vec<_> = lines.into_iter().map(|(amount, rate)| line(amount, rate)).collect();
            let charges: Vec<_> = charges.into_iter().map(|(amount, rate)| charge(amount, rate)).collect();
            let sums = sums(Prices::TaxContained, &lines, &charges, eur(total), eur(total)).expect("sums");
            assert_rules(&sums, total);
            assert!(sums.totals.rounding.amount.abs() <= 1);
        }

        #[test]
        fn a_shop_that_rounds_added_tax_on_each_line_pays_out_even(
            lines in prop::collection::vec((0_i64..200_000, rate()), 1..40),
        ) {
            let total = lines.iter().map(|(net, rate)| net + tax_on(*net, at(*rate))).sum::<i64>();
            let lines: Vec<_> = lines.into_iter().map(|(amount, rate)| line(amount, rate)).collect();
            let sums = sums(Prices::TaxAdded, &lines, &[], eur(total), eur(0)).expect("sums");
            assert_rules(&sums, total);
        }
    }
}
