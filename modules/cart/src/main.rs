//! The module `cart` as a process of its own, for when it has moved out of the shop's.

use cart_api::{TaxPolicy, TaxRounding};

fn main() -> std::process::ExitCode {
    host::run_alone("cart", |host| async move {
        let shop = host.settings();
        let settings = cart::CartSettings {
            currency: shop.shop_currency,
            home_country: shop.shop_country,
            taxes: TaxPolicy {
                prices_include_tax: shop.prices_include_tax,
                rounding: TaxRounding::named(&shop.tax_rounding),
            },
        };
        let (catalog, inventory, orders, billing) = (host.reach(), host.reach(), host.reach(), host.reach());
        host.place(cart::schema(), |db| cart::start(db, host.clock(), catalog, inventory, orders, billing, settings))
            .await?;
        Ok(())
    })
}
