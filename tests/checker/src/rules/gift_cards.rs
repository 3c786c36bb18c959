//! Gift cards: nobody spends more than is on one, and what was not bought with it comes back.

use std::collections::BTreeMap;

use super::{grouped, summed};
use crate::evidence::Evidence;
use crate::tables::CardMovement;

pub(super) fn overspent(evidence: &Evidence) -> Vec<String> {
    let spent = evidence.card_movements.iter().filter(|moved| matches!(moved.kind.as_str(), "spend" | "restore"));
    let spent = summed(spent.map(|moved| (moved.gift_card_id.as_str(), -moved.onto())));
    let mut found = Vec::new();
    for card in &evidence.gift_cards {
        let spent = spent.get(card.id.as_str()).copied().unwrap_or(0);
        if spent > card.issued || card.balance < 0 {
            found.push(format!("{}: issued {}, spent {spent}, left {}", card.id, card.issued, card.balance));
        }
    }
    // Staff gave at most so many away, and no other money was ever on them.
    let (count, worth) = evidence.run.gift_cards;
    let granted: Vec<i64> =
        evidence.gift_cards.iter().filter(|card| card.reason == "granted").map(|card| card.issued).collect();
    if granted.len() > count || granted.iter().any(|issued| *issued != worth) {
        found.push(format!("staff gave {count} of {worth} away, and there are {granted:?}"));
    }
    found
}

pub(super) fn twice(evidence: &Evidence) -> Vec<String> {
    let spends = evidence.card_movements.iter().filter(|moved| moved.kind == "spend");
    let of_order = |moved: &CardMovement| (moved.gift_card_id.clone(), moved.order_id.clone().unwrap_or_default());
    let mut counts = BTreeMap::<(String, String), usize>::new();
    for spend in spends {
        *counts.entry(of_order(spend)).or_default() += 1;
    }
    let twice = counts.into_iter().filter(|(_, count)| *count > 1);
    twice.map(|((card, order), count)| format!("{card} paid {count} times for {order}")).collect()
}

/// What the cards of each order paid and did not get back.
fn paid_by_order(evidence: &Evidence) -> BTreeMap<&str, i64> {
    let moved = evidence.card_movements.iter().filter(|moved| matches!(moved.kind.as_str(), "spend" | "restore"));
    summed(moved.map(|moved| (moved.order_id.as_deref().unwrap_or_default(), -moved.onto())))
}

pub(super) fn kept(evidence: &Evidence) -> Vec<String> {
    let paid = paid_by_order(evidence);
    let credit = evidence.refunds.iter().filter(|refund| refund.method == "store_credit" && refund.counts());
    let credit = summed(credit.map(|refund| (refund.order_id.as_str(), refund.gift_cards)));
    let ended = evidence.orders.iter().filter(|order| order.has_ended());
    let mut found = Vec::new();
    for order in ended {
        let left = paid.get(order.id.as_str()).copied().unwrap_or(0);
        if left != credit.get(order.id.as_str()).copied().unwrap_or(0) {
            found.push(format!("{}: {left} of its gift cards is not back", order.name()));
        }
    }
    found
}

pub(super) fn not_the_ledger(evidence: &Evidence) -> Vec<String> {
    let moved = summed(evidence.card_movements.iter().map(|moved| (moved.gift_card_id.as_str(), moved.onto())));
    let mut found = Vec::new();
    for card in &evidence.gift_cards {
        let moved = moved.get(card.id.as_str()).copied().unwrap_or(0);
        if moved != card.balance {
            found.push(format!(
                "{} ({}) has {} left, its movements come to {moved}",
                card.id, card.status, card.balance
            ));
        }
    }
    let of_cards = evidence.entries.iter().filter(|entry| entry.account == "gift_cards");
    let entered = summed(of_cards.map(|entry| (entry.txn_id.as_str(), entry.credit - entry.debit)));
    let known = grouped(&evidence.card_movements, |moved| moved.txn_id.as_str());
    for (txn, moved) in &known {
        let sum: i64 = moved.iter().map(|moved| moved.onto()).sum();
        if moved.len() != 1 || entered.get(txn) != Some(&sum) {
            found.push(format!("{}: moves {sum}, {:?} in the ledger", moved[0].id, entered.get(txn)));
        }
    }
    let foreign = entered.keys().filter(|txn| !known.contains_key(**txn));
    found.extend(foreign.map(|txn| format!("{txn} changes what is owed to gift cards, and no card moved")));
    let owed: i64 = entered.values().sum();
    let left: i64 = evidence.gift_cards.iter().map(|card| card.balance).sum();
    if owed != left {
        let currency = evidence.gift_cards.first().map_or("", |card| card.currency.as_str());
        found.push(format!("{left} {currency} is on gift cards, the ledger owes {owed}"));
    }
    found
}

pub(super) fn order_differs(evidence: &Evidence) -> Vec<String> {
    let spends = evidence.card_movements.iter().filter(|moved| moved.kind == "spend");
    let spends = grouped(spends, |moved| moved.order_id.as_deref().unwrap_or_default());
    let payments: BTreeMap<&str, i64> =
        evidence.payments.iter().map(|payment| (payment.order_id.as_str(), payment.gift_cards)).collect();
    let mut found = Vec::new();
    for order in &evidence.orders {
        let (mut wanted, spent) = (order.cards(), spends.get(order.id.as_str()).cloned().unwrap_or_default());
        let mut spent: Vec<(String, i64)> =
            spent.iter().map(|moved| (moved.gift_card_id.clone(), moved.amount)).collect();
        wanted.sort();
        spent.sort();
        let sum: i64 = wanted.iter().map(|(_, amount)| amount).sum();
        let counted = payments.get(order.id.as_str()).copied().unwrap_or(0);
        // Of an order that was given up before it was paid nothing may have been taken.
        let is_right = match order.has_ended() {
            true => (spent.is_empty() || spent == wanted) && (counted == 0 || counted == sum),
            false => spent == wanted && counted == sum,
        };
        if sum != order.by_gift_cards || !is_right {
            found.push(format!("{}: wants {wanted:?}, cards paid {spent:?}, counted {counted}", order.name()));
        }
    }
    let credits = evidence.refunds.iter().filter_map(|refund| Some((refund.gift_card_id.as_deref()?, refund)));
    for (id, refund) in credits {
        let card = evidence.gift_cards.iter().find(|card| card.id == id);
        if card.is_none_or(|card| card.issued != refund.amount || card.reason != "refund") {
            found.push(format!("{} became {id}, which is {card:?}", refund.name()));
        }
    }
    let issued = evidence.card_movements.iter().filter(|moved| moved.kind == "issue");
    for moved in issued {
        let is_known = moved.refund_id.as_ref().is_none_or(|id| {
            evidence
                .refunds
                .iter()
                .any(|refund| refund.id == *id && refund.gift_card_id.as_ref() == Some(&moved.gift_card_id))
        });
        if !is_known {
            found.push(format!("{} came by {:?}, which does not know it", moved.gift_card_id, moved.refund_id));
        }
    }
    found
}
