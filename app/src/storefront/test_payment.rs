//! The hosted page of the built-in test provider. No real money moves here, and the page says so.

use actix_web::http::StatusCode;
use billing_api::{OpenPaymentPage, PageAnswer, PaymentPage, TestDecision, TestSession};

use super::card_payment::{page_token, unavailable};
use super::views::TestPaymentPage;
use crate::web::{Answer, Problem, Visit, see_other};

/// `GET /pay/test/{token}`
///
/// # Errors
/// There is no such session.
pub async fn show(visit: Visit) -> Answer {
    let token = page_token(&visit)?;
    let found = visit.shop.billing().payment_page(&visit.edge(), OpenPaymentPage::look(&token)).await;
    let session = found.map_err(unavailable).map(of_test)?.ok_or(Problem::NotFound)?;
    let open = matches!(session.decision, None | Some(TestDecision::Authenticate));
    let page = TestPaymentPage {
        shop_name: visit.shop.settings().shop_name.clone(),
        action: format!("/pay/test/{token}"),
        number: session.order_number,
        amount: session.amount.into(),
        authenticating: session.decision == Some(TestDecision::Authenticate),
        can_dispute: session.decision == Some(TestDecision::Succeed),
        return_href: if open { String::new() } else { session.return_path },
    };
    visit.shop.pages().answer(StatusCode::OK, "storefront/test_payment.html", &page)
}

/// The page, when it is one of the test provider.
fn of_test(page: PaymentPage) -> Option<TestSession> {
    match page {
        PaymentPage::Test(session) => Some(session),
        _ => None,
    }
}

/// `POST /pay/test/{token}`
///
/// # Errors
/// There is no such session, or the choice is none.
pub async fn decide(visit: Visit) -> Answer {
    let token = page_token(&visit)?;
    let form = visit.form(&["decision"])?;
    let decision = match form.raw("decision") {
        "succeed" => TestDecision::Succeed,
        "decline" => TestDecision::Decline,
        "authenticate" => TestDecision::Authenticate,
        "fail_authentication" => TestDecision::FailAuthentication,
        "cancel" => TestDecision::Cancel,
        "time_out" => TestDecision::TimeOut,
        "dispute" => TestDecision::Dispute,
        other => return Err(Problem::Refused(format!("decision: {other:?} is not possible here"))),
    };
    let request = OpenPaymentPage::answer(&token, PageAnswer::Test(decision));
    match visit.shop.billing().payment_page(&visit.edge(), request).await {
        Ok(page) => {
            let session = of_test(page).ok_or(Problem::NotFound)?;
            match session.decision {
                Some(TestDecision::Authenticate) => Ok(see_other(format!("/pay/test/{token}"))),
                _ => Ok(see_other(session.return_path)),
            }
        }
        Err(error) => Err(unavailable(error)),
    }
}
