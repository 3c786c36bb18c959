//! Codes: used as often as they may be and no more, whatever happens in between.

use std::sync::Arc;
use std::time::Duration;

use cart_api::{
    Action, AddCode, CartError, ClaimCodes, CodeState, Conditions, CouponCode, Items, ListPromotions, Promotion,
    PromotionRule, RemoveCode, SavePromotion,
};
use kernel::principal::Staff;
use kernel::stop::Stop;
use kernel::testing::on_every_database;
use kernel::{CallCtx, CallError, Currency, IdempotencyKey, Money, Principal};
use orders_api::OrderStatus;

use crate::shop::{Shop, TUESDAY_NOON, contact, eur, guest};

fn staff() -> CallCtx {
    CallCtx::of_module("test")
}

/// A member of staff who may do this.
fn member(permission: &str) -> CallCtx {
    let permissions = vec![permission.to_owned()];
    CallCtx::new("app", Principal::Staff(Staff { id: "usr_1".to_owned(), name: "Grace".to_owned(), permissions }))
}

/// A fifth off everything, by the code SPRING5.
fn spring() -> SavePromotion {
    SavePromotion {
        key: IdempotencyKey::new(),
        id: None,
        expected_version: None,
        label: "Spring sale".to_owned(),
        rule: PromotionRule {
            conditions: Conditions::default(),
            action: Action::Percent { items: Items::All, ppm: 200_000 },
            priority: 0,
            exclusive: false,
        },
        starts_at: TUESDAY_NOON,
        ends_at: None,
        announced: true,
        given_back: true,
        codes: vec![CouponCode { code: "spring5".to_owned(), limit: None, limit_per_customer: None, uses: 0 }],
    }
}

pub(crate) fn limited(limit: Option<i64>, limit_per_customer: Option<i64>) -> SavePromotion {
    let mut promotion = spring();
    promotion.codes[0].limit = limit;
    promotion.codes[0].limit_per_customer = limit_per_customer;
    promotion
}

pub(crate) async fn save(shop: &Shop, promotion: SavePromotion) -> Promotion {
    shop.carts.save_promotion(&staff(), promotion).await.expect("saved")
}

fn code(text: &str) -> AddCode {
    AddCode { key: IdempotencyKey::new(), code: text.to_owned() }
}

async fn refusal(shop: &Shop, ctx: &CallCtx, text: &str) -> CodeState {
    match shop.carts.add_code(ctx, code(text)).await {
        Err(CallError::Domain(CartError::CodeRefused { reason, .. })) => reason,
        other => panic!("{other:?}"),
    }
}

/// How often the code is used.
async fn uses(shop: &Shop) -> i64 {
    let found = shop.carts.promotions(&staff(), ListPromotions::default()).await.expect("promotions");
    found.iter().flat_map(|promotion| &promotion.codes).map(|code| code.uses).sum()
}

/// Someone with one chalk for 10.00, a contact and the code.
pub(crate) async fn shopper(shop: &Shop, chalk: catalog_api::VariantId, email: &str) -> CallCtx {
    let ctx = guest();
    shop.add(&ctx, chalk, 1).await.expect("added");
    let mut contact = contact();
    contact.email = email.parse().expect("an address");
    shop.carts.save_contact(&ctx, contact).await.expect("saved");
    shop.carts.add_code(&ctx, code("SPRING5")).await.expect("accepted");
    ctx
}

#[tokio::test]
async fn a_code_takes_off_what_it_promises_and_every_cent_is_accounted_for() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        let (chalk, slate) = (shop.sell("Chalk", 333, 10), shop.sell("Slate", 334, 10));
        save(&shop, spring()).await;
        let ada = guest();
        shop.add(&ada, chalk, 1).await.expect("added");
        shop.add(&ada, slate, 1).await.expect("added");
        let before = shop.version(&ada).await;
        shop.carts.add_code(&ada, code(" Spring 5 ")).await.expect("accepted");
        shop.carts.add_code(&ada, code("SPRING5")).await.expect("accepted once more");
        assert_eq!(shop.version(&ada).await, before + 1);

        let cart = shop.cart(&ada).await.expect("a cart");
        assert_eq!(cart.codes[0].state, CodeState::Applied { amount: eur(133) });
        assert_eq!((cart.subtotal, cart.total), (eur(667), eur(667 - 133 + 490)));
        let shares: i64 = cart.lines.iter().map(|line| line.shares[0].amount.amount).sum();
        assert_eq!((shares, cart.adjustments[0].amount), (133, eur(133)));
        assert_eq!(cart.tax_contained, eur(171));

        let remove = RemoveCode { key: IdempotencyKey::new(), code: "spring5".to_owned() };
        shop.carts.remove_code(&ada, remove).await.expect("removed");
        assert_eq!(shop.cart(&ada).await.expect("a cart").total, eur(667 + 490));
    })
    .await;
}

