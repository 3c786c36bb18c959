-- Money that goes back, goods that come back, and what the work on an order may be because of it.

-- The tables stay as they are on the disk; only what they accept grows.
PRAGMA writable_schema = ON;
UPDATE sqlite_schema
    SET sql = replace(replace(sql,
        '(payment_status IN (''unpaid'', ''paid'', ''voided''))',
        '(payment_status IN (''unpaid'', ''paid'', ''partially_refunded'', ''refunded'', ''voided''))'),
        '(payment_status = ''paid'' AND',
        '(payment_status IN (''paid'', ''partially_refunded'', ''refunded'') AND')
    WHERE name = 'orders';
UPDATE sqlite_schema
    SET sql = replace(replace(sql,
        '''undoing'', ''finished'', ''refund_due''',
        '''undoing'', ''refund_due'', ''refunding'', ''finished'''),
        '((status IN (''finished'', ''refund_due'')) =',
        '((status = ''finished'') =')
    WHERE name = 'sagas';
UPDATE sqlite_schema
    SET sql = replace(sql, '''release'', ''record_payment''', '''release'', ''record_payment'', ''refund'', ''restock''')
    WHERE name = 'saga_steps';
PRAGMA writable_schema = RESET;

-- Whether the goods of an order that is canceled are lost.
ALTER TABLE sagas ADD COLUMN write_off BOOLEAN NOT NULL DEFAULT FALSE CHECK (write_off IN (0, 1));
-- Money for orders that had ended was left to people until now.
UPDATE sagas SET next_attempt_at = 0 WHERE status = 'refund_due';

-- How many came back of those that were shipped.
ALTER TABLE order_lines ADD COLUMN returned BIGINT NOT NULL DEFAULT 0
    CONSTRAINT order_lines_returned CHECK (returned BETWEEN 0 AND shipped);

-- What the shop gives back of the money of an order. Its number is part of the keys of its steps.
CREATE TABLE order_refunds (
    order_id     TEXT   NOT NULL REFERENCES orders (id),
    number       BIGINT NOT NULL CHECK (number >= 1),
    amount       BIGINT NOT NULL CHECK (amount >= 1),
    reason       TEXT   NOT NULL,
    status       TEXT   NOT NULL CHECK (status IN ('pending', 'succeeded', 'failed')),
    failure      TEXT,
    -- As billing knows it; empty until it was told.
    refund_id    TEXT   UNIQUE,
    -- Units that came back with it, and whether they are lost, as JSON: `[["var_…", 2, false]]`; empty when inventory knows.
    restock      TEXT   NOT NULL,
    -- Where they are now; empty for inventory's default location.
    location_id  TEXT,
    actor        TEXT   NOT NULL,
    created_at   BIGINT NOT NULL,
    updated_at   BIGINT NOT NULL,
    PRIMARY KEY (order_id, number)
);
