//! Taxes: on what is left after reductions, contained or added, side by side or compound.

use std::collections::BTreeMap;

use cart_api::{CartError, QuoteTax, TaxRounding};
use kernel::money::{largest_remainders, rounded};
use kernel::{Currency, Money, TaxLine};

use super::{MILLION, narrow};

/// Rates are parts of this, so that a rate on a rate is exact.
pub(super) const ONE: i128 = 1_000_000_000_000_000_000;
const MOST_TAXES: usize = 5;

/// Something that is taxed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part<'a> {
    /// For all units, in minor units.
    pub(super) amount: i64,
    pub(super) units: i64,
    pub(super) includes_tax: bool,
    pub(super) taxes: &'a [QuoteTax],
}

/// The taxes on each part.
pub(super) fn taxes(
    parts: &[Part<'_>],
    rounding: TaxRounding,
    currency: Currency,
) -> Result<Vec<Vec<TaxLine>>, CartError> {
    let exact = parts.iter().map(Exact::of).collect::<Result<Vec<_>, _>>()?;
    let amounts: Vec<Vec<i128>> = match rounding {
        TaxRounding::Unit => parts.iter().zip(&exact).map(|(part, exact)| per_unit(part, exact)).collect(),
        TaxRounding::Line => parts.iter().zip(&exact).map(|(part, exact)| exact.of_amount(part.amount)).collect(),
        TaxRounding::Order => per_order(parts, &exact),
    };
    let lines = |(part, amounts): (&Part<'_>, Vec<i128>)| {
        let contained: i128 = if part.includes_tax { amounts.iter().sum() } else { 0 };
        let base = Money::new(narrow(i128::from(part.amount) - contained)?, currency);
        let line = |(tax, amount): (&QuoteTax, i128)| {
            Ok(TaxLine {
                name: tax.name.clone(),
                rate_ppm: tax.rate_ppm,
                class: tax.class.clone(),
                contained: part.includes_tax,
                base,
                amount: Money::new(narrow(amount)?, currency),
            })
        };
        part.taxes.iter().zip(amounts).map(line).collect::<Result<Vec<_>, CartError>>()
    };
    parts.iter().zip(amounts).map(lines).collect()
}

/// Every rate once.
pub(super) fn by_rate(taxes: &[Vec<TaxLine>], currency: Currency) -> Result<Vec<TaxLine>, CartError> {
    let mut rates: BTreeMap<_, (i128, i128)> = BTreeMap::new();
    for tax in taxes.iter().flatten() {
        let rate = (&tax.name, std::cmp::Reverse(tax.rate_ppm), &tax.class, tax.contained);
        let (base, amount) = rates.entry(rate).or_default();
        (*base, *amount) = (*base + i128::from(tax.base.amount), *amount + i128::from(tax.amount.amount));
    }
    let line = |((name, rate_ppm, class, contained), (base, amount)): (
        (&String, std::cmp::Reverse<u32>, &String, bool),
        _,
    )| {
        Ok(TaxLine {
            name: name.clone(),
            rate_ppm: rate_ppm.0,
            class: class.clone(),
            contained,
            base: Money::new(narrow(base)?, currency),
            amount: Money::new(narrow(amount)?, currency),
        })
    };
    rates.into_iter().map(line).collect()
}

/// The part of the price without tax that each tax is, in parts of [`ONE`].
pub(super) fn effective(taxes: &[QuoteTax]) -> Result<Vec<i128>, CartError> {
    if taxes.len() > MOST_TAXES || taxes.iter().any(|tax| i128::from(tax.rate_ppm) > MILLION) {
        return Err(CartError::invalid("taxes", format!("give at most {MOST_TAXES}, each of at most 1000000")));
    }
    let mut before = 0;
    let mut rates = Vec::with_capacity(taxes.len());
    for tax in taxes {
        let on = if tax.compound { ONE + before } else { ONE };
        let rate = i128::from(tax.rate_ppm) * on / MILLION;
        before += rate;
        rates.push(rate);
    }
    Ok(rates)
}

/// The taxes on an amount as exact fractions of it: `rates[n] / denominator`.
struct Exact {
    rates: Vec<i128>,
    denominator: i128,
}

impl Exact {
    fn of(part: &Part<'_>) -> Result<Self, CartError> {
        let rates = effective(part.taxes)?;
        let contained: i128 = if part.includes_tax { rates.iter().sum() } else { 0 };
        Ok(Self { rates, denominator: ONE + contained })
    }

    /// Each rounded.
    fn of_amount(&self, amount: i64) -> Vec<i128> {
        self.rates.iter().map(|rate| rounded(i128::from(amount) * rate, self.denominator)).collect()
    }
}

/// The price of the units differs by one minor unit at most, where it cannot be divided evenly.
fn per_unit(part: &Part<'_>, exact: &Exact) -> Vec<i128> {
    let (cheap, dear_units) = (part.amount.div_euclid(part.units), part.amount.rem_euclid(part.units));
    let (cheap, dear) = (exact.of_amount(cheap), exact.of_amount(cheap + 1));
    let all = |(cheap, dear): (i128, i128)| cheap * i128::from(part.units - dear_units) + dear * i128::from(dear_units);
    cheap.into_iter().zip(dear).map(all).collect()
}

/// Each rate is rounded once over everything, then divided among the parts.
fn per_order(parts: &[Part<'_>], exact: &[Exact]) -> Vec<Vec<i128>> {
    let mut amounts: Vec<Vec<i128>> = exact.iter().map(|exact| vec![0; exact.rates.len()]).collect();
    let mut rates: BTreeMap<_, Vec<(usize, usize)>> = BTreeMap::new();
    for (place, (part, exact)) in parts.iter().zip(exact).enumerate() {
        for (number, tax) in part.taxes.iter().enumerate() {
            // The same tax on top of others, or contained beside others, is another part of the price.
            let rate = (&tax.name, &tax.class, tax.rate_ppm, exact.rates[number], exact.denominator, part.includes_tax);
            rates.entry(rate).or_default().push((place, number));
        }
    }
    for ((_, _, _, rate, denominator, _), places) in rates {
        let shares: Vec<i128> = places.iter().map(|&(place, _)| i128::from(parts[place].amount) * rate).collect();
        let whole = rounded(shares.iter().sum(), denominator);
        for (&(place, number), amount) in places.iter().zip(largest_remainders(whole, &shares, denominator)) {
            amounts[place][number] = amount;
        }
    }
    amounts
}
