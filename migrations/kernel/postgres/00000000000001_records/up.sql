-- What every module's schema holds beside the module's own tables: events told, events heard, calls answered.

CREATE TABLE outbox (
    seq               bigint GENERATED ALWAYS AS IDENTITY,
    id                text   NOT NULL UNIQUE,
    kind              text   NOT NULL,
    schema_version    int    NOT NULL,
    aggregate_id      text   NOT NULL,
    aggregate_version bigint NOT NULL,
    payload           text   NOT NULL,
    trace             text   NOT NULL,
    txid              bigint NOT NULL,
    created_at        bigint NOT NULL,
    PRIMARY KEY (txid, seq),
    CONSTRAINT outbox_aggregate UNIQUE (aggregate_id, aggregate_version)
);

-- The place of a new event: its transaction, but never before an earlier event of the same aggregate. A transaction
-- that began first may well write second, and readers go by (txid, seq).
CREATE FUNCTION outbox_txid(aggregate text) RETURNS bigint LANGUAGE sql STABLE AS $$
    SELECT greatest(
        pg_current_xact_id()::text::bigint,
        (SELECT txid FROM outbox WHERE aggregate_id = aggregate ORDER BY aggregate_version DESC LIMIT 1)
    )
$$;

-- Readers stop before the oldest transaction that still runs: only then can nothing appear behind them.
CREATE FUNCTION outbox_horizon() RETURNS bigint LANGUAGE sql STABLE AS $$
    SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint
$$;

CREATE TABLE inbox_cursor (
    consumer   text    PRIMARY KEY,
    producer   text    NOT NULL,
    replayable boolean NOT NULL,
    generation bigint  NOT NULL DEFAULT 1,
    txid       bigint  NOT NULL,
    seq        bigint  NOT NULL
);

CREATE TABLE inbox (
    consumer          text   NOT NULL,
    generation        bigint NOT NULL,
    aggregate_id      text   NOT NULL,
    aggregate_version bigint NOT NULL,
    handled_at        bigint NOT NULL,
    PRIMARY KEY (consumer, generation, aggregate_id)
);

CREATE TABLE inbox_parked (
    consumer          text   NOT NULL,
    event_id          text   NOT NULL,
    aggregate_id      text   NOT NULL,
    aggregate_version bigint NOT NULL,
    envelope          text   NOT NULL,
    attempts          int    NOT NULL,
    last_error        text   NOT NULL,
    next_attempt_at   bigint NOT NULL,
    status            text   NOT NULL CHECK (status IN ('waiting', 'parked')),
    PRIMARY KEY (consumer, event_id),
    CONSTRAINT inbox_parked_order UNIQUE (consumer, aggregate_id, aggregate_version)
);

CREATE TABLE idempotency (
    method       text   NOT NULL,
    key          text   NOT NULL,
    request_hash text   NOT NULL,
    result       text   NOT NULL,
    created_at   bigint NOT NULL,
    PRIMARY KEY (method, key)
);
CREATE INDEX idempotency_created_at ON idempotency (created_at);
