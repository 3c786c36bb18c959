//! Renders typed pages with the templates, which are part of the binary.

use std::sync::LazyLock;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::CONTENT_SECURITY_POLICY;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rust_embed::RustEmbed;
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use tera::{Context, Kwargs, State, Tera, TeraResult};

use super::assets::Assets;
use super::problem::Problem;

#[derive(RustEmbed)]
#[folder = "../templates"]
struct Templates;

/// Shown when even the templates fail: it needs nothing.
const LAST_RESORT: &str = include_str!("../../../templates/500.html");

/// Its one style block is part of it, and known by its hash; nothing else is loaded.
static LAST_RESORT_POLICY: LazyLock<String> = LazyLock::new(|| {
    let style = LAST_RESORT.split_once("<style>").and_then(|(_, rest)| rest.split_once("</style>"));
    let hash = STANDARD.encode(Sha256::digest(style.map_or("", |(style, _)| style)));
    format!(
        "default-src 'none'; style-src 'sha256-{hash}'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
    )
});

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
        let templates: Vec<(String, String)> =
            Templates::iter().filter_map(named).filter(|(path, _)| path != "500.html").collect();
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

#[cfg(test)]
impl Pages {
    /// What templates there are.
    pub fn names() -> impl Iterator<Item = String> {
        Templates::iter().map(std::borrow::Cow::into_owned)
    }

    /// A template as it is written.
    pub fn source(name: &str) -> String {
        Templates::get(name).map(|file| String::from_utf8_lossy(&file.data).into_owned()).unwrap_or_default()
    }
}

/// Answers with a page.
pub fn html(status: StatusCode, body: impl Into<String>) -> HttpResponse {
    HttpResponse::build(status).content_type("text/html; charset=utf-8").body(body.into())
}

/// The page for a fault of ours, with the id by which the log knows the request.
pub fn last_resort(request_id: &str) -> HttpResponse {
    HttpResponse::InternalServerError()
        .content_type("text/html; charset=utf-8")
        .insert_header((CONTENT_SECURITY_POLICY, LAST_RESORT_POLICY.as_str()))
        .body(LAST_RESORT.replace("{{ request_id }}", request_id))
}
