//! The form of a discount: filled from a promotion, and read back as one.

use cart_api::{Action, Conditions, CouponCode, Items, Promotion, PromotionRule, SavePromotion, Step};
use catalog_api::{ProductId, VariantId};
use kernel::{Currency, IdempotencyKey, Money, Timestamp};

use super::super::new_key;
use super::super::views::Field;
use crate::storefront::views::percent_of_ppm;
use crate::web::Form;

pub(super) const KINDS: [(&str, &str); 10] = [
    ("percent", "Percent off all that qualifies"),
    ("amount", "Amount off all that qualifies"),
    ("percent_each", "Percent off each item"),
    ("amount_each", "Amount off each unit"),
    ("amount_line", "Amount off each item"),
    ("unit_price", "A fixed price for each unit"),
    ("buy_get", "Buy some, get some free"),
    ("tiered", "The more they buy, the more comes off"),
    ("delivery", "Free delivery"),
    ("delivery_percent", "Percent off delivery"),
];
/// All goods, in a field where nothing says something else.
pub(super) const EVERYTHING: &str = "*";
/// All of something, in parts per million.
const ALL: u32 = 1_000_000;
/// Steps that a tiered discount may have.
const STEPS: usize = 20;
/// Empty rows below them that the form offers.
const MORE_STEPS: usize = 3;
pub(super) const FIELDS: [&str; 24] = [
    "key",
    "version",
    "label",
    "kind",
    "percent",
    "amount",
    "category",
    "bought",
    "buy",
    "get",
    "get_percent",
    "most",
    "step_*",
    "minimum",
    "only_regular",
    "exclusive",
    "priority",
    "starts_at",
    "ends_at",
    "codes",
    "limit",
    "limit_per_customer",
    "announced",
    "given_back",
];

/// The form as it creates this promotion.
pub(super) fn filled(promotion: &Promotion) -> Form {
    let rule = &promotion.rule;
    let mut values: Vec<(String, String)> = Vec::new();
    let mut add = |name: &str, value: String| values.push((name.to_owned(), value));
    let yes_no = |yes: bool| if yes { "yes" } else { "no" }.to_owned();
    add("key", new_key());
    add("version", promotion.version.to_string());
    add("label", promotion.label.clone());
    add("minimum", rule.conditions.minimum_goods.map(Money::to_major).unwrap_or_default());
    add("only_regular", yes_no(rule.conditions.only_at_regular_price));
    add("exclusive", yes_no(rule.exclusive));
    add("priority", rule.priority.to_string());
    add("starts_at", promotion.starts_at.to_minute());
    add("ends_at", promotion.ends_at.map(Timestamp::to_minute).unwrap_or_default());
    add("announced", yes_no(promotion.announced));
    add("given_back", yes_no(promotion.given_back));
    add("codes", promotion.codes.iter().map(|code| format!("{}\n", code.code)).collect());
    let first = promotion.codes.first();
    let limit = |limit: Option<i64>| limit.map(|limit| limit.to_string()).unwrap_or_default();
    add("limit", limit(first.and_then(|code| code.limit)));
    add("limit_per_customer", limit(first.and_then(|code| code.limit_per_customer)));
    let (kind, items) = match &rule.action {
        Action::Percent { items, ppm } | Action::PercentPerLine { items, ppm } => {
            add("percent", typed_percent(*ppm));
            (if matches!(rule.action, Action::Percent { .. }) { "percent" } else { "percent_each" }, items)
        }
        Action::Amount { items, amount } => {
            add("amount", amount.to_major());
            ("amount", items)
        }
        Action::AmountPerUnit { items, amount } => {
            add("amount", amount.to_major());
            ("amount_each", items)
        }
        Action::AmountPerLine { items, amount } => {
            add("amount", amount.to_major());
            ("amount_line", items)
        }
        Action::UnitPrice { items, price } => {
            add("amount", price.to_major());
            ("unit_price", items)
        }
        Action::BuyGet { buy, buy_quantity, get, get_quantity, ppm, most } => {
            add("bought", if buy == get { String::new() } else { typed_goods(buy, EVERYTHING) });
            add("buy", buy_quantity.to_string());
            add("get", get_quantity.to_string());
            add("get_percent", typed_percent(*ppm));
            add("most", most.map(|most| most.to_string()).unwrap_or_default());
            ("buy_get", get)
        }
        Action::Tiered { items, steps } => {
            for (step, [from, percent, amount]) in steps.iter().zip((0..STEPS).map(step_fields)) {
                add(&from, step.from.to_major());
                match step.amount {
                    Some(off) => add(&amount, off.to_major()),
                    None => add(&percent, typed_percent(step.ppm)),
                }
            }
            ("tiered", items)
        }
        Action::Delivery { ppm: ALL } => ("delivery", &Items::All),
        Action::Delivery { ppm } => {
            add("percent", typed_percent(*ppm));
            ("delivery_percent", &Items::All)
        }
        _ => ("", &Items::All),
    };
    add("kind", kind.to_owned());
    add("category", typed_goods(items, ""));
    Form::filled(values.iter().map(|(name, value)| (name.as_str(), value.clone())))
}

