-- What providers can do beyond taking the whole amount at once: authorize first, capture a part, give back, dispute.

ALTER TABLE payments DROP CONSTRAINT captured_in_full_or_not_at_all;
ALTER TABLE payments DROP CONSTRAINT payments_status_check;
ALTER TABLE payments
    ADD COLUMN authorized bigint NOT NULL DEFAULT 0 CONSTRAINT authorized_is_no_debt CHECK (authorized >= 0),
    ADD COLUMN refunded bigint NOT NULL DEFAULT 0,
    ADD CONSTRAINT payments_status_check CHECK (
        status IN ('pending', 'authorized', 'partially_captured', 'captured', 'voided', 'failed', 'review')
    ),
    ADD CONSTRAINT captured_is_no_debt CHECK (captured >= 0),
    ADD CONSTRAINT captured_as_the_status_says CHECK (
        CASE status
            WHEN 'captured' THEN captured >= amount AND paid_at IS NOT NULL
            WHEN 'partially_captured' THEN captured BETWEEN 1 AND amount - 1
            ELSE captured = 0
        END
    ),
    ADD CONSTRAINT no_more_back_than_came CHECK (refunded BETWEEN 0 AND captured);
UPDATE payments SET authorized = captured;

-- All that a provider has to be told of an attempt, so that a repeat tells it the same.
ALTER TABLE payment_sessions
    ADD COLUMN order_number text NOT NULL DEFAULT '',
    ADD COLUMN amount bigint NOT NULL DEFAULT 0,
    ADD COLUMN currency text NOT NULL DEFAULT 'EUR',
    ADD COLUMN return_path text NOT NULL DEFAULT '/',
    ADD COLUMN captures_later bigint NOT NULL DEFAULT 0,
    ADD COLUMN captured bigint NOT NULL DEFAULT 0,
    -- How the provider names the money, when that is another thing than the session.
    ADD COLUMN charge_reference text,
    -- When the provider is asked again without anyone waiting for it.
    ADD COLUMN looks bigint NOT NULL DEFAULT 0,
    ADD COLUMN look_at bigint;
UPDATE payment_sessions SET
    order_number = COALESCE((SELECT p.order_number FROM payments p WHERE p.order_id = payment_sessions.order_id), ''),
    amount = COALESCE((SELECT p.amount FROM payments p WHERE p.order_id = payment_sessions.order_id), 0),
    currency = COALESCE((SELECT p.currency FROM payments p WHERE p.order_id = payment_sessions.order_id), 'EUR'),
    captured = CASE WHEN status = 'captured'
        THEN COALESCE((SELECT p.captured FROM payments p WHERE p.order_id = payment_sessions.order_id), 0) ELSE 0 END;
CREATE INDEX payment_sessions_look ON payment_sessions (look_at) WHERE look_at IS NOT NULL;
CREATE INDEX payment_sessions_charge ON payment_sessions (method, charge_reference);

-- Kinds of events are the program's to know: a list here would only have to be changed with it.
ALTER TABLE payment_events DROP CONSTRAINT payment_events_kind_check;

-- What is taken of money that a provider holds: written down before it is asked for, and never deleted, since that nobody
-- answered says nothing about what happened.
CREATE TABLE captures (
    session_id  text COLLATE "C" NOT NULL PRIMARY KEY,
    amount      bigint NOT NULL CHECK (amount > 0),
    currency    text NOT NULL,
    status      text NOT NULL CHECK (status IN ('pending', 'succeeded', 'failed')),
    detail      text NOT NULL DEFAULT '',
    created_at  bigint NOT NULL,
    answered_at bigint
);

ALTER TABLE test_provider_sessions DROP CONSTRAINT test_provider_sessions_decision_check;
ALTER TABLE test_provider_sessions
    ADD COLUMN captures_later bigint NOT NULL DEFAULT 0,
    ADD COLUMN captured bigint NOT NULL DEFAULT 0,
    ADD COLUMN disputed bigint NOT NULL DEFAULT 0;
UPDATE test_provider_sessions SET captured = amount WHERE decision = 'succeed';
CREATE INDEX test_provider_sessions_created ON test_provider_sessions (created_at);

CREATE TABLE test_provider_refunds (
    key        text COLLATE "C" NOT NULL PRIMARY KEY,
    session_id text COLLATE "C" NOT NULL,
    amount     bigint NOT NULL CHECK (amount > 0),
    created_at bigint NOT NULL
);
CREATE INDEX test_provider_refunds_session ON test_provider_refunds (session_id);
