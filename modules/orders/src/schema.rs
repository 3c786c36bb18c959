//! The tables of orders.

diesel::table! {
    orders (id) {
        id -> Text,
        number -> Text,
        key -> Nullable<Text>,
        secret_hash -> Nullable<Text>,
        superseded_by -> Nullable<Text>,
        request_hash -> Text,
        cart_id -> Text,
        cart_version -> BigInt,
        status -> Text,
        payment_status -> Text,
        fulfillment_status -> Text,
        email -> Text,
        address_name -> Text,
        address_line1 -> Text,
        address_line2 -> Nullable<Text>,
        address_postcode -> Text,
        address_city -> Text,
        address_country -> Text,
        address_phone -> Nullable<Text>,
        search_text -> Text,
        currency -> Text,
        item_count -> BigInt,
        subtotal -> BigInt,
        shipping_method -> Text,
        shipping_name -> Text,
        shipping_price -> BigInt,
        tax_contained -> BigInt,
        total -> BigInt,
        payment_method -> Text,
        payment_instructions -> Text,
        version -> BigInt,
        created_at -> BigInt,
        placed_at -> Nullable<BigInt>,
        discount -> BigInt,
        tax_added -> BigInt,
        shipping_discount -> BigInt,
        adjustments -> Text,
        tax_lines -> Text,
        shipping_adjustments -> Text,
        shipping_taxes -> Text,
        coupons -> Text,
        gift_cards -> Text,
        by_gift_cards -> BigInt,
        unpaid -> BigInt,
    }
}

diesel::table! {
    order_lines (id) {
        id -> Text,
        order_id -> Text,
        position -> BigInt,
        variant_id -> Text,
        title -> Text,
        options -> Text,
        sku -> Nullable<Text>,
        slug -> Text,
        image -> Nullable<Text>,
        unit_price -> BigInt,
        quantity -> BigInt,
        line_total -> BigInt,
        packed -> BigInt,
        shipped -> BigInt,
        discount -> BigInt,
        order_discount -> BigInt,
        discounts -> Text,
        shares -> Text,
        taxes -> Text,
        returned -> BigInt,
        coming_back -> BigInt,
    }
}

diesel::table! {
    returns (id) {
        id -> Text,
        order_id -> Text,
        number -> BigInt,
        status -> Text,
        reason -> Text,
        answer -> Nullable<Text>,
        refund_number -> Nullable<BigInt>,
        restock -> Text,
        location_id -> Nullable<Text>,
        created_at -> BigInt,
        updated_at -> BigInt,
    }
}

diesel::table! {
    return_lines (return_id, order_line_id) {
        return_id -> Text,
        order_line_id -> Text,
        quantity -> BigInt,
        restocked -> BigInt,
        written_off -> BigInt,
    }
}

diesel::table! {
    order_refunds (order_id, number) {
        order_id -> Text,
        number -> BigInt,
        amount -> BigInt,
        reason -> Text,
        status -> Text,
        failure -> Nullable<Text>,
        refund_id -> Nullable<Text>,
        restock -> Text,
        location_id -> Nullable<Text>,
        actor -> Text,
        created_at -> BigInt,
        updated_at -> BigInt,
        destination -> Text,
        gift_card_id -> Nullable<Text>,
    }
}

diesel::table! {
    order_events (order_id, seq) {
        order_id -> Text,
        seq -> BigInt,
        kind -> Text,
        message -> Text,
        actor -> Text,
        status -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    fulfillments (id) {
        id -> Text,
        order_id -> Text,
        status -> Text,
        tracking_number -> Nullable<Text>,
        carrier -> Nullable<Text>,
        created_at -> BigInt,
        shipped_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    fulfillment_lines (fulfillment_id, order_line_id) {
        fulfillment_id -> Text,
        order_line_id -> Text,
        quantity -> BigInt,
    }
}

diesel::table! {
    /// On PostgreSQL a sequence of this name takes its place.
    order_numbers (last) {
        last -> BigInt,
    }
}

diesel::table! {
    sagas (order_id) {
        order_id -> Text,
        definition -> BigInt,
        status -> Text,
        try_number -> BigInt,
        payment_method -> Text,
        payment_failure -> Nullable<Text>,
        detail -> Nullable<Text>,
        refusal -> Nullable<Text>,
        last_error -> Nullable<Text>,
        owner -> Text,
        epoch -> BigInt,
        lease_expires_at -> BigInt,
        attempts -> BigInt,
        next_attempt_at -> Nullable<BigInt>,
        gives_up_at -> BigInt,
        write_off -> Bool,
    }
}

diesel::table! {
    saga_steps (key) {
        key -> Text,
        order_id -> Text,
        step -> Text,
        undoes -> Nullable<Text>,
        status -> Text,
        started_at -> BigInt,
        ended_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    shipping_methods (code) {
        code -> Text,
        name -> Text,
        countries -> Text,
        price -> BigInt,
        free_from -> Nullable<BigInt>,
        min_days -> BigInt,
        max_days -> BigInt,
        rates -> Text,
        max_grams -> Nullable<BigInt>,
        ended_at -> Nullable<BigInt>,
        version -> BigInt,
    }
}

diesel::joinable!(sagas -> orders (order_id));
diesel::joinable!(order_lines -> orders (order_id));
diesel::joinable!(fulfillment_lines -> fulfillments (fulfillment_id));
diesel::allow_tables_to_appear_in_same_query!(orders, order_lines, sagas, fulfillments, fulfillment_lines);
