-- How orders are paid, and what is known of the money.

-- One row per order. Without an amount it says only that the order, which never started to pay, must not start.
CREATE TABLE payments (
    order_id     TEXT NOT NULL PRIMARY KEY,
    order_number TEXT NOT NULL,
    amount       BIGINT CONSTRAINT amount_in_bounds CHECK (amount BETWEEN 1 AND 1000000000000),
    currency     TEXT,
    captured     BIGINT NOT NULL DEFAULT 0,
    status       TEXT NOT NULL CHECK (status IN ('pending', 'captured', 'voided', 'review')),
    paid_at      BIGINT,
    created_at   BIGINT NOT NULL,
    updated_at   BIGINT NOT NULL,
    CONSTRAINT without_amount_only_when_voided CHECK (
        (amount IS NULL) = (currency IS NULL) AND (amount IS NOT NULL OR status = 'voided')
    ),
    CONSTRAINT captured_in_full_or_not_at_all CHECK (
        CASE WHEN status = 'captured' THEN captured = amount AND paid_at IS NOT NULL ELSE captured = 0 END
    )
) WITHOUT ROWID;

CREATE TABLE payment_sessions (
    id                 TEXT NOT NULL PRIMARY KEY,
    order_id           TEXT NOT NULL REFERENCES payments (order_id),
    method             TEXT NOT NULL,
    key                TEXT NOT NULL,
    status             TEXT NOT NULL
        CHECK (status IN ('pending', 'requires_action', 'authorized', 'captured', 'failed', 'canceled', 'expired')),
    failure            TEXT,
    next               TEXT NOT NULL,
    provider_reference TEXT,
    expires_at         BIGINT,
    created_at         BIGINT NOT NULL,
    updated_at         BIGINT NOT NULL,
    CONSTRAINT a_provider_names_a_session_once UNIQUE (method, provider_reference)
) WITHOUT ROWID;
CREATE INDEX payment_sessions_order ON payment_sessions (order_id, id);
CREATE INDEX payment_sessions_expiry ON payment_sessions (status, expires_at);
CREATE UNIQUE INDEX one_open_session_per_order ON payment_sessions (order_id)
    WHERE status IN ('pending', 'requires_action', 'authorized');

CREATE TABLE payment_events (
    id         TEXT NOT NULL,
    order_id   TEXT NOT NULL,
    session_id TEXT,
    kind       TEXT NOT NULL CHECK (kind IN (
        'started', 'requires_action', 'captured', 'recorded', 'failed', 'canceled', 'expired', 'review', 'voided'
    )),
    detail     TEXT NOT NULL,
    actor      TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (order_id, id)
) WITHOUT ROWID;

CREATE TRIGGER payment_events_are_not_changed BEFORE UPDATE ON payment_events
BEGIN
    SELECT RAISE(ABORT, 'payment events only grow');
END;
CREATE TRIGGER payment_events_are_not_deleted BEFORE DELETE ON payment_events
BEGIN
    SELECT RAISE(ABORT, 'payment events only grow');
END;

-- Double entry: the lines of a transaction add up to the same on both sides, in one currency.
CREATE TABLE money_entries (
    txn_id     TEXT NOT NULL,
    line       BIGINT NOT NULL,
    order_id   TEXT NOT NULL,
    session_id TEXT NOT NULL,
    account    TEXT NOT NULL,
    debit      BIGINT NOT NULL CHECK (debit >= 0),
    credit     BIGINT NOT NULL CHECK (credit >= 0),
    currency   TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (txn_id, line),
    CONSTRAINT one_side_per_line CHECK ((debit = 0) <> (credit = 0))
) WITHOUT ROWID;
CREATE INDEX money_entries_order ON money_entries (order_id);

CREATE TRIGGER money_entries_are_not_changed BEFORE UPDATE ON money_entries
BEGIN
    SELECT RAISE(ABORT, 'money entries only grow');
END;
CREATE TRIGGER money_entries_are_not_deleted BEFORE DELETE ON money_entries
BEGIN
    SELECT RAISE(ABORT, 'money entries only grow');
END;

-- The standard rates of VAT; one with a later date takes the place of an earlier one from that moment on.
CREATE TABLE tax_rates (
    country      TEXT NOT NULL,
    valid_from   BIGINT NOT NULL,
    name         TEXT NOT NULL,
    basis_points BIGINT NOT NULL CHECK (basis_points BETWEEN 0 AND 10000),
    PRIMARY KEY (country, valid_from)
) WITHOUT ROWID;

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
    session_id   TEXT NOT NULL PRIMARY KEY,
    token_hash   TEXT NOT NULL UNIQUE,
    order_number TEXT NOT NULL,
    amount       BIGINT NOT NULL,
    currency     TEXT NOT NULL,
    return_path  TEXT NOT NULL,
    decision     TEXT CHECK (
        decision IN ('succeed', 'decline', 'authenticate', 'fail_authentication', 'cancel', 'time_out')
    ),
    expires_at   BIGINT NOT NULL,
    created_at   BIGINT NOT NULL,
    updated_at   BIGINT NOT NULL
) WITHOUT ROWID;
