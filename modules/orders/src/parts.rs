//! The parts of an order add up to its total, to the last minor unit, or it is refused.

use std::collections::BTreeMap;

use kernel::money::MoneyError;
use kernel::{Adjustment, Currency, Money, TaxLine, charge};
use orders_api::{OrderCoupon, OrdersError, PlaceOrder, PlaceOrderLine};

const MOST_LINES: usize = 200;
/// Of one list of reductions or taxes.
const MOST_PARTS: usize = 50;
const HIGHEST_UNIT_PRICE: i64 = 10_000_000_000;
pub(crate) const HIGHEST_TOTAL: i64 = 1_000_000_000_000;

/// What an order consists of, checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Parts {
    /// The line totals together.
    pub(crate) subtotal: Money,
    /// Reductions of the whole order together.
    pub(crate) discount: Money,
    /// Reductions of the delivery together.
    pub(crate) shipping_discount: Money,
    /// Taxes on top of prices together.
    pub(crate) tax_added: Money,
}

impl Parts {
    /// Those of `request`, whatever its total.
    ///
    /// # Errors
    /// One is not in `currency`, negative or too large; or reductions or taxes do not add up.
    pub(crate) fn of(request: &PlaceOrder, currency: Currency) -> Result<Self, OrdersError> {
        if !(1..=MOST_LINES).contains(&request.lines.len()) {
            return Err(OrdersError::invalid("lines", format!("order 1 to {MOST_LINES} lines")));
        }
        let mut subtotal = Money::zero(currency);
        let mut shares = BTreeMap::new();
        let mut taxes = Taxes::default();
        for line in &request.lines {
            let total = line_total(line, currency)?;
            subtotal = plus("lines", subtotal, total)?;
            let shared = sum("lines.shares", &line.shares, currency)?;
            let charged = minus("lines.shares", total, shared)?;
            for share in &line.shares {
                *shares.entry(name_of(share)).or_insert(0) += share.amount.amount;
            }
            taxes.count("lines.taxes", &line.taxes, charged)?;
        }
        check_amount("lines", subtotal, currency, HIGHEST_TOTAL)?;
        let discount = sum("adjustments", &request.adjustments, currency)?;
        let mut whole = BTreeMap::new();
        for adjustment in &request.adjustments {
            *whole.entry(name_of(adjustment)).or_insert(0) += adjustment.amount.amount;
        }
        if shares != whole {
            return Err(OrdersError::invalid("adjustments", "the parts of the lines do not add up to them"));
        }
        check_amount("shipping_price", request.shipping_price, currency, HIGHEST_TOTAL)?;
        taxes.count("shipping_taxes", &request.shipping_taxes, request.shipping_price)?;
        taxes.check(request, currency)?;
        Ok(Self {
            subtotal,
            discount,
            shipping_discount: sum("shipping_adjustments", &request.shipping_adjustments, currency)?,
            tax_added: Money::new(charge::added(&request.tax_lines), currency),
        })
    }

    /// What the goods cost, which decides whether delivery is free.
    pub(crate) fn goods(self) -> Money {
        Money::new(self.subtotal.amount - self.discount.amount, self.subtotal.currency)
    }

    /// What is to be paid with a delivery at `shipping_price`.
    ///
    /// # Errors
    /// It is more than an order may be worth.
    pub(crate) fn total(self, shipping_price: Money) -> Result<Money, OrdersError> {
        let with_delivery = plus("shipping_price", self.goods(), shipping_price)?;
        let total = plus("tax_lines", with_delivery, self.tax_added)?;
        check_amount("expected_total", total, total.currency, HIGHEST_TOTAL)?;
        Ok(total)
    }
}

/// What a line costs after its own reductions.
///
/// # Errors
/// It is not in `currency`, negative or too large.
pub(crate) fn line_total(line: &PlaceOrderLine, currency: Currency) -> Result<Money, OrdersError> {
    check_amount("lines.unit_price", line.unit_price, currency, HIGHEST_UNIT_PRICE)?;
    let full = line.unit_price.times(line.quantity.get()).map_err(|error| refused("lines.quantity", &error))?;
    minus("lines.discounts", full, sum("lines.discounts", &line.discounts, currency)?)
}

/// What the goods weigh together, in grams.
///
/// # Errors
/// A weight is negative or too large.
pub(crate) fn weight(lines: &[PlaceOrderLine]) -> Result<i64, OrdersError> {
    let of_line = |line: &PlaceOrderLine| {
        let grams = line.weight_grams.unwrap_or(0);
        if grams < 0 { None } else { grams.checked_mul(line.quantity.get()) }
    };
    let all = lines.iter().try_fold(0_i64, |all, line| all.checked_add(of_line(line)?));
    all.ok_or_else(|| OrdersError::invalid("lines.weight_grams", "give the weight in whole grams"))
}

