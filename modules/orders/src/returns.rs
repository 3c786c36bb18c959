//! Goods that come back: asked for, approved, received line by line, and paid back.

use accounts_api::Permission;
use kernel::db::AnyConnection;
use kernel::{CallCtx, Money};
use orders_api::{
    FulfillmentLine, HandleReturn, Order, OrderLine, OrderStatus, OrdersError, ReceivedLine, RefundTo, RequestReturn,
    Return, ReturnAction, ReturnId, ReturnLine, ReturnStatus,
};

use crate::Outcome;
use crate::find::{Viewer, changed_order};
use crate::journal::{Act, Entry, SagaStatus, Step, internal};
use crate::pack::sorted;
use crate::refund::{Back, begin_refund, check_location};
use crate::store::orders;
use crate::store::refunds::CameBack;
use crate::store::returns::{self, ReturnTurn};
use crate::words::check_words;
use crate::work::{Claim, Errand, Shop, not_allowed, when_free};

static NOTHING: CameBack = CameBack { location_id: None, goods: Vec::new() };

/// Writes down what someone wants to send back. What the shop itself writes down is approved with it.
pub(crate) async fn request_return(shop: &Shop, ctx: &CallCtx, request: RequestReturn) -> Outcome<Order> {
    let viewer = Viewer::owner_or_staff(ctx)?;
    check_words("reason", &request.reason, 1)?;
    let id = ReturnId::new();
    when_free(|| {
        let (claim, act, viewer, wanted) = (shop.claim(), shop.act(ctx), viewer.clone(), request.clone());
        let begin = move |conn: &mut AnyConnection| ask(conn, &claim, &viewer, (&wanted, id), act);
        shop.db.write_once(request.key.to_string(), "request_return", &request, begin)
    })
    .await?;
    changed_order(shop, request.order_id).await
}

fn ask(
    conn: &mut AnyConnection,
    claim: &Claim,
    viewer: &Viewer,
    (wanted, id): (&RequestReturn, ReturnId),
    act: Act,
) -> Outcome<()> {
    let purchase = claim.for_this_unit(conn, wanted.order_id, viewer)?;
    if !matches!(purchase.order.status.order, OrderStatus::Placed | OrderStatus::Completed) {
        return Err(not_allowed("returned", purchase.order.status.in_words()));
    }
    let known = orders::lines_of_order(conn, wanted.order_id, purchase.order.total.currency)?;
    let lines = sorted("lines", &wanted.lines)?;
    for part in &lines {
        want_back(conn, wanted, &known, part)?;
    }
    let number = i64::try_from(returns::returns_of_order(conn, wanted.order_id)?.len()).map_err(internal)? + 1;
    let line = |part: &FulfillmentLine| ReturnLine {
        order_line_id: part.order_line_id,
        quantity: part.quantity.get(),
        restocked: 0,
        written_off: 0,
    };
    let mut entry = Entry::new(purchase, act);
    let new = Return {
        id,
        number,
        status: if viewer.sees_all() { ReturnStatus::Approved } else { ReturnStatus::Requested },
        lines: lines.iter().map(line).collect(),
        reason: wanted.reason.trim().to_owned(),
        answer: None,
        refund: None,
        created_at: entry.at(),
    };
    returns::return_insert(conn, wanted.order_id, &new, entry.at())?;
    returns::return_lines_insert(conn, id, &new.lines)?;
    let units: i64 = new.lines.iter().map(|line| line.quantity).sum();
    entry.note("return_requested", &format!("Return {number} of {units} asked for: {}", new.reason));
    entry.tell_return(id, new.status);
    entry.write(conn)?;
    Ok(())
}

/// Counts what is to come back of a line.
fn want_back(
    conn: &mut AnyConnection,
    wanted: &RequestReturn,
    known: &[OrderLine],
    part: &FulfillmentLine,
) -> Outcome<()> {
    let Some(line) = known.iter().find(|line| line.id == part.order_line_id) else {
        let problem = format!("{} is not a line of this order", part.order_line_id);
        return Err(OrdersError::invalid("lines", problem).into());
    };
    if orders::line_back(conn, wanted.order_id, &line.id.to_string(), 0, part.quantity.get())? {
        return Ok(());
    }
    Err(OrdersError::invalid("lines", format!("at most {} of {} can come back", line.away(), line.title)).into())
}

