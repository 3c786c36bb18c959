//! Gift cards and store credit: never below zero, once for each order, and back where they came from.

use std::sync::Arc;
use std::time::Duration;

use billing::BillingSettings;
use billing_api::{
    BillingError, ChangeGiftCard, EndPayment, FindGiftCards, GIFT_CARD, GiftCard, GiftCardAction, GiftCardCode,
    GiftCardId, GiftCardIssued, GiftCardMovementKind, GiftCardQuery, GiftCardReason, GiftCardStatus, GiftCardUse,
    PaymentRefund, PaymentSession, Refund, RefundStatus, STORE_CREDIT, SessionStatus, StartPayment, TestDecision,
};
use kernel::audit::AuditRequest;
use kernel::event::Event as _;
use kernel::testing::{Plant, audit_finds, on_every_database};
use kernel::{CallCtx, CallError, IdempotencyKey, Money, Principal, Secret, Timestamp, principal::Staff};

use crate::{ORDER, Outcome, Shop, all_at_once, ctx, eur, invalid_field, paying, refusal, settings, usd};

fn key(text: &str) -> IdempotencyKey {
    IdempotencyKey::parse(text).expect("a key")
}

fn grant(key_text: &str, amount: Money) -> ChangeGiftCard {
    let action =
        GiftCardAction::Issue { amount, email: None, expires_at: None, note: "For Ada, who waited".to_owned() };
    ChangeGiftCard { key: key(key_text), action }
}

fn part(card: &GiftCard, amount: i64) -> GiftCardUse {
    GiftCardUse { gift_card_id: card.id, amount: eur(amount) }
}

fn with_cards(method: &str, amount: i64, gift_cards: Vec<GiftCardUse>) -> StartPayment {
    StartPayment { gift_cards, ..paying(method, eur(amount)) }
}

impl Shop {
    async fn change(&self, request: ChangeGiftCard) -> Outcome<GiftCard> {
        self.billing.change_gift_card(&ctx(), request).await
    }

    /// A card of 10.00 EUR.
    async fn card(&self) -> GiftCard {
        self.change(grant(&IdempotencyKey::new().to_string(), eur(1_000))).await.expect("issued")
    }

    async fn found(&self, query: GiftCardQuery) -> Vec<GiftCard> {
        self.billing.gift_cards(&ctx(), FindGiftCards::from(query)).await.expect("asked").items
    }

    async fn of_code(&self, code: &str) -> Vec<GiftCardId> {
        let found = self.found(GiftCardQuery::Code { code: GiftCardCode::new(code) }).await;
        found.into_iter().map(|card| card.id).collect()
    }

    async fn known(&self, id: GiftCardId) -> GiftCard {
        self.found(GiftCardQuery::Ids { ids: vec![id] }).await.pop().expect("it is there")
    }

    async fn balance(&self, card: &GiftCard) -> i64 {
        self.known(card.id).await.balance.amount
    }

    async fn movements(&self, card: &GiftCard) -> Vec<(GiftCardMovementKind, i64)> {
        self.known(card.id).await.movements.iter().map(|moved| (moved.kind, moved.amount.amount)).collect()
    }

    async fn begin(&self, request: StartPayment) -> Outcome<PaymentSession> {
        self.billing.start_payment(&ctx(), request).await
    }

    async fn close(&self, card: &GiftCard) -> Outcome<GiftCard> {
        let action = GiftCardAction::Close { gift_card_id: card.id, note: "Lost".to_owned() };
        self.change(ChangeGiftCard { key: IdempotencyKey::new(), action }).await
    }

    async fn give_back(&self, key_text: &str, amount: i64) -> Outcome<PaymentRefund> {
        self.billing.refund(&ctx(), Refund::give_back(key(key_text), ORDER, eur(amount), "Chipped")).await
    }

    async fn as_credit(&self, key_text: &str, amount: i64) -> Outcome<PaymentRefund> {
        let request = Refund::give_back(key(key_text), ORDER, eur(amount), "Chipped");
        self.billing.refund(&ctx(), request.as_store_credit("Ada@Example.org".parse().expect("an address"))).await
    }

