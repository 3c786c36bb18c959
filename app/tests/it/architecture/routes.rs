//! Rule 7: every URL says who may, how often, who may keep the answer and how it is guarded, and the four fit together.
//!
//! That none is missing the compiler checks: a route of the table cannot be made without them.

use actix_web::http::Method;
use freestone::routes::{Access, Cache, Csrf, Rate, table};

use super::text::code_of;
use super::tree::Tree;

/// What is declared of one route.
#[derive(Clone)]
pub(super) struct Declared {
    pub(super) method: Method,
    pub(super) path: &'static str,
    pub(super) access: Access,
    pub(super) rate: Rate,
    pub(super) cache: Cache,
    pub(super) csrf: Csrf,
}

pub(super) fn of_the_table() -> Vec<Declared> {
    let declared = |route: &freestone::routes::Route| Declared {
        method: route.method.clone(),
        path: route.path,
        access: route.access,
        rate: route.rate,
        cache: route.cache,
        csrf: route.csrf,
    };
    table().iter().map(declared).collect()
}

/// What does not fit together.
pub(super) fn classes_fit(routes: &[Declared]) -> Vec<String> {
    let mut violations = Vec::new();
    for (place, route) in routes.iter().enumerate() {
        let is_read = route.method == Method::GET;
        let for_staff = route.path.starts_with("/admin") || route.path.starts_with("/api/v1/admin");
        let by_secret = route.path.contains("{secret") || route.path.contains("{token");
        let before = &routes[..place];
        let broken = [
            (!is_read && route.csrf == Csrf::Safe, "changes something and is not guarded against other sites"),
            (is_read && !matches!(route.csrf, Csrf::Safe | Csrf::Returning), "is read, and asks for a token"),
            (
                by_secret != (route.cache == Cache::Secret) && is_read,
                "has a secret in its address if and only if it is of class Secret",
            ),
            (!is_read && matches!(route.cache, Cache::Public | Cache::Forever), "changes something and may be kept"),
            (
                route.cache == Cache::Public && route.access != Access::Public,
                "is kept for everybody, but not everybody may see it",
            ),
            (for_staff && matches!(route.cache, Cache::Public | Cache::Forever), "is for staff and may be kept"),
            (
                for_staff && route.access == Access::Public && !opens_the_door(route),
                "is for staff and open to everybody",
            ),
            (opens_the_door(route) && !is_read && route.rate != Rate::SignIn, "can be tried without limit"),
            (
                (route.csrf == Csrf::Signed) != route.path.starts_with("/webhooks/"),
                "is signed by a provider if and only if it is a webhook",
            ),
            (!is_read && route.rate == Rate::Free, "changes something and is not counted"),
            (
                for_staff && is_sensitive(route.path) && !matches!(route.access, Access::Recently(_)),
                "is sensitive, and does not ask for the password again",
            ),
            (before.iter().any(|other| (&other.method, other.path) == (&route.method, route.path)), "is there twice"),
            (
                stands_apart(before, route.path),
                "stands apart from the other methods of its path, and would not be reached",
            ),
        ];
        let Declared { method, path, .. } = route;
        violations.extend(
            broken.iter().filter(|(broken, _)| *broken).map(|(_, why)| format!("rule 7: {method} {path} {why}")),
        );
    }
    violations
}

/// Leads to money, to other members of staff, or out of the house.
fn is_sensitive(path: &str) -> bool {
    let words = ["paid", "cancel", "refund", "refunds", "export", "users", "staff", "keys", "tokens", "payouts"];
    path.split(['/', '.']).any(|part| words.contains(&part))
}

/// How staff come in.
fn opens_the_door(route: &Declared) -> bool {
    route.path == "/admin/sign-in" || route.path == "/admin/setup/{secret}"
}

fn stands_apart(before: &[Declared], path: &str) -> bool {
    before.iter().any(|other| other.path == path) && before.last().is_some_and(|last| last.path != path)
}

/// A route that is mounted beside the table has none of the four.
pub(super) fn all_in_the_table(tree: &Tree) -> Vec<String> {
    let mounts = ["web::resource(", "web::scope(", ".service(", ".route(", "#[get(", "#[post(", "#[route("];
    let mut violations = Vec::new();
    for (path, text) in tree.rust("app/src").filter(|(path, _)| *path != "app/src/web/serve.rs") {
        let code = code_of(text);
        violations.extend(
            mounts
                .iter()
                .filter(|mount| code.contains(*mount))
                .map(|mount| format!("rule 7: {path} mounts by {mount})")),
        );
    }
    violations
}
