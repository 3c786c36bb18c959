//! Orders: one for each purchase, with a timeline without gaps, and work that ends.

use std::collections::BTreeMap;

use super::{grouped, summed};
use crate::evidence::Evidence;

pub(super) fn timeline(evidence: &Evidence) -> Vec<String> {
    let events = grouped(&evidence.events, |event| event.order_id.as_str());
    let mut found = Vec::new();
    for order in &evidence.orders {
        let mut rows = events.get(order.id.as_str()).cloned().unwrap_or_default();
        rows.sort_by_key(|event| event.seq);
        let is_complete = rows.iter().zip(1..).all(|(event, seq)| event.seq == seq);
        if !is_complete || i64::try_from(rows.len()) != Ok(order.version) {
            let seqs: Vec<i64> = rows.iter().map(|event| event.seq).collect();
            found.push(format!("{} has version {} and events {seqs:?}", order.name(), order.version));
        } else if let Some(last) = rows.last()
            && last.status != order.status
        {
            found.push(format!("{}: its last event, {}, says {}", order.name(), last.kind, last.status));
        }
    }
    found
}

pub(super) fn cart_twice(evidence: &Evidence) -> Vec<String> {
    let live = evidence.orders.iter().filter(|order| order.superseded_by.is_none());
    let carts = grouped(live, |order| (order.cart_id.as_str(), order.cart_version));
    let mut found: Vec<String> = carts
        .into_iter()
        .filter(|(_, orders)| orders.len() > 1)
        .map(|((cart, version), orders)| format!("{cart} version {version}: {}", orders.len()))
        .collect();
    for (name, orders) in grouped(&evidence.orders, |order| order.number.as_str()) {
        if orders.len() > 1 {
            found.push(format!("number {name}: {}", orders.len()));
        }
    }
    let keyed = evidence.orders.iter().filter(|order| order.key.is_some());
    for (key, orders) in grouped(keyed, |order| order.key.as_deref()) {
        if orders.len() > 1 {
            found.push(format!("key {key:?}: {}", orders.len()));
        }
    }
    found
}

pub(super) fn stuck(evidence: &Evidence) -> Vec<String> {
    let sagas: BTreeMap<&str, &crate::tables::Saga> =
        evidence.sagas.iter().map(|saga| (saga.order_id.as_str(), saga)).collect();
    let mut found = Vec::new();
    for order in &evidence.orders {
        match sagas.get(order.id.as_str()) {
            None => found.push(format!("{} has no journal", order.name())),
            Some(saga) if saga.is_over() => {}
            Some(saga) => {
                let (status, next) = (&saga.status, saga.next_attempt_at);
                let lease = saga.lease_expires_at;
                found.push(format!("{}: {status}, next at {next:?}, lease until {lease}", order.name()));
            }
        }
    }
    found
}

pub(super) fn open_steps(evidence: &Evidence) -> Vec<String> {
    let over: BTreeMap<&str, bool> =
        evidence.sagas.iter().map(|saga| (saga.order_id.as_str(), saga.is_over())).collect();
    let orders = evidence.orders_by_id();
    let mut found = Vec::new();
    for (id, steps) in grouped(&evidence.steps, |step| step.order_id.as_str()) {
        let open: Vec<&str> =
            steps.iter().filter(|step| step.status == "started").map(|step| step.step.as_str()).collect();
        if over.get(id) == Some(&true) && !open.is_empty() {
            let name = orders.get(id).map_or_else(|| id.to_owned(), |order| order.name());
            found.push(format!("{name}: {}", open.join(", ")));
        }
        for step in &steps {
            let undone = step.undoes.as_deref().filter(|_| step.status == "done");
            let stands = undone.and_then(|key| steps.iter().find(|other| other.key == key));
            // What was done with its order and then taken back belongs to an order that has ended.
            if stands.is_some_and(|other| other.status == "done") && orders.get(id).is_some_and(|order| order.is_sold())
            {
                found.push(format!("{id}: {} is done and taken back, and the order is sold", step.step));
            }
        }
    }
    found
}

pub(super) fn parcels(evidence: &Evidence) -> Vec<String> {
    let shipped: BTreeMap<&str, bool> =
        evidence.parcels.iter().map(|parcel| (parcel.id.as_str(), parcel.status == "shipped")).collect();
    let packed = summed(evidence.parcel_lines.iter().map(|line| (line.order_line_id.as_str(), line.quantity)));
    let gone = evidence.parcel_lines.iter().filter(|line| shipped.get(line.fulfillment_id.as_str()) == Some(&true));
    let gone = summed(gone.map(|line| (line.order_line_id.as_str(), line.quantity)));
    let of = |sums: &BTreeMap<&str, i64>, id: &str| sums.get(id).copied().unwrap_or(0);
    let mut found = Vec::new();
    for line in &evidence.lines {
        let (in_parcels, left) = (of(&packed, &line.id), of(&gone, &line.id));
        if (line.packed, line.shipped) != (in_parcels, left) || line.packed > line.quantity {
            found.push(format!(
                "{}: {} ordered, {} packed and {} shipped; parcels hold {in_parcels}, of which {left} left",
                line.id, line.quantity, line.packed, line.shipped
            ));
        }
    }
    let orders = evidence.orders_by_id();
    for parcel in &evidence.parcels {
        if let Some(order) = orders.get(parcel.order_id.as_str()).filter(|order| order.has_ended()) {
            found.push(format!("{} is a parcel of {}", parcel.id, order.name()));
        }
    }
    found
}