    /// An order of 12.50 EUR, of which a card paid 10.00 and the test provider the rest.
    async fn paid_in_part(&self) -> GiftCard {
        let card = self.card().await;
        let session = self.begin(with_cards("test", 1_250, vec![part(&card, 1_000)])).await.expect("started");
        self.decide(&crate::token_of(&session), TestDecision::Succeed).await;
        assert!(self.settled().await.is_paid());
        card
    }

    async fn accounts_now(&self) -> Vec<String> {
        self.rows(
            "SELECT account || ' ' || CAST(SUM(debit) - SUM(credit) AS TEXT) AS row FROM money_entries
             GROUP BY account HAVING SUM(debit) <> SUM(credit) ORDER BY account",
        )
        .await
    }

    /// Another process on the same data.
    fn with(&self, settings: BillingSettings) -> Self {
        let (db, clock) = (self.db.clone(), self.clock.clone());
        Self { billing: billing::start(db.clone(), clock.clone(), settings.clone()).service, db, clock, settings }
    }

    /// Nothing that the module can tell from its own data is wrong.
    async fn is_sound(&self) {
        let found = self.billing.audit(&ctx(), AuditRequest::default()).await.expect("looked");
        assert!(found.is_empty(), "{found:?}");
    }
}

#[tokio::test]
async fn a_card_is_issued_once_and_known_by_its_code_alone() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        let card = shop.change(grant("g1", eur(1_000))).await.expect("issued");
        let code = card.code.clone().expect("it is told once").reveal().to_owned();
        assert_eq!(shop.change(grant("g1", eur(1_000))).await.expect("the same").id, card.id);
        assert!(code.ends_with(&card.last_four) && code.len() == 29, "{code}");
        let spelled = code.to_lowercase().replace('-', " ");
        assert_eq!(shop.of_code(&spelled).await, [card.id]);
        let known = shop.known(card.id).await;
        assert_eq!((known.code, known.reason, known.status), (None, GiftCardReason::Granted, GiftCardStatus::Open));
        let stored = shop.rows("SELECT code_hash || note || last_four AS row FROM gift_cards").await;
        let told = shop.rows("SELECT result AS row FROM idempotency").await;
        let plain = code.replace('-', "");
        assert!(stored.iter().chain(&told).all(|row| !row.contains(&code) && !row.contains(&plain)), "{stored:?}");
        assert_eq!(shop.accounts_now().await, ["gift_cards -1000", "gift_cards_granted 1000"]);
        shop.is_sound().await;
    })
    .await;
}

/// AC-046
#[tokio::test]
async fn what_cannot_pay_looks_like_what_is_not_there() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        assert!(shop.of_code("0000-0000-0000-0000-0000-0000").await.is_empty(), "before the first card");
        let (closed, empty) = (shop.card().await, shop.card().await);
        let (in_a_day, now) = (Duration::from_secs(86_400), shop.clock.now());
        let action = GiftCardAction::Issue {
            amount: eur(500),
            email: None,
            expires_at: Some(now.plus(in_a_day)),
            note: "For a day".to_owned(),
        };
        let expired = shop.change(ChangeGiftCard { key: key("g9"), action }).await.expect("issued");
        let codes = [&closed, &empty, &expired].map(|card| card.code.clone().expect("told").reveal().to_owned());
        for code in &codes {
            assert_eq!(shop.of_code(code).await.len(), 1, "it can pay at first");
            let last = if code.ends_with('0') { "1" } else { "0" };
            let near = format!("{}{last}", &code[..code.len() - 1]);
            assert!(shop.of_code(&near).await.is_empty(), "one character differs");
        }
        shop.close(&closed).await.expect("closed");
        shop.begin(with_cards(GIFT_CARD, 1_000, vec![part(&empty, 1_000)])).await.expect("spent");
        shop.clock.advance(in_a_day);
        for code in codes.iter().map(String::as_str).chain(["", "no code", "ÄÖÜ", &"0".repeat(5_000)]) {
            assert!(shop.of_code(code).await.is_empty(), "{code}");
        }
        let stranger = CallCtx::new("app", Principal::Anonymous);
        for query in [
            GiftCardQuery::Ids { ids: vec![closed.id] },
            GiftCardQuery::Search { text: String::new() },
            GiftCardQuery::ToMail { id: closed.id },
        ] {
            let found = shop.billing.gift_cards(&stranger, query.into()).await;
            assert_eq!(refusal(found), BillingError::NotPermitted);
        }
    })
    .await;
}

