//! Forms of other sites change nothing here.
//!
//! Three layers (`SameSite` cookies are the first): the browser says where a request comes from, by `Sec-Fetch-Site` or
//! `Origin`; and forms on pages that belong to a session carry a token that only that session's pages can know.

use actix_web::HttpRequest;
use kernel::Secret;

use super::signature::Keys;

/// What the browser says about where a request comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// From a page of ours.
    Ours,
    /// From elsewhere.
    Foreign,
    /// It says nothing.
    Unsaid,
}

/// Reads where the request comes from. `base_url` is the shop's own origin.
pub fn origin_of(request: &HttpRequest, base_url: &str) -> Origin {
    let header = |name: &str| request.headers().get(name).map(|value| value.to_str().unwrap_or_default());
    if let Some(site) = header("sec-fetch-site") {
        return if site == "same-origin" { Origin::Ours } else { Origin::Foreign };
    }
    match header("origin") {
        None => Origin::Unsaid,
        Some(origin) if origin == base_url => Origin::Ours,
        // In development the shop is reached under several names of this machine.
        Some(origin) if is_local(base_url) && origin.strip_prefix("http://") == header("host") => Origin::Ours,
        Some(_) => Origin::Foreign,
    }
}

/// Whether an address is one of this machine.
pub fn is_local(base_url: &str) -> bool {
    let host = base_url.trim_start_matches("http://").rsplit_once(':').map_or(base_url, |(host, _)| host);
    matches!(host, "localhost" | "127.0.0.1" | "[::1]")
}

/// A fresh token for forms of the session that `session` opens.
pub fn token(keys: &Keys, session: &Secret) -> String {
    let random = Secret::generate();
    let nonce = &random.reveal()[..32];
    format!("{nonce}{}", keys.sign(session.reveal(), nonce))
}

/// Whether `token` was made for this session.
pub fn is_valid(keys: &Keys, session: &Secret, token: &str) -> bool {
    let Some((nonce, shown)) = token.split_at_checked(32) else { return false };
    keys.signed(session.reveal(), nonce, shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_good_for_its_session_only() {
        let (mine, yours) = (Secret::generate(), Secret::generate());
        let keys = Keys::new(b"key", None);
        let token = token(&keys, &mine);
        assert!(is_valid(&keys, &mine, &token));
        assert!(!is_valid(&keys, &yours, &token));
        assert!(!is_valid(&Keys::new(b"other", None), &mine, &token));
        assert!(!is_valid(&keys, &mine, ""));
    }
}
