//! The tax that prices contain.

use billing_api::{FindTaxRate, TaxRate};

use crate::store::taxes;
use crate::{Module, Outcome};

/// The standard rate of the country now. Of a country that the shop has no rate for it is zero: no tax is due here.
pub(crate) async fn tax_rate(module: &Module, request: FindTaxRate) -> Outcome<TaxRate> {
    let now = module.clock.now();
    let rate = module.db.read(move |conn| Ok(taxes::tax_rate(conn, request.country, now)?)).await?;
    Ok(rate.unwrap_or_else(|| TaxRate { name: "VAT".to_owned(), basis_points: 0 }))
}
