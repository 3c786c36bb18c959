//! Refunds: what staff gave back has gone back once, and no more than came.

use std::collections::BTreeMap;

use super::{grouped, summed};
use crate::evidence::{Evidence, Stage};
use crate::tables::{GivenBack, Refund};

/// What staff asked for, by its reason: the amount, and whether the shop confirmed it.
fn asked(evidence: &Evidence) -> BTreeMap<&str, (i64, bool)> {
    let mut asked = BTreeMap::new();
    for fact in &evidence.facts {
        if let Stage::Refunded { reason, amount, confirmed } = &fact.stage {
            let known = asked.entry(reason.as_str()).or_insert((*amount, false));
            known.1 |= confirmed;
        }
    }
    asked
}

fn by_reason(evidence: &Evidence) -> BTreeMap<&str, Vec<&Refund>> {
    grouped(&evidence.refunds, |refund| refund.reason.as_str())
}

fn by_id(evidence: &Evidence) -> BTreeMap<&str, &Refund> {
    evidence.refunds.iter().map(|refund| (refund.id.as_str(), refund)).collect()
}

pub(super) fn twice(evidence: &Evidence) -> Vec<String> {
    let (refunds, orders) = (by_reason(evidence), grouped(&evidence.order_refunds, |refund| refund.reason.as_str()));
    let count = |reason: &str| (refunds.get(reason).map_or(0, Vec::len), orders.get(reason).map_or(0, Vec::len));
    let asked = asked(evidence).into_keys().map(|reason| (reason, count(reason)));
    let twice = asked.filter(|(_, (billing, orders))| *billing > 1 || *orders > 1);
    twice.map(|(reason, (billing, orders))| format!("{reason}: {billing} in billing, {orders} in orders")).collect()
}

pub(super) fn gone(evidence: &Evidence) -> Vec<String> {
    let refunds = by_reason(evidence);
    let mut found = Vec::new();
    for (reason, (amount, confirmed)) in asked(evidence) {
        match refunds.get(reason).and_then(|refunds| refunds.first()) {
            Some(refund) if refund.amount != amount => {
                found.push(format!("{reason}: {amount} was asked for, {}", refund.name()));
            }
            Some(refund) if confirmed && !refund.counts() => found.push(format!("{reason}: {}", refund.name())),
            None if confirmed => found.push(format!("{reason}: {amount} was asked for, and billing knows nothing")),
            _ => {}
        }
    }
    let ended: BTreeMap<&str, &str> =
        evidence.refunds.iter().map(|refund| (refund.id.as_str(), refund.status.as_str())).collect();
    for fact in &evidence.facts {
        if let Stage::PaidOut { refund, confirmed: true } = &fact.stage
            && ended.get(refund.as_str()) != Some(&"succeeded")
        {
            found.push(format!("{refund} was paid out, it is {:?}", ended.get(refund.as_str())));
        }
    }
    found
}

/// What the provider gave back, by session.
fn given_by_session(evidence: &Evidence) -> BTreeMap<&str, i64> {
    summed(evidence.given_back.iter().map(|given| (given.session_id.as_str(), given.amount)))
}

pub(super) fn too_much(evidence: &Evidence) -> Vec<String> {
    let taken = evidence.charges.iter().filter(|charge| charge.succeeded());
    let taken = summed(taken.map(|charge| (charge.session_id.as_str(), charge.amount)));
    let mut found = Vec::new();
    for (session, given) in given_by_session(evidence) {
        let taken = taken.get(session).copied().unwrap_or(0);
        if given > taken {
            found.push(format!("the provider took {taken} by {session} and gave back {given}"));
        }
    }
    let refunds = evidence.refunds.iter().filter(|refund| refund.counts());
    let refunds = summed(refunds.map(|refund| (refund.order_id.as_str(), refund.amount)));
    let captured: BTreeMap<&str, i64> =
        evidence.payments.iter().map(|payment| (payment.order_id.as_str(), payment.captured)).collect();
    for (order, given) in refunds {
        let captured = captured.get(order).copied().unwrap_or(0);
        if given > captured {
            found.push(format!("{order}: {captured} came, and refunds are about {given}"));
        }
    }
    let over = evidence.payments.iter().filter(|payment| payment.refunded > payment.captured || payment.refunded < 0);
    found.extend(over.map(|payment| {
        format!("{}: {} captured, {} given back", payment.order_id, payment.captured, payment.refunded)
    }));
    found
}

