//! Taxes: contained in prices, or added to them.

use crate::documents::buy_with_invoice;
use crate::einvoices::check;
use crate::shop::{Plan, in_a_shop, in_the_shop};

const OWN: Plan = Plan { away: &[], parity: false, own_programs: false, settings: &[] };

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

#[tokio::test]
async fn goods_of_two_tax_classes_are_on_one_invoice_that_passes_the_official_rules() {
    in_a_shop(OWN, |shop| async move {
        let (staff, ada) = (shop.owner().await, shop.shopper());
        let page = staff.get("/admin/taxes").await.expect(200);
        let refused = staff.send_form(&page, "/admin/taxes", &[("country", "at"), ("class", "zero"), ("percent", "0")]);
        refused.await.expect(422).says("zero goods bear no tax");
        let typed = [("country", "at"), ("class", "Reduced"), ("percent", "10")];
        staff.send_form(&page, "/admin/taxes", &typed).await.expect(200).says("reduced").says("10 %");

        let products = staff.get("/admin/products?q=garden-twine").await.expect(200);
        let product = staff.get(&products.link("/admin/products/prd_")).await.expect(200);
        let wrong = staff.send_form(&product, &product.path, &[("tax_class", "two words")]).await.expect(422);
        wrong.says("use 1 to 40 letters");
        staff.send_form(&product, &product.path, &[("tax_class", "reduced")]).await.expect(200).says("Saved");

        for (slug, sku) in [("garden-twine", "GAR-TWN-NAT"), ("oak-board", "KIT-BRD-OAK-M")] {
            ada.add(&ada.goods(slug, sku).await, 1).await.expect(200);
        }
        ada.get("/cart").await.expect(200).says("VAT (20 %)").says("VAT (10 %)");
        let order = buy_with_invoice(&ada).await;
        order.says("VAT (20 %)").says("VAT (10 %)");
        let href = order.link(&format!("{}/documents/doc_", order.path));
        ada.get(&href).await.expect(200).says("20 %").says("10 %");
        let xml = ada.get(&format!("{href}.xml")).await.expect(200).body;
        assert_eq!(xml.matches("<cac:TaxSubtotal>").count(), 2, "{xml}");
        let file = shop.folder().join("invoice.xml");
        std::fs::write(&file, xml).expect("a file");
        if let Some(said) = check(&[file]) {
            assert!(said[0].ends_with(": ok"), "{said:?}");
        }
    })
    .await;
}
