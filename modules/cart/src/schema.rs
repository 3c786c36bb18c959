//! The tables, as the database prints them.

diesel::table! {
    carts (id) {
        id -> Text,
        secret_hash -> Text,
        version -> BigInt,
        email -> Nullable<Text>,
        address -> Nullable<Text>,
        shipping_method -> Nullable<Text>,
        created_at -> BigInt,
        updated_at -> BigInt,
        completed_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    cart_lines (id) {
        id -> Text,
        cart_id -> Text,
        variant_id -> Text,
        quantity -> BigInt,
        added_price -> BigInt,
        currency -> Text,
        slug -> Text,
        title -> Text,
        options -> Text,
        sku -> Nullable<Text>,
        image -> Nullable<Text>,
        position -> BigInt,
    }
}

diesel::joinable!(cart_lines -> carts (cart_id));
diesel::allow_tables_to_appear_in_same_query!(cart_lines, carts);
