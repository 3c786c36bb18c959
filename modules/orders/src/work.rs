//! Who works on an order, and how everyone else waits for them.

use std::sync::Arc;
use std::time::Duration;

use billing_api::{Billing, FindPayment, Payment, PaymentNext, PaymentSession};
use inventory_api::Inventory;
use kernel::db::{AnyConnection, Db};
use kernel::id::new_id;
use kernel::{CallCtx, CallError, Clock, NotExecuted, Principal, Timestamp};
use orders_api::{OrderId, OrderProgress, OrderStatus, OrdersError};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep};

use crate::find::Viewer;
use crate::journal::{Act, LEASE, Purchase, SagaStatus};
use crate::saga::Turn;
use crate::store::orders;
use crate::store::sagas;
use crate::{OrdersSettings, Outcome};

/// How long a caller waits for another one who works on the same order.
const PATIENCE: Duration = Duration::from_secs(2);
const POLL: Duration = Duration::from_millis(25);

/// All that use cases work with.
#[derive(Clone)]
pub(crate) struct Shop {
    pub(crate) db: Db,
    pub(crate) clock: Clock,
    pub(crate) inventory: Arc<dyn Inventory>,
    pub(crate) billing: Arc<dyn Billing>,
    pub(crate) settings: OrdersSettings,
    /// Names this process in journals.
    pub(crate) owner: Arc<str>,
    /// Tells the recovery job that there is something to do.
    pub(crate) wake: Arc<Notify>,
}

impl Shop {
    pub(crate) fn new(
        db: Db,
        clock: Clock,
        inventory: Arc<dyn Inventory>,
        billing: Arc<dyn Billing>,
        settings: OrdersSettings,
    ) -> Self {
        Self { db, clock, inventory, billing, settings, owner: new_id("own").into(), wake: Arc::new(Notify::new()) }
    }

    /// What the caller does, now.
    pub(crate) fn act(&self, ctx: &CallCtx) -> Act {
        Act { actor: ctx.principal.actor(), at: self.clock.now(), trace: ctx.trace }
    }

    /// A claim on the journal of an order.
    pub(crate) fn claim(&self) -> Claim {
        Claim { owner: Arc::clone(&self.owner), at: self.clock.now() }
    }

    /// Does what is to be done for an order, or waits for the one who does it.
    ///
    /// # Errors
    /// There is no such order for the viewer, or its data cannot be used.
    pub(crate) async fn carry_on(&self, ctx: &CallCtx, order_id: OrderId, errand: Errand<'_>) -> Outcome<Report> {
        let deadline = Instant::now() + PATIENCE;
        let mut has_waited = false;
        loop {
            let purchase = self.purchase(order_id, errand.viewer.clone()).await?;
            if !purchase.saga.is_owned(self.clock.now()) {
                // Whoever was waited for has let go, so what they found out is written down.
                let is_told = has_waited && purchase.saga.lease_expires_at == Timestamp(0);
                if is_told || purchase.saga.status.is_terminal() || !(errand.is_wanted)(purchase.saga.status) {
                    return Ok(Report::as_written(purchase));
                }
                if let Some(report) = self.take_turn(ctx, order_id, errand.is_patient).await? {
                    return Ok(report);
                }
            } else {
                has_waited = true;
            }
            if Instant::now() >= deadline {
                return Ok(Report::of_unfinished(purchase));
            }
            sleep(POLL).await;
        }
    }

    /// Takes the order and goes as far as it can go now; `None` when someone else was faster.
    pub(crate) async fn take_turn(
        &self,
        ctx: &CallCtx,
        order_id: OrderId,
        is_patient: bool,
    ) -> Outcome<Option<Report>> {
        let claim = self.claim();
        let taken = self.db.write(move |conn| {
            let purchase = claim.for_a_lease(conn, order_id)?;
            let (status, currency) = (purchase.order.status.order, purchase.order.total.currency);
            let lines = match status {
                OrderStatus::Pending => orders::lines_of_order(conn, order_id, currency)?,
                _ => Vec::new(),
            };
            Ok((purchase, lines))
        });
        let (purchase, lines) = match taken.await {
            Err(CallError::NotExecuted { reason: NotExecuted::InFlight | NotExecuted::Conflict, .. }) => {
                return Ok(None);
            }
            taken => taken?,
        };
        let turn = Turn::new(self, ctx, purchase, &lines);
        let turn = if is_patient { turn } else { turn.impatient() };
        turn.go().await
    }

    /// For a shopper who repeats a call: the page of the provider, while one is open. It is billing's secret and not
    /// written down here.
    pub(crate) async fn with_page(&self, ctx: &CallCtx, report: Report) -> Report {
        let waits = report.purchase.saga.status == SagaStatus::AwaitingPayment;
        if !waits || report.progress != OrderProgress::Waiting {
            return report;
        }
        let request = FindPayment { order_id: report.purchase.order.id.to_string() };
        match self.billing.payment(&for_the_shop(ctx), request).await {
            Ok(Some(Payment { session: PaymentSession { next: PaymentNext::Redirect { url }, .. }, .. })) => {
                Report { progress: OrderProgress::Pay { url }, ..report }
            }
            _ => report,
        }
    }

    async fn purchase(&self, order_id: OrderId, viewer: Viewer) -> Outcome<Purchase> {
        let found = self.db.read(move |conn| Ok(orders::purchase_of(conn, order_id, &viewer)?)).await?;
        found.ok_or(CallError::Domain(OrdersError::NotFound))
    }
}

/// Why someone comes to an order.
pub(crate) struct Errand<'a> {
    viewer: &'a Viewer,
    is_wanted: fn(SagaStatus) -> bool,
    is_patient: bool,
}

