-- Goods that come back.

PRAGMA writable_schema = ON;
UPDATE sqlite_schema SET sql = replace(sql, '''refund'', ''restock''', '''refund'', ''restock'', ''receive''') WHERE name = 'saga_steps';
PRAGMA writable_schema = RESET;

-- How many of those that were shipped someone wants to send back.
ALTER TABLE order_lines ADD COLUMN coming_back BIGINT NOT NULL DEFAULT 0
    CONSTRAINT order_lines_coming_back CHECK (coming_back >= 0 AND returned + coming_back <= shipped);

CREATE TABLE returns (
    id            TEXT   NOT NULL PRIMARY KEY,
    order_id      TEXT   NOT NULL REFERENCES orders (id),
    -- 1 for the first of the order. Part of the key of its step.
    number        BIGINT NOT NULL CHECK (number >= 1),
    status        TEXT   NOT NULL
        CHECK (status IN ('requested', 'approved', 'received', 'refunded', 'rejected', 'canceled')),
    reason        TEXT   NOT NULL,
    -- What the shop says to it, to the shopper.
    answer        TEXT,
    -- The refund of the order that pays it back.
    refund_number BIGINT,
    -- Units that came, and whether they are lost, as JSON: `[["var_…", 2, false]]`; empty when inventory knows.
    restock       TEXT   NOT NULL DEFAULT '[]',
    -- Where they are now; empty for inventory's default location.
    location_id   TEXT,
    created_at    BIGINT NOT NULL,
    updated_at    BIGINT NOT NULL,
    CONSTRAINT returns_number UNIQUE (order_id, number),
    CONSTRAINT returns_refunded CHECK (refund_number IS NULL OR status IN ('received', 'refunded'))
);

CREATE TABLE return_lines (
    return_id     TEXT   NOT NULL REFERENCES returns (id),
    order_line_id TEXT   NOT NULL REFERENCES order_lines (id),
    quantity      BIGINT NOT NULL CHECK (quantity >= 1),
    -- Of those that came: back on the shelf, and lost.
    restocked     BIGINT NOT NULL DEFAULT 0 CHECK (restocked >= 0),
    written_off   BIGINT NOT NULL DEFAULT 0 CHECK (written_off >= 0),
    PRIMARY KEY (return_id, order_line_id),
    CONSTRAINT return_lines_received CHECK (restocked + written_off <= quantity)
);