/// AC-047
#[tokio::test(flavor = "multi_thread")]
async fn of_twenty_checkouts_at_once_no_more_spend_a_card_than_it_holds() {
    on_every_database(|home| async move {
        let shop = Arc::new(Shop::open(&home).await);
        let card = shop.card().await;
        let checkout = |number: i32| {
            let (shop, uses) = (Arc::clone(&shop), vec![part(&card, 300)]);
            async move {
                let order_id = format!("ord_{number}");
                let mut outcome = Err(CallError::not_executed(kernel::NotExecuted::Conflict));
                let request = StartPayment { order_id, ..with_cards("bank_transfer", 1_250, uses) };
                for _ in 0..50 {
                    outcome = shop.begin(request.clone()).await;
                    if !matches!(outcome, Err(CallError::NotExecuted { .. })) {
                        break;
                    }
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
                outcome
            }
        };
        let outcomes = all_at_once((0..20).map(checkout)).await;
        let (started, refused): (Vec<_>, Vec<_>) = outcomes.into_iter().partition(Result::is_ok);
        assert_eq!((started.len(), shop.balance(&card).await), (3, 100));
        for outcome in refused {
            let refused = refusal(outcome);
            assert!(matches!(refused, BillingError::GiftCardTooLow { left, .. } if left.amount < 300), "{refused:?}");
        }
        // Who was refused left nothing behind.
        assert_eq!(shop.rows("SELECT order_id AS row FROM payments").await.len(), 3);
        shop.is_sound().await;
    })
    .await;
}

#[tokio::test]
async fn a_card_pays_its_part_and_the_provider_the_rest() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        let card = shop.card().await;
        let request = with_cards("test", 1_250, vec![part(&card, 1_000)]);
        let session = shop.begin(request.clone()).await.expect("started");
        assert_eq!(shop.begin(request).await.expect("the same").id, session.id);
        assert_eq!(shop.balance(&card).await, 0);
        assert_eq!(shop.accounts_now().await, ["gift_cards_granted 1000", "gift_cards_held -1000"]);
        let token = crate::token_of(&session);
        assert_eq!(shop.page(&token).await.expect("its page").amount, eur(250));
        shop.decide(&token, TestDecision::Succeed).await;
        let paid = shop.settled().await;
        assert_eq!((paid.amount, paid.captured, paid.by_gift_cards), (eur(1_250), eur(1_250), Some(eur(1_000))));
        assert_eq!(shop.told().await.1, [eur(1_250)]);
        let accounts = ["customer_payments -1250", "gift_cards_granted 1000", "provider:test 250"];
        assert_eq!(shop.accounts_now().await, accounts);
        shop.reconcile().await;
        assert!(shop.checks().await.is_empty());
        shop.is_sound().await;
    })
    .await;
}

#[tokio::test]
async fn several_cards_pay_all_and_no_provider_is_asked() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        let (one, two) = (shop.card().await, shop.card().await);
        let uses = vec![part(&two, 250), part(&one, 1_000)];
        let another_way = shop.begin(with_cards("test", 1_250, uses.clone())).await;
        assert!(matches!(refusal(another_way), BillingError::MethodNotOffered { .. }));
        let session = shop.begin(with_cards(GIFT_CARD, 1_250, uses)).await.expect("paid");
        assert_eq!(session.status, SessionStatus::Captured);
        assert!(shop.settled().await.is_paid());
        assert_eq!((shop.balance(&one).await, shop.balance(&two).await), (0, 750));
        assert_eq!(shop.told().await, (Vec::new(), vec![eur(1_250)]));
        assert_eq!(refusal(shop.cancel().await), BillingError::AlreadyPaid);
        shop.is_sound().await;
        let back = shop.give_back("r1", 1_100).await.expect("refunded");
        assert_eq!((back.status, back.method.as_str()), (RefundStatus::Succeeded, GIFT_CARD));
        assert_eq!(back.to_gift_cards, Some(eur(1_100)));
        assert_eq!(shop.balance(&one).await + shop.balance(&two).await, 750 + 1_100);
        shop.is_sound().await;
    })
    .await;
}

