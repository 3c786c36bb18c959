//! Step 1: who buys, and where it goes.

use actix_web::http::StatusCode;
use cart_api::{Cart, CartError, SaveContact};
use kernel::{Address, CallError, Country, Email, IdempotencyKey};

use super::cart_to_buy;
use crate::storefront::views::{COUNTRIES, ContactPage, Field, Problem as ProblemView, SelectField, country_name};
use crate::storefront::{cart, own_shell, summary};
use crate::web::{Answer, Form, Problem, Visit, see_other};

const FIELDS: [&str; 8] = ["email", "name", "country", "line1", "line2", "postcode", "city", "phone"];

/// `GET /checkout/contact`
///
/// # Errors
/// The cart cannot be shown now.
pub async fn show(visit: Visit) -> Answer {
    let cart = match cart_to_buy(&visit).await? {
        Ok(cart) => cart,
        Err(elsewhere) => return Ok(elsewhere),
    };
    let form = filled(&cart);
    answer(&visit, &cart, &form, StatusCode::OK).await
}

fn filled(cart: &Cart) -> Form {
    let address = cart.address.as_ref();
    let part = |part: fn(&Address) -> Option<String>| address.and_then(part).unwrap_or_default();
    Form::filled([
        ("email", cart.email.as_ref().map(ToString::to_string).unwrap_or_default()),
        ("name", part(|address| Some(address.name.clone()))),
        ("country", cart.country.to_string()),
        ("line1", part(|address| Some(address.line1.clone()))),
        ("line2", part(|address| address.line2.clone())),
        ("postcode", part(|address| Some(address.postcode.clone()))),
        ("city", part(|address| Some(address.city.clone()))),
        ("phone", part(|address| address.phone.clone())),
    ])
}

async fn answer(visit: &Visit, cart: &Cart, form: &Form, status: StatusCode) -> Answer {
    let title = if form.is_valid() { "Contact" } else { "Error: Contact" };
    let page = ContactPage {
        shell: own_shell(visit, title).await,
        problems: ProblemView::all(form),
        email: Field::of(form, "email"),
        name: Field::of(form, "name"),
        country: SelectField::new(COUNTRIES.iter().copied(), form.raw("country")).checked(form, "country"),
        line1: Field::of(form, "line1"),
        line2: Field::of(form, "line2"),
        postcode: Field::of(form, "postcode"),
        city: Field::of(form, "city"),
        phone: Field::of(form, "phone"),
        summary: summary::of_cart(cart),
    };
    visit.shop.pages().answer(status, "storefront/checkout/contact.html", &page)
}

/// `POST /checkout/contact`
///
/// # Errors
/// The form has other fields, or the cart cannot be changed now.
pub async fn save(visit: Visit) -> Answer {
    let mut form = visit.form(&FIELDS)?;
    let ctx = visit.cart_ctx().ok_or(Problem::NotFound)?;
    if let Some((email, address)) = read(&mut form) {
        let country = address.country;
        let request = SaveContact { key: IdempotencyKey::new(), email, address };
        match visit.shop.carts().save_contact(&ctx, request).await {
            Ok(_) => return Ok(see_other("/checkout/delivery")),
            Err(CallError::Domain(CartError::Invalid { field, problem })) => {
                form.problem(field.trim_start_matches("address."), sentence(&problem));
            }
            Err(CallError::Domain(CartError::NotDeliverable { .. })) => {
                form.problem(
                    "country",
                    format!("We cannot deliver to {} yet. Choose another country.", country_name(country.code())),
                );
            }
            Err(CallError::Domain(_)) => return Ok(cart::nothing_to_buy()),
            Err(error) => return Err(cart::unavailable(error)),
        }
    }
    match cart_to_buy(&visit).await? {
        Ok(cart) => answer(&visit, &cart, &form, StatusCode::UNPROCESSABLE_ENTITY).await,
        Err(elsewhere) => Ok(elsewhere),
    }
}

fn read(form: &mut Form) -> Option<(Email, Address)> {
    let email = form.parsed("email", "Enter an e-mail address like name@example.org");
    let name = form.required("name", "Enter the name of the person who receives the parcel");
    let country = form.parsed::<Country>("country", "Choose a country");
    let line1 = form.required("line1", "Enter street and number");
    let postcode = form.required("postcode", "Enter the postcode");
    let city = form.required("city", "Enter the town or city");
    let (line2, phone) = (form.text("line2"), form.text("phone"));
    Some((
        email?,
        Address { name: name?, line1: line1?, line2, postcode: postcode?, city: city?, country: country?, phone },
    ))
}

/// Modules say it in half a sentence.
fn sentence(problem: &str) -> String {
    let mut letters = problem.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
