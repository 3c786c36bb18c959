//! What things cost: a function of what is asked for and of nothing else, exact to the minor unit.
//!
//! A price that contains other taxes than those that are due is first brought to the one of the same net. Then come
//! reductions of single lines, those of all lines together, which are divided among them, and those of delivery
//! ([`reduce`]). Last come the taxes, on what is left ([`tax`]). Every reduction and every tax is kept with what it is
//! on, so that the parts add up to the total. Lines are reckoned in the order of their ids, so how they are listed does
//! not matter.

mod goods;
mod reduce;
mod tax;
#[cfg(test)]
mod tests;

use cart_api::{CartError, MAX_LINES, Quote, QuoteCharge, QuoteLine, QuoteRequest, QuoteTax, QuotedCharge, QuotedLine};
use kernel::money::{MoneyError, rounded};
use kernel::{Adjustment, Currency, Money, TaxLine, charge};

use goods::Goods;
use reduce::{Delivery, Reduced};
use tax::{ONE, Part, effective};

/// All of something, in parts per million.
const MILLION: i128 = 1_000_000;
const MOST_PROMOTIONS: usize = 100;
const MOST_SURCHARGES: usize = 50;
const HIGHEST_UNIT_PRICE: i64 = 10_000_000_000;
const HIGHEST_CHARGE: i64 = 1_000_000_000_000;

/// What `request` costs.
///
/// # Errors
/// An amount is in another currency, beyond a limit, or the sum does not fit or is below zero.
pub(crate) fn quote(request: &QuoteRequest) -> Result<Quote, CartError> {
    check_count("lines", request.lines.len(), MAX_LINES)?;
    check_count("promotions", request.promotions.len(), MOST_PROMOTIONS)?;
    check_count("surcharges", request.surcharges.len(), MOST_SURCHARGES)?;
    let mut goods = request.lines.iter().map(|line| goods_of(request, line)).collect::<Result<Vec<_>, CartError>>()?;
    let mut places: Vec<usize> = (0..goods.len()).collect();
    places.sort_by(|&one, &other| request.lines[one].id.cmp(&request.lines[other].id));
    // From here on in the order of ids.
    goods.sort_by(|one, other| one.line.id.cmp(&other.line.id));
    let delivery = request.shipping.as_ref().map(|charge| charge_of(request, charge, 0)).transpose()?;
    let surcharges = request.surcharges.iter().map(|charge| charge_of(request, charge, -HIGHEST_CHARGE));
    let surcharges = surcharges.collect::<Result<Vec<i64>, CartError>>()?;

    let reduced = reduce::reduce(request, goods, delivery)?;
    let taxes = tax::taxes(&parts(request, &reduced, &surcharges), request.taxes.rounding, request.currency)?;
    assemble(request, (reduced, surcharges, taxes), &places)
}

/// Everything that is taxed, in the order: lines, delivery, other charges.
fn parts<'a>(request: &'a QuoteRequest, reduced: &Reduced<'a>, surcharges: &[i64]) -> Vec<Part<'a>> {
    let includes = |own: Option<bool>| own.unwrap_or(request.taxes.prices_include_tax);
    let of_charge = |charge: &'a QuoteCharge, amount: i64| Part {
        amount,
        units: 1,
        includes_tax: includes(charge.includes_tax),
        taxes: &charge.taxes,
    };
    let of_goods = |goods: &Goods<'a>| Part {
        amount: goods.left,
        units: goods.quantity(),
        includes_tax: includes(goods.line.includes_tax),
        taxes: &goods.line.taxes,
    };
    let lines = reduced.goods.iter().map(of_goods);
    let delivery =
        request.shipping.iter().zip(&reduced.delivery).map(|(charge, delivery)| of_charge(charge, delivery.left));
    let others = request.surcharges.iter().zip(surcharges).map(|(charge, &amount)| of_charge(charge, amount));
    lines.chain(delivery).chain(others).collect()
}