#[tokio::test]
async fn what_a_card_holds_for_an_order_that_is_not_paid_goes_back_once() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        let card = shop.card().await;
        shop.begin(with_cards("bank_transfer", 1_250, vec![part(&card, 400)])).await.expect("started");
        let request = EndPayment::cancel(key("c1"), ORDER);
        for _ in 0..3 {
            shop.billing.end_payment(&ctx(), request.clone()).await.expect("canceled");
            shop.cancel().await.expect("canceled");
        }
        use GiftCardMovementKind::{Issue, Restore, Spend};
        assert_eq!(shop.movements(&card).await, [(Issue, 1_000), (Spend, 400), (Restore, 400)]);
        assert_eq!(shop.balance(&card).await, 1_000);
        let late = shop.begin(with_cards("bank_transfer", 1_250, vec![part(&card, 400)])).await;
        assert!(matches!(refusal(late), BillingError::Invalid { .. }));
        shop.is_sound().await;
    })
    .await;
}

#[tokio::test]
async fn another_attempt_to_pay_spends_the_card_no_second_time() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        let card = shop.card().await;
        let uses = || vec![part(&card, 400)];
        let session = shop.begin(with_cards("test", 1_250, uses())).await.expect("started");
        shop.decide(&crate::token_of(&session), TestDecision::Decline).await;
        shop.settled().await;
        assert_eq!(shop.balance(&card).await, 600, "it stays held for the next attempt");
        shop.begin(with_cards("bank_transfer", 1_250, uses())).await.expect("started");
        assert_eq!(shop.balance(&card).await, 600);
        assert_eq!(
            invalid_field(shop.begin(with_cards("bank_transfer", 1_250, vec![part(&card, 500)])).await),
            "gift_cards"
        );
        let whole = shop.record(eur(1_250)).await;
        assert_eq!(refusal(whole), BillingError::WrongAmount { expected: eur(850), given: eur(1_250) });
        assert!(shop.record(eur(850)).await.expect("recorded").is_paid());
        shop.is_sound().await;
    })
    .await;
}

#[tokio::test]
async fn a_part_that_no_card_can_pay_is_refused_and_nothing_is_taken() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        let (full, low) = (shop.card().await, shop.card().await);
        shop.begin(StartPayment {
            order_id: "ord_ben".to_owned(),
            ..with_cards("bank_transfer", 1_250, vec![part(&low, 700)])
        })
        .await
        .expect("started");
        let both = vec![part(&full, 500), part(&low, 301)];
        let refused = refusal(shop.begin(with_cards("bank_transfer", 1_250, both)).await);
        assert_eq!(refused, BillingError::GiftCardTooLow { gift_card_id: low.id, left: eur(300) });
        assert_eq!((shop.balance(&full).await, shop.balance(&low).await), (1_000, 300));
        for uses in [
            vec![part(&full, 0)],
            vec![part(&full, -5)],
            vec![part(&full, 100), part(&full, 100)],
            vec![part(&full, 1_000), part(&low, 251)],
            vec![part(&full, i64::MAX)],
            vec![GiftCardUse { gift_card_id: full.id, amount: usd(1) }],
        ] {
            assert_eq!(invalid_field(shop.begin(with_cards("bank_transfer", 1_250, uses)).await), "gift_cards");
        }
        let unknown = GiftCardUse { gift_card_id: GiftCardId::new(), amount: eur(1) };
        let refused = refusal(shop.begin(with_cards("bank_transfer", 1_250, vec![unknown])).await);
        assert!(matches!(refused, BillingError::GiftCardTooLow { left, .. } if left.amount == 0));
        shop.is_sound().await;
    })
    .await;
}

