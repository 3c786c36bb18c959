//! How an order may change: the three statuses, and what may happen to an order in each of them.

use orders_api::{FulfillmentStatus, OrderStatus, PaymentStatus};

/// The statuses of an order. They change only by [`Status::after`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Status {
    pub(crate) order: OrderStatus,
    pub(crate) payment: PaymentStatus,
    pub(crate) fulfillment: FulfillmentStatus,
}

/// Something that changes the statuses of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Happening {
    /// Its stock is promised.
    Placed,
    /// Its money arrived.
    Paid,
    /// Money went back, and so much of it is back now: [`PaymentStatus::PartiallyRefunded`] or
    /// [`PaymentStatus::Refunded`].
    Refunded(PaymentStatus),
    /// A parcel left, and so much of the order has left now.
    Shipped(FulfillmentStatus),
    /// The shopper, the shop or a refusal ended it.
    Canceled,
    /// Nobody paid in time.
    Expired,
}

impl Happening {
    /// As the timeline names it.
    pub(crate) fn kind(self) -> &'static str {
        match self {
            Self::Placed => "placed",
            Self::Paid => "paid",
            Self::Refunded(_) => "refunded",
            Self::Shipped(_) => "shipped",
            Self::Canceled => "canceled",
            Self::Expired => "expired",
        }
    }
}

impl Status {
    /// Of an order that was just created.
    pub(crate) const NEW: Self = Self {
        order: OrderStatus::Pending,
        payment: PaymentStatus::Unpaid,
        fulfillment: FulfillmentStatus::Unfulfilled,
    };

    /// The table of legal transitions; `None` for all others.
    ///
    /// Money that arrives for an order that has ended is recorded and changes nothing else: a refund is due.
    pub(crate) fn after(self, happening: Happening) -> Option<Self> {
        use OrderStatus::{Canceled, Expired, Pending, Placed};
        use PaymentStatus::{Paid, PartiallyRefunded, Refunded, Unpaid, Voided};
        let unshipped = self.fulfillment == FulfillmentStatus::Unfulfilled;
        let next = match (self.order, self.payment, happening) {
            (Pending, _, Happening::Placed) => Self { order: Placed, ..self },
            (Pending | Placed, Unpaid, Happening::Paid) => Self { payment: Paid, ..self },
            (Canceled | Expired, Voided, Happening::Paid) => Self { payment: Paid, ..self },
            (Placed, _, Happening::Shipped(fulfillment)) if self.fulfillment != FulfillmentStatus::Fulfilled => {
                Self { fulfillment, ..self }
            }
            // Paid, but what was bought is gone.
            (Pending, _, Happening::Canceled) => self.ended(Canceled),
            // Its money goes back next.
            (Placed, Unpaid | Paid | PartiallyRefunded | Refunded, Happening::Canceled) if unshipped => {
                self.ended(Canceled)
            }
            (
                Placed | OrderStatus::Completed | Canceled | Expired,
                Paid | PartiallyRefunded,
                Happening::Refunded(payment @ (PartiallyRefunded | Refunded)),
            ) => Self { payment, ..self },
            (Pending, Unpaid, Happening::Expired) => self.ended(Expired),
            _ => return None,
        };
        Some(next.completed())
    }

    /// Whether nothing more is to be sent.
    pub(crate) fn has_ended(self) -> bool {
        matches!(self.order, OrderStatus::Canceled | OrderStatus::Expired)
    }

    /// For staff, in words.
    pub(crate) fn in_words(self) -> String {
        match (self.order, self.payment) {
            (OrderStatus::Placed, PaymentStatus::Paid) => "placed and paid".to_owned(),
            (order, PaymentStatus::Refunded) => format!("{} and refunded", order.as_str()),
            (order, _) => order.as_str().to_owned(),
        }
    }

    fn ended(self, order: OrderStatus) -> Self {
        let payment = if self.payment == PaymentStatus::Unpaid { PaymentStatus::Voided } else { self.payment };
        Self { order, payment, fulfillment: FulfillmentStatus::Canceled }
    }

    fn completed(self) -> Self {
        let is_complete = self.order == OrderStatus::Placed
            && self.payment.has_arrived()
            && self.fulfillment == FulfillmentStatus::Fulfilled;
        Self { order: if is_complete { OrderStatus::Completed } else { self.order }, ..self }
    }
}

/// How much of an order has left the house, from what was ordered and shipped of each line.
pub(crate) fn fulfillment_of(lines: impl IntoIterator<Item = (i64, i64)>) -> FulfillmentStatus {
    let (ordered, shipped) =
        lines.into_iter().fold((0, 0), |(ordered, shipped), line| (ordered + line.0, shipped + line.1));
    match shipped {
        0 => FulfillmentStatus::Unfulfilled,
        _ if shipped >= ordered => FulfillmentStatus::Fulfilled,
        _ => FulfillmentStatus::PartiallyFulfilled,
    }
}

#[cfg(test)]
mod tests {
    use FulfillmentStatus::{Canceled as Stopped, Fulfilled, PartiallyFulfilled, Unfulfilled};
    use OrderStatus::{Canceled, Completed, Expired, Pending, Placed};
    use PaymentStatus::{Paid, PartiallyRefunded, Refunded, Unpaid, Voided};

