//! Taxes: contained in prices, or added to them.

use crate::shop::{Plan, in_a_shop};

/// Tax is added, and rounded for each line.
const ADDED: Plan = Plan {
    away: &[],
    parity: false,
    own_programs: false,
    settings: &[("FREESTONE_PRICES_INCLUDE_TAX", "false"), ("FREESTONE_TAX_ROUNDING", "line")],
};

#[tokio::test]
async fn a_shop_that_adds_tax_says_so_from_the_product_to_the_mail() {
    in_a_shop(ADDED, |shop| async move {
        let ada = shop.shopper();
        ada.get("/p/garden-twine").await.expect(200).says("plus VAT").says("VAT is added to prices");
        let twine = ada.goods("garden-twine", "GAR-TWN-NAT").await;
        let payment = ada.choose(&twine, 2).await;
        payment.says("plus VAT (20 %)").says_not("of which VAT");
        let order = ada.press_pay(&payment, "bank_transfer").await.expect(200);
        order.says("Thank you").says("plus VAT (20 %)").says_not("of which VAT");
        let mail = shop.mails_to(&ada.email, 1).await.remove(0);
        assert!(mail.text.contains("plus VAT (20 %): €") && !mail.text.contains("of which"), "{}", mail.text);
    })
    .await;
}
