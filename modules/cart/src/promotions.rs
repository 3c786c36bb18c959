//! Promotions, as staff make and change them.

use std::collections::{HashMap, HashSet};

use cart_api::{
    CartError, CouponCode, ListPromotions, Promotion, PromotionId, QuotePromotion, QuoteRequest, SavePromotion,
    TaxPolicy,
};
use kernel::db::AnyConnection;
use kernel::{CallCtx, CallError, Currency, Timestamp};

use crate::Service;
use crate::codes::canonical;
use crate::permission::{may_manage_promotions, may_read_promotions};
use crate::pricing;
use crate::store::promotions;

const MOST_LISTED: i64 = 500;
const MOST_CODES: usize = 1_000;
const LONGEST_LABEL: usize = 200;

pub(crate) async fn promotions(
    service: &Service,
    ctx: &CallCtx,
    request: ListPromotions,
) -> Result<Vec<Promotion>, CallError<CartError>> {
    may_read_promotions(&ctx.principal)?;
    service.db.read(move |conn| with_codes(conn, request.id, MOST_LISTED)).await
}

pub(crate) async fn save_promotion(
    service: &Service,
    ctx: &CallCtx,
    request: SavePromotion,
) -> Result<Promotion, CallError<CartError>> {
    may_manage_promotions(&ctx.principal)?;
    let (wanted, now, currency) = (checked(&request)?, service.clock.now(), service.settings.currency);
    let (id, seen) = (request.id, request.expected_version);
    let work = move |conn: &mut AnyConnection| {
        let before = id.map(|id| one(conn, id)).transpose()?;
        // What stays as it is was tried when it was made. It may be of a former currency, and has to end all the same.
        if before.as_ref().is_none_or(|before| before.rule != wanted.rule) {
            try_out(&wanted, currency)?;
        }
        match before {
            Some(before) => change(conn, before, wanted, seen, now),
            None => create(conn, wanted, now),
        }
    };
    let saved = service.db.write_once(request.key.to_string(), "save_promotion", &request, work).await;
    service.automatic.forget();
    saved
}

fn with_codes(
    conn: &mut AnyConnection,
    only: Option<PromotionId>,
    limit: i64,
) -> Result<Vec<Promotion>, CallError<CartError>> {
    let mut found = promotions::promotions(conn, only, limit)?;
    let ids: Vec<PromotionId> = found.iter().map(|promotion| promotion.id).collect();
    let mut codes: HashMap<String, Vec<CouponCode>> = HashMap::new();
    for (promotion, code) in promotions::codes_of_promotions(conn, &ids)? {
        codes.entry(promotion).or_default().push(code);
    }
    for promotion in &mut found {
        promotion.codes = codes.remove(&promotion.id.to_string()).unwrap_or_default();
    }
    Ok(found)
}

fn create(conn: &mut AnyConnection, wanted: Promotion, now: Timestamp) -> Result<Promotion, CallError<CartError>> {
    promotions::promotion_insert(conn, &wanted, now)?;
    save_codes(conn, &wanted, &[], now)?;
    one(conn, wanted.id)
}

fn change(
    conn: &mut AnyConnection,
    before: Promotion,
    wanted: Promotion,
    seen: Option<i64>,
    now: Timestamp,
) -> Result<Promotion, CallError<CartError>> {
    if seen.is_some_and(|seen| seen != before.version) {
        return Err(CartError::Changed { current: before.version }.into());
    }
    if before.codes.is_empty() != wanted.codes.is_empty() {
        let problem = if wanted.codes.is_empty() {
            "keep one code at least; end the promotion instead"
        } else {
            "this applies by itself; make another promotion for codes"
        };
        return Err(CartError::invalid("codes", problem).into());
    }
    let wanted = Promotion { id: before.id, version: before.version + 1, ..wanted };
    if !promotions::promotion_update(conn, &wanted, before.version, now)? {
        return Err(CartError::Changed { current: before.version + 1 }.into());
    }
    save_codes(conn, &wanted, &before.codes, now)?;
    one(conn, wanted.id)
}

