//! The tables of inventory.

diesel::table! {
    stock_locations (id) {
        id -> Text,
        name -> Text,
        created_at -> BigInt,
        address -> Text,
        priority -> BigInt,
        ships -> Bool,
        is_default -> Bool,
    }
}

diesel::table! {
    stock_levels (variant_id, location_id) {
        variant_id -> Text,
        location_id -> Text,
        sku -> Text,
        on_hand -> BigInt,
        reserved -> BigInt,
        allocated -> BigInt,
        track_inventory -> Bool,
        backorderable -> Bool,
        low_stock_threshold -> BigInt,
        updated_at -> BigInt,
        safety_stock -> BigInt,
        incoming -> BigInt,
    }
}

diesel::table! {
    reservations (order_id) {
        order_id -> Text,
        status -> Text,
        expires_at -> BigInt,
        created_at -> BigInt,
        updated_at -> BigInt,
        held_since -> BigInt,
        cart_id -> Nullable<Text>,
        session -> Nullable<Text>,
        address -> Nullable<Text>,
    }
}

diesel::table! {
    reservation_lines (order_id, variant_id, location_id) {
        order_id -> Text,
        variant_id -> Text,
        location_id -> Text,
        quantity -> BigInt,
        shipped -> BigInt,
    }
}

diesel::table! {
    stock_movements (variant_id, id) {
        id -> Text,
        variant_id -> Text,
        location_id -> Text,
        kind -> Text,
        on_hand_delta -> BigInt,
        reserved_delta -> BigInt,
        allocated_delta -> BigInt,
        on_hand_after -> BigInt,
        reason -> Text,
        actor -> Text,
        reference -> Nullable<Text>,
        created_at -> BigInt,
    }
}

diesel::table! {
    unmet_levels (variant_id, location_id) {
        variant_id -> Text,
        location_id -> Text,
        created_at -> BigInt,
    }
}

diesel::allow_tables_to_appear_in_same_query!(reservations, reservation_lines);
