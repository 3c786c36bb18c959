//! Invoices and delivery notes: for the buyer, who has the order's secret, and for staff.

use crate::order_links::LATER;
use crate::shop::{Plan, eventually, in_a_shop, in_the_shop};
use crate::shopper::{Page, Shopper};

const MODULES: &[&str] = &["billing"];

/// Buys and pays one of something; gives the order's page once it has the invoice on it.
async fn order_with_invoice(shopper: &Shopper, slug: &str, sku: &str) -> Page {
    let goods = shopper.goods(slug, sku).await;
    shopper.add(&goods, 1).await.expect(200);
    buy_with_invoice(shopper).await
}

/// Buys and pays what is in the cart; gives the order's page once it has the invoice on it.
pub(crate) async fn buy_with_invoice(shopper: &Shopper) -> Page {
    let payment = shopper.go_to_payment().await;
    let provider = shopper.press_pay(&payment, "test").await.expect(200);
    let order = shopper.decide(&provider, "succeed").await.expect(200);
    eventually("the invoice is issued", async || {
        let page = shopper.get(&order.path).await.expect(200);
        page.text().contains("Invoice 20").then_some(page)
    })
    .await
}

/// The page of the order that somebody placed.
async fn order_of(staff: &Shopper, buyer: &Shopper) -> Page {
    let found = staff.get(&format!("/admin/orders?view=all&q={}", buyer.email)).await.expect(200);
    staff.get(&found.link("/admin/orders/ord_")).await.expect(200)
}

#[tokio::test]
async fn who_has_paid_gets_the_invoice_by_mail_and_on_the_page_of_the_order() {
    in_the_shop(|shop| async move {
        let shopper = shop.shopper();
        let order = order_with_invoice(&shopper, "oak-board", "KIT-BRD-OAK-M").await;
        let href = order.link(&format!("{}/documents/doc_", order.path));
        let page = shopper.get(&href).await.expect(200);
        page.says("Invoice").says("Chopping Board").says("Ada Lovelace").says("(example)").says("Paid in full");
        assert_eq!((page.header("cache-control"), page.header("referrer-policy")), ("no-store", "no-referrer"));
        let pdf = shopper.get(&format!("{href}.pdf")).await.expect(200);
        assert_eq!(pdf.header("content-type"), "application/pdf");
        assert!(pdf.body.starts_with("%PDF-1.7"));
        let xml = shopper.get(&format!("{href}.xml")).await.expect(200);
        assert!(xml.header("content-disposition").starts_with("attachment; filename=\"invoice-20"));
        assert!(xml.body.contains("urn:cen.eu:en16931:2017"));

        let [mail] = shop.documents_to(&shopper.email, 1).await.try_into().expect("one mail");
        assert!(mail.subject.starts_with("Your invoice 20"), "{}", mail.subject);
        let (name, file) = &mail.files[0];
        assert!(name.starts_with("invoice-20") && name.ends_with(".pdf") && file.starts_with(b"%PDF-1.7"), "{name}");
        assert!(mail.text.contains(&order.path), "{}", mail.text);
    })
    .await;
}

#[tokio::test]
async fn what_staff_credited_by_hand_is_not_credited_again_with_the_refund() {
    in_the_shop(|shop| async move {
        let (owner, buyer) = (shop.owner().await, shop.shopper());
        order_with_invoice(&buyer, "oak-board", "KIT-BRD-OAK-M").await;
        let order = order_of(&owner, &buyer).await;
        let credit = [("credit_amount", "10.00"), ("credit_reason", "A scratch")];
        let credited = owner.send_form(&order, &format!("{}/credit-note", order.path), &credit).await.expect(200);
        let refund = [("amount", "10.00"), ("refund_reason", "A scratch")];
        let refunded = owner.send_form(&credited, &format!("{}/refund", order.path), &refund).await.expect(200);
        refunded.says("Partly refunded");
        let mails = shop.mails_to(&buyer.email, 2).await;
        let mail = mails.iter().find(|mail| mail.subject.starts_with("Refund for order")).expect("a mail");
        assert!(mail.text.contains("€10.00") && mail.files.is_empty(), "{mail:?}");
    })
    .await;
}

