//! One owner's turn with an order: carries it through its steps outside this module, as far as it can go now.
//!
//! Nothing is written between steps that can simply be repeated, so that a purchase which needs no provider's word costs
//! two commits here: one that creates the order with its journal, and one that places it.

use std::ops::ControlFlow::{self, Break, Continue};
use std::time::Duration;

use billing_api::{
    BillingError, EndPayment, FindPayment, GiftCardUse, Payment, PaymentNext, PaymentRefund, PaymentSession,
    SessionStatus, StartPayment,
};
use inventory_api::{Allocate, InventoryError, Release, Reserve, ReserveLine, Restock, RestockLine, Shortage};
use kernel::{CallCtx, CallError, IdempotencyKey, Money, NotExecuted, Quantity, Timestamp};
use orders_api::{
    OrderGiftCard, OrderLine, OrderProgress, OrderRefund, OrderStatus, OrdersError, PAYMENT_LINK, PaymentStatus,
    RefundStatus, RefundTo, ShortLine,
};
use tokio::time::sleep;

use crate::Outcome;
use crate::journal::{Act, Entry, LEASE, Purchase, SagaStatus, Step, StepStatus, internal};
use crate::status::Happening;
use crate::store::orders::email_of_order;
use crate::store::refunds::{CameBack, NewRefund, RefundTurn, StoredRefund, refund_restocked, refunds_of_order};
use crate::store::returns::{return_shelved, returns_to_shelve};
use crate::work::{Report, Shop, for_the_shop};

/// How long stock is held for a shopper who pays.
const HOLD_SECONDS: u32 = 600;
/// Inventory takes back so many lines at once.
const LINES_AT_ONCE: usize = 200;
/// How long one step may take: three of them fit into a lease.
const STEP_TIMEOUT: Duration = Duration::from_secs(3);
/// Pauses before a step is repeated that met another change.
const CONFLICT_PAUSES: [Duration; 3] =
    [Duration::from_millis(10), Duration::from_millis(40), Duration::from_millis(120)];
/// Pauses before a purchase is looked at again, the last one for ever.
const PAUSES: [Duration; 3] = [Duration::from_secs(5), Duration::from_secs(15), Duration::from_secs(60)];
/// More of an error would help nobody.
const LONGEST_ERROR: usize = 500;

/// A turn. It ends when nothing more can be done now; whoever comes next begins where the journal says.
pub(crate) struct Turn<'a> {
    shop: &'a Shop,
    ctx: CallCtx,
    actor: String,
    purchase: Purchase,
    lines: Vec<ShortLine>,
    wanted: Vec<ReserveLine>,
    /// Billing was asked in this turn what became of refunds.
    has_asked: bool,
    /// Nobody waits for this turn, so that it can wait for a neighbour who is away.
    is_patient: bool,
    failure: Option<CallError<OrdersError>>,
}

/// Why a step did not succeed.
enum Trouble {
    /// The neighbour refused.
    Refused(OrdersError),
    /// The neighbour is away, or failed, and may have done it.
    Neighbor(CallError<OrdersError>),
    /// Our own data cannot be used, or is someone else's now.
    Own(CallError<OrdersError>),
}

/// Whether the turn goes on.
type Flow = Result<ControlFlow<OrderProgress>, Trouble>;

impl<'a> Turn<'a> {
    /// A turn with an order that this process owns.
    pub(crate) fn new(shop: &'a Shop, ctx: &CallCtx, purchase: Purchase, lines: &[OrderLine]) -> Self {
        let short = |line: &OrderLine| ShortLine {
            variant_id: line.variant_id.clone(),
            title: line.title.clone(),
            available: 0,
        };
        let wanted = |line: &OrderLine| ReserveLine::new(&line.variant_id, line.quantity);
        Self {
            shop,
            ctx: for_the_shop(ctx),
            actor: ctx.principal.actor(),
            purchase,
            lines: lines.iter().map(short).collect(),
            wanted: lines.iter().map(wanted).collect(),
            has_asked: false,
            is_patient: true,
            failure: None,
        }
    }

    /// The shopper waits for it: what cannot be done now is not tried again, but undone and refused.
    pub(crate) fn impatient(self) -> Self {
        Self { is_patient: false, ..self }
    }

