//! Codes in a cart: giving one, and taking it out.

use std::collections::HashMap;

use cart_api::{AddCode, CartChanged, CartError, CartId, CodeState, MAX_CODES, RemoveCode};
use kernel::db::AnyConnection;
use kernel::{CallCtx, CallError, Email, NotExecuted, Timestamp};

use crate::Service;
use crate::change_line::{changed, open_cart};
use crate::owner::Owner;
use crate::show;
use crate::store::promotions::{self, GivenCode};
use crate::store::{self, uses};

const SHORTEST: usize = 3;
const LONGEST: usize = 40;

/// The one form in which codes are compared: capital letters, digits and `-`. Spaces do not count, and full-width letters
/// are the letters they look like. `None` when `text` is not the form of a code.
pub(crate) fn canonical(text: &str) -> Option<String> {
    let half_width = |letter: char| match u32::from(letter) {
        wide @ 0xFF01..=0xFF5E => char::from_u32(wide - 0xFEE0).unwrap_or(letter),
        _ => letter,
    };
    let is_space =
        |letter: &char| letter.is_whitespace() || matches!(letter, '\u{200B}'..='\u{200D}' | '\u{FEFF}' | '\u{2060}');
    let letters = text.chars().filter(|letter| !is_space(letter)).take(LONGEST + 1);
    let code: String = letters.map(|letter| half_width(letter).to_ascii_uppercase()).collect();
    let fits = (SHORTEST..=LONGEST).contains(&code.len())
        && code.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'-');
    fits.then_some(code)
}

/// Whether a code may be used now, whatever is in the cart.
pub(crate) fn refusal(given: &GivenCode, used_by_customer: i64, is_claimed: bool, now: Timestamp) -> Option<CodeState> {
    let (promotion, code) = (&given.promotion, &given.code);
    let ended = [given.code_ended_at, promotion.ends_at].into_iter().flatten().min().filter(|ended| *ended <= now);
    let taken = !is_claimed && code.limit.is_some_and(|limit| code.uses >= limit);
    if now < promotion.starts_at {
        Some(CodeState::NotStarted { starts_at: promotion.starts_at })
    } else if let Some(ended_at) = ended {
        Some(CodeState::Ended { ended_at })
    } else if taken || code.limit_per_customer.is_some_and(|limit| used_by_customer >= limit) {
        Some(CodeState::UsedUp)
    } else {
        None
    }
}

/// The codes of a cart, each with why it may not be used now, if it may not. One that there is not is left out.
pub(crate) fn given(
    conn: &mut AnyConnection,
    (cart, email): (CartId, Option<&Email>),
    codes: &[String],
    now: Timestamp,
) -> Result<Vec<(GivenCode, Option<CodeState>)>, CallError<CartError>> {
    if codes.is_empty() {
        return Ok(Vec::new());
    }
    let mut given = promotions::given_codes(conn, codes)?;
    given.sort_by_key(|given| codes.iter().position(|code| *code == given.code.code));
    let cart = cart.to_string();
    let claimed = uses::uses_of_cart(conn, &cart, codes)?;
    let limited = given.iter().any(|given| given.code.limit_per_customer.is_some());
    let by_customer: HashMap<String, i64> = match email.filter(|_| limited) {
        Some(email) => uses::uses_of_customer(conn, &email.canonical(), codes, &cart)?.into_iter().collect(),
        None => HashMap::new(),
    };
    let judge = |given: GivenCode| {
        let by_customer = by_customer.get(&given.code.code).copied().unwrap_or(0);
        let is_claimed = claimed.iter().any(|claimed| claimed.code == given.code.code);
        let refusal = refusal(&given, by_customer, is_claimed, now);
        (given, refusal)
    };
    Ok(given.into_iter().map(judge).collect())
}

/// Adds the code, shows what the cart costs with it, and takes it out again when that is no less.
pub(crate) async fn add_code(
    service: &Service,
    ctx: &CallCtx,
    request: AddCode,
) -> Result<CartChanged, CallError<CartError>> {
    let owner = Owner::of(ctx)?;
    let Some(code) = canonical(&request.code) else {
        let typed: String = request.code.chars().filter(|letter| !letter.is_control()).take(LONGEST).collect();
        return Err(CartError::CodeRefused { code: typed, reason: CodeState::Unknown }.into());
    };
    // Tried before it is written, so that a code which is refused changes nothing.
    let (cart, announced) = show::with_code(service, ctx, &code).await?.ok_or(CartError::NotFound)?;
    let state = cart.codes.iter().find(|given| given.code == code).map(|given| given.state.clone());
    match state {
        Some(CodeState::Applied { .. }) => {}
        // Who guesses learns nothing of codes that the shop has not told everybody of.
        Some(reason) if announced => return Err(CartError::CodeRefused { code, reason }.into()),
        _ => return Err(CartError::CodeRefused { code, reason: CodeState::Unknown }.into()),
    }
    let (key, now) = (owner.key(&request.key), service.clock.now());
    let work = move |conn: &mut AnyConnection| put(conn, &owner, code, now);
    service.db.write_once(key, "add_code", &request, work).await
}

fn put(
    conn: &mut AnyConnection,
    owner: &Owner,
    code: String,
    now: Timestamp,
) -> Result<CartChanged, CallError<CartError>> {
    let (mut cart, lines) = open_cart(conn, owner, now)?;
    if !cart.codes.contains(&code) {
        if cart.codes.len() >= MAX_CODES {
            let limit = i64::try_from(MAX_CODES).unwrap_or(i64::MAX);
            return Err(CartError::TooMany { what: "codes".to_owned(), limit }.into());
        }
        cart.codes.push(code);
        store::cart_set_codes(conn, cart.id, &cart.codes)?;
        cart.version += 1;
    }
    Ok(changed(&cart, &lines))
}

pub(crate) async fn remove_code(
    service: &Service,
    ctx: &CallCtx,
    request: RemoveCode,
) -> Result<CartChanged, CallError<CartError>> {
    let owner = Owner::of(ctx)?;
    let (key, now) = (owner.key(&request.key), service.clock.now());
    let code = canonical(&request.code).unwrap_or_default();
    let work = move |conn: &mut AnyConnection| {
        let (mut cart, lines) = open_cart(conn, &owner, now)?;
        if cart.codes.contains(&code) {
            cart.codes.retain(|given| *given != code);
            store::cart_set_codes(conn, cart.id, &cart.codes)?;
            cart.version += 1;
        }
        Ok(changed(&cart, &lines))
    };
    service.db.write_once(key, "remove_code", &request, work).await
}

/// Why a write gives way to another one that came first.
pub(crate) fn conflict() -> CallError<CartError> {
    CallError::not_executed(NotExecuted::Conflict)
}

#[cfg(test)]
mod tests {
    use super::canonical;

    #[test]
    fn spellings_of_one_code_are_one() {
        for text in ["SPRING-5", "spring-5", " Spring - 5 ", "SPRING\u{200B}-5", "ＳＰＲＩＮＧ－５"] {
            assert_eq!(canonical(text).as_deref(), Some("SPRING-5"), "{text}");
        }
    }

    #[test]
    fn what_is_no_code_has_no_form() {
        for text in ["", "AB", "ЅРRING5", "SPRING_5", "5 %OFF", &"A".repeat(41), "A\0B1"] {
            assert_eq!(canonical(text), None, "{text}");
        }
    }
}
