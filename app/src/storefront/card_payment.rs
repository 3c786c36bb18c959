//! The page with the payment provider's fields for a card. Where no script runs, or its fields do not come up, the way to
//! the provider's own page is there instead.

use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_SECURITY_POLICY, HeaderValue};
use billing_api::{BillingError, OpenPaymentPage, PageAnswer, PaymentPage};
use kernel::{CallError, IdempotencyKey, Secret};

use super::own_shell;
use super::views::{CardPaymentPage, Notice};
use crate::web::{Answer, Problem, Visit, headers, see_other};

/// `GET /pay/card/{token}`
///
/// # Errors
/// There is no such payment, or the provider does not answer now.
pub async fn show(visit: Visit) -> Answer {
    let token = page_token(&visit)?;
    let found = visit.shop.billing().payment_page(&visit.edge(), OpenPaymentPage::look(&token)).await;
    let card = match found.map_err(unavailable)? {
        PaymentPage::Card(card) => card,
        _ => return Err(Problem::NotFound),
    };
    if !card.is_open {
        return Ok(see_other(card.return_path));
    }
    let nonce = Secret::generate().reveal()[..32].to_owned();
    let mut shell = own_shell(&visit, "Pay by card").await;
    shell.notice = card.failure.as_deref().map(Notice::payment_failed).or(shell.notice);
    let (key, secret) = card.fields.clone().unwrap_or_default();
    let page = CardPaymentPage {
        shell,
        action: format!("/pay/card/{token}"),
        number: card.order_number.clone(),
        amount: card.amount.into(),
        has_fields: card.fields.is_some(),
        return_url: format!("{}{}", visit.shop.settings().base_url, card.return_path),
        key,
        secret,
        nonce: nonce.clone(),
    };
    let mut response = visit.shop.pages().answer(StatusCode::OK, "storefront/card_payment.html", &page)?;
    let policy = headers::with_card_fields(&nonce, visit.shop.settings().card_pages());
    if let Ok(policy) = HeaderValue::try_from(policy) {
        response.headers_mut().insert(CONTENT_SECURITY_POLICY, policy);
    }
    Ok(response)
}

/// `POST /pay/card/{token}`: to the provider's own page, or back without paying.
///
/// # Errors
/// There is no such payment, the form is wrong, or the provider does not answer now.
pub async fn choose(visit: Visit) -> Answer {
    let token = page_token(&visit)?;
    let form = visit.form(&["choice"])?;
    let answer = match form.raw("choice") {
        "hosted" => PageAnswer::UseHosted,
        "leave" => PageAnswer::Leave,
        other => return Err(Problem::Refused(format!("choice: {other:?} is not possible here"))),
    };
    match visit.shop.billing().payment_page(&visit.edge(), OpenPaymentPage::answer(token, answer)).await {
        Ok(PaymentPage::Elsewhere { url }) => Ok(see_other(url)),
        Ok(_) => Err(Problem::NotFound),
        Err(error) => Err(unavailable(error)),
    }
}

/// What opens a page of a payment. What cannot even name a call opens none.
///
/// # Errors
/// It is longer than a token, or no plain text.
pub(super) fn page_token(visit: &Visit) -> Result<String, Problem> {
    let token: String = visit.path("token")?;
    IdempotencyKey::parse(&token).map(|_| token).ok_or(Problem::NotFound)
}

/// Why a page of a payment cannot be shown. It can be asked for again, also when nobody knows what became of the answer.
pub(super) fn unavailable(error: CallError<BillingError>) -> Problem {
    match error {
        CallError::Domain(BillingError::NotFound) => Problem::NotFound,
        CallError::Domain(BillingError::ProviderUnavailable) | CallError::Unknown(_) => {
            Problem::Unavailable("The payment provider")
        }
        CallError::Domain(refusal) => Problem::Refused(refusal.to_string()),
        error => error.into(),
    }
}
