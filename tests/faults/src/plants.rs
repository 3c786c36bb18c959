//! The checker, judged: broken rows are planted in copies of a healthy end state, and each has to be found.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::sync::atomic::Ordering;

use checker::{Evidence, Fact, RULES, Run, Source, Stage, judge};

use crate::campaign;
use crate::options::Options;
use crate::profile::{MODULES, Profile};
use crate::store;

/// A row that is broken by hand, and the rule that has to find it.
struct Plant {
    rule: &'static str,
    what: &'static str,
    module: &'static str,
    sql: &'static str,
}

const fn plant(rule: &'static str, what: &'static str, module: &'static str, sql: &'static str) -> Plant {
    Plant { rule, what, module, sql }
}

/// An order that is sold by bank transfer, and one that was paid at the provider.
const SOLD: &str = "(SELECT id FROM orders WHERE status = 'placed' AND payment_method = 'bank_transfer' LIMIT 1)";
const PAID: &str =
    "(SELECT id FROM orders WHERE status = 'placed' AND payment_status = 'paid' AND payment_method = 'test' LIMIT 1)";

#[rustfmt::skip] // A table reads best as one.
const PLANTS: &[Plant] = &[
    plant("sold-more-than-there-was", "a line grows beyond all there was", "orders", "UPDATE order_lines SET quantity = quantity + 200000 WHERE order_id = {SOLD}"),
    plant("promised-more-than-on-hand", "more promised than on hand", "inventory", "UPDATE stock_levels SET allocated = on_hand + 1 WHERE variant_id = (SELECT min(variant_id) FROM stock_levels)"),
    plant("promised-more-than-on-hand", "less than nothing on hand", "inventory", "UPDATE stock_levels SET on_hand = -1 WHERE variant_id = (SELECT min(variant_id) FROM stock_levels)"),
    plant("sold-without-stock", "a promise to a sold order is gone", "inventory", "DELETE FROM reservations WHERE order_id = (SELECT min(order_id) FROM reservations WHERE status = 'allocated')"),
    plant("sold-without-stock", "a sold order was promised one unit less", "inventory", "UPDATE reservation_lines SET quantity = quantity + 1 WHERE order_id = (SELECT min(order_id) FROM reservations WHERE status = 'allocated')"),
    plant("units-vanished", "a unit is gone from the shelf", "inventory", "UPDATE stock_levels SET on_hand = on_hand - 1 WHERE variant_id = (SELECT min(variant_id) FROM stock_levels)"),
    plant("stock-ledger", "a movement is gone", "inventory", "DELETE FROM stock_movements WHERE id = (SELECT max(id) FROM stock_movements WHERE kind = 'allocated')"),
    plant("stock-held", "a level counts a unit that nobody holds", "inventory", "UPDATE stock_levels SET reserved = reserved + 1 WHERE variant_id = (SELECT max(variant_id) FROM stock_levels)"),
    plant("reservation-of-nobody", "stock is held for no order", "inventory", "UPDATE reservations SET order_id = 'ord_nobody' WHERE order_id = (SELECT min(order_id) FROM reservations WHERE status = 'allocated')"),
    plant("reservation-of-nobody", "stock is held for a canceled order", "inventory", "UPDATE reservations SET status = 'held' WHERE order_id = (SELECT min(order_id) FROM reservations WHERE status = 'released' AND order_id LIKE 'ord%')"),
    plant("dispatched-twice", "stock counts a parcel twice", "inventory", "UPDATE reservation_lines SET shipped = shipped + 1 WHERE order_id = (SELECT min(order_id) FROM reservation_lines WHERE shipped > 0)"),
    plant("charged-twice", "an order was charged by two sessions", "billing", "UPDATE test_provider_sessions SET decision = 'succeed' WHERE session_id IN (SELECT s.id FROM payment_sessions s JOIN payments p ON p.order_id = s.order_id WHERE p.status = 'captured' AND s.method = 'test')"),
    plant("two-open-payments", "an order has two open payments", "billing", "DROP INDEX one_open_session_per_order; UPDATE payment_sessions SET status = 'pending' WHERE order_id = (SELECT order_id FROM payment_sessions GROUP BY order_id HAVING count(*) > 1 LIMIT 1)"),
    plant("two-open-payments", "two sessions share a key", "billing", "UPDATE payment_sessions SET key = 'one'"),
    plant("paid-and-lost", "the order of a payment is gone", "orders", "DELETE FROM orders WHERE id = {PAID}"),
    plant("paid-and-lost", "a paid order was canceled without a refund", "orders", "UPDATE orders SET status = 'canceled', fulfillment_status = 'canceled' WHERE id = {PAID}"),
    plant("captured-without-order", "an order forgot that it is paid", "orders", "UPDATE orders SET payment_status = 'unpaid' WHERE id = {PAID}"),
    plant("captured-without-order", "an order is paid and no money is counted", "billing", "UPDATE payments SET captured = 0, status = 'pending' WHERE order_id = (SELECT min(order_id) FROM payments WHERE captured > 0)"),
    plant("provider-differs", "the provider took another amount", "billing", "UPDATE test_provider_sessions SET amount = amount + 1 WHERE session_id = (SELECT min(session_id) FROM test_provider_sessions WHERE decision = 'succeed')"),
    plant("provider-differs", "we believe in a payment that failed", "billing", "UPDATE payment_sessions SET status = 'captured' WHERE id = (SELECT min(id) FROM payment_sessions WHERE status = 'failed')"),
    plant("ledger-unbalanced", "one side of a transaction grew", "billing", "UPDATE money_entries SET debit = debit + 1 WHERE (txn_id, line) = (SELECT txn_id, line FROM money_entries WHERE debit > 0 LIMIT 1)"),
    plant("ledger-of-payment", "a transaction is gone", "billing", "DELETE FROM money_entries WHERE txn_id = (SELECT min(id) FROM money_transactions WHERE kind = 'captured')"),
    plant("more-back-than-came", "a refund grew beyond what came", "billing", "UPDATE refunds SET amount = amount + 100000 WHERE id = (SELECT min(id) FROM refunds WHERE status = 'succeeded')"),
    plant("more-back-than-came", "the provider gave back more than it took", "billing", "UPDATE test_provider_refunds SET amount = amount + 100000 WHERE key = (SELECT min(key) FROM test_provider_refunds)"),
    plant("refunded-twice", "one refund was carried out twice", "billing", "INSERT INTO refunds SELECT 'ref_twice', order_id, session_id, 'another', method, 1, currency, reason, status, failure, 'another', attempts, next_attempt_at, created_at, updated_at, 0, NULL FROM refunds WHERE reason LIKE 'refund %' LIMIT 1"),
    plant("refund-gone", "a refund that was confirmed is not there", "billing", "DELETE FROM refunds WHERE id = (SELECT min(id) FROM refunds WHERE reason LIKE 'refund %')"),
    plant("refund-gone", "a refund that was confirmed failed", "billing", "UPDATE refunds SET status = 'failed' WHERE id = (SELECT min(id) FROM refunds WHERE reason LIKE 'refund %')"),
    plant("refund-gone", "a refund that was paid out by hand is pending again", "billing", "UPDATE refunds SET status = 'pending' WHERE method = 'bank_transfer'"),
    plant("canceled-and-kept", "a paid order was canceled and nothing went back", "billing", "DELETE FROM refunds WHERE reason = 'the customer called'"),
    plant("refund-not-at-an-end", "a refund is pending", "billing", "UPDATE refunds SET status = 'pending' WHERE id = (SELECT min(id) FROM refunds)"),
    plant("refund-not-at-an-end", "a shelf never heard of what came back", "orders", "UPDATE order_refunds SET restock = '[[\"var_1\",1,false]]' WHERE (order_id, number) = (SELECT order_id, number FROM order_refunds LIMIT 1)"),
    plant("refund-ledger", "money went back and no transaction tells", "billing", "DELETE FROM money_transactions WHERE id = (SELECT min(id) FROM money_transactions WHERE kind = 'refunded')"),
    plant("refund-ledger", "a refund was booked for another order", "billing", "UPDATE money_entries SET order_id = 'ord_nobody' WHERE txn_id = (SELECT min(id) FROM money_transactions WHERE kind = 'refunded')"),
    plant("refund-provider", "the provider never gave it back", "billing", "DELETE FROM test_provider_refunds WHERE key = (SELECT min(key) FROM test_provider_refunds)"),
    plant("refund-provider", "the provider gave something back unasked", "billing", "UPDATE test_provider_refunds SET key = 'ref_nobody' WHERE key = (SELECT min(key) FROM test_provider_refunds)"),
    plant("refund-provider", "a payment counts one cent more as given back", "billing", "UPDATE payments SET refunded = refunded + 1 WHERE order_id = (SELECT min(order_id) FROM payments WHERE refunded > 0)"),
    plant("refund-of-order", "an order shows another amount", "orders", "UPDATE order_refunds SET amount = amount + 1 WHERE (order_id, number) = (SELECT order_id, number FROM order_refunds LIMIT 1)"),
    plant("refund-of-order", "an order forgot its refund", "orders", "DELETE FROM order_refunds WHERE (order_id, number) = (SELECT order_id, number FROM order_refunds LIMIT 1)"),
    plant("refund-of-order", "an order says that nothing went back", "orders", "UPDATE orders SET payment_status = 'paid' WHERE payment_status IN ('partially_refunded', 'refunded')"),
    plant("order-arithmetic", "a total grew", "orders", "UPDATE orders SET total = total + 1 WHERE id = {SOLD}"),
    plant("payment-amount", "a payment is about more than its order", "billing", "UPDATE payments SET amount = amount + 1 WHERE order_id = (SELECT min(order_id) FROM payments WHERE amount IS NOT NULL)"),
    plant("timeline", "an event is gone from a timeline", "orders", "DELETE FROM order_events WHERE order_id = {SOLD} AND seq = 1"),
    plant("timeline", "an order changed without an event", "orders", "UPDATE orders SET status = 'expired', fulfillment_status = 'canceled' WHERE id = {SOLD}"),
    plant("cart-ordered-twice", "two orders come from one cart", "orders", "DROP INDEX orders_cart; UPDATE orders SET cart_id = 'crt_one', cart_version = 1 WHERE status = 'placed'"),
    plant("work-not-at-an-end", "work on an order was forgotten", "orders", "UPDATE sagas SET status = 'buying', next_attempt_at = 1 WHERE order_id = {SOLD}"),
    plant("step-not-at-an-end", "a step of finished work is open", "orders", "UPDATE saga_steps SET status = 'started', ended_at = NULL WHERE order_id = {SOLD}"),
    plant("parcels", "more is packed than parcels hold", "orders", "UPDATE order_lines SET packed = packed + 1 WHERE order_id = {SOLD}"),
    plant("event-missing", "nobody was told that an order is placed", "orders", "DELETE FROM outbox WHERE seq = (SELECT max(seq) FROM outbox WHERE kind = 'order.placed')"),
    plant("event-missing", "it was told twice that money came", "billing", "INSERT INTO outbox (id, kind, schema_version, aggregate_id, aggregate_version, payload, trace, txid, created_at) SELECT 'evt_twice', kind, schema_version, aggregate_id, aggregate_version + 100, payload, trace, txid, created_at FROM outbox WHERE kind = 'payment.captured' LIMIT 1"),
    plant("event-missing", "nobody was told that money went back", "orders", "DELETE FROM outbox WHERE seq = (SELECT max(seq) FROM outbox WHERE kind = 'order.refunded')"),
    plant("event-gap", "a version is missing between two events", "orders", "UPDATE outbox SET aggregate_version = aggregate_version + 1 WHERE seq = (SELECT max(seq) FROM outbox)"),
    plant("event-unheard", "mail has not heard of an order", "app", "DELETE FROM inbox WHERE consumer = 'app.mail'; UPDATE inbox_cursor SET seq = 0"),
    plant("event-unheard", "orders have not heard of a refund", "orders", "DELETE FROM inbox WHERE consumer = 'orders.payments'; UPDATE inbox_cursor SET seq = 0"),
    plant("event-parked", "an event is parked", "cart", "INSERT INTO inbox_parked VALUES ('cart.orders', 'evt_1', 'ord_1', 1, '{}', 10, 'no reason', 0, 'parked')"),
    plant("call-without-answer", "a call was begun and never answered", "inventory", "UPDATE idempotency SET result = '' WHERE (method, key) = (SELECT method, key FROM idempotency LIMIT 1)"),
    plant("mail-of-order", "a buyer got no mail", "app", "DELETE FROM outgoing_emails WHERE id = (SELECT max(id) FROM outgoing_emails WHERE kind = 'order_received')"),
    plant("mail-of-order", "a buyer got no mail about a refund", "app", "DELETE FROM outgoing_emails WHERE id = (SELECT max(id) FROM outgoing_emails WHERE kind = 'order_refunded')"),
    plant("cart-still-open", "a cart can be bought again", "cart", "DROP INDEX carts_open; UPDATE carts SET completed_at = NULL"),
    plant("code-used-too-often", "a code counts more uses than it may have", "cart", "UPDATE coupon_codes SET uses = use_limit + 1"),
    plant("code-used-too-often", "a code made orders cheaper too often", "orders", "UPDATE orders SET coupons = (WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 61) SELECT json_group_array(json_object('code', 'KILLS')) FROM n) WHERE id = {SOLD}"),
    plant("code-count", "a code forgot that it was used", "cart", "DELETE FROM coupon_uses WHERE id = (SELECT min(id) FROM coupon_uses WHERE status = 'used')"),
    plant("code-count", "a code was used by nobody", "cart", "UPDATE coupon_uses SET order_id = 'ord_nobody' WHERE id = (SELECT min(id) FROM coupon_uses WHERE status = 'used')"),
    plant("gift-card-overspent", "more was spent of a card than was on it", "billing", "UPDATE gift_cards SET issued = 1 WHERE id = (SELECT min(gift_card_id) FROM gift_card_movements WHERE kind = 'spend')"),
    plant("gift-card-overspent", "somebody made a card for themselves", "billing", "INSERT INTO gift_cards SELECT 'gft_forged', 'forged', last_four, currency, issued + 1, balance, status, 'granted', note, email, email_key, expires_at, created_at, updated_at FROM gift_cards LIMIT 1"),
    plant("gift-card-twice", "a card paid twice for one order", "billing", "DROP INDEX a_card_pays_once_for_an_order; INSERT INTO gift_card_movements SELECT 'gcm_twice', gift_card_id, kind, amount, order_id, refund_id, 'txn_twice', actor, created_at FROM gift_card_movements WHERE kind = 'spend' LIMIT 1"),
    plant("gift-card-kept", "an order has ended and its card got nothing back", "orders", "UPDATE orders SET status = 'canceled', fulfillment_status = 'canceled' WHERE id = (SELECT min(id) FROM orders WHERE by_gift_cards > 0 AND status = 'placed')"),
    plant("gift-card-ledger", "a cent appeared on a card", "billing", "UPDATE gift_cards SET balance = balance + 1 WHERE id = (SELECT min(id) FROM gift_cards)"),
    plant("gift-card-ledger", "a card forgot what it paid", "billing", "DELETE FROM gift_card_movements WHERE id = (SELECT max(id) FROM gift_card_movements WHERE kind = 'spend')"),
    plant("gift-card-of-order", "a payment counts one cent less of its cards", "billing", "UPDATE payments SET gift_cards = gift_cards - 1 WHERE order_id = (SELECT min(order_id) FROM payments WHERE gift_cards > 0)"),
    plant("gift-card-of-order", "a refund became more credit than it gave back", "billing", "UPDATE gift_cards SET issued = issued + 1 WHERE reason = 'refund'"),
    plant("order-gone", "an order that was shown is not there", "orders", "UPDATE orders SET secret_hash = 'another' WHERE id = {SOLD}"),
    plant("placed-no-more", "an order that was shown as placed is pending", "orders", "UPDATE orders SET status = 'pending' WHERE id = {PAID}"),
    plant("decision-gone", "the provider forgot that it took money", "billing", "UPDATE test_provider_sessions SET decision = 'decline' WHERE session_id = (SELECT min(session_id) FROM test_provider_sessions WHERE decision = 'succeed')"),
    plant("cancel-undone", "a canceled order is placed again", "orders", "UPDATE orders SET status = 'placed', fulfillment_status = 'unfulfilled' WHERE status = 'canceled'"),
    plant("paid-no-more", "a paid order is unpaid again", "orders", "UPDATE orders SET payment_status = 'unpaid', status = 'placed' WHERE payment_method = 'bank_transfer' AND payment_status = 'paid'"),
    plant("shipped-no-more", "an order that left did not", "orders", "UPDATE orders SET fulfillment_status = 'unfulfilled', status = 'placed' WHERE fulfillment_status = 'fulfilled'"),
    plant("bought-twice", "a buyer has two orders", "orders", "UPDATE orders SET email = (SELECT email FROM orders WHERE id = {SOLD}) WHERE id = {PAID}"),
    plant("other-units", "an order holds more than was wanted", "orders", "UPDATE order_lines SET quantity = quantity + 1 WHERE order_id = {SOLD}"),
];

