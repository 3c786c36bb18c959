//! Money that the courier brings.

use billing::BillingSettings;
use billing_api::{PaymentNext, SessionStatus};
use kernel::testing::on_every_database;

use crate::{Shop, eur, refusal, settings, state};

fn offered() -> BillingSettings {
    BillingSettings { cash_on_delivery: true, ..settings() }
}

#[tokio::test]
async fn the_shopper_pays_the_courier_and_staff_say_so() {
    on_every_database(|home| async move {
        let shop = Shop::open_with(&home, offered()).await;
        let session = shop.start("cash_on_delivery").await.expect("started");
        let PaymentNext::Instructions { lines } = &session.next else { panic!("no instructions") };
        assert_eq!(lines[1], ("When".to_owned(), "When your parcel arrives".to_owned()));
        shop.wait(60 * 24 * 30);
        shop.end_overdue().await;
        assert_eq!(state(&shop.settled().await), (SessionStatus::Pending, None, 0));

        let payment = shop.record(eur(1_250)).await.expect("recorded");
        assert_eq!((payment.session.id, payment.is_paid()), (session.id, true));
        assert_eq!(shop.told().await, (vec![], vec![eur(1_250)]));
        let accounts = "SELECT account AS row FROM money_entries ORDER BY line";
        assert_eq!(shop.rows(accounts).await, ["cash", "customer_payments"]);
    })
    .await;
}

#[tokio::test]
async fn it_is_offered_only_where_the_merchant_wants_it() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        assert_eq!(
            refusal(shop.start("cash_on_delivery").await).to_string(),
            "cash_on_delivery is not offered for this order"
        );
        let shop = Shop::open_with(&home, offered()).await;
        shop.start("cash_on_delivery").await.expect("started");
        shop.cancel().await.expect("canceled");
        assert_eq!(state(&shop.payment().await.expect("started")), (SessionStatus::Canceled, Some("canceled"), 0));
    })
    .await;
}
