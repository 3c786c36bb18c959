//! After the sale: money that goes back, orders that end, and goods that come back, from the pages.

use crate::shop::{eventually, in_the_shop};
use crate::shopper::{Page, Shopper};

/// The page of the order that somebody placed, for staff.
async fn order_of(staff: &Shopper, buyer: &Shopper) -> Page {
    let found = staff.get(&format!("/admin/orders?view=all&q={}", buyer.email)).await.expect(200);
    staff.get(&found.link("/admin/orders/ord_")).await.expect(200)
}

/// Buys with the test provider; gives the shopper's page of the order.
async fn buy(buyer: &Shopper, slug: &str, sku: &str, quantity: u32) -> Page {
    let goods = buyer.goods(slug, sku).await;
    let payment = buyer.choose(&goods, quantity).await;
    let provider = buyer.press_pay(&payment, "test").await.expect(200);
    buyer.decide(&provider, "succeed").await.expect(200)
}

/// Packs and ships everything of an order.
async fn send(staff: &Shopper, order: &Page) -> Page {
    let packed = staff.send_form(order, &format!("{}/pack", order.path), &[]).await.expect(200);
    staff.send_form(&packed, &format!("{}/ship", order.path), &[]).await.expect(200)
}

/// The first field of a form whose name begins so.
fn field(page: &Page, action: &str, prefix: &str) -> String {
    let form = page.form(action);
    let field = form.fields.iter().find(|(name, _)| name.starts_with(prefix));
    field.unwrap_or_else(|| panic!("no {prefix} in {action}")).0.clone()
}

#[tokio::test]
async fn a_part_of_what_was_paid_goes_back_and_both_sides_see_it() {
    in_the_shop(|shop| async move {
        let (owner, buyer) = (shop.owner().await, shop.shopper());
        let own = buy(&buyer, "waffle-towel", "BTH-TWL-H-CHK", 1).await;
        shop.documents_to(&buyer.email, 1).await;
        let order = order_of(&owner, &buyer).await;
        let action = format!("{}/refund", order.path);
        let too_much = owner.send_form(&order, &action, &[("amount", "99999"), ("refund_reason", "dent")]).await;
        too_much.expect(422).says("That was not possible").says("at most");
        let nonsense = owner.send_form(&order, &action, &[("amount", "lots"), ("refund_reason", "dent")]).await;
        nonsense.expect(422).says("Nothing was refunded");
        let part = [("amount", "5.00"), ("refund_reason", "A dent")];
        for _ in 0..2 {
            let after = owner.send_form(&order, &action, &part).await.expect(200);
            after.says("Partly refunded").says("Refund of €5.00").says("A dent");
        }
        buyer.get(&own.path).await.expect(200).says("Partly refunded").says("€5.00").says_not("A dent");
        let mails = shop.mails_to(&buyer.email, 2).await;
        let mail = mails.iter().find(|mail| mail.subject.starts_with("Refund for order")).expect("a mail");
        assert!(mail.text.contains("We refunded €5.00") && mail.html.contains("€5.00"), "{mail:?}");
        assert!(mail.files[0].0.starts_with("credit-note-"), "{mail:?}");
        buyer.get(&own.path).await.expect(200).says("Credit note").says("€5.00");
    })
    .await;
}

#[tokio::test]
async fn a_transfer_is_refunded_when_staff_have_sent_the_money() {
    in_the_shop(|shop| async move {
        let (owner, buyer) = (shop.owner().await, shop.shopper());
        let goods = buyer.goods("waffle-towel", "BTH-TWL-H-SND").await;
        let payment = buyer.choose(&goods, 1).await;
        buyer.press_pay(&payment, "bank_transfer").await.expect(200).says("Thank you");
        let order = order_of(&owner, &buyer).await;
        let paid = owner.send_form(&order, &format!("{}/paid", order.path), &[]).await.expect(200);
        let refund = [("amount", "3"), ("refund_reason", "Late")];
        let pending = owner.send_form(&paid, &format!("{}/refund", order.path), &refund).await.expect(200);
        pending.says("To be transferred");
        let recorded = format!("{}/refunds/", order.path);
        owner.send_form(&pending, &recorded, &[]).await.expect(200).says("Recorded");
        eventually("the refund is known", async || {
            owner.get(&order.path).await.text().contains("Partly refunded").then_some(())
        })
        .await;
        owner.send_form(&pending, &recorded, &[]).await.expect(200);
    })
    .await;
}