    /// Goes as far as possible; `None` when it took too long and someone else has taken over.
    ///
    /// # Errors
    /// [`CallError::Unknown`] when our own data cannot be used: the lease runs out then, and someone else goes on.
    pub(crate) async fn go(mut self) -> Outcome<Option<Report>> {
        loop {
            let flow = match self.purchase.saga.status {
                SagaStatus::Buying => self.buy().await,
                SagaStatus::AwaitingPayment => self.ask().await,
                SagaStatus::Expiring | SagaStatus::Canceling => self.end_unless_paid().await,
                SagaStatus::Recording => self.record_payment().await,
                SagaStatus::Undoing => self.undo().await,
                SagaStatus::RefundDue => self.give_back().await,
                SagaStatus::Refunding => self.refund().await,
                SagaStatus::Finished => Ok(Break(self.purchase.progress())),
            };
            let flow = match flow {
                Err(Trouble::Refused(refusal)) => self.refuse(refusal).await,
                Err(Trouble::Neighbor(error)) => self.cope(error).await,
                flow => flow,
            };
            match flow {
                Ok(Continue(())) => {}
                Ok(Break(progress)) => return Ok(Some(self.report(progress))),
                Err(Trouble::Own(CallError::NotExecuted { reason: NotExecuted::Conflict, .. })) => return Ok(None),
                Err(Trouble::Own(error) | Trouble::Neighbor(error)) => return Err(self.unfinished(&error)),
                Err(Trouble::Refused(refusal)) => return Err(self.unfinished(&refusal.into())),
            }
        }
    }

    fn unfinished(&self, error: &CallError<OrdersError>) -> CallError<OrdersError> {
        let order_id = self.purchase.order.id;
        tracing::error!(%order_id, %error, "an order is left as it is until its lease runs out");
        CallError::Unknown(format!("it will be taken up again: {error}"))
    }

    fn report(self, progress: OrderProgress) -> Report {
        Report { purchase: self.purchase, progress, failure: self.failure }
    }

    /// Holds the stock, starts the payment and, when that needs no provider's word, places the order.
    async fn buy(&mut self) -> Flow {
        if self.is_late() {
            return self.expire().await;
        }
        self.reserve().await?;
        if self.purchase.order.total.amount == 0 {
            return self.place(true).await;
        }
        let Some(session) = self.start_payment().await? else {
            self.purchase.saga.status = SagaStatus::AwaitingPayment;
            return Ok(Continue(()));
        };
        self.purchase.order.payment_method.clone_from(&self.purchase.saga.payment_method);
        match session.next {
            _ if matches!(session.status, SessionStatus::Captured | SessionStatus::Authorized) => {
                self.purchase.saga.status = SagaStatus::AwaitingPayment;
                Ok(Continue(()))
            }
            PaymentNext::Instructions { lines } if !session.status.is_final() => {
                self.purchase.order.payment_instructions = lines;
                self.place(false).await
            }
            _ => self.await_payment(session).await,
        }
    }

    /// The shopper pays at the provider; the journal waits for what becomes of it.
    async fn await_payment(&mut self, session: PaymentSession) -> Flow {
        let mut entry = self.entry();
        entry.purchase.order.payment_instructions = Vec::new();
        let saga = &mut entry.purchase.saga;
        saga.status = SagaStatus::AwaitingPayment;
        saga.payment_failure = None;
        saga.attempts = 0;
        entry.note("payment_started", &format!("Sent to the payment page ({})", in_words(&session.method)));
        entry.end_steps(&[Step::Reserve, Step::Pay], StepStatus::Done);
        self.keep_waiting(entry, &session).await?;
        Ok(Break(match session.next {
            PaymentNext::Redirect { url } if !session.status.is_final() => OrderProgress::Pay { url },
            _ => self.purchase.progress(),
        }))
    }

    /// Promises the stock and places the order.
    async fn place(&mut self, is_paid: bool) -> Flow {
        match self.allocate().await {
            Err(Trouble::Refused(refusal)) => return self.sold_meanwhile(refusal, is_paid).await,
            allocated => allocated?,
        }
        let mut entry = self.entry();
        entry.happen(Happening::Placed, "Order placed")?;
        if is_paid {
            entry.happen(Happening::Paid, "Payment received")?;
        }
        entry.end_steps(&[Step::Reserve, Step::Pay, Step::Allocate], StepStatus::Done);
        entry.purchase.saga.end();
        self.write(entry).await?;
        Ok(Break(self.purchase.progress()))
    }

    /// The hold ran out, and someone else has bought what it held.
    async fn sold_meanwhile(&mut self, refusal: OrdersError, is_paid: bool) -> Flow {
        let mut entry = self.entry();
        if is_paid {
            entry.happen(Happening::Paid, "Payment received")?;
        }
        self.give_up(entry, Some(refusal), "It was sold before the payment was there").await?;
        Ok(Continue(()))
    }

