//! Files of the shop: style sheets, fonts, icons, the demo pictures. They are part of the binary.
//!
//! A file is served under a name that contains its hash, so that browsers may keep it forever.

use std::borrow::Cow;
use std::collections::HashMap;

use actix_web::HttpResponse;
use actix_web::http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, VARY};
use actix_web::web::Bytes;
use rust_embed::RustEmbed;

use super::{Answer, Problem, Visit};

#[derive(RustEmbed)]
#[folder = "static"]
#[exclude = "*.md"]
#[exclude = "media/*"]
struct Files;

#[derive(RustEmbed)]
#[folder = "static/media"]
struct Pictures;

/// Style sheets that are served as one, in the order of their layers.
const BUNDLES: [(&str, &[&str]); 3] = [
    (
        "css/storefront.css",
        &["css/tokens.css", "css/base.css", "css/layout.css", "css/components.css", "css/storefront.css"],
    ),
    ("css/paper.css", &["css/tokens.css", "css/base.css", "css/paper.css"]),
    ("css/admin.css", &["css/tokens.css", "css/base.css", "css/layout.css", "css/components.css", "css/admin.css"]),
];

struct File {
    content: Bytes,
    compressed: Option<Bytes>,
    content_type: &'static str,
}

/// All files by the name they are served under.
pub struct Assets {
    files: HashMap<String, File>,
    names: HashMap<String, String>,
}

impl Assets {
    /// Reads, bundles, compresses and names the files.
    pub fn load() -> Self {
        let mut assets = Self { files: HashMap::new(), names: HashMap::new() };
        let mut later = Vec::new();
        for path in Files::iter() {
            if path.ends_with(".css") {
                later.push(path);
            } else if let Some(file) = Files::get(&path) {
                assets.add(&path, file.data);
            }
        }
        for (bundle, parts) in BUNDLES {
            let parts = parts.iter().filter(|part| later.iter().any(|path| path == *part));
            let text: String = parts
                .filter_map(|part| Files::get(part))
                .map(|file| String::from_utf8_lossy(&file.data).into_owned())
                .collect();
            let text = assets.with_hashed_names(&text);
            assets.add(bundle, Cow::Owned(text.into_bytes()));
        }
        assets
    }

    fn add(&mut self, path: &str, content: Cow<'static, [u8]>) {
        let hash = &kernel::secret::sha256_hex(&content)[..12];
        let (stem, ending) = path.rsplit_once('.').unwrap_or((path, ""));
        let served = format!("{stem}.{hash}.{ending}");
        let compressed = compressible(ending).then(|| compress(&content)).flatten();
        let file = File { content: Bytes::from(content.into_owned()), compressed, content_type: content_type(ending) };
        self.names.insert(path.to_owned(), format!("/static/{served}"));
        self.files.insert(served, file);
    }

    /// Style sheets name other files as `url(/static/fonts/….woff2)`.
    fn with_hashed_names(&self, text: &str) -> String {
        self.names.iter().fold(text.to_owned(), |text, (path, served)| text.replace(&format!("/static/{path}"), served))
    }

    /// The address of a file; the path itself when there is no such file.
    pub fn url(&self, path: &str) -> String {
        self.names.get(path).cloned().unwrap_or_else(|| format!("/static/{path}"))
    }
}

fn compressible(ending: &str) -> bool {
    matches!(ending, "css" | "svg" | "txt" | "html" | "json" | "js")
}

fn compress(content: &[u8]) -> Option<Bytes> {
    let mut out = Vec::new();
    let parameters = brotli::enc::BrotliEncoderParams { quality: 9, ..Default::default() };
    brotli::BrotliCompress(&mut &content[..], &mut out, &parameters).ok()?;
    Some(Bytes::from(out))
}

fn content_type(ending: &str) -> &'static str {
    match ending {
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        "woff2" => "font/woff2",
        "jpg" => "image/jpeg",
        "avif" => "image/avif",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "json" => "application/json",
        "js" => "text/javascript; charset=utf-8",
        _ => "text/plain; charset=utf-8",
    }
}

/// `GET /static/{file}`
///
/// # Errors
/// There is no such file.
pub async fn file(visit: Visit) -> Answer {
    let name: String = visit.path("file")?;
    let file = visit.shop.assets().files.get(&name).ok_or(Problem::NotFound)?;
    let accepted =
        visit.request.headers().get(ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut answer = HttpResponse::Ok();
    answer.insert_header((CONTENT_TYPE, file.content_type));
    Ok(match &file.compressed {
        Some(compressed) if accepted.contains("br") => answer
            .insert_header((CONTENT_ENCODING, "br"))
            .insert_header((VARY, "accept-encoding"))
            .body(compressed.clone()),
        _ => answer.body(file.content.clone()),
    })
}

/// `GET /media/{picture}`
///
/// # Errors
/// There is no such picture.
pub async fn picture(visit: Visit) -> Answer {
    let name: String = visit.path("picture")?;
    let picture = Pictures::get(&name).ok_or(Problem::NotFound)?;
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    let body = match picture.data {
        Cow::Borrowed(content) => Bytes::from_static(content),
        Cow::Owned(content) => Bytes::from(content),
    };
    Ok(HttpResponse::Ok().insert_header((CONTENT_TYPE, content_type(ending))).body(body))
}
