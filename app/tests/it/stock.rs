//! Stock in the back office, and what shoppers see of it.

use crate::html::{self, Form};
use crate::shop::{Plan, in_a_shop};
use crate::shopper::Page;

/// The form of a location that is yet to be added.
fn new_location(page: &Page) -> Form {
    let mut forms = html::forms(&page.body).into_iter().filter(|form| form.action == "/admin/stock/locations");
    forms.next_back().expect("the page has forms")
}

#[tokio::test]
async fn goods_come_in_move_are_kept_back_and_sold_on_order() {
    in_a_shop(Plan::default(), |shop| async move {
        let (owner, shopper) = (shop.owner().await, shop.shopper());
        let goods = owner.goods("pencil-pot", "STU-POT-WAL").await;
        let item = format!("/admin/stock/{}", goods.variant);
        let [there, ..] = shop.stock(&goods.variant).await;

        let places = owner.get("/admin/stock/locations").await.expect(200);
        places.says("Main location").says("Add a location");
        let store = new_location(&places).with("name", "Store").with("address", "Gasse 2\nWien").with("priority", "5");
        let saved = owner.submit(&store).await;
        owner.follow(saved).await.expect(200).says("Store was saved");
        owner.submit(&store.with("key", "other").with("name", "Main location")).await.expect(422).says("has this name");

        let page = owner.get(&item).await.expect(200);
        let delivery = [("received", "6"), ("delivery", "PO-17")];
        let page = owner.send_form(&page, &format!("{item}/receive"), &delivery).await.expect(200);
        page.says("The delivery was received").says("delivery PO-17");
        owner
            .send_form(&page, &format!("{item}/receive"), &[("received", "0")])
            .await
            .expect(422)
            .says("Enter how many");

        let move_four = [("moved", "4"), ("why", "shop window")];
        let page = owner.send_form(&page, &format!("{item}/transfer"), &move_four).await.expect(200);
        page.says("The goods were transferred").says("shop window (Main location → Store)");
        let too_many = [("moved", "9999"), ("why", "shop window")];
        owner.send_form(&page, &format!("{item}/transfer"), &too_many).await.expect(422).says("free to be moved");
        assert_eq!(shop.stock(&goods.variant).await, [there + 6, 0, 0, there + 6]);

        let back = (there + 6 - 4 - 3).to_string();
        // The fields of a row belong to its form by their attribute, which the reader of pages here does not follow.
        let rules = [("safety_stock", back.as_str()), ("incoming", "0"), ("low_stock_threshold", "5")];
        let page = owner.send_form(&page, &format!("{item}/rules"), &rules).await.expect(200);
        page.says("The rules were saved");
        assert_eq!(shop.stock(&goods.variant).await, [there + 6, 0, 0, 7]);
        let cart = shopper.add(&goods, 50).await.expect(200);
        cart.says("Only 7 of");

        let page = owner.send_form(&page, &format!("{item}/policy"), &[("policy", "backorder")]).await.expect(200);
        page.says("The rule was saved");
        let cart = shopper.add(&goods, 2).await.expect(200);
        cart.says("7 in stock, 2 ship when back in stock.");
        let payment = shopper.go_to_payment().await;
        payment.says("held for you until");
        shopper.press_pay(&payment, "bank_transfer").await.expect(200);
        assert_eq!(shop.stock(&goods.variant).await, [there + 6, 0, 9, -2]);
        let product = format!("/p/pencil-pot?variant={}", goods.variant);
        crate::shop::eventually("the page says so", async || {
            let page = shopper.get(&product).await.expect(200);
            page.text().contains("Ships when back in stock").then_some(())
        })
        .await;
        owner.get("/admin/stock?q=STU-POT").await.expect(200).says("STU-POT-WAL").says_not("KIT-");
        owner.get(&format!("{item}?kind=transferred")).await.expect(200).says("+4").says_not("PO-17");
    })
    .await;
}
