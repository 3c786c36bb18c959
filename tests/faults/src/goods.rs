//! What the shop sells: some goods of which there is plenty, and some that run out.

use std::fmt::Write as _;

use checker::Goods;

const PLENTY: usize = 16;
const SCARCE: usize = 6;
/// Units of each of those that run out.
const FEW: i64 = 60;
const MANY: i64 = 100_000;

/// A code that everybody knows, what it takes off in percent, and how often it may be used.
pub(crate) const CODE: (&str, u32, i64) = ("KILLS", 10, 60);

/// How many gift cards staff give away, and what is on each, in minor units: few, so that people meet at them.
pub(crate) const CARDS: (usize, i64) = (8, 6_000);

/// The goods, each under the address `/p/<sku>`.
pub(crate) fn all() -> Vec<Goods> {
    let plenty = (1..=PLENTY).map(|number| Goods { sku: format!("plenty-{number}"), units: MANY });
    let scarce = (1..=SCARCE).map(|number| Goods { sku: format!("scarce-{number}"), units: FEW });
    plenty.chain(scarce).collect()
}

/// A product file of these goods.
pub(crate) fn file(goods: &[Goods]) -> String {
    let mut file = "Handle,Title,Vendor,Type,Published,Variant SKU,Variant Grams,Variant Inventory Tracker,\
                    Variant Inventory Qty,Variant Inventory Policy,Variant Price,Status\n"
        .to_owned();
    for (number, Goods { sku, units }) in goods.iter().enumerate() {
        let price = 5 + number * 3;
        let _ = writeln!(file, "{sku},Thing {sku},Maker,Things,TRUE,{sku},400,shopify,{units},deny,{price}.90,active");
    }
    file
}
