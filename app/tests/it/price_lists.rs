//! Price lists: made by staff, seen by shoppers on the page, in the cart and on the order.

use crate::shop::{Plan, Shop, eventually, in_a_shop};
use crate::shopper::{Page, Shopper};

const OWN: Plan = Plan { away: &[], parity: true, own_programs: false, settings: &[] };
const TWINE: &str = "GAR-TWN-NAT";

/// A price list made in the back office.
async fn made(staff: &Shopper, name: &str, kind: &str) -> Page {
    let form = staff.get("/admin/price-lists/new").await.expect(200);
    let typed = [("name", name), ("kind", kind)];
    staff.send_form(&form, "/admin/price-lists/new", &typed).await.expect(200)
}

async fn set(staff: &Shopper, list: &Page, typed: &[(&str, &str)]) -> Page {
    let page = staff.get(&list.path).await.expect(200);
    staff.send_form(&page, &format!("{}/prices", list.path), typed).await
}

/// The page of the twine, once it says this.
async fn twine_says(shop: &Shop, words: &str) -> Page {
    let visitor = shop.shopper();
    eventually(words, async || {
        let page = visitor.get("/p/garden-twine").await.expect(200);
        page.text().contains(words).then_some(page)
    })
    .await
}

#[tokio::test]
async fn a_sale_is_on_the_page_in_the_cart_and_on_the_order_until_it_is_ended() {
    in_a_shop(OWN, |shop| async move {
        let (staff, ada) = (shop.owner().await, shop.shopper());
        let twine = ada.goods("garden-twine", TWINE).await;
        let form = staff.get("/admin/price-lists/new").await.expect(200);
        let wrong = [("name", ""), ("priority", "high"), ("starts_at", "soon")];
        let refused = staff.send_form(&form, "/admin/price-lists/new", &wrong).await.expect(422);
        refused.says("Enter a name").says("Enter a whole number").says("Enter a date");

        let list = made(&staff, "Winter sale", "sale").await;
        list.says("Winter sale").says("In force").says("None yet");
        let refused = set(&staff, &list, &[("variant", "NONE"), ("price", "1.505")]).await.expect(422);
        refused.says("There is a problem");
        let refused = set(&staff, &list, &[("variant", "NONE"), ("price", "1.50")]).await.expect(422);
        refused.says("no variant has this SKU");
        set(&staff, &list, &[("variant", TWINE), ("price", "1.50")]).await.expect(200).says("The price is set");
        twine_says(&shop, "€1.50").await.says("Was").says("Lowest price of the 30 days before");

        ada.add(&twine, 2).await.expect(200);
        let payment = ada.go_to_payment().await;
        payment.says("€3.00");
        ada.press_pay(&payment, "bank_transfer").await.expect(200).says("Thank you").says("€3.00");

        let page = staff.get(&list.path).await.expect(200);
        staff.send_form(&page, &format!("{}/end", list.path), &[]).await.expect(200).says("Ended");
        let page = twine_says(&shop, "Jute Twine").await;
        eventually("the sale is over", async || {
            let page = ada.get(&page.path).await.expect(200);
            (!page.text().contains("€1.50")).then_some(())
        })
        .await;
        let products = staff.get("/admin/products?q=garden-twine").await.expect(200);
        let history = format!("{}/prices", products.link("/admin/products/prd_"));
        staff.get(&history).await.expect(200).says("€1.50").says("What it was offered for");
    })
    .await;
}

#[tokio::test]
async fn larger_quantities_from_a_file_are_cheaper_and_a_wrong_file_changes_nothing() {
    in_a_shop(OWN, |shop| async move {
        let (staff, ada) = (shop.owner().await, shop.shopper());
        let list = made(&staff, "Larger quantities", "override").await;
        let upload = async |text: &str| {
            let page = staff.get(&list.path).await.expect(200);
            let action = page.form(&format!("{}/file", list.path)).action;
            let head = "--part\r\nContent-Disposition: form-data; name=\"file\"; filename=\"prices.csv\"\r\n\r\n";
            let body = format!("{head}{text}\r\n--part--\r\n");
            let sent = staff.send_upload(&action, "multipart/form-data; boundary=part", body.into_bytes()).await;
            staff.follow(sent).await
        };
        let wrong = upload(&format!("SKU,From quantity,Price\n{TWINE},5,1.00\nNONE,1,1\n")).await.expect(422);
        wrong.says("Line 3, NONE: no variant has this SKU").says("None yet");
        upload("SKU,Preis\n").await.expect(422).says("name the columns");
        let taken = upload(&format!("SKU,From quantity,Price\n{TWINE},5,1.00\n")).await.expect(200);
        taken.says("1 prices of the file are taken over").says("Jute Twine");
        let file = staff.get(&format!("{}/prices.csv", list.path)).await.expect(200);
        assert!(file.body.contains(&format!("\"{TWINE}\",\"5\",\"1.00\"")), "{}", file.body);

        twine_says(&shop, "5 or more").await.says("€1.00 each");
        let twine = ada.goods("garden-twine", TWINE).await;
        ada.add(&twine, 5).await.expect(200);
        let cart = ada.get("/cart").await.expect(200);
        cart.says("€1.00 each for so many").says("€5.00");
        let payment = ada.go_to_payment().await;
        ada.press_pay(&payment, "bank_transfer").await.expect(200).says("Thank you").says("€5.00");
    })
    .await;
}
