use catalog_api::{ProductId, VariantId};

use super::*;

fn eur(amount: i64) -> Money {
    Money::new(amount, Currency::eur())
}

fn rows(text: &str) -> Vec<(u64, String, i64, Option<i64>)> {
    let rows = read(text.as_bytes(), Currency::eur()).expect("a good file").into_iter();
    rows.map(|PriceRow { line, price }| {
        (line, price.variant, price.min_quantity.get(), price.price.map(|price| price.amount))
    })
    .collect()
}

#[test]
fn prices_are_read_however_the_columns_stand() {
    let expected =
        [(2, "C-1".to_owned(), 1, Some(250)), (3, "C-1".to_owned(), 10, Some(200)), (5, "S-1".to_owned(), 1, None)];
    assert_eq!(rows("SKU,From quantity,Price\nC-1,,2.50\nC-1,10,2\n,,\nS-1,1,\n"), expected);
    assert_eq!(
        rows("\u{feff}price;name;sku;from quantity\r\n2.50;x;C-1;\r\n2;x;C-1;10\r\n;;;\r\n;x;S-1;1\r\n"),
        expected
    );
}

#[test]
fn everything_that_is_wrong_is_named_with_its_line() {
    let wrong = |text: &str| read(text.as_bytes(), Currency::eur()).expect_err("a bad file");
    assert_eq!(wrong("Handle,Price\nx,1\n").len(), 1);
    assert_eq!(wrong("SKU,From,Price\nx,10,1\n").len(), 1, "else it would be the price for every quantity");
    let problems = wrong("SKU,From quantity,Price\n,1,2\nC-1,0,2\nC-1,1,2.505\nC-1,1,2\n");
    assert_eq!(problems.len(), 3);
    for (problem, line) in problems.iter().zip(["Line 2: ", "Line 3: From quantity", "Line 4: Price"]) {
        assert!(problem.starts_with(line), "{problem}");
    }
}

#[test]
fn what_is_written_is_read_again() {
    let listed = |sku: Option<&str>| ListedPrice {
        variant_id: VariantId::new(),
        product_id: ProductId::new(),
        title: "Chalk".to_owned(),
        options: String::new(),
        sku: sku.map(str::to_owned),
        own_price: eur(300),
        min_quantity: Quantity::ONE,
        price: eur(250),
    };
    let prices = [listed(Some("=C-1")), listed(None)];
    let mut file = Vec::new();
    write(&prices, &mut file).expect("written");
    let read = rows(&String::from_utf8(file).expect("text"));
    assert_eq!(read[0], (2, "=C-1".to_owned(), 1, Some(250)));
    assert_eq!(read[1].1, prices[1].variant_id.to_string());
}
