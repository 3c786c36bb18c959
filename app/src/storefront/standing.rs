//! What nearly every page shows and what hardly ever changes: the categories, and what delivery costs at home.
//!
//! It is asked for twice a minute at most, so that a page costs no call for it; a saved product makes it outdated.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use catalog_api::{Category, ListCategories};
use kernel::{CallCtx, Money};
use orders_api::{ListShippingMethods, ShippingMethod};

use crate::assemble::Shop;

const GOOD_FOR: Duration = Duration::from_secs(30);
const PATIENCE: Duration = Duration::from_millis(800);

/// What hardly ever changes.
#[derive(Clone, Default)]
pub struct Standing {
    /// The navigation.
    pub categories: Arc<Vec<Category>>,
    /// How goods get to the home country; prices are those of a small order.
    pub shipping: Arc<Vec<ShippingMethod>>,
}

/// Keeps it.
#[derive(Default)]
pub struct Kept(Mutex<Option<(Instant, Standing)>>);

impl Kept {
    /// Something changed.
    pub fn outdated(&self) {
        if let Some((asked, _)) = self.0.lock().unwrap_or_else(PoisonError::into_inner).as_mut() {
            *asked = asked.checked_sub(GOOD_FOR).unwrap_or(*asked);
        }
    }

    fn get(&self) -> (Standing, bool) {
        match &*self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            Some((asked, standing)) => (standing.clone(), asked.elapsed() < GOOD_FOR),
            None => (Standing::default(), false),
        }
    }
}

/// What is known, however old, without asking anybody.
pub fn known(shop: &Shop) -> Standing {
    shop.standing().get().0
}

/// What is known; what a module does not tell now stays as it was.
pub async fn of(shop: &Shop, ctx: &CallCtx) -> Standing {
    let (former, good) = shop.standing().get();
    if good {
        return former;
    }
    let ctx = ctx.clone().within(PATIENCE);
    let settings = shop.settings();
    let home = ListShippingMethods {
        country: settings.shop_country,
        subtotal: Money::zero(settings.shop_currency),
        weight_grams: 0,
        everywhere: false,
    };
    let (categories, shipping) =
        tokio::join!(shop.catalog().categories(&ctx, ListCategories {}), shop.orders().shipping_methods(&ctx, home));
    let standing = Standing {
        categories: categories.map_or(former.categories, Arc::new),
        shipping: shipping.map_or(former.shipping, Arc::new),
    };
    *shop.standing().0.lock().unwrap_or_else(PoisonError::into_inner) = Some((Instant::now(), standing.clone()));
    standing
}