/// The answer, with lines in the order in which they were asked for.
fn assemble(
    request: &QuoteRequest,
    (reduced, surcharges, taxes): (Reduced<'_>, Vec<i64>, Vec<Vec<TaxLine>>),
    places: &[usize],
) -> Result<Quote, CartError> {
    let money = |amount| Money::new(amount, request.currency);
    let tax_lines = tax::by_rate(&taxes, request.currency)?;
    let mut taxes = taxes.into_iter();
    let mut lines: Vec<(usize, QuotedLine)> = Vec::with_capacity(reduced.goods.len());
    for (goods, &place) in reduced.goods.into_iter().zip(places) {
        let line_total = money(goods.line_total());
        lines.push((place, goods.quoted(line_total, taxes.next().unwrap_or_default())));
    }
    lines.sort_by_key(|(place, _)| *place);
    let lines: Vec<QuotedLine> = lines.into_iter().map(|(_, line)| line).collect();

    let charged = |charge: &QuoteCharge, amount: i64, adjustments: Vec<Adjustment>, taxes: Vec<TaxLine>| QuotedCharge {
        name: charge.name.clone(),
        price: money(amount),
        adjustments,
        taxes,
    };
    let shipping = request.shipping.as_ref().zip(reduced.delivery).map(|(charge, Delivery { left, adjustments })| {
        charged(charge, left, adjustments, taxes.next().unwrap_or_default())
    });
    let surcharges: Vec<QuotedCharge> = request
        .surcharges
        .iter()
        .zip(surcharges)
        .map(|(charge, amount)| charged(charge, amount, Vec::new(), taxes.next().unwrap_or_default()))
        .collect();

    let subtotal = sum(request.currency, lines.iter().map(|line| line.line_total))?;
    let goods = subtotal.amount - charge::total_of(&reduced.order);
    let charges = shipping.iter().chain(&surcharges).map(|charge| charge.price);
    let tax_added = money(charge::added(&tax_lines));
    let total = sum(request.currency, [money(goods), tax_added].into_iter().chain(charges))?;
    if total.amount < 0 {
        return Err(CartError::invalid("surcharges", "they take off more than there is to pay"));
    }
    Ok(Quote {
        lines,
        subtotal,
        adjustments: reduced.order,
        shipping,
        surcharges,
        tax_contained: money(charge::contained(&tax_lines)),
        tax_added,
        tax_lines,
        total,
        promotions: reduced.outcomes,
    })
}

fn goods_of<'a>(request: &QuoteRequest, line: &'a QuoteLine) -> Result<Goods<'a>, CartError> {
    let listed = |field: &str, price: Money| {
        check_amount(field, price, request.currency, (0, HIGHEST_UNIT_PRICE))?;
        let includes = line.includes_tax.unwrap_or(request.taxes.prices_include_tax);
        listed(price.amount, line.listed_with.as_deref(), includes.then_some(&*line.taxes))
    };
    let unit = listed("lines.unit_price", line.unit_price)?;
    let minimum = line.minimum_price.map(|price| listed("lines.minimum_price", price)).transpose()?;
    let regular = line.regular_price.map(|price| listed("lines.regular_price", price)).transpose()?;
    Goods::new(line, unit, minimum, regular)
}

fn charge_of(request: &QuoteRequest, charge: &QuoteCharge, least: i64) -> Result<i64, CartError> {
    check_amount("shipping.price", charge.price, request.currency, (least, HIGHEST_CHARGE))?;
    let includes = charge.includes_tax.unwrap_or(request.taxes.prices_include_tax);
    listed(charge.price.amount, charge.listed_with.as_deref(), includes.then_some(&*charge.taxes))
}

/// The price with the same net as `price`, which contains the taxes `listed_with`, that contains `due` instead.
fn listed(price: i64, listed_with: Option<&[QuoteTax]>, due: Option<&[QuoteTax]>) -> Result<i64, CartError> {
    let Some(listed_with) = listed_with else { return Ok(price) };
    let before: i128 = effective(listed_with)?.iter().sum();
    let after: i128 = effective(due.unwrap_or_default())?.iter().sum();
    if before == after {
        return Ok(price);
    }
    narrow(rounded(i128::from(price) * (ONE + after), ONE + before))
}

fn sum(currency: Currency, parts: impl IntoIterator<Item = Money>) -> Result<Money, CartError> {
    Money::sum(currency, parts).map_err(|error| too_large(&error))
}

fn narrow(amount: i128) -> Result<i64, CartError> {
    i64::try_from(amount).map_err(|_| too_large(&MoneyError::TooLarge))
}

fn too_large(error: &MoneyError) -> CartError {
    CartError::invalid("lines", error.to_string())
}

fn check_count(field: &str, count: usize, most: usize) -> Result<(), CartError> {
    if count > most {
        return Err(CartError::invalid(field, format!("give at most {most}")));
    }
    Ok(())
}

fn check_amount(field: &str, money: Money, currency: Currency, (least, most): (i64, i64)) -> Result<(), CartError> {
    if money.currency != currency {
        return Err(CartError::invalid(field, format!("give it in {currency}")));
    }
    if !(least..=most).contains(&money.amount) {
        return Err(CartError::invalid(
            field,
            format!("use {} to {}", Money::new(least, currency), Money::new(most, currency)),
        ));
    }
    Ok(())
}