/// The codes that reduce an order, each once.
pub(crate) fn coupons(request: &PlaceOrder) -> Vec<OrderCoupon> {
    let of_lines = request.lines.iter().flat_map(|line| &line.discounts);
    let all = request.adjustments.iter().chain(&request.shipping_adjustments).chain(of_lines);
    let coupon = |adjustment: &Adjustment| {
        Some(OrderCoupon { promotion_id: adjustment.promotion_id.clone(), code: adjustment.code.clone()? })
    };
    let coupons: std::collections::BTreeSet<OrderCoupon> = all.filter_map(coupon).collect();
    coupons.into_iter().collect()
}

/// By which a reduction and its parts are known.
fn name_of(adjustment: &Adjustment) -> (&str, &str) {
    (&adjustment.promotion_id, &adjustment.label)
}

/// A tax with its rate, by which those of lines are added up.
type Rate<'a> = (&'a str, &'a str, u32, bool);

fn rate_of(tax: &TaxLine) -> Rate<'_> {
    (&tax.name, &tax.class, tax.rate_ppm, tax.contained)
}

/// Base and amount of each rate.
#[derive(Default)]
struct Taxes<'a> {
    rates: BTreeMap<Rate<'a>, (i64, i64)>,
}

impl<'a> Taxes<'a> {
    /// Counts the taxes on something for which `charged` is paid.
    fn count(&mut self, field: &str, taxes: &'a [TaxLine], charged: Money) -> Result<(), OrdersError> {
        check_count(field, taxes.len())?;
        for tax in taxes {
            check_amount(field, tax.amount, charged.currency, HIGHEST_TOTAL)?;
            check_amount(field, tax.base, charged.currency, HIGHEST_TOTAL)?;
        }
        let net = charged.amount - charge::contained(taxes);
        if taxes.iter().any(|tax| tax.base.amount != net) {
            return Err(OrdersError::invalid(field, "their base is not the price without contained taxes"));
        }
        for tax in taxes {
            let (base, amount) = self.rates.entry(rate_of(tax)).or_default();
            (*base, *amount) = (*base + tax.base.amount, *amount + tax.amount.amount);
        }
        Ok(())
    }

    /// Whether the totals of `request` are the sums of what was counted.
    fn check(&self, request: &PlaceOrder, currency: Currency) -> Result<(), OrdersError> {
        check_count("tax_lines", request.tax_lines.len())?;
        let mut totals = BTreeMap::new();
        for tax in &request.tax_lines {
            check_amount("tax_lines", tax.base, currency, HIGHEST_TOTAL)?;
            check_amount("tax_lines", tax.amount, currency, HIGHEST_TOTAL)?;
            if totals.insert(rate_of(tax), (tax.base.amount, tax.amount.amount)).is_some() {
                return Err(OrdersError::invalid("tax_lines", "give each rate once"));
            }
        }
        if totals != self.rates {
            return Err(OrdersError::invalid("tax_lines", "the taxes of lines and delivery do not add up to them"));
        }
        check_amount("tax_contained", request.tax_contained, currency, HIGHEST_TOTAL)?;
        let contained = charge::contained(&request.tax_lines);
        if !totals.is_empty() && contained != request.tax_contained.amount {
            return Err(OrdersError::invalid("tax_contained", "the contained taxes do not add up to it"));
        }
        Ok(())
    }
}

/// Reductions together.
fn sum(field: &str, adjustments: &[Adjustment], currency: Currency) -> Result<Money, OrdersError> {
    check_count(field, adjustments.len())?;
    for adjustment in adjustments {
        check_amount(field, adjustment.amount, currency, HIGHEST_TOTAL)?;
    }
    Ok(Money::new(charge::total_of(adjustments), currency))
}

fn plus(field: &str, one: Money, other: Money) -> Result<Money, OrdersError> {
    one.plus(other).map_err(|error| refused(field, &error))
}

/// The difference, which may not be negative.
fn minus(field: &str, whole: Money, part: Money) -> Result<Money, OrdersError> {
    let rest = whole.minus(part).map_err(|error| refused(field, &error))?;
    if rest.amount < 0 {
        return Err(OrdersError::invalid(field, "they are more than the price"));
    }
    Ok(rest)
}

fn refused(field: &str, error: &MoneyError) -> OrdersError {
    OrdersError::invalid(field, error.to_string())
}

fn check_count(field: &str, count: usize) -> Result<(), OrdersError> {
    if count > MOST_PARTS {
        return Err(OrdersError::invalid(field, format!("give at most {MOST_PARTS}")));
    }
    Ok(())
}

/// Whether `money` is in `currency` and from zero to `most` minor units.
///
/// # Errors
/// It is not.
pub(crate) fn check_amount(field: &str, money: Money, currency: Currency, most: i64) -> Result<(), OrdersError> {
    if money.currency != currency {
        return Err(OrdersError::invalid(field, format!("this shop counts in {currency}")));
    }
    if !(0..=most).contains(&money.amount) {
        return Err(OrdersError::invalid(
            field,
            format!("use {} to {}", Money::zero(currency), Money::new(most, currency)),
        ));
    }
    Ok(())
}