    /// Asks billing what became of the money, and goes on when it is there.
    async fn ask(&mut self) -> Flow {
        // Whoever got a payment link and has not begun to pay is not known to billing.
        let is_link = self.purchase.saga.payment_method == PAYMENT_LINK;
        if is_link && !self.is_late() && self.payment().await?.is_none() {
            let mut entry = self.entry();
            let gives_up_at = entry.purchase.saga.gives_up_at;
            entry.purchase.saga.rest(gives_up_at);
            self.write(entry).await?;
            return Ok(Break(self.purchase.progress()));
        }
        let payment = match self.settle().await {
            // Whoever does not answer may still be able to end the payment.
            Err(Trouble::Neighbor(_)) if self.is_late() => return self.expire().await,
            payment => payment?,
        };
        if payment.is_paid() {
            return self.money_is_there().await;
        }
        if self.purchase.order.status.order != OrderStatus::Pending {
            return self.finish().await;
        }
        // The money is held for us: the goods can be promised, and taking it is a step of its own.
        if payment.is_secured() {
            return self.place(false).await;
        }
        if self.is_late() {
            return self.expire().await;
        }
        let mut entry = self.entry();
        entry.purchase.saga.attempts += 1;
        self.keep_waiting(entry, &payment.session).await?;
        Ok(Break(match payment.session.next {
            PaymentNext::Redirect { url } if payment.session.status == SessionStatus::RequiresAction => {
                OrderProgress::Pay { url }
            }
            _ => self.purchase.progress(),
        }))
    }

    async fn money_is_there(&mut self) -> Flow {
        match self.purchase.order.status.order {
            OrderStatus::Pending => self.place(true).await,
            OrderStatus::Canceled | OrderStatus::Expired => {
                let captured = self.payment().await?.map_or(self.purchase.order.total, |payment| payment.captured);
                self.refund_is_due(captured).await
            }
            // The news came later than the money.
            _ if self.purchase.order.status.payment.has_arrived() => self.finish().await,
            _ => {
                let mut entry = self.entry();
                entry.happen(Happening::Paid, "Payment received")?;
                entry.end_steps(&[Step::RecordPayment], StepStatus::Done);
                entry.purchase.saga.end();
                self.write(entry).await?;
                Ok(Break(self.purchase.progress()))
            }
        }
    }

    /// The money is not there. It will not come by this session when that has ended, but then another one may be opened.
    async fn keep_waiting(&mut self, mut entry: Entry, session: &PaymentSession) -> Result<(), Trouble> {
        let saga = &mut entry.purchase.saga;
        // A session that was captured without the order being paid is for people to look at; it has not failed.
        let has_failed = session.status.is_final() && session.status != SessionStatus::Captured;
        if has_failed && saga.payment_failure.is_none() {
            saga.payment_failure = Some(session.failure.clone().unwrap_or_else(|| "declined".to_owned()));
            let why = saga.payment_failure.as_deref().map(in_words).unwrap_or_default();
            entry.note("payment_failed", &format!("Payment failed ({why})"));
            self.let_go().await;
        }
        self.look_again(&mut entry);
        self.write(entry).await
    }

    /// Nobody paid in time: the next step ends the payment.
    async fn expire(&mut self) -> Flow {
        let mut entry = self.entry();
        entry.purchase.saga.status = SagaStatus::Expiring;
        entry.announce(undo_steps(&entry.purchase));
        self.write(entry).await?;
        Ok(Continue(()))
    }

    /// Ends the payment, which decides: either it cannot be paid any more, or it is paid.
    async fn end_unless_paid(&mut self) -> Flow {
        let is_paid = self.purchase.order.status.payment.has_arrived();
        if self.has_payment() && !is_paid && self.cancel_payment().await? {
            let payment = self.settle().await?;
            // A part that was taken does not keep the order: it goes back with the rest of what was done.
            if payment.is_paid() || payment.refundable().amount == 0 {
                return self.go_on_instead().await;
            }
        }
        let expires = self.purchase.saga.status == SagaStatus::Expiring;
        let reason = self.purchase.saga.detail.clone().unwrap_or_else(|| "Not paid in time".to_owned());
        let mut entry = self.entry();
        entry.happen(if expires { Happening::Expired } else { Happening::Canceled }, &reason)?;
        entry.end_steps(&[Step::Reserve, Step::Pay, Step::Allocate], StepStatus::GivenUp);
        entry.purchase.saga.status = SagaStatus::Undoing;
        self.write(entry).await?;
        Ok(Continue(()))
    }

    /// It is paid, so it does not end.
    async fn go_on_instead(&mut self) -> Flow {
        if !self.settle().await?.is_paid() {
            let cause = "money arrived that is not what is to be paid; billing has the evidence";
            return Err(Trouble::Neighbor(internal(cause)));
        }
        let mut entry = self.entry();
        entry.purchase.saga.status = SagaStatus::AwaitingPayment;
        entry.end_steps(&[Step::CancelPayment, Step::Release], StepStatus::GivenUp);
        self.write(entry).await?;
        self.money_is_there().await
    }