#[tokio::test]
async fn the_money_of_the_provider_goes_back_first_and_then_that_of_the_card() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        let card = shop.paid_in_part().await;
        let first = shop.give_back("r1", 200).await.expect("refunded");
        assert_eq!((first.method.as_str(), first.to_gift_cards), ("test", None));
        let second = shop.give_back("r2", 100).await.expect("refunded");
        assert_eq!((second.method.as_str(), second.to_gift_cards), ("test", Some(eur(50))));
        assert_eq!(shop.balance(&card).await, 50);
        let third = shop.give_back("r3", 950).await.expect("refunded");
        assert_eq!((third.method.as_str(), third.to_gift_cards), (GIFT_CARD, Some(eur(950))));
        assert_eq!(refusal(shop.give_back("r4", 1).await), BillingError::RefundTooHigh { left: eur(0) });
        assert_eq!(shop.balance(&card).await, 1_000);
        let given = shop.rows("SELECT CAST(SUM(amount) AS TEXT) AS row FROM test_provider_refunds").await;
        assert_eq!(given, ["250"]);
        shop.reconcile().await;
        assert!(shop.checks().await.is_empty());
        assert_eq!(shop.accounts_now().await, ["gift_cards -1000", "gift_cards_granted 1000"]);
        shop.is_sound().await;
    })
    .await;
}

#[tokio::test]
async fn the_card_gets_its_part_when_the_provider_has_given_its_own_back() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        let card = shop.paid_in_part().await;
        shop.tamper("ALTER TABLE test_provider_refunds RENAME TO test_provider_refunds_away").await.expect("renamed");
        assert_eq!(shop.give_back("r1", 1_250).await.expect("written down").status, RefundStatus::Pending);
        assert_eq!(shop.balance(&card).await, 0);
        shop.is_sound().await;
        shop.tamper("ALTER TABLE test_provider_refunds_away RENAME TO test_provider_refunds").await.expect("renamed");
        shop.wait(1);
        shop.work("refunds").await;
        assert_eq!(shop.balance(&card).await, 1_000);
        shop.is_sound().await;
    })
    .await;
}

/// AC-051
#[tokio::test(flavor = "multi_thread")]
async fn refunds_and_store_credit_together_are_never_more_than_was_paid() {
    on_every_database(|home| async move {
        let shop = Arc::new(Shop::open(&home).await);
        shop.paid_in_part().await;
        let press = |number: i32| {
            let shop = Arc::clone(&shop);
            async move {
                let key = format!("r{number}");
                if number % 2 == 0 { shop.give_back(&key, 500).await } else { shop.as_credit(&key, 500).await }
            }
        };
        let made = all_at_once((0..20).map(press)).await.into_iter().filter(Result::is_ok).count();
        assert!(made <= 2, "{made} refunds of 5.00 of 12.50");
        let mut left = shop.payment().await.expect("started").refundable().amount;
        assert_eq!(left, 1_250 - 500 * i64::try_from(made).expect("few"));
        while left > 0 {
            let part = left.min(500);
            shop.as_credit(&format!("s{left}"), part).await.expect("credited");
            left -= part;
        }
        assert_eq!(refusal(shop.as_credit("s-1", 1).await), BillingError::RefundTooHigh { left: eur(0) });
        assert_eq!(refusal(shop.give_back("s-2", 1).await), BillingError::RefundTooHigh { left: eur(0) });
        shop.is_sound().await;
    })
    .await;
}

