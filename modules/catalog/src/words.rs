//! Words, as search and slugs see them: lower-cased, without accents, cut at everything that is no letter or digit.

use kernel::secret::sha256_hex;

const MAX_TERMS: usize = 16;
/// Longer words are cut, here and in searches alike.
const MAX_WORD_CHARACTERS: usize = 40;
const MAX_SLUG: usize = 200;

/// The plain letter of each letter from U+00C0 to U+017F, a dot where there is no single one.
const LATIN: &str = "aaaaaa.ceeeeiiii.nooooo..uuuuy..aaaaaa.ceeeeiiii.nooooo..uuuuy.yaaaaaaccccccccdd..eeeeeeeeee\
                     gggggggghh..\
                     iiiiiiiii...jjkk.llllll....nnnnnn...oooooo..rrrrrrsssssssstttt..uuuuuuuuuuuuwwyyyzzzzzz.";
/// The same from U+1E00 to U+1EFF.
const LATIN_ADDITIONAL: &str = "aabbbbbbccddddddddddeeeeeeeeeeffgghhhhhhhhhhiiiikkkkkkllllllllmmmmmmnnnnnnnnoooooooo\
                                pppprrrrrrrrssssssssssttttttttuuuuuuuuuuvvvvwwwwwwwwwwxxxxyyzzzzzzhtwy......\
                                aaaaaaaaaaaaaaaaaaaaaaaaeeeeeeeeeeeeeeeeiiii\
                                oooooooooooooooooooooooouuuuuuuuuuuuuuyyyyyyyy......";

/// What a search has to find; words beyond the limit are left out.
pub(crate) fn search_terms(text: &str) -> Vec<String> {
    let mut terms = words_of(text);
    terms.truncate(MAX_TERMS);
    terms
}

/// All words of `text`, in order.
pub(crate) fn words_of(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = Word::default();
    for letter in text.chars().flat_map(char::to_lowercase) {
        if letter.is_alphanumeric() {
            word.push(letter);
        } else if !is_inside_a_word(letter) {
            words.extend(word.take());
        }
    }
    words.extend(word.take());
    words
}

/// `text` as sorting by name compares it.
pub(crate) fn sort_key(text: &str) -> String {
    words_of(text).join(" ")
}

/// Whether `text` can be a place in URLs: lower-case letters, digits and hyphens, at most 200.
pub(crate) fn is_slug(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=MAX_SLUG).contains(&text.len()) && text.bytes().all(fits)
}

/// The place in URLs of something called `name`. Names that differ only in case, accents and punctuation share one.
pub(crate) fn slug_of(name: &str) -> String {
    let german = name.to_lowercase().replace('ä', "ae").replace('ö', "oe").replace('ü', "ue");
    let words = words_of(&german);
    let readable: Vec<&str> = words.iter().map(String::as_str).filter(|word| word.is_ascii()).collect();
    let mut slug: String = readable.join("-").chars().take(MAX_SLUG - 20).collect();
    if readable.len() < words.len() || slug.is_empty() {
        // In other scripts too, names that differ need slugs that differ.
        let separator = if slug.is_empty() { "c" } else { "-" };
        slug = format!("{slug}{separator}{}", &sha256_hex(german.as_bytes())[..16]);
    }
    slug
}

/// Apostrophes and combining accents separate nothing.
fn is_inside_a_word(letter: char) -> bool {
    matches!(letter, '\'' | '’' | '\u{300}'..='\u{36f}')
}

#[derive(Default)]
struct Word {
    text: String,
    characters: usize,
}

impl Word {
    fn push(&mut self, letter: char) {
        if self.characters < MAX_WORD_CHARACTERS {
            push_plain(&mut self.text, letter);
            self.characters += 1;
        }
    }

    fn take(&mut self) -> Option<String> {
        self.characters = 0;
        Some(std::mem::take(&mut self.text)).filter(|word| !word.is_empty())
    }
}

fn push_plain(text: &mut String, letter: char) {
    match letter {
        'æ' => text.push_str("ae"),
        'œ' => text.push_str("oe"),
        'ß' => text.push_str("ss"),
        'þ' => text.push_str("th"),
        'ĳ' => text.push_str("ij"),
        'ø' => text.push('o'),
        'đ' | 'ð' => text.push('d'),
        'ł' => text.push('l'),
        'ı' => text.push('i'),
        'ħ' => text.push('h'),
        'ŋ' => text.push('n'),
        'ŧ' => text.push('t'),
        'ș' => text.push('s'),
        'ț' => text.push('t'),
        '\u{c0}'..='\u{17f}' => text.push(plain(LATIN, 0xc0, letter)),
        '\u{1e00}'..='\u{1eff}' => text.push(plain(LATIN_ADDITIONAL, 0x1e00, letter)),
        _ => text.push(letter),
    }
}

fn plain(table: &str, first: u32, letter: char) -> char {
    let place = usize::try_from(u32::from(letter) - first).unwrap_or(usize::MAX);
    match table.as_bytes().get(place) {
        Some(b'.') | None => letter,
        Some(&byte) => char::from(byte),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accents_case_and_punctuation_do_not_matter() {
        assert_eq!(words_of("Crème-Brûlée, CAFÉ & Øre's straße"), ["creme", "brulee", "cafe", "ores", "strasse"]);
        assert_eq!(words_of("e\u{301}tage Nguyễn Đà İstanbul"), ["etage", "nguyen", "da", "istanbul"]);
    }

    #[test]
    fn the_tables_have_a_letter_for_each_place() {
        assert_eq!(LATIN.len(), 0x180 - 0xc0);
        assert_eq!(LATIN_ADDITIONAL.len(), 0x1f00 - 0x1e00);
    }

    #[test]
    fn special_characters_are_in_no_word() {
        assert!(search_terms("% _ * \" ' OR -- ; \0").iter().all(|term| term == "or"));
        assert!(search_terms("%%%").is_empty());
    }

    #[test]
    fn long_searches_are_cut() {
        assert_eq!(search_terms(&"a ".repeat(100)).len(), MAX_TERMS);
        assert_eq!(search_terms(&"ß".repeat(200)), ["ss".repeat(MAX_WORD_CHARACTERS)]);
    }

    #[test]
    fn slugs_can_be_read() {
        assert_eq!(slug_of("Möbel & Co."), "moebel-co");
        assert_eq!(slug_of("  Home / Garden  "), "home-garden");
        for name in ["Café", "日本茶", "!", "茶 100"] {
            assert!(is_slug(&slug_of(name)), "{name}");
        }
    }

    #[test]
    fn names_in_other_scripts_stay_apart() {
        assert_ne!(slug_of("茶 100"), slug_of("酒 100"));
        assert_ne!(slug_of("茶"), slug_of("酒"));
    }
}
