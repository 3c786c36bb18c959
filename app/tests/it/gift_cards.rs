//! Gift cards and store credit, from the pages: given by staff, spent by shoppers, and made of refunds.

use crate::shop::{Shop, eventually, in_the_shop};
use crate::shopper::{Page, Shopper};

/// Staff give a gift card; its code.
async fn give(staff: &Shopper, amount: &str, email: &str) -> String {
    let form = staff.get("/admin/gift-cards/new").await.expect(200);
    let typed = [("amount", amount), ("note", "For waiting"), ("email", email)];
    let issued = staff.send_form(&form, "/admin/gift-cards/new", &typed).await.expect(200);
    issued.says("It is shown this once");
    code_on(&issued.body).expect("a code")
}

/// The code in some text: six groups of four.
fn code_on(text: &str) -> Option<String> {
    let is_code = |word: &&str| {
        let groups: Vec<&str> = word.split('-').collect();
        groups.len() == 6 && groups.iter().all(|group| group.len() == 4 && group.chars().all(char::is_alphanumeric))
    };
    let mut words = text.split(|letter: char| !letter.is_alphanumeric() && letter != '-');
    words.find(|word| is_code(word)).map(str::to_owned)
}

async fn enter(shopper: &Shopper, payment: &Page, code: &str) -> Page {
    shopper.send_form(payment, "/checkout/gift-cards", &[("gift_card", code)]).await
}

async fn order_of(staff: &Shopper, buyer: &Shopper) -> Page {
    let found = staff.get(&format!("/admin/orders?view=all&q={}", buyer.email)).await.expect(200);
    staff.get(&found.link("/admin/orders/ord_")).await.expect(200)
}

async fn at_the_payment(shop: &Shop) -> (Shopper, Page) {
    let shopper = shop.shopper();
    let goods = shopper.goods("garden-twine", "GAR-TWN-GRN").await;
    let payment = shopper.choose(&goods, 1).await;
    (shopper, payment)
}

#[tokio::test]
async fn a_card_pays_a_part_at_the_checkout_and_the_rest_is_paid_by_transfer() {
    in_the_shop(|shop| async move {
        let staff = shop.owner().await;
        let code = give(&staff, "5.00", "").await;
        let (ada, payment) = at_the_payment(&shop).await;
        let spelled = code.to_lowercase().replace('-', " ");
        let applied = enter(&ada, &payment, &spelled).await.expect(200);
        applied.says("Your gift card is applied").says("pays €5.00").says("Left to pay").says("Pay the rest with");
        assert!(!applied.body.contains(&code));
        let removed = ada.send_form(&applied, "/checkout/gift-cards/remove", &[]).await.expect(200);
        removed.says_not("Left to pay");
        let applied = enter(&ada, &removed, &code).await.expect(200);
        let order = ada.press_pay(&applied, "bank_transfer").await.expect(200);
        order.says("Thank you").says(&format!("Gift card …{}", &code[code.len() - 4..])).says("−€5.00");
        let [mail] = shop.mails_to(&ada.email, 1).await.try_into().expect("one mail");
        assert!(mail.text.contains("Left to pay: €8.40") && mail.text.contains("Transfer €8.40"), "{mail:?}");

        let page = order_of(&staff, &ada).await;
        let found = staff.get(&format!("/admin/gift-cards?q={}", &code[code.len() - 4..])).await.expect(200);
        let card = staff.get(&found.link("/admin/gift-cards/gft_")).await.expect(200);
        card.says("Pays for an order").says("−€5.00").says("Empty");
        assert!(code_on(&card.body).is_none(), "the code is shown once");
        let paid = staff.send_form(&page, &format!("{}/paid", page.path), &[]).await.expect(200);
        paid.says("Marked as paid");
    })
    .await;
}