    use super::*;

    const HAPPENINGS: [Happening; 8] = [
        Happening::Placed,
        Happening::Paid,
        Happening::Shipped(PartiallyFulfilled),
        Happening::Shipped(Fulfilled),
        Happening::Canceled,
        Happening::Expired,
        Happening::Refunded(PartiallyRefunded),
        Happening::Refunded(Refunded),
    ];

    fn status((order, payment, fulfillment): (OrderStatus, PaymentStatus, FulfillmentStatus)) -> Status {
        Status { order, payment, fulfillment }
    }

    #[test]
    fn an_order_changes_as_the_table_says_and_in_no_other_way() {
        // A row per status that an order can be in, with what comes of each of HAPPENINGS; a dash is refused.
        #[rustfmt::skip]
        let table = [
            ((Pending, Unpaid, Unfulfilled), [
                Some((Placed, Unpaid, Unfulfilled)), Some((Pending, Paid, Unfulfilled)), None, None,
                Some((Canceled, Voided, Stopped)), Some((Expired, Voided, Stopped)), None, None,
            ]),
            ((Pending, Paid, Unfulfilled), [
                Some((Placed, Paid, Unfulfilled)), None, None, None, Some((Canceled, Paid, Stopped)), None, None, None,
            ]),
            ((Placed, Unpaid, Unfulfilled), [
                None, Some((Placed, Paid, Unfulfilled)), Some((Placed, Unpaid, PartiallyFulfilled)),
                Some((Placed, Unpaid, Fulfilled)), Some((Canceled, Voided, Stopped)), None, None, None,
            ]),
            ((Placed, Unpaid, PartiallyFulfilled), [
                None, Some((Placed, Paid, PartiallyFulfilled)), Some((Placed, Unpaid, PartiallyFulfilled)),
                Some((Placed, Unpaid, Fulfilled)), None, None, None, None,
            ]),
            ((Placed, Unpaid, Fulfilled), [
                None, Some((Completed, Paid, Fulfilled)), None, None, None, None, None, None,
            ]),
            ((Placed, Paid, Unfulfilled), [
                None, None, Some((Placed, Paid, PartiallyFulfilled)), Some((Completed, Paid, Fulfilled)),
                Some((Canceled, Paid, Stopped)), None,
                Some((Placed, PartiallyRefunded, Unfulfilled)), Some((Placed, Refunded, Unfulfilled)),
            ]),
            ((Placed, PartiallyRefunded, Unfulfilled), [
                None, None, Some((Placed, PartiallyRefunded, PartiallyFulfilled)),
                Some((Completed, PartiallyRefunded, Fulfilled)), Some((Canceled, PartiallyRefunded, Stopped)), None,
                Some((Placed, PartiallyRefunded, Unfulfilled)), Some((Placed, Refunded, Unfulfilled)),
            ]),
            ((Placed, Paid, PartiallyFulfilled), [
                None, None, Some((Placed, Paid, PartiallyFulfilled)), Some((Completed, Paid, Fulfilled)), None, None,
                Some((Placed, PartiallyRefunded, PartiallyFulfilled)), Some((Placed, Refunded, PartiallyFulfilled)),
            ]),
            ((Placed, Refunded, Unfulfilled), [
                None, None, Some((Placed, Refunded, PartiallyFulfilled)), Some((Completed, Refunded, Fulfilled)),
                Some((Canceled, Refunded, Stopped)), None, None, None,
            ]),
            ((Completed, Paid, Fulfilled), [
                None, None, None, None, None, None,
                Some((Completed, PartiallyRefunded, Fulfilled)), Some((Completed, Refunded, Fulfilled)),
            ]),
            ((Completed, Refunded, Fulfilled), [None, None, None, None, None, None, None, None]),
            ((Canceled, Voided, Stopped), [
                None, Some((Canceled, Paid, Stopped)), None, None, None, None, None, None,
            ]),
            ((Canceled, Paid, Stopped), [
                None, None, None, None, None, None,
                Some((Canceled, PartiallyRefunded, Stopped)), Some((Canceled, Refunded, Stopped)),
            ]),
            ((Canceled, Refunded, Stopped), [None, None, None, None, None, None, None, None]),
            ((Expired, Voided, Stopped), [
                None, Some((Expired, Paid, Stopped)), None, None, None, None, None, None,
            ]),
            ((Expired, Paid, Stopped), [
                None, None, None, None, None, None,
                Some((Expired, PartiallyRefunded, Stopped)), Some((Expired, Refunded, Stopped)),
            ]),
        ];
        for (before, row) in table {
            for (happening, after) in HAPPENINGS.into_iter().zip(row) {
                assert_eq!(status(before).after(happening), after.map(status), "{before:?} {happening:?}");
            }
        }
    }

    #[test]
    fn an_order_is_fulfilled_when_every_unit_has_left() {
        assert_eq!(fulfillment_of([(2, 0), (1, 0)]), Unfulfilled);
        assert_eq!(fulfillment_of([(2, 2), (1, 0)]), PartiallyFulfilled);
        assert_eq!(fulfillment_of([(2, 2), (1, 1)]), Fulfilled);
    }
}
