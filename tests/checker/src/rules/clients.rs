//! What clients were told stays true.

use std::collections::{BTreeMap, BTreeSet};

use super::{grouped, summed};
use crate::evidence::{Evidence, Fact, Stage};
use crate::tables::Order;

/// All orders of each buyer.
fn orders_by_buyer(evidence: &Evidence) -> BTreeMap<&str, Vec<&Order>> {
    grouped(&evidence.orders, |order| order.email.as_str())
}

fn buyers_with(evidence: &Evidence, is_it: impl Fn(&Stage) -> bool) -> BTreeSet<&str> {
    evidence.facts.iter().filter(|fact| is_it(&fact.stage)).map(|fact| fact.buyer.as_str()).collect()
}

pub(super) fn gone(evidence: &Evidence) -> Vec<String> {
    let is_gone =
        |fact: &&Fact| matches!(&fact.stage, Stage::Shown { secret, .. } if evidence.order_of_secret(secret).is_none());
    evidence.facts.iter().filter(is_gone).map(|fact| format!("{} was shown {:?}", fact.buyer, fact.stage)).collect()
}

pub(super) fn unplaced(evidence: &Evidence) -> Vec<String> {
    let canceled = buyers_with(evidence, |stage| matches!(stage, Stage::Canceled { .. }));
    let mut found = Vec::new();
    for fact in &evidence.facts {
        let Stage::Shown { secret, said } = &fact.stage else { continue };
        let Some(order) = evidence.order_of_secret(secret).filter(|_| said == "placed") else { continue };
        if !order.is_sold() && !canceled.contains(fact.buyer.as_str()) {
            found.push(format!("{} was told so at {}; {}", fact.buyer, fact.at, order.name()));
        }
    }
    found
}

pub(super) fn undecided(evidence: &Evidence) -> Vec<String> {
    let orders = orders_by_buyer(evidence);
    let sessions = grouped(&evidence.sessions, |session| session.order_id.as_str());
    let taken: BTreeSet<&str> =
        evidence.charges.iter().filter(|charge| charge.succeeded()).map(|charge| charge.session_id.as_str()).collect();
    let paid = buyers_with(evidence, |stage| matches!(stage, Stage::Decided { decision } if decision == "succeed"));
    let knows = |buyer: &&str| {
        let ids = orders.get(buyer).into_iter().flatten().map(|order| order.id.as_str());
        ids.flat_map(|id| sessions.get(id).into_iter().flatten()).any(|session| taken.contains(session.id.as_str()))
    };
    paid.into_iter().filter(|buyer| !knows(buyer)).map(|buyer| format!("{buyer} paid")).collect()
}

/// Buyers who, or whose clerks, were told something that their newest order does not bear out.
fn confirmed(evidence: &Evidence, is_it: impl Fn(&Stage) -> bool, stands: impl Fn(&Order) -> bool) -> Vec<String> {
    let orders = orders_by_buyer(evidence);
    let mut found = Vec::new();
    for buyer in buyers_with(evidence, is_it) {
        let latest = orders.get(buyer).into_iter().flatten().max_by_key(|order| order.id.as_str());
        match latest {
            Some(order) if stands(order) => {}
            Some(order) => found.push(format!("{buyer}: {}", order.name())),
            None => found.push(format!("{buyer} has no order")),
        }
    }
    found
}

pub(super) fn uncanceled(evidence: &Evidence) -> Vec<String> {
    confirmed(evidence, |stage| *stage == Stage::Canceled { confirmed: true }, Order::has_ended)
}

pub(super) fn unpaid(evidence: &Evidence) -> Vec<String> {
    confirmed(evidence, |stage| *stage == Stage::MarkedPaid { confirmed: true }, Order::is_paid)
}

pub(super) fn unshipped(evidence: &Evidence) -> Vec<String> {
    let has_left = |order: &Order| order.fulfillment_status == "fulfilled";
    confirmed(evidence, |stage| *stage == Stage::Shipped { confirmed: true }, has_left)
}

pub(super) fn bought_twice(evidence: &Evidence) -> Vec<String> {
    let mut found = Vec::new();
    for (buyer, orders) in orders_by_buyer(evidence) {
        let live: Vec<&str> =
            orders.iter().filter(|order| !order.has_ended()).map(|order| order.number.as_str()).collect();
        if live.len() > 1 {
            found.push(format!("{buyer}: orders {}", live.join(", ")));
        }
    }
    found
}

pub(super) fn other_units(evidence: &Evidence) -> Vec<String> {
    let skus = evidence.skus();
    let lines = grouped(&evidence.lines, |line| line.order_id.as_str());
    let wanted: BTreeMap<&str, &BTreeMap<String, i64>> = evidence
        .facts
        .iter()
        .filter_map(|fact| match &fact.stage {
            Stage::Pressed { units } => Some((fact.buyer.as_str(), units)),
            _ => None,
        })
        .collect();
    let mut found = Vec::new();
    for order in evidence.orders.iter().filter(|order| order.is_sold()) {
        let sku = |variant: &str| skus.get(variant).copied().unwrap_or_default().to_owned();
        let of_order = lines.get(order.id.as_str()).into_iter().flatten();
        let units = summed(of_order.map(|line| (sku(&line.variant_id), line.quantity)));
        match wanted.get(order.email.as_str()) {
            Some(wanted) if **wanted == units => {}
            Some(wanted) => found.push(format!("{}: wanted {wanted:?}, holds {units:?}", order.name())),
            None => found.push(format!("{}: nobody pressed the button", order.name())),
        }
    }
    found
}

pub(super) fn unanswered(evidence: &Evidence) -> Vec<String> {
    let asked = evidence.facts.iter().filter_map(|fact| match &fact.stage {
        Stage::Unanswered { request } => Some(format!("{}: {request}", fact.buyer)),
        _ => None,
    });
    asked.collect()
}
