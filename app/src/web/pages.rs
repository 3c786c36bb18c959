//! Renders typed pages with the templates, which are part of the binary.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use rust_embed::RustEmbed;
use serde::Serialize;
use tera::{Context, Kwargs, State, Tera, TeraResult};

use super::assets::Assets;
use super::problem::Problem;

#[derive(RustEmbed)]
#[folder = "../templates"]
struct Templates;

/// Shown when even the templates fail: it needs nothing.
const LAST_RESORT: &str = include_str!("../../../templates/500.html");

/// The templates, read and checked.
pub struct Pages {
    tera: Tera,
}

impl Pages {
    /// Reads all templates. Fails at start, never when a page is asked for, on a template that is wrong.
    ///
    /// # Errors
    /// What is wrong with which template.
    pub fn load(assets: &'static Assets) -> Result<Self, String> {
        let mut tera = Tera::new();
        tera.autoescape_on(vec![".html"]);
        tera.register_function("asset", move |arguments: Kwargs, _: &State| -> TeraResult<String> {
            let path: String = arguments.must_get("path")?;
            Ok(assets.url(&path))
        });
        let named = |path: std::borrow::Cow<'static, str>| {
            let file = Templates::get(&path)?;
            Some((path.into_owned(), String::from_utf8_lossy(&file.data).into_owned()))
        };
        let templates: Vec<(String, String)> = Templates::iter().filter_map(named).filter(|(path, _)| path != "500.html").collect();
        tera.add_raw_templates(templates).map_err(|error| error.to_string())?;
        Ok(Self { tera })
    }

    /// Renders a page.
    ///
    /// # Errors
    /// The page does not have what the template asks for.
    pub fn render(&self, template: &str, page: &impl Serialize) -> Result<String, Problem> {
        let rendered = Context::from_serialize(page).and_then(|context| self.tera.render(template, &context));
        rendered.map_err(|error| Problem::Internal(format!("{template}: {error}")))
    }

    /// Renders a page and answers with it.
    ///
    /// # Errors
    /// The page does not have what the template asks for.
    pub fn answer(&self, status: StatusCode, template: &str, page: &impl Serialize) -> Result<HttpResponse, Problem> {
        Ok(html(status, self.render(template, page)?))
    }
}

/// Answers with a page.
pub fn html(status: StatusCode, body: impl Into<String>) -> HttpResponse {
    HttpResponse::build(status).content_type("text/html; charset=utf-8").body(body.into())
}

/// The page for a fault of ours, with the id by which the log knows the request.
pub fn last_resort(request_id: &str) -> HttpResponse {
    html(StatusCode::INTERNAL_SERVER_ERROR, LAST_RESORT.replace("{{ request_id }}", request_id))
}
