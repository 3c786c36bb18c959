//! A warehouse and a bank in memory. They keep their promises (once per key, all or nothing), and fail when told to.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::future::pending;
use std::sync::Mutex;

use async_trait::async_trait;
use billing_api::*;
use inventory_api::*;
use kernel::audit::{AuditRequest, Violation};
use kernel::{CallCtx, CallError, Clock, Country, Currency, Money, Page, Timestamp};
use tokio::sync::oneshot;

/// What goes wrong with one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It did not arrive.
    Unreachable,
    /// It was carried out, and the answer was lost.
    AnswerLost,
    /// It did not arrive, and the caller waits for ever.
    HangsBefore,
    /// It was carried out, and the caller waits for ever.
    HangsAfter,
}

/// Which calls were made, and which are to fail.
#[derive(Default)]
pub(crate) struct Line {
    faults: Mutex<HashMap<&'static str, VecDeque<Fault>>>,
    cut: Mutex<bool>,
    calls: Mutex<Vec<&'static str>>,
    gates: Mutex<HashMap<&'static str, oneshot::Receiver<()>>>,
    exits: Mutex<HashMap<&'static str, oneshot::Receiver<()>>>,
    /// One piece of work at a time, as in a transaction.
    transaction: Mutex<()>,
}

impl Line {
    /// The next call of `method` fails.
    pub(crate) fn fail(&self, method: &'static str, fault: Fault) {
        self.faults.lock().unwrap().entry(method).or_default().push_back(fault);
    }

    /// No call arrives until it is mended.
    pub(crate) fn cut(&self) {
        *self.cut.lock().unwrap() = true;
    }

    pub(crate) fn mend(&self) {
        *self.cut.lock().unwrap() = false;
    }

    /// The next call of `method` arrives only when the gate is opened.
    pub(crate) fn hold_back(&self, method: &'static str) -> oneshot::Sender<()> {
        let (gate, wait) = oneshot::channel();
        self.gates.lock().unwrap().insert(method, wait);
        gate
    }

    /// The answer to the next call of `method` arrives only when the gate is opened.
    pub(crate) fn hold_answer_back(&self, method: &'static str) -> oneshot::Sender<()> {
        let (gate, wait) = oneshot::channel();
        self.exits.lock().unwrap().insert(method, wait);
        gate
    }

    /// How often `method` was called.
    pub(crate) fn calls(&self, method: &str) -> usize {
        self.calls.lock().unwrap().iter().filter(|called| **called == method).count()
    }

