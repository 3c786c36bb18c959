//! The journals: what is to be done for an order, by whom, and the steps outside this module.

use diesel::prelude::*;
use kernel::Timestamp;
use kernel::db::{AnyConnection, Keep as _};
use orders_api::OrderId;

use super::{from_json, insert_rows, moment, on_either, one_of, parsed, to_json};
use crate::journal::{Saga, SagaStatus, Step, StepStatus, key};
use crate::schema::{saga_steps, sagas};

/// Of the steps that this program takes.
const DEFINITION: i64 = 2;

impl SagaStatus {
    const ALL: [Self; 9] = [
        Self::Buying,
        Self::AwaitingPayment,
        Self::Expiring,
        Self::Canceling,
        Self::Recording,
        Self::Undoing,
        Self::RefundDue,
        Self::Refunding,
        Self::Finished,
    ];

    fn as_str(self) -> &'static str {
        match self {
            Self::Buying => "buying",
            Self::AwaitingPayment => "awaiting_payment",
            Self::Expiring => "expiring",
            Self::Canceling => "canceling",
            Self::Recording => "recording",
            Self::Undoing => "undoing",
            Self::Finished => "finished",
            Self::RefundDue => "refund_due",
            Self::Refunding => "refunding",
        }
    }
}

impl StepStatus {
    fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::GivenUp => "given_up",
        }
    }
}

type SagaColumns = (
    sagas::status,
    sagas::try_number,
    sagas::payment_method,
    sagas::payment_failure,
    sagas::detail,
    sagas::refusal,
    sagas::last_error,
    sagas::owner,
    sagas::epoch,
    sagas::lease_expires_at,
    sagas::attempts,
    sagas::next_attempt_at,
    sagas::gives_up_at,
    sagas::write_off,
);

/// The columns of [`SagaRow`].
pub(super) const SAGA: SagaColumns = (
    sagas::status,
    sagas::try_number,
    sagas::payment_method,
    sagas::payment_failure,
    sagas::detail,
    sagas::refusal,
    sagas::last_error,
    sagas::owner,
    sagas::epoch,
    sagas::lease_expires_at,
    sagas::attempts,
    sagas::next_attempt_at,
    sagas::gives_up_at,
    sagas::write_off,
);

#[derive(Queryable)]
pub(super) struct SagaRow {
    status: String,
    try_number: i64,
    payment_method: String,
    payment_failure: Option<String>,
    detail: Option<String>,
    refusal: Option<String>,
    last_error: Option<String>,
    owner: String,
    epoch: i64,
    lease_expires_at: i64,
    attempts: i64,
    next_attempt_at: Option<i64>,
    gives_up_at: i64,
    write_off: bool,
}

impl SagaRow {
    pub(super) fn into_saga(self) -> QueryResult<Saga> {
        Ok(Saga {
            status: one_of(&SagaStatus::ALL, SagaStatus::as_str, &self.status)?,
            try_number: self.try_number,
            payment_method: self.payment_method,
            payment_failure: self.payment_failure,
            detail: self.detail,
            refusal: self.refusal.as_deref().map(from_json).transpose()?,
            last_error: self.last_error,
            owner: self.owner,
            epoch: self.epoch,
            lease_expires_at: Timestamp(self.lease_expires_at),
            attempts: self.attempts,
            next_attempt_at: moment(self.next_attempt_at),
            gives_up_at: Timestamp(self.gives_up_at),
            write_off: self.write_off,
        })
    }
}

/// The journal of a new order.
pub(crate) fn saga_insert(conn: &mut AnyConnection, order_id: OrderId, saga: &Saga) -> QueryResult<()> {
    let row = (
        sagas::order_id.eq(order_id.to_string()),
        sagas::definition.eq(DEFINITION),
        sagas::status.eq(saga.status.as_str()),
        sagas::try_number.eq(saga.try_number),
        sagas::payment_method.eq(&saga.payment_method),
        sagas::owner.eq(&saga.owner),
        sagas::epoch.eq(saga.epoch),
        sagas::lease_expires_at.eq(saga.lease_expires_at.0),
        sagas::attempts.eq(saga.attempts),
        sagas::next_attempt_at.eq(saga.next_attempt_at.map(|at| at.0)),
        sagas::gives_up_at.eq(saga.gives_up_at.0),
    );
    diesel::insert_into(sagas::table).values(row).execute(conn)?;
    Ok(())
}

/// Whether `owner` owns the journal now, with the next epoch and until `until`. False when there is no journal, or when
/// someone else owns it for longer than `free_at`.
pub(crate) fn saga_claim(
    conn: &mut AnyConnection,
    order_id: OrderId,
    owner: &str,
    free_at: Timestamp,
    until: Timestamp,
) -> QueryResult<bool> {
    let free = sagas::table
        .find(order_id.to_string())
        .filter(sagas::lease_expires_at.le(free_at.0))
        .filter(sagas::definition.le(DEFINITION));
    let owned = (sagas::owner.eq(owner), sagas::epoch.eq(sagas::epoch + 1), sagas::lease_expires_at.eq(until.0));
    let claim = diesel::update(free).set(owned).kept();
    Ok(on_either!(conn => claim.execute(conn))? == 1)
}

