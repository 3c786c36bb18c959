-- Which kinds of mail there are is the program's to know: their templates have these names.
CREATE TABLE outgoing_emails_of_any_kind (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    order_id TEXT NOT NULL,
    -- What it is about within the order: the parcel, or nothing.
    about TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('waiting', 'sent', 'skipped', 'failed')),
    attempts BIGINT NOT NULL,
    next_attempt_at BIGINT NOT NULL,
    last_error TEXT,
    created_at BIGINT NOT NULL,
    sent_at BIGINT,
    UNIQUE (order_id, kind, about)
);
INSERT INTO outgoing_emails_of_any_kind
    (id, kind, order_id, about, status, attempts, next_attempt_at, last_error, created_at, sent_at)
    SELECT id, kind, order_id, about, status, attempts, next_attempt_at, last_error, created_at, sent_at
    FROM outgoing_emails;
DROP TABLE outgoing_emails;
ALTER TABLE outgoing_emails_of_any_kind RENAME TO outgoing_emails;
CREATE INDEX outgoing_emails_due ON outgoing_emails (next_attempt_at) WHERE status = 'waiting';
