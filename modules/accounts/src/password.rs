//! Which passwords are good enough: long ones that nobody would try first. There are no rules on what they are made of.

use accounts_api::{AccountsError, Password};
use kernel::Email;

/// In bytes.
const SHORTEST: usize = 12;
const LONGEST: usize = 1024;
/// Parts of the shop's name that are shorter occur in good passwords by chance.
const SHORTEST_NAME: usize = 4;

/// The 10,000 most common ones; `passwords/README.md` says where they are from. Read in place: no memory is spent on them.
const MOST_COMMON: &str = include_str!("passwords/most_common.txt");
/// Other common ones of 12 characters and more.
const LONG: &str = include_str!("passwords/long.txt");
/// Words that people lengthen with digits and signs.
const WORDS: &str = include_str!("passwords/words.txt");
/// Shorter ones are at the end of good passwords by chance.
const SHORTEST_WORD: usize = 4;
/// Ways of a finger over the keyboard.
const WALKS: [&str; 7] = [
    "1234567890qwertyuiopasdfghjklzxcvbnm",
    "qwertzuiopasdfghjklyxcvbnm",
    "azertyuiopqsdfghjklmwxcvbn",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p",
    "qazwsxedcrfvtgbyhnujmikolp",
    "1q2w3e4r5t6y7u8i9o0p",
    "q1w2e3r4t5y6u7i8o9p0",
];

/// Whether it is worth hashing at all: no password that was ever accepted is longer, or has a zero byte.
pub(crate) fn may_be_hashed(password: &Password) -> bool {
    let text = password.reveal();
    text.len() <= LONGEST && !text.contains('\0')
}

/// Refuses a password that `email` should not have, and says why.
pub(crate) fn check(password: &Password, email: &Email, shop_name: &str) -> Result<(), AccountsError> {
    let text = password.reveal();
    let problem = if text.len() < SHORTEST {
        "use at least 12 characters"
    } else if text.len() > LONGEST {
        "use at most 1,024 bytes"
    } else if !may_be_hashed(password) {
        "leave out the invisible zero character"
    } else if is_address(text, email) {
        "choose something else than the e-mail address"
    } else if holds_name(text, shop_name) {
        "leave out the name of the shop"
    } else if is_common(text, shop_name) {
        "this is one of the first that others would try; choose something less common"
    } else {
        return Ok(());
    };
    Err(AccountsError::invalid("password", problem))
}

fn is_address(text: &str, email: &Email) -> bool {
    let address = email.canonical();
    let before_at = address.rsplit_once('@').map_or("", |(before, _)| before);
    text.parse::<Email>().is_ok_and(|typed| typed.canonical() == address) || text.trim().to_lowercase() == before_at
}

fn holds_name(text: &str, shop_name: &str) -> bool {
    let letters = |text: &str| {
        let text: String = text.chars().filter(|c| c.is_alphanumeric()).collect();
        plain(&text).collect::<String>()
    };
    let name = letters(shop_name);
    name.chars().count() >= SHORTEST_NAME && letters(text).contains(&name)
}

fn is_common(text: &str, shop_name: &str) -> bool {
    let lower = text.to_lowercase();
    let word = lower.trim_matches(|c: char| !c.is_alphabetic() && !"@$".contains(c));
    let of_the_shop = || shop_name.split_whitespace().any(|part| part.len() >= SHORTEST_NAME && is_like(part, word));
    is_in(MOST_COMMON, &lower)
        || is_in(LONG, &lower)
        || is_common_word(word)
        || of_the_shop()
        || is_repetition(&lower)
        || is_row(&lower)
        || is_walk(&lower)
}

fn is_common_word(word: &str) -> bool {
    is_in(WORDS, word) || (word.chars().count() >= SHORTEST_WORD && is_in(MOST_COMMON, word))
}

fn is_in(list: &str, text: &str) -> bool {
    list.lines().any(|line| is_like(line, text))
}

/// Whether two texts are one when written [`plain`].
fn is_like(one: &str, other: &str) -> bool {
    plain(one).eq(plain(other))
}

/// Lower case, and letters for the digits and signs that people put in their place.
fn plain(text: &str) -> impl Iterator<Item = char> {
    let letter = |c| match c {
        '0' => 'o',
        '1' | '!' | '|' | 'l' => 'i',
        '3' => 'e',
        '4' | '@' => 'a',
        '5' | '$' => 's',
        '7' => 't',
        other => other,
    };
    text.chars().flat_map(char::to_lowercase).map(letter)
}