/// Makes a healthy end state, plants, and lists what was found; whether all was.
///
/// # Errors
/// There is no healthy state to plant in.
pub async fn run(options: &Options) -> Result<(String, bool), String> {
    let mut options = Options { kills: 0, ..options.clone() };
    options.quick = true;
    let prepared = campaign::prepare(Profile::Sqlite, &options, None, crate::goods::all())?;
    let report = campaign::sell_and_judge(Profile::Sqlite, &options, &prepared, None).await?;
    if !report.is_clean() {
        return Err(format!("the state to plant in is not healthy:\n{report}"));
    }
    prepared.shop.kill_all();
    let (facts, _) = prepared.diary.close().map_err(|error| error.to_string())?;
    let data = prepared.shop.folder().join("data");
    let copy = tempfile::tempdir().map_err(|error| error.to_string())?;

    let (mut text, mut missed) = (String::new(), 0);
    let untouched = judge(&evidence(&prepared.run, &data, copy.path(), facts.clone(), None)?);
    let _ = writeln!(text, "planted violations, seed {}", options.seed);
    let _ = writeln!(text, "  untouched: {}", if untouched.is_clean() { "nothing found" } else { "FOUND SOMETHING" });
    for plant in PLANTS {
        let found = judge(&evidence(&prepared.run, &data, copy.path(), facts.clone(), Some(plant))?).violated();
        let is_found = found.contains(&plant.rule);
        missed += usize::from(!is_found);
        let verdict = if is_found { "found" } else { "MISSED" };
        let _ = writeln!(text, "  {verdict:<6} {:<28} {} ({} rules say so)", plant.rule, plant.what, found.len());
    }
    let mut silent = facts;
    silent.push(Fact {
        at: 0,
        buyer: "nobody@example.com".to_owned(),
        stage: Stage::Unanswered { request: "GET /".to_owned() },
    });
    let found = judge(&evidence(&prepared.run, &data, copy.path(), silent, None)?).violated();
    missed += usize::from(found != ["client-unanswered"]);
    let without: Vec<&str> = RULES
        .iter()
        .map(|rule| rule.name)
        .filter(|name| *name != "client-unanswered" && !PLANTS.iter().any(|plant| plant.rule == *name))
        .collect();
    let _ = writeln!(text, "  {} planted, {missed} missed; rules without a plant: {without:?}", PLANTS.len() + 1);
    Ok((text, missed == 0 && untouched.is_clean() && without.is_empty()))
}

