//! All that happened at the provider since a moment, for whoever compares it with our books.

use kernel::Timestamp;
use serde::de::DeserializeOwned;

use super::super::{Answer, Listed, TheirPayment};
use super::api::{Api, Field};
use super::objects::{Charge, Dispute, Expandable, List, PaymentIntent, Refund, of_stripe, session_of};

/// More than that is left for the next run.
const PAGES: usize = 100;

/// Intents begun since then, each with what was taken of it, given back and disputed.
pub(super) async fn list(api: &Api, since: Timestamp) -> Answer<Listed> {
    let mut payments = Vec::new();
    let since = ("created[gte]", super::seconds(since).to_string());
    let with_charges = [since.clone(), ("expand[]", "data.latest_charge".to_owned())];
    for intent in all::<PaymentIntent>(api, "/v1/payment_intents", &with_charges, |intent| &intent.id).await? {
        payments.push(payment(&intent)?);
    }
    let mut disputes = Vec::new();
    for dispute in all::<Named<Dispute>>(api, "/v1/disputes", &[since], |dispute| &dispute.id).await? {
        disputes.push(dispute.thing.subject()?);
    }
    Ok(Listed { payments, disputes })
}

/// The refund of a charge that was made under our `key`, if there is one.
pub(super) async fn refund_made(api: &Api, charge: &str, key: &str) -> Answer<Option<Refund>> {
    let of_charge = [("payment_intent", charge.to_owned())];
    let refunds = all::<Refund>(api, "/v1/refunds", &of_charge, |refund| &refund.id).await?;
    Ok(refunds.into_iter().find(|refund| refund.key() == Some(key)))
}

#[derive(serde::Deserialize)]
struct Named<T> {
    id: String,
    #[serde(flatten)]
    thing: T,
}

/// All of a list that `wanted` asks for.
async fn all<T: DeserializeOwned>(api: &Api, path: &str, wanted: &[Field], name: fn(&T) -> &String) -> Answer<Vec<T>> {
    let mut found: Vec<T> = Vec::new();
    for _ in 0..PAGES {
        let mut query = wanted.to_vec();
        query.push(("limit", "100".to_owned()));
        query.extend(found.last().map(|last| ("starting_after", name(last).clone())));
        let List { data, has_more } = api.get(path, &query).await?;
        let is_last = data.is_empty() || !has_more;
        found.extend(data);
        if is_last {
            break;
        }
    }
    Ok(found)
}

fn payment(intent: &PaymentIntent) -> Answer<TheirPayment> {
    let charge: Option<&Charge> = match &intent.latest_charge {
        Some(Expandable::Whole(charge)) => Some(charge),
        _ => None,
    };
    let refunded = charge.map_or(0, |charge| charge.amount_refunded);
    Ok(TheirPayment {
        reference: intent.id.clone(),
        session: session_of(&intent.metadata),
        asked: of_stripe(intent.amount, &intent.currency)?,
        refunded: of_stripe(refunded, &intent.currency)?,
        standing: intent.standing()?,
    })
}