/// `abcabcabcabc`, `passwordpassword`: a few letters, or a common word, over and over.
fn is_repetition(text: &str) -> bool {
    let letters: Vec<char> = text.chars().collect();
    let repeats = |unit: usize| letters.iter().zip(letters.iter().skip(unit)).all(|(a, b)| a == b);
    let is_word = |unit: usize| is_common_word(&letters[..unit].iter().collect::<String>());
    (1..=letters.len() / 2).any(|unit| repeats(unit) && (unit <= 4 || is_word(unit)))
}

/// `abcdefghijkl`, `987654321098`: each the neighbour of the one before.
fn is_row(text: &str) -> bool {
    let next = |a: char, b: char| u32::from(a) + 1 == u32::from(b) || (a, b) == ('9', '0') || (a, b) == ('z', 'a');
    let pairs = || text.chars().zip(text.chars().skip(1));
    pairs().all(|(a, b)| next(a, b)) || pairs().all(|(a, b)| next(b, a))
}

fn is_walk(text: &str) -> bool {
    let back: String = text.chars().rev().collect();
    WALKS.iter().any(|walk| walk.contains(text) || walk.contains(&back))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(text: &str) -> Option<String> {
        let email = "margarete.meier@example.org".parse().expect("an address");
        match check(&Password::new(text), &email, "Oak & Linen") {
            Ok(()) => None,
            Err(AccountsError::Invalid { problem, .. }) => Some(problem),
            Err(other) => panic!("{other}"),
        }
    }

    fn is_refused_as_common(text: &str) -> bool {
        problem(text).is_some_and(|problem| problem.contains("first that others would try"))
    }

    // AC-087
    #[test]
    fn long_ones_with_spaces_and_emoji_are_good() {
        let chalk = "four buckets of chalk 🪣🪣🪣🪣 ".repeat(4);
        assert_eq!(problem(&chalk.chars().take(128).collect::<String>()), None);
        assert_eq!(problem(&"0123456789abcdeX".repeat(64)), None, "1,024 bytes");
        assert_eq!(problem("violet tin 9"), None, "12 bytes");
    }

    // AC-087
    #[test]
    fn too_short_too_long_and_zero_are_refused() {
        assert!(problem("violet tin ").is_some());
        assert!(problem(&"0123456789abcdeX".repeat(640)).is_some());
        assert!(problem("violet tin\0 nine").is_some());
        assert!(!may_be_hashed(&Password::new("x".repeat(1025))));
    }

    // AC-088
    #[test]
    fn common_ones_are_refused() {
        for text in [
            "password1234",
            "PASSWORD2024!!",
            "P@ssw0rd1234",
            "passwordpassword",
            "correcthorsebatterystaple",
            "qwertyuiop12",
            "1qaz2wsx3edc4rfv",
            "zaq12wsxcde3",
            "aaaaaaaaaaaa",
            "123456789012",
            "210987654321",
            "abcdefghijklm",
            "abc123abc123",
            "!!Welcome!!2025",
            "letmeinletmein",
            "summer202420242024",
            "linen12345678",
            "finalfantasy",
            "fuckyoufuckyou",
            "dragon19871987",
            "123456qwerty",
            "international",
        ] {
            assert!(is_refused_as_common(text), "{text}");
        }
        for text in ["correct horse battery staple and a lamp", "passing the word along", "linen press number nine"] {
            assert_eq!(problem(text), None, "{text}");
        }
    }

    // AC-088
    #[test]
    fn the_shop_and_the_address_are_refused() {
        assert!(problem("my oak & linen 77").is_some_and(|p| p.contains("shop")));
        assert!(problem("0AKLINEN-forever").is_some_and(|p| p.contains("shop")));
        assert!(problem("Margarete.Meier@Example.org").is_some_and(|p| p.contains("address")));
        assert!(problem("margarete.meier").is_some_and(|p| p.contains("address")));
    }

    // AC-088
    #[test]
    fn the_ten_thousand_most_common_ones_are_refused_in_whatever_way_they_are_made_long_enough() {
        assert_eq!(MOST_COMMON.lines().take(3).collect::<Vec<_>>(), ["123456", "123456789", "qwerty"]);
        assert!(MOST_COMMON.lines().count() >= 10_000 && LONG.lines().count() > 400);
        for common in MOST_COMMON.lines().chain(LONG.lines()).filter(|line| line.len() >= SHORTEST).step_by(3) {
            assert!(is_refused_as_common(common), "{common}");
        }
        let words = MOST_COMMON.lines().filter(|line| line.len() >= 6 && line.chars().all(char::is_alphabetic));
        for word in words.step_by(97) {
            assert!(is_refused_as_common(&format!("{word}20252026")), "{word}");
            assert!(is_refused_as_common(&format!("{word}{word}")), "{word}");
        }
    }
}