#[tokio::test]
async fn store_credit_is_a_card_of_the_customer_that_pays_like_any_other() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        shop.paid_in_part().await;
        let back = shop.as_credit("r1", 700).await.expect("credited");
        assert_eq!((back.status, back.method.as_str()), (RefundStatus::Succeeded, STORE_CREDIT));
        let again = shop.as_credit("r1", 700).await.expect("the same");
        assert_eq!(back.gift_card_id, again.gift_card_id);
        let id = back.gift_card_id.expect("a card");
        let mailed = shop.found(GiftCardQuery::ToMail { id }).await.pop().expect("it is there");
        assert_eq!((mailed.balance, mailed.reason), (eur(700), GiftCardReason::Refund));
        let code = mailed.code.expect("for the mail").reveal().to_owned();
        assert_eq!(shop.of_code(&code).await, [id]);
        for text in [ORDER, "ada@example.org", &code[code.len() - 4..].to_lowercase()] {
            let found = shop.found(GiftCardQuery::Search { text: text.to_owned() }).await;
            assert!(found.iter().any(|card| card.id == id), "{text}");
        }
        let all = vec![part(&shop.known(id).await, 700)];
        let pays = StartPayment { order_id: "ord_ben".to_owned(), ..with_cards(GIFT_CARD, 700, all) };
        shop.begin(pays).await.expect("paid");
        assert_eq!(shop.known(id).await.balance, eur(0));
        // The rest goes back the way it came: the provider has none left of it.
        assert_eq!(shop.give_back("r2", 550).await.expect("refunded").to_gift_cards, Some(eur(550)));
        shop.is_sound().await;
    })
    .await;
}

#[tokio::test]
async fn a_card_that_is_closed_pays_nothing_and_its_rest_is_written_off_once() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        let card = shop.card().await;
        let closed = shop.close(&card).await.expect("closed");
        assert_eq!((closed.status, closed.balance, closed.code), (GiftCardStatus::Closed, eur(0), None));
        shop.close(&card).await.expect("closed already");
        assert!(shop.accounts_now().await.is_empty());
        let refused = refusal(shop.begin(with_cards("bank_transfer", 1_250, vec![part(&card, 1)])).await);
        assert_eq!(refused, BillingError::GiftCardTooLow { gift_card_id: card.id, left: eur(0) });
        shop.is_sound().await;
    })
    .await;
}

#[tokio::test]
async fn only_those_who_manage_orders_give_cards_away() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        let staff = |permissions: &[&str]| {
            let permissions = permissions.iter().map(|&permission| permission.to_owned()).collect();
            CallCtx::new(
                "app",
                Principal::Staff(Staff { id: "usr_1".to_owned(), name: "Grace".to_owned(), permissions }),
            )
        };
        let refused = shop.billing.change_gift_card(&staff(&["read_orders"]), grant("g1", eur(1))).await;
        assert_eq!(refusal(refused), BillingError::NotPermitted);
        let anonymous = CallCtx::new("app", Principal::Anonymous);
        assert_eq!(
            refusal(shop.billing.change_gift_card(&anonymous, grant("g1", eur(1))).await),
            BillingError::NotFound
        );
        shop.billing.change_gift_card(&staff(&["manage_orders"]), grant("g1", eur(1))).await.expect("issued");
        for (amount, note, expires_at, field) in [
            (0, "why", None, "amount"),
            (-1, "why", None, "amount"),
            (i64::MAX, "why", None, "amount"),
            (1, " ", None, "note"),
            (1, "why", Some(Timestamp(1)), "expires_at"),
        ] {
            let action = GiftCardAction::Issue { amount: eur(amount), email: None, expires_at, note: note.to_owned() };
            let request = ChangeGiftCard { key: IdempotencyKey::new(), action };
            assert_eq!(invalid_field(shop.change(request).await), field);
        }
        let nobody = GiftCardAction::Close { gift_card_id: GiftCardId::new(), note: "Lost".to_owned() };
        let request = ChangeGiftCard { key: IdempotencyKey::new(), action: nobody };
        assert_eq!(refusal(shop.change(request).await), BillingError::NotFound);
    })
    .await;
}

#[tokio::test]
async fn codes_outlive_a_change_of_the_secret_key() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        let code = shop.card().await.code.expect("told").reveal().to_owned();
        let (old, new) = (settings().secret_key, Secret::generate());
        let both = BillingSettings { secret_key: new.clone(), former_secret_key: Some(old), ..settings() };
        let during = shop.with(both);
        assert_eq!(during.of_code(&code).await.len(), 1);
        during.work("gift card key").await;
        let after = shop.with(BillingSettings { secret_key: new, ..settings() });
        assert_eq!(after.of_code(&code).await.len(), 1);
        let query = GiftCardQuery::Code { code: GiftCardCode::new(&*code) };
        let lost = shop.billing.gift_cards(&ctx(), query.into()).await;
        assert!(matches!(lost, Err(CallError::Internal(_))), "{lost:?}");
    })
    .await;
}