/// Whether the form holds all of a promotion, so that saving it changes nothing that nobody touched. It holds no
/// customer groups, no codes with limits of their own, and no amounts of a former currency.
pub(super) fn holds(promotion: &Promotion, currency: Currency) -> bool {
    let mut form = filled(promotion);
    let Some(read) = read(&mut form, Some(promotion), currency).filter(|_| form.is_valid()) else { return false };
    let without_uses = |code: &CouponCode| CouponCode { uses: 0, ..code.clone() };
    read.rule == promotion.rule && read.codes.into_iter().eq(promotion.codes.iter().map(without_uses))
}

/// The fields of the steps that the form shows: from which worth on, which percentage or which amount comes off.
pub(super) fn steps(form: &Form) -> Vec<[Field; 3]> {
    let is_filled = |place: &usize| step_fields(*place).iter().any(|name| !form.raw(name).is_empty());
    let rows = STEPS.min((0..STEPS).rev().find(is_filled).map_or(0, |last| last + 1) + MORE_STEPS);
    (0..rows).map(|place| step_fields(place).map(|name| Field::of(form, &name))).collect()
}

fn step_fields(place: usize) -> [String; 3] {
    ["from", "percent", "amount"].map(|what| format!("step_{place}_{what}"))
}

/// Goods as a field holds them: slugs of categories, or ids of products or variants, with spaces between; `all` for all.
fn typed_goods(items: &Items, all: &str) -> String {
    match items {
        Items::All => all.to_owned(),
        Items::Categories(of) | Items::Products(of) | Items::Variants(of) | Items::Lines(of) => of.join(" "),
    }
}

/// The same read back.
pub(super) fn goods(typed: &str) -> Items {
    let of: Vec<String> = typed.split_whitespace().map(str::to_owned).collect();
    match of.first() {
        None => Items::All,
        Some(first) if first == EVERYTHING => Items::All,
        Some(first) if first.parse::<ProductId>().is_ok() => Items::Products(of),
        Some(first) if first.parse::<VariantId>().is_ok() => Items::Variants(of),
        Some(_) => Items::Categories(of),
    }
}

/// What the form says; what is wrong is noted in it. It knows minutes: a moment of `before` that is not changed keeps its
/// seconds.
pub(super) fn read(form: &mut Form, before: Option<&Promotion>, currency: Currency) -> Option<SavePromotion> {
    let label = form.required("label", "Enter a name that shoppers can read");
    let action = action(form, currency);
    let minimum_goods = optional_money(form, "minimum", currency);
    let priority = form.parsed::<i64>("priority", "Enter a whole number, such as 0");
    let starts_at = moment(form, "starts_at", before.map(|before| before.starts_at));
    if starts_at.is_none() && form.problem_of("starts_at").is_none() {
        form.problem("starts_at", "Enter when it begins");
    }
    let ends_at = moment(form, "ends_at", before.and_then(|before| before.ends_at));
    let limit = optional_count(form, "limit");
    let limit_per_customer = optional_count(form, "limit_per_customer");
    let codes = form.raw("codes").lines().map(str::trim).filter(|line| !line.is_empty());
    let codes = codes.map(|code| CouponCode { code: code.to_owned(), limit, limit_per_customer, uses: 0 }).collect();
    let yes = |name: &str| form.raw(name) == "yes";
    // What is only about codes is not asked for where there are none.
    let by_itself = before.filter(|before| before.codes.is_empty());
    Some(SavePromotion {
        // Replaced by the caller, who knows which change this is.
        key: IdempotencyKey::parse("form")?,
        id: None,
        expected_version: None,
        label: label?,
        rule: PromotionRule {
            conditions: Conditions {
                minimum_goods,
                only_at_regular_price: yes("only_regular"),
                customer_groups: Vec::new(),
            },
            action: action?,
            priority: priority?,
            exclusive: yes("exclusive"),
        },
        starts_at: starts_at?,
        ends_at,
        announced: by_itself.map_or_else(|| yes("announced"), |before| before.announced),
        given_back: by_itself.map_or_else(|| yes("given_back"), |before| before.given_back),
        codes,
    })
}