#[tokio::test]
async fn documents_of_others_look_as_if_they_were_not_there() {
    in_the_shop(|shop| async move {
        let (ada, eve) = (shop.shopper(), shop.shopper());
        let hers = order_with_invoice(&ada, "oak-board", "KIT-BRD-OAK-S").await;
        let of_eve = order_with_invoice(&eve, "oak-board", "KIT-BRD-OAK-S").await;
        let href = hers.link(&format!("{}/documents/doc_", hers.path));
        let id = href.rsplit('/').next().expect("an id");
        // Her document below Eve's secret, without a secret, below another one, and in forms that there are not.
        eve.get(&format!("{}/documents/{id}", of_eve.path)).await.expect(404);
        eve.get(&format!("{}/documents/{id}.pdf", of_eve.path)).await.expect(404);
        eve.get(&format!("/o/{}/documents/{id}", "0".repeat(64))).await.expect(404);
        ada.get(&format!("{href}.doc")).await.expect(404);
        ada.get(&format!("{}/documents/doc_", hers.path)).await.expect(404);
        let stranger = shop.shopper();
        let admin = order_of(&shop.owner().await, &ada).await;
        let staff_href = admin.link(&format!("{}/documents/doc_", admin.path));
        stranger.get(&staff_href).await.expect(303);
        shop.owner().await.get(&staff_href).await.expect(200).says("Ada Lovelace");
    })
    .await;
}

#[tokio::test]
async fn a_document_opens_only_in_browsers_that_are_known_for_its_order() {
    in_a_shop(LATER, |shop| async move {
        let ada = shop.shopper();
        let order = order_with_invoice(&ada, "oak-board", "KIT-BRD-OAK-S").await;
        let href = order.link(&format!("{}/documents/doc_", order.path));
        let phone = ada.other_browser();
        let masked = phone.get(&order.path).await.expect(200);
        masked.says("Is this your order?").says_not("Invoice 20");
        for form in ["", ".pdf", ".xml"] {
            let sent = phone.get(&format!("{href}{form}")).await.expect(303);
            assert_eq!((sent.header("location"), sent.body.as_str()), (order.path.as_str(), ""));
        }
        // One that there is not looks the same.
        phone.get(&format!("{}/documents/doc_", order.path)).await.expect(303);
        let answer = [("email", ada.email.as_str()), ("postcode", "1010")];
        phone.send_form(&masked, &masked.form("/o/").action, &answer).await.expect(200).says("Invoice 20");
        phone.get(&href).await.expect(200).says("Ada Lovelace");
        ada.get(&href).await.expect(200).says("Ada Lovelace");
    })
    .await;
}

