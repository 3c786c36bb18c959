//! A line while it is priced.

use cart_api::{CartError, Items, QuoteLine, QuotedLine};
use kernel::{Adjustment, Money, TaxLine, charge};

use super::{MILLION, narrow};

/// A line while it is priced. Amounts are minor units.
#[derive(Clone, Debug)]
pub(super) struct Goods<'a> {
    pub(super) line: &'a QuoteLine,
    /// For one, before reductions.
    unit: i64,
    /// For all, before reductions.
    pub(super) full: i64,
    /// For all, after the reductions so far.
    pub(super) left: i64,
    /// No reduction goes below this.
    floor: i64,
    at_regular_price: bool,
    /// Units that are bought or got by a promotion of that kind.
    spent_units: i64,
    /// What was got of them, in millionths of a unit: these cost nothing any more.
    given: i128,
    pub(super) discounts: Vec<Adjustment>,
    pub(super) shares: Vec<Adjustment>,
}

impl<'a> Goods<'a> {
    pub(super) fn new(
        line: &'a QuoteLine,
        unit: i64,
        minimum: Option<i64>,
        regular: Option<i64>,
    ) -> Result<Self, CartError> {
        let all = |unit: i64| narrow(i128::from(unit) * i128::from(line.quantity.get()));
        let full = all(unit)?;
        Ok(Self {
            line,
            unit,
            full,
            left: full,
            floor: all(minimum.unwrap_or(0))?,
            at_regular_price: regular.is_none_or(|regular| regular <= unit),
            spent_units: 0,
            given: 0,
            discounts: Vec::new(),
            shares: Vec::new(),
        })
    }

    pub(super) fn quantity(&self) -> i64 {
        self.line.quantity.get()
    }

    /// The most that can still be taken off.
    pub(super) fn most_off(&self) -> i64 {
        (self.left - self.floor).max(0)
    }

    /// Units that no promotion has bought or got.
    pub(super) fn free_units(&self) -> i64 {
        self.quantity() - self.spent_units
    }

    /// What so many of the units cost now that no promotion has bought or got.
    pub(super) fn worth_of(&self, units: i64) -> i128 {
        match i128::from(self.quantity()) * MILLION - self.given {
            0 => 0,
            paid => i128::from(self.left) * i128::from(units) * MILLION / paid,
        }
    }

    /// A promotion bought or got so many units, which makes them cheaper by `ppm`.
    pub(super) fn spend(&mut self, units: i64, ppm: u32) {
        self.spent_units += units;
        self.given += i128::from(units) * i128::from(ppm);
    }

    pub(super) fn is_one_of(&self, items: &Items) -> bool {
        match items {
            Items::All => true,
            Items::Categories(slugs) => self.line.category.as_ref().is_some_and(|slug| slugs.contains(slug)),
            Items::Products(ids) => ids.contains(&self.line.product_id),
            Items::Variants(ids) => ids.contains(&self.line.variant_id),
            Items::Lines(ids) => ids.contains(&self.line.id),
        }
    }

    /// Whether it is among `items` and, when only those count, not reduced by the catalog.
    pub(super) fn qualifies(&self, items: &Items, only_at_regular_price: bool) -> bool {
        self.is_one_of(items) && (self.at_regular_price || !only_at_regular_price)
    }

    /// After reductions of this line alone.
    pub(super) fn line_total(&self) -> i64 {
        self.left + charge::total_of(&self.shares)
    }

    pub(super) fn quoted(self, line_total: Money, taxes: Vec<TaxLine>) -> QuotedLine {
        QuotedLine {
            id: self.line.id.clone(),
            unit_price: Money::new(self.unit, line_total.currency),
            quantity: self.line.quantity,
            discounts: self.discounts,
            line_total,
            shares: self.shares,
            taxes,
        }
    }
}
