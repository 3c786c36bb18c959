//! "Is this your order?" Soon after a purchase its link shows everything. Later it does so only in browsers that the shop
//! knows for this order: the one that bought, and those in which somebody could tell e-mail address and postcode.

use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use kernel::{CallError, Email, Secret};
use orders_api::Order;

use super::order::{open, parcels, progress, words};
use super::own_shell;
use super::views::{Field, Notice, ParcelView, Problem as ProblemView, Row, Tone, UnlockPage, country_name, date};
use crate::web::cookies::KNOWN_ORDERS;
use crate::web::counters::{self, TooMany, Try, WRONG_ANSWERS_OF_ADDRESS, WRONG_ANSWERS_OF_ORDER};
use crate::web::signature::Keys;
use crate::web::{Answer, Form, Visit, retry_after, see_other};

/// Orders that one browser is known for; the oldest are forgotten first.
const MOST_KNOWN: usize = 12;
const SUBJECT: &str = "known order";
const LONGEST_TEXT: usize = 1_200;

/// Whether this browser may see all of `order`.
pub(super) fn is_known(visit: &Visit, secret: &Secret, order: &Order) -> bool {
    let bought_at = order.placed_at.unwrap_or(order.created_at);
    let link_is_enough = Duration::from_secs(60 * u64::from(visit.shop.settings().order_link_minutes));
    if visit.shop.clock().now().since(bought_at) < link_is_enough {
        return true;
    }
    let keys = keys(visit);
    known(visit).iter().any(|known| is_of(&keys, secret, known))
}

/// From now on this browser may see all of the order that `secret` opens.
pub(super) fn remember(visit: &Visit, response: &mut HttpResponse, secret: &Secret) {
    let keys = keys(visit);
    let others = known(visit).into_iter().filter(|known| !is_of(&keys, secret, known));
    let all: Vec<String> =
        std::iter::once(keys.sign(SUBJECT, secret.reveal())).chain(others).take(MOST_KNOWN).collect();
    visit.set_cookie(response, visit.shop.cookie_names().make(KNOWN_ORDERS, all.join(".")));
}

/// The orders that the browser says it is known for, each as a signature of the shop.
fn known(visit: &Visit) -> Vec<String> {
    let text = visit.cookies().text(KNOWN_ORDERS).filter(|text| text.len() < LONGEST_TEXT).unwrap_or_default();
    text.split('.').filter(|known| !known.is_empty()).take(MOST_KNOWN).map(str::to_owned).collect()
}

fn is_of(keys: &Keys, secret: &Secret, known: &str) -> bool {
    keys.signed(SUBJECT, secret.reveal(), known)
}

fn keys(visit: &Visit) -> Keys {
    Keys::of(visit.shop.settings(), "known orders")
}

/// What the link alone shows: how far the order is, and the question whose it is.
pub(super) async fn page(visit: &Visit, secret: &Secret, order: &Order, form: &Form, status: StatusCode) -> Answer {
    let title = format!("Order {}", order.number);
    let shell = own_shell(visit, if form.is_valid() { title } else { format!("Error: {title}") }).await;
    answer(visit, unlock_page(shell, secret, order, form), status)
}

fn answer(visit: &Visit, page: UnlockPage, status: StatusCode) -> Answer {
    visit.shop.pages().answer(status, "storefront/unlock.html", &page)
}

fn unlock_page(shell: super::views::Shell, secret: &Secret, order: &Order, form: &Form) -> UnlockPage {
    let email = masked_email(&order.email);
    let (headline, lead) = words(order, false, &email);
    let without_details =
        |parcel| ParcelView { carrier: String::new(), tracking_number: String::new(), contents: Vec::new(), ..parcel };
    UnlockPage {
        shell,
        problems: ProblemView::all(form),
        number: order.number.clone(),
        placed: date(order.placed_at.unwrap_or(order.created_at)),
        headline,
        lead,
        progress: progress(order),
        parcels: parcels(order).into_iter().map(without_details).collect(),
        masked: vec![
            Row::new("Ordered by", masked_name(&order.address.name)),
            Row::new("Mail goes to", email),
            Row::new("Delivery to", country_name(order.address.country.code())),
        ],
        action: format!("/o/{}/unlock", secret.reveal()),
        email: Field::of(form, "email"),
        postcode: Field::of(form, "postcode"),
    }
}

