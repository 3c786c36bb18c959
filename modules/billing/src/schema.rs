//! The tables of billing.

diesel::table! {
    payments (order_id) {
        order_id -> Text,
        order_number -> Text,
        amount -> Nullable<BigInt>,
        currency -> Nullable<Text>,
        authorized -> BigInt,
        captured -> BigInt,
        refunded -> BigInt,
        status -> Text,
        paid_at -> Nullable<BigInt>,
        created_at -> BigInt,
        updated_at -> BigInt,
        gift_cards -> BigInt,
    }
}

diesel::table! {
    payment_sessions (id) {
        id -> Text,
        order_id -> Text,
        method -> Text,
        key -> Text,
        status -> Text,
        failure -> Nullable<Text>,
        next -> Text,
        provider_reference -> Nullable<Text>,
        expires_at -> Nullable<BigInt>,
        created_at -> BigInt,
        updated_at -> BigInt,
        order_number -> Text,
        amount -> BigInt,
        currency -> Text,
        return_path -> Text,
        captures_later -> BigInt,
        captured -> BigInt,
        charge_reference -> Nullable<Text>,
        looks -> BigInt,
        look_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    payment_events (order_id, id) {
        id -> Text,
        order_id -> Text,
        session_id -> Nullable<Text>,
        kind -> Text,
        detail -> Text,
        actor -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    money_entries (txn_id, line) {
        txn_id -> Text,
        line -> BigInt,
        order_id -> Nullable<Text>,
        session_id -> Nullable<Text>,
        account -> Text,
        debit -> BigInt,
        credit -> BigInt,
        currency -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    money_transactions (id) {
        id -> Text,
        kind -> Text,
        refund_id -> Nullable<Text>,
        actor -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    refunds (id) {
        id -> Text,
        order_id -> Text,
        session_id -> Text,
        key -> Text,
        method -> Text,
        amount -> BigInt,
        currency -> Text,
        reason -> Text,
        status -> Text,
        failure -> Nullable<Text>,
        provider_reference -> Nullable<Text>,
        attempts -> BigInt,
        next_attempt_at -> Nullable<BigInt>,
        created_at -> BigInt,
        updated_at -> BigInt,
        gift_cards -> BigInt,
        gift_card_id -> Nullable<Text>,
    }
}

diesel::table! {
    gift_card_keys (id) {
        id -> Text,
        wrapped -> Text,
        updated_at -> BigInt,
    }
}

diesel::table! {
    gift_cards (id) {
        id -> Text,
        code_hash -> Text,
        last_four -> Text,
        currency -> Text,
        issued -> BigInt,
        balance -> BigInt,
        status -> Text,
        reason -> Text,
        note -> Text,
        email -> Nullable<Text>,
        email_key -> Nullable<Text>,
        expires_at -> Nullable<BigInt>,
        created_at -> BigInt,
        updated_at -> BigInt,
    }
}

diesel::table! {
    gift_card_movements (id) {
        id -> Text,
        gift_card_id -> Text,
        kind -> Text,
        amount -> BigInt,
        order_id -> Nullable<Text>,
        refund_id -> Nullable<Text>,
        txn_id -> Text,
        actor -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    tax_class_rules (country, region, class, valid_from) {
        country -> Text,
        region -> Text,
        class -> Text,
        valid_from -> BigInt,
        name -> Text,
        basis_points -> BigInt,
    }
}

diesel::table! {
    test_provider_sessions (session_id) {
        session_id -> Text,
        token_hash -> Text,
        order_number -> Text,
        amount -> BigInt,
        currency -> Text,
        return_path -> Text,
        decision -> Nullable<Text>,
        captures_later -> BigInt,
        captured -> BigInt,
        disputed -> BigInt,
        expires_at -> BigInt,
        created_at -> BigInt,
        updated_at -> BigInt,
    }
}

diesel::table! {
    test_provider_refunds (key) {
        key -> Text,
        session_id -> Text,
        amount -> BigInt,
        created_at -> BigInt,
    }
}

diesel::table! {
    captures (session_id) {
        session_id -> Text,
        amount -> BigInt,
        currency -> Text,
        status -> Text,
        detail -> Text,
        created_at -> BigInt,
        answered_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    provider_notices (id) {
        id -> Text,
        provider -> Text,
        notice_id -> Text,
        kind -> Text,
        body -> Text,
        status -> Text,
        attempts -> BigInt,
        next_at -> BigInt,
        received_at -> BigInt,
        processed_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    payment_checks (id) {
        id -> Text,
        provider -> Text,
        class -> Text,
        subject -> Text,
        session_id -> Nullable<Text>,
        order_id -> Nullable<Text>,
        amount -> BigInt,
        currency -> Text,
        evidence -> Text,
        status -> Text,
        found_at -> BigInt,
        settled_at -> Nullable<BigInt>,
        settled_by -> Nullable<Text>,
        settlement -> Nullable<Text>,
        given_back -> BigInt,
    }
}

diesel::table! {
    reconciliations (provider) {
        provider -> Text,
        through -> BigInt,
        run_at -> BigInt,
        compared -> BigInt,
        differing -> BigInt,
    }
}

diesel::table! {
    invoice_series (seller, series) {
        seller -> Text,
        series -> Text,
        last_number -> BigInt,
        last_issued_at -> BigInt,
    }
}

diesel::table! {
    documents (id) {
        id -> Text,
        kind -> Text,
        seller -> Text,
        series -> Text,
        count -> BigInt,
        number -> Text,
        order_id -> Text,
        invoice_id -> Nullable<Text>,
        key -> Text,
        currency -> Text,
        net -> BigInt,
        tax -> BigInt,
        gross -> BigInt,
        rounding -> BigInt,
        paid -> BigInt,
        due -> BigInt,
        content -> Text,
        issued_at -> BigInt,
    }
}

diesel::table! {
    invoice_credits (invoice_id) {
        invoice_id -> Text,
        total -> BigInt,
        credited -> BigInt,
    }
}
