//! Packing some or all of what is not yet packed into a parcel.

use std::collections::BTreeSet;

use accounts_api::Permission;
use kernel::CallCtx;
use kernel::db::AnyConnection;
use orders_api::{FulfillmentId, FulfillmentLine, Order, OrderStatus, OrdersError, Pack, PaymentStatus};

use crate::Outcome;
use crate::find::{Viewer, changed_order};
use crate::journal::{Act, Entry, SagaStatus};
use crate::store::{orders, parcels};
use crate::work::{Claim, Shop, not_allowed, when_free};

/// Packs one parcel, once per key.
pub(crate) async fn pack(shop: &Shop, ctx: &CallCtx, request: Pack) -> Outcome<Order> {
    let viewer = Viewer::for_staff(ctx, Permission::FulfillOrders)?;
    let parcel_id = FulfillmentId::new();
    when_free(|| {
        let (claim, act, viewer, wanted) = (shop.claim(), shop.act(ctx), viewer.clone(), request.clone());
        let work = move |conn: &mut AnyConnection| {
            let entry = begin(conn, &claim, &viewer, &wanted, act)?;
            fill(conn, entry, parcel_id, &wanted)
        };
        shop.db.write_once(request.key.to_string(), "pack", &request, work)
    })
    .await?;
    changed_order(shop, request.order_id).await
}

fn begin(conn: &mut AnyConnection, claim: &Claim, viewer: &Viewer, wanted: &Pack, act: Act) -> Outcome<Entry> {
    let purchase = claim.for_this_unit(conn, wanted.order_id, viewer)?;
    let status = purchase.order.status;
    if status.order != OrderStatus::Placed {
        return Err(not_allowed("packed", status.in_words()));
    }
    if status.payment == PaymentStatus::Refunded {
        return Err(not_allowed("packed", status.in_words()));
    }
    if purchase.saga.status == SagaStatus::Canceling {
        return Err(not_allowed("packed", "being canceled"));
    }
    Ok(Entry::new(purchase, act))
}

fn fill(conn: &mut AnyConnection, mut entry: Entry, parcel_id: FulfillmentId, wanted: &Pack) -> Outcome<()> {
    let lines = sorted("lines", &wanted.lines)?;
    for line in &lines {
        let (line_id, quantity) = (line.order_line_id.to_string(), line.quantity.get());
        if !orders::line_pack(conn, wanted.order_id, &line_id, quantity)? {
            let problem = format!("less than {quantity} of {line_id} are left to pack");
            return Err(OrdersError::invalid("lines", problem).into());
        }
    }
    parcels::parcel_insert(conn, wanted.order_id, parcel_id, &lines, entry.at())?;
    let units: i64 = lines.iter().map(|line| line.quantity.get()).sum();
    entry.note("packed", &format!("Packed {units} {}", if units == 1 { "unit" } else { "units" }));
    entry.write(conn)?;
    Ok(())
}

/// The lines in the order in which they are changed, each once.
pub(crate) fn sorted(field: &str, lines: &[FulfillmentLine]) -> Result<Vec<FulfillmentLine>, OrdersError> {
    let mut lines = lines.to_vec();
    lines.sort_by_key(|line| line.order_line_id);
    let distinct: BTreeSet<_> = lines.iter().map(|line| line.order_line_id).collect();
    match lines.len() {
        0 => Err(OrdersError::invalid(field, "name at least one")),
        count if count > distinct.len() => Err(OrdersError::invalid(field, "name each line once")),
        _ => Ok(lines),
    }
}
