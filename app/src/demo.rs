//! The goods of the demo shop, and their pictures: our own, and part of the binary.

use std::collections::HashMap;

use catalog_api::Media;
use serde::Deserialize;

/// The goods, as a Shopify product file.
pub const PRODUCTS: &str = include_str!("../demo/products.csv");

const MEDIA: &str = include_str!("../demo/media.json");

#[derive(Deserialize)]
struct Picture {
    path: String,
    width: i32,
    height: i32,
    tone: String,
    alt: String,
}

/// The pictures by the path that goods name them with.
pub fn media() -> HashMap<String, Media> {
    let pictures: Vec<Picture> = serde_json::from_str(MEDIA).unwrap_or_default();
    pictures
        .into_iter()
        .map(|picture| {
            let Picture { path, width, height, tone, alt } = picture;
            (path.clone(), Media { source: path, alt, width, height, tone: Some(tone) })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_picture_that_the_goods_name_is_there() {
        let media = media();
        let mut goods = csv::Reader::from_reader(PRODUCTS.as_bytes());
        let headers = goods.headers().expect("a header").clone();
        let column = headers.iter().position(|name| name == "Image Src").expect("a column of pictures");
        for row in goods.records() {
            let source = row.expect("a row")[column].to_owned();
            assert!(source.is_empty() || media.contains_key(&source), "{source}");
        }
    }
}
