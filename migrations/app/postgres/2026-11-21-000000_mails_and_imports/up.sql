-- Mails to send. One mail of a kind about a thing, however often its event is delivered.
CREATE TABLE outgoing_emails (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('order_received', 'order_paid', 'order_shipped')),
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
CREATE INDEX outgoing_emails_due ON outgoing_emails (next_attempt_at) WHERE status = 'waiting';

-- Imports that staff started; the file lies in the data folder.
CREATE TABLE import_jobs (
    id TEXT PRIMARY KEY,
    file_name TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('checking', 'checked', 'applying', 'done', 'failed')),
    done BIGINT NOT NULL,
    total BIGINT NOT NULL,
    -- The report of the last run, as JSON.
    report TEXT,
    error TEXT,
    started_by TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX import_jobs_newest ON import_jobs (created_at);