/// The evidence with a broken row in it.
fn evidence(run: &Run, data: &Path, copy: &Path, facts: Vec<Fact>, plant: Option<&Plant>) -> Result<Evidence, String> {
    static NUMBER: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
    let folder = copy.join(NUMBER.fetch_add(1, Ordering::Relaxed).to_string());
    let words = |error: std::io::Error| error.to_string();
    fs::create_dir(&folder).map_err(words)?;
    let mut run = run.clone();
    for module in MODULES {
        for ending in ["", "-wal"] {
            let name = format!("{module}.sqlite{ending}");
            if data.join(&name).exists() {
                fs::copy(data.join(&name), folder.join(&name)).map_err(words)?;
            }
        }
        run.sources.insert(module.to_owned(), Source::Sqlite(folder.join(format!("{module}.sqlite"))));
    }
    if let Some(plant) = plant {
        let sql = plant.sql.replace("{SOLD}", SOLD).replace("{PAID}", PAID);
        let file = folder.join(format!("{}.sqlite", plant.module));
        store::break_rows(&file, &sql).map_err(|error| format!("{}: {error}", plant.what))?;
    }
    let evidence = Evidence::of(run, facts).map_err(|problem| problem.0)?;
    fs::remove_dir_all(&folder).map_err(words)?;
    Ok(evidence)
}
