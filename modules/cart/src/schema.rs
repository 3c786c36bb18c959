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
        codes -> Text,
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

diesel::table! {
    promotions (id) {
        id -> Text,
        label -> Text,
        rule -> Text,
        needs_code -> Bool,
        starts_at -> BigInt,
        ends_at -> Nullable<BigInt>,
        announced -> Bool,
        given_back -> Bool,
        version -> BigInt,
        created_at -> BigInt,
        updated_at -> BigInt,
    }
}

diesel::table! {
    coupon_codes (code) {
        code -> Text,
        promotion_id -> Text,
        use_limit -> Nullable<BigInt>,
        limit_per_customer -> Nullable<BigInt>,
        uses -> BigInt,
        ended_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    coupon_uses (id) {
        id -> Text,
        code -> Text,
        cart_id -> Text,
        cart_version -> BigInt,
        customer -> Text,
        order_id -> Nullable<Text>,
        status -> Text,
        claimed_at -> BigInt,
        ended_at -> Nullable<BigInt>,
    }
}

diesel::joinable!(cart_lines -> carts (cart_id));
diesel::joinable!(coupon_codes -> promotions (promotion_id));
diesel::allow_tables_to_appear_in_same_query!(cart_lines, carts);
diesel::allow_tables_to_appear_in_same_query!(promotions, coupon_codes, coupon_uses);
