//! The ways to pay.

use billing_api::{ListPaymentMethods, PaymentMethod};

use crate::Module;

/// Those that are offered now, real ones first.
pub(crate) fn payment_methods(module: &Module, request: &ListPaymentMethods) -> Vec<PaymentMethod> {
    let offered = module.providers.all().filter(|provider| provider.is_offered(request.amount, Some(request.country)));
    offered.map(|provider| provider.method()).collect()
}
