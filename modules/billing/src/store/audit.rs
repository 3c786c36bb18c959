//! What holds for payments and the books at any instant.

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
        id: "I-M3",
        message: "what a payment says is not what the books say",
        sql: "SELECT sums.order_id || ': payment less books is ' || SUM(sums.amount) AS found \
              FROM (SELECT order_id, captured - refunded AS amount FROM payments \
              UNION ALL SELECT order_id, debit - credit FROM money_entries WHERE account = 'customer_payments') AS sums \
              GROUP BY sums.order_id HAVING SUM(sums.amount) <> 0",
    },
    Invariant {
        id: "I-M5",
        message: "the books count in another currency than the payment",
        sql: "SELECT DISTINCT payments.order_id || ' in ' || payments.currency || ', and in ' || line.currency AS found \
              FROM payments JOIN money_entries AS line ON line.order_id = payments.order_id \
              WHERE line.account = 'customer_payments' AND line.currency <> payments.currency",
    },
];
