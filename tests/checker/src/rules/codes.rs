//! Codes: none is used more often than it may be.

use std::collections::BTreeMap;

use super::{grouped, summed};
use crate::evidence::Evidence;

/// How many orders that are sold used each code.
fn used(evidence: &Evidence) -> BTreeMap<String, i64> {
    let sold = evidence.orders.iter().filter(|order| order.is_sold());
    summed(sold.flat_map(|order| order.codes()).map(|code| (code, 1)))
}

pub(super) fn too_often(evidence: &Evidence) -> Vec<String> {
    let mut found = Vec::new();
    for (code, times) in used(evidence) {
        match evidence.run.codes.get(&code) {
            Some(limit) if times <= *limit => {}
            Some(limit) => found.push(format!("{code}: {times} orders, {limit} were allowed")),
            None => found.push(format!("{code}: {times} orders, and there is no such code")),
        }
    }
    let over = evidence.codes.iter().filter(|code| code.use_limit.is_some_and(|limit| code.uses > limit));
    found.extend(over.map(|code| format!("{} counts {} uses of {:?}", code.code, code.uses, code.use_limit)));
    found
}

pub(super) fn miscounted(evidence: &Evidence) -> Vec<String> {
    let live = evidence.code_uses.iter().filter(|claim| claim.status != "released");
    let live = grouped(live, |claim| claim.code.as_str());
    let mut found = Vec::new();
    for code in &evidence.codes {
        let claims = live.get(code.code.as_str()).map_or(0, Vec::len);
        if i64::try_from(claims) != Ok(code.uses) {
            found.push(format!("{} counts {} uses and has {claims}", code.code, code.uses));
        }
    }
    let final_uses = evidence.code_uses.iter().filter(|claim| claim.status == "used");
    let by_order = grouped(final_uses, |claim| (claim.order_id.as_deref().unwrap_or_default(), claim.code.as_str()));
    for order in evidence.orders.iter().filter(|order| order.is_sold()) {
        for code in order.codes() {
            let claims = by_order.get(&(order.id.as_str(), code.as_str())).map_or(0, Vec::len);
            if claims != 1 {
                found.push(format!("{} used {code}, which knows of {claims} uses", order.name()));
            }
        }
    }
    let orders = evidence.orders_by_id();
    for ((id, code), claims) in by_order {
        let order = orders.get(id).filter(|order| order.is_sold() && order.codes().iter().any(|known| known == code));
        if order.is_none() {
            found.push(format!("{code} was used by {id} ({}), which did not or is over", claims[0].id));
        }
    }
    found
}