    /// Takes back what the steps of an order that has ended did, whatever that was.
    async fn undo(&mut self) -> Flow {
        self.release().await?;
        if self.has_payment() {
            self.cancel_payment().await?;
            // Money that arrived while the order was ended was not yet seen by anyone.
            let payment = self.payment().await?;
            if let Some(payment) = payment.as_ref().filter(|payment| payment.refundable().amount > 0) {
                return self.refund_is_due(payment.captured).await;
            }
            // All of it goes back already; what became of that is still to be asked.
            if payment.is_some_and(|payment| !payment.refunds.is_empty()) {
                let mut entry = self.entry();
                entry.end_steps(&[Step::Release, Step::CancelPayment], StepStatus::Done);
                entry.purchase.saga.status = SagaStatus::Refunding;
                self.write(entry).await?;
                return Ok(Continue(()));
            }
        }
        self.finish().await
    }

    /// The order shows it, and the money goes back next.
    async fn refund_is_due(&mut self, captured: Money) -> Flow {
        let mut entry = self.entry();
        refund_is_due(&mut entry, captured)?;
        entry.end_steps(&[Step::Release, Step::CancelPayment], StepStatus::Done);
        entry.purchase.saga.status = SagaStatus::RefundDue;
        self.write(entry).await?;
        Ok(Continue(()))
    }

    /// Writes down that all that is left of the money of an order that has ended goes back.
    async fn give_back(&mut self) -> Flow {
        let left = self.payment().await?.map(|payment| payment.refundable());
        let mut entry = self.entry();
        entry.purchase.saga.status = SagaStatus::Refunding;
        if let Some(amount) = left.filter(|left| left.amount > 0) {
            let number = self.refunds().await?.len() + 1;
            let number = i64::try_from(number).map_err(internal)?;
            let reason = self.purchase.saga.detail.clone().unwrap_or_else(|| "The order has ended".to_owned());
            let (to, came_back) = (RefundTo::Payment, CameBack::default());
            entry.begin_refund(NewRefund { number, amount, to, reason, came_back });
        }
        self.write(entry).await?;
        Ok(Continue(()))
    }

    /// Does the next thing that is to be done for the refunds of this order. The money comes first: nobody waits for it
    /// because a shelf cannot be reached.
    async fn refund(&mut self) -> Flow {
        let refunds = self.refunds().await?;
        let is_pending = |refund: &&StoredRefund| refund.shown.status == RefundStatus::Pending;
        if let Some(untold) = refunds.iter().filter(is_pending).find(|refund| refund.shown.refund_id.is_none()) {
            let turn = self.tell_refund(untold).await?;
            return self.turn_refunds(&refunds, vec![turn]).await;
        }
        if !self.has_asked && refunds.iter().any(|refund| is_pending(&refund)) {
            self.has_asked = true;
            let told = self.payment().await?.map(|payment| payment.refunds).unwrap_or_default();
            let news = refunds.iter().filter(is_pending).filter_map(|refund| news_of(refund, &told)).collect();
            return self.turn_refunds(&refunds, news).await;
        }
        if let Some(refund) = refunds.iter().find(|refund| !refund.came_back.goods.is_empty()) {
            return self.restock(refund).await;
        }
        let order_id = self.purchase.order.id;
        let to_shelve = self.shop.db.read(move |conn| Outcome::Ok(returns_to_shelve(conn, order_id)?)).await?;
        if let Some((number, came_back)) = to_shelve.into_iter().next() {
            return self.shelve(number, &came_back).await;
        }
        self.after_refunds().await
    }

    /// Nothing is left to do for refunds. What came back of an order that is not paid may have kept us from hearing that its
    /// money arrived.
    async fn after_refunds(&mut self) -> Flow {
        let status = self.purchase.order.status;
        if (status.order, status.payment) != (OrderStatus::Placed, PaymentStatus::Unpaid) {
            return self.finish().await;
        }
        let mut entry = self.entry();
        entry.purchase.saga.status = SagaStatus::AwaitingPayment;
        self.write(entry).await?;
        Ok(Continue(()))
    }

    /// Writes down what became of refunds.
    async fn turn_refunds(&mut self, refunds: &[StoredRefund], turns: Vec<RefundTurn>) -> Flow {
        let gone = refunds.iter().filter(|refund| refund.shown.status == RefundStatus::Succeeded);
        let mut returned: i64 = gone.map(|refund| refund.shown.amount.amount).sum();
        let mut entry = self.entry();
        for turn in turns {
            if turn.status == RefundStatus::Succeeded {
                returned += turn.amount.amount;
            }
            entry.turn_refund(turn, returned)?;
        }
        self.write(entry).await?;
        Ok(Continue(()))
    }

    /// What came back goes on the shelf.
    async fn restock(&mut self, refund: &StoredRefund) -> Flow {
        let number = refund.shown.number;
        self.take_back(Step::Restock(number), &refund.came_back).await?;
        let mut entry = self.entry();
        entry.end_steps(&[Step::Restock(number)], StepStatus::Done);
        let (order_id, at) = (self.purchase.order.id, entry.at());
        self.purchase = self
            .shop
            .db
            .write(move |conn| {
                refund_restocked(conn, order_id, number, at)?;
                entry.write(conn)
            })
            .await?;
        Ok(Continue(()))
    }

