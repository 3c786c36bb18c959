//! AC-026: what is sensitive asks for the password again, and goes on afterwards.

use crate::shop::{Shop, in_the_shop};
use crate::shopper::{Page, Shopper};
use crate::staff::{order_of, place};

const PASSWORD: &str = "a password that is long";

/// A manager who signed in a while ago, and the page of an order that waits for its money.
async fn with_an_unpaid_order(shop: &Shop) -> (Shopper, Page) {
    let (manager, buyer) = (shop.member("manager").await, shop.shopper());
    place(&buyer, "olive-soap", "BTH-SOP-OAT", 1).await;
    let order = order_of(&manager, &buyer).await;
    shop.age_password(&manager, 16).await;
    (manager, order)
}

fn paid(order: &Page) -> String {
    format!("{}/paid", order.path)
}

#[tokio::test]
async fn a_form_waits_for_the_password_and_then_goes_on_with_all_that_was_typed() {
    in_the_shop(|shop| async move {
        let (manager, order) = with_an_unpaid_order(&shop).await;
        let (former, action) = (manager.cookie("dev-fsa"), format!("{}/cancel", order.path));
        let typed = [("reason", "<b>\"ü\"</b>  & 100% + x=y")];
        let asked = manager.send_form(&order, &action, &typed).await.expect(403);
        asked.says("Your password, please").says("Nothing has been done yet").says(&manager.email);
        manager.get(&order.path).await.expect(200).says("Awaiting payment");

        let wrong = manager.send_form(&asked, &action, &[("confirm_password", "not the password")]).await.expect(422);
        wrong.says("This is not your password");
        manager.get(&order.path).await.expect(200).says("Awaiting payment");

        let done = manager.send_form(&wrong, &action, &[("confirm_password", PASSWORD)]).await.expect(200);
        assert_eq!(done.path, order.path);
        done.says("Canceled; its stock is free again").says("<b>\"ü\"</b> & 100% + x=y");
        assert_ne!(manager.cookie("dev-fsa"), former, "the session goes on under another secret");
        manager.get("/admin/export").await.expect(200);
    })
    .await;
}

#[tokio::test]
async fn a_button_that_is_pressed_twice_acts_once_and_leaves_nobody_signed_out() {
    in_the_shop(|shop| async move {
        let (manager, order) = with_an_unpaid_order(&shop).await;
        let asked = manager.send_form(&order, &paid(&order), &[]).await.expect(403);
        let form = asked.form(&paid(&order)).with("confirm_password", PASSWORD);
        let impatient = manager.other_window();
        let (first, second) = tokio::join!(manager.submit(&form), impatient.submit(&form));
        first.expect(303);
        second.expect(303);
        for window in [&manager, &impatient] {
            let page = window.get(&order.path).await.expect(200);
            assert_eq!(page.text().matches("Payment received").count(), 1, "{}", page.text());
        }
    })
    .await;
}

#[tokio::test]
async fn a_page_waits_for_the_password_and_then_opens() {
    in_the_shop(|shop| async move {
        let manager = shop.member("manager").await;
        manager.get("/admin/export").await.expect(200);
        shop.age_password(&manager, 14).await;
        manager.get("/admin/export").await.expect(200);
        shop.age_password(&manager, 1).await;
        let sent = manager.get("/admin/export?x=1").await.expect(303);
        assert_eq!(sent.header("location"), "/admin/confirm?next=%2Fadmin%2Fexport%3Fx%3D1");
        let asked = manager.follow(sent).await.expect(200);
        assert_eq!(asked.header("cache-control"), "no-store");
        let wrong = manager.send_form(&asked, "/admin/confirm", &[("confirm_password", "x")]).await.expect(422);
        let page = manager.send_form(&wrong, "/admin/confirm", &[("confirm_password", PASSWORD)]).await.expect(200);
        assert_eq!(page.path, "/admin/export?x=1");

        let file = manager.get("/admin/export/products.csv").await.expect(200);
        assert!(file.body.starts_with("\"Handle\",\"Title\",") && file.body.contains("oak-board"), "{}", file.body);
        assert_eq!(file.header("content-disposition"), "attachment; filename=\"products.csv\"");
        // Nobody is left on the page that asks because a file came instead of a page.
        shop.age_password(&manager, 16).await;
        let asked = manager.visit("/admin/export/products.csv").await.expect(200);
        let page = manager.send_form(&asked, "/admin/confirm", &[("confirm_password", PASSWORD)]).await.expect(200);
        assert_eq!(page.path, "/admin/export");
    })
    .await;
}

#[tokio::test]
async fn what_is_not_sensitive_does_not_ask() {
    in_the_shop(|shop| async move {
        let manager = shop.member("manager").await;
        shop.age_password(&manager, 16).await;
        for path in ["/admin/orders", "/admin/products", "/admin/stock", "/admin/import", "/admin/products/new"] {
            manager.get(path).await.expect(200);
        }
    })
    .await;
}

#[tokio::test]
async fn the_password_is_not_guessed_here_either() {
    in_the_shop(|shop| async move {
        let (manager, order) = with_an_unpaid_order(&shop).await;
        let asked = manager.send_form(&order, &paid(&order), &[]).await.expect(403);
        let form = asked.form(&paid(&order));
        for _ in 0..5 {
            manager.submit(&form.clone().with("confirm_password", "not the password")).await.expect(422);
        }
        let limited = manager.submit(&form.clone().with("confirm_password", PASSWORD)).await.expect(429);
        limited.says("Too many attempts").says("Wait 10 minutes");
        assert!(limited.seconds_to_wait() > 500);
        manager.get(&order.path).await.expect(200).says("Awaiting payment");
    })
    .await;
}

#[tokio::test]
async fn a_form_that_is_not_ours_is_not_even_asked_about() {
    in_the_shop(|shop| async move {
        let (manager, order) = with_an_unpaid_order(&shop).await;
        let form = order.form(&paid(&order)).with("confirm_password", PASSWORD);
        for token in ["", "x"] {
            manager.submit(&form.clone().with("csrf", token)).await.expect(403).says("out of date");
        }
        manager.post_from("https://evil.example", &paid(&order), &[("confirm_password", PASSWORD)]).await.expect(403);
        let packer = shop.member("packer").await;
        packer.post(&paid(&order), &[("confirm_password", PASSWORD)]).await.expect(403).says("Not part of your role");
        for outside in ["https://evil.example", "//evil.example", "/cart", "/admin\r\nx: y", "javascript:alert(1)"] {
            let page = manager.get("/admin/confirm").await.expect(200);
            let form = page.form("/admin/confirm").with("confirm_password", PASSWORD).with("next", outside);
            assert_eq!(manager.submit(&form).await.expect(303).header("location"), "/admin", "{outside:?}");
            shop.age_password(&manager, 16).await;
        }
        manager.get(&order.path).await.expect(200).says("Awaiting payment");
    })
    .await;
}

#[tokio::test]
async fn whose_session_ended_comes_back_to_the_page_of_the_form() {
    in_the_shop(|shop| async move {
        let stranger = shop.shopper();
        let sent = stranger.post("/admin/orders/ord_x/paid", &[("csrf", "x")]).await.expect(303);
        assert_eq!(sent.header("location"), "/admin/sign-in?next=%2Fadmin%2Forders%2Ford_x");
        let sent = stranger.get("/admin/orders?view=to_pack&q=ada").await.expect(303);
        assert_eq!(sent.header("location"), "/admin/sign-in?next=%2Fadmin%2Forders%3Fview%3Dto_pack%26q%3Dada");
    })
    .await;
}
