//! What an invoice has to say, from the order that it is for and the seller in the settings.

use billing_api::{
    BillingError, Buyer, Document, InvoiceCharge, InvoiceLine, IssueDocument, ListTaxRules, NewDocument, NewInvoice,
    Prices, Seller, SellerAccount, TaxRate, Vat, VatCategory,
};
use host::settings::Settings;
use kernel::{Adjustment, CallCtx, CallError, IdempotencyKey, Money, TaxClass, TaxLine, charge};
use orders_api::{Order, OrderLine};

use crate::assemble::Shop;

/// The charge for delivery, as documents refer to it.
pub const SHIPPING: &str = "shipping";

/// Why no invoice was issued.
#[derive(Debug, thiserror::Error)]
pub enum NoInvoice {
    /// Nobody said who sells.
    #[error("who sells is not set; set FREESTONE_SELLER_NAME and what belongs to it")]
    NoSeller,
    /// The order's VAT is of no rate that is known for its country.
    #[error("the VAT of the order ({0}) does not go with the rate of its country")]
    UnknownRate(Money),
    /// Billing refused, or does not answer.
    #[error(transparent)]
    Billing(#[from] CallError<BillingError>),
}

/// The legal person who sells, as the settings name them.
pub fn seller(settings: &Settings) -> Option<Seller> {
    let of = settings.seller.as_ref()?;
    let account = settings.bank.as_ref().map(|(holder, iban, bic)| SellerAccount {
        holder: holder.clone(),
        iban: iban.clone(),
        bic: Some(bic.clone()).filter(|bic| !bic.is_empty()),
    });
    Some(Seller {
        name: of.name.clone(),
        line1: of.street.clone(),
        postcode: of.postcode.clone(),
        city: of.city.clone(),
        country: of.country,
        vat_id: of.vat_id.clone(),
        tax_number: of.tax_number.clone(),
        registration: of.registration.clone(),
        email: Some(of.email.clone()),
        account,
    })
}

/// Issues the invoice of an order, or gives the one there is.
///
/// # Errors
/// See [`NoInvoice`].
pub async fn issue(shop: &Shop, ctx: &CallCtx, order: &Order) -> Result<Document, NoInvoice> {
    let seller = seller(shop.settings()).ok_or(NoInvoice::NoSeller)?;
    let rates = rates(shop, ctx, order, &seller).await?;
    let request = IssueDocument {
        key: IdempotencyKey::of(order.id, "invoice"),
        order_id: order.id.to_string(),
        numbering: shop.settings().invoice_numbers.clone(),
        document: NewDocument::Invoice(Box::new(compose(order, seller, &rates))),
    };
    Ok(shop.billing().issue_document(ctx, request).await?)
}

/// The VAT of an order: of each line in their order, and of the delivery.
struct Rates {
    lines: Vec<Vat>,
    delivery: Vat,
    prices: Prices,
}

async fn rates(shop: &Shop, ctx: &CallCtx, order: &Order, seller: &Seller) -> Result<Rates, NoInvoice> {
    if order.tax_lines.is_empty() {
        let rules = shop.billing().tax_rules(ctx, ListTaxRules { country: Some(order.address.country) }).await?;
        let now = TaxRate::of(&rules, &TaxClass::default(), &order.address.postcode, shop.clock().now());
        let one = one_rate(order, now.basis_points, seller)?;
        return Ok(Rates { lines: vec![one; order.lines.len()], delivery: one, prices: Prices::TaxContained });
    }
    let is_added = order.tax_lines.iter().any(|tax| !tax.contained);
    let lines: Vec<Vat> = order.lines.iter().map(|line| vat_of(&line.taxes, seller)).collect();
    let delivery = Some(&order.shipping.taxes).filter(|taxes| !taxes.is_empty()).map(|taxes| vat_of(taxes, seller));
    Ok(Rates {
        // A delivery that costs nothing has no tax of its own.
        delivery: delivery.or(lines.first().copied()).unwrap_or_else(|| vat_of(&[], seller)),
        lines,
        prices: if is_added { Prices::TaxAdded } else { Prices::TaxContained },
    })
}

/// Several taxes on one thing are one rate on a document.
fn vat_of(taxes: &[TaxLine], seller: &Seller) -> Vat {
    let rate_ppm: u32 = taxes.iter().map(|tax| tax.rate_ppm).sum();
    let of_class = |class: &str| taxes.iter().any(|tax| tax.class == class);
    let category = match rate_ppm {
        1.. => VatCategory::Standard,
        0 if of_class("export") => untaxed(seller),
        0 if of_class("zero") => VatCategory::Zero,
        0 => VatCategory::Exempt,
    };
    Vat { category, rate_ppm }
}

/// What leaves without VAT; only who has a VAT id can call it an export.
fn untaxed(seller: &Seller) -> VatCategory {
    if seller.vat_id.is_some() { VatCategory::Export } else { VatCategory::Exempt }
}

/// The one rate of an order that knows only how much VAT it contains. The rate in force now is not that of the order when
/// it changed since.
fn one_rate(order: &Order, basis_points: u32, seller: &Seller) -> Result<Vat, NoInvoice> {
    let is_rate = |rate: &u32| order.total.tax_contained(*rate) == Ok(order.tax_contained);
    let near = (0..=5_000).step_by(10).find(is_rate);
    let rate = Some(basis_points).filter(is_rate).or(near).ok_or(NoInvoice::UnknownRate(order.tax_contained))?;
    let category = if rate == 0 { untaxed(seller) } else { VatCategory::Standard };
    Ok(Vat { category, rate_ppm: rate * 100 })
}

fn compose(order: &Order, seller: Seller, rates: &Rates) -> NewInvoice {
    let line = |(line, vat): (&OrderLine, &Vat)| InvoiceLine {
        reference: line.id.to_string(),
        title: line.title.clone(),
        detail: line.options.clone(),
        sku: line.sku.clone(),
        quantity: line.quantity,
        discount: off(line.line_total, &[&line.discounts, &line.shares]),
        amount: line.charged(),
        vat: *vat,
    };
    let delivery = InvoiceCharge {
        reference: SHIPPING.to_owned(),
        title: order.shipping.name.clone(),
        amount: order.shipping.price,
        vat: rates.delivery,
    };
    // What went back since is for credit notes to say.
    let is_paid = order.payment_status.has_arrived();
    NewInvoice {
        order_number: order.number.clone(),
        seller,
        buyer: Buyer { address: order.address.clone(), email: Some(order.email.clone()), vat_id: None },
        prices: rates.prices,
        lines: order.lines.iter().zip(&rates.lines).map(line).collect(),
        charges: vec![delivery],
        total: order.total,
        // A gift card is money that was paid before, and takes nothing off what is taxed.
        paid: if is_paid { order.total } else { order.by_gift_cards() },
        payment_method: order.payment_method.clone(),
        supplied_at: order.placed_at.unwrap_or(order.created_at),
    }
}

/// All reductions of a line together.
fn off(like: Money, adjustments: &[&[Adjustment]]) -> Money {
    Money::new(adjustments.iter().map(|some| charge::total_of(some)).sum(), like.currency)
}
