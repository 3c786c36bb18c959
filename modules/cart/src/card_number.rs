//! Finding card numbers in text that is no place for them.

/// Whether `text` holds a payment card number: 13 to 19 digits, perhaps in groups, whose check digit (Luhn, ISO/IEC
/// 7812) is right. No card begins with 0, 1, 7, 8 or 9 in the ranges that shops take.
pub(crate) fn holds_card_number(text: &str) -> bool {
    let groups = digit_groups(text);
    (0..groups.len()).any(|first| begins_card_number(&groups[first..]))
}

/// Runs of digits. An empty run stands between those that are further apart than one space, hyphen, dot or slash.
fn digit_groups(text: &str) -> Vec<String> {
    let mut groups = vec![String::new()];
    let mut between = String::new();
    for letter in text.chars() {
        if !letter.is_ascii_digit() {
            between.push(letter);
            continue;
        }
        if !between.is_empty() {
            if !matches!(between.as_str(), " " | "-" | "." | "/" | "\u{a0}") {
                groups.push(String::new());
            }
            groups.push(String::new());
            between.clear();
        }
        if let Some(group) = groups.last_mut() {
            group.push(letter);
        }
    }
    groups
}

/// Whether the first of `groups`, alone or with those after it, is a card number.
fn begins_card_number(groups: &[String]) -> bool {
    let mut digits = String::new();
    for group in groups.iter().take_while(|group| !group.is_empty()) {
        digits.push_str(group);
        if is_card_number(&digits) {
            return true;
        }
    }
    false
}

fn is_card_number(digits: &str) -> bool {
    (13..=19).contains(&digits.len()) && digits.starts_with(['2', '3', '4', '5', '6']) && passes_luhn(digits)
}

fn passes_luhn(digits: &str) -> bool {
    let doubled = |digit: u32| if digit > 4 { digit * 2 - 9 } else { digit * 2 };
    let sum: u32 = digits
        .chars()
        .rev()
        .filter_map(|letter| letter.to_digit(10))
        .enumerate()
        .map(|(place, digit)| if place % 2 == 1 { doubled(digit) } else { digit })
        .sum();
    sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn card_numbers_are_found_however_they_are_written() {
        for text in [
            "4111111111111111",
            "4111 1111 1111 1111",
            "my card: 4111-1111-1111-1111 12/27 123",
            "378282246310005",
            "3782 822463 10005",
            "6011.1111.1111.1117",
            "5555555555554444,please",
            "No. 7, 2223003122003222",
        ] {
            assert!(holds_card_number(text), "{text}");
        }
    }

    #[test]
    fn other_numbers_are_left_alone() {
        for text in [
            "",
            "Main Street 12",
            "4111 1111 1111 1112",
            "411111111111",
            "41111111111111111111",
            "4111, then 1111 and 1111 and 1111",
            "0111111111111111",
            "1010 Wien",
        ] {
            assert!(!holds_card_number(text), "{text}");
        }
    }
}
