//! What browsers and crawlers ask for by themselves.

use actix_web::HttpResponse;

use crate::web::{Answer, Visit};

/// `GET /robots.txt`
///
/// # Errors
/// Never.
pub async fn show(_: Visit) -> Answer {
    let text = "User-agent: *\nDisallow: /admin\nDisallow: /cart\nDisallow: /checkout\nDisallow: /o/\nDisallow: /pay/\nDisallow: /search\nDisallow: /*?sort=\n";
    Ok(HttpResponse::Ok().content_type("text/plain; charset=utf-8").body(text))
}

/// `GET /favicon.ico`: browsers ask for it whatever the page says.
///
/// # Errors
/// Never.
pub async fn icon(visit: Visit) -> Answer {
    Ok(crate::web::see_other(visit.shop.assets().url("icons/favicon.svg")))
}
