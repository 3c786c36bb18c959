//! Promotions and their codes.

use cart_api::{CouponCode, Promotion, PromotionId};
use diesel::prelude::*;
use kernel::Timestamp;
use kernel::db::{AnyConnection, on_either};

use super::{damaged, parsed};
use crate::schema::{coupon_codes, coupon_uses, promotions};

#[derive(Queryable)]
struct Row {
    id: String,
    label: String,
    rule: String,
    starts_at: i64,
    ends_at: Option<i64>,
    announced: bool,
    given_back: bool,
    version: i64,
}

type Columns = (
    promotions::id,
    promotions::label,
    promotions::rule,
    promotions::starts_at,
    promotions::ends_at,
    promotions::announced,
    promotions::given_back,
    promotions::version,
);
const PROMOTION: Columns = (
    promotions::id,
    promotions::label,
    promotions::rule,
    promotions::starts_at,
    promotions::ends_at,
    promotions::announced,
    promotions::given_back,
    promotions::version,
);

impl Row {
    fn read(self) -> QueryResult<Promotion> {
        Ok(Promotion {
            id: parsed(&self.id)?,
            label: self.label,
            rule: serde_json::from_str(&self.rule).map_err(damaged)?,
            starts_at: Timestamp(self.starts_at),
            ends_at: self.ends_at.map(Timestamp),
            announced: self.announced,
            given_back: self.given_back,
            codes: Vec::new(),
            version: self.version,
        })
    }
}

/// What applies by itself now or later, the oldest first, without codes of it: there are none.
pub(crate) fn promotions_without_code(conn: &mut AnyConnection, now: Timestamp) -> QueryResult<Vec<Promotion>> {
    promotions::table
        .filter(diesel::dsl::not(promotions::needs_code))
        .filter(promotions::ends_at.is_null().or(promotions::ends_at.gt(now.0)))
        .order(promotions::id)
        .select(PROMOTION)
        .load::<Row>(conn)?
        .into_iter()
        .map(Row::read)
        .collect()
}

/// Promotions, the latest first, without their codes.
pub(crate) fn promotions(
    conn: &mut AnyConnection,
    only: Option<PromotionId>,
    limit: i64,
) -> QueryResult<Vec<Promotion>> {
    let all = promotions::table.order(promotions::id.desc()).limit(limit).select(PROMOTION);
    let rows: Vec<Row> = match only {
        Some(id) => all.filter(promotions::id.eq(id.to_string())).load(conn)?,
        None => all.load(conn)?,
    };
    rows.into_iter().map(Row::read).collect()
}

/// Of which promotion, the code, how often it may be used by all and by one customer, and how often it was.
type CodeRow = (String, String, Option<i64>, Option<i64>, i64);

/// The codes that may be used, by promotion.
pub(crate) fn codes_of_promotions(
    conn: &mut AnyConnection,
    ids: &[PromotionId],
) -> QueryResult<Vec<(String, CouponCode)>> {
    let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
    let rows = coupon_codes::table
        .filter(coupon_codes::promotion_id.eq_any(ids))
        .filter(coupon_codes::ended_at.is_null())
        .order(coupon_codes::code)
        .select((
            coupon_codes::promotion_id,
            coupon_codes::code,
            coupon_codes::use_limit,
            coupon_codes::limit_per_customer,
            coupon_codes::uses,
        ))
        .load::<CodeRow>(conn)?;
    let code = |(promotion, code, limit, limit_per_customer, uses): CodeRow| {
        (promotion, CouponCode { code, limit, limit_per_customer, uses })
    };
    Ok(rows.into_iter().map(code).collect())
}

/// A new promotion.
pub(crate) fn promotion_insert(conn: &mut AnyConnection, promotion: &Promotion, now: Timestamp) -> QueryResult<()> {
    let row = (
        promotions::id.eq(promotion.id.to_string()),
        promotions::label.eq(&promotion.label),
        promotions::rule.eq(rule(promotion)?),
        promotions::needs_code.eq(!promotion.codes.is_empty()),
        promotions::starts_at.eq(promotion.starts_at.0),
        promotions::ends_at.eq(promotion.ends_at.map(|at| at.0)),
        promotions::announced.eq(promotion.announced),
        promotions::given_back.eq(promotion.given_back),
        promotions::version.eq(promotion.version),
        promotions::created_at.eq(now.0),
        promotions::updated_at.eq(now.0),
    );
    diesel::insert_into(promotions::table).values(row).execute(conn).map(drop)
}