/// Writes the journal down. False when its epoch has passed.
pub(crate) fn saga_save(conn: &mut AnyConnection, order_id: OrderId, saga: &Saga) -> QueryResult<bool> {
    let mine = sagas::table.find(order_id.to_string()).filter(sagas::epoch.eq(saga.epoch));
    let refusal = saga.refusal.as_ref().map(to_json).transpose()?;
    let row = (
        sagas::definition.eq(DEFINITION),
        sagas::status.eq(saga.status.as_str()),
        sagas::write_off.eq(saga.write_off),
        sagas::try_number.eq(saga.try_number),
        sagas::payment_method.eq(&saga.payment_method),
        sagas::payment_failure.eq(&saga.payment_failure),
        sagas::detail.eq(&saga.detail),
        sagas::refusal.eq(refusal),
        sagas::last_error.eq(&saga.last_error),
        sagas::lease_expires_at.eq(saga.lease_expires_at.0),
        sagas::attempts.eq(saga.attempts),
        sagas::next_attempt_at.eq(saga.next_attempt_at.map(|at| at.0)),
    );
    let save = diesel::update(mine).set(row).kept();
    Ok(on_either!(conn => save.execute(conn))? == 1)
}

/// There is news about a payment that someone waits for. Whether anyone does.
pub(crate) fn saga_nudge(conn: &mut AnyConnection, order_id: OrderId, now: Timestamp) -> QueryResult<bool> {
    let waiting = sagas::table.find(order_id.to_string()).filter(sagas::next_attempt_at.is_not_null());
    Ok(diesel::update(waiting).set(sagas::next_attempt_at.eq(now.0)).execute(conn)? == 1)
}

/// There is news about the money of an order, whose work may have been finished.
pub(crate) fn saga_reopen(conn: &mut AnyConnection, order_id: OrderId, now: Timestamp) -> QueryResult<()> {
    let finished = sagas::table.find(order_id.to_string()).filter(sagas::status.eq(SagaStatus::Finished.as_str()));
    let open = (sagas::status.eq(SagaStatus::AwaitingPayment.as_str()), sagas::next_attempt_at.eq(now.0));
    diesel::update(finished).set(open).execute(conn)?;
    Ok(())
}

/// Up to `limit` orders with something to do that nobody works on, the longest waiting first.
pub(crate) fn sagas_due(conn: &mut AnyConnection, now: Timestamp, limit: i64) -> QueryResult<Vec<OrderId>> {
    let ids: Vec<String> = sagas::table
        .filter(sagas::next_attempt_at.le(now.0))
        .filter(sagas::lease_expires_at.le(now.0))
        .filter(sagas::definition.le(DEFINITION))
        .order(sagas::next_attempt_at)
        .limit(limit)
        .select(sagas::order_id)
        .load(conn)?;
    ids.iter().map(|id| parsed(id)).collect()
}

/// These steps are about to be taken. One that was announced before is the same step. A compensation names the step that
/// it takes back, if that was ever announced: of an order that nobody began to pay none was.
pub(crate) fn steps_announce(
    conn: &mut AnyConnection,
    order_id: OrderId,
    try_number: i64,
    steps: &[Step],
    now: Timestamp,
) -> QueryResult<()> {
    let name = |step| key(order_id, step, try_number).to_string();
    let known: Vec<String> = match steps.iter().any(|step| step.undoes().is_some()) {
        true => saga_steps::table
            .filter(saga_steps::order_id.eq(order_id.to_string()))
            .select(saga_steps::key)
            .load(conn)?,
        false => Vec::new(),
    };
    let row = |step: &Step| {
        (
            saga_steps::key.eq(name(*step)),
            saga_steps::order_id.eq(order_id.to_string()),
            saga_steps::step.eq(step.name()),
            saga_steps::undoes.eq(step.undoes().map(name).filter(|undone| known.contains(undone))),
            saga_steps::status.eq("started"),
            saga_steps::started_at.eq(now.0),
        )
    };
    let rows: Vec<_> = steps.iter().map(row).collect();
    insert_rows!(conn, saga_steps::table, rows, on_conflict_do_nothing)
}

/// Those of `steps` that were announced and are not over are over now.
pub(crate) fn steps_end(
    conn: &mut AnyConnection,
    order_id: OrderId,
    steps: &[Step],
    status: StepStatus,
    now: Timestamp,
) -> QueryResult<()> {
    // Of refunds one at a time ends; of the others every attempt.
    let (numbered, named): (Vec<Step>, Vec<Step>) =
        steps.iter().partition(|step| matches!(step, Step::Refund(_) | Step::Restock(_) | Step::Receive(_)));
    let names: Vec<_> = named.iter().map(|step| step.name()).collect();
    let keys: Vec<_> = numbered.iter().map(|step| key(order_id, *step, 0).to_string()).collect();
    let started = saga_steps::table
        .filter(saga_steps::order_id.eq(order_id.to_string()))
        .filter(saga_steps::status.eq("started"))
        .filter(saga_steps::step.eq_any(names).or(saga_steps::key.eq_any(keys)));
    let end =
        diesel::update(started).set((saga_steps::status.eq(status.as_str()), saga_steps::ended_at.eq(now.0))).kept();
    on_either!(conn => end.execute(conn))?;
    Ok(())
}
