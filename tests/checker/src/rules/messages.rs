//! Messages: what happened is told once, and heard.

use std::collections::{BTreeMap, BTreeSet};

use super::grouped;
use crate::evidence::Evidence;

pub(super) fn untold(evidence: &Evidence) -> Vec<String> {
    let told = |module: &str, kind: &'static str| {
        let events = evidence.messages.told.get(module).into_iter().flatten();
        let mut counts = BTreeMap::<&str, usize>::new();
        for event in events.filter(|event| event.kind == kind) {
            *counts.entry(event.aggregate_id.as_str()).or_default() += 1;
        }
        counts
    };
    let (placed, canceled, paid) =
        (told("orders", "order.placed"), told("orders", "order.canceled"), told("orders", "order.paid"));
    let (shipped, captured) = (told("orders", "fulfillment.shipped"), told("billing", "payment.captured"));
    let (refunded, paid_back) = (told("orders", "order.refunded"), told("billing", "payment.refunded"));
    let given = evidence.refunds.iter().filter(|refund| refund.status == "succeeded");
    let given = grouped(given, |refund| refund.order_id.as_str());
    let mut found = Vec::new();
    let mut expect = |name: &dyn Fn() -> String, kind: &str, is: usize, should: usize| {
        if is != should {
            found.push(format!("{}: {kind} was told {is} times instead of {should}", name()));
        }
    };
    let of = |counts: &BTreeMap<&str, usize>, id: &str| counts.get(id).copied().unwrap_or(0);
    let parcels =
        grouped(evidence.parcels.iter().filter(|parcel| parcel.status == "shipped"), |parcel| parcel.order_id.as_str());
    for order in &evidence.orders {
        let (id, name) = (order.id.as_str(), || order.name());
        expect(&name, "order.placed", of(&placed, id), usize::from(order.placed_at.is_some()));
        expect(&name, "order.canceled", of(&canceled, id), usize::from(order.has_ended()));
        expect(&name, "fulfillment.shipped", of(&shipped, id), parcels.get(id).map_or(0, Vec::len));
        expect(&name, "order.refunded", of(&refunded, id), given.get(id).map_or(0, Vec::len));
        if order.is_sold() {
            expect(&name, "order.paid", of(&paid, id), usize::from(order.is_paid()));
        }
    }
    for payment in &evidence.payments {
        let id = payment.order_id.as_str();
        let name = || format!("the payment of {id}");
        expect(&name, "payment.refunded", of(&paid_back, id), given.get(id).map_or(0, Vec::len));
        expect(&name, "payment.captured", of(&captured, id), usize::from(payment.captured > 0));
    }
    found
}

pub(super) fn gaps(evidence: &Evidence) -> Vec<String> {
    let mut found = Vec::new();
    for (module, events) in &evidence.messages.told {
        for (aggregate, told) in grouped(events, |event| event.aggregate_id.as_str()) {
            let mut versions: Vec<i64> = told.iter().map(|event| event.aggregate_version).collect();
            versions.sort_unstable();
            if !versions.iter().zip(1..).all(|(version, place)| *version == place) {
                let first = &told[0].id;
                found.push(format!("{module}: {aggregate} has versions {versions:?} (first event {first})"));
            }
        }
    }
    found
}

pub(super) fn unheard(evidence: &Evidence) -> Vec<String> {
    evidence.messages.lagging()
}

pub(super) fn parked(evidence: &Evidence) -> Vec<String> {
    let all = evidence.messages.parked.iter();
    all.flat_map(|(module, rows)| {
        rows.iter().map(move |row| format!("{module}, {}: {}: {}", row.consumer, row.event_id, row.last_error))
    })
    .collect()
}

pub(super) fn unanswered(evidence: &Evidence) -> Vec<String> {
    let all = evidence.calls.iter();
    all.flat_map(|(module, calls)| {
        let without = calls.iter().filter(|call| call.result.is_empty());
        without.map(move |call| format!("{module}: {} with key {}", call.method, call.key))
    })
    .collect()
}

pub(super) fn mails(evidence: &Evidence) -> Vec<String> {
    let mails = grouped(&evidence.mails, |mail| (mail.order_id.as_str(), mail.kind.as_str()));
    let count = |order: &str, kind: &str| mails.get(&(order, kind)).map_or(0, Vec::len);
    let mut found = Vec::new();
    for order in &evidence.orders {
        let (received, should) = (count(&order.id, "order_received"), usize::from(order.placed_at.is_some()));
        if received != should {
            found.push(format!("{}: {received} mails about its receipt instead of {should}", order.name()));
        }
    }
    for refund in evidence.order_refunds.iter().filter(|refund| refund.status == "succeeded") {
        let (number, key) = (refund.number.to_string(), (refund.order_id.as_str(), "order_refunded"));
        let told = mails.get(&key).into_iter().flatten().filter(|mail| mail.about == number).count();
        if told != 1 {
            found.push(format!("{}: {told} mails about its refund {number}", refund.order_id));
        }
    }
    let orders: BTreeSet<&str> = evidence.orders.iter().map(|order| order.id.as_str()).collect();
    let cards: BTreeSet<&str> = evidence.gift_cards.iter().map(|card| card.id.as_str()).collect();
    let is_foreign = |mail: &&crate::tables::Mail| match mail.kind.as_str() {
        "gift_card" => !cards.contains(mail.about.as_str()),
        _ => !orders.contains(mail.order_id.as_str()),
    };
    let foreign = evidence.mails.iter().filter(is_foreign);
    found.extend(
        foreign
            .map(|mail| format!("a {} mail ({}) about {}, which is no order", mail.kind, mail.status, mail.order_id)),
    );
    let abouts = grouped(&evidence.mails, |mail| (mail.order_id.as_str(), mail.kind.as_str(), mail.about.as_str()));
    let twice = abouts.into_iter().filter(|(_, mails)| mails.len() > 1);
    found.extend(twice.map(|((order, kind, about), _)| format!("{order}: {kind} {about} twice")));
    found
}

pub(super) fn open_carts(evidence: &Evidence) -> Vec<String> {
    let carts: BTreeMap<&str, &crate::tables::Cart> =
        evidence.carts.iter().map(|cart| (cart.id.as_str(), cart)).collect();
    let sold = evidence.orders.iter().filter(|order| order.is_sold());
    sold.filter_map(|order| {
        let cart = carts.get(order.cart_id.as_str())?;
        let is_open = cart.completed_at.is_none() && cart.version <= order.cart_version;
        is_open.then(|| format!("{} of {}", cart.id, order.name()))
    })
    .collect()
}