#[tokio::test]
async fn a_paid_order_that_is_canceled_pays_back_and_its_goods_are_written_off() {
    in_the_shop(|shop| async move {
        let (owner, buyer) = (shop.owner().await, shop.shopper());
        let own = buy(&buyer, "cloth-notebook", "STU-NTB-MOS-P", 1).await;
        let goods = buyer.goods("cloth-notebook", "STU-NTB-MOS-P").await;
        let [on_hand, ..] = shop.stock(&goods.variant).await;
        let order = order_of(&owner, &buyer).await;
        order.says("What was paid goes back");
        let why = [("reason", "Broken in the store"), ("goods", "write_off")];
        let after = owner.send_form(&order, &format!("{}/cancel", order.path), &why).await.expect(200);
        after.says("its goods are written off").says("Refunded").says("Canceled");
        eventually("the goods are gone", async || {
            (shop.stock(&goods.variant).await == [on_hand - 1, 0, 0, on_hand - 1]).then_some(())
        })
        .await;
        buyer.get(&own.path).await.expect(200).says("This order has ended").says("went back to you");
        let mails = shop.mails_to(&buyer.email, 3).await;
        assert!(mails.iter().any(|mail| mail.subject.ends_with("is canceled")), "{mails:?}");
        assert!(mails.iter().any(|mail| mail.subject.starts_with("Refund for order")), "{mails:?}");
    })
    .await;
}

#[tokio::test]
async fn a_shopper_sends_something_back_and_gets_the_money() {
    in_the_shop(|shop| async move {
        let (owner, buyer) = (shop.owner().await, shop.shopper());
        let own = buy(&buyer, "pepper-mill", "KIT-MIL-WAL-16", 2).await;
        own.says_not("Send something back");
        let goods = buyer.goods("pepper-mill", "KIT-MIL-WAL-16").await;
        let [on_hand, ..] = shop.stock(&goods.variant).await;
        send(&owner, &order_of(&owner, &buyer).await).await;
        eventually("it has left", async || (shop.stock(&goods.variant).await[0] == on_hand - 2).then_some(())).await;

        let page = buyer.get(&own.path).await.expect(200);
        let action = format!("{}/returns", own.path);
        let quantity = field(&page, &action, "return_");
        let none = buyer.send_form(&page, &action, &[("why", "Too heavy")]).await.expect(200);
        none.says("Say how many of which item");
        let many = buyer.send_form(&page, &action, &[(&quantity, "3"), ("why", "Too heavy")]).await.expect(200);
        many.says("That was not possible");
        let asked = buyer.send_form(&page, &action, &[(&quantity, "2"), ("why", "Too heavy")]).await.expect(200);
        asked.says("We have your request").says("Return 1").says("2 × ").says_not("Send something back");

        let order = order_of(&owner, &buyer).await;
        order.says("Too heavy").says("Asked for");
        let decide = format!("{}/returns/ret_", order.path);
        let approved = owner.send_form(&order, &decide, &[("action", "approve")]).await.expect(200);
        approved.says("On its way back");
        let lost = field(&approved, &decide, "lost_");
        let restock = field(&approved, &decide, "restock_");
        let received = owner.send_form(&approved, &decide, &[(&restock, "1"), (&lost, "1")]).await.expect(200);
        received.says("1 on the shelf, 1 lost").says("To refund");
        assert_eq!(shop.stock(&goods.variant).await[0], on_hand - 1);
        let paid = owner.send_form(&received, &decide, &[]).await.expect(200);
        paid.says("The money goes back").says("Partly refunded");
        buyer.get(&own.path).await.expect(200).says("your money is on its way back");
        let mails = shop.mails_to(&buyer.email, 6).await;
        let count = mails.iter().filter(|mail| mail.subject.starts_with("Your return of order")).count();
        assert_eq!(count, 3, "{mails:?}");
    })
    .await;
}

#[tokio::test]
async fn what_a_code_took_off_is_not_given_back_with_the_goods() {
    in_the_shop(|shop| async move {
        let (owner, buyer) = (shop.owner().await, shop.shopper());
        let form = owner.get("/admin/discounts/new").await.expect(200);
        let half = [("label", "Half"), ("kind", "percent"), ("percent", "50"), ("codes", "half")];
        owner.send_form(&form, "/admin/discounts/new", &half).await.expect(200);
        let goods = buyer.goods("olive-soap", "BTH-SOP-OAT").await;
        buyer.add(&goods, 2).await.expect(200);
        let cart = buyer.get("/cart").await.expect(200);
        buyer.send_form(&cart, "/cart/codes", &[("code", "HALF")]).await.expect(200);
        let provider = buyer.press_pay(&buyer.go_to_payment().await, "test").await.expect(200);
        buyer.decide(&provider, "succeed").await.expect(200);
        let sent = send(&owner, &order_of(&owner, &buyer).await).await;

        let back = format!("{}/returns", sent.path);
        let quantity = field(&sent, &back, "return_");
        let written = owner.send_form(&sent, &back, &[(&quantity, "1"), ("why", "Scent")]).await.expect(200);
        let decide = format!("{back}/ret_");
        let (restock, lost) = (field(&written, &decide, "restock_"), field(&written, &decide, "lost_"));
        let received = owner.send_form(&written, &decide, &[(&restock, "1"), (&lost, "0")]).await.expect(200);
        let form = received.form(&decide);
        let amount = form.fields.iter().find(|(name, _)| name.starts_with("amount_")).expect("an amount");
        let page = buyer.get(&format!("/p/{}?variant={}", goods.slug, goods.variant)).await.expect(200);
        let price = page.form("/cart/lines").fields.into_iter().find(|(name, _)| name == "expected_price");
        let price: f64 = price.expect("a price").1.parse().expect("minor units");
        assert_eq!(amount.1.parse::<f64>().expect("an amount"), price / 200.0);
    })
    .await;
}