#[tokio::test]
async fn a_part_of_what_is_held_counts_with_what_the_card_paid() {
    on_every_database(|home| async move {
        let shop = Shop::open_with(&home, BillingSettings { captures_later: true, ..settings() }).await;
        let card = shop.card().await;
        let session = shop.begin(with_cards("test", 1_250, vec![part(&card, 1_000)])).await.expect("started");
        shop.decide(&crate::token_of(&session), TestDecision::Succeed).await;
        assert!(shop.settled().await.is_secured(), "card and provider hold all of it together");
        let payment = shop.capture(Some(eur(100))).await.expect("taken");
        assert_eq!((payment.captured, payment.is_paid()), (eur(1_100), false));
        shop.is_sound().await;
        shop.give_back("r1", 1_100).await.expect("refunded");
        assert_eq!(shop.balance(&card).await, 1_000);
        shop.is_sound().await;
    })
    .await;
}

#[tokio::test]
async fn money_that_comes_after_the_card_got_its_part_back_is_counted_alone() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        let card = shop.card().await;
        let session = shop.begin(with_cards("test", 1_250, vec![part(&card, 1_000)])).await.expect("started");
        shop.cancel().await.expect("canceled");
        assert_eq!(shop.balance(&card).await, 1_000);
        // The provider says that it took the money after all.
        shop.tamper("UPDATE test_provider_sessions SET decision = 'succeed', captured = amount")
            .await
            .expect("changed");
        shop.wait(10);
        shop.reconcile().await;
        let payment = shop.payment().await.expect("started");
        assert_eq!((payment.captured, payment.by_gift_cards, session.method.as_str()), (eur(250), None, "test"));
        assert_eq!(payment.refundable(), eur(250));
        shop.is_sound().await;
    })
    .await;
}

#[tokio::test]
async fn who_is_to_get_a_code_by_mail_is_told() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        let email = Some("ada@example.org".parse().expect("an address"));
        let action = GiftCardAction::Issue { amount: eur(500), email, expires_at: None, note: "Sorry".to_owned() };
        let card = shop.change(ChangeGiftCard { key: key("g1"), action }).await.expect("issued");
        shop.card().await;
        let events = shop.events().await;
        let told = events.iter().filter(|event| event.kind == GiftCardIssued::KIND);
        let told: Vec<_> = told.map(|event| event.open::<GiftCardIssued>().expect("readable")).collect();
        assert_eq!((told[0].gift_card_id, told[0].is_mailed, told[1].is_mailed), (card.id, true, false));
    })
    .await;
}

#[rustfmt::skip] // A table reads best as one.
const PLANTS: &[Plant] = &[
    Plant::new("I-M3", "balance less movements is 1", "UPDATE gift_cards SET balance = balance + 1", "UPDATE gift_cards SET balance = balance - 1"),
    Plant::new("I-M3", "EUR: balances less books are -1", "UPDATE gift_cards SET balance = balance - 1 WHERE balance > 0", "UPDATE gift_cards SET balance = balance + 1 WHERE balance > 0"),
    Plant::new("I-M11", "issued 1, spent 400", "UPDATE gift_cards SET issued = 1", "UPDATE gift_cards SET issued = 1000"),
    Plant::new("I-M11", "payment less gift cards is 1", "UPDATE payments SET gift_cards = gift_cards + 1", "UPDATE payments SET gift_cards = gift_cards - 1"),
];

#[tokio::test]
async fn a_broken_row_of_a_card_is_named() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        let card = shop.card().await;
        shop.begin(with_cards("bank_transfer", 1_250, vec![part(&card, 400)])).await.expect("started");
        shop.record(eur(850)).await.expect("recorded");
        let audit = async || shop.billing.audit(&ctx(), AuditRequest::default()).await.expect("an answer");
        audit_finds(&shop.db, PLANTS, audit).await;
    })
    .await;
}