#[tokio::test]
async fn who_guesses_learns_nothing_and_who_knows_reads_why() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        let chalk = shop.sell("Chalk", 1_000, 100);
        let ended = SavePromotion { ends_at: Some(TUESDAY_NOON), ..spring() };
        let told = save(&shop, ended.clone()).await;
        let ada = guest();
        shop.add(&ada, chalk, 1).await.expect("added");
        assert_eq!(refusal(&shop, &ada, "SPRING5").await, CodeState::Ended { ended_at: TUESDAY_NOON });
        assert_eq!(refusal(&shop, &ada, "SPRING6").await, CodeState::Unknown);
        let secret = SavePromotion { key: IdempotencyKey::new(), id: Some(told.id), announced: false, ..ended };
        save(&shop, secret).await;
        assert_eq!(refusal(&shop, &ada, "SPRING5").await, CodeState::Unknown);
        assert_eq!(shop.cart(&ada).await.expect("a cart").codes, []);
    })
    .await;
}

#[tokio::test]
async fn the_clock_of_the_shop_decides_when_a_code_counts() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        let chalk = shop.sell("Chalk", 1_000, 100);
        let second = Duration::from_secs(1);
        let (start, end) = (TUESDAY_NOON.plus(second), TUESDAY_NOON.plus(second * 3));
        save(&shop, SavePromotion { starts_at: start, ends_at: Some(end), ..spring() }).await;
        let ada = guest();
        shop.add(&ada, chalk, 1).await.expect("added");
        shop.carts.save_contact(&ada, contact()).await.expect("saved");
        assert_eq!(refusal(&shop, &ada, "SPRING5").await, CodeState::NotStarted { starts_at: start });
        shop.clock.advance(second);
        shop.carts.add_code(&ada, code("SPRING5")).await.expect("accepted at the start");
        shop.clock.advance(second);
        let before = shop.cart(&ada).await.expect("a cart");
        assert_eq!(before.codes[0].state, CodeState::Applied { amount: eur(200) });
        shop.clock.advance(second);
        // It ended between the cart and the order: nothing is claimed, and the total is another.
        let claim =
            ClaimCodes { key: IdempotencyKey::new(), cart_version: before.version, codes: vec!["SPRING5".to_owned()] };
        let refused = shop.carts.claim_codes(&ada, claim).await.expect_err("ended");
        let reason = CodeState::Ended { ended_at: end };
        assert_eq!(refused.domain(), Some(&CartError::CodeRefused { code: "SPRING5".to_owned(), reason }));
        assert_eq!(shop.cart(&ada).await.expect("a cart").total, eur(1_000 + 490));
        assert_eq!(uses(&shop).await, 0);
    })
    .await;
}

/// So many shoppers order at the same moment with a code for so many. How many got it.
async fn race(shop: Shop, shoppers: usize, limit: i64) -> usize {
    let chalk = shop.sell("Chalk", 1_000, 10_000);
    save(&shop, limited(Some(limit), None)).await;
    // All of them see the code apply before the first one orders.
    let mut ready = Vec::new();
    for number in 0..shoppers {
        let ctx = shopper(&shop, chalk, &format!("shopper{number}@example.org")).await;
        let cart_version = shop.version(&ctx).await;
        ready.push((ctx, cart_version));
    }
    let mut presses = tokio::task::JoinSet::new();
    for (ctx, cart_version) in ready {
        let carts = Arc::clone(&shop.carts);
        presses.spawn(async move {
            let codes = vec!["SPRING5".to_owned()];
            match carts.claim_codes(&ctx, ClaimCodes { key: IdempotencyKey::new(), cart_version, codes }).await {
                Ok(()) => 1,
                Err(CallError::Domain(CartError::CodeRefused { reason: CodeState::UsedUp, .. })) => 0,
                Err(error) => panic!("{error}"),
            }
        });
    }
    let claimed = presses.join_all().await.into_iter().sum();
    assert_eq!(uses(&shop).await, limit);
    claimed
}

#[tokio::test]
async fn of_fifty_shoppers_with_a_single_use_one_gets_it() {
    on_every_database(|home| async move { assert_eq!(race(Shop::open(&home).await, 50, 1).await, 1) }).await;
}

#[tokio::test]
async fn of_a_hundred_shoppers_with_ten_uses_ten_get_one() {
    on_every_database(|home| async move { assert_eq!(race(Shop::open(&home).await, 100, 10).await, 10) }).await;
}