fn one(conn: &mut AnyConnection, id: PromotionId) -> Result<Promotion, CallError<CartError>> {
    with_codes(conn, Some(id), 1)?.pop().ok_or_else(|| CartError::NotFound.into())
}

/// Makes the codes of a promotion those that are wanted.
fn save_codes(
    conn: &mut AnyConnection,
    wanted: &Promotion,
    before: &[CouponCode],
    now: Timestamp,
) -> Result<(), CallError<CartError>> {
    let had = |code: &CouponCode| before.iter().find(|before| before.code == code.code);
    let keeps = |code: &CouponCode| wanted.codes.iter().any(|wanted| wanted.code == code.code);
    let gone: Vec<&str> = before.iter().filter(|code| !keeps(code)).map(|code| code.code.as_str()).collect();
    if !gone.is_empty() {
        promotions::codes_end(conn, wanted.id, &gone, now)?;
    }
    for code in &wanted.codes {
        let same =
            |before: &CouponCode| (before.limit, before.limit_per_customer) == (code.limit, code.limit_per_customer);
        if had(code).is_some_and(same) || (had(code).is_none() && promotions::code_insert(conn, wanted.id, code)?) {
            continue;
        }
        if !promotions::is_code_of(conn, wanted.id, &code.code)? {
            return Err(CartError::CodeTaken { code: code.code.clone() }.into());
        }
        let most = promotions::code_most_used(conn, &code.code)?;
        if code.limit_per_customer.is_some_and(|limit| limit < most) {
            let problem = format!("a customer has used {} {most} times; allow that many at least", code.code);
            return Err(CartError::invalid("limit_per_customer", problem).into());
        }
        if !promotions::code_update(conn, wanted.id, code)? {
            let problem = format!("{} is used more often already; allow that many at least", code.code);
            return Err(CartError::invalid("limit", problem).into());
        }
    }
    Ok(())
}

/// Refuses what cannot be reckoned with, by reckoning with it.
fn try_out(wanted: &Promotion, currency: Currency) -> Result<(), CartError> {
    let trial = QuotePromotion {
        promotion_id: String::new(),
        label: wanted.label.clone(),
        code: None,
        rule: wanted.rule.clone(),
    };
    pricing::quote(&QuoteRequest {
        currency,
        taxes: TaxPolicy::default(),
        lines: Vec::new(),
        promotions: vec![trial],
        shipping: None,
        surcharges: Vec::new(),
        customer_groups: Vec::new(),
    })
    .map(drop)
}

/// The promotion that is asked for, if all about it but its rule is in order.
fn checked(request: &SavePromotion) -> Result<Promotion, CartError> {
    let label = request.label.trim();
    if label.is_empty() || label.chars().count() > LONGEST_LABEL || label.chars().any(char::is_control) {
        return Err(CartError::invalid("label", format!("use 1 to {LONGEST_LABEL} characters in one line")));
    }
    if request.ends_at.is_some_and(|end| end < request.starts_at) {
        return Err(CartError::invalid("ends_at", "let it end after it has begun"));
    }
    if request.codes.len() > MOST_CODES {
        return Err(CartError::invalid("codes", format!("give at most {MOST_CODES}")));
    }
    let mut seen = HashSet::new();
    let mut codes = Vec::with_capacity(request.codes.len());
    for code in &request.codes {
        let form = "use 3 to 40 letters A to Z, digits and -";
        let canonical = canonical(&code.code).ok_or_else(|| CartError::invalid("codes", form))?;
        if !seen.insert(canonical.clone()) {
            return Err(CartError::invalid("codes", format!("give {canonical} once")));
        }
        let limits = [code.limit, code.limit_per_customer];
        if limits.into_iter().flatten().any(|limit| !(1..=1_000_000_000).contains(&limit)) {
            return Err(CartError::invalid("limit", "use 1 to 1,000,000,000"));
        }
        codes.push(CouponCode { code: canonical, uses: 0, ..code.clone() });
    }
    Ok(Promotion {
        id: PromotionId::new(),
        label: label.to_owned(),
        rule: request.rule.clone(),
        starts_at: request.starts_at,
        ends_at: request.ends_at,
        announced: request.announced,
        given_back: request.given_back,
        codes,
        version: 1,
    })
}
