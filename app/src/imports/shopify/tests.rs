use catalog_api::ProductStatus;
use kernel::Money;

use super::super::product::FileStock;
use super::*;

const HEADER: &str = "Handle,Title,Body (HTML),Vendor,Type,Tags,Published,Option1 Name,Option1 Value,Option2 Name,\
                      Option2 Value,Variant SKU,Variant Grams,Variant Inventory Tracker,Variant Inventory Qty,\
                      Variant Inventory Policy,Variant Price,Variant Compare At Price,Image Src,Image Position,\
                      Image Alt Text,Gift Card,Status";

fn file(rows: &str) -> ProductFile {
    opened(&format!("{HEADER}\n{rows}")).expect("a file of products")
}

fn opened(text: &str) -> Result<ProductFile, FileError> {
    ProductFile::open(Bytes::from(text.to_owned()), Currency::eur())
}

fn all(file: &ProductFile) -> Vec<Result<FileProduct, Vec<Reject>>> {
    file.products(&HashMap::new()).map(|read| read.product).collect()
}

fn only(rows: &str) -> FileProduct {
    let mut products = all(&file(rows));
    assert_eq!(products.len(), 1);
    products.remove(0).expect("a good product")
}

/// What is wrong with the first product: line, column and value.
fn wrong(rows: &str) -> Vec<(u64, String, String)> {
    let rejects = all(&file(rows)).remove(0).expect_err("a bad product");
    rejects
        .into_iter()
        .map(|Reject { line, column, value, problem, .. }| {
            assert!(problem.len() > 10, "{problem}");
            (line, column, value)
        })
        .collect()
}

fn cell(line: u64, column: &str, value: &str) -> (u64, String, String) {
    (line, column.to_owned(), value.to_owned())
}

#[test]
fn a_simple_product_is_read() {
    let product = only(
        "mug,Mug,<p>Stoneware</p>,Holm,Kitchen,\"wood, oak\",true,Title,Default Title,,,MUG-1,450,shopify,7,\
         continue,50,60.5,demo/mug.jpg,1,A mug,false,active\n",
    );
    let input = &product.input;
    assert_eq!((input.slug.as_str(), input.title.as_str(), input.status), ("mug", "Mug", ProductStatus::Active));
    assert_eq!((input.vendor.as_deref(), input.category.as_deref()), (Some("Holm"), Some("Kitchen")));
    assert_eq!((&input.tags[..], input.options.len()), (&["wood".to_owned(), "oak".to_owned()][..], 0));
    let variant = &input.variants[0];
    assert_eq!((variant.price.amount, variant.compare_at_price.map(|price| price.amount)), (5_000, Some(6_050)));
    assert_eq!((variant.sku.as_deref(), variant.weight_grams), (Some("MUG-1"), Some(450)));
    assert_eq!(product.stock, [FileStock { on_hand: Some(7), track_inventory: true, backorderable: true }]);
    assert_eq!((input.media[0].source.as_str(), input.media[0].alt.as_str()), ("demo/mug.jpg", "A mug"));
}

#[test]
fn further_rows_are_variants_or_pictures_or_both() {
    let product = only(
        "mug,Mug,,,,,,Size,S,Color,Red,,,,,,1,,b.jpg,2,,,\n\
         mug,,,,,,,,M,,Red,,,,,,2,,a.jpg,1,,,\n\
         mug,,,,,,,,,,,,,,,,,,c.jpg,,,,\n\
         mug,,,,,,,,L,,Blue,,,,,,3,,,,,,\n",
    );
    assert_eq!(product.input.options, ["Size", "Color"]);
    let values: Vec<String> = product.input.variants.iter().map(|variant| variant.option_values.join("/")).collect();
    assert_eq!(values, ["S/Red", "M/Red", "L/Blue"]);
    let pictures: Vec<&str> = product.input.media.iter().map(|picture| picture.source.as_str()).collect();
    assert_eq!(pictures, ["a.jpg", "b.jpg", "c.jpg"]);
    assert_eq!((product.variant_rows, product.media_rows), (vec![0, 1, 3], vec![1, 0, 2]));
}

