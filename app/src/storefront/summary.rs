//! What a cart or an order costs, as pages show it.

use cart_api::{Cart, CartLine, LineState};
use kernel::{Adjustment, Money, Quantity, TaxLine};
use orders_api::{Order, OrderGiftCard, OrderStatus};

use super::views::{MoneyView, OrderSummary, Picture, SummaryLine, TotalRow, Totals, percent_of_ppm};

/// What is to be paid for a cart.
pub fn totals_of_cart(cart: &Cart) -> Totals {
    let shipping = cart.shipping.as_ref();
    Totals {
        subtotal: cart.subtotal.into(),
        reductions: reductions(&cart.adjustments),
        shipping_name: shipping.map_or_else(|| "Delivery".to_owned(), |shipping| shipping.name.clone()),
        shipping: shipping.map(|shipping| shipping.price.into()),
        shipping_note: if shipping.is_none() { "not known yet".to_owned() } else { String::new() },
        shipping_reduction: shipping.map(|shipping| labels(&shipping.adjustments)).unwrap_or_default(),
        taxes_added: taxes(&cart.tax_lines, false),
        total: cart.total.into(),
        paid_by: Vec::new(),
        due: cart.total.into(),
        due_name: LEFT_TO_PAY.to_owned(),
        taxes_contained: taxes(&cart.tax_lines, true),
    }
}

/// What is to be paid for an order.
pub fn totals_of_order(order: &Order) -> Totals {
    Totals {
        subtotal: order.subtotal.into(),
        reductions: reductions(&order.adjustments),
        shipping_name: order.shipping.name.clone(),
        shipping: Some(order.shipping.price.into()),
        shipping_note: String::new(),
        shipping_reduction: labels(&order.shipping.adjustments),
        taxes_added: taxes(&order.tax_lines, false),
        total: order.total.into(),
        paid_by: order.gift_cards.iter().map(by_gift_card).collect(),
        due: order.due().into(),
        due_name: due_name(order).to_owned(),
        taxes_contained: match taxes(&order.tax_lines, true) {
            // Of a release that kept no more than the sum.
            rows if order.tax_lines.is_empty() && rows.is_empty() => {
                vec![TotalRow::new("of which VAT", order.tax_contained)]
            }
            rows => rows,
        },
    }
}

const LEFT_TO_PAY: &str = "Left to pay";

/// What to call the part of an order that gift cards do not pay.
fn due_name(order: &Order) -> &'static str {
    match order.status {
        _ if order.payment_status.has_arrived() => "Paid otherwise",
        OrderStatus::Canceled | OrderStatus::Expired => "Not paid",
        _ => LEFT_TO_PAY,
    }
}

/// `Gift card …7K3M`, and what it pays.
pub fn by_gift_card(part: &OrderGiftCard) -> TotalRow {
    TotalRow::new(format!("Gift card …{}", part.last_four), less(part.amount))
}

/// Each with its code and what it takes off.
pub fn reductions(adjustments: &[Adjustment]) -> Vec<TotalRow> {
    let row = |adjustment: &Adjustment| TotalRow::new(name_of(adjustment), less(adjustment.amount));
    adjustments.iter().map(row).collect()
}

/// The same as sentences.
pub fn reductions_of_line(adjustments: &[Adjustment]) -> Vec<String> {
    let rows = reductions(adjustments).into_iter();
    rows.map(|row| format!("{} {}", row.name, row.amount.text)).collect()
}

fn labels(adjustments: &[Adjustment]) -> String {
    adjustments.iter().map(name_of).collect::<Vec<_>>().join(", ")
}

fn name_of(adjustment: &Adjustment) -> String {
    match &adjustment.code {
        Some(code) => format!("{}, code {code}", adjustment.label),
        None => adjustment.label.clone(),
    }
}

fn less(amount: Money) -> Money {
    Money::new(-amount.amount, amount.currency)
}

/// Each rate, of taxes that are contained in prices or of those on top.
pub fn taxes(tax_lines: &[TaxLine], contained: bool) -> Vec<TotalRow> {
    let before = if contained { "of which" } else { "plus" };
    let row =
        |tax: &TaxLine| TotalRow::new(format!("{before} {} ({})", tax.name, percent_of_ppm(tax.rate_ppm)), tax.amount);
    tax_lines.iter().filter(|tax| tax.contained == contained).map(row).collect()
}

/// A cart at the side of the steps of checkout.
pub fn of_cart(cart: &Cart) -> OrderSummary {
    let lines = cart.lines.iter().filter(|line| counts(line));
    let line = |line: &CartLine| {
        let reductions = reductions_of_line(&line.discounts);
        summary_line((&line.title, &line.options), line.image.as_deref(), line.quantity, (line.line_total, reductions))
    };
    OrderSummary { lines: lines.map(line).collect(), totals: totals_of_cart(cart) }
}

/// The lines of an order.
pub fn lines_of_order(order: &Order) -> Vec<SummaryLine> {
    let lines = order.lines.iter();
    lines
        .map(|line| {
            let reductions = reductions_of_line(&line.discounts);
            let paid = (line.line_total, reductions);
            summary_line((&line.title, &line.options), line.image.as_deref(), line.quantity, paid)
        })
        .collect()
}

/// Whether a line of a cart is among what is bought.
pub fn counts(line: &CartLine) -> bool {
    !matches!(line.state, LineState::SoldOut | LineState::Withdrawn)
}

fn summary_line(
    (title, options): (&str, &str),
    image: Option<&str>,
    quantity: Quantity,
    (total, reductions): (Money, Vec<String>),
) -> SummaryLine {
    SummaryLine {
        title: title.to_owned(),
        options: options.to_owned(),
        picture: Picture::of_source(image, title),
        quantity: quantity.get(),
        line_total: MoneyView::from(total),
        reductions,
    }
}