/// `POST /o/{secret}/unlock`
///
/// # Errors
/// The secret opens no order, the form has other fields, or the order cannot be shown now.
pub async fn unlock(visit: Visit) -> Answer {
    let (secret, order) = open(&visit).await?;
    let mut form = visit.form(&["email", "postcode"])?;
    let email = form.required("email", "Enter the e-mail address that you ordered with");
    let postcode = form.required("postcode", "Enter the postcode that the order goes to");
    let (Some(email), Some(postcode)) = (email, postcode) else {
        return page(&visit, &secret, &order, &form, StatusCode::UNPROCESSABLE_ENTITY).await;
    };
    // Counted before it is looked at, so that guesses at the same time cannot slip through together.
    match counters::count(&visit.shop, None, tries(&visit, &order)).await {
        Ok(()) => {}
        Err(CallError::Domain(TooMany { wait, .. })) => return too_many(&visit, &secret, &order, wait).await,
        Err(error) => return Err(counters::refused(error)),
    }
    if !belongs(&order, &email, &postcode) {
        form.problem("email", "This e-mail address and this postcode are not those of the order. Check both");
        return page(&visit, &secret, &order, &form, StatusCode::UNPROCESSABLE_ENTITY).await;
    }
    counters::take_back(&visit.shop, tries(&visit, &order)).await;
    let mut response = see_other(format!("/o/{}", secret.reveal()));
    remember(&visit, &mut response, &secret);
    Ok(response)
}

fn tries(visit: &Visit, order: &Order) -> Vec<Try> {
    vec![
        Try::of(&visit.shop, WRONG_ANSWERS_OF_ADDRESS, visit.address()),
        Try::of(&visit.shop, WRONG_ANSWERS_OF_ORDER, order.id),
    ]
}

async fn too_many(visit: &Visit, secret: &Secret, order: &Order, wait: Duration) -> Answer {
    let mut shell = own_shell(visit, format!("Order {}", order.number)).await;
    let text = format!("Wait {}, then try again. The link itself keeps working.", counters::in_words(wait));
    shell.notice = Some(Notice::new(Tone::Warn, "Too many wrong answers", text));
    let page = unlock_page(shell, secret, order, &Form::default());
    let mut response = answer(visit, page, StatusCode::TOO_MANY_REQUESTS)?;
    retry_after(&mut response, wait);
    Ok(response)
}

/// Both have to be right, however they are spelled.
fn belongs(order: &Order, email: &str, postcode: &str) -> bool {
    let email = email.parse::<Email>().is_ok_and(|email| email.canonical() == order.email.canonical());
    let postcode = plain(postcode) == plain(&order.address.postcode);
    email & postcode
}

/// `sw1a 1aa` and `SW1A-1AA` are one postcode.
fn plain(postcode: &str) -> String {
    postcode.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_uppercase).collect()
}

/// `a…@e….org`
fn masked_email(email: &Email) -> String {
    let (local, domain) = email.as_str().rsplit_once('@').unwrap_or_default();
    let (name, ending) = domain.trim_end_matches('.').rsplit_once('.').unwrap_or_default();
    format!("{}@{}.{ending}", first_letter(local), first_letter(name))
}

/// `A… L…`
fn masked_name(name: &str) -> String {
    name.split_whitespace().map(first_letter).collect::<Vec<_>>().join(" ")
}

fn first_letter(word: &str) -> String {
    word.chars().take(1).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mask_leaves_first_letters_only() {
        assert_eq!(masked_email(&"ada.l@mail.example.org".parse().expect("an address")), "a…@m….org");
        assert_eq!(masked_name("Ada  King-Lovelace"), "A… K…");
        assert_eq!(masked_name("Ö"), "Ö…");
    }

    #[test]
    fn a_postcode_is_the_same_however_it_is_spelled() {
        assert_eq!(plain(" sw1a-1aa "), plain("SW1A 1AA"));
        assert_ne!(plain("1010"), plain("101"));
    }
}