#[tokio::test]
async fn a_customer_uses_a_code_as_often_as_one_may_however_the_address_is_written() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        let chalk = shop.sell("Chalk", 1_000, 100);
        save(&shop, limited(None, Some(1))).await;
        let first = shopper(&shop, chalk, "ada@example.org").await;
        let second = shopper(&shop, chalk, "ADA@Example.org").await;
        shop.order(&first).await.expect("ordered");
        assert_eq!(shop.cart(&second).await.expect("a cart").codes[0].state, CodeState::UsedUp);
        assert_eq!(shop.cart(&second).await.expect("a cart").total, eur(1_490));
        let bob = shopper(&shop, chalk, "bob@example.org").await;
        shop.order(&bob).await.expect("ordered");
    })
    .await;
}

#[tokio::test]
async fn a_canceled_order_gives_its_use_back_once() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        let chalk = shop.sell("Chalk", 1_000, 100);
        save(&shop, limited(Some(2), None)).await;
        let order = shop.order(&shopper(&shop, chalk, "ada@example.org").await).await.expect("ordered");
        shop.place(&order).await;
        shop.order(&shopper(&shop, chalk, "bob@example.org").await).await.expect("ordered");
        assert_eq!(uses(&shop).await, 2, "a repeat of the event counts nothing more");
        for _ in 0..10 {
            shop.cancel(&order).await;
        }
        assert_eq!(uses(&shop).await, 1);
    })
    .await;
}

#[tokio::test]
async fn a_use_counts_for_the_customer_who_presses_last() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        let chalk = shop.sell("Chalk", 1_000, 100);
        save(&shop, limited(None, Some(1))).await;
        for (name, is_first) in [("x1@example.org", true), ("x2@example.org", false)] {
            let ada = shopper(&shop, chalk, name).await;
            shop.claim(&ada).await.expect("a name that was not used");
            shop.carts.save_contact(&ada, contact()).await.expect("saved");
            shop.clock.advance(Duration::from_secs(61));
            let state = shop.cart(&ada).await.expect("a cart").codes[0].state.clone();
            assert_eq!(matches!(state, CodeState::Applied { .. }), is_first, "{name}: {state:?}");
            shop.claim(&ada).await.expect("what applies");
        }
    })
    .await;
}

#[tokio::test]
async fn pressing_again_needs_no_second_use() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        let chalk = shop.sell("Chalk", 1_000, 100);
        save(&shop, limited(Some(1), Some(1))).await;
        let ada = shopper(&shop, chalk, "ada@example.org").await;
        for _ in 0..3 {
            shop.claim(&ada).await.expect("hers already");
        }
        assert_eq!(shop.cart(&ada).await.expect("a cart").codes[0].state, CodeState::Applied { amount: eur(200) });
        assert_eq!(uses(&shop).await, 1);
    })
    .await;
}

#[tokio::test]
async fn who_changes_the_cart_while_paying_takes_the_use_along() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        let chalk = shop.sell("Chalk", 1_000, 100);
        save(&shop, limited(Some(1), Some(1))).await;
        let ada = shopper(&shop, chalk, "ada@example.org").await;
        let first = shop.begin_order(&ada).await.expect("being paid");
        shop.add(&ada, chalk, 1).await.expect("added");
        let second = shop.begin_order(&ada).await.expect("the use goes along");
        let status = shop.world().ordered.iter().find(|order| order.id == first.id).map(|order| order.status);
        assert_eq!(status, Some(OrderStatus::Canceled), "else both could be paid with one use");
        shop.place(&second).await;
        shop.cancel(&first).await;
        assert_eq!(uses(&shop).await, 1);
    })
    .await;
}

#[tokio::test]
async fn an_earlier_version_that_was_ordered_keeps_its_use() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        let chalk = shop.sell("Chalk", 1_000, 100);
        save(&shop, limited(Some(1), None)).await;
        let ada = shopper(&shop, chalk, "ada@example.org").await;
        let order = shop.begin_order(&ada).await.expect("being paid");
        // Orders placed it, and the cart has not heard of it yet.
        shop.change_order(order.id, OrderStatus::Placed);
        shop.add(&ada, chalk, 1).await.expect("added");
        let refused = shop.claim(&ada).await.expect_err("ordered");
        assert_eq!(refused.domain(), Some(&CartError::AlreadyOrdered));
        assert_eq!(uses(&shop).await, 1);
    })
    .await;
}

#[tokio::test]
async fn a_claim_that_no_order_came_of_is_given_back_and_one_that_is_being_paid_is_not() {
    on_every_database(|home| async move {
        let mut shop = Shop::open(&home).await;
        let chalk = shop.sell("Chalk", 1_000, 100);
        save(&shop, limited(Some(3), None)).await;
        // The process died between Ada's claim and her order; Bob is paying, and Eve gave up.
        shop.claim(&shopper(&shop, chalk, "ada@example.org").await).await.expect("claimed");
        shop.begin_order(&shopper(&shop, chalk, "bob@example.org").await).await.expect("being paid");
        let eve = shop.begin_order(&shopper(&shop, chalk, "eve@example.org").await).await.expect("being paid");
        shop.change_order(eve.id, OrderStatus::Expired);
        assert_eq!(uses(&shop).await, 3);
        shop.clock.advance(Duration::from_secs(121));
        let worker = shop.workers.pop().expect("the one for codes is the last");
        let (stopper, stop) = Stop::new();
        stopper.stop();
        (worker.run)(stop).await;
        assert_eq!(uses(&shop).await, 1);
    })
    .await;
}

