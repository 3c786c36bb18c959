//! The tables, as the database prints them.

diesel::table! {
    users (id) {
        id -> Text,
        email -> Text,
        email_canonical -> Text,
        name -> Text,
        role -> Text,
        password_hash -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    sessions (secret_hash) {
        secret_hash -> Text,
        user_id -> Text,
        created_at -> BigInt,
        last_seen_at -> BigInt,
        expires_at -> BigInt,
        authenticated_at -> BigInt,
    }
}

diesel::table! {
    setup_link (id) {
        id -> Integer,
        secret_hash -> Text,
        expires_at -> BigInt,
    }
}

diesel::table! {
    sign_in_attempts (counted_by) {
        counted_by -> Text,
        failures -> BigInt,
        counted_from -> BigInt,
        blocked_until -> BigInt,
        last_at -> BigInt,
    }
}

diesel::joinable!(sessions -> users (user_id));
diesel::allow_tables_to_appear_in_same_query!(sessions, users);
