//! The goods that are measured with: a product file in Shopify's form, the same in every run.

use std::fmt::Write as _;

use crate::measure::Dice;

const CATEGORIES: usize = 24;
const NOUNS: [&str; 12] =
    ["Chalk", "Bowl", "Lamp", "Basket", "Blanket", "Notebook", "Kettle", "Brush", "Vase", "Towel", "Clock", "Tray"];
const LOOKS: [&str; 10] = ["Plain", "Striped", "Oak", "Linen", "Brass", "Round", "Tall", "Woven", "Glazed", "Folding"];
const WORDS: [&str; 24] = [
    "made", "by", "hand", "from", "one", "piece", "that", "was", "dried", "for", "two", "years", "and", "rubbed",
    "with", "oil", "before", "it", "left", "the", "workshop", "near", "river", "mill",
];

/// The address of product `number`.
pub(crate) fn slug(number: usize) -> String {
    format!("goods-{number:05}")
}

/// A word that finds about one product in 120.
pub(crate) fn search(number: usize) -> String {
    format!("{}+{}", LOOKS[number % LOOKS.len()], NOUNS[number / LOOKS.len() % NOUNS.len()]).to_lowercase()
}

/// `products` products with three variants each, in 24 categories.
pub(crate) fn file(products: usize) -> String {
    let mut file =
        "Handle,Title,Body (HTML),Vendor,Type,Tags,Published,Option1 Name,Option1 Value,Variant SKU,Variant Grams,\
                    Variant Inventory Tracker,Variant Inventory Qty,Variant Inventory Policy,Variant Price,Status\n"
            .to_owned();
    let mut dice = Dice::new(7);
    for number in 0..products {
        let (look, noun) = (LOOKS[number % LOOKS.len()], NOUNS[number / LOOKS.len() % NOUNS.len()]);
        let body: Vec<&str> = (0..60).map(|_| WORDS[dice.below(WORDS.len())]).collect();
        let (slug, category, vendor) = (slug(number), number % CATEGORIES + 1, number % 50);
        let price = 300 + dice.below(20_000);
        for (place, size) in ["Small", "Medium", "Large"].iter().enumerate() {
            let described = if place == 0 {
                format!(
                    "{look} {noun} {number},<p>{}.</p>,Maker {vendor},Category {category},\"{look}, {noun}\",TRUE,Size",
                    body.join(" ")
                )
            } else {
                ",,,,,,".to_owned()
            };
            let price = price + place * 150;
            let _ = writeln!(
                file,
                "{slug},{described},{size},G-{number:05}-{place},400,shopify,100000,deny,{}.{:02},active",
                price / 100,
                price % 100
            );
        }
    }
    file
}