#[test]
fn a_known_picture_brings_its_size() {
    let known = Media { source: "demo/mug.jpg".to_owned(), alt: "Ours".to_owned(), width: 4, height: 5, tone: None };
    let media = HashMap::from([("demo/mug.jpg".to_owned(), known.clone())]);
    let file = file("mug,Mug,,,,,,,,,,,,,,,1,,demo/mug.jpg,,,,\n");
    let product = file.products(&media).next().expect("a product").product.expect("a good one");
    assert_eq!(product.input.media, [known]);
}

#[test]
fn stock_that_is_not_tracked_needs_no_number() {
    let stock = |cells: &str| only(&format!("mug,Mug,,,,,,,,,,,,{cells},1,,,,,,\n")).stock[0];
    assert_eq!(stock(",,deny"), FileStock { on_hand: None, track_inventory: false, backorderable: false });
    assert_eq!(stock(",-3,"), FileStock { on_hand: None, track_inventory: false, backorderable: false });
    assert_eq!(stock("shopify,,continue"), FileStock { on_hand: None, track_inventory: true, backorderable: true });
    assert_eq!(stock("shopify,5.0,"), FileStock { on_hand: Some(5), track_inventory: true, backorderable: false });
}

#[test]
fn published_and_status_together_say_whether_it_is_shown() {
    let status = |published: &str, status: &str| {
        only(&format!("mug,Mug,,,,,{published},,,,,,,,,,1,,,,,,{status}\n")).input.status
    };
    assert_eq!(status("", ""), ProductStatus::Active);
    assert_eq!(status("TRUE", "Active"), ProductStatus::Active);
    assert_eq!(status("false", "active"), ProductStatus::Draft);
    assert_eq!(status("false", ""), ProductStatus::Draft);
    assert_eq!(status("true", "draft"), ProductStatus::Draft);
    assert_eq!(status("false", "archived"), ProductStatus::Archived);
}

#[test]
fn line_ends_bom_empty_lines_and_multi_line_cells_are_no_matter() {
    let text = format!(
        "\u{feff}{HEADER}\n\nmug,Mug,\"<p>One\n\ntwo, \"\"three\"\"</p>\",,,,,,,,,,,,,,1,,,,,,\n\
         ,,,,,,,,,,,,,,,,,,,,,,\nbad,,,,,,,,,,,,,,,,x,,,,,,\n"
    );
    for text in [text.clone(), text.replace('\n', "\r\n")] {
        let file = opened(&text).expect("a file");
        assert_eq!((file.product_count(), file.row_count()), (2, 2));
        let products = all(&file);
        let body = &products[0].as_ref().expect("a good one").input.description_html;
        assert_eq!(body.replace('\r', ""), "<p>One\n\ntwo, \"three\"</p>");
        let rejects = products[1].as_ref().expect_err("a bad one");
        assert!(rejects.iter().all(|reject| reject.line == 7), "{rejects:?}");
        assert_eq!(rejects.len(), 2);
    }
}

#[test]
fn columns_may_be_missing_added_moved_and_named_otherwise() {
    let text = "Whatever,Variant Price / EUR,Variant Price / USD,title,URL handle,SKU,Option1 Linked To\n\
                =1,12.50,99,Mug,mug,M-1,x\n";
    let products = all(&opened(text).expect("a file"));
    let input = &products[0].as_ref().expect("a good one").input;
    assert_eq!((input.slug.as_str(), input.variants[0].price.amount), ("mug", 1_250));
    assert_eq!(input.variants[0].sku.as_deref(), Some("M-1"));
}

#[test]
fn semicolons_and_tabs_part_cells_too() {
    for delimiter in [";", "\t"] {
        let text = "Handle,Title,Variant Price\nmug,Mug,1.5\n".replace(',', delimiter);
        assert_eq!(
            all(&opened(&text).expect("a file"))[0].as_ref().expect("a good one").input.variants[0].price.amount,
            150
        );
    }
}

