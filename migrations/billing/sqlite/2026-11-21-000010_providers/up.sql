-- What providers can do beyond taking the whole amount at once: authorize first, capture a part, give back, dispute.

CREATE TEMPORARY TABLE payments_before AS SELECT * FROM payments;
DROP TABLE payments;
CREATE TABLE payments (
    order_id     TEXT NOT NULL PRIMARY KEY,
    order_number TEXT NOT NULL,
    amount       BIGINT CONSTRAINT amount_in_bounds CHECK (amount BETWEEN 1 AND 1000000000000),
    currency     TEXT,
    authorized   BIGINT NOT NULL DEFAULT 0 CONSTRAINT authorized_is_no_debt CHECK (authorized >= 0),
    captured     BIGINT NOT NULL DEFAULT 0 CONSTRAINT captured_is_no_debt CHECK (captured >= 0),
    refunded     BIGINT NOT NULL DEFAULT 0,
    status       TEXT NOT NULL
        CHECK (status IN ('pending', 'authorized', 'partially_captured', 'captured', 'voided', 'failed', 'review')),
    paid_at      BIGINT,
    created_at   BIGINT NOT NULL,
    updated_at   BIGINT NOT NULL,
    CONSTRAINT without_amount_only_when_voided CHECK (
        (amount IS NULL) = (currency IS NULL) AND (amount IS NOT NULL OR status = 'voided')
    ),
    CONSTRAINT captured_as_the_status_says CHECK (
        CASE status
            WHEN 'captured' THEN captured >= amount AND paid_at IS NOT NULL
            WHEN 'partially_captured' THEN captured BETWEEN 1 AND amount - 1
            ELSE captured = 0
        END
    ),
    CONSTRAINT no_more_back_than_came CHECK (refunded BETWEEN 0 AND captured)
) WITHOUT ROWID;
INSERT INTO payments (order_id, order_number, amount, currency, authorized, captured, status, paid_at, created_at, updated_at)
    SELECT order_id, order_number, amount, currency, captured, captured, status, paid_at, created_at, updated_at
    FROM payments_before;
DROP TABLE payments_before;

-- All that a provider has to be told of an attempt, so that a repeat tells it the same.
ALTER TABLE payment_sessions ADD COLUMN order_number TEXT NOT NULL DEFAULT '';
ALTER TABLE payment_sessions ADD COLUMN amount BIGINT NOT NULL DEFAULT 0;
ALTER TABLE payment_sessions ADD COLUMN currency TEXT NOT NULL DEFAULT 'EUR';
ALTER TABLE payment_sessions ADD COLUMN return_path TEXT NOT NULL DEFAULT '/';
ALTER TABLE payment_sessions ADD COLUMN captures_later BIGINT NOT NULL DEFAULT 0;
ALTER TABLE payment_sessions ADD COLUMN captured BIGINT NOT NULL DEFAULT 0;
-- How the provider names the money, when that is another thing than the session.
ALTER TABLE payment_sessions ADD COLUMN charge_reference TEXT;
-- When the provider is asked again without anyone waiting for it.
ALTER TABLE payment_sessions ADD COLUMN looks BIGINT NOT NULL DEFAULT 0;
ALTER TABLE payment_sessions ADD COLUMN look_at BIGINT;
UPDATE payment_sessions SET
    order_number = COALESCE((SELECT p.order_number FROM payments p WHERE p.order_id = payment_sessions.order_id), ''),
    amount = COALESCE((SELECT p.amount FROM payments p WHERE p.order_id = payment_sessions.order_id), 0),
    currency = COALESCE((SELECT p.currency FROM payments p WHERE p.order_id = payment_sessions.order_id), 'EUR'),
    captured = CASE WHEN status = 'captured'
        THEN COALESCE((SELECT p.captured FROM payments p WHERE p.order_id = payment_sessions.order_id), 0) ELSE 0 END;
CREATE INDEX payment_sessions_look ON payment_sessions (look_at) WHERE look_at IS NOT NULL;
CREATE INDEX payment_sessions_charge ON payment_sessions (method, charge_reference);

-- Kinds of events are the program's to know: a list here would only have to be changed with it.
DROP TRIGGER payment_events_are_not_changed;
DROP TRIGGER payment_events_are_not_deleted;
CREATE TEMPORARY TABLE payment_events_before AS SELECT * FROM payment_events;
DROP TABLE payment_events;
CREATE TABLE payment_events (
    id         TEXT NOT NULL,
    order_id   TEXT NOT NULL,
    session_id TEXT,
    kind       TEXT NOT NULL,
    detail     TEXT NOT NULL,
    actor      TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (order_id, id)
) WITHOUT ROWID;
INSERT INTO payment_events SELECT * FROM payment_events_before;
DROP TABLE payment_events_before;
CREATE TRIGGER payment_events_are_not_changed BEFORE UPDATE ON payment_events
BEGIN
    SELECT RAISE(ABORT, 'payment events only grow');
END;
CREATE TRIGGER payment_events_are_not_deleted BEFORE DELETE ON payment_events
BEGIN
    SELECT RAISE(ABORT, 'payment events only grow');
END;

-- What is taken of money that a provider holds: written down before it is asked for, and never deleted, since that nobody
-- answered says nothing about what happened.
CREATE TABLE captures (
    session_id  TEXT NOT NULL PRIMARY KEY,
    amount      BIGINT NOT NULL CHECK (amount > 0),
    currency    TEXT NOT NULL,
    status      TEXT NOT NULL CHECK (status IN ('pending', 'succeeded', 'failed')),
    detail      TEXT NOT NULL DEFAULT '',
    created_at  BIGINT NOT NULL,
    answered_at BIGINT
) WITHOUT ROWID;

CREATE TEMPORARY TABLE test_provider_sessions_before AS SELECT * FROM test_provider_sessions;
DROP TABLE test_provider_sessions;
CREATE TABLE test_provider_sessions (
    session_id     TEXT NOT NULL PRIMARY KEY,
    token_hash     TEXT NOT NULL UNIQUE,
    order_number   TEXT NOT NULL,
    amount         BIGINT NOT NULL,
    currency       TEXT NOT NULL,
    return_path    TEXT NOT NULL,
    decision       TEXT,
    captures_later BIGINT NOT NULL DEFAULT 0,
    captured       BIGINT NOT NULL DEFAULT 0,
    disputed       BIGINT NOT NULL DEFAULT 0,
    expires_at     BIGINT NOT NULL,
    created_at     BIGINT NOT NULL,
    updated_at     BIGINT NOT NULL
) WITHOUT ROWID;
INSERT INTO test_provider_sessions
    (session_id, token_hash, order_number, amount, currency, return_path, decision, captured, expires_at, created_at, updated_at)
    SELECT session_id, token_hash, order_number, amount, currency, return_path, decision,
        CASE WHEN decision = 'succeed' THEN amount ELSE 0 END, expires_at, created_at, updated_at
    FROM test_provider_sessions_before;
DROP TABLE test_provider_sessions_before;
CREATE INDEX test_provider_sessions_created ON test_provider_sessions (created_at);

CREATE TABLE test_provider_refunds (
    key        TEXT NOT NULL PRIMARY KEY,
    session_id TEXT NOT NULL,
    amount     BIGINT NOT NULL CHECK (amount > 0),
    created_at BIGINT NOT NULL
) WITHOUT ROWID;
CREATE INDEX test_provider_refunds_session ON test_provider_refunds (session_id);
