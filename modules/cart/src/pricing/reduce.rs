//! Reductions: which promotions apply, in which order, and what each takes off what.

use std::cmp::Reverse;

use cart_api::{Action, CartError, Items, PromotionOutcome, QuotePromotion, QuoteRequest, Step};
use kernel::money::rounded;
use kernel::{Adjustment, Currency, Money};

use super::goods::Goods;
use super::{MILLION, check_amount, narrow, too_large};

const HIGHEST_AMOUNT: i64 = 1_000_000_000_000;

/// What is left after reductions.
#[derive(Clone, Debug)]
pub(super) struct Reduced<'a> {
    pub(super) goods: Vec<Goods<'a>>,
    /// Of all lines together, each once.
    pub(super) order: Vec<Adjustment>,
    pub(super) delivery: Option<Delivery>,
    /// One for each promotion.
    pub(super) outcomes: Vec<PromotionOutcome>,
}

/// Delivery while it is priced.
#[derive(Clone, Debug)]
pub(super) struct Delivery {
    pub(super) left: i64,
    pub(super) adjustments: Vec<Adjustment>,
}

/// Applies the promotions of `request`.
///
/// Of those that are never combined, the one of the highest priority that takes something off stands against all others
/// together; what takes more off counts, and in a tie the one alone.
pub(super) fn reduce<'a>(
    request: &'a QuoteRequest,
    goods: Vec<Goods<'a>>,
    delivery: Option<i64>,
) -> Result<Reduced<'a>, CartError> {
    let delivery = delivery.map(|left| Delivery { left, adjustments: Vec::new() });
    let outcomes = vec![PromotionOutcome::NothingQualifies; request.promotions.len()];
    let untouched = Reduced { goods, order: Vec::new(), delivery, outcomes };
    if request.promotions.is_empty() {
        return Ok(untouched);
    }
    let mut start = untouched;
    let mut stacking: Vec<usize> = Vec::new();
    let mut alone: Vec<usize> = Vec::new();
    for (place, promotion) in request.promotions.iter().enumerate() {
        check(promotion, request.currency)?;
        match start.refusal(promotion, &request.customer_groups) {
            Some(refusal) => start.outcomes[place] = refusal,
            None if promotion.rule.exclusive => alone.push(place),
            None => stacking.push(place),
        }
    }
    stacking.sort_by_key(|&place| {
        let rule = &request.promotions[place].rule;
        (phase(&rule.action), Reverse(rule.priority))
    });
    alone.sort_by_key(|&place| Reverse(request.promotions[place].rule.priority));

    let together = start.clone().with(request, &stacking)?;
    for &place in &alone {
        let one = start.clone().with(request, &[place])?;
        if one.off() == 0 {
            continue;
        }
        stacking.extend(&alone);
        let winner = if one.off() >= together.off() { one } else { together };
        return Ok(winner.instead_of(&stacking));
    }
    Ok(together)
}

/// Single lines first, then all together, then delivery.
fn phase(action: &Action) -> u8 {
    match action {
        Action::Amount { .. } | Action::Percent { .. } | Action::Tiered { .. } => 1,
        Action::Delivery { .. } => 2,
        _ => 0,
    }
}

/// What has to qualify.
fn items(action: &Action) -> &Items {
    match action {
        Action::AmountPerUnit { items, .. }
        | Action::AmountPerLine { items, .. }
        | Action::PercentPerLine { items, .. }
        | Action::UnitPrice { items, .. }
        | Action::Amount { items, .. }
        | Action::Percent { items, .. }
        | Action::Tiered { items, .. } => items,
        Action::BuyGet { get, .. } => get,
        _ => &Items::All,
    }
}

fn check(promotion: &QuotePromotion, currency: Currency) -> Result<(), CartError> {
    let rule = &promotion.rule;
    let amount = |money: Money| check_amount("promotions.amount", money, currency, (0, HIGHEST_AMOUNT));
    rule.conditions.minimum_goods.map_or(Ok(()), amount)?;
    match &rule.action {
        Action::AmountPerUnit { amount: money, .. }
        | Action::AmountPerLine { amount: money, .. }
        | Action::UnitPrice { price: money, .. }
        | Action::Amount { amount: money, .. } => amount(*money),
        Action::PercentPerLine { ppm, .. } | Action::Percent { ppm, .. } | Action::Delivery { ppm } => part(*ppm),
        Action::Tiered { steps, .. } => steps.iter().try_for_each(|step| {
            amount(step.from)?;
            step.amount.map_or(Ok(()), amount)?;
            part(step.ppm)
        }),
        Action::BuyGet { get_quantity, ppm, .. } if *get_quantity > 0 => part(*ppm),
        Action::BuyGet { .. } => Err(CartError::invalid("promotions.get_quantity", "use 1 or more")),
        _ => Ok(()),
    }
}

fn part(ppm: u32) -> Result<(), CartError> {
    if i128::from(ppm) > MILLION {
        return Err(CartError::invalid("promotions.ppm", "use at most 1000000, which is all"));
    }
    Ok(())
}

