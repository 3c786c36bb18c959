//! Money: whole minor units with their currency, and arithmetic that refuses to overflow or to mix.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A currency of ISO 4217 that the shop can count in.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Currency(u8);

/// Code and number of decimal digits of the minor unit (ISO 4217, list one, without funds, metals and test codes).
const CURRENCIES: &[(&str, u32)] = &[
    ("AED", 2),
    ("AFN", 2),
    ("ALL", 2),
    ("AMD", 2),
    ("AOA", 2),
    ("ARS", 2),
    ("AUD", 2),
    ("AWG", 2),
    ("AZN", 2),
    ("BAM", 2),
    ("BBD", 2),
    ("BDT", 2),
    ("BGN", 2),
    ("BHD", 3),
    ("BIF", 0),
    ("BMD", 2),
    ("BND", 2),
    ("BOB", 2),
    ("BRL", 2),
    ("BSD", 2),
    ("BTN", 2),
    ("BWP", 2),
    ("BYN", 2),
    ("BZD", 2),
    ("CAD", 2),
    ("CDF", 2),
    ("CHF", 2),
    ("CLP", 0),
    ("CNY", 2),
    ("COP", 2),
    ("CRC", 2),
    ("CUP", 2),
    ("CVE", 2),
    ("CZK", 2),
    ("DJF", 0),
    ("DKK", 2),
    ("DOP", 2),
    ("DZD", 2),
    ("EGP", 2),
    ("ERN", 2),
    ("ETB", 2),
    ("EUR", 2),
    ("FJD", 2),
    ("FKP", 2),
    ("GBP", 2),
    ("GEL", 2),
    ("GHS", 2),
    ("GIP", 2),
    ("GMD", 2),
    ("GNF", 0),
    ("GTQ", 2),
    ("GYD", 2),
    ("HKD", 2),
    ("HNL", 2),
    ("HTG", 2),
    ("HUF", 2),
    ("IDR", 2),
    ("ILS", 2),
    ("INR", 2),
    ("IQD", 3),
    ("IRR", 2),
    ("ISK", 0),
    ("JMD", 2),
    ("JOD", 3),
    ("JPY", 0),
    ("KES", 2),
    ("KGS", 2),
    ("KHR", 2),
    ("KMF", 0),
    ("KPW", 2),
    ("KRW", 0),
    ("KWD", 3),
    ("KYD", 2),
    ("KZT", 2),
    ("LAK", 2),
    ("LBP", 2),
    ("LKR", 2),
    ("LRD", 2),
    ("LSL", 2),
    ("LYD", 3),
    ("MAD", 2),
    ("MDL", 2),
    ("MGA", 2),
    ("MKD", 2),
    ("MMK", 2),
    ("MNT", 2),
    ("MOP", 2),
    ("MRU", 2),
    ("MUR", 2),
    ("MVR", 2),
    ("MWK", 2),
    ("MXN", 2),
    ("MYR", 2),
    ("MZN", 2),
    ("NAD", 2),
    ("NGN", 2),
    ("NIO", 2),
    ("NOK", 2),
    ("NPR", 2),
    ("NZD", 2),
    ("OMR", 3),
    ("PAB", 2),
    ("PEN", 2),
    ("PGK", 2),
    ("PHP", 2),
    ("PKR", 2),
    ("PLN", 2),
    ("PYG", 0),
    ("QAR", 2),
    ("RON", 2),
    ("RSD", 2),
    ("RUB", 2),
    ("RWF", 0),
    ("SAR", 2),
    ("SBD", 2),
    ("SCR", 2),
    ("SDG", 2),
    ("SEK", 2),
    ("SGD", 2),
    ("SHP", 2),
    ("SLE", 2),
    ("SOS", 2),
    ("SRD", 2),
    ("SSP", 2),
    ("STN", 2),
    ("SVC", 2),
    ("SYP", 2),
    ("SZL", 2),
    ("THB", 2),
    ("TJS", 2),
    ("TMT", 2),
    ("TND", 3),
    ("TOP", 2),
    ("TRY", 2),
    ("TTD", 2),
    ("TWD", 2),
    ("TZS", 2),
    ("UAH", 2),
    ("UGX", 0),
    ("USD", 2),
    ("UYU", 2),
    ("UYW", 4),
    ("UZS", 2),
    ("VED", 2),
    ("VES", 2),
    ("VND", 0),
    ("VUV", 0),
    ("WST", 2),
    ("XAF", 0),
    ("XCD", 2),
    ("XCG", 2),
    ("XOF", 0),
    ("XPF", 0),
    ("YER", 2),
    ("ZAR", 2),
    ("ZMW", 2),
    ("ZWG", 2),
];

