//! What holds for payments, refunds and the books at any instant.

use kernel::db::Invariant;

/// All that this module can tell from its own data; what spans modules is compared elsewhere.
pub(crate) const INVARIANTS: &[Invariant] = &[
    Invariant {
        id: "I-M1",
        message: "the two sides of a transaction differ",
        sql: "SELECT txn_id || ': debit ' || SUM(debit) || ', credit ' || SUM(credit) || ' ' || currency AS found \
              FROM money_entries GROUP BY txn_id, currency HAVING SUM(debit) <> SUM(credit)",
    },
    Invariant {
        id: "I-M2",
        message: "a line of the books is below zero, a transaction has two currencies, or nobody wrote down why it is",
        sql: "SELECT e.txn_id || ': ' || COUNT(DISTINCT e.currency) || ' currencies, lowest line ' \
              || MIN(e.debit + e.credit) AS found FROM money_entries e \
              LEFT JOIN money_transactions t ON t.id = e.txn_id GROUP BY e.txn_id \
              HAVING MIN(e.debit) < 0 OR MIN(e.credit) < 0 OR COUNT(DISTINCT e.currency) <> 1 OR COUNT(t.id) <> COUNT(*)",
    },
    Invariant {
        id: "I-M3",
        message: "what a payment says is not what the books say",
        sql: "SELECT sums.order_id || ': payment less books is ' || SUM(sums.amount) AS found \
              FROM (SELECT order_id, captured - refunded AS amount FROM payments \
              UNION ALL SELECT order_id, debit - credit FROM money_entries WHERE account = 'customer_payments') AS sums \
              GROUP BY sums.order_id HAVING SUM(sums.amount) <> 0",
    },
    Invariant {
        id: "I-M3",
        message: "what is about to go back is not what the books say",
        sql: "SELECT sums.order_id || ': refunds that are pending less books are ' || SUM(sums.amount) AS found \
              FROM (SELECT order_id, amount FROM refunds WHERE status = 'pending' \
              UNION ALL SELECT order_id, debit - credit FROM money_entries WHERE account = 'refunds_pending') AS sums \
              GROUP BY sums.order_id HAVING SUM(sums.amount) <> 0",
    },
    Invariant {
        id: "I-M3",
        message: "the balance of a gift card is not what its movements say, or below zero",
        sql: "SELECT sums.card || ': balance less movements is ' || SUM(sums.amount) || ', balance ' || MAX(sums.balance) \
              AS found FROM (SELECT id AS card, balance AS amount, balance FROM gift_cards \
              UNION ALL SELECT gift_card_id, CASE WHEN kind IN ('issue', 'restore') THEN -amount ELSE amount END, 0 \
              FROM gift_card_movements) AS sums \
              GROUP BY sums.card HAVING SUM(sums.amount) <> 0 OR MIN(sums.balance) < 0",
    },
    Invariant {
        id: "I-M3",
        message: "what is owed to gift cards is not what the books say",
        sql: "SELECT sums.currency || ': balances less books are ' || SUM(sums.amount) AS found \
              FROM (SELECT currency, balance AS amount FROM gift_cards \
              UNION ALL SELECT currency, debit - credit FROM money_entries WHERE account = 'gift_cards') AS sums \
              GROUP BY sums.currency HAVING SUM(sums.amount) <> 0",
    },
    Invariant {
        id: "I-M3",
        message: "what gift cards hold for an order that is not paid is not what the books say",
        sql: "SELECT sums.order_id || ': held less books is ' || SUM(sums.amount) AS found \
              FROM (SELECT order_id, CASE WHEN captured > 0 THEN 0 ELSE gift_cards END AS amount FROM payments \
              UNION ALL SELECT order_id, debit - credit FROM money_entries WHERE account = 'gift_cards_held') AS sums \
              GROUP BY sums.order_id HAVING SUM(sums.amount) <> 0",
    },
    Invariant {
        id: "I-M5",
        message: "the books count in another currency than the payment",
        sql: "SELECT DISTINCT payments.order_id || ' in ' || payments.currency || ', and in ' || line.currency AS found \
              FROM payments JOIN money_entries AS line ON line.order_id = payments.order_id \
              WHERE line.account IN ('customer_payments', 'refunds_pending') AND line.currency <> payments.currency",
    },
    Invariant {
        id: "I-M6",
        message: "more went back than came, or a payment that will not be paid was paid",
        sql: "SELECT order_id || ': captured ' || captured || ', refunded ' || refunded || ', ' || status AS found \
              FROM payments WHERE refunded > captured OR captured < 0 OR refunded < 0 \
              OR (status = 'voided' AND captured > 0)",
    },
    Invariant {
        id: "I-M7",
        message: "a refund was made twice",
        sql: "SELECT order_id || ' ' || key || ': ' || COUNT(*) AS found FROM refunds \
              GROUP BY order_id, key HAVING COUNT(*) > 1",
    },
    Invariant {
        id: "I-M7",
        message: "a provider names two refunds alike",
        sql: "SELECT method || ' ' || provider_reference || ': ' || COUNT(*) AS found FROM refunds \
              WHERE provider_reference IS NOT NULL GROUP BY method, provider_reference HAVING COUNT(*) > 1",
    },
    Invariant {
        id: "I-M8",
        message: "the refunds of a payment do not add up to what it says",
        sql: "SELECT sums.order_id || ': payment less refunds is ' || SUM(sums.amount) AS found \
              FROM (SELECT order_id, refunded AS amount FROM payments \
              UNION ALL SELECT order_id, -amount FROM refunds WHERE status <> 'failed') AS sums \
              GROUP BY sums.order_id HAVING SUM(sums.amount) <> 0",
    },
    Invariant {
        id: "I-M11",
        message: "more was spent of a gift card than was on it",
        sql: "SELECT cards.id || ': issued ' || cards.issued || ', spent ' || SUM(CASE moved.kind WHEN 'spend' \
              THEN moved.amount WHEN 'restore' THEN -moved.amount ELSE 0 END) AS found \
              FROM gift_cards AS cards JOIN gift_card_movements AS moved ON moved.gift_card_id = cards.id \
              GROUP BY cards.id, cards.issued HAVING SUM(CASE moved.kind WHEN 'spend' THEN moved.amount \
              WHEN 'restore' THEN -moved.amount ELSE 0 END) > cards.issued",
    },
    Invariant {
        id: "I-M11",
        message: "a gift card paid twice for one order, or got more back from it than it paid",
        sql: "SELECT gift_card_id || ' ' || order_id || ': ' || SUM(CASE kind WHEN 'spend' THEN 1 ELSE 0 END) \
              || ' times' AS found FROM gift_card_movements WHERE kind IN ('spend', 'restore') \
              GROUP BY gift_card_id, order_id HAVING SUM(CASE kind WHEN 'spend' THEN 1 ELSE 0 END) <> 1 \
              OR SUM(CASE kind WHEN 'spend' THEN amount ELSE -amount END) < 0",
    },
    Invariant {
        id: "I-M11",
        message: "gift cards paid another amount for an order than its payment says",
        sql: "SELECT sums.order_id || ': payment less gift cards is ' || SUM(sums.amount) AS found \
              FROM (SELECT p.order_id, p.gift_cards - (SELECT COALESCE(SUM(r.gift_cards), 0) FROM refunds r \
              WHERE r.order_id = p.order_id AND r.status = 'succeeded' AND r.method <> 'store_credit') AS amount \
              FROM payments p UNION ALL SELECT order_id, CASE kind WHEN 'spend' THEN -amount ELSE amount END \
              FROM gift_card_movements WHERE kind IN ('spend', 'restore')) AS sums \
              GROUP BY sums.order_id HAVING SUM(sums.amount) <> 0",
    },
];
