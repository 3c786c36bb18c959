//! Locations: where stock can be, and from where orders are sent first.

use actix_web::http::StatusCode;
use inventory_api::{InventoryError, SaveLocation, StockLocation};
use kernel::CallError;

use super::stock::{locations, unavailable};
use super::views::{Field, LocationForm, LocationsPage, Notice, Problem as ProblemView, SelectField, Tone};
use super::{key_of, new_key, shell};
use crate::web::{Answer, Form, Problem, Visit};

/// `GET /admin/stock/locations`
///
/// # Errors
/// Locations cannot be shown now.
pub async fn show(visit: Visit) -> Answer {
    answer(&visit, &Form::default(), StatusCode::OK).await
}

async fn answer(visit: &Visit, form: &Form, status: StatusCode) -> Answer {
    let places = locations(visit).await?;
    let is_typed = |id: &str| !form.is_valid() && form.raw("id") == id;
    let mut forms: Vec<_> = places
        .iter()
        .map(|place| if is_typed(&place.id) { typed(place.clone(), form) } else { filled(place) })
        .collect();
    let next = places.iter().map(|place| place.priority).max().unwrap_or(0) + 10;
    let new = StockLocation {
        id: String::new(),
        name: String::new(),
        address: String::new(),
        priority: next.min(1_000),
        ships: true,
        is_default: false,
    };
    forms.push(if is_typed("") { typed(new, form) } else { filled(&new) });
    let page = LocationsPage {
        shell: shell(visit, "stock", if form.is_valid() { "Locations" } else { "Error: Locations" }),
        problems: ProblemView::all(form),
        forms,
    };
    visit.shop.pages().answer(status, "admin/locations.html", &page)
}

fn yes_or_no(yes: bool) -> SelectField {
    SelectField::new([("yes", "Yes"), ("no", "No")], if yes { "yes" } else { "no" })
}

fn filled(place: &StockLocation) -> LocationForm {
    LocationForm {
        id: place.id.clone(),
        heading: place.name.clone(),
        key: new_key(),
        name: Field::new(&place.name),
        address: Field::new(&place.address),
        priority: Field::new(place.priority.to_string()),
        ships: yes_or_no(place.ships),
        is_default: place.is_default,
    }
}

fn typed(place: StockLocation, form: &Form) -> LocationForm {
    LocationForm {
        name: Field::of(form, "name"),
        address: Field::of(form, "address"),
        priority: Field::of(form, "priority"),
        ships: yes_or_no(form.raw("ships") != "no").checked(form, "ships"),
        ..filled(&place)
    }
}

/// `POST /admin/stock/locations`
///
/// # Errors
/// The form has other fields, or locations cannot be changed now.
pub async fn save(visit: Visit) -> Answer {
    let mut form = visit.form(&["key", "id", "name", "address", "priority", "ships", "make_default"])?;
    let name = form.required("name", "Enter a name, such as “Warehouse”");
    let priority = form.parsed::<i64>("priority", "Enter a whole number from 0 to 1000");
    let (Some(name), Some(priority)) = (name, priority) else {
        return answer(&visit, &form, StatusCode::UNPROCESSABLE_ENTITY).await;
    };
    let request = SaveLocation {
        key: key_of(&form)?,
        id: form.text("id"),
        name,
        address: form.text("address").map(|text| text.replace("\r\n", "\n")).unwrap_or_default(),
        priority,
        ships: form.raw("ships") != "no",
        is_default: form.raw("make_default") == "yes",
    };
    match visit.shop.inventory().save_location(&visit.staff(), request).await {
        Ok(saved) => {
            let notice = Notice::new(Tone::Ok, format!("{} was saved", saved.name), "");
            Ok(visit.see_other_saying("/admin/stock/locations", &notice))
        }
        Err(CallError::Domain(InventoryError::NotFound)) => Err(Problem::NotFound),
        Err(CallError::Domain(InventoryError::Invalid { field, problem })) => {
            form.problem(&field, problem);
            answer(&visit, &form, StatusCode::UNPROCESSABLE_ENTITY).await
        }
        Err(CallError::Domain(error)) => Err(Problem::Refused(error.to_string())),
        Err(error) => Err(unavailable(error)),
    }
}