impl Currency {
    /// Three capital letters, for instance `EUR`.
    pub fn code(self) -> &'static str {
        CURRENCIES[usize::from(self.0)].0
    }

    /// Decimal digits of the minor unit: 2 for EUR, 0 for JPY, 3 for KWD.
    pub fn exponent(self) -> u32 {
        CURRENCIES[usize::from(self.0)].1
    }

    /// Minor units in one major unit: 100 for EUR.
    pub fn minor_per_major(self) -> i64 {
        10_i64.pow(self.exponent())
    }

    /// The euro, the default of a new shop.
    pub fn eur() -> Self {
        "EUR".parse().unwrap_or(Self(0))
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl FromStr for Currency {
    type Err = MoneyError;

    fn from_str(code: &str) -> Result<Self, MoneyError> {
        CURRENCIES
            .binary_search_by_key(&code, |(known, _)| known)
            .ok()
            .and_then(|place| u8::try_from(place).ok())
            .map(Self)
            .ok_or_else(|| MoneyError::UnknownCurrency(code.to_owned()))
    }
}

impl From<Currency> for String {
    fn from(currency: Currency) -> Self {
        currency.code().to_owned()
    }
}

impl TryFrom<String> for Currency {
    type Error = MoneyError;

    fn try_from(code: String) -> Result<Self, MoneyError> {
        code.parse()
    }
}

impl JsonSchema for Currency {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Currency".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "pattern": "^[A-Z]{3}$" })
    }
}

/// An amount in minor units (cents of a euro) with its currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Money {
    /// In minor units.
    pub amount: i64,
    /// What it counts.
    pub currency: Currency,
}

/// Why an amount could not be read or computed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// Not a currency of ISO 4217 in capital letters.
    #[error("{0:?} is not a currency code of ISO 4217, such as EUR")]
    UnknownCurrency(String),
    /// Two currencies in one computation.
    #[error("{0} and {1} cannot be counted together")]
    MixedCurrencies(Currency, Currency),
    /// The result does not fit.
    #[error("the amount is too large")]
    TooLarge,
    /// Not a plain decimal number.
    #[error("{0:?} is not an amount; write for instance 12.50")]
    NotAnAmount(String),
    /// More decimal digits than the currency has.
    #[error("{text:?} has more decimal digits than {currency} has ({exponent})", exponent = currency.exponent())]
    TooPrecise {
        /// What was read.
        text: String,
        /// The currency.
        currency: Currency,
    },
    /// There is nothing to divide among, or a weight is negative.
    #[error("an amount cannot be divided by these weights")]
    BadWeights,
}

impl Money {
    /// `amount` minor units.
    pub fn new(amount: i64, currency: Currency) -> Self {
        Self { amount, currency }
    }

    /// Nothing, in `currency`.
    pub fn zero(currency: Currency) -> Self {
        Self::new(0, currency)
    }

