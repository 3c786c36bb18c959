//! The journal: how far the work on an order is, who owns it, and what one unit of work writes down about it.
//!
//! The journal of an order says what its next owner has to do. An owner takes it for a lease, with a growing epoch that
//! every write of theirs checks, so that who was too slow can change nothing any more. Before a step outside this
//! module there is a row for it, and its key comes from the order and the step: whoever repeats it, after a crash or at
//! the same time, asks for the same effect.

use std::time::Duration;

use kernel::db::AnyConnection;
use kernel::trace::TraceContext;
use kernel::{CallError, IdempotencyKey, Money, NotExecuted, Timestamp, outbox};
use orders_api::{
    FulfillmentShipped, OrderCanceled, OrderCoupon, OrderGiftCard, OrderId, OrderPaid, OrderPlaced, OrderProgress,
    OrderRefunded, OrderStatus, OrdersError, PaymentStatus, RefundStatus, ReturnChanged, ReturnId, ReturnStatus,
};

use crate::Outcome;
use crate::status::{Happening, Status};
use crate::store::refunds::{self, NewRefund, RefundTurn};
use crate::store::{events, orders, returns, sagas};

/// How long an owner may work before another one takes over. Each write of the owner begins it anew.
pub(crate) const LEASE: Duration = Duration::from_secs(10);

/// What the next owner of an order has to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SagaStatus {
    /// Hold the stock, start the payment, promise the stock: repeated from the start, whatever was done before.
    Buying,
    /// Ask billing what became of the money, and go on when it is there.
    AwaitingPayment,
    /// End the order unless it turns out to be paid: nobody paid in time.
    Expiring,
    /// End the order unless it turns out to be paid: someone wants so.
    Canceling,
    /// Tell billing of money that staff saw.
    Recording,
    /// The order has ended: take back what its steps did.
    Undoing,
    /// The order has ended, and money is there: write down that it goes back.
    RefundDue,
    /// Tell billing of refunds, ask what became of them, and put on the shelf what came back.
    Refunding,
    /// Nothing.
    Finished,
}

impl SagaStatus {
    /// Whether nothing is left to do.
    pub(crate) fn is_terminal(self) -> bool {
        self == Self::Finished
    }
}

/// A step outside this module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Reserve,
    Pay,
    Allocate,
    CancelPayment,
    Release,
    RecordPayment,
    /// Of the refund with this number.
    Refund(i64),
    /// Of the refund with this number.
    Restock(i64),
    /// What came with the return with this number goes on the shelf, or is written off.
    Receive(i64),
}

impl Step {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Reserve => "reserve",
            Self::Pay => "pay",
            Self::Allocate => "allocate",
            Self::CancelPayment => "cancel_payment",
            Self::Release => "release",
            Self::RecordPayment => "record_payment",
            Self::Refund(_) => "refund",
            Self::Restock(_) => "restock",
            Self::Receive(_) => "receive",
        }
    }

    /// The step that this one takes back.
    pub(crate) fn undoes(self) -> Option<Self> {
        match self {
            Self::Release => Some(Self::Reserve),
            Self::CancelPayment => Some(Self::Pay),
            _ => None,
        }
    }
}

/// What became of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StepStatus {
    /// It had its effect.
    Done,
    /// It will not be repeated. What effect it had, if any, is taken back by another step.
    GivenUp,
}

/// The journal of an order.
#[derive(Clone, Debug)]
pub(crate) struct Saga {
    pub(crate) status: SagaStatus,
    /// The shopper's attempts to pay.
    pub(crate) try_number: i64,
    /// Of this attempt.
    pub(crate) payment_method: String,
    /// Why the latest attempt failed.
    pub(crate) payment_failure: Option<String>,
    /// Why the order is to be canceled, or the reference of the money that staff saw.
    pub(crate) detail: Option<String>,
    /// Why the order was given up, for those who wait for it.
    pub(crate) refusal: Option<OrdersError>,
    /// What went wrong last, for people who look.
    pub(crate) last_error: Option<String>,
    pub(crate) owner: String,
    pub(crate) epoch: i64,
    /// When another owner may take over; 0 when nobody works on it.
    pub(crate) lease_expires_at: Timestamp,
    /// In a row without any progress.
    pub(crate) attempts: i64,
    /// When there is something to do; none in a terminal status.
    pub(crate) next_attempt_at: Option<Timestamp>,
    /// When an order that is not paid expires.
    pub(crate) gives_up_at: Timestamp,
    /// Whether the goods of an order that is canceled are lost.
    pub(crate) write_off: bool,
}