impl Reduced<'_> {
    /// Why a promotion does not apply, whatever else does.
    fn refusal(&self, promotion: &QuotePromotion, groups: &[String]) -> Option<PromotionOutcome> {
        let conditions = &promotion.rule.conditions;
        if !conditions.customer_groups.is_empty() && !conditions.customer_groups.iter().any(|one| groups.contains(one))
        {
            return Some(PromotionOutcome::NotForCustomer);
        }
        let items = items(&promotion.rule.action);
        let qualifying: Vec<&Goods<'_>> =
            self.goods.iter().filter(|goods| goods.qualifies(items, conditions.only_at_regular_price)).collect();
        if qualifying.is_empty() {
            return Some(PromotionOutcome::NothingQualifies);
        }
        let worth: i64 = qualifying.iter().map(|goods| goods.full).sum();
        let minimum = conditions.minimum_goods.filter(|minimum| worth < minimum.amount)?;
        Some(PromotionOutcome::BelowMinimum { missing: Money::new(minimum.amount - worth, minimum.currency) })
    }

    /// All that was taken off.
    fn off(&self) -> i64 {
        let amount = |outcome: &PromotionOutcome| match outcome {
            PromotionOutcome::Applied { amount } => amount.amount,
            _ => 0,
        };
        self.outcomes.iter().map(amount).sum()
    }

    /// With these promotions, one after the other.
    fn with(mut self, request: &QuoteRequest, places: &[usize]) -> Result<Self, CartError> {
        for &place in places {
            let amount = self.apply(&request.promotions[place], request.currency)?;
            self.outcomes[place] = match amount {
                0 => PromotionOutcome::NothingQualifies,
                amount => PromotionOutcome::Applied { amount: Money::new(amount, request.currency) },
            };
        }
        Ok(self)
    }

    /// With what does not apply of `others` because this does.
    fn instead_of(mut self, others: &[usize]) -> Self {
        for &other in others {
            if !matches!(self.outcomes[other], PromotionOutcome::Applied { .. }) {
                self.outcomes[other] = PromotionOutcome::NotCombined;
            }
        }
        self
    }

    /// Takes off what a promotion takes off. How much that is.
    fn apply(&mut self, promotion: &QuotePromotion, currency: Currency) -> Result<i64, CartError> {
        let why = |amount: i64| Adjustment {
            promotion_id: promotion.promotion_id.clone(),
            label: promotion.label.clone(),
            code: promotion.code.clone(),
            amount: Money::new(amount, currency),
        };
        let only_regular = promotion.rule.conditions.only_at_regular_price;
        match &promotion.rule.action {
            Action::AmountPerUnit { items, amount } => {
                self.each(items, only_regular, why, |goods| i128::from(amount.amount) * i128::from(goods.quantity()))
            }
            Action::AmountPerLine { items, amount } => {
                self.each(items, only_regular, why, |_| i128::from(amount.amount))
            }
            Action::PercentPerLine { items, ppm } => {
                self.each(items, only_regular, why, |goods| part_of(goods.left.into(), *ppm))
            }
            Action::UnitPrice { items, price } => self.each(items, only_regular, why, |goods| {
                i128::from(goods.left) - i128::from(price.amount) * i128::from(goods.quantity())
            }),
            Action::Amount { items, amount } => self.together(items, only_regular, why, |_| i128::from(amount.amount)),
            Action::Percent { items, ppm } => self.together(items, only_regular, why, |worth| part_of(worth, *ppm)),
            Action::Tiered { items, steps } => self.together(items, only_regular, why, |worth| tier(steps, worth)),
            Action::BuyGet { .. } => self.buy_get(&promotion.rule.action, only_regular, why),
            Action::Delivery { ppm } => {
                let Some(delivery) = &mut self.delivery else { return Ok(0) };
                let off = narrow(part_of(delivery.left.into(), *ppm))?.min(delivery.left);
                if off > 0 {
                    delivery.left -= off;
                    delivery.adjustments.push(why(off));
                }
                Ok(off)
            }
            _ => Ok(0),
        }
    }

    /// Off each line on its own.
    fn each(
        &mut self,
        items: &Items,
        only_regular: bool,
        why: impl Fn(i64) -> Adjustment,
        wanted: impl Fn(&Goods<'_>) -> i128,
    ) -> Result<i64, CartError> {
        let mut all = 0;
        for goods in self.goods.iter_mut().filter(|goods| goods.qualifies(items, only_regular)) {
            let off = narrow(wanted(goods).clamp(0, i128::from(goods.most_off())))?;
            if off > 0 {
                goods.left -= off;
                goods.discounts.push(why(off));
                all += off;
            }
        }
        Ok(all)
    }

    /// Off all lines together: `wanted` says how much of what is left of them.
    fn together(
        &mut self,
        items: &Items,
        only_regular: bool,
        why: impl Fn(i64) -> Adjustment,
        wanted: impl Fn(i128) -> i128,
    ) -> Result<i64, CartError> {
        let mut among: Vec<&mut Goods<'_>> =
            self.goods.iter_mut().filter(|goods| goods.qualifies(items, only_regular)).collect();
        let worth: i128 = among.iter().map(|goods| i128::from(goods.left)).sum();
        let most: i128 = among.iter().map(|goods| i128::from(goods.most_off())).sum();
        let off = narrow(wanted(worth).clamp(0, most))?;
        if off == 0 {
            return Ok(0);
        }
        let limits: Vec<Limit> = among.iter().map(|goods| (goods.left, goods.most_off())).collect();
        for (goods, share) in among.iter_mut().zip(spread(why(off).amount, &limits)?) {
            if share > 0 {
                goods.left -= share;
                goods.shares.push(why(share));
            }
        }
        self.order.push(why(off));
        Ok(off)
    }

    /// Off the cheapest units that are got, as often as enough are bought.
    fn buy_get(
        &mut self,
        action: &Action,
        only_regular: bool,
        why: impl Fn(i64) -> Adjustment,
    ) -> Result<i64, CartError> {
        let Action::BuyGet { buy, buy_quantity, get, get_quantity, ppm, most } = action else { return Ok(0) };
        let (buy_quantity, get_quantity) = (i64::from(*buy_quantity), i64::from(*get_quantity));
        let role = |goods: &Goods<'_>| (goods.is_one_of(buy), goods.qualifies(get, only_regular));
        let units = |wanted: (bool, bool)| -> i64 {
            self.goods.iter().filter(|goods| role(goods) == wanted).map(Goods::free_units).sum()
        };
        let (only_bought, only_got, either) = (units((true, false)), units((false, true)), units((true, true)));
        let mut times = (only_got + either) / get_quantity;
        times = times.min((only_bought + only_got + either) / (buy_quantity + get_quantity));
        if buy_quantity > 0 {
            times = times.min((only_bought + either) / buy_quantity);
        }
        if let Some(most) = most {
            times = times.min(i64::from(*most) / get_quantity);
        }
        let (mut to_buy, mut to_get) = (times * buy_quantity, times * get_quantity);
        // Of units that may be either, as many are kept for buying as are needed for it.
        let mut spare = either - (to_buy - only_bought).max(0);

        let mut all = 0;
        let mut cheapest: Vec<usize> = (0..self.goods.len()).filter(|&place| role(&self.goods[place]).1).collect();
        cheapest.sort_by_key(|&place| self.goods[place].worth_of(1));
        for place in cheapest {
            let is_either = role(&self.goods[place]).0;
            let goods = &mut self.goods[place];
            let got = goods.free_units().min(to_get).min(if is_either { spare } else { i64::MAX });
            if got <= 0 {
                continue;
            }
            to_get -= got;
            spare -= if is_either { got } else { 0 };
            let of_these = goods.worth_of(got);
            goods.spend(got, *ppm);
            let off = narrow(part_of(of_these, *ppm).clamp(0, i128::from(goods.most_off())))?;
            if off > 0 {
                goods.left -= off;
                goods.discounts.push(why(off));
                all += off;
            }
        }
        for wanted in [(true, false), (true, true)] {
            for goods in self.goods.iter_mut().filter(|goods| role(goods) == wanted) {
                let bought = goods.free_units().min(to_buy);
                goods.spend(bought, 0);
                to_buy -= bought;
            }
        }
        Ok(all)
    }
}