    /// What came with a return goes on the shelf, or is written off.
    async fn shelve(&mut self, number: i64, came_back: &CameBack) -> Flow {
        self.take_back(Step::Receive(number), came_back).await?;
        let mut entry = self.entry();
        entry.end_steps(&[Step::Receive(number)], StepStatus::Done);
        let (order_id, at) = (self.purchase.order.id, entry.at());
        self.purchase = self
            .shop
            .db
            .write(move |conn| {
                return_shelved(conn, order_id, number, at)?;
                entry.write(conn)
            })
            .await?;
        Ok(Continue(()))
    }

    async fn finish(&mut self) -> Flow {
        let mut entry = self.entry();
        entry.end_steps(&[Step::Release, Step::CancelPayment, Step::RecordPayment], StepStatus::Done);
        entry.purchase.saga.end();
        self.write(entry).await?;
        Ok(Break(self.purchase.progress()))
    }

    /// Tells billing of the money that staff saw.
    async fn record_payment(&mut self) -> Flow {
        let order = &self.purchase.order;
        let (key, reference) = (self.purchase.key(Step::RecordPayment), self.purchase.saga.detail.clone());
        match self.end_payment(EndPayment::record(key, self.order_id(), order.due(), reference)).await {
            Ok(_) | Err(CallError::Domain(BillingError::AlreadyPaid)) => self.money_is_there().await,
            Err(CallError::Domain(refusal)) => {
                self.failure = Some(CallError::Domain(refusal).unexpected());
                self.finish().await
            }
            Err(error) => Err(Trouble::Neighbor(error.unexpected())),
        }
    }

    /// The stock or the way to pay is refused. The first time this ends the order; at a later attempt to pay, the order
    /// stays as it was before.
    async fn refuse(&mut self, refusal: OrdersError) -> Flow {
        if self.purchase.saga.try_number > 1 {
            self.failure = Some(refusal.into());
            return self.withdraw().await;
        }
        let nothing_was_done = matches!(refusal, OrdersError::OutOfStock { .. });
        let reason = refusal.to_string();
        let mut entry = self.entry();
        if nothing_was_done {
            entry.purchase.saga.status = SagaStatus::Finished;
        }
        self.give_up(entry, Some(refusal), &reason).await?;
        Ok(Continue(()))
    }

    /// A neighbour is away. Whoever waits is told so, and nothing of what they wanted remains; if nobody waits, it is
    /// tried again later.
    async fn cope(&mut self, error: CallError<OrdersError>) -> Flow {
        let cause: String = error.to_string().chars().take(LONGEST_ERROR).collect();
        let order_id = self.purchase.order.id;
        tracing::warn!(%order_id, step = ?self.purchase.saga.status, cause, "a step of an order did not succeed");
        self.purchase.saga.last_error = Some(cause);
        if self.is_patient || self.purchase.saga.status != SagaStatus::Buying {
            return self.pause().await;
        }
        self.failure = Some(nothing_remains(error));
        if self.purchase.saga.try_number > 1 {
            return self.withdraw().await;
        }
        let entry = self.entry();
        self.give_up(entry, None, "A part of the shop did not answer").await?;
        // What may have been done is undone without the shopper waiting for it.
        let flow = self.pause_until(self.shop.clock.now()).await;
        self.shop.wake.notify_one();
        flow
    }

    /// Another attempt to pay could not be made.
    async fn withdraw(&mut self) -> Flow {
        let mut entry = self.entry();
        entry.purchase.saga.status = SagaStatus::AwaitingPayment;
        entry.purchase.saga.payment_method.clone_from(&self.purchase.order.payment_method);
        entry.end_steps(&[Step::Reserve, Step::Pay], StepStatus::GivenUp);
        self.look_again(&mut entry);
        self.write(entry).await?;
        Ok(Break(self.purchase.progress()))
    }

    /// Ends a pending order; its steps are undone next, unless it is known that nothing was done.
    async fn give_up(&mut self, mut entry: Entry, refusal: Option<OrdersError>, reason: &str) -> Result<(), Trouble> {
        entry.happen(Happening::Canceled, reason)?;
        entry.end_steps(&[Step::Reserve, Step::Pay, Step::Allocate], StepStatus::GivenUp);
        let saga = &mut entry.purchase.saga;
        saga.refusal.clone_from(&refusal);
        if saga.status == SagaStatus::Finished {
            saga.end();
        } else {
            saga.status = SagaStatus::Undoing;
            entry.announce(undo_steps(&entry.purchase));
        }
        self.failure = refusal.map(CallError::Domain).or(self.failure.take());
        self.write(entry).await
    }