#[tokio::test]
async fn a_card_that_covers_everything_needs_no_other_way_to_pay() {
    in_the_shop(|shop| async move {
        let staff = shop.owner().await;
        let code = give(&staff, "500", "").await;
        let (ada, payment) = at_the_payment(&shop).await;
        let applied = enter(&ada, &payment, &code).await.expect(200);
        applied.says("Nothing is left to pay").says_not("Pay the rest with");
        let order = ada.send_form(&applied, "/checkout/payment", &[]).await.expect(200);
        order.says("Thank you").says("Paid");
        // A second press of the same button is the same order.
        let again = ada.send_form(&applied, "/checkout/payment", &[]).await.expect(200);
        assert_eq!(again.path, order.path);
        let invoices = shop.documents_to(&ada.email, 1).await;
        assert_eq!(invoices.len(), 1);

        // What is canceled comes back onto the card.
        let page = order_of(&staff, &ada).await;
        let canceled = staff.send_form(&page, &format!("{}/cancel", page.path), &[("reason", "Broken")]).await;
        canceled.expect(200).says("Canceled");
        let found = staff.get(&format!("/admin/gift-cards?q={}", &code[code.len() - 4..])).await.expect(200);
        let card = found.link("/admin/gift-cards/gft_");
        eventually("it is back", async || staff.get(&card).await.text().contains("Back from an order").then_some(()))
            .await;
    })
    .await;
}

#[tokio::test]
async fn who_sees_more_on_a_card_than_is_left_is_told_both_numbers_and_pays_the_rest() {
    in_the_shop(|shop| async move {
        let staff = shop.owner().await;
        let code = give(&staff, "8.00", "").await;
        let (ada, hers) = at_the_payment(&shop).await;
        let (bob, his) = at_the_payment(&shop).await;
        let (hers, his) = (enter(&ada, &hers, &code).await.expect(200), enter(&bob, &his, &code).await.expect(200));
        ada.press_pay(&hers, "bank_transfer").await.expect(200).says("Thank you");
        let told = bob.press_pay(&his, "bank_transfer").await.expect(409);
        told.says("Your gift card has €0.00 left, not €8.00").says("You have not been charged");
        told.says_not("Left to pay");
        bob.press_pay(&told, "bank_transfer").await.expect(200).says("Thank you");
    })
    .await;
}

/// AC-046
#[tokio::test]
async fn codes_that_do_not_work_look_alike_and_are_counted() {
    in_the_shop(|shop| async move {
        let staff = shop.owner().await;
        let closed = give(&staff, "5", "").await;
        let found = staff.get(&format!("/admin/gift-cards?q={}", &closed[closed.len() - 4..])).await.expect(200);
        let card = staff.get(&found.link("/admin/gift-cards/gft_")).await.expect(200);
        let close = format!("{}/close", card.path);
        staff.send_form(&card, &close, &[("close_note", "")]).await.expect(422).says("Say why it is closed");
        staff.send_form(&card, &close, &[("close_note", "Lost")]).await.expect(200).says("Closed");

        let (eve, mut page) = at_the_payment(&shop).await;
        let mut texts = Vec::new();
        for code in [closed.as_str(), "0000-1111-2222-3333-4444-5555", "nonsense", "<script>", "’ OR 1=1"] {
            page = enter(&eve, &page, code).await.expect(422);
            page.says("This code does not work");
            texts.push(page.text());
        }
        assert!(texts.iter().all(|text| *text == texts[0]), "{texts:?}");
        enter(&eve, &page, "").await.expect(422).says("Type the code");
        let mut status = 422;
        for _ in 0..6 {
            status = enter(&eve, &page, "0000-1111-2222-3333-4444-5555").await.status;
        }
        assert_eq!(status, 429);
        let good = give(&staff, "5", "").await;
        let refused = enter(&eve, &page, &good).await.expect(429);
        assert!(refused.seconds_to_wait() > 60);
        refused.says("Too many codes that do not work");
        // Others go on.
        let (ada, payment) = at_the_payment(&shop).await;
        enter(&ada, &payment, &good).await.expect(200).says("Your gift card is applied");
    })
    .await;
}

