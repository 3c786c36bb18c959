//! The tables, as diesel sees them. What only one database has (`products.number`, `product_search`) is in `store`.

diesel::table! {
    categories (slug) {
        slug -> Text,
        name -> Text,
        position -> BigInt,
    }
}

diesel::table! {
    products (id) {
        id -> Text,
        slug -> Text,
        title -> Text,
        title_key -> Text,
        vendor -> Nullable<Text>,
        category_slug -> Nullable<Text>,
        category_name -> Nullable<Text>,
        status -> Text,
        currency -> Text,
        price_from_minor -> BigInt,
        price_varies -> Bool,
        compare_at_minor -> Nullable<BigInt>,
        main_media -> Nullable<Text>,
        version -> BigInt,
        created_at -> BigInt,
        updated_at -> BigInt,
        tags -> Text,
        options -> Text,
        media -> Text,
        description_html -> Text,
        lowest_before_minor -> Nullable<BigInt>,
    }
}

diesel::table! {
    variants (product_id, position) {
        id -> Text,
        product_id -> Text,
        position -> BigInt,
        sku -> Nullable<Text>,
        option_values -> Text,
        price_minor -> BigInt,
        compare_at_minor -> Nullable<BigInt>,
        barcode -> Nullable<Text>,
        weight_grams -> Nullable<BigInt>,
        lowest_before_minor -> Nullable<BigInt>,
        tax_class -> Text,
        own_price_minor -> Nullable<BigInt>,
        own_compare_at_minor -> Nullable<BigInt>,
        tiers -> Nullable<Text>,
    }
}

diesel::table! {
    price_lists (id) {
        id -> Text,
        name -> Text,
        currency -> Text,
        kind -> Text,
        priority -> BigInt,
        starts_at -> BigInt,
        ends_at -> Nullable<BigInt>,
        due_at -> Nullable<BigInt>,
        version -> BigInt,
        created_at -> BigInt,
        updated_at -> BigInt,
    }
}

diesel::table! {
    list_prices (price_list_id, variant_id, min_quantity) {
        price_list_id -> Text,
        variant_id -> Text,
        min_quantity -> BigInt,
        price_minor -> BigInt,
    }
}

diesel::table! {
    price_history (variant_id, from_at) {
        variant_id -> Text,
        from_at -> BigInt,
        currency -> Text,
        price_minor -> Nullable<BigInt>,
    }
}

diesel::table! {
    listing_counts (category_slug, status) {
        category_slug -> Text,
        status -> Text,
        product_count -> BigInt,
    }
}

diesel::joinable!(products -> categories (category_slug));
diesel::joinable!(variants -> products (product_id));
diesel::joinable!(list_prices -> price_lists (price_list_id));
diesel::allow_tables_to_appear_in_same_query!(
    categories,
    list_prices,
    listing_counts,
    price_history,
    price_lists,
    products,
    variants
);