    /// Reads a decimal number of major units: `12`, `12.5`, `12.50`, `.5`, `-3.00`. No thousands marks.
    ///
    /// # Errors
    /// The text is not such a number, has too many decimal digits for the currency, or is too large.
    pub fn parse_major(text: &str, currency: Currency) -> Result<Self, MoneyError> {
        let not_an_amount = || MoneyError::NotAnAmount(text.to_owned());
        let trimmed = text.trim();
        let (negative, digits) = match trimmed.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, trimmed),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let all_digits = whole.bytes().chain(fraction.bytes()).all(|byte| byte.is_ascii_digit());
        if !all_digits || (whole.is_empty() && fraction.is_empty()) {
            return Err(not_an_amount());
        }
        let exponent = usize::try_from(currency.exponent()).map_err(|_| MoneyError::TooLarge)?;
        let significant = fraction.trim_end_matches('0');
        if significant.len() > exponent {
            return Err(MoneyError::TooPrecise { text: text.to_owned(), currency });
        }
        let padded = format!("{whole}{significant:0<exponent$}");
        let amount = padded.parse::<i64>().map_err(|_| MoneyError::TooLarge)?;
        Ok(Self::new(if negative { -amount } else { amount }, currency))
    }

    /// The decimal number of major units, as [`Money::parse_major`] reads it: `12.50`.
    pub fn to_major(self) -> String {
        let per_major = self.currency.minor_per_major().unsigned_abs();
        let (whole, rest) = (self.amount.unsigned_abs() / per_major, self.amount.unsigned_abs() % per_major);
        let sign = if self.amount < 0 { "-" } else { "" };
        match usize::try_from(self.currency.exponent()) {
            Ok(digits) if digits > 0 => format!("{sign}{whole}.{rest:0digits$}"),
            _ => format!("{sign}{whole}"),
        }
    }

    /// The sum.
    ///
    /// # Errors
    /// The currencies differ or the sum does not fit.
    pub fn plus(self, other: Self) -> Result<Self, MoneyError> {
        self.with(other, i64::checked_add)
    }

    /// The difference, which may be negative.
    ///
    /// # Errors
    /// The currencies differ or the difference does not fit.
    pub fn minus(self, other: Self) -> Result<Self, MoneyError> {
        self.with(other, i64::checked_sub)
    }

    /// `quantity` times this.
    ///
    /// # Errors
    /// The product does not fit.
    pub fn times(self, quantity: i64) -> Result<Self, MoneyError> {
        let amount = self.amount.checked_mul(quantity).ok_or(MoneyError::TooLarge)?;
        Ok(Self::new(amount, self.currency))
    }

    /// The sum of `parts`, zero in `currency` when there are none.
    ///
    /// # Errors
    /// A part has another currency, or the sum does not fit.
    pub fn sum(currency: Currency, parts: impl IntoIterator<Item = Self>) -> Result<Self, MoneyError> {
        parts.into_iter().try_fold(Self::zero(currency), Self::plus)
    }

    /// The tax contained in this gross amount at `rate_basis_points` (2000 = 20 %), rounded half up.
    ///
    /// # Errors
    /// The result does not fit.
    pub fn tax_contained(self, rate_basis_points: u32) -> Result<Self, MoneyError> {
        let rate = i128::from(rate_basis_points);
        let tax = rounded(i128::from(self.amount) * rate, 10_000 + rate);
        let amount = i64::try_from(tax).map_err(|_| MoneyError::TooLarge)?;
        Ok(Self::new(amount, self.currency))
    }

    /// Divides this among `weights` so that the parts add up to it exactly, by [`largest_remainders`]: left-over minor
    /// units go to the largest remainders. Among weights that are all zero it is divided evenly.
    ///
    /// # Errors
    /// There are no weights, or one is negative.
    pub fn allocate(self, weights: &[i64]) -> Result<Vec<Self>, MoneyError> {
        if weights.is_empty() || weights.iter().any(|&weight| weight < 0) {
            return Err(MoneyError::BadWeights);
        }
        let even = weights.iter().all(|&weight| weight == 0);
        let weights = weights.iter().map(|&weight| if even { 1 } else { i128::from(weight) });
        let sign = if self.amount < 0 { -1 } else { 1 };
        let whole = i128::from(self.amount).abs();
        let shares: Vec<i128> = weights.clone().map(|weight| whole * weight).collect();
        largest_remainders(whole, &shares, weights.sum())
            .into_iter()
            .map(|part| {
                let amount = i64::try_from(part * sign).map_err(|_| MoneyError::TooLarge)?;
                Ok(Self::new(amount, self.currency))
            })
            .collect()
    }

    fn with(self, other: Self, operation: fn(i64, i64) -> Option<i64>) -> Result<Self, MoneyError> {
        if self.currency != other.currency {
            return Err(MoneyError::MixedCurrencies(self.currency, other.currency));
        }
        let amount = operation(self.amount, other.amount).ok_or(MoneyError::TooLarge)?;
        Ok(Self::new(amount, self.currency))
    }
}

/// Divides `whole` into one part for each of `shares`, whose exact values are `share / denominator` and add up to nearly
/// `whole`: closer than one for each of them.
///
/// The one rule for remainders: each share is first cut to a whole number, then what is left over goes, one each, to the
/// parts with the largest remainders, the earlier part first among equals.
pub fn largest_remainders(whole: i128, shares: &[i128], denominator: i128) -> Vec<i128> {
    let mut parts: Vec<i128> = shares.iter().map(|share| share.div_euclid(denominator)).collect();
    let left_over = usize::try_from(whole - parts.iter().sum::<i128>()).unwrap_or(0);
    let mut by_remainder: Vec<usize> = (0..shares.len()).collect();
    by_remainder.sort_by_key(|&place| std::cmp::Reverse(shares[place].rem_euclid(denominator)));
    for place in by_remainder.into_iter().take(left_over) {
        parts[place] += 1;
    }
    parts
}