impl<'a> Errand<'a> {
    /// Does what is to be done if it `is_wanted`. What cannot be done now is left for later.
    pub(crate) fn new(viewer: &'a Viewer, is_wanted: fn(SagaStatus) -> bool) -> Self {
        Self { viewer, is_wanted, is_patient: true }
    }

    /// Someone waits for it: what cannot be done now is not done later either.
    pub(crate) fn impatient(self) -> Self {
        Self { is_patient: false, ..self }
    }
}

/// Neighbours are asked on this module's own account: the shopper has no say in how the shop works.
pub(crate) fn for_the_shop(ctx: &CallCtx) -> CallCtx {
    CallCtx { principal: Principal::Module("orders".into()), ..ctx.through("orders") }
}

/// An order, as it is, does not allow an action.
pub(crate) fn not_allowed(action: &str, status: impl Into<String>) -> CallError<OrdersError> {
    OrdersError::NotAllowed { action: action.to_owned(), status: status.into() }.into()
}

/// Repeats `unit`, which claims an order, while someone else works on it, within reason.
///
/// # Errors
/// Those of `unit`; [`NotExecuted::InFlight`] when the other one is not done in time.
pub(crate) async fn when_free<T, F: Future<Output = Outcome<T>>>(unit: impl Fn() -> F) -> Outcome<T> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match unit().await {
            Err(CallError::NotExecuted { reason: NotExecuted::InFlight | NotExecuted::Conflict, .. })
                if Instant::now() < deadline =>
            {
                sleep(POLL).await;
            }
            result => return result,
        }
    }
}

/// Takes the journal of an order, which only one may own at a time.
#[derive(Clone, Debug)]
pub(crate) struct Claim {
    owner: Arc<str>,
    at: Timestamp,
}

impl Claim {
    /// Owns it until the end of the unit of work.
    ///
    /// # Errors
    /// There is no such order for `viewer`; [`NotExecuted::InFlight`] when someone works on it.
    pub(crate) fn for_this_unit(
        &self,
        conn: &mut AnyConnection,
        order_id: OrderId,
        viewer: &Viewer,
    ) -> Outcome<Purchase> {
        self.take(conn, order_id, viewer, Terms { free_at: self.at, until: Timestamp(0) })
    }

    /// Owns it for a lease, if there is anything to do.
    ///
    /// # Errors
    /// As [`Claim::for_this_unit`]; also [`NotExecuted::InFlight`] when someone else has just finished it.
    pub(crate) fn for_a_lease(&self, conn: &mut AnyConnection, order_id: OrderId) -> Outcome<Purchase> {
        let terms = Terms { free_at: self.at, until: self.at.plus(LEASE) };
        let purchase = self.take(conn, order_id, &Viewer::Shop, terms)?;
        let is_finished = purchase.saga.status.is_terminal();
        if is_finished { Err(CallError::not_executed(NotExecuted::InFlight)) } else { Ok(purchase) }
    }

    /// Takes it from whoever works on it, and leaves it to the next one.
    ///
    /// # Errors
    /// As [`Claim::for_this_unit`], but only when someone else takes it in the same moment.
    pub(crate) fn by_force(&self, conn: &mut AnyConnection, order_id: OrderId) -> Outcome<Purchase> {
        self.take(conn, order_id, &Viewer::Shop, Terms { free_at: Timestamp(i64::MAX), until: Timestamp(0) })
    }

    fn take(&self, conn: &mut AnyConnection, order_id: OrderId, viewer: &Viewer, terms: Terms) -> Outcome<Purchase> {
        // First take it, then look: from here on until the end of the unit nobody else can change what is seen.
        let is_taken = sagas::saga_claim(conn, order_id, &self.owner, terms.free_at, terms.until)?;
        let purchase = orders::purchase_of(conn, order_id, viewer)?.ok_or(OrdersError::NotFound)?;
        if is_taken { Ok(purchase) } else { Err(CallError::not_executed(NotExecuted::InFlight)) }
    }
}

/// By when another owner's lease must have run out, and when this one's does.
struct Terms {
    free_at: Timestamp,
    until: Timestamp,
}

/// How far an order is, after working on it or waiting for it.
#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) purchase: Purchase,
    pub(crate) progress: OrderProgress,
    /// Why what was wanted was not done.
    pub(crate) failure: Option<CallError<OrdersError>>,
}

impl Report {
    /// What anyone can read.
    pub(crate) fn as_written(purchase: Purchase) -> Self {
        Self { progress: purchase.progress(), purchase, failure: None }
    }

    /// What can be said while someone works on it.
    pub(crate) fn of_unfinished(purchase: Purchase) -> Self {
        let is_pending = purchase.order.status.order == OrderStatus::Pending;
        let progress = if is_pending { OrderProgress::Waiting } else { purchase.progress() };
        Self { purchase, progress, failure: None }
    }

    /// For the shopper who wants to buy: an order that was given up is a refusal.
    ///
    /// # Errors
    /// The refusal, or that a neighbour was away.
    pub(crate) fn into_answer(self) -> Outcome<OrderProgress> {
        let Self { purchase: Purchase { order, saga }, progress, failure } = self;
        if let Some(failure) = failure {
            return Err(failure);
        }
        if order.status.order != OrderStatus::Canceled || order.placed_at.is_some() {
            return Ok(progress);
        }
        match (saga.refusal, saga.last_error) {
            (Some(refusal), _) => Err(refusal.into()),
            (None, Some(cause)) => Err(CallError::unreachable(cause)),
            (None, None) => Ok(progress),
        }
    }
}