pub(super) fn kept(evidence: &Evidence) -> Vec<String> {
    let gone = evidence.refunds.iter().filter(|refund| refund.status == "succeeded");
    let gone = summed(gone.map(|refund| (refund.order_id.as_str(), refund.amount)));
    let orders = evidence.orders_by_id();
    let mut found = Vec::new();
    for payment in evidence.payments.iter().filter(|payment| payment.captured > 0) {
        let order = orders.get(payment.order_id.as_str()).filter(|order| order.has_ended());
        let back = gone.get(payment.order_id.as_str()).copied().unwrap_or(0);
        if let Some(order) = order.filter(|_| back != payment.captured) {
            found.push(format!("{}: {} came, {back} went back", order.name(), payment.captured));
        }
    }
    found
}

pub(super) fn stuck(evidence: &Evidence) -> Vec<String> {
    let pending = evidence.refunds.iter().filter(|refund| refund.status == "pending");
    let mut found: Vec<String> = pending.map(Refund::name).collect();
    for refund in &evidence.order_refunds {
        if refund.status == "pending" || refund.restock != "[]" {
            let (number, restock) = (refund.number, &refund.restock);
            found.push(format!("{}, refund {number}: {}, to restock: {restock}", refund.order_id, refund.status));
        }
    }
    found
}

pub(super) fn unbooked(evidence: &Evidence) -> Vec<String> {
    let of_refund = evidence.transactions.iter().filter(|transaction| transaction.refund_id.is_some());
    let booked = grouped(of_refund, |transaction| transaction.refund_id.as_deref().unwrap_or_default());
    let entries = grouped(&evidence.entries, |entry| entry.txn_id.as_str());
    let mut found = Vec::new();
    for refund in &evidence.refunds {
        let transactions = booked.get(refund.id.as_str()).cloned().unwrap_or_default();
        let mut kinds: Vec<&str> = transactions.iter().map(|transaction| transaction.kind.as_str()).collect();
        kinds.sort_unstable();
        let should: &[&str] = match refund.status.as_str() {
            // Once for each gift card, and as one new card when it is store credit.
            "succeeded" if refund.method == "store_credit" => &["gift_card_issued", "refund_started"],
            "succeeded" if refund.gift_cards == refund.amount => &["gift_card_restored", "refund_started"],
            "succeeded" if refund.gift_cards > 0 => &["gift_card_restored", "refund_started", "refunded"],
            "succeeded" => &["refund_started", "refunded"],
            "failed" => &["refund_failed", "refund_started"],
            _ => &["refund_started"],
        };
        kinds.dedup_by(|one, other| one == other && *one == "gift_card_restored");
        if kinds != should {
            found.push(format!("{}: {kinds:?} in the ledger", refund.name()));
        }
        let mut ended = 0;
        for transaction in transactions {
            let lines = entries.get(transaction.id.as_str()).cloned().unwrap_or_default();
            let debit: i64 = lines.iter().map(|line| line.debit).sum();
            let of = (Some(refund.order_id.as_str()), Some(refund.session_id.as_str()));
            let is_of_it = lines.iter().all(|line| (line.order_id.as_deref(), line.session_id.as_deref()) == of);
            let starts = transaction.kind == "refund_started";
            ended += if starts { 0 } else { debit };
            if starts && debit != refund.amount || !is_of_it {
                found.push(format!("{}: {} moves {debit}", refund.name(), transaction.kind));
            }
        }
        if refund.status != "pending" && ended != refund.amount {
            found.push(format!("{}: its end moves {ended}", refund.name()));
        }
    }
    let known = by_id(evidence);
    let foreign = booked.keys().filter(|id| !known.contains_key(**id));
    found.extend(foreign.map(|id| format!("{id} is in the ledger, and there is no such refund")));
    found
}

