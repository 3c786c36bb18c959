-- Money that goes back, and books that say why they were written.

CREATE TABLE refunds (
    id                 text COLLATE "C" NOT NULL PRIMARY KEY,
    order_id           text COLLATE "C" NOT NULL REFERENCES payments (order_id),
    -- The capture that it gives back.
    session_id         text COLLATE "C" NOT NULL REFERENCES payment_sessions (id),
    key                text NOT NULL,
    method             text NOT NULL,
    amount             bigint NOT NULL CHECK (amount >= 1),
    currency           text NOT NULL,
    reason             text NOT NULL,
    status             text NOT NULL CHECK (status IN ('pending', 'succeeded', 'failed')),
    failure            text,
    provider_reference text,
    attempts           bigint NOT NULL DEFAULT 0,
    -- When the provider is asked again; empty when nobody but staff can say, or when it is over.
    next_attempt_at    bigint,
    created_at         bigint NOT NULL,
    updated_at         bigint NOT NULL,
    CONSTRAINT a_refund_is_asked_for_once UNIQUE (order_id, key),
    CONSTRAINT a_provider_names_a_refund_once UNIQUE (method, provider_reference),
    CONSTRAINT only_pending_refunds_are_asked_about CHECK (status = 'pending' OR next_attempt_at IS NULL)
);
CREATE INDEX refunds_due ON refunds (next_attempt_at) WHERE next_attempt_at IS NOT NULL;
CREATE INDEX refunds_session ON refunds (session_id);

-- What we gave back ourselves of the money that a difference is about, or are about to.
ALTER TABLE payment_checks ADD COLUMN given_back bigint NOT NULL DEFAULT 0
    CONSTRAINT given_back_is_no_debt CHECK (given_back >= 0);

-- Why lines were entered into the books. Those of one transaction add up to the same on both sides, in one currency.
CREATE TABLE money_transactions (
    id         text COLLATE "C" NOT NULL PRIMARY KEY,
    kind       text NOT NULL,
    refund_id  text COLLATE "C" REFERENCES refunds (id),
    actor      text NOT NULL,
    created_at bigint NOT NULL
);
INSERT INTO money_transactions (id, kind, actor, created_at)
    SELECT txn_id, CASE WHEN bool_or(account = 'unmatched') THEN 'unmatched' ELSE 'captured' END,
        'module:billing', MIN(created_at)
    FROM money_entries GROUP BY txn_id;

CREATE FUNCTION money_transactions_only_grow() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'money transactions only grow';
END
$$;
CREATE TRIGGER money_transactions_are_not_changed BEFORE UPDATE OR DELETE OR TRUNCATE ON money_transactions
    EXECUTE FUNCTION money_transactions_only_grow();
