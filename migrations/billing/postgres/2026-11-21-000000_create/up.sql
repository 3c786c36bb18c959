-- How orders are paid, and what is known of the money.

-- One row per order. Without an amount it says only that the order, which never started to pay, must not start.
CREATE TABLE payments (
    order_id     text COLLATE "C" NOT NULL PRIMARY KEY,
    order_number text NOT NULL,
    amount       bigint CONSTRAINT amount_in_bounds CHECK (amount BETWEEN 1 AND 1000000000000),
    currency     text,
    captured     bigint NOT NULL DEFAULT 0,
    status       text NOT NULL CHECK (status IN ('pending', 'captured', 'voided', 'review')),
    paid_at      bigint,
    created_at   bigint NOT NULL,
    updated_at   bigint NOT NULL,
    CONSTRAINT without_amount_only_when_voided CHECK (
        (amount IS NULL) = (currency IS NULL) AND (amount IS NOT NULL OR status = 'voided')
    ),
    CONSTRAINT captured_in_full_or_not_at_all CHECK (
        CASE WHEN status = 'captured' THEN captured = amount AND paid_at IS NOT NULL ELSE captured = 0 END
    )
);

CREATE TABLE payment_sessions (
    id                 text COLLATE "C" NOT NULL PRIMARY KEY,
    order_id           text COLLATE "C" NOT NULL REFERENCES payments (order_id),
    method             text NOT NULL,
    key                text NOT NULL,
    status             text NOT NULL
        CHECK (status IN ('pending', 'requires_action', 'authorized', 'captured', 'failed', 'canceled', 'expired')),
    failure            text,
    next               text NOT NULL,
    provider_reference text,
    expires_at         bigint,
    created_at         bigint NOT NULL,
    updated_at         bigint NOT NULL,
    CONSTRAINT a_provider_names_a_session_once UNIQUE (method, provider_reference)
);
CREATE INDEX payment_sessions_order ON payment_sessions (order_id, id);
CREATE INDEX payment_sessions_expiry ON payment_sessions (status, expires_at);
CREATE UNIQUE INDEX one_open_session_per_order ON payment_sessions (order_id)
    WHERE status IN ('pending', 'requires_action', 'authorized');

CREATE TABLE payment_events (
    id         text COLLATE "C" NOT NULL,
    order_id   text COLLATE "C" NOT NULL,
    session_id text,
    kind       text NOT NULL CHECK (kind IN (
        'started', 'requires_action', 'captured', 'recorded', 'failed', 'canceled', 'expired', 'review', 'voided'
    )),
    detail     text NOT NULL,
    actor      text NOT NULL,
    created_at bigint NOT NULL,
    PRIMARY KEY (order_id, id)
);

CREATE FUNCTION payment_events_only_grow() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'payment events only grow';
END
$$;
CREATE TRIGGER payment_events_are_not_changed BEFORE UPDATE OR DELETE OR TRUNCATE ON payment_events
    EXECUTE FUNCTION payment_events_only_grow();

-- Double entry: the lines of a transaction add up to the same on both sides, in one currency.
CREATE TABLE money_entries (
    txn_id     text COLLATE "C" NOT NULL,
    line       bigint NOT NULL,
    order_id   text COLLATE "C" NOT NULL,
    session_id text NOT NULL,
    account    text NOT NULL,
    debit      bigint NOT NULL CHECK (debit >= 0),
    credit     bigint NOT NULL CHECK (credit >= 0),
    currency   text NOT NULL,
    created_at bigint NOT NULL,
    PRIMARY KEY (txn_id, line),
    CONSTRAINT one_side_per_line CHECK ((debit = 0) <> (credit = 0))
);
CREATE INDEX money_entries_order ON money_entries (order_id);

CREATE FUNCTION money_entries_only_grow() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'money entries only grow';
END
$$;
CREATE TRIGGER money_entries_are_not_changed BEFORE UPDATE OR DELETE OR TRUNCATE ON money_entries
    EXECUTE FUNCTION money_entries_only_grow();

-- The standard rates of VAT; one with a later date takes the place of an earlier one from that moment on.
CREATE TABLE tax_rates (
    country      text COLLATE "C" NOT NULL,
    valid_from   bigint NOT NULL,
    name         text NOT NULL,
    basis_points bigint NOT NULL CHECK (basis_points BETWEEN 0 AND 10000),
    PRIMARY KEY (country, valid_from)
);

INSERT INTO tax_rates (country, valid_from, name, basis_points) VALUES
    ('AT', 0, 'VAT', 2000), ('BE', 0, 'VAT', 2100), ('BG', 0, 'VAT', 2000), ('CH', 0, 'VAT', 810),
    ('CY', 0, 'VAT', 1900), ('CZ', 0, 'VAT', 2100), ('DE', 0, 'VAT', 1900), ('DK', 0, 'VAT', 2500),
    ('EE', 0, 'VAT', 2400), ('ES', 0, 'VAT', 2100), ('FI', 0, 'VAT', 2550), ('FR', 0, 'VAT', 2000),
    ('GB', 0, 'VAT', 2000), ('GR', 0, 'VAT', 2400), ('HR', 0, 'VAT', 2500), ('HU', 0, 'VAT', 2700),
    ('IE', 0, 'VAT', 2300), ('IT', 0, 'VAT', 2200), ('LT', 0, 'VAT', 2100), ('LU', 0, 'VAT', 1700),
    ('LV', 0, 'VAT', 2100), ('MT', 0, 'VAT', 1800), ('NL', 0, 'VAT', 2100), ('NO', 0, 'VAT', 2500),
    ('PL', 0, 'VAT', 2300), ('PT', 0, 'VAT', 2300), ('RO', 0, 'VAT', 2100), ('SE', 0, 'VAT', 2500),
    ('SI', 0, 'VAT', 2200), ('SK', 0, 'VAT', 2300);

-- What the built-in test provider knows: to the rest of billing it is another company, reached only as a provider.
CREATE TABLE test_provider_sessions (
    session_id   text COLLATE "C" NOT NULL PRIMARY KEY,
    token_hash   text NOT NULL UNIQUE,
    order_number text NOT NULL,
    amount       bigint NOT NULL,
    currency     text NOT NULL,
    return_path  text NOT NULL,
    decision     text CHECK (
        decision IN ('succeed', 'decline', 'authenticate', 'fail_authentication', 'cancel', 'time_out')
    ),
    expires_at   bigint NOT NULL,
    created_at   bigint NOT NULL,
    updated_at   bigint NOT NULL
);