    /// Leaves it to whoever comes after a while, a little later each time.
    async fn pause(&mut self) -> Flow {
        let next = self.shop.clock.now().plus(pause_after(self.purchase.saga.attempts));
        self.purchase.saga.attempts += 1;
        self.pause_until(next).await
    }

    async fn pause_until(&mut self, next: Timestamp) -> Flow {
        let mut entry = self.entry();
        entry.purchase.saga.rest(next);
        self.write(entry).await?;
        let is_pending = self.purchase.order.status.order == OrderStatus::Pending;
        Ok(Break(if is_pending { OrderProgress::Waiting } else { self.purchase.progress() }))
    }

    /// Lets go of a purchase that waits for its payment: it is looked at again after a while, and in time to expire.
    fn look_again(&self, entry: &mut Entry) {
        let saga = &mut entry.purchase.saga;
        let next = if saga.payment_failure.is_some() {
            saga.gives_up_at
        } else {
            self.shop.clock.now().plus(pause_after(saga.attempts)).min(saga.gives_up_at)
        };
        saga.rest(next);
    }

    fn is_late(&self) -> bool {
        self.purchase.is_late(self.shop.clock.now())
    }

    fn has_payment(&self) -> bool {
        self.purchase.order.total.amount > 0
    }

    /// What is to be written next, with the lease begun anew.
    fn entry(&self) -> Entry {
        let at = self.shop.clock.now();
        let mut purchase = self.purchase.clone();
        purchase.saga.lease_expires_at = at.plus(LEASE);
        Entry::new(purchase, Act { actor: self.actor.clone(), at, trace: self.ctx.trace })
    }

    async fn write(&mut self, entry: Entry) -> Result<(), Trouble> {
        self.purchase = self.shop.db.write(move |conn| entry.write(conn)).await?;
        Ok(())
    }
}

