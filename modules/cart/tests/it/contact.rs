//! Who buys, where it goes, and how.

use cart_api::{CartError, SaveContact, SaveShipping};
use kernel::testing::{TestHome, on_every_database};
use kernel::{Address, CallCtx, IdempotencyKey};

use crate::shop::{Shop, contact, country, eur, german_contact, guest};

fn by(method: &str) -> SaveShipping {
    SaveShipping { key: IdempotencyKey::new(), method: method.to_owned() }
}

/// Ada has chalk for 30 euros.
async fn filled(home: &TestHome) -> (Shop, CallCtx) {
    let (shop, ada) = (Shop::open(home).await, guest());
    let chalk = shop.sell("Chalk", 3_000, 10);
    shop.add(&ada, chalk, 1).await.expect("added");
    (shop, ada)
}

#[tokio::test]
async fn delivery_and_tax_follow_the_address() {
    on_every_database(|home| async move {
        let (shop, ada) = filled(&home).await;
        let before = shop.version(&ada).await;
        let changed = shop.carts.save_contact(&ada, german_contact()).await.expect("saved");
        assert_eq!(changed.version, before + 1);
        let cart = shop.cart(&ada).await.expect("a cart");
        assert_eq!((cart.country, cart.total, cart.tax_basis_points), (country("DE"), eur(3_690), 1_900));
        assert_eq!((cart.email, cart.address), (Some(german_contact().email), Some(german_contact().address)));
        let same = shop.carts.save_contact(&ada, german_contact()).await.expect("saved");
        assert_eq!(same.version, changed.version, "nothing changed");
    })
    .await;
}

#[tokio::test]
async fn tax_follows_the_postcode() {
    on_every_database(|home| async move {
        let (shop, ada) = filled(&home).await;
        for (postcode, expected) in [("6691", 1_900), ("6600", 2_000)] {
            let there = Address { postcode: postcode.to_owned(), ..contact().address };
            shop.carts.save_contact(&ada, SaveContact { address: there, ..contact() }).await.expect("saved");
            assert_eq!(shop.cart(&ada).await.expect("a cart").tax_basis_points, expected, "{postcode}");
        }
    })
    .await;
}

// AC-039
#[tokio::test]
async fn a_country_without_delivery_is_refused() {
    on_every_database(|home| async move {
        let (shop, ada) = filled(&home).await;
        let before = shop.cart(&ada).await;
        let there = Address { country: country("NO"), postcode: "0150".to_owned(), ..contact().address };
        let error =
            shop.carts.save_contact(&ada, SaveContact { address: there, ..contact() }).await.expect_err("refused");
        assert_eq!(error.domain(), Some(&CartError::NotDeliverable { country: country("NO") }));
        assert_eq!(shop.cart(&ada).await, before);
    })
    .await;
}

// AC-078, AC-113
#[tokio::test]
async fn a_contact_that_breaks_a_rule_changes_nothing() {
    on_every_database(|home| async move {
        let (shop, ada) = filled(&home).await;
        let before = shop.cart(&ada).await;
        let ada_at = |change: fn(&mut Address)| {
            let mut contact = contact();
            change(&mut contact.address);
            contact
        };
        let broken = [
            ("name", ada_at(|a| a.name = "Ada\r\nBcc: eve@example.org".to_owned())),
            ("line1", ada_at(|a| a.line1 = "4111 1111 1111 1111".to_owned())),
            ("postcode", ada_at(|a| a.postcode = "10700".to_owned())),
            ("phone", ada_at(|a| a.phone = Some("call me".to_owned()))),
        ];
        for (expected, contact) in broken {
            let error = shop.carts.save_contact(&ada, contact).await.expect_err("refused");
            assert!(matches!(error.domain(), Some(CartError::Invalid { field, .. }) if field == expected), "{error}");
        }
        assert_eq!(shop.cart(&ada).await, before);
    })
    .await;
}

#[tokio::test]
async fn without_orders_an_address_is_kept_all_the_same() {
    on_every_database(|home| async move {
        let (shop, ada) = filled(&home).await;
        shop.world().orders_is_away = true;
        shop.carts.save_contact(&ada, contact()).await.expect("saved");
        assert!(shop.carts.save_shipping(&ada, by("standard")).await.expect_err("nobody knows").is_temporary());
    })
    .await;
}

#[tokio::test]
async fn a_chosen_way_is_kept_while_it_is_offered() {
    on_every_database(|home| async move {
        let (shop, ada) = filled(&home).await;
        shop.carts.save_contact(&ada, contact()).await.expect("saved");
        let chosen = shop.carts.save_shipping(&ada, by("express")).await.expect("saved");
        assert_eq!(shop.carts.save_shipping(&ada, by("express")).await.expect("saved").version, chosen.version);
        let shipping = shop.cart(&ada).await.and_then(|cart| cart.shipping).expect("a way");
        assert_eq!((shipping.method.as_str(), shipping.price, shipping.chosen), ("express", eur(990), true));

        shop.carts.save_contact(&ada, german_contact()).await.expect("saved");
        let shipping = shop.cart(&ada).await.and_then(|cart| cart.shipping).expect("a way");
        assert_eq!((shipping.method.as_str(), shipping.chosen), ("standard", false));
        shop.carts.save_contact(&ada, contact()).await.expect("saved");
        let shipping = shop.cart(&ada).await.and_then(|cart| cart.shipping).expect("a way");
        assert!(!shipping.chosen, "the choice was dropped, not hidden");
    })
    .await;
}

#[tokio::test]
async fn a_way_that_is_not_offered_is_refused() {
    on_every_database(|home| async move {
        let (shop, ada) = filled(&home).await;
        shop.carts.save_contact(&ada, german_contact()).await.expect("saved");
        for method in ["express", "", "' OR 1=1"] {
            let error = shop.carts.save_shipping(&ada, by(method)).await.expect_err("refused");
            assert_eq!(error.domain(), Some(&CartError::NotDeliverable { country: country("DE") }));
        }
    })
    .await;
}

#[tokio::test]
async fn without_a_cart_there_is_nothing_to_keep() {
    on_every_database(|home| async move {
        let (shop, eve) = (Shop::open(&home).await, guest());
        let contact = shop.carts.save_contact(&eve, contact()).await.expect_err("no cart");
        let shipping = shop.carts.save_shipping(&eve, by("standard")).await.expect_err("no cart");
        assert_eq!((contact.domain(), shipping.domain()), (Some(&CartError::NotFound), Some(&CartError::NotFound)));
    })
    .await;
}