#[test]
fn amounts_have_the_digits_of_the_currency() {
    let yen: Currency = "JPY".parse().expect("a currency");
    let text = Bytes::from("Handle,Title,Price\nmug,Mug,500\ncup,Cup,500.5\n");
    let file = ProductFile::open(text, yen).expect("a file");
    let products = all(&file);
    assert_eq!(products[0].as_ref().expect("a good one").input.variants[0].price, Money::new(500, yen));
    assert_eq!(products[1].as_ref().expect_err("too precise")[0].line, 3);
}

/// AC-038 for files.
#[test]
fn bad_prices_are_named() {
    for price in ["-1", "12,50", "€ 5", "1e3", "12.345", "100000001", "99999999999999999999", "NaN"] {
        let price = if price.contains(',') { format!("\"{price}\"") } else { price.to_owned() };
        let shown = price.trim_matches('"').to_owned();
        assert_eq!(wrong(&format!("mug,Mug,,,,,,,,,,,,,,,{price},,,,,,\n")), [cell(2, "Variant Price", &shown)]);
    }
    assert_eq!(wrong("mug,Mug,,,,,,,,,,,,,,,,,,,,,\n"), [cell(2, "Variant Price", "")]);
    assert_eq!(wrong("mug,Mug,,,,,,,,,,,,,,,5,x,,,,,\n"), [cell(2, "Variant Compare At Price", "x")]);
}

#[test]
fn every_bad_cell_of_a_product_is_named() {
    let rows = "mug,,,,,,maybe,Size,S,,,Ü,x,shopify,-1,perhaps,1,,,,,,gone\n\
                mug,,,,,,,,,,,,,,,,y,,a.jpg,one,,,\n";
    assert_eq!(
        wrong(rows),
        [
            cell(2, "Variant SKU", "Ü"),
            cell(2, "Variant Grams", "x"),
            cell(2, "Variant Inventory Qty", "-1"),
            cell(2, "Variant Inventory Policy", "perhaps"),
            cell(2, "Title", ""),
            cell(2, "Published", "maybe"),
            cell(2, "Status", "gone"),
            cell(3, "Option1 Value", ""),
            cell(3, "Variant Price", "y"),
            cell(3, "Image Position", "one"),
        ]
    );
}

#[test]
fn scattered_rows_and_repeated_handles_are_refused() {
    let file = file(
        "mug,Mug,,,,,,Size,S,,,,,,,,1,,,,,,\ncup,Cup,,,,,,,,,,,,,,,1,,,,,,\nMUG,,,,,,,,M,,,,,,,,1,,,,,,\n\
         cup,Other,,,,,,,,,,,,,,,1,,,,,,\njug,Jug,,,,,,,,,,,,,,,1,,,,,,\n",
    );
    let products = all(&file);
    for (at, line, other) in [(0, 2, 4), (1, 3, 5), (2, 4, 2), (3, 5, 3)] {
        let reject = &products[at].as_ref().expect_err("refused")[0];
        assert_eq!((reject.line, reject.column.as_str()), (line, "Handle"));
        assert!(reject.problem.contains(&format!("line {other} ")), "{}", reject.problem);
    }
    assert!(products[4].is_ok());
}

#[test]
fn two_products_with_one_handle_one_after_the_other_are_refused() {
    assert_eq!(
        wrong("mug,Mug,,,,,,,,,,,,,,,1,,,,,,\nmug,Other mug,,,,,,,,,,,,,,,1,,,,,,\n"),
        [cell(3, "Option1 Value", ""), cell(3, "Title", "Other mug")]
    );
}

#[test]
fn a_sku_is_taken_once() {
    let file = file(
        "mug,Mug,,,,,,,,,,A-1,,,,,1,,,,,,\ncup,Cup,,,,,,Size,S,,,A-1,,,,,1,,,,,,\ncup,,,,,,,,M,,,A-2,,,,,1,,,,,,\n\
         jug,Jug,,,,,,,,,,A-2,,,,,1,,,,,,\n",
    );
    let products = all(&file);
    assert!(products[0].is_ok());
    let reject = &products[1].as_ref().expect_err("refused")[0];
    assert_eq!((reject.line, reject.column.as_str(), reject.value.as_str()), (3, "Variant SKU", "A-1"));
    assert!(products[2].is_err());
}

