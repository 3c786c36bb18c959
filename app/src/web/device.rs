//! Devices on which somebody signed in before, known by a signed cookie that says nothing else. Their attempts to sign in
//! are counted apart from those of others, so that nobody who guesses elsewhere can keep the owner of an account out.

use std::time::Duration;

use kernel::{Email, Secret, Timestamp};

use super::signature::Keys;

/// A device is known for so long after each sign-in.
pub const DAYS: i64 = 180;
/// People may share a device; the cookie knows this many of them.
const ACCOUNTS: usize = 4;
/// The day until which it is known, and what tells devices apart: both in hexadecimal digits.
const HEAD: usize = 8 + 24;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// The name of the device, when `email` was signed in on it before. `cookie` holds one part for each account.
pub fn known(keys: &Keys, cookie: &str, email: &str, now: Timestamp) -> Option<String> {
    let account = account(email);
    cookie.split('.').find_map(|part| read(keys, part, &account, now)).map(str::to_owned)
}

fn read<'p>(keys: &Keys, part: &'p str, account: &str, now: Timestamp) -> Option<&'p str> {
    let (head, signature) = part.split_at_checked(HEAD)?;
    let until = i64::from_str_radix(head.get(..8)?, 16).ok()?;
    (day_of(now) < until && keys.signed(account, head, signature)).then_some(head)
}

/// The cookie by which the device is known from now on: `cookie`, when there is one, and a part for `email`.
pub fn remember(keys: &Keys, cookie: Option<&str>, email: &str, now: Timestamp) -> String {
    let account = account(email);
    let head = format!("{:08x}{}", day_of(now) + DAYS, &Secret::generate().reveal()[..HEAD - 8]);
    let signature = keys.sign(&account, &head);
    let others = cookie.unwrap_or_default().split('.').filter(|part| is_part(part));
    let others = others.filter(|part| read(keys, part, &account, now).is_none()).take(ACCOUNTS - 1);
    std::iter::once(format!("{head}{signature}")).chain(others.map(str::to_owned)).collect::<Vec<_>>().join(".")
}

fn is_part(text: &str) -> bool {
    text.len() == HEAD + 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn day_of(now: Timestamp) -> i64 {
    now.0.div_euclid(i64::try_from(DAY.as_micros()).unwrap_or(i64::MAX))
}

/// Every spelling of an address is the same account.
fn account(email: &str) -> String {
    email.parse::<Email>().map_or_else(|_| email.to_owned(), |email| email.canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: Timestamp = Timestamp(1_763_726_400_000_000);

    fn keys() -> Keys {
        Keys::new(b"key", None)
    }

    #[test]
    fn a_device_is_known_to_those_who_signed_in_on_it() {
        let cookie = remember(&keys(), None, "ada@example.org", NOON);
        let name = known(&keys(), &cookie, " ADA@example.org", NOON).expect("known");
        assert_eq!(known(&keys(), &cookie, "bob@example.org", NOON), None);
        let cookie = remember(&keys(), Some(&cookie), "bob@example.org", NOON);
        assert!(known(&keys(), &cookie, "bob@example.org", NOON).is_some());
        assert_eq!(known(&keys(), &cookie, "ada@example.org", NOON), Some(name));
    }

    #[test]
    fn a_device_is_forgotten_after_half_a_year_or_when_others_come() {
        let cookie = remember(&keys(), None, "ada@example.org", NOON);
        assert!(known(&keys(), &cookie, "ada@example.org", NOON.plus(179 * DAY)).is_some());
        assert_eq!(known(&keys(), &cookie, "ada@example.org", NOON.plus(180 * DAY)), None);
        let people = ["bob@example.org", "eve@example.org", "joe@example.org", "mia@example.org"];
        let crowded = people.into_iter().fold(cookie, |cookie, email| remember(&keys(), Some(&cookie), email, NOON));
        assert_eq!(known(&keys(), &crowded, "ada@example.org", NOON), None);
        assert!(people.into_iter().all(|email| known(&keys(), &crowded, email, NOON).is_some()));
        assert!(crowded.len() < 400);
        let again = remember(&keys(), Some(&crowded), "mia@example.org", NOON);
        assert_eq!(again.len(), crowded.len(), "each account has one part");
    }

    #[test]
    fn nobody_else_makes_a_known_device() {
        let cookie = remember(&keys(), None, "ada@example.org", NOON);
        let later = format!("ffffffff{}", &cookie[8..]);
        let foreign = remember(&Keys::new(b"other", None), None, "ada@example.org", NOON);
        for made_up in ["", ".", "x", &later, &foreign, &cookie[1..], &format!("ä{cookie}"), &"é".repeat(48)] {
            assert_eq!(known(&keys(), made_up, "ada@example.org", NOON), None, "{made_up}");
        }
        assert!(remember(&keys(), Some("evil\u{1}.; Path=/x"), "ada@example.org", NOON).len() == HEAD + 64);
    }
}