fn part_of(amount: i128, ppm: u32) -> i128 {
    rounded(amount * i128::from(ppm), MILLION)
}

/// What the highest step that `worth` reaches takes off.
fn tier(steps: &[Step], worth: i128) -> i128 {
    let reached = steps.iter().filter(|step| i128::from(step.from.amount) <= worth);
    reached.max_by_key(|step| step.from.amount).map_or(0, |step| match step.amount {
        Some(amount) => amount.amount.into(),
        None => part_of(worth, step.ppm),
    })
}

/// What is left of each line, and the most that can be taken off it.
type Limit = (i64, i64);

/// Divides `whole` by what is left of the lines, none getting more than can be taken off it: what one cannot take is
/// divided among the others. `whole` is at most what all can take.
fn spread(whole: Money, lines: &[Limit]) -> Result<Vec<i64>, CartError> {
    let mut parts = vec![0; lines.len()];
    let mut open: Vec<usize> = (0..lines.len()).filter(|&place| lines[place].1 > 0).collect();
    let mut rest = whole;
    while rest.amount > 0 && !open.is_empty() {
        let weights: Vec<i64> = open.iter().map(|&place| lines[place].0).collect();
        let shares = rest.allocate(&weights).map_err(|error| too_large(&error))?;
        let fits = |(share, &place): (&Money, &usize)| share.amount <= lines[place].1;
        if shares.iter().zip(&open).all(fits) {
            for (share, &place) in shares.iter().zip(&open) {
                parts[place] = share.amount;
            }
            break;
        }
        let mut still_open = Vec::new();
        for (share, &place) in shares.iter().zip(&open) {
            if share.amount > lines[place].1 {
                parts[place] = lines[place].1;
                rest.amount -= lines[place].1;
            } else {
                still_open.push(place);
            }
        }
        open = still_open;
    }
    Ok(parts)
}
