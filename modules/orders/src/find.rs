//! Looking at orders: a guest at their own, the shop at all of them.

use std::time::Duration;

use accounts_api::Permission;
use kernel::db::AnyConnection;
use kernel::{CallCtx, CallError, Email, Page, Principal, Timestamp};
use orders_api::{FindOrder, ListOrders, Order, OrderId, OrderStatus, OrderSummary, OrdersError, PaymentStatus};

use crate::Outcome;
use crate::store::list;
use crate::store::orders::{self, Wanted};
use crate::store::{events, parcels, refunds, returns};
use crate::work::Shop;

/// As long as anything that is looked for.
const LONGEST_SEARCH: usize = 200;
/// `PaymentMethod::code` of billing: the way to pay whose money is on its way for days.
const BANK_TRANSFER: &str = "bank_transfer";
/// How long it may be.
const TRANSFER_TIME: Duration = Duration::from_secs(14 * 24 * 3600);

/// Whose eyes an order is for. Part of every query that changes or shows one order.
#[derive(Clone, Debug)]
pub(crate) enum Viewer {
    /// The shop itself.
    Shop,
    /// The owner of one order.
    Guest { secret_hash: String },
    /// Nobody who could see any.
    Nobody,
}

impl Viewer {
    /// What the caller may see.
    pub(crate) fn of(ctx: &CallCtx) -> Self {
        match &ctx.principal {
            Principal::Guest(secret) => Self::Guest { secret_hash: secret.hash() },
            principal if principal.may(Permission::ReadOrders.as_str()) => Self::Shop,
            _ => Self::Nobody,
        }
    }

    /// The shop, if the caller may do this for it: what guests may not do looks as if there were nothing to do it with.
    ///
    /// # Errors
    /// [`OrdersError::NotPermitted`] for staff without the permission.
    pub(crate) fn for_staff(ctx: &CallCtx, permission: Permission) -> Result<Self, OrdersError> {
        match &ctx.principal {
            principal if principal.may(permission.as_str()) => Ok(Self::Shop),
            principal @ Principal::Staff(_) => {
                tracing::warn!(actor = principal.actor(), permission = permission.as_str(), "not permitted");
                Err(OrdersError::NotPermitted)
            }
            _ => Ok(Self::Nobody),
        }
    }

    /// The owner of the order, who sees no other one, or the shop for staff who may manage orders.
    ///
    /// # Errors
    /// As [`Viewer::for_staff`].
    pub(crate) fn owner_or_staff(ctx: &CallCtx) -> Result<Self, OrdersError> {
        match &ctx.principal {
            Principal::Guest(_) => Ok(Self::of(ctx)),
            _ => Self::for_staff(ctx, Permission::ManageOrders),
        }
    }

    /// Whether it sees every order.
    pub(crate) fn sees_all(&self) -> bool {
        matches!(self, Self::Shop)
    }

    /// Of the order that it sees; one that no order has for others.
    pub(crate) fn secret_hash(&self) -> &str {
        match self {
            Self::Guest { secret_hash } => secret_hash,
            Self::Shop | Self::Nobody => "",
        }
    }
}

/// One order.
pub(crate) async fn order(shop: &Shop, ctx: &CallCtx, request: FindOrder) -> Outcome<Option<Order>> {
    let wanted = match (request, Viewer::of(ctx)) {
        (FindOrder::OfPrincipal, Viewer::Guest { secret_hash }) => Wanted::SecretHash(secret_hash),
        (FindOrder::Id(id), Viewer::Shop) => Wanted::Id(id),
        (FindOrder::OfCart { cart_id, cart_version }, Viewer::Shop) => Wanted::Cart(cart_id, cart_version),
        _ => return Ok(None),
    };
    shop.db.read(move |conn| whole_order(conn, &wanted)).await
}

/// An order that a change of this call has just been made to.
pub(crate) async fn changed_order(shop: &Shop, id: OrderId) -> Outcome<Order> {
    let order = shop.db.read(move |conn| whole_order(conn, &Wanted::Id(id))).await?;
    order.ok_or(CallError::Domain(OrdersError::NotFound))
}

fn whole_order(conn: &mut AnyConnection, wanted: &Wanted) -> Outcome<Option<Order>> {
    let Some(mut order) = orders::order(conn, wanted)? else { return Ok(None) };
    order.lines = orders::lines_of_order(conn, order.id, order.total.currency)?;
    // Most orders that are looked at are new: what cannot be there yet is not asked for.
    if order.lines.iter().any(|line| line.packed > 0) {
        order.fulfillments = parcels::parcels_of_order(conn, order.id)?;
    }
    if order.lines.iter().any(|line| line.shipped > 0) {
        order.returns = returns::returns_of_order(conn, order.id)?;
    }
    let refunds = refunds::refunds_of_order(conn, order.id, order.total.currency)?;
    order.refunds = refunds.into_iter().map(|refund| refund.shown).collect();
    order.timeline = events::events_of_order(conn, &order.id.to_string())?;
    order.pay_by = pay_by(&order);
    Ok(Some(order))
}

fn pay_by(order: &Order) -> Option<Timestamp> {
    let waits = (order.status, order.payment_status) == (OrderStatus::Placed, PaymentStatus::Unpaid)
        && order.payment_method == BANK_TRANSFER;
    order.placed_at.filter(|_| waits).map(|placed_at| placed_at.plus(TRANSFER_TIME))
}

/// Orders, newest first.
pub(crate) async fn list_orders(shop: &Shop, ctx: &CallCtx, request: ListOrders) -> Outcome<Page<OrderSummary>> {
    if !Viewer::for_staff(ctx, Permission::ReadOrders)?.sees_all() {
        return Err(OrdersError::NotFound.into());
    }
    // A whole address finds its orders however it was spelled there.
    let searched = |text: String| text.parse().map_or(text, |email: Email| email.canonical()).trim().to_lowercase();
    let text = request.search.map(searched).filter(|text| !text.is_empty());
    if text.as_ref().is_some_and(|text| text.chars().count() > LONGEST_SEARCH) {
        let problem = format!("use at most {LONGEST_SEARCH} characters");
        return Err(OrdersError::invalid("search", problem).into());
    }
    let before = request.page.cursor.as_deref().map(str::parse).transpose();
    let before: Option<OrderId> = before.map_err(|_| CallError::bad_request("cursor: not one of this list"))?;
    let (view, limit) = (request.view, request.page.capped_limit());
    let rows =
        shop.db.read_long(move |conn| Ok(list::orders_page(conn, view, text.as_deref(), before, limit + 1)?)).await?;
    Ok(Page::from_one_too_many(rows, limit, |order| order.id.to_string()))
}