#[test]
fn rows_without_a_handle_and_of_another_length_are_refused() {
    assert_eq!(wrong(",Mug,,,,,,,,,,,,,,,1,,,,,,\n"), [cell(2, "Handle", "")]);
    assert_eq!(wrong("mug,Mug,,,,\n"), [cell(2, "", "6 cells")]);
    assert_eq!(wrong("mug,Mug,,,,,,,,,,,,,,,1,,,,,,,x\n"), [cell(2, "", "24 cells")]);
    only("mug,Mug,,,,,,,,,,,,,,,1,,,,,,,,\n");
}

#[test]
fn gift_cards_and_bad_handles_are_refused() {
    assert_eq!(wrong("card,Card,,,,,,,,,,,,,,,1,,,,,true,\n"), [cell(2, "Gift Card", "true")]);
    assert_eq!(wrong("my mug,Mug,,,,,,,,,,,,,,,1,,,,,,\n"), [cell(2, "Handle", "my mug")]);
}

#[test]
fn options_need_names_and_variants_differ() {
    assert_eq!(wrong("mug,Mug,,,,,,,S,,,,,,,,1,,,,,,\n"), [cell(2, "Option1 Name", "")]);
    assert_eq!(
        wrong("mug,Mug,,,,,,Size,S,,,,,,,,1,,,,,,\nmug,,,,,,,,S,,,,,,,,1,,,,,,\n"),
        [cell(3, "Option1 Value", "S")]
    );
}

#[test]
fn weights_come_in_grams_or_in_the_unit_of_the_row() {
    let grams = |cells: &str| {
        let text = format!("Handle,Title,Price,Variant Grams,Variant Weight,Variant Weight Unit\nmug,Mug,1,{cells}\n");
        all(&opened(&text).expect("a file")).remove(0).map(|product| product.input.variants[0].weight_grams)
    };
    assert_eq!(grams("0.0,,kg"), Ok(None));
    assert_eq!(grams("450,9,kg"), Ok(Some(450)));
    assert_eq!(grams(",1.5,kg"), Ok(Some(1_500)));
    assert_eq!(grams(",1,lb"), Ok(Some(454)));
    assert!(grams(",1,stone").is_err());
    assert!(grams("-1,,").is_err());
}

#[test]
fn the_tax_class_is_the_code_and_what_is_not_taxable_is_exempt() {
    let read = |cells: &str| {
        let text = format!("Handle,Title,Price,Variant Taxable,Variant Tax Code\nmug,Mug,1,{cells}\n");
        all(&opened(&text).expect("a file")).remove(0).map(|product| product.input.variants[0].tax_class.clone())
    };
    let class = |cells: &str| read(cells).expect("a good one").map(String::from);
    assert_eq!((class(","), class("true,"), class("TRUE,")), (None, None, None));
    assert_eq!(class("true,reduced").as_deref(), Some("reduced"));
    assert_eq!(class(",PC040100").as_deref(), Some("pc040100"), "a code of others is a class like any other");
    assert_eq!(class("false,").as_deref(), Some("exempt"));
    assert_eq!(class("false,PC040100").as_deref(), Some("exempt"));
    assert_eq!(class("false,zero").as_deref(), Some("zero"));
    let wrong = |cells: &str| read(cells).expect_err("a bad one").remove(0).column;
    assert_eq!((wrong("maybe,"), wrong("true,exempt")), ("Variant Taxable".into(), "Variant Tax Code".into()));
    assert_eq!(wrong("true,two words"), "Variant Tax Code");
}