/// Takes a return one step further. Shoppers may only take theirs back.
pub(crate) async fn handle_return(shop: &Shop, ctx: &CallCtx, request: HandleReturn) -> Outcome<Order> {
    let viewer = match request.action {
        ReturnAction::Cancel => Viewer::owner_or_staff(ctx)?,
        _ => Viewer::for_staff(ctx, Permission::ManageOrders)?,
    };
    match &request.action {
        ReturnAction::Approve { instructions } => check_words("instructions", instructions, 0)?,
        ReturnAction::Reject { reason } => check_words("reason", reason, 1)?,
        ReturnAction::Receive { location_id, .. } => check_location(location_id.as_deref())?,
        _ => {}
    }
    when_free(|| {
        let (claim, act, viewer, wanted) = (shop.claim(), shop.act(ctx), viewer.clone(), request.clone());
        let begin = move |conn: &mut AnyConnection| handle(conn, &claim, &viewer, &wanted, act);
        shop.db.write_once(request.key.to_string(), "handle_return", &request, begin)
    })
    .await?;
    let errand = Errand::new(&viewer, |status| status == SagaStatus::Refunding);
    shop.carry_on(ctx, request.order_id, errand).await?;
    changed_order(shop, request.order_id).await
}

fn handle(conn: &mut AnyConnection, claim: &Claim, viewer: &Viewer, wanted: &HandleReturn, act: Act) -> Outcome<()> {
    let purchase = claim.for_this_unit(conn, wanted.order_id, viewer)?;
    let all = returns::returns_of_order(conn, wanted.order_id)?;
    let found = all.into_iter().find(|found| found.id == wanted.return_id).ok_or(OrdersError::NotFound)?;
    let mut entry = Entry::new(purchase, act);
    match &wanted.action {
        ReturnAction::Approve { instructions } => {
            let answer = Some(instructions.trim()).filter(|text| !text.is_empty());
            turn(conn, &entry, wanted, &found, &decided(ReturnStatus::Approved, answer))?;
            entry.note("return_approved", &format!("Return {} approved", found.number));
            entry.tell_return(found.id, ReturnStatus::Approved);
        }
        ReturnAction::Reject { reason } => {
            turn(conn, &entry, wanted, &found, &decided(ReturnStatus::Rejected, Some(reason.trim())))?;
            keep(conn, wanted, &found)?;
            entry.note("return_rejected", &format!("Return {} rejected: {}", found.number, reason.trim()));
            entry.tell_return(found.id, ReturnStatus::Rejected);
        }
        ReturnAction::Cancel => {
            let from = &[ReturnStatus::Requested, ReturnStatus::Approved];
            let canceled = ReturnTurn { from, ..decided(ReturnStatus::Canceled, None) };
            turn(conn, &entry, wanted, &found, &canceled)?;
            keep(conn, wanted, &found)?;
            entry.note("return_canceled", &format!("Return {} taken back", found.number));
        }
        ReturnAction::Receive { lines, location_id } => {
            receive(conn, &mut entry, wanted, &found, (lines.as_slice(), location_id.as_deref()))?;
        }
        ReturnAction::Refund { amount, to } => pay_back(conn, &mut entry, wanted, &found, (*amount, *to))?,
        _ => return Err(OrdersError::invalid("action", "this release does not know it").into()),
    }
    entry.write(conn)?;
    Ok(())
}

/// The shop has said what it thinks of a request.
fn decided(to: ReturnStatus, answer: Option<&str>) -> ReturnTurn<'_> {
    ReturnTurn { from: &[ReturnStatus::Requested], to, answer, came_back: &NOTHING }
}

fn turn(
    conn: &mut AnyConnection,
    entry: &Entry,
    wanted: &HandleReturn,
    found: &Return,
    turn: &ReturnTurn<'_>,
) -> Outcome<()> {
    let turned = returns::return_turn(conn, wanted.order_id, found.id, turn, entry.at())?;
    if turned { Ok(()) } else { Err(not_allowed(turn.to.as_str(), found.status.as_str())) }
}

