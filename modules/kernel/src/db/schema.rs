//! The tables beside a module's own, as migrations/kernel makes them.
#![allow(missing_docs)]

use diesel::sql_types::{BigInt, Nullable, Text};

diesel::table! {
    outbox (txid, seq) {
        seq -> BigInt,
        id -> Text,
        kind -> Text,
        schema_version -> Integer,
        aggregate_id -> Text,
        aggregate_version -> BigInt,
        payload -> Text,
        trace -> Text,
        txid -> BigInt,
        created_at -> BigInt,
    }
}

diesel::table! {
    inbox_cursor (consumer) {
        consumer -> Text,
        producer -> Text,
        replayable -> Bool,
        generation -> BigInt,
        txid -> BigInt,
        seq -> BigInt,
    }
}

diesel::table! {
    inbox (consumer, generation, aggregate_id) {
        consumer -> Text,
        generation -> BigInt,
        aggregate_id -> Text,
        aggregate_version -> BigInt,
        handled_at -> BigInt,
    }
}

diesel::table! {
    inbox_parked (consumer, event_id) {
        consumer -> Text,
        event_id -> Text,
        aggregate_id -> Text,
        aggregate_version -> BigInt,
        envelope -> Text,
        attempts -> Integer,
        last_error -> Text,
        next_attempt_at -> BigInt,
        status -> Text,
    }
}

diesel::table! {
    idempotency (method, key) {
        method -> Text,
        key -> Text,
        request_hash -> Text,
        result -> Text,
        created_at -> BigInt,
    }
}

diesel::define_sql_function! {
    fn coalesce(value: Nullable<BigInt>, otherwise: BigInt) -> BigInt;
}

diesel::define_sql_function! {
    fn outbox_txid(aggregate: Text) -> BigInt;
}

diesel::define_sql_function! {
    fn outbox_horizon() -> BigInt;
}