#[tokio::test]
async fn a_cookie_that_the_shop_did_not_sign_pays_nothing() {
    in_the_shop(|shop| async move {
        let staff = shop.owner().await;
        let code = give(&staff, "5.00", "").await;
        let (ada, payment) = at_the_payment(&shop).await;
        enter(&ada, &payment, &code).await.expect(200);
        let cookie = ada.cookie("dev-fsg").expect("kept by the browser");
        let (eve, page) = at_the_payment(&shop).await;
        eve.keep("dev-fsg", &cookie);
        eve.get("/checkout/payment").await.expect(200).says_not("Left to pay");
        let id = cookie.split('.').next().expect("a name");
        let forged = eve
            .send_form(
                &page,
                "/checkout/payment",
                &[("payment_method", "bank_transfer"), ("expected_gift_cards", &format!("{id}:500"))],
            )
            .await;
        forged.expect(409).says("Your gift cards have changed");
    })
    .await;
}

#[tokio::test]
async fn a_refund_becomes_store_credit_that_pays_for_the_next_order() {
    in_the_shop(|shop| async move {
        let staff = shop.owner().await;
        let (ada, payment) = at_the_payment(&shop).await;
        let provider = ada.press_pay(&payment, "test").await.expect(200);
        let own = ada.decide(&provider, "succeed").await.expect(200);
        let page = order_of(&staff, &ada).await;
        let action = format!("{}/refund", page.path);
        let nowhere = [("amount", "3.00"), ("refund_reason", "A dent"), ("refund_to", "the moon")];
        staff.send_form(&page, &action, &nowhere).await.expect(422).says("Choose where the money goes");
        let credit = [("amount", "3.00"), ("refund_reason", "A dent"), ("refund_to", "store_credit")];
        let after = staff.send_form(&page, &action, &credit).await.expect(200);
        after.says("Partly refunded").says("Store credit");
        let card = staff.get(&after.link("/admin/gift-cards/gft_")).await.expect(200);
        card.says("Store credit").says("€3.00").says(&ada.email);
        ada.get(&own.path).await.expect(200).says("Refunded as store credit");

        let mails = eventually("the code is mailed", async || {
            let mails = shop.mails_now(&ada.email);
            mails.into_iter().find(|mail| mail.subject.starts_with("Refund for order"))
        })
        .await;
        assert!(mails.html.contains("store credit"), "{mails:?}");
        let code = code_on(&mails.text).expect("a code");
        let goods = ada.goods("garden-twine", "GAR-TWN-GRN").await;
        let payment = ada.choose(&goods, 1).await;
        enter(&ada, &payment, &code).await.expect(200).says("pays €3.00");
    })
    .await;
}

#[tokio::test]
async fn a_gift_card_is_mailed_to_who_shall_have_it_and_given_by_those_who_may() {
    in_the_shop(|shop| async move {
        let staff = shop.owner().await;
        let ada = shop.shopper();
        let code = give(&staff, "12.50", &ada.email).await;
        let [mail] = shop.mails_to(&ada.email, 1).await.try_into().expect("one mail");
        assert!(mail.subject.starts_with("A gift card"), "{mail:?}");
        assert!(mail.text.contains(&code) && mail.html.contains(&code) && mail.text.contains("€12.50"), "{mail:?}");

        let form = staff.get("/admin/gift-cards/new").await.expect(200);
        let wrong = [("amount", "lots"), ("note", ""), ("email", "nobody"), ("expires_at", "soon")];
        let refused = staff.send_form(&form, "/admin/gift-cards/new", &wrong).await.expect(422);
        refused.says("Enter an amount").says("Say why").says("Enter an address").says("Enter a date");
        let past = [("amount", "5"), ("note", "x"), ("expires_at", "2020-01-01T00:00")];
        staff.send_form(&form, "/admin/gift-cards/new", &past).await.expect(422).says("later than now");
        staff.get("/admin/gift-cards/gft_00000000000000000000000000").await.expect(404);

        let packer = shop.member("packer").await;
        packer.get("/admin/gift-cards").await.expect(200);
        packer.get("/admin/gift-cards/new").await.expect(403);
    })
    .await;
}
