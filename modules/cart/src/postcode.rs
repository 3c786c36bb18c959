//! How countries write postcodes.
//!
//! A pattern has `9` for a digit and `A` for a letter; any other character stands for itself. Spaces and hyphens do not
//! count. The facts are from libaddressinput.

use kernel::Country;

/// Country, patterns, and an example for the shopper.
const COUNTRIES: &[(&str, &[&str], &str)] = &[
    ("AT", &["9999"], "1010"),
    ("AU", &["9999"], "2060"),
    ("BE", &["9999"], "1000"),
    ("BG", &["9999"], "1000"),
    ("CA", &["A9A9A9"], "H3Z 2Y7"),
    ("CH", &["9999"], "8001"),
    ("CY", &["9999"], "2008"),
    ("CZ", &["99999"], "100 00"),
    ("DE", &["99999"], "10115"),
    ("DK", &["9999"], "1566"),
    ("EE", &["99999"], "10111"),
    ("ES", &["99999"], "28039"),
    ("FI", &["99999"], "00550"),
    ("FR", &["99999"], "75001"),
    ("GB", BRITISH, "SW1A 1AA"),
    ("GR", &["99999"], "151 24"),
    ("HR", &["99999"], "10000"),
    ("HU", &["9999"], "1037"),
    ("IS", &["999"], "101"),
    ("IT", &["99999"], "00144"),
    ("JP", &["9999999"], "154-0023"),
    ("LI", &["9999"], "9490"),
    ("LT", &["99999", "LT99999"], "04340"),
    ("LU", &["9999", "L9999"], "4750"),
    ("LV", &["9999", "LV9999"], "LV-1073"),
    ("MT", &["AAA99", "AAA999", "AAA9999"], "VLT 1117"),
    ("NL", &["9999AA"], "1234 AB"),
    ("NO", &["9999"], "0150"),
    ("NZ", &["9999"], "6001"),
    ("PL", &["99999"], "00-950"),
    ("PT", &["9999999"], "1250-096"),
    ("RO", &["999999"], "060274"),
    ("SE", &["99999"], "114 55"),
    ("SI", &["9999"], "1000"),
    ("SK", &["99999"], "010 01"),
    ("US", &["99999", "999999999"], "95014"),
];

const BRITISH: &[&str] =
    &["A99AA", "A999AA", "AA99AA", "AA999AA", "A9A9AA", "AA9A9AA", "GIR0AA", "BFPO9", "BFPO99", "BFPO999", "BFPO9999"];

/// An example of how `country` writes postcodes, when `text` is not written so. A country that is not in the table may
/// have none or any.
///
/// # Errors
/// The example.
pub(crate) fn check(text: &str, country: Country) -> Result<(), &'static str> {
    let Ok(place) = COUNTRIES.binary_search_by_key(&country.code(), |(code, ..)| code) else { return Ok(()) };
    let (_, patterns, example) = COUNTRIES[place];
    let bare: String =
        text.chars().filter(|letter| !matches!(letter, ' ' | '-')).map(|c| c.to_ascii_uppercase()).collect();
    if patterns.iter().any(|pattern| fits(&bare, pattern)) { Ok(()) } else { Err(example) }
}

fn fits(text: &str, pattern: &str) -> bool {
    let same = |(letter, wanted): (char, char)| match wanted {
        '9' => letter.is_ascii_digit(),
        'A' => letter.is_ascii_uppercase(),
        other => letter == other,
    };
    text.chars().count() == pattern.len() && text.chars().zip(pattern.chars()).all(same)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn country(code: &str) -> Country {
        code.parse().expect("a country")
    }

    #[test]
    fn the_table_is_sorted_and_its_examples_fit() {
        assert!(COUNTRIES.is_sorted_by_key(|(code, ..)| code));
        for (code, _, example) in COUNTRIES {
            assert_eq!(check(example, country(code)), Ok(()), "{code}");
        }
    }

    #[test]
    fn spaces_hyphens_and_case_do_not_count() {
        for (text, code) in
            [("1234ab", "NL"), ("sw1a1aa", "GB"), ("00 950", "PL"), ("lv1073", "LV"), ("95014-1234", "US")]
        {
            assert_eq!(check(text, country(code)), Ok(()), "{text}");
        }
    }

    #[test]
    fn what_a_country_does_not_write_is_refused_with_an_example() {
        for (text, code) in
            [("", "AT"), ("101", "AT"), ("10100", "AT"), ("1O10", "AT"), ("１０１０", "AT"), ("12345", "GB")]
        {
            assert!(check(text, country(code)).is_err(), "{text}");
        }
        assert_eq!(check("1010", country("DE")), Err("10115"));
    }

    #[test]
    fn other_countries_may_have_none() {
        assert_eq!(check("", country("AE")), Ok(()));
        assert_eq!(check("D02 X285", country("IE")), Ok(()));
    }

    /// Examples that contradict their own patterns: a digit is missing, and a letter O stands for a zero.
    const MISTAKES: [&str; 2] = ["1001", "RH6 OHP"];

    #[test]
    fn every_example_of_libaddressinput_fits() {
        let folder = std::env::var("FREESTONE_TEST_DATA")
            .unwrap_or_else(|_| format!("{}/../../../shared/data", env!("CARGO_MANIFEST_DIR")));
        let Ok(file) = std::fs::File::open(format!("{folder}/reference/libaddressinput-countryinfo.txt.gz")) else {
            return eprintln!("NOT RUN: no libaddressinput data in FREESTONE_TEST_DATA or ../shared/data");
        };
        let mut text = String::new();
        std::io::Read::read_to_string(&mut flate2::read::GzDecoder::new(file), &mut text).expect("readable");
        for (code, ..) in COUNTRIES {
            let line = text.lines().find_map(|line| line.strip_prefix(&format!("data/{code}="))).expect("known");
            let facts: serde_json::Value = serde_json::from_str(line).expect("JSON");
            let examples = facts["zipex"].as_str().expect("examples").split(',');
            for example in examples.filter(|example| !MISTAKES.contains(example)) {
                assert_eq!(check(example, country(code)), Ok(()), "{code}: {example}");
            }
        }
    }
}