/// The steps outside this module. Each may be repeated under its key.
impl Turn<'_> {
    /// The context of one step.
    fn step(&self) -> CallCtx {
        self.ctx.clone().within(STEP_TIMEOUT)
    }

    fn order_id(&self) -> String {
        self.purchase.order.id.to_string()
    }

    async fn reserve(&self) -> Result<(), Trouble> {
        let request = Reserve {
            key: self.purchase.key(Step::Reserve),
            order_id: self.order_id(),
            lines: self.wanted.clone(),
            hold_seconds: HOLD_SECONDS,
            takes_over: Some(self.purchase.order.cart_id.clone()),
        };
        let reserved = patiently(|| async { self.shop.inventory.reserve(&self.step(), request.clone()).await }).await;
        reserved.map(drop).map_err(|error| self.out_of_stock(error))
    }

    async fn allocate(&self) -> Result<(), Trouble> {
        let request = Allocate { key: self.purchase.key(Step::Allocate), order_id: self.order_id(), lines: Vec::new() };
        let allocated = patiently(|| async { self.shop.inventory.allocate(&self.step(), request.clone()).await }).await;
        allocated.map_err(|error| self.out_of_stock(error))
    }

    async fn release(&self) -> Result<(), Trouble> {
        let order = &self.purchase.order;
        let reason = format!("order {} {}", order.number, order.status.order.as_str());
        let write_off = self.purchase.saga.write_off;
        let request = Release { write_off, ..Release::new(self.purchase.key(Step::Release), self.order_id(), reason) };
        let released = patiently(|| async { self.shop.inventory.release(&self.step(), request.clone()).await }).await;
        released.map_err(|error| Trouble::Neighbor(error.unexpected()))
    }

    /// The payment failed: others may buy what was held, until the shopper tries again. While inventory is away, the
    /// hold runs out by itself.
    async fn let_go(&self) {
        let Purchase { order, saga } = &self.purchase;
        let key = IdempotencyKey::of(order.id, &format!("let_go/{}", saga.try_number));
        let request = Release { may_return: true, ..Release::new(key, self.order_id(), "the payment failed") };
        let let_go = patiently(|| async { self.shop.inventory.release(&self.step(), request.clone()).await }).await;
        if let Err(error) = let_go {
            tracing::warn!(order_id = %order.id, %error, "the stock of a payment that failed stays held for now");
        }
    }

    /// The session, or `None` when an earlier one turns out to be paid.
    async fn start_payment(&self) -> Result<Option<PaymentSession>, Trouble> {
        let Purchase { order, saga } = &self.purchase;
        let part = |part: &OrderGiftCard| {
            let gift_card_id = part.gift_card_id.parse().map_err(internal)?;
            Outcome::Ok(GiftCardUse { gift_card_id, amount: part.amount })
        };
        let request = StartPayment {
            key: self.purchase.key(Step::Pay),
            order_id: order.id.to_string(),
            order_number: order.number.clone(),
            amount: order.total,
            gift_cards: order.gift_cards.iter().map(part).collect::<Outcome<_>>()?,
            method: saga.payment_method.clone(),
            return_path: format!("/checkout/return/{}", order.id),
        };
        match patiently(|| async { self.shop.billing.start_payment(&self.step(), request.clone()).await }).await {
            Ok(session) => Ok(Some(session)),
            Err(CallError::Domain(BillingError::AlreadyPaid)) => Ok(None),
            Err(CallError::Domain(BillingError::MethodNotOffered { method })) => {
                Err(Trouble::Refused(OrdersError::PaymentNotOffered { method }))
            }
            Err(CallError::Domain(BillingError::GiftCardTooLow { gift_card_id, left })) => {
                Err(Trouble::Refused(gift_card_too_low(&order.gift_cards, &gift_card_id.to_string(), left)))
            }
            Err(error) => Err(of_billing(error)),
        }
    }

    async fn settle(&self) -> Result<Payment, Trouble> {
        let settled = self.end_payment(EndPayment::settle(self.order_id())).await;
        settled.and_then(|known| Ok(known.ok_or(BillingError::NotFound)?)).map_err(of_billing)
    }

    async fn payment(&self) -> Result<Option<Payment>, Trouble> {
        let request = FindPayment { order_id: self.order_id() };
        self.shop.billing.payment(&self.step(), request).await.map_err(of_billing)
    }

    async fn refunds(&self) -> Result<Vec<StoredRefund>, Trouble> {
        let (id, currency) = (self.purchase.order.id, self.purchase.order.total.currency);
        Ok(self.shop.db.read(move |conn| Outcome::Ok(refunds_of_order(conn, id, currency)?)).await?)
    }

    /// Tells billing of a refund, and gives what became of it by now.
    async fn tell_refund(&self, refund: &StoredRefund) -> Result<RefundTurn, Trouble> {
        let OrderRefund { number, amount, reason, to, .. } = refund.shown.clone();
        let key = self.purchase.key(Step::Refund(number));
        let mut request = billing_api::Refund::give_back(key, self.order_id(), amount, reason);
        if to == RefundTo::StoreCredit {
            let id = self.purchase.order.id;
            let email = self.shop.db.read(move |conn| Outcome::Ok(email_of_order(conn, id)?)).await?;
            request = request.as_store_credit(email);
        }
        match patiently(|| async { self.shop.billing.refund(&self.step(), request.clone()).await }).await {
            Ok(told) => Ok(turn_of(number, amount, &told)),
            Err(CallError::Domain(refusal)) => {
                let failure = Some(refusal.to_string());
                let (status, refund_id, gift_card_id) = (RefundStatus::Failed, None, None);
                Ok(RefundTurn { number, amount, status, failure, refund_id, gift_card_id })
            }
            Err(error) => Err(of_billing(error)),
        }
    }

    /// Tells inventory what came back, some lines at a time. What it refuses is left for people to count.
    async fn take_back(&self, step: Step, came_back: &CameBack) -> Result<(), Trouble> {
        let line = |(variant_id, units, write_off): &(String, i64, bool)| {
            let quantity = Quantity::try_from(*units).map_err(internal)?;
            Outcome::Ok(RestockLine { variant_id: variant_id.clone(), quantity, write_off: *write_off })
        };
        let lines = came_back.goods.iter().map(line).collect::<Outcome<Vec<_>>>()?;
        for (place, lines) in lines.chunks(LINES_AT_ONCE).enumerate() {
            let request = Restock {
                key: IdempotencyKey::of(self.purchase.key(step), &place.to_string()),
                order_id: self.order_id(),
                lines: lines.to_vec(),
                location_id: came_back.location_id.clone(),
                reason: format!("return of order {}", self.purchase.order.number),
            };
            match patiently(|| async { self.shop.inventory.restock(&self.step(), request.clone()).await }).await {
                Ok(()) => {}
                Err(CallError::Domain(refusal)) => {
                    let order_id = self.purchase.order.id;
                    tracing::warn!(%order_id, ?request, %refusal, "the stock has to be counted by hand");
                }
                Err(error) => return Err(Trouble::Neighbor(error.unexpected())),
            }
        }
        Ok(())
    }

    async fn end_payment(&self, request: EndPayment) -> Result<Option<Payment>, CallError<BillingError>> {
        patiently(|| async { self.shop.billing.end_payment(&self.step(), request.clone()).await }).await
    }

    /// Whether it is too late for that, since it is paid.
    async fn cancel_payment(&self) -> Result<bool, Trouble> {
        let key = self.purchase.key(Step::CancelPayment);
        match self.end_payment(EndPayment::cancel(key, self.order_id())).await {
            Ok(_) | Err(CallError::Domain(BillingError::NotFound)) => Ok(false),
            Err(CallError::Domain(BillingError::AlreadyPaid)) => Ok(true),
            Err(error) => Err(of_billing(error)),
        }
    }

    /// A refusal to promise stock, in words that the shopper understands.
    fn out_of_stock(&self, error: CallError<InventoryError>) -> Trouble {
        match error {
            CallError::Domain(InventoryError::OutOfStock { shortages }) => {
                let lines = shortages.into_iter().map(|shortage| self.short_line(shortage)).collect();
                Trouble::Refused(OrdersError::OutOfStock { lines })
            }
            // There is nothing of it, or nothing any more.
            CallError::Domain(InventoryError::NotFound | InventoryError::NothingReserved) => {
                Trouble::Refused(OrdersError::OutOfStock { lines: self.lines.clone() })
            }
            error => Trouble::Neighbor(error.unexpected()),
        }
    }

    fn short_line(&self, shortage: Shortage) -> ShortLine {
        let line = self.lines.iter().find(|line| line.variant_id == shortage.variant_id);
        let title = line.map(|line| line.title.clone()).unwrap_or_default();
        ShortLine { variant_id: shortage.variant_id, title, available: shortage.available }
    }
}

