//! Money: nobody pays twice, and nothing paid is lost.

use std::collections::{BTreeMap, BTreeSet};

use super::{grouped, summed};
use crate::evidence::Evidence;
use crate::tables::{Charge, Session};

/// The order of each session.
fn orders_by_session(evidence: &Evidence) -> BTreeMap<&str, &str> {
    evidence.sessions.iter().map(|session| (session.id.as_str(), session.order_id.as_str())).collect()
}

/// What the provider took, by the order that it was taken for.
fn charges_by_order(evidence: &Evidence) -> BTreeMap<&str, Vec<&Charge>> {
    let orders = orders_by_session(evidence);
    let taken = evidence.charges.iter().filter(|charge| charge.succeeded());
    grouped(taken, |charge| orders.get(charge.session_id.as_str()).copied().unwrap_or("(no order)"))
}

pub(super) fn charged_twice(evidence: &Evidence) -> Vec<String> {
    let twice = charges_by_order(evidence).into_iter().filter(|(_, charges)| charges.len() > 1);
    twice
        .map(|(order, charges)| {
            let sessions: Vec<&str> = charges.iter().map(|charge| charge.session_id.as_str()).collect();
            format!("{order}: {}", sessions.join(", "))
        })
        .collect()
}

pub(super) fn two_open(evidence: &Evidence) -> Vec<String> {
    let is_open = |session: &&Session| matches!(session.status.as_str(), "pending" | "requires_action" | "authorized");
    let open = grouped(evidence.sessions.iter().filter(is_open), |session| session.order_id.as_str());
    let mut found: Vec<String> = open
        .into_iter()
        .filter(|(_, sessions)| sessions.len() > 1)
        .map(|(order, sessions)| format!("{order} has {} open payments", sessions.len()))
        .collect();
    let keys = grouped(&evidence.sessions, |session| session.key.as_str());
    let repeated = keys.into_iter().filter(|(_, sessions)| sessions.len() > 1);
    found.extend(repeated.map(|(key, sessions)| format!("{key} started {} payments", sessions.len())));
    found
}

pub(super) fn lost(evidence: &Evidence) -> Vec<String> {
    let orders = evidence.orders_by_id();
    let mut found = Vec::new();
    for (id, charges) in charges_by_order(evidence) {
        let session = &charges[0].session_id;
        match orders.get(id) {
            None => found.push(format!("{session} took {} for {id}", charges[0].amount)),
            Some(order) if order.is_sold() && order.payment_status != "unpaid" => {}
            Some(order) if order.has_ended() && order.payment_status == "refunded" => {}
            Some(order) => found.push(format!("{session} took {} for {}", charges[0].amount, order.name())),
        }
    }
    found
}

pub(super) fn captured(evidence: &Evidence) -> Vec<String> {
    let orders = evidence.orders_by_id();
    let captured: BTreeMap<&str, i64> =
        evidence.payments.iter().map(|payment| (payment.order_id.as_str(), payment.captured)).collect();
    let mut found = Vec::new();
    for payment in evidence.payments.iter().filter(|payment| payment.captured > 0) {
        match orders.get(payment.order_id.as_str()) {
            None => found.push(format!("{} is counted for {}, which is no order", payment.captured, payment.order_id)),
            Some(order) if !order.is_paid() => {
                found.push(format!("{} is counted for {}", payment.captured, order.name()));
            }
            Some(_) => {}
        }
    }
    for order in evidence.orders.iter().filter(|order| order.payment_status == "paid" && order.total > 0) {
        let counted = captured.get(order.id.as_str()).copied().unwrap_or(0);
        if counted != order.paid() {
            found.push(format!("{} costs {}, and {counted} is counted", order.name(), order.paid()));
        }
    }
    found
}

pub(super) fn provider_differs(evidence: &Evidence) -> Vec<String> {
    let charges: BTreeMap<&str, &Charge> =
        evidence.charges.iter().map(|charge| (charge.session_id.as_str(), charge)).collect();
    let amounts: BTreeMap<&str, i64> = evidence
        .payments
        .iter()
        .filter_map(|payment| Some((payment.order_id.as_str(), payment.amount? - payment.gift_cards)))
        .collect();
    let mut found = Vec::new();
    for session in evidence.sessions.iter().filter(|session| session.method == "test") {
        let charge = charges.get(session.id.as_str());
        let took = charge.is_some_and(|charge| charge.succeeded());
        if took != (session.status == "captured") {
            found.push(format!("{} is {} here; the provider took money: {took}", session.id, session.status));
        }
        if let Some(charge) = charge
            && amounts.get(session.order_id.as_str()) != Some(&charge.amount)
        {
            let ours = amounts.get(session.order_id.as_str());
            found
                .push(format!("{}: the provider was asked for {}, the payment is {ours:?}", session.id, charge.amount));
        }
    }
    let known: BTreeSet<&str> = evidence.sessions.iter().map(|session| session.id.as_str()).collect();
    let foreign = charges.keys().filter(|id| !known.contains(**id));
    found.extend(foreign.map(|id| format!("the provider knows {id}, and we do not")));
    found
}

