//! Handing a packed parcel to the carrier.

use std::collections::BTreeMap;

use accounts_api::Permission;
use kernel::CallCtx;
use kernel::db::AnyConnection;
use orders_api::{Fulfillment, FulfillmentShipped, Order, OrderLine, OrdersError, ParcelStatus, Ship};

use crate::Outcome;
use crate::find::{Viewer, changed_order};
use crate::journal::{Act, Entry, internal};
use crate::status::{Happening, fulfillment_of};
use crate::store::{orders, parcels};
use crate::work::{Claim, Shop, not_allowed, when_free};

const LONGEST_FIELD: usize = 100;

/// Ships one parcel, once per key. The order is completed when all of it is shipped and paid.
pub(crate) async fn ship(shop: &Shop, ctx: &CallCtx, request: Ship) -> Outcome<Order> {
    let viewer = Viewer::for_staff(ctx, Permission::FulfillOrders)?;
    for (field, text) in [("carrier", &request.carrier), ("tracking_number", &request.tracking_number)] {
        if text.as_ref().is_some_and(|text| text.chars().count() > LONGEST_FIELD || text.chars().any(char::is_control))
        {
            let problem = format!("use one line of at most {LONGEST_FIELD} characters");
            return Err(OrdersError::invalid(field, problem).into());
        }
    }
    when_free(|| {
        let (claim, act, viewer, wanted) = (shop.claim(), shop.act(ctx), viewer.clone(), request.clone());
        let work = move |conn: &mut AnyConnection| hand_over(conn, &claim, &viewer, &wanted, act);
        shop.db.write_once(request.key.to_string(), "ship", &request, work)
    })
    .await?;
    changed_order(shop, request.order_id).await
}

fn hand_over(conn: &mut AnyConnection, claim: &Claim, viewer: &Viewer, wanted: &Ship, act: Act) -> Outcome<()> {
    let purchase = claim.for_this_unit(conn, wanted.order_id, viewer)?;
    let parcels = parcels::parcels_of_order(conn, wanted.order_id)?;
    let parcel = parcels.into_iter().find(|parcel| parcel.id == wanted.fulfillment_id).ok_or(OrdersError::NotFound)?;
    if parcel.status == ParcelStatus::Shipped {
        return Err(not_allowed("shipped", "shipped"));
    }
    let mut entry = Entry::new(purchase, act);
    if !parcels::parcel_ship(conn, wanted, entry.at())? {
        return Err(not_allowed("shipped", "shipped"));
    }
    for line in &parcel.lines {
        if !orders::line_ship(conn, &line.order_line_id.to_string(), line.quantity.get())? {
            return Err(internal(format!("{} holds more than was packed", parcel.id)));
        }
    }
    let currency = entry.purchase.order.total.currency;
    let lines = orders::lines_of_order(conn, wanted.order_id, currency)?;
    let shipped = fulfillment_of(lines.iter().map(|line| (line.quantity.get(), line.shipped)));
    entry.happen(Happening::Shipped(shipped), &message(wanted))?;
    entry.tell_shipped(FulfillmentShipped {
        order_id: wanted.order_id,
        fulfillment_id: parcel.id,
        items: items(&parcel, &lines),
    });
    entry.write(conn)?;
    Ok(())
}

/// For the timeline.
fn message(wanted: &Ship) -> String {
    match (&wanted.carrier, &wanted.tracking_number) {
        (Some(carrier), Some(number)) => format!("Handed to {carrier}, tracking number {number}"),
        (Some(carrier), None) => format!("Handed to {carrier}"),
        (None, Some(number)) => format!("Handed to the carrier, tracking number {number}"),
        (None, None) => "Handed to the carrier".to_owned(),
    }
}

/// How many of each variant were in the parcel.
fn items(parcel: &Fulfillment, lines: &[OrderLine]) -> Vec<(String, i64)> {
    let mut items = BTreeMap::<&str, i64>::new();
    for packed in &parcel.lines {
        if let Some(line) = lines.iter().find(|line| line.id == packed.order_line_id) {
            *items.entry(&line.variant_id).or_default() += packed.quantity.get();
        }
    }
    items.into_iter().map(|(variant_id, quantity)| (variant_id.to_owned(), quantity)).collect()
}
