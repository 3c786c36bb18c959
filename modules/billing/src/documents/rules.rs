//! The rules of EN 16931 on the sums of a document, each under its name. What breaks one is not issued.

use billing_api::{DocumentCharge, DocumentLine, DocumentTotals, VatSubtotal};

const MILLION: i128 = 1_000_000;

/// The rules that the numbers of a document break; none when all is well.
pub(crate) fn broken(
    lines: &[DocumentLine],
    charges: &[DocumentCharge],
    vat: &[VatSubtotal],
    totals: &DocumentTotals,
) -> Vec<&'static str> {
    let nets =
        |positive: bool| charges.iter().map(|charge| charge.net.amount).filter(move |net| (*net > 0) == positive);
    let rules = [
        ("BR-CO-10", totals.lines.amount == lines.iter().map(|line| line.net.amount).sum::<i64>()),
        ("BR-CO-11", totals.allowances.amount == -nets(false).sum::<i64>()),
        ("BR-CO-12", totals.charges.amount == nets(true).sum::<i64>()),
        ("BR-CO-13", totals.net.amount == totals.lines.amount - totals.allowances.amount + totals.charges.amount),
        ("BR-CO-14", totals.tax.amount == vat.iter().map(|of| of.tax.amount).sum::<i64>()),
        ("BR-CO-15", totals.gross.amount == totals.net.amount + totals.tax.amount),
        ("BR-CO-16", totals.due.amount == totals.gross.amount - totals.paid.amount + totals.rounding.amount),
        ("BR-CO-17", vat.iter().all(is_its_base_times_its_rate)),
        ("BR-CO-18", !vat.is_empty()),
        ("BR-S-08", vat.iter().all(|of| of.base.amount == base_of(of, lines, charges))),
    ];
    rules.into_iter().filter(|(_, holds)| !holds).map(|(rule, _)| rule).collect()
}

/// Rounded half away from zero: written in another way than it is computed.
fn is_its_base_times_its_rate(of: &VatSubtotal) -> bool {
    let exact = i128::from(of.base.amount) * i128::from(of.vat.rate_ppm);
    let tax = i128::from(of.tax.amount);
    let off = (tax * MILLION).abs() - exact.abs();
    -MILLION < 2 * off && 2 * off <= MILLION && (tax == 0 || tax.signum() == exact.signum())
}

fn base_of(of: &VatSubtotal, lines: &[DocumentLine], charges: &[DocumentCharge]) -> i64 {
    let lines = lines.iter().filter(|line| line.vat == of.vat).map(|line| line.net.amount);
    lines.chain(charges.iter().filter(|charge| charge.vat == of.vat).map(|charge| charge.net.amount)).sum()
}
