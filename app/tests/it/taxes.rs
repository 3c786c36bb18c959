//! Taxes: contained in prices, or added to them.

use crate::shop::{Plan, in_a_shop, in_the_shop};

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

#[tokio::test]
async fn staff_announce_a_rate_for_a_region() {
    in_the_shop(|shop| async move {
        let staff = shop.owner().await;
        let page = staff.get("/admin/taxes").await.expect(200);
        page.says("AT").says("20 %").says("In force");
        let typed = [("country", "es"), ("region", "35"), ("percent", "7"), ("name", "IGIC")];
        let wrong = [("country", "Spain"), ("percent", "120"), ("valid_from", "soon")];
        let refused = staff.send_form(&page, "/admin/taxes", &wrong).await.expect(422);
        refused.says("Enter a country").says("Enter a percentage").says("Enter a date");
        let past = [typed.as_slice(), &[("valid_from", "2020-01-01T00:00")]].concat();
        staff.send_form(&page, "/admin/taxes", &past).await.expect(422).says("let it begin now or later");
        let later = [typed.as_slice(), &[("valid_from", "2099-01-01T00:00")]].concat();
        let saved = staff.send_form(&page, "/admin/taxes", &later).await.expect(200);
        saved.says("Saved").says("ES, postcodes 35…").says("IGIC").says("7 %").says("Announced");
    })
    .await;
}