#[tokio::test]
async fn staff_issue_an_invoice_before_the_money_is_there_and_print_a_delivery_note() {
    in_the_shop(|shop| async move {
        let (owner, buyer) = (shop.owner().await, shop.shopper());
        let goods = buyer.goods("brass-ruler", "STU-RUL-030").await;
        let payment = buyer.choose(&goods, 2).await;
        buyer.press_pay(&payment, "bank_transfer").await.expect(200).says("Thank you");
        let order = order_of(&owner, &buyer).await;
        order.says("No invoice was issued yet");
        let issue = format!("{}/invoice", order.path);
        let issued = owner.send_form(&order, &issue, &[]).await.expect(200);
        issued.says("is issued").says_not("No invoice was issued yet");
        // A second window with the old page gets the same invoice.
        let again = owner.send_form(&order, &issue, &[]).await.expect(200);
        let link = |page: &Page| page.link(&format!("{}/documents/doc_", order.path));
        assert_eq!(link(&issued), link(&again));
        owner.get(&link(&issued)).await.expect(200).says("To pay").says("IBAN AT00");
        let [mail] = shop.documents_to(&buyer.email, 1).await.try_into().expect("one mail");
        assert!(mail.subject.starts_with("Your invoice"), "{}", mail.subject);

        let form = issued.form(&format!("{}/pack", order.path));
        let field = form.fields.iter().find(|(name, _)| name.starts_with("quantity_")).expect("a line").0.clone();
        let packed = owner.send_form(&issued, &format!("{}/pack", order.path), &[(&field, "1")]).await.expect(200);
        let note = packed.link(&format!("{}/delivery-notes/ful_", order.path));
        let page = owner.get(&note).await.expect(200);
        page.says("Delivery note").says("Brass Ruler").says("follows in another parcel").says_not("€");
        assert!(owner.get(&format!("{note}.pdf")).await.expect(200).body.starts_with("%PDF"));
        owner.get(&format!("{note}.xml")).await.expect(404);

        let packer = shop.member("packer").await;
        packer.get(&note).await.expect(200);
        packer.get(&order.path).await.expect(200).says_not("Issue invoice");
    })
    .await;
}

#[tokio::test]
async fn staff_take_back_a_part_of_an_invoice_and_never_more_than_is_left() {
    in_the_shop(|shop| async move {
        let (owner, buyer) = (shop.owner().await, shop.shopper());
        order_with_invoice(&buyer, "oak-board", "KIT-BRD-OAK-S").await;
        let order = order_of(&owner, &buyer).await;
        let credit = format!("{}/credit-note", order.path);
        let typed = [("credit_amount", "10.00"), ("credit_reason", "A scratch")];
        let credited = owner.send_form(&order, &credit, &typed).await.expect(200);
        credited.says("Credit note C20").says("No money was moved");
        owner.send_form(&order, &credit, &typed).await.expect(200).says("is issued");
        let after = owner.get(&order.path).await.expect(200);
        // The invoice and one credit note, each as a page, a PDF and an e-invoice.
        assert_eq!(after.body.matches(&format!("href=\"{}/documents/doc_", order.path)).count(), 6);
        for (amount, problem) in [("1000.00", "can still be credited"), ("0", "above zero"), ("ten", "not an amount")] {
            let refused = owner.send_form(&credited, &credit, &[("credit_amount", amount)]).await.expect(200);
            refused.says("No document was issued").says(problem);
        }
    })
    .await;
}

#[tokio::test]
async fn an_invoice_is_issued_once_although_billing_was_away() {
    in_a_shop(Plan { away: MODULES, ..Plan::default() }, |shop| async move {
        let (owner, buyer) = (shop.owner().await, shop.shopper());
        let goods = buyer.goods("desk-tray", "STU-TRY-OAK").await;
        let payment = buyer.choose(&goods, 1).await;
        buyer.press_pay(&payment, "bank_transfer").await.expect(200).says("Thank you");
        let order = order_of(&owner, &buyer).await;
        owner.send_form(&order, &format!("{}/paid", order.path), &[]).await.expect(200).says("Marked as paid");
        shop.kill("billing");
        owner.get(&order.path).await.expect(200).says("Billing does not answer");
        owner.send_form(&order, &format!("{}/invoice", order.path), &[]).await.expect(503);
        eventually("the mail waits", async || shop.log("app").contains("a mail was not sent").then_some(())).await;
        shop.start("billing").await;
        // Another try is made after 30 seconds.
        tokio::time::sleep(std::time::Duration::from_secs(20)).await;
        let [mail] = shop.documents_to(&buyer.email, 1).await.try_into().expect("one mail");
        assert!(mail.subject.starts_with("Your invoice 20") && mail.subject.contains("-00001"), "{}", mail.subject);
        owner.get(&order.path).await.expect(200).says("Invoice 20");
    })
    .await;
}