/// The shopper keeps what was to come back.
fn keep(conn: &mut AnyConnection, wanted: &HandleReturn, found: &Return) -> Outcome<()> {
    for line in &found.lines {
        let id = line.order_line_id.to_string();
        if !orders::line_back(conn, wanted.order_id, &id, 0, -line.quantity)? {
            return Err(internal(format!("{id} was to come back with {}, and is not counted", found.id)));
        }
    }
    Ok(())
}

/// The goods are here; inventory is told of them next.
fn receive(
    conn: &mut AnyConnection,
    entry: &mut Entry,
    wanted: &HandleReturn,
    found: &Return,
    (came, location_id): (&[ReceivedLine], Option<&str>),
) -> Outcome<()> {
    if found.status != ReturnStatus::Approved {
        return Err(not_allowed("received", found.status.as_str()));
    }
    if !entry.purchase.is_free() {
        return Err(not_allowed("received", "being changed"));
    }
    let known = orders::lines_of_order(conn, wanted.order_id, entry.purchase.order.total.currency)?;
    let (mut goods, mut units) = (Vec::new(), 0);
    for line in &found.lines {
        let part = came.iter().find(|part| part.order_line_id == line.order_line_id);
        let (restocked, written_off) = part.map_or((0, 0), |part| (part.restock, part.write_off));
        let is_possible = restocked >= 0
            && written_off >= 0
            && restocked.checked_add(written_off).is_some_and(|both| both <= line.quantity);
        let received = ReturnLine { restocked, written_off, ..line.clone() };
        if !is_possible || !returns::return_line_receive(conn, found.id, &received)? {
            let problem = format!("of {} at most {} can have come", line.order_line_id, line.quantity);
            return Err(OrdersError::invalid("lines", problem).into());
        }
        let id = line.order_line_id.to_string();
        if !orders::line_back(conn, wanted.order_id, &id, restocked + written_off, -line.quantity)? {
            return Err(internal(format!("{id} was to come back with {}, and is not counted", found.id)));
        }
        units += restocked + written_off;
        if let Some(known) = known.iter().find(|known| known.id == line.order_line_id) {
            let parts = [(restocked, false), (written_off, true)].into_iter().filter(|(units, _)| *units > 0);
            goods.extend(parts.map(|(units, is_lost)| (known.variant_id.clone(), units, is_lost)));
        }
    }
    let is_strange = |part: &ReceivedLine| !found.lines.iter().any(|line| line.order_line_id == part.order_line_id);
    if units == 0 || came.len() > found.lines.len() || came.iter().any(is_strange) {
        return Err(OrdersError::invalid("lines", "say how many of at least one line of this return came").into());
    }
    let came_back = CameBack { location_id: location_id.map(str::to_owned), goods };
    let received =
        ReturnTurn { from: &[ReturnStatus::Approved], to: ReturnStatus::Received, answer: None, came_back: &came_back };
    turn(conn, entry, wanted, found, &received)?;
    entry.note("return_received", &format!("Return {} received: {units}", found.number));
    entry.tell_return(found.id, ReturnStatus::Received);
    entry.announce(&[Step::Receive(found.number)]);
    let at = entry.at();
    let saga = &mut entry.purchase.saga;
    saga.status = SagaStatus::Refunding;
    saga.attempts = 0;
    saga.rest(at);
    Ok(())
}

/// The money for what came goes back.
fn pay_back(
    conn: &mut AnyConnection,
    entry: &mut Entry,
    wanted: &HandleReturn,
    found: &Return,
    (amount, to): (Money, RefundTo),
) -> Outcome<()> {
    let (reason, came_back) = (format!("Return {}", found.number), CameBack::default());
    let number = begin_refund(conn, entry, Back { amount, to, reason, came_back })?;
    if !returns::return_pay_back(conn, wanted.order_id, found.id, number, entry.at())? {
        let status = if found.refund.is_some() { "being refunded" } else { found.status.as_str() };
        return Err(not_allowed("refunded", status));
    }
    Ok(())
}