#[tokio::test]
async fn a_return_opens_for_its_own_page_only() {
    in_the_shop(|shop| async move {
        let (owner, ada, eve) = (shop.owner().await, shop.shopper(), shop.shopper());
        let own = buy(&ada, "olive-soap", "BTH-SOP-OAT", 1).await;
        let other = buy(&eve, "olive-soap", "BTH-SOP-OAT", 1).await;
        send(&owner, &order_of(&owner, &ada).await).await;
        let page = ada.get(&own.path).await.expect(200);
        let action = format!("{}/returns", own.path);
        let quantity = field(&page, &action, "return_");
        let asked = ada.send_form(&page, &action, &[(&quantity, "1"), ("why", "Scent")]).await.expect(200);
        let cancel = asked.form(&format!("{}/returns/ret_", own.path)).action;
        let foreign = cancel.replace(&own.path, &other.path);
        eve.post(&foreign, &[]).await.expect(404);
        let kept = ada.send_form(&asked, &cancel, &[]).await.expect(200);
        kept.says("You keep it").says("Send something back");
    })
    .await;
}

#[tokio::test]
async fn a_shopper_cancels_until_something_is_packed() {
    in_the_shop(|shop| async move {
        let (owner, ada, bob) = (shop.owner().await, shop.shopper(), shop.shopper());
        let own = buy(&ada, "waffle-towel", "BTH-TWL-H-MOS", 1).await;
        own.says("You can cancel free of charge");
        let action = format!("{}/cancel", own.path);
        let canceled = ada.send_form(&own, &action, &[("why", "Wrong color")]).await.expect(200);
        canceled.says("Your order is canceled").says("went back to you").says_not("You can cancel");
        order_of(&owner, &ada).await.says("Refunded").says("Wrong color");

        let late = buy(&bob, "waffle-towel", "BTH-TWL-H-MOS", 1).await;
        let order = order_of(&owner, &bob).await;
        owner.send_form(&order, &format!("{}/pack", order.path), &[]).await.expect(200).says("Parcel 1");
        let refused = bob.send_form(&late, &format!("{}/cancel", late.path), &[]).await.expect(200);
        refused.says("It is too late to cancel").says_not("You can cancel free");
    })
    .await;
}

#[tokio::test]
async fn staff_make_an_order_and_its_buyer_pays_by_the_link() {
    in_the_shop(|shop| async move {
        let owner = shop.owner().await;
        owner.get("/admin/orders/new").await.expect(200).says("Not ready yet");
        let goods = owner.goods("garden-twine", "GAR-TWN-GRN").await;
        owner.choose(&goods, 2).await;
        let draft = owner.get("/admin/orders/new").await.expect(200);
        let made = owner.send_form(&draft, "/admin/orders/new", &[]).await.expect(200);
        made.says("is made").says("Payment link").says("Being paid");
        assert_eq!(shop.stock(&goods.variant).await[2], 0);
        owner.send_form(&draft, "/admin/orders/new", &[]).await.expect(422);
        owner.get("/cart").await.expect(200).says("Your cart is empty");

        let mails = shop.mails_to(&owner.email, 1).await;
        let mail = mails.iter().find(|mail| mail.subject.ends_with("please pay")).expect("a mail with a link");
        let link = mail.text.split_whitespace().find(|word| word.contains("/o/")).expect("a link");
        let path = link.strip_prefix(&shop.url()).expect("in this shop").to_owned();
        let buyer = shop.shopper();
        let page = buyer.get(&path).await.expect(200);
        page.says("Your order is ready to be paid");
        let provider = buyer.send_form(&page, &format!("{path}/pay"), &[("payment_method", "test")]).await.expect(200);
        let placed = buyer.decide(&provider, "succeed").await.expect(200);
        placed.says("Thank you, your order is placed").says("Paid");
    })
    .await;
}
