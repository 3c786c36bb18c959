-- Money that goes back, goods that come back, and what the work on an order may be because of it.

ALTER TABLE orders DROP CONSTRAINT orders_payment_status_check;
ALTER TABLE orders ADD CONSTRAINT orders_payment_status_check
    CHECK (payment_status IN ('unpaid', 'paid', 'partially_refunded', 'refunded', 'voided'));
ALTER TABLE orders DROP CONSTRAINT orders_completed;
ALTER TABLE orders ADD CONSTRAINT orders_completed CHECK (status <> 'completed'
    OR (payment_status IN ('paid', 'partially_refunded', 'refunded') AND fulfillment_status = 'fulfilled'));
ALTER TABLE sagas DROP CONSTRAINT sagas_status_check, DROP CONSTRAINT sagas_terminal;
-- Money for orders that had ended was left to people until now.
UPDATE sagas SET next_attempt_at = 0 WHERE status = 'refund_due';
ALTER TABLE sagas ADD CONSTRAINT sagas_status_check CHECK (status IN
        ('buying', 'awaiting_payment', 'expiring', 'canceling', 'recording', 'undoing', 'refund_due', 'refunding', 'finished')),
    ADD CONSTRAINT sagas_terminal CHECK ((status = 'finished') = (next_attempt_at IS NULL)),
    -- Whether the goods of an order that is canceled are lost.
    ADD COLUMN write_off boolean NOT NULL DEFAULT FALSE;
ALTER TABLE saga_steps DROP CONSTRAINT saga_steps_step_check;
ALTER TABLE saga_steps ADD CONSTRAINT saga_steps_step_check CHECK (step IN ('reserve', 'pay', 'allocate',
    'cancel_payment', 'release', 'record_payment', 'refund', 'restock'));

-- How many came back of those that were shipped.
ALTER TABLE order_lines ADD COLUMN returned bigint NOT NULL DEFAULT 0
    CONSTRAINT order_lines_returned CHECK (returned BETWEEN 0 AND shipped);

-- What the shop gives back of the money of an order. Its number is part of the keys of its steps.
CREATE TABLE order_refunds (
    order_id     text   NOT NULL REFERENCES orders (id),
    number       bigint NOT NULL CHECK (number >= 1),
    amount       bigint NOT NULL CHECK (amount >= 1),
    reason       text   NOT NULL,
    status       text   NOT NULL CHECK (status IN ('pending', 'succeeded', 'failed')),
    failure      text,
    -- As billing knows it; empty until it was told.
    refund_id    text   UNIQUE,
    -- Units that came back with it, and whether they are lost, as JSON: `[["var_…", 2, false]]`; empty when inventory knows.
    restock      text   NOT NULL,
    -- Where they are now; empty for inventory's default location.
    location_id  text,
    actor        text   NOT NULL,
    created_at   bigint NOT NULL,
    updated_at   bigint NOT NULL,
    PRIMARY KEY (order_id, number)
);
