//! What a cart or an order costs, as pages show it.

use cart_api::{Cart, CartLine, LineState};
use kernel::{Money, Quantity};
use orders_api::Order;

use super::views::{MoneyView, OrderSummary, Picture, SummaryLine, Totals, percent};

/// What is to be paid for a cart.
pub fn totals_of_cart(cart: &Cart) -> Totals {
    let shipping = cart.shipping.as_ref();
    Totals {
        subtotal: cart.subtotal.into(),
        shipping_name: shipping.map_or_else(|| "Delivery".to_owned(), |shipping| shipping.name.clone()),
        shipping: shipping.map(|shipping| shipping.price.into()),
        shipping_note: if shipping.is_none() { "not known yet".to_owned() } else { String::new() },
        tax_name: format!("of which VAT ({})", percent(cart.tax_basis_points)),
        tax: cart.tax_contained.into(),
        total: cart.total.into(),
    }
}

/// What is to be paid for an order.
pub fn totals_of_order(order: &Order) -> Totals {
    Totals {
        subtotal: order.subtotal.into(),
        shipping_name: order.shipping.name.clone(),
        shipping: Some(order.shipping.price.into()),
        shipping_note: String::new(),
        tax_name: "of which VAT".to_owned(),
        tax: order.tax_contained.into(),
        total: order.total.into(),
    }
}

/// A cart at the side of the steps of checkout.
pub fn of_cart(cart: &Cart) -> OrderSummary {
    let lines = cart.lines.iter().filter(|line| counts(line));
    let line = |line: &CartLine| {
        summary_line(&line.title, &line.options, line.image.as_deref(), line.quantity, line.line_total)
    };
    OrderSummary { lines: lines.map(line).collect(), totals: totals_of_cart(cart) }
}

/// The lines of an order.
pub fn lines_of_order(order: &Order) -> Vec<SummaryLine> {
    let lines = order.lines.iter();
    lines
        .map(|line| summary_line(&line.title, &line.options, line.image.as_deref(), line.quantity, line.line_total))
        .collect()
}

/// Whether a line of a cart is among what is bought.
pub fn counts(line: &CartLine) -> bool {
    !matches!(line.state, LineState::SoldOut | LineState::Withdrawn)
}

fn summary_line(title: &str, options: &str, image: Option<&str>, quantity: Quantity, total: Money) -> SummaryLine {
    SummaryLine {
        title: title.to_owned(),
        options: options.to_owned(),
        picture: Picture::of_source(image, title),
        quantity: quantity.get(),
        line_total: MoneyView::from(total),
    }
}