pub(super) fn provider_differs(evidence: &Evidence) -> Vec<String> {
    let given: BTreeMap<&str, &GivenBack> =
        evidence.given_back.iter().map(|given| (given.key.as_str(), given)).collect();
    let mut found = Vec::new();
    for refund in evidence.refunds.iter().filter(|refund| refund.method == "test") {
        let given = given.get(refund.id.as_str());
        let amount = given.filter(|given| given.session_id == refund.session_id).map(|given| given.amount);
        // One that is pending may have been given back already.
        let should = Some(refund.amount - refund.gift_cards).filter(|_| refund.counts());
        if amount != should && refund.status != "pending" {
            found.push(format!("{}: the provider gave back {amount:?}", refund.name()));
        }
    }
    let known = by_id(evidence);
    let foreign = evidence.given_back.iter().filter(|given| !known.contains_key(given.key.as_str()));
    found.extend(foreign.map(|given| format!("the provider gave back {} as {}", given.amount, given.key)));
    let orders: BTreeMap<&str, &str> = evidence
        .sessions
        .iter()
        .filter(|session| session.method == "test")
        .map(|session| (session.id.as_str(), session.order_id.as_str()))
        .collect();
    let by_order = summed(
        given_by_session(evidence)
            .into_iter()
            .map(|(session, given)| (orders.get(session).copied().unwrap_or("(no order)"), given)),
    );
    let others = evidence.refunds.iter().filter(|refund| refund.counts()).map(|refund| {
        let by_others = if refund.method == "test" { refund.gift_cards } else { refund.amount };
        (refund.order_id.as_str(), by_others)
    });
    let by_hand = summed(others);
    for payment in &evidence.payments {
        let of = |sums: &BTreeMap<&str, i64>| sums.get(payment.order_id.as_str()).copied().unwrap_or(0);
        let (theirs, ours) = (of(&by_order), payment.refunded - of(&by_hand));
        if theirs != ours {
            found.push(format!("{}: the provider gave back {theirs}, we count {ours}", payment.order_id));
        }
    }
    found
}

pub(super) fn order_differs(evidence: &Evidence) -> Vec<String> {
    let refunds = by_id(evidence);
    let mut found = Vec::new();
    for refund in &evidence.order_refunds {
        let name = || format!("{}, refund {} of {}", refund.order_id, refund.number, refund.amount);
        match refund.refund_id.as_deref().map(|id| refunds.get(id)) {
            Some(Some(known)) => {
                let ours = (&refund.order_id, refund.amount, &refund.status, &refund.gift_card_id);
                let is_credit = (refund.destination == "store_credit") == (known.method == "store_credit");
                if ours != (&known.order_id, known.amount, &known.status, &known.gift_card_id) || !is_credit {
                    found.push(format!("{} is {}; {}", name(), refund.status, known.name()));
                }
            }
            Some(None) => found.push(format!("{} is {:?}, which billing does not know", name(), refund.refund_id)),
            None if refund.status == "succeeded" => found.push(format!("{} went back by nobody", name())),
            None => {}
        }
    }
    let named = grouped(&evidence.order_refunds, |refund| refund.refund_id.as_deref().unwrap_or_default());
    let foreign = evidence.refunds.iter().filter(|refund| named.get(refund.id.as_str()).map_or(0, Vec::len) != 1);
    found.extend(foreign.map(|refund| format!("{} is not one refund of its order", refund.name())));
    let counted = evidence.refunds.iter().filter(|refund| refund.counts());
    let counted = summed(counted.map(|refund| (refund.order_id.as_str(), refund.amount)));
    for payment in &evidence.payments {
        let sum = counted.get(payment.order_id.as_str()).copied().unwrap_or(0);
        if sum != payment.refunded {
            found.push(format!("{}: {} given back, refunds are about {sum}", payment.order_id, payment.refunded));
        }
    }
    let gone = evidence.order_refunds.iter().filter(|refund| refund.status == "succeeded");
    let gone = summed(gone.map(|refund| (refund.order_id.as_str(), refund.amount)));
    for order in &evidence.orders {
        let gone = gone.get(order.id.as_str()).copied().unwrap_or(0);
        let is_right = match order.payment_status.as_str() {
            "partially_refunded" => gone > 0 && gone < order.paid(),
            "refunded" => gone == order.paid() && gone > 0,
            _ => gone == 0,
        };
        if !is_right {
            found.push(format!("{}: {gone} of {} went back", order.name(), order.total));
        }
    }
    found
}