impl Saga {
    /// Nobody works on it from now on, and somebody shall do so at `next`.
    pub(crate) fn rest(&mut self, next: Timestamp) {
        self.lease_expires_at = Timestamp(0);
        self.next_attempt_at = (!self.status.is_terminal()).then_some(next);
    }

    /// Nothing is left to do.
    pub(crate) fn end(&mut self) {
        self.status = SagaStatus::Finished;
        self.lease_expires_at = Timestamp(0);
        self.next_attempt_at = None;
    }

    /// Whether someone works on it at `now`.
    pub(crate) fn is_owned(&self, now: Timestamp) -> bool {
        self.lease_expires_at > now
    }
}

/// What the work on an order needs to know of it.
#[derive(Clone, Debug)]
pub(crate) struct Head {
    pub(crate) id: OrderId,
    pub(crate) number: String,
    pub(crate) cart_id: String,
    pub(crate) cart_version: i64,
    pub(crate) status: Status,
    pub(crate) total: Money,
    /// What of the total gift cards pay.
    pub(crate) gift_cards: Vec<OrderGiftCard>,
    /// What of the total was never paid, of an order that had ended when money came for it.
    pub(crate) unpaid: i64,
    /// The codes that reduced it.
    pub(crate) coupons: Vec<OrderCoupon>,
    pub(crate) payment_method: String,
    pub(crate) payment_instructions: Vec<(String, String)>,
    /// The number of its events.
    pub(crate) version: i64,
    pub(crate) placed_at: Option<Timestamp>,
}

impl Head {
    /// What has to be paid otherwise than by gift cards.
    pub(crate) fn due(&self) -> Money {
        let by_gift_cards: i64 = self.gift_cards.iter().map(|part| part.amount.amount).sum();
        Money::new(self.total.amount - by_gift_cards, self.total.currency)
    }

    /// What was paid, once money has arrived.
    pub(crate) fn paid(&self) -> i64 {
        self.total.amount - self.unpaid
    }
}

/// An order and its journal.
#[derive(Clone, Debug)]
pub(crate) struct Purchase {
    pub(crate) order: Head,
    pub(crate) saga: Saga,
}

impl Purchase {
    /// The key of a step. Holding stock and paying are repeated by each attempt of the shopper, all others happen once.
    pub(crate) fn key(&self, step: Step) -> IdempotencyKey {
        key(self.order.id, step, self.saga.try_number)
    }

    /// How far the shopper is, as it is written down.
    pub(crate) fn progress(&self) -> OrderProgress {
        match (self.order.status.order, self.saga.status) {
            (OrderStatus::Placed | OrderStatus::Completed, _) => OrderProgress::Placed,
            (OrderStatus::Pending, SagaStatus::AwaitingPayment) => {
                let failure = self.saga.payment_failure.clone();
                failure.map_or(OrderProgress::Waiting, |failure| OrderProgress::PaymentFailed { failure })
            }
            (OrderStatus::Pending, _) => OrderProgress::Waiting,
            (status, _) => OrderProgress::Ended { status },
        }
    }

    /// Whether refunds and returns may begin: nothing is left to do, or only more of them, or news of money is to be looked
    /// at, which is done after them too.
    pub(crate) fn is_free(&self) -> bool {
        match self.saga.status {
            SagaStatus::Finished | SagaStatus::Refunding => true,
            SagaStatus::AwaitingPayment => self.order.status.order != OrderStatus::Pending,
            _ => false,
        }
    }

    /// Whether an unpaid order is too old to be paid any more.
    pub(crate) fn is_late(&self, now: Timestamp) -> bool {
        self.order.status.order == OrderStatus::Pending && now >= self.saga.gives_up_at
    }
}

/// The key of a step of an order.
pub(crate) fn key(order_id: OrderId, step: Step, try_number: i64) -> IdempotencyKey {
    match step {
        Step::Reserve | Step::Pay => IdempotencyKey::of(order_id, &format!("{}/{try_number}", step.name())),
        Step::Refund(number) | Step::Restock(number) | Step::Receive(number) => {
            IdempotencyKey::of(order_id, &format!("{}/{number}", step.name()))
        }
        _ => IdempotencyKey::of(order_id, step.name()),
    }
}