fn action(form: &mut Form, currency: Currency) -> Option<Action> {
    let items = goods(form.raw("category"));
    let kind = form.raw("kind").to_owned();
    match kind.as_str() {
        "percent" => Some(Action::Percent { items, ppm: percent(form, "percent")? }),
        "percent_each" => Some(Action::PercentPerLine { items, ppm: percent(form, "percent")? }),
        "amount" => Some(Action::Amount { items, amount: money(form, "amount", currency)? }),
        "amount_each" => Some(Action::AmountPerUnit { items, amount: money(form, "amount", currency)? }),
        "amount_line" => Some(Action::AmountPerLine { items, amount: money(form, "amount", currency)? }),
        "unit_price" => Some(Action::UnitPrice { items, price: money(form, "amount", currency)? }),
        "buy_get" => {
            let buy_quantity = form.parsed::<u32>("buy", "Enter how many have to be bought");
            let get_quantity = form.parsed::<std::num::NonZeroU32>("get", "Enter how many are free, 1 or more");
            let most = form.text("most").and_then(|_| form.parsed::<u32>("most", "Enter a whole number, or nothing"));
            let ppm = if form.text("get_percent").is_some() { percent(form, "get_percent") } else { Some(ALL) };
            Some(Action::BuyGet {
                buy: form.text("bought").map_or_else(|| items.clone(), |bought| goods(&bought)),
                buy_quantity: buy_quantity?,
                get: items,
                get_quantity: get_quantity?.get(),
                ppm: ppm?,
                most,
            })
        }
        "tiered" => {
            let mut steps = Vec::new();
            for fields in (0..STEPS).map(step_fields) {
                if fields.iter().any(|name| form.text(name).is_some()) {
                    steps.push(step(form, &fields, currency)?);
                }
            }
            if steps.is_empty() {
                form.problem("step_0_from", "Enter from which worth on, and how much comes off");
                return None;
            }
            Some(Action::Tiered { items, steps })
        }
        "delivery" => Some(Action::Delivery { ppm: ALL }),
        "delivery_percent" => Some(Action::Delivery { ppm: percent(form, "percent")? }),
        _ => {
            form.problem("kind", "Choose what it does");
            None
        }
    }
}

fn step(form: &mut Form, [from, percentage, amount]: &[String; 3], currency: Currency) -> Option<Step> {
    let from = money(form, from, currency);
    let (amount, ppm) = match (form.text(percentage), form.text(amount)) {
        (Some(_), Some(_)) => {
            form.problem(amount, "Enter a percentage or an amount, not both");
            return None;
        }
        (None, Some(_)) => (Some(money(form, amount, currency)?), 0),
        _ => (None, percent(form, percentage)?),
    };
    Some(Step { from: from?, amount, ppm })
}

fn money(form: &mut Form, name: &str, currency: Currency) -> Option<Money> {
    let money = form.text(name).and_then(|text| Money::parse_major(&text, currency).ok());
    let money = money.filter(|money| money.amount >= 0);
    if money.is_none() {
        form.problem(name, format!("Enter an amount in {currency}, such as 12.50"));
    }
    money
}

fn optional_money(form: &mut Form, name: &str, currency: Currency) -> Option<Money> {
    form.text(name)?;
    money(form, name, currency)
}

fn optional_count(form: &mut Form, name: &str) -> Option<i64> {
    form.text(name)?;
    form.parsed::<i64>(name, "Enter a whole number, or nothing for no limit")
}

/// `12.5` as parts per million.
fn percent(form: &mut Form, name: &str) -> Option<u32> {
    // A percentage with up to four decimal digits is an amount of a currency with four.
    let digits: Option<Currency> = "UYW".parse().ok();
    let parsed = form.text(name).zip(digits).and_then(|(text, digits)| Money::parse_major(&text, digits).ok());
    let ppm = parsed.and_then(|parsed| u32::try_from(parsed.amount).ok()).filter(|ppm| *ppm <= 1_000_000);
    if ppm.is_none() {
        form.problem(name, "Enter a percentage from 0 to 100, such as 12.5");
    }
    ppm
}

fn typed_percent(ppm: u32) -> String {
    percent_of_ppm(ppm).trim_end_matches(" %").to_owned()
}

/// `2026-11-21T10:42`, in UTC, as browsers send it; `before` when that is its minute.
fn moment(form: &mut Form, name: &str, before: Option<Timestamp>) -> Option<Timestamp> {
    let text = form.text(name)?;
    let moment = before.filter(|before| before.to_minute() == text).or_else(|| Timestamp::parse_minute(&text));
    if moment.is_none() {
        form.problem(name, "Enter a date and time in UTC, such as 2026-11-21T10:30");
    }
    moment
}
