// Printed by diesel from the migrations of the edge.

diesel::table! {
    outgoing_emails (id) {
        id -> Text,
        kind -> Text,
        order_id -> Text,
        about -> Text,
        status -> Text,
        attempts -> BigInt,
        next_attempt_at -> BigInt,
        last_error -> Nullable<Text>,
        created_at -> BigInt,
        sent_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    import_jobs (id) {
        id -> Text,
        file_name -> Text,
        status -> Text,
        done -> BigInt,
        total -> BigInt,
        report -> Nullable<Text>,
        error -> Nullable<Text>,
        started_by -> Text,
        created_at -> BigInt,
        updated_at -> BigInt,
    }
}

diesel::table! {
    counters (name, subject) {
        name -> Text,
        subject -> Text,
        count -> BigInt,
        counted_from -> BigInt,
    }
}
