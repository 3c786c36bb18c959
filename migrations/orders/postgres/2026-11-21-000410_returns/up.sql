-- Goods that come back.

ALTER TABLE saga_steps DROP CONSTRAINT saga_steps_step_check;
ALTER TABLE saga_steps ADD CONSTRAINT saga_steps_step_check CHECK (step IN ('reserve', 'pay', 'allocate',
    'cancel_payment', 'release', 'record_payment', 'refund', 'restock', 'receive'));

-- How many of those that were shipped someone wants to send back.
ALTER TABLE order_lines ADD COLUMN coming_back bigint NOT NULL DEFAULT 0
    CONSTRAINT order_lines_coming_back CHECK (coming_back >= 0 AND returned + coming_back <= shipped);

CREATE TABLE returns (
    id            text   NOT NULL PRIMARY KEY,
    order_id      text   NOT NULL REFERENCES orders (id),
    -- 1 for the first of the order. Part of the key of its step.
    number        bigint NOT NULL CHECK (number >= 1),
    status        text   NOT NULL
        CHECK (status IN ('requested', 'approved', 'received', 'refunded', 'rejected', 'canceled')),
    reason        text   NOT NULL,
    -- What the shop says to it, to the shopper.
    answer        text,
    -- The refund of the order that pays it back.
    refund_number bigint,
    -- Units that came, and whether they are lost, as JSON: `[["var_…", 2, false]]`; empty when inventory knows.
    restock       text   NOT NULL DEFAULT '[]',
    -- Where they are now; empty for inventory's default location.
    location_id   text,
    created_at    bigint NOT NULL,
    updated_at    bigint NOT NULL,
    CONSTRAINT returns_number UNIQUE (order_id, number),
    CONSTRAINT returns_refunded CHECK (refund_number IS NULL OR status IN ('received', 'refunded'))
);

CREATE TABLE return_lines (
    return_id     text   NOT NULL REFERENCES returns (id),
    order_line_id text   NOT NULL REFERENCES order_lines (id),
    quantity      bigint NOT NULL CHECK (quantity >= 1),
    -- Of those that came: back on the shelf, and lost.
    restocked     bigint NOT NULL DEFAULT 0 CHECK (restocked >= 0),
    written_off   bigint NOT NULL DEFAULT 0 CHECK (written_off >= 0),
    PRIMARY KEY (return_id, order_line_id),
    CONSTRAINT return_lines_received CHECK (restocked + written_off <= quantity)
);