/// Makes a promotion as given, if it is still at version `seen`. Whether it was.
pub(crate) fn promotion_update(
    conn: &mut AnyConnection,
    promotion: &Promotion,
    seen: i64,
    now: Timestamp,
) -> QueryResult<bool> {
    let row = (
        promotions::label.eq(&promotion.label),
        promotions::rule.eq(rule(promotion)?),
        promotions::starts_at.eq(promotion.starts_at.0),
        promotions::ends_at.eq(promotion.ends_at.map(|at| at.0)),
        promotions::announced.eq(promotion.announced),
        promotions::given_back.eq(promotion.given_back),
        promotions::version.eq(promotion.version),
        promotions::updated_at.eq(now.0),
    );
    let as_seen = promotions::table.find(promotion.id.to_string()).filter(promotions::version.eq(seen));
    Ok(diesel::update(as_seen).set(row).execute(conn)? == 1)
}

/// Adds a code to a promotion. False when it was ever somebody's.
pub(crate) fn code_insert(conn: &mut AnyConnection, promotion: PromotionId, code: &CouponCode) -> QueryResult<bool> {
    let row = (
        coupon_codes::code.eq(&code.code),
        coupon_codes::promotion_id.eq(promotion.to_string()),
        coupon_codes::use_limit.eq(code.limit),
        coupon_codes::limit_per_customer.eq(code.limit_per_customer),
    );
    let insert = diesel::insert_into(coupon_codes::table).values(row).on_conflict_do_nothing();
    Ok(on_either!(conn => insert.execute(conn))? == 1)
}

/// Whether a code is or was one of a promotion.
pub(crate) fn is_code_of(conn: &mut AnyConnection, promotion: PromotionId, code: &str) -> QueryResult<bool> {
    let own = coupon_codes::table.find(code).filter(coupon_codes::promotion_id.eq(promotion.to_string()));
    diesel::select(diesel::dsl::exists(own)).get_result(conn)
}

/// How often the customer used a code who used it most.
pub(crate) fn code_most_used(conn: &mut AnyConnection, code: &str) -> QueryResult<i64> {
    let most: Option<i64> = coupon_uses::table
        .filter(coupon_uses::code.eq(code))
        .filter(coupon_uses::status.ne("released"))
        .group_by(coupon_uses::customer)
        .order(diesel::dsl::count_star().desc())
        .select(diesel::dsl::count_star())
        .first(conn)
        .optional()?;
    Ok(most.unwrap_or(0))
}

/// Gives a code of a promotion new limits, none below what it is used already, and lets it be used. Whether it is so.
pub(crate) fn code_update(conn: &mut AnyConnection, promotion: PromotionId, code: &CouponCode) -> QueryResult<bool> {
    let fits = coupon_codes::table
        .find(&code.code)
        .filter(coupon_codes::promotion_id.eq(promotion.to_string()))
        .filter(coupon_codes::uses.le(code.limit.unwrap_or(i64::MAX)));
    let row = (
        coupon_codes::use_limit.eq(code.limit),
        coupon_codes::limit_per_customer.eq(code.limit_per_customer),
        coupon_codes::ended_at.eq(None::<i64>),
    );
    Ok(diesel::update(fits).set(row).execute(conn)? == 1)
}

/// Ends codes of a promotion.
pub(crate) fn codes_end(
    conn: &mut AnyConnection,
    promotion: PromotionId,
    codes: &[&str],
    now: Timestamp,
) -> QueryResult<()> {
    let of_promotion = coupon_codes::table
        .filter(coupon_codes::promotion_id.eq(promotion.to_string()))
        .filter(coupon_codes::code.eq_any(codes));
    diesel::update(of_promotion).set(coupon_codes::ended_at.eq(now.0)).execute(conn).map(drop)
}

fn rule(promotion: &Promotion) -> QueryResult<String> {
    serde_json::to_string(&promotion.rule).map_err(|error| diesel::result::Error::SerializationError(error.into()))
}

/// A code with its promotion, as a cart asks for it.
#[derive(Clone, Debug)]
pub(crate) struct GivenCode {
    pub(crate) code: CouponCode,
    pub(crate) code_ended_at: Option<Timestamp>,
    pub(crate) promotion: Promotion,
}

/// These codes with their promotions; those that there are not are left out.
pub(crate) fn given_codes(conn: &mut AnyConnection, codes: &[String]) -> QueryResult<Vec<GivenCode>> {
    type Code = (String, Option<i64>, Option<i64>, i64, Option<i64>);
    let rows: Vec<(Code, Row)> = coupon_codes::table
        .inner_join(promotions::table)
        .filter(coupon_codes::code.eq_any(codes))
        .select((
            (
                coupon_codes::code,
                coupon_codes::use_limit,
                coupon_codes::limit_per_customer,
                coupon_codes::uses,
                coupon_codes::ended_at,
            ),
            PROMOTION,
        ))
        .load(conn)?;
    let given = |((code, limit, limit_per_customer, uses, ended_at), promotion): (Code, Row)| {
        Ok(GivenCode {
            code: CouponCode { code, limit, limit_per_customer, uses },
            code_ended_at: ended_at.map(Timestamp),
            promotion: promotion.read()?,
        })
    };
    rows.into_iter().map(given).collect()
}