/// A code as people read it: `timed_out` is `timed out`.
fn in_words(code: &str) -> String {
    code.replace('_', " ")
}

/// What billing says of a refund that is pending here, when that is news.
fn news_of(refund: &StoredRefund, told: &[PaymentRefund]) -> Option<RefundTurn> {
    let id = refund.shown.refund_id.as_deref()?;
    let told = told.iter().find(|told| told.id.to_string() == id)?;
    let turn = turn_of(refund.shown.number, refund.shown.amount, told);
    (turn.status != RefundStatus::Pending).then_some(turn)
}

fn turn_of(number: i64, amount: Money, told: &PaymentRefund) -> RefundTurn {
    let status = match told.status {
        billing_api::RefundStatus::Succeeded => RefundStatus::Succeeded,
        billing_api::RefundStatus::Failed => RefundStatus::Failed,
        _ => RefundStatus::Pending,
    };
    let (refund_id, gift_card_id) = (Some(told.id.to_string()), told.gift_card_id.map(|id| id.to_string()));
    RefundTurn { number, amount, status, failure: told.failure.clone(), refund_id, gift_card_id }
}

/// What has to be undone when an order ends.
pub(crate) fn undo_steps(purchase: &Purchase) -> &'static [Step] {
    if purchase.order.total.amount > 0 { &[Step::Release, Step::CancelPayment] } else { &[Step::Release] }
}

/// A gift card cannot pay what the shopper saw.
fn gift_card_too_low(cards: &[OrderGiftCard], gift_card_id: &str, left: Money) -> OrdersError {
    let asked = cards.iter().find(|part| part.gift_card_id == gift_card_id).map_or(left, |part| part.amount);
    OrdersError::GiftCardTooLow { gift_card_id: gift_card_id.to_owned(), asked, left }
}

/// Writes down that there is money for an order that has ended: all that billing has `captured`. What is missing of the
/// total never came, or gift cards have it back.
pub(crate) fn refund_is_due(entry: &mut Entry, captured: Money) -> Outcome<()> {
    let order = &mut entry.purchase.order;
    tracing::warn!(order_id = %order.id, number = order.number, total = %order.total, "a refund is due");
    if !order.status.payment.has_arrived() {
        order.unpaid = (order.total.amount - captured.amount).max(0);
        entry.happen(Happening::Paid, "Payment received after the order had ended")?;
    }
    entry.note("refund_due", "A refund is due: the order has ended, and its money goes back");
    Ok(())
}

fn of_billing(error: CallError<BillingError>) -> Trouble {
    Trouble::Neighbor(error.map_domain(|refusal| match refusal {
        BillingError::ProviderUnavailable => CallError::unreachable(refusal),
        refusal => internal(format!("unexpected refusal: {refusal}")),
    }))
}

/// What a shopper is told of a neighbour who may have done something: that will be undone.
fn nothing_remains(error: CallError<OrdersError>) -> CallError<OrdersError> {
    match error {
        CallError::Unknown(cause) => CallError::unreachable(cause),
        error => error,
    }
}

/// Repeats a call a few times that met another change, which is soon over.
async fn patiently<T, E, F>(call: impl Fn() -> F) -> Result<T, CallError<E>>
where
    F: Future<Output = Result<T, CallError<E>>>,
{
    for pause in CONFLICT_PAUSES {
        match call().await {
            Err(CallError::NotExecuted { reason: NotExecuted::Conflict | NotExecuted::InFlight, .. }) => {
                sleep(pause).await
            }
            result => return result,
        }
    }
    call().await
}

fn pause_after(attempts: i64) -> Duration {
    PAUSES[usize::try_from(attempts).unwrap_or(0).min(PAUSES.len() - 1)]
}

impl From<CallError<OrdersError>> for Trouble {
    fn from(error: CallError<OrdersError>) -> Self {
        Self::Own(error)
    }
}