#[test]
fn the_taxonomy_gives_a_category_where_there_is_no_type() {
    let category = |cells: &str| {
        let text = format!("Handle,Title,Price,Type,Product Category\nmug,Mug,1,{cells}\n");
        all(&opened(&text).expect("a file")).remove(0).expect("a good one").input.category
    };
    assert_eq!(category("Mugs,Home > Kitchen").as_deref(), Some("Mugs"));
    assert_eq!(category(",Home > Kitchen & Dining").as_deref(), Some("Kitchen & Dining"));
    assert_eq!(category(",1234"), None);
}

#[test]
fn what_our_export_guarded_is_read_as_it_was() {
    let text = "Handle,Title,Price,SKU,Barcode\nmug,'=Mug,1,'-X,'0123\n";
    let input = all(&opened(text).expect("a file")).remove(0).expect("a good one").input;
    assert_eq!((input.title.as_str(), input.variants[0].sku.as_deref()), ("=Mug", Some("-X")));
    assert_eq!(input.variants[0].barcode.as_deref(), Some("0123"));
}

#[test]
fn a_file_that_is_none_says_what_to_do() {
    assert_eq!(opened("").expect_err("empty"), FileError::Empty);
    assert_eq!(opened("\u{feff}\n\n").expect_err("empty"), FileError::Empty);
    for (text, missing) in [
        ("a,b\n1,2\n", "Handle"),
        ("Handle,Price\nx,1\n", "Title"),
        ("Handle,Title\nx,y\n", "Variant Price (or Variant Price / EUR)"),
        ("Handle,Title,Variant Price / USD\nx,y,1\n", "Variant Price (or Variant Price / EUR)"),
    ] {
        match opened(text) {
            Err(FileError::NoColumn { missing: named, .. }) => assert_eq!(named, missing),
            other => panic!("{text:?}: {other:?}"),
        }
    }
    let latin = [HEADER.as_bytes(), b"\nmug,M\xfcg"].concat();
    let refused = ProductFile::open(Bytes::from(latin), Currency::eur()).expect_err("not UTF-8");
    assert_eq!(refused, FileError::NotUtf8 { line: 2, byte: HEADER.len() + 7 });
    let utf16: Vec<u8> = "\u{feff}Handle".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let refused = ProductFile::open(Bytes::from(utf16), Currency::eur()).expect_err("UTF-16");
    assert_eq!(refused, FileError::NotUtf8 { line: 1, byte: 1 });
}

#[test]
fn files_and_cells_have_a_limit() {
    let large = ProductFile::open(Bytes::from(vec![b'a'; MAX_FILE + 1]), Currency::eur()).expect_err("too large");
    assert_eq!(large, FileError::TooLarge { bytes: MAX_FILE + 1 });
    let unclosed = format!("{HEADER}\nmug,Mug,,,,,,,,,,,,,,,1,,,,,,\ncup,\"Cup,{}\n", "x\n".repeat(600_000));
    assert_eq!(opened(&unclosed).expect_err("too long a cell"), FileError::CellTooLarge { line: 3 });
}

#[test]
fn what_is_shown_of_a_value_is_short() {
    let rejects = wrong(&format!("mug,Mug,,,,,,,,,,,,,,,{},,,,,,\n", "ä".repeat(5_000)));
    assert_eq!(rejects[0].2.chars().count(), MAX_SHOWN + 1);
}

/// The files that Shopify and others publish.
#[test]
fn real_files_are_read_whole() {
    let expected = [("apparel.csv", 20, 22), ("home-and-garden.csv", 20, 21), ("packt-product-data.csv", 20, 21)];
    for (name, products, rows) in expected {
        let Some(bytes) = crate::imports::test_file(name) else { continue };
        let usd = "USD".parse().expect("a currency");
        let file = ProductFile::open(bytes, usd).expect("a file of products");
        assert_eq!((file.product_count(), file.row_count()), (products, rows), "{name}");
        for product in all(&file) {
            let product = product.expect("every product is good");
            assert!(product.input.variants.iter().all(|variant| variant.sku.is_none() && variant.price.amount > 0));
            assert!(!product.input.media.is_empty());
        }
    }
}