pub(super) fn unbalanced(evidence: &Evidence) -> Vec<String> {
    let sides = evidence
        .entries
        .iter()
        .map(|entry| ((entry.txn_id.as_str(), entry.currency.as_str()), entry.debit - entry.credit));
    let mut found: Vec<String> = summed(sides)
        .into_iter()
        .filter(|(_, difference)| *difference != 0)
        .map(|((txn, currency), difference)| format!("{txn} is off by {difference} {currency}"))
        .collect();
    let negative = evidence.entries.iter().filter(|entry| entry.debit < 0 || entry.credit < 0);
    found.extend(negative.map(|entry| format!("{} line {} is below zero", entry.txn_id, entry.line)));
    found
}

pub(super) fn not_the_ledger(evidence: &Evidence) -> Vec<String> {
    let owed = evidence.entries.iter().filter(|entry| entry.account == "customer_payments");
    let owed = summed(owed.map(|entry| (entry.order(), entry.credit - entry.debit)));
    let mut found = Vec::new();
    for payment in &evidence.payments {
        let entered = owed.get(payment.order_id.as_str()).copied().unwrap_or(0);
        if entered != payment.captured - payment.refunded {
            found.push(format!(
                "{}: {} captured, {} given back, {entered} in the ledger",
                payment.order_id, payment.captured, payment.refunded
            ));
        }
    }
    let known: BTreeSet<&str> = evidence.payments.iter().map(|payment| payment.order_id.as_str()).collect();
    let foreign = owed.keys().filter(|order| !known.contains(**order));
    found.extend(foreign.map(|order| format!("{order} is in the ledger and has no payment")));
    let sessions = orders_by_session(evidence);
    let is_stray = |entry: &&crate::tables::Entry| match (&entry.session_id, &entry.order_id) {
        (Some(session), Some(order)) => sessions.get(session.as_str()) != Some(&order.as_str()),
        (None, None) => !entry.account.starts_with("gift_cards"),
        _ => true,
    };
    let stray = evidence.entries.iter().filter(is_stray);
    found.extend(
        stray.map(|entry| format!("{} names {:?}, which is not of {}", entry.txn_id, entry.session_id, entry.order())),
    );
    found
}

pub(super) fn arithmetic(evidence: &Evidence) -> Vec<String> {
    let lines = summed(evidence.lines.iter().map(|line| (line.order_id.as_str(), line.line_total)));
    let mut found = Vec::new();
    for order in &evidence.orders {
        let sum = lines.get(order.id.as_str()).copied().unwrap_or(0);
        let total = order.subtotal - order.discount + order.shipping_price + order.tax_added;
        if sum != order.subtotal || total != order.total {
            found.push(format!(
                "{}: lines {sum}, subtotal {}, discount {}, delivery {}, tax on top {}, total {}",
                order.name(),
                order.subtotal,
                order.discount,
                order.shipping_price,
                order.tax_added,
                order.total
            ));
        }
    }
    let wrong = evidence.lines.iter().filter(|line| line.unit_price * line.quantity - line.discount != line.line_total);
    found.extend(wrong.map(|line| {
        format!(
            "{} × {} less {} is not {} ({})",
            line.unit_price, line.quantity, line.discount, line.line_total, line.id
        )
    }));
    found
}

pub(super) fn other_amount(evidence: &Evidence) -> Vec<String> {
    let orders = evidence.orders_by_id();
    let mut found = Vec::new();
    for payment in &evidence.payments {
        let (Some(amount), Some(order)) = (payment.amount, orders.get(payment.order_id.as_str())) else { continue };
        // What gift cards got back of a payment that was canceled is no part of it any more.
        let let_go = order.by_gift_cards - payment.gift_cards;
        let is_canceled = payment.gift_cards == 0 && order.has_ended();
        if amount + let_go != order.total
            || (let_go != 0 && !is_canceled)
            || payment.currency.as_deref() != Some(order.currency.as_str())
        {
            let currency = payment.currency.as_deref().unwrap_or_default();
            found.push(format!(
                "{} costs {} {}, its payment is {amount} {currency}",
                order.name(),
                order.total,
                order.currency
            ));
        }
    }
    found
}
