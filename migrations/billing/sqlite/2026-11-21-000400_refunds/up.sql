-- Money that goes back, and books that say why they were written.

CREATE TABLE refunds (
    id                 TEXT NOT NULL PRIMARY KEY,
    order_id           TEXT NOT NULL REFERENCES payments (order_id),
    -- The capture that it gives back.
    session_id         TEXT NOT NULL REFERENCES payment_sessions (id),
    key                TEXT NOT NULL,
    method             TEXT NOT NULL,
    amount             BIGINT NOT NULL CHECK (amount >= 1),
    currency           TEXT NOT NULL,
    reason             TEXT NOT NULL,
    status             TEXT NOT NULL CHECK (status IN ('pending', 'succeeded', 'failed')),
    failure            TEXT,
    provider_reference TEXT,
    attempts           BIGINT NOT NULL DEFAULT 0,
    -- When the provider is asked again; empty when nobody but staff can say, or when it is over.
    next_attempt_at    BIGINT,
    created_at         BIGINT NOT NULL,
    updated_at         BIGINT NOT NULL,
    CONSTRAINT a_refund_is_asked_for_once UNIQUE (order_id, key),
    CONSTRAINT a_provider_names_a_refund_once UNIQUE (method, provider_reference),
    CONSTRAINT only_pending_refunds_are_asked_about CHECK (status = 'pending' OR next_attempt_at IS NULL)
) WITHOUT ROWID;
CREATE INDEX refunds_due ON refunds (next_attempt_at) WHERE next_attempt_at IS NOT NULL;
CREATE INDEX refunds_session ON refunds (session_id);

-- What we gave back ourselves of the money that a difference is about, or are about to.
ALTER TABLE payment_checks ADD COLUMN given_back BIGINT NOT NULL DEFAULT 0
    CONSTRAINT given_back_is_no_debt CHECK (given_back >= 0);

-- Why lines were entered into the books. Those of one transaction add up to the same on both sides, in one currency.
CREATE TABLE money_transactions (
    id         TEXT NOT NULL PRIMARY KEY,
    kind       TEXT NOT NULL,
    refund_id  TEXT REFERENCES refunds (id),
    actor      TEXT NOT NULL,
    created_at BIGINT NOT NULL
) WITHOUT ROWID;
INSERT INTO money_transactions (id, kind, actor, created_at)
    SELECT txn_id, CASE WHEN MAX(account) = 'unmatched' OR MIN(account) = 'unmatched' THEN 'unmatched' ELSE 'captured' END,
        'module:billing', MIN(created_at)
    FROM money_entries GROUP BY txn_id;

CREATE TRIGGER money_transactions_are_not_changed BEFORE UPDATE ON money_transactions
BEGIN
    SELECT RAISE(ABORT, 'money transactions only grow');
END;
CREATE TRIGGER money_transactions_are_not_deleted BEFORE DELETE ON money_transactions
BEGIN
    SELECT RAISE(ABORT, 'money transactions only grow');
END;
