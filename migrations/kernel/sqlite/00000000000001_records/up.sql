-- What every module's file holds beside the module's own tables: events told, events heard, calls answered.

-- With one writer at a time numbers appear in order, so `txid` is always 0. AUTOINCREMENT never gives one twice.
CREATE TABLE outbox (
    seq               INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    id                TEXT    NOT NULL UNIQUE,
    kind              TEXT    NOT NULL,
    schema_version    INTEGER NOT NULL,
    aggregate_id      TEXT    NOT NULL,
    aggregate_version BIGINT  NOT NULL,
    payload           TEXT    NOT NULL,
    trace             TEXT    NOT NULL,
    txid              BIGINT  NOT NULL DEFAULT 0,
    created_at        BIGINT  NOT NULL,
    CONSTRAINT outbox_aggregate UNIQUE (aggregate_id, aggregate_version)
);

CREATE TABLE inbox_cursor (
    consumer   TEXT    NOT NULL PRIMARY KEY,
    producer   TEXT    NOT NULL,
    replayable BOOLEAN NOT NULL,
    generation BIGINT  NOT NULL DEFAULT 1,
    txid       BIGINT  NOT NULL,
    seq        BIGINT  NOT NULL
) WITHOUT ROWID;

CREATE TABLE inbox (
    consumer          TEXT   NOT NULL,
    generation        BIGINT NOT NULL,
    aggregate_id      TEXT   NOT NULL,
    aggregate_version BIGINT NOT NULL,
    handled_at        BIGINT NOT NULL,
    PRIMARY KEY (consumer, generation, aggregate_id)
) WITHOUT ROWID;

CREATE TABLE inbox_parked (
    consumer          TEXT    NOT NULL,
    event_id          TEXT    NOT NULL,
    aggregate_id      TEXT    NOT NULL,
    aggregate_version BIGINT  NOT NULL,
    envelope          TEXT    NOT NULL,
    attempts          INTEGER NOT NULL,
    last_error        TEXT    NOT NULL,
    next_attempt_at   BIGINT  NOT NULL,
    status            TEXT    NOT NULL CHECK (status IN ('waiting', 'parked')),
    PRIMARY KEY (consumer, event_id),
    CONSTRAINT inbox_parked_order UNIQUE (consumer, aggregate_id, aggregate_version)
);

CREATE TABLE idempotency (
    method       TEXT   NOT NULL,
    key          TEXT   NOT NULL,
    request_hash TEXT   NOT NULL,
    result       TEXT   NOT NULL,
    created_at   BIGINT NOT NULL,
    PRIMARY KEY (method, key)
) WITHOUT ROWID;
CREATE INDEX idempotency_created_at ON idempotency (created_at);