#[tokio::test]
async fn only_the_shop_sees_and_changes_promotions() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        let saved = save(&shop, spring()).await;
        let refused = shop.carts.save_promotion(&guest(), spring()).await.expect_err("a guest");
        assert_eq!(refused.domain(), Some(&CartError::NotFound));
        assert!(shop.carts.promotions(&guest(), ListPromotions::default()).await.is_err());

        for (ctx, may_see) in [(member("read_products"), true), (member("fulfill_orders"), false)] {
            let refused = shop.carts.save_promotion(&ctx, spring()).await.expect_err("not a manager of products");
            assert_eq!(refused.domain(), Some(&CartError::NotPermitted));
            assert_eq!(shop.carts.promotions(&ctx, ListPromotions::default()).await.is_ok(), may_see);
        }
        let end = SavePromotion { id: Some(saved.id), ends_at: Some(TUESDAY_NOON), ..spring() };
        shop.carts.save_promotion(&member("manage_products"), end).await.expect("saved");

        let again = shop.carts.save_promotion(&staff(), spring()).await.expect_err("the code is another's");
        assert_eq!(again.domain(), Some(&CartError::CodeTaken { code: "SPRING5".to_owned() }));
        let stale = SavePromotion { id: Some(saved.id), expected_version: Some(0), ..spring() };
        let stale = shop.carts.save_promotion(&staff(), stale).await.expect_err("changed");
        assert_eq!(stale.domain(), Some(&CartError::Changed { current: 2 }));
        let all = SavePromotion {
            rule: PromotionRule { action: Action::Percent { items: Items::All, ppm: 1_000_001 }, ..spring().rule },
            ..spring()
        };
        assert!(matches!(
            shop.carts.save_promotion(&staff(), all).await,
            Err(CallError::Domain(CartError::Invalid { .. }))
        ));
    })
    .await;
}

#[tokio::test]
async fn what_applies_by_itself_needs_no_code_and_ends_with_its_time() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        let chalk = shop.sell("Chalk", 1_000, 100);
        let end = TUESDAY_NOON.plus(Duration::from_secs(60));
        save(&shop, SavePromotion { codes: Vec::new(), ends_at: Some(end), ..spring() }).await;
        let ada = guest();
        shop.add(&ada, chalk, 2).await.expect("added");
        let cart = shop.cart(&ada).await.expect("a cart");
        assert_eq!((cart.adjustments[0].amount, cart.total), (eur(400), eur(2_090)));
        shop.clock.advance(Duration::from_secs(60));
        assert_eq!(shop.cart(&ada).await.expect("a cart").total, eur(2_490));
    })
    .await;
}

#[tokio::test]
async fn what_is_in_a_former_currency_reduces_nothing_and_can_be_ended() {
    on_every_database(|home| async move {
        let dollars: Currency = "USD".parse().expect("a currency");
        let former = Shop::open_counting_in(&home, dollars).await;
        let action = Action::Amount { items: Items::All, amount: Money::new(200, dollars) };
        let with_code = SavePromotion { rule: PromotionRule { action, ..spring().rule }, ..spring() };
        let by_itself = SavePromotion { key: IdempotencyKey::new(), codes: Vec::new(), ..with_code.clone() };
        let saved = save(&former, by_itself.clone()).await;
        save(&former, with_code).await;
        drop(former);

        let shop = Shop::open(&home).await;
        let (chalk, ada) = (shop.sell("Chalk", 1_000, 100), guest());
        shop.add(&ada, chalk, 1).await.expect("added");
        assert_eq!(shop.cart(&ada).await.expect("a cart").total, eur(1_490));
        assert_eq!(refusal(&shop, &ada, "SPRING5").await, CodeState::NothingQualifies);

        let end =
            SavePromotion { key: IdempotencyKey::new(), id: Some(saved.id), ends_at: Some(TUESDAY_NOON), ..by_itself };
        assert_eq!(save(&shop, end.clone()).await.ends_at, Some(TUESDAY_NOON));
        let action = Action::Amount { items: Items::All, amount: Money::new(300, dollars) };
        let other =
            SavePromotion { key: IdempotencyKey::new(), rule: PromotionRule { action, ..spring().rule }, ..end };
        let refused = shop.carts.save_promotion(&staff(), other).await.expect_err("not in euros");
        assert!(matches!(refused.domain(), Some(CartError::Invalid { field, .. }) if field == "promotions.amount"));
    })
    .await;
}