/// `numerator / denominator` to the next whole number; a half goes away from zero. The denominator is above zero.
pub fn rounded(numerator: i128, denominator: i128) -> i128 {
    let (whole, rest) = (numerator.abs() / denominator, numerator.abs() % denominator);
    (whole + i128::from(rest >= denominator - rest)) * numerator.signum()
}

/// `EUR 12.50`
impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.currency, self.to_major())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn eur(amount: i64) -> Money {
        Money::new(amount, Currency::eur())
    }

    fn currency(code: &str) -> Currency {
        code.parse().expect("a currency")
    }

    #[test]
    fn the_table_is_sorted_so_that_codes_are_found() {
        assert!(CURRENCIES.is_sorted());
        assert_eq!(currency("JPY").exponent(), 0);
        assert_eq!(currency("KWD").exponent(), 3);
    }

    #[test]
    fn codes_in_other_forms_are_refused() {
        for code in ["eur", "XXX", "EURO", "", "EU"] {
            assert!(code.parse::<Currency>().is_err(), "{code}");
        }
    }

    #[test]
    fn amounts_are_read_in_major_units() {
        for (text, amount) in [("50", 5000), ("12.5", 1250), (".5", 50), ("-3.00", -300), ("7.10000", 710)] {
            assert_eq!(Money::parse_major(text, Currency::eur()), Ok(eur(amount)), "{text}");
        }
        assert_eq!(Money::parse_major("500", currency("JPY")), Ok(Money::new(500, currency("JPY"))));
    }

    #[test]
    fn what_is_not_an_amount_is_refused() {
        for text in ["", ".", "1,5", "1e3", "NaN", "１２", "--1", "1.2.3", "12.345", "99999999999999999999"] {
            assert!(Money::parse_major(text, Currency::eur()).is_err(), "{text}");
        }
    }

    #[test]
    fn sums_neither_mix_nor_wrap() {
        assert!(eur(1).plus(Money::new(1, currency("USD"))).is_err());
        assert_eq!(eur(i64::MAX).plus(eur(1)), Err(MoneyError::TooLarge));
        assert_eq!(eur(i64::MAX).times(2), Err(MoneyError::TooLarge));
    }

    #[test]
    fn left_over_cents_go_to_the_largest_remainders() {
        let parts = eur(100).allocate(&[1, 1, 1]).expect("divides");
        assert_eq!(parts, [eur(34), eur(33), eur(33)]);
        assert_eq!(eur(-100).allocate(&[1, 1, 1]).expect("divides")[0], eur(-34));
    }

    #[test]
    fn weights_that_are_all_zero_divide_evenly() {
        assert_eq!(eur(11).allocate(&[0, 0]), Ok(vec![eur(6), eur(5)]));
        assert_eq!(eur(11).allocate(&[]), Err(MoneyError::BadWeights));
        assert_eq!(eur(11).allocate(&[2, -1]), Err(MoneyError::BadWeights));
    }

    #[test]
    fn halves_are_rounded_away_from_zero() {
        let rounded: Vec<i128> = [(5, 10), (-5, 10), (4, 10), (-6, 10), (1, 3), (2, 3), (0, 7)]
            .map(|(numerator, denominator)| rounded(numerator, denominator))
            .into();
        assert_eq!(rounded, [1, -1, 0, -1, 0, 1, 0]);
    }

    #[test]
    fn contained_tax_is_rounded_half_up() {
        assert_eq!(eur(8390).tax_contained(2000), Ok(eur(1398)));
        assert_eq!(eur(0).tax_contained(2000), Ok(eur(0)));
    }

    proptest! {
        #[test]
        fn parts_always_add_up(amount in any::<i64>(), weights in prop::collection::vec(0_i64..1_000_000, 1..20)) {
            prop_assume!(weights.iter().any(|&weight| weight > 0));
            let parts = eur(amount).allocate(&weights).expect("divides");
            let total: i128 = parts.iter().map(|part| i128::from(part.amount)).sum();
            prop_assert_eq!(total, i128::from(amount));
        }

        #[test]
        fn major_units_read_back(amount in any::<i64>().prop_filter("abs", |a| *a > i64::MIN)) {
            for code in ["EUR", "JPY", "KWD"] {
                let money = Money::new(amount, currency(code));
                prop_assert_eq!(Money::parse_major(&money.to_major(), currency(code)), Ok(money));
            }
        }
    }
}