    async fn carry<T, E>(
        &self,
        method: &'static str,
        work: impl FnOnce() -> Result<T, CallError<E>> + Send,
    ) -> Result<T, CallError<E>>
    where
        T: Send,
        E: Send,
    {
        let fault = self.faults.lock().unwrap().get_mut(method).and_then(VecDeque::pop_front);
        self.calls.lock().unwrap().push(method);
        if *self.cut.lock().unwrap() {
            return Err(CallError::unreachable("cut"));
        }
        let gate = self.gates.lock().unwrap().remove(method);
        if let Some(gate) = gate {
            gate.await.unwrap();
        }
        // Others get a chance to come in between, as they would in a real shop.
        tokio::task::yield_now().await;
        let work = || {
            let _transaction = self.transaction.lock().unwrap();
            work()
        };
        let exit = self.exits.lock().unwrap().remove(method);
        if let Some(exit) = exit {
            let answer = work();
            exit.await.unwrap();
            return answer;
        }
        match fault {
            None => work(),
            Some(Fault::Unreachable) => Err(CallError::unreachable("cut")),
            Some(Fault::AnswerLost) => work().and_then(|_| Err(CallError::Unknown("cut".to_owned()))),
            Some(Fault::HangsBefore) => pending().await,
            Some(Fault::HangsAfter) => {
                drop(work());
                pending().await
            }
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hold {
    Held,
    Allocated,
    Released,
    Expired,
}

/// Inventory.
#[derive(Default)]
pub(crate) struct Warehouse {
    pub(crate) line: Line,
    stock: Mutex<BTreeMap<String, i64>>,
    /// What came back, by key.
    restocked: Mutex<BTreeMap<String, Restock>>,
    #[allow(clippy::type_complexity)] // Holds and their units, by order.
    holds: Mutex<HashMap<String, (Hold, BTreeMap<String, i64>)>>,
}

impl Warehouse {
    /// So many more are there.
    pub(crate) fn deliver(&self, variant_id: &str, quantity: i64) {
        *self.stock.lock().unwrap().entry(variant_id.to_owned()).or_default() += quantity;
    }

    /// How many can still be promised.
    pub(crate) fn available(&self, variant_id: &str) -> i64 {
        self.stock.lock().unwrap().get(variant_id).copied().unwrap_or(0)
    }

    /// How many are promised to placed orders.
    pub(crate) fn allocated(&self, variant_id: &str) -> i64 {
        let holds = self.holds.lock().unwrap();
        holds.values().filter(|(hold, _)| *hold == Hold::Allocated).filter_map(|(_, lines)| lines.get(variant_id)).sum()
    }

    /// How it stands with an order.
    pub(crate) fn hold(&self, order_id: &str) -> Option<Hold> {
        self.holds.lock().unwrap().get(order_id).map(|(hold, _)| *hold)
    }

    /// What came back, as it was told.
    pub(crate) fn restocked(&self) -> Vec<Restock> {
        self.restocked.lock().unwrap().values().cloned().collect()
    }

    /// The time of every hold runs out.
    pub(crate) fn end_holds(&self) {
        let mut holds = self.holds.lock().unwrap();
        for (hold, lines) in holds.values_mut().filter(|(hold, _)| *hold == Hold::Held) {
            *hold = Hold::Expired;
            self.give_back(lines);
        }
    }

    fn give_back(&self, lines: &BTreeMap<String, i64>) {
        for (variant_id, quantity) in lines {
            self.deliver(variant_id, *quantity);
        }
    }

    fn take(&self, lines: &BTreeMap<String, i64>) -> Result<(), InventoryError> {
        let mut stock = self.stock.lock().unwrap();
        let available = |variant_id: &String| stock.get(variant_id).copied().unwrap_or(0);
        let short = lines.iter().filter(|(variant_id, quantity)| available(variant_id) < **quantity);
        let shortages: Vec<_> = short
            .map(|(variant_id, wanted)| Shortage {
                variant_id: variant_id.clone(),
                wanted: *wanted,
                available: available(variant_id),
            })
            .collect();
        if !shortages.is_empty() {
            return Err(InventoryError::OutOfStock { shortages });
        }
        for (variant_id, quantity) in lines {
            *stock.entry(variant_id.clone()).or_default() -= quantity;
        }
        Ok(())
    }

    fn hold_again(&self, order_id: &str, becomes: Hold) -> Result<(), InventoryError> {
        let mut holds = self.holds.lock().unwrap();
        let Some((hold, lines)) = holds.get_mut(order_id) else { return Err(InventoryError::NothingReserved) };
        match *hold {
            Hold::Released => return Err(InventoryError::NothingReserved),
            Hold::Expired => self.take(lines)?,
            Hold::Held | Hold::Allocated => {}
        }
        if *hold != Hold::Allocated {
            *hold = becomes;
        }
        Ok(())
    }
}

#[async_trait]
impl Inventory for Warehouse {
    async fn reserve(&self, _: &CallCtx, request: Reserve) -> Result<Reservation, CallError<InventoryError>> {
        self.line
            .carry("reserve", || {
                assert!((1..=1_200).contains(&request.hold_seconds));
                let mut lines = BTreeMap::new();
                for line in &request.lines {
                    *lines.entry(line.variant_id.clone()).or_default() += line.quantity.get();
                }
                if self.hold(&request.order_id).is_some() {
                    self.hold_again(&request.order_id, Hold::Held)?;
                } else {
                    self.take(&lines)?;
                    self.holds.lock().unwrap().insert(request.order_id.clone(), (Hold::Held, lines));
                }
                Ok(Reservation { order_id: request.order_id, expires_at: Timestamp(0) })
            })
            .await
    }

    async fn allocate(&self, _: &CallCtx, request: Allocate) -> Result<(), CallError<InventoryError>> {
        self.line.carry("allocate", || Ok(self.hold_again(&request.order_id, Hold::Allocated)?)).await
    }

    async fn release(&self, _: &CallCtx, request: Release) -> Result<(), CallError<InventoryError>> {
        self.line
            .carry("release", || {
                let mut holds = self.holds.lock().unwrap();
                let (hold, lines) = holds.entry(request.order_id).or_insert((Hold::Released, BTreeMap::new()));
                if request.may_return && *hold != Hold::Held {
                    return Ok(());
                }
                let is_lost = request.write_off && *hold == Hold::Allocated;
                if matches!(hold, Hold::Held | Hold::Allocated) && !is_lost {
                    self.give_back(lines);
                }
                *hold = if request.may_return { Hold::Expired } else { Hold::Released };
                Ok(())
            })
            .await
    }

    async fn stock_levels(&self, _: &CallCtx, _: FindStock) -> Result<Vec<StockLevel>, CallError<InventoryError>> {
        unreachable!("orders does not ask")
    }

    async fn list_stock(&self, _: &CallCtx, _: ListStock) -> Result<Page<StockLevel>, CallError<InventoryError>> {
        unreachable!("orders does not ask")
    }

    async fn movements(&self, _: &CallCtx, _: ListMovements) -> Result<Page<StockMovement>, CallError<InventoryError>> {
        unreachable!("orders does not ask")
    }

    async fn set_stock(&self, _: &CallCtx, _: SetStock) -> Result<u32, CallError<InventoryError>> {
        unreachable!("orders does not ask")
    }

    async fn adjust(&self, _: &CallCtx, _: Adjust) -> Result<StockLevel, CallError<InventoryError>> {
        unreachable!("orders does not ask")
    }

    async fn transfer(&self, _: &CallCtx, _: Transfer) -> Result<StockLevel, CallError<InventoryError>> {
        unreachable!("orders does not ask")
    }

    async fn restock(&self, _: &CallCtx, request: Restock) -> Result<(), CallError<InventoryError>> {
        self.line
            .carry("restock", || {
                let mut restocked = self.restocked.lock().unwrap();
                if let Some(known) = restocked.get(&request.key.to_string()) {
                    assert_eq!(*known, request);
                    return Ok(());
                }
                for line in request.lines.iter().filter(|line| !line.write_off) {
                    self.deliver(&line.variant_id, line.quantity.get());
                }
                restocked.insert(request.key.to_string(), request);
                Ok(())
            })
            .await
    }

    async fn hold(&self, _: &CallCtx, _: inventory_api::Hold) -> Result<Reservation, CallError<InventoryError>> {
        unreachable!("orders does not ask")
    }

    async fn locations(&self, _: &CallCtx, _: ListLocations) -> Result<Vec<StockLocation>, CallError<InventoryError>> {
        unreachable!("orders does not ask")
    }

    async fn save_location(&self, _: &CallCtx, _: SaveLocation) -> Result<StockLocation, CallError<InventoryError>> {
        unreachable!("orders does not ask")
    }

    async fn order_stock(
        &self,
        _: &CallCtx,
        _: FindOrderStock,
    ) -> Result<Option<OrderStock>, CallError<InventoryError>> {
        unreachable!("orders does not ask")
    }

    async fn audit(&self, _: &CallCtx, _: AuditRequest) -> Result<Vec<Violation>, CallError<InventoryError>> {
        unreachable!("orders does not ask")
    }
}

#[derive(Clone)]
struct Account {
    amount: Money,
    captures: i64,
    /// Another amount than the one that is to be paid arrived.
    in_review: bool,
    /// The provider holds it.
    is_held: bool,
    /// So much was taken of what the provider held.
    part: Option<i64>,
    sessions: Vec<PaymentSession>,
    keys: Vec<String>,
    refunds: Vec<PaymentRefund>,
    /// Of the amount, what these pay.
    cards: Vec<GiftCardUse>,
}

impl Account {
    fn by_cards(&self) -> Option<Money> {
        let sum: i64 = self.cards.iter().map(|part| part.amount.amount).sum();
        (sum > 0).then(|| eur(sum))
    }
}

/// Billing: `bank_transfer`, `card`, and nothing else.
pub(crate) struct Bank {
    pub(crate) line: Line,
    clock: Clock,
    accounts: Mutex<HashMap<String, Account>>,
    /// What is on gift cards.
    cards: Mutex<HashMap<GiftCardId, i64>>,
}

impl Bank {
    /// A gift card with so much on it.
    pub(crate) fn issue(&self, amount: i64) -> GiftCardId {
        let id = GiftCardId::new();
        self.cards.lock().unwrap().insert(id, amount);
        id
    }

    /// What is left on a gift card.
    pub(crate) fn on_card(&self, id: GiftCardId) -> i64 {
        self.cards.lock().unwrap()[&id]
    }

    pub(crate) fn new(clock: Clock) -> Self {
        Self { line: Line::default(), clock, accounts: Mutex::default(), cards: Mutex::default() }
    }

    /// The shopper pays the open session at the provider. Whether that was still possible.
    pub(crate) fn pay(&self, order_id: &str) -> bool {
        self.decide(order_id, SessionStatus::Captured, None)
    }

    /// The provider holds the money for the shop, which has not taken it.
    pub(crate) fn authorize(&self, order_id: &str) {
        let mut accounts = self.accounts.lock().unwrap();
        let account = accounts.get_mut(order_id).unwrap();
        account.is_held = true;
        let session = account.sessions.iter_mut().find(|session| !session.status.is_final()).unwrap();
        (session.status, session.next) = (SessionStatus::Authorized, PaymentNext::Nothing);
    }

    /// The shop takes a part of what the provider holds.
    pub(crate) fn take_part(&self, order_id: &str, part: i64) {
        self.pay(order_id);
        let mut accounts = self.accounts.lock().unwrap();
        let account = accounts.get_mut(order_id).unwrap();
        (account.captures, account.part) = (0, Some(part));
    }

    /// The provider refuses.
    pub(crate) fn decline(&self, order_id: &str) -> bool {
        self.decide(order_id, SessionStatus::Failed, Some("declined"))
    }

    /// A provider that takes money for a session which was canceled.
    pub(crate) fn pay_although_canceled(&self, order_id: &str) {
        self.accounts.lock().unwrap().get_mut(order_id).unwrap().captures += 1;
    }

    /// The provider takes another amount than the one that is to be paid.
    pub(crate) fn pay_too_little(&self, order_id: &str) {
        self.pay(order_id);
        let mut accounts = self.accounts.lock().unwrap();
        let account = accounts.get_mut(order_id).unwrap();
        (account.captures, account.in_review) = (0, true);
    }

    /// A person decides that the money will do.
    pub(crate) fn accept(&self, order_id: &str) {
        let mut accounts = self.accounts.lock().unwrap();
        let account = accounts.get_mut(order_id).unwrap();
        (account.captures, account.in_review) = (1, false);
    }

    /// How often an order was paid.
    pub(crate) fn captures(&self, order_id: &str) -> i64 {
        self.accounts.lock().unwrap().get(order_id).map_or(0, |account| account.captures)
    }

    /// How many attempts to pay an order were started.
    pub(crate) fn sessions(&self, order_id: &str) -> usize {
        self.accounts.lock().unwrap().get(order_id).map_or(0, |account| account.sessions.len())
    }

    /// What went back of an order, or is about to.
    pub(crate) fn given_back(&self, order_id: &str) -> Vec<i64> {
        let accounts = self.accounts.lock().unwrap();
        let refunds = accounts.get(order_id).map(|account| account.refunds.clone()).unwrap_or_default();
        let counts = refunds.iter().filter(|refund| refund.status != RefundStatus::Failed);
        counts.map(|refund| refund.amount.amount).collect()
    }

    /// What becomes of the refunds of an order that are pending.
    pub(crate) fn end_refunds(&self, order_id: &str, status: RefundStatus) {
        let mut accounts = self.accounts.lock().unwrap();
        for refund in &mut accounts.get_mut(order_id).unwrap().refunds {
            if refund.status == RefundStatus::Pending {
                (refund.status, refund.awaits_staff) = (status, false);
                refund.failure = (status == RefundStatus::Failed).then(|| "the account is closed".to_owned());
            }
        }
    }

    /// Whether anyone could still pay for an order.
    pub(crate) fn is_payable(&self, order_id: &str) -> bool {
        let accounts = self.accounts.lock().unwrap();
        accounts.get(order_id).is_some_and(|account| account.sessions.iter().any(|session| !session.status.is_final()))
    }

    fn decide(&self, order_id: &str, status: SessionStatus, failure: Option<&str>) -> bool {
        let mut accounts = self.accounts.lock().unwrap();
        let Some(account) = accounts.get_mut(order_id) else { return false };
        let Some(session) = account.sessions.iter_mut().find(|session| !session.status.is_final()) else {
            return false;
        };
        session.status = status;
        session.next = PaymentNext::Nothing;
        session.failure = failure.map(str::to_owned);
        account.captures += i64::from(status == SessionStatus::Captured);
        true
    }

    fn payment_of(&self, order_id: &str) -> Option<Payment> {
        let accounts = self.accounts.lock().unwrap();
        let account = accounts.get(order_id)?;
        Some(Payment {
            order_id: order_id.to_owned(),
            amount: account.amount,
            review: None,
            captured: account.part.map_or_else(|| account.amount.times(account.captures).unwrap(), eur),
            authorized: account.is_held.then_some(account.amount),
            by_gift_cards: account.by_cards(),
            session: account.sessions.last().unwrap().clone(),
            paid_at: (account.captures > 0).then(|| self.clock.now()),
            refunds: account.refunds.clone(),
        })
    }

    fn record(&self, order_id: &str, amount: Money) -> Result<Option<Payment>, CallError<BillingError>> {
        let paid = self.payment_of(order_id).ok_or(BillingError::NotFound)?;
        assert_eq!(paid.due(), amount);
        if !self.pay(order_id) {
            return Err(BillingError::AlreadyPaid.into());
        }
        Ok(self.payment_of(order_id))
    }

    fn cancel(&self, order_id: &str) -> Result<Option<Payment>, CallError<BillingError>> {
        let mut accounts = self.accounts.lock().unwrap();
        let account = accounts.get_mut(order_id).ok_or(BillingError::NotFound)?;
        if account.captures > 0 || account.part.is_some() || account.in_review {
            return Err(BillingError::AlreadyPaid.into());
        }
        for session in account.sessions.iter_mut().filter(|session| !session.status.is_final()) {
            session.status = SessionStatus::Canceled;
        }
        // What is left to pay is the rest, should it come all the same.
        if let Some(by_cards) = account.by_cards() {
            account.amount = eur(account.amount.amount - by_cards.amount);
        }
        let mut cards = self.cards.lock().unwrap();
        for part in account.cards.drain(..) {
            *cards.get_mut(&part.gift_card_id).unwrap() += part.amount.amount;
        }
        drop((accounts, cards));
        Ok(self.payment_of(order_id))
    }

    fn session(method: &str) -> Result<PaymentSession, BillingError> {
        let id = SessionId::new();
        let next = match method {
            "card" => PaymentNext::Redirect { url: format!("/pay/{id}") },
            "bank_transfer" => PaymentNext::Instructions { lines: vec![("IBAN".to_owned(), "AT61".to_owned())] },
            GIFT_CARD => PaymentNext::Nothing,
            _ => return Err(BillingError::MethodNotOffered { method: method.to_owned() }),
        };
        let status = if method == GIFT_CARD { SessionStatus::Captured } else { SessionStatus::Pending };
        Ok(PaymentSession { id, method: method.to_owned(), status, next, failure: None })
    }
}

#[async_trait]
impl Billing for Bank {
    async fn start_payment(
        &self,
        _: &CallCtx,
        request: StartPayment,
    ) -> Result<PaymentSession, CallError<BillingError>> {
        self.line
            .carry("start_payment", || {
                assert!(request.return_path.ends_with(&request.order_id));
                let session = Self::session(&request.method)?;
                let mut accounts = self.accounts.lock().unwrap();
                let empty = Account {
                    amount: request.amount,
                    captures: 0,
                    in_review: false,
                    is_held: false,
                    part: None,
                    sessions: Vec::new(),
                    keys: Vec::new(),
                    refunds: Vec::new(),
                    cards: request.gift_cards.clone(),
                };
                if !accounts.contains_key(&request.order_id) {
                    let mut cards = self.cards.lock().unwrap();
                    for part in &request.gift_cards {
                        let (gift_card_id, left) = (part.gift_card_id, cards[&part.gift_card_id]);
                        if left < part.amount.amount {
                            return Err(BillingError::GiftCardTooLow { gift_card_id, left: eur(left) }.into());
                        }
                    }
                    for part in &request.gift_cards {
                        *cards.get_mut(&part.gift_card_id).unwrap() -= part.amount.amount;
                    }
                }
                let account = accounts.entry(request.order_id).or_insert(empty);
                assert_eq!((account.amount, &account.cards), (request.amount, &request.gift_cards));
                let key = request.key.to_string();
                if let Some(place) = account.keys.iter().position(|known| *known == key) {
                    return Ok(account.sessions[place].clone());
                }
                if account.captures > 0 || account.in_review {
                    return Err(BillingError::AlreadyPaid.into());
                }
                for open in account.sessions.iter_mut().filter(|session| !session.status.is_final()) {
                    open.status = SessionStatus::Canceled;
                }
                account.keys.push(key);
                account.captures += i64::from(session.status == SessionStatus::Captured);
                account.sessions.push(session.clone());
                Ok(session)
            })
            .await
    }

    async fn payment(&self, _: &CallCtx, request: FindPayment) -> Result<Option<Payment>, CallError<BillingError>> {
        self.line.carry("payment", || Ok(self.payment_of(&request.order_id))).await
    }

    async fn end_payment(
        &self,
        _: &CallCtx,
        EndPayment { order_id, end, .. }: EndPayment,
    ) -> Result<Option<Payment>, CallError<BillingError>> {
        match end {
            PaymentEnd::Settle => {
                let settled = || Ok(Some(self.payment_of(&order_id).ok_or(BillingError::NotFound)?));
                self.line.carry("settle", settled).await
            }
            PaymentEnd::Record { amount, .. } => {
                self.line.carry("record_payment", || self.record(&order_id, amount)).await
            }
            PaymentEnd::Cancel => self.line.carry("cancel_payment", || self.cancel(&order_id)).await,
            _ => unreachable!("orders does not ask"),
        }
    }

    async fn refund(&self, _: &CallCtx, request: Refund) -> Result<PaymentRefund, CallError<BillingError>> {
        self.line
            .carry("refund", || {
                let Refund { key, action: RefundAction::GiveBack { order_id, amount, reason, to } } = request else {
                    unreachable!("orders does not ask")
                };
                let left = self.payment_of(&order_id).ok_or(BillingError::NotFound)?.refundable();
                let mut accounts = self.accounts.lock().unwrap();
                let account = accounts.get_mut(&order_id).ok_or(BillingError::NotFound)?;
                if let Some(known) = account.refunds.iter().find(|refund| refund.key == key) {
                    assert_eq!((known.amount, &known.reason), (amount, &reason));
                    return Ok(known.clone());
                }
                if amount.amount > left.amount {
                    return Err(BillingError::RefundTooHigh { left }.into());
                }
                let method = account.sessions.last().unwrap().method.clone();
                let as_credit = matches!(to, RefundTo::StoreCredit { .. });
                let is_by_hand = method == "bank_transfer" && !as_credit;
                let refund = PaymentRefund {
                    id: RefundId::new(),
                    key,
                    amount,
                    reason,
                    method,
                    to_gift_cards: None,
                    gift_card_id: as_credit.then(|| self.issue(amount.amount)),
                    status: if is_by_hand { RefundStatus::Pending } else { RefundStatus::Succeeded },
                    awaits_staff: is_by_hand,
                    failure: None,
                    created_at: self.clock.now(),
                };
                account.refunds.push(refund.clone());
                Ok(refund)
            })
            .await
    }

    async fn payment_methods(
        &self,
        _: &CallCtx,
        _: ListPaymentMethods,
    ) -> Result<Vec<PaymentMethod>, CallError<BillingError>> {
        unreachable!("orders does not ask")
    }

    async fn audit(&self, _: &CallCtx, _: AuditRequest) -> Result<Vec<Violation>, CallError<BillingError>> {
        unreachable!("orders does not ask")
    }

    async fn tax_rules(&self, _: &CallCtx, _: ListTaxRules) -> Result<Vec<TaxRule>, CallError<BillingError>> {
        unreachable!("orders does not ask")
    }

    async fn save_tax_rule(&self, _: &CallCtx, _: SaveTaxRule) -> Result<TaxRule, CallError<BillingError>> {
        unreachable!("orders does not ask")
    }

    async fn payment_page(&self, _: &CallCtx, _: OpenPaymentPage) -> Result<PaymentPage, CallError<BillingError>> {
        unreachable!("orders does not ask")
    }

    async fn receive_notice(&self, _: &CallCtx, _: ReceiveNotice) -> Result<(), CallError<BillingError>> {
        unreachable!("orders does not ask")
    }

    async fn payment_checks(
        &self,
        _: &CallCtx,
        _: ListPaymentChecks,
    ) -> Result<Page<PaymentCheck>, CallError<BillingError>> {
        unreachable!("orders does not ask")
    }

    async fn resolve_payment_check(
        &self,
        _: &CallCtx,
        _: ResolvePaymentCheck,
    ) -> Result<PaymentCheck, CallError<BillingError>> {
        unreachable!("orders does not ask")
    }

    async fn issue_document(&self, _: &CallCtx, _: IssueDocument) -> Result<Document, CallError<BillingError>> {
        unreachable!("orders does not ask")
    }

    async fn documents(&self, _: &CallCtx, _: FindDocuments) -> Result<Vec<Document>, CallError<BillingError>> {
        unreachable!("orders does not ask")
    }

    async fn gift_cards(&self, _: &CallCtx, _: FindGiftCards) -> Result<Page<GiftCard>, CallError<BillingError>> {
        unreachable!("orders does not ask")
    }

    async fn change_gift_card(&self, _: &CallCtx, _: ChangeGiftCard) -> Result<GiftCard, CallError<BillingError>> {
        unreachable!("orders does not ask")
    }
}

pub(crate) fn eur(amount: i64) -> Money {
    Money::new(amount, Currency::eur())
}

pub(crate) fn country(code: &str) -> Country {
    code.parse().unwrap()
}