/// Something that happened, for the timeline.
#[derive(Clone, Debug)]
pub(crate) struct Happened {
    pub(crate) kind: &'static str,
    pub(crate) message: String,
    /// Of the order, afterwards.
    pub(crate) status: OrderStatus,
}

enum Fact {
    Placed(OrderPlaced),
    Paid(OrderPaid),
    Canceled(OrderCanceled),
    Refunded(OrderRefunded),
    Return(ReturnChanged),
    Shipped(FulfillmentShipped),
}

/// Who changes something, when, and as part of what.
#[derive(Clone, Debug)]
pub(crate) struct Act {
    pub(crate) actor: String,
    pub(crate) at: Timestamp,
    pub(crate) trace: TraceContext,
}

/// What one unit of work writes about an order whose journal it owns.
pub(crate) struct Entry {
    /// As it will be.
    pub(crate) purchase: Purchase,
    act: Act,
    events: Vec<Happened>,
    announced: Vec<Step>,
    ended: Vec<(Vec<Step>, StepStatus)>,
    facts: Vec<Fact>,
    refunds: Vec<RefundTurn>,
    new_refund: Option<NewRefund>,
}

impl Entry {
    /// Nothing yet.
    pub(crate) fn new(purchase: Purchase, act: Act) -> Self {
        let (events, announced, ended, facts, refunds) = (Vec::new(), Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Self { purchase, act, events, announced, ended, facts, refunds, new_refund: None }
    }

    /// When it is written.
    pub(crate) fn at(&self) -> Timestamp {
        self.act.at
    }

    /// The one place where the statuses of an order change.
    ///
    /// # Errors
    /// It cannot happen to the order as it is; a fault of the caller.
    pub(crate) fn happen(&mut self, happening: Happening, message: &str) -> Outcome<()> {
        let order = &mut self.purchase.order;
        let illegal = || CallError::Internal(format!("{happening:?} cannot happen to {:?}", order.status));
        order.status = order.status.after(happening).ok_or_else(illegal)?;
        if happening == Happening::Placed {
            order.placed_at = Some(self.act.at);
        }
        self.facts.extend(fact(order, happening, message));
        self.note(happening.kind(), message);
        Ok(())
    }

    /// Something for the timeline that changes no status.
    pub(crate) fn note(&mut self, kind: &'static str, message: &str) {
        let status = self.purchase.order.status.order;
        self.events.push(Happened { kind, message: message.to_owned(), status });
    }

    /// Tells that a parcel left.
    pub(crate) fn tell_shipped(&mut self, shipped: FulfillmentShipped) {
        self.facts.push(Fact::Shipped(shipped));
    }

    /// Tells how a return is now.
    pub(crate) fn tell_return(&mut self, return_id: ReturnId, status: ReturnStatus) {
        let order_id = self.purchase.order.id;
        self.facts.push(Fact::Return(ReturnChanged { order_id, return_id, status }));
    }

    /// Money goes back from now on: billing is told of it in the next turn.
    pub(crate) fn begin_refund(&mut self, refund: NewRefund) {
        self.note("refund_started", &format!("Refund of {}: {}", refund.amount, refund.reason));
        self.announced.push(Step::Refund(refund.number));
        if !refund.came_back.goods.is_empty() {
            self.announced.push(Step::Restock(refund.number));
        }
        let saga = &mut self.purchase.saga;
        saga.status = SagaStatus::Refunding;
        saga.attempts = 0;
        self.new_refund = Some(refund);
    }

    /// What is known now of a refund. `returned` is what all refunds of the order have given back with it.
    ///
    /// # Errors
    /// As [`Entry::happen`].
    pub(crate) fn turn_refund(&mut self, turn: RefundTurn, returned: i64) -> Outcome<()> {
        let order = &self.purchase.order;
        match turn.status {
            RefundStatus::Succeeded => {
                let is_all = returned >= order.paid();
                let status = if is_all { PaymentStatus::Refunded } else { PaymentStatus::PartiallyRefunded };
                let told = OrderRefunded {
                    order_id: order.id,
                    number: order.number.clone(),
                    refund: turn.number,
                    amount: turn.amount,
                };
                self.facts.push(Fact::Refunded(told));
                self.happen(Happening::Refunded(status), &format!("{} refunded", turn.amount))?;
            }
            RefundStatus::Failed => {
                let cause = turn.failure.as_deref().unwrap_or("no reason given");
                self.note("refund_failed", &format!("Refund of {} failed: {cause}", turn.amount));
            }
            _ => {}
        }
        let step = if turn.status == RefundStatus::Failed { StepStatus::GivenUp } else { StepStatus::Done };
        self.end_steps(&[Step::Refund(turn.number)], step);
        self.refunds.push(turn);
        Ok(())
    }

    /// These steps are about to be taken.
    pub(crate) fn announce(&mut self, steps: &[Step]) {
        self.announced.extend(steps);
    }

    /// Those of `steps` that were announced are over.
    pub(crate) fn end_steps(&mut self, steps: &[Step], status: StepStatus) {
        self.ended.push((steps.to_vec(), status));
    }

    /// Writes it, and gives the purchase as it is now.
    ///
    /// # Errors
    /// [`NotExecuted::Conflict`] when another owner has taken over; nothing is written then.
    pub(crate) fn write(self, conn: &mut AnyConnection) -> Outcome<Purchase> {
        let Self { mut purchase, act, events: happened, announced, ended, facts, refunds, new_refund } = self;
        let order_id = purchase.order.id;
        if !sagas::saga_save(conn, order_id, &purchase.saga)? {
            return Err(CallError::not_executed(NotExecuted::Conflict));
        }
        if !happened.is_empty() {
            let seen = purchase.order.version;
            purchase.order.version += i64::try_from(happened.len()).map_err(internal)?;
            if !orders::order_save(conn, &purchase.order, seen)? {
                return Err(CallError::not_executed(NotExecuted::Conflict));
            }
            events::events_insert(conn, order_id, seen, &happened, &act)?;
        }
        if let Some(refund) = new_refund {
            refunds::refund_insert(conn, order_id, &refund, &act)?;
        }
        for turn in refunds {
            if !refunds::refund_turn(conn, order_id, &turn, act.at)? {
                return Err(CallError::not_executed(NotExecuted::Conflict));
            }
            if turn.status != RefundStatus::Pending {
                let has_succeeded = turn.status == RefundStatus::Succeeded;
                returns::return_paid_back(conn, order_id, turn.number, has_succeeded, act.at)?;
            }
        }
        for (steps, status) in ended {
            sagas::steps_end(conn, order_id, &steps, status, act.at)?;
        }
        sagas::steps_announce(conn, order_id, purchase.saga.try_number, &announced, act.at)?;
        for fact in facts {
            fact.publish(conn, act.trace)?;
        }
        Ok(purchase)
    }
}

/// What the neighbours are told of it.
fn fact(order: &Head, happening: Happening, message: &str) -> Option<Fact> {
    let (order_id, number) = (order.id, order.number.clone());
    match happening {
        Happening::Placed => Some(Fact::Placed(OrderPlaced {
            order_id,
            number,
            cart_id: order.cart_id.clone(),
            cart_version: order.cart_version,
            total: order.total,
            coupons: order.coupons.clone(),
        })),
        // Money for an order that is not placed is not yet good news.
        Happening::Paid if order.placed_at.is_some() && !order.status.has_ended() => {
            Some(Fact::Paid(OrderPaid { order_id, number }))
        }
        // Those who hold something for it let go of it, also when it never was placed.
        Happening::Canceled | Happening::Expired => Some(Fact::Canceled(OrderCanceled {
            order_id,
            number,
            reason: message.to_owned(),
            cart_id: order.cart_id.clone(),
            cart_version: order.cart_version,
            coupons: order.coupons.clone(),
            was_placed: order.placed_at.is_some(),
        })),
        Happening::Paid | Happening::Shipped(_) | Happening::Refunded(_) => None,
    }
}

impl Fact {
    fn publish(&self, conn: &mut AnyConnection, trace: TraceContext) -> Outcome<()> {
        match self {
            Self::Placed(event) => outbox::publish(conn, trace, event)?,
            Self::Paid(event) => outbox::publish(conn, trace, event)?,
            Self::Canceled(event) => outbox::publish(conn, trace, event)?,
            Self::Refunded(event) => outbox::publish(conn, trace, event)?,
            Self::Return(event) => outbox::publish(conn, trace, event)?,
            Self::Shipped(event) => outbox::publish(conn, trace, event)?,
        }
        Ok(())
    }
}

/// A fault of this module.
pub(crate) fn internal(error: impl std::fmt::Display) -> CallError<OrdersError> {
    CallError::Internal(error.to_string())
}
