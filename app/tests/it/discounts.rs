//! Discounts: made by staff, given by shoppers, and kept with the order.

use crate::shop::in_the_shop;

#[tokio::test]
async fn a_code_made_by_staff_reduces_a_cart_and_its_order_and_is_used_up() {
    in_the_shop(|shop| async move {
        let staff = shop.owner().await;
        let form = staff.get("/admin/discounts/new").await.expect(200);
        let typed =
            [("label", "Spring sale"), ("kind", "percent"), ("percent", "10"), ("codes", "spring5"), ("limit", "1")];
        staff.send_form(&form, "/admin/discounts/new", &[("label", ""), ("percent", "110")]).await.expect(422);
        let saved = staff.send_form(&form, "/admin/discounts/new", &typed).await.expect(200);
        saved.says("Spring sale").says("Active").says("SPRING5");

        let (ada, bob) = (shop.shopper(), shop.shopper());
        for shopper in [&ada, &bob] {
            let board = shopper.goods("oak-board", "KIT-BRD-OAK-S").await;
            shopper.add(&board, 2).await;
            let cart = shopper.get("/cart").await.expect(200);
            let unknown = shopper.send_form(&cart, "/cart/codes", &[("code", "SPRING6")]).await.expect(422);
            unknown.says("We do not recognise SPRING6").says("SPRING6");
            let cart = shopper.send_form(&cart, "/cart/codes", &[("code", "Spring 5")]).await.expect(200);
            cart.says("Your code is applied").says("Spring sale, code SPRING5").says("−€");
        }
        let payment = ada.go_to_payment().await;
        payment.says("Spring sale, code SPRING5");
        let late = bob.go_to_payment().await;
        let order = ada.press_pay(&payment, "bank_transfer").await.expect(200);
        order.says("Thank you").says("Spring sale, code SPRING5").says("of which VAT (20 %)");

        // The one use went to Ada while Bob was looking at the page.
        let again = bob.press_pay(&late, "bank_transfer").await.expect(409);
        again.says("Your total").says("You have not been charged").says_not("Spring sale, code SPRING5");
        bob.press_pay(&again, "bank_transfer").await.expect(200).says("Thank you");

        staff.get("/admin/discounts").await.expect(200).says("Exhausted");
        // Not the first of the list, which may be another test's.
        let page = staff.get(&saved.path).await.expect(200);
        let end = format!("{}/end", page.path);
        staff.send_form(&page, &end, &[]).await.expect(200).says("The discount has ended").says("Ended");
    })
    .await;
}

#[tokio::test]
async fn the_use_of_a_code_is_kept_for_who_pays_by_a_link() {
    in_the_shop(|shop| async move {
        let owner = shop.owner().await;
        let form = owner.get("/admin/discounts/new").await.expect(200);
        let typed = [("label", "Once"), ("kind", "percent"), ("percent", "10"), ("codes", "once"), ("limit", "1")];
        owner.send_form(&form, "/admin/discounts/new", &typed).await.expect(200);
        let twine = owner.goods("garden-twine", "GAR-TWN-GRN").await;
        owner.choose(&twine, 2).await;
        let cart = owner.get("/cart").await.expect(200);
        owner.send_form(&cart, "/cart/codes", &[("code", "ONCE")]).await.expect(200).says("Your code is applied");
        let draft = owner.get("/admin/orders/new").await.expect(200);
        owner.send_form(&draft, "/admin/orders/new", &[]).await.expect(200).says("is made");

        let ada = shop.shopper();
        let twine = ada.goods("garden-twine", "GAR-TWN-GRN").await;
        ada.add(&twine, 1).await;
        let cart = ada.get("/cart").await.expect(200);
        ada.send_form(&cart, "/cart/codes", &[("code", "ONCE")]).await.expect(422);
    })
    .await;
}

#[tokio::test]
async fn a_discount_of_a_former_currency_is_only_shown_and_can_be_ended() {
    in_the_shop(|shop| async move {
        let staff = shop.owner().await;
        let form = staff.get("/admin/discounts/new").await.expect(200);
        let later = [("label", "Of old times"), ("kind", "amount"), ("amount", "1"), ("starts_at", "2099-01-01T00:00")];
        let saved = staff.send_form(&form, "/admin/discounts/new", &later).await.expect(200);
        let former =
            "UPDATE promotions SET rule = REPLACE(rule, 'EUR', 'USD'), starts_at = 0 WHERE label = 'Of old times'";
        shop.tamper(cart::schema(), former).await;

        let ada = shop.shopper();
        let twine = ada.goods("garden-twine", "GAR-TWN-GRN").await;
        ada.add(&twine, 1).await;
        ada.get("/cart").await.expect(200).says_not("Of old times");
        let page = staff.get(&saved.path).await.expect(200);
        page.says("In another currency").says("only shown").says("1.00 off");
        staff.send_form(&page, &format!("{}/end", page.path), &[]).await.expect(200).says("The discount has ended");
    })
    .await;
}
