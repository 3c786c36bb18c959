//! Adding a variant to a cart: as many as can be had.

use cart_api::{AddLine, CartError, CartLineId, LineAdded, MAX_LINES};
use catalog_api::{SaleItem, VariantId};
use inventory_api::StockLevel;
use kernel::db::AnyConnection;
use kernel::{CallCtx, CallError, Money, NotExecuted, Quantity, Timestamp};

use crate::Service;
use crate::change_line::check_worth;
use crate::owner::Owner;
use crate::store::{self, Shown, StoredCart, StoredLine};

pub(crate) async fn add_line(
    service: &Service,
    ctx: &CallCtx,
    request: AddLine,
) -> Result<LineAdded, CallError<CartError>> {
    let owner = Owner::of(ctx)?;
    let variant: VariantId = request.variant_id.parse().map_err(|_| CartError::NotForSale)?;
    let variants = [variant];
    let (items, stock) =
        tokio::join!(service.neighbours.items(ctx, &variants), service.neighbours.stock(ctx, &variants, None));
    let item = items?.into_iter().find(|item| item.variant_id == variant);
    let addition = Addition {
        item: item.filter(|item| item.for_sale && item.price.currency == service.settings.currency),
        supply: supply(stock.as_deref(), &request.variant_id),
        quantity: request.quantity,
        expected_price: request.expected_price,
    };
    let now = service.clock.now();
    let key = owner.key(&request.key);
    let work = move |conn: &mut AnyConnection| put(conn, &owner, addition, now);
    service.db.write_once(key, "add_line", &request, work).await
}

/// What is to be added, and what the neighbours say of it.
#[derive(Clone, Debug)]
struct Addition {
    item: Option<SaleItem>,
    supply: Supply,
    quantity: Quantity,
    expected_price: Option<Money>,
}

/// How many units a cart may hold of a variant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Supply {
    /// As many as are wanted: it is not counted, may be ordered back, or nobody can say now and `orders` will check.
    Unlimited,
    /// At most so many.
    Limited(i64),
}

fn supply(stock: Option<&[StockLevel]>, variant_id: &str) -> Supply {
    let Some(stock) = stock else { return Supply::Unlimited };
    match stock.iter().find(|level| level.variant_id == variant_id) {
        Some(level) if level.can_promise(i64::MAX) => Supply::Unlimited,
        Some(level) => Supply::Limited(level.available),
        None => Supply::Limited(0),
    }
}

fn put(
    conn: &mut AnyConnection,
    owner: &Owner,
    addition: Addition,
    now: Timestamp,
) -> Result<LineAdded, CallError<CartError>> {
    let cart = cart_of(conn, owner, now)?;
    let mut lines = store::lines_of_cart(conn, cart.id)?;
    let (place, added) = add(&mut lines, addition)?;
    let line = &lines[place];
    // All of a new line was added just now.
    if line.quantity.get() == added {
        store::line_insert(conn, cart.id, line)?;
    } else {
        store::line_update(conn, line)?;
    }
    store::cart_raise_version(conn, cart.id)?;
    Ok(LineAdded {
        added,
        item_count: lines.iter().map(|line| line.quantity.get()).sum(),
        title: line.shown.title.clone(),
    })
}

/// The open cart of `owner`, opened when there is none. Of two that open it at the same time the second gets the cart
/// of the first.
fn cart_of(conn: &mut AnyConnection, owner: &Owner, now: Timestamp) -> Result<StoredCart, CallError<CartError>> {
    if let Some(cart) = store::cart_touch(conn, owner, now)? {
        return Ok(cart);
    }
    store::cart_insert_if_none(conn, owner, now)?;
    // It is gone again only when it was ordered within this moment.
    store::cart_touch(conn, owner, now)?.ok_or_else(|| CallError::not_executed(NotExecuted::Conflict))
}

/// The place of the line with the addition in it, and how many were added.
fn add(lines: &mut Vec<StoredLine>, addition: Addition) -> Result<(usize, i64), CartError> {
    let item = addition.item.ok_or(CartError::NotForSale)?;
    if addition.expected_price.is_some_and(|expected| expected != item.price) {
        return Err(CartError::PriceChanged { title: item.title, now: item.price });
    }
    let present = lines.iter().position(|line| line.variant_id == item.variant_id);
    if present.is_none() && lines.len() >= MAX_LINES {
        return Err(CartError::TooMany {
            what: "lines".to_owned(),
            limit: i64::try_from(MAX_LINES).unwrap_or(i64::MAX),
        });
    }
    let in_cart = present.map_or(0, |place| lines[place].quantity.get());
    let wanted = in_cart + addition.quantity.get();
    let enough = match addition.supply {
        Supply::Unlimited => wanted,
        Supply::Limited(available) => wanted.min(available),
    };
    if enough <= in_cart {
        return Err(CartError::SoldOut { title: item.title, in_cart });
    }
    let quantity = enough.min(Quantity::MAX);
    if quantity <= in_cart {
        return Err(CartError::TooMany { what: "of one item".to_owned(), limit: Quantity::MAX });
    }
    let line = StoredLine {
        id: present.map_or_else(CartLineId::new, |place| lines[place].id),
        variant_id: item.variant_id,
        quantity: Quantity::try_from(quantity).map_err(|error| CartError::invalid("quantity", error.to_string()))?,
        added_price: item.price,
        shown: Shown::of(&item),
        position: present.map_or_else(|| next_position(lines), |place| lines[place].position),
    };
    let place = present.unwrap_or(lines.len());
    match present {
        Some(place) => lines[place] = line,
        None => lines.push(line),
    }
    check_worth(lines)?;
    Ok((place, quantity - in_cart))
}

fn next_position(lines: &[StoredLine]) -> i64 {
    lines.last().map_or(1, |line| line.position + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn level(available: i64) -> StockLevel {
        StockLevel {
            variant_id: "var_1".to_owned(),
            sku: None,
            on_hand: available,
            reserved: 0,
            allocated: 0,
            available,
            track_inventory: true,
            backorderable: false,
            low_stock_threshold: 0,
            ..StockLevel::default()
        }
    }

    #[test]
    fn supply_is_what_inventory_says_and_unlimited_when_it_says_nothing() {
        assert_eq!(supply(None, "var_1"), Supply::Unlimited);
        assert_eq!(supply(Some(&[]), "var_1"), Supply::Limited(0));
        assert_eq!(supply(Some(&[level(3)]), "var_1"), Supply::Limited(3));
        assert_eq!(supply(Some(&[StockLevel { backorderable: true, ..level(-1) }]), "var_1"), Supply::Unlimited);
        assert_eq!(supply(Some(&[StockLevel { track_inventory: false, ..level(0) }]), "var_1"), Supply::Unlimited);
    }
}
