-- Orders as they were bought, what left the house, what happened, and the journal of the work on each of them.

-- The numbers that people are shown, counted here, since only one writes at a time.
CREATE TABLE order_numbers (
    last BIGINT NOT NULL
);
INSERT INTO order_numbers (last) VALUES (1000);

CREATE TABLE orders (
    id                   TEXT    NOT NULL PRIMARY KEY,
    number               TEXT    NOT NULL UNIQUE,
    -- Empty, like the secret, when the order ended before it was placed or paid and another one took its place.
    key                  TEXT    UNIQUE,
    secret_hash          TEXT    UNIQUE,
    superseded_by        TEXT,
    request_hash         TEXT    NOT NULL,
    cart_id              TEXT    NOT NULL,
    cart_version         BIGINT  NOT NULL,
    status               TEXT    NOT NULL CHECK (status IN ('pending', 'placed', 'completed', 'canceled', 'expired')),
    payment_status       TEXT    NOT NULL CHECK (payment_status IN ('unpaid', 'paid', 'voided')),
    fulfillment_status   TEXT    NOT NULL CHECK (fulfillment_status IN ('unfulfilled', 'partially_fulfilled', 'fulfilled', 'canceled')),
    email                TEXT    NOT NULL,
    address_name         TEXT    NOT NULL,
    address_line1        TEXT    NOT NULL,
    address_line2        TEXT,
    address_postcode     TEXT    NOT NULL,
    address_city         TEXT    NOT NULL,
    address_country      TEXT    NOT NULL,
    address_phone        TEXT,
    -- Number, canonical e-mail and name in lower case, for staff who look for an order.
    search_text          TEXT    NOT NULL,
    currency             TEXT    NOT NULL,
    item_count           BIGINT  NOT NULL,
    subtotal             BIGINT  NOT NULL,
    shipping_method      TEXT    NOT NULL,
    shipping_name        TEXT    NOT NULL,
    shipping_price       BIGINT  NOT NULL,
    tax_contained        BIGINT  NOT NULL,
    total                BIGINT  NOT NULL,
    payment_method       TEXT    NOT NULL,
    payment_instructions TEXT    NOT NULL,
    -- The number of its events: each change of an order is told by one at least.
    version              BIGINT  NOT NULL,
    created_at           BIGINT  NOT NULL,
    placed_at            BIGINT,
    CONSTRAINT orders_superseded CHECK ((key IS NULL) = (superseded_by IS NOT NULL) AND (key IS NULL) = (secret_hash IS NULL)),
    CONSTRAINT orders_superseded_unpaid CHECK (superseded_by IS NULL OR (status IN ('canceled', 'expired') AND placed_at IS NULL)),
    CONSTRAINT orders_total CHECK (total = subtotal + shipping_price AND total <= 1000000000000),
    CONSTRAINT orders_amounts CHECK (subtotal >= 0 AND shipping_price >= 0 AND tax_contained BETWEEN 0 AND total),
    CONSTRAINT orders_placed CHECK (
        (status = 'pending' AND placed_at IS NULL) OR (status IN ('placed', 'completed') AND placed_at IS NOT NULL)
        OR (status = 'expired' AND placed_at IS NULL) OR status = 'canceled'
    ),
    CONSTRAINT orders_completed CHECK (status <> 'completed' OR (payment_status = 'paid' AND fulfillment_status = 'fulfilled')),
    CONSTRAINT orders_ended CHECK ((status IN ('canceled', 'expired')) = (fulfillment_status = 'canceled'))
);
-- A cart version is ordered once.
CREATE UNIQUE INDEX orders_cart ON orders (cart_id, cart_version) WHERE key IS NOT NULL;
CREATE INDEX orders_status ON orders (status, id);
CREATE INDEX orders_not_placed ON orders (id) WHERE placed_at IS NULL;

CREATE TABLE order_lines (
    id         TEXT   NOT NULL PRIMARY KEY,
    order_id   TEXT   NOT NULL REFERENCES orders (id),
    position   BIGINT NOT NULL,
    variant_id TEXT   NOT NULL,
    title      TEXT   NOT NULL,
    options    TEXT   NOT NULL,
    sku        TEXT,
    slug       TEXT   NOT NULL,
    image      TEXT,
    unit_price BIGINT NOT NULL,
    quantity   BIGINT NOT NULL,
    line_total BIGINT NOT NULL,
    packed     BIGINT NOT NULL DEFAULT 0,
    shipped    BIGINT NOT NULL DEFAULT 0,
    CONSTRAINT order_lines_position UNIQUE (order_id, position),
    CONSTRAINT order_lines_total CHECK (unit_price >= 0 AND quantity >= 1 AND line_total = unit_price * quantity),
    CONSTRAINT order_lines_packed CHECK (packed BETWEEN 0 AND quantity AND shipped BETWEEN 0 AND packed)
);

CREATE TABLE order_events (
    order_id   TEXT   NOT NULL REFERENCES orders (id),
    seq        BIGINT NOT NULL,
    kind       TEXT   NOT NULL,
    message    TEXT   NOT NULL,
    actor      TEXT   NOT NULL,
    -- Of the order, afterwards.
    status     TEXT   NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (order_id, seq)
);

CREATE TABLE fulfillments (
    id              TEXT   NOT NULL PRIMARY KEY,
    order_id        TEXT   NOT NULL REFERENCES orders (id),
    status          TEXT   NOT NULL CHECK (status IN ('pending', 'shipped')),
    tracking_number TEXT,
    carrier         TEXT,
    created_at      BIGINT NOT NULL,
    shipped_at      BIGINT,
    CONSTRAINT fulfillments_shipped CHECK ((status = 'shipped') = (shipped_at IS NOT NULL))
);
CREATE INDEX fulfillments_order ON fulfillments (order_id);

CREATE TABLE fulfillment_lines (
    fulfillment_id TEXT   NOT NULL REFERENCES fulfillments (id),
    order_line_id  TEXT   NOT NULL REFERENCES order_lines (id),
    quantity       BIGINT NOT NULL CHECK (quantity >= 1),
    PRIMARY KEY (fulfillment_id, order_line_id)
);

-- The journal: what the next owner of an order has to do, and who owns it now.
CREATE TABLE sagas (
    order_id         TEXT   NOT NULL PRIMARY KEY REFERENCES orders (id),
    -- Raised when the steps change; a process leaves alone what a newer one began.
    definition       BIGINT NOT NULL,
    status           TEXT   NOT NULL CHECK (status IN
        ('buying', 'awaiting_payment', 'expiring', 'canceling', 'recording', 'undoing', 'finished', 'refund_due')),
    -- The shopper's attempts to pay.
    try_number       BIGINT NOT NULL CHECK (try_number >= 1),
    payment_method   TEXT   NOT NULL,
    payment_failure  TEXT,
    detail           TEXT,
    refusal          TEXT,
    last_error       TEXT,
    owner            TEXT   NOT NULL,
    epoch            BIGINT NOT NULL CHECK (epoch >= 1),
    -- 0 when nobody works on it.
    lease_expires_at BIGINT NOT NULL,
    attempts         BIGINT NOT NULL,
    next_attempt_at  BIGINT,
    gives_up_at      BIGINT NOT NULL,
    CONSTRAINT sagas_terminal CHECK ((status IN ('finished', 'refund_due')) = (next_attempt_at IS NULL))
);
CREATE INDEX sagas_next_attempt ON sagas (next_attempt_at) WHERE next_attempt_at IS NOT NULL;

-- One row before each step outside this module. The key names the step, never the attempt.
CREATE TABLE saga_steps (
    key        TEXT   NOT NULL PRIMARY KEY,
    order_id   TEXT   NOT NULL REFERENCES sagas (order_id),
    step       TEXT   NOT NULL CHECK (step IN ('reserve', 'pay', 'allocate', 'cancel_payment', 'release', 'record_payment')),
    -- What a compensation takes back.
    undoes     TEXT   REFERENCES saga_steps (key),
    status     TEXT   NOT NULL CHECK (status IN ('started', 'done', 'given_up')),
    started_at BIGINT NOT NULL,
    ended_at   BIGINT,
    CONSTRAINT saga_steps_ended CHECK ((status = 'started') = (ended_at IS NULL))
);
CREATE INDEX saga_steps_order ON saga_steps (order_id);

-- Amounts are minor units of the shop's currency. `countries` is a JSON list of codes, or `*` for everywhere.
CREATE TABLE shipping_methods (
    code      TEXT   NOT NULL PRIMARY KEY,
    name      TEXT   NOT NULL,
    countries TEXT   NOT NULL,
    price     BIGINT NOT NULL CHECK (price >= 0),
    free_from BIGINT CHECK (free_from >= 0),
    min_days  BIGINT NOT NULL CHECK (min_days >= 0),
    max_days  BIGINT NOT NULL CHECK (max_days >= min_days)
);

INSERT INTO shipping_methods (code, name, countries, price, free_from, min_days, max_days) VALUES
    ('standard', 'Standard delivery',
     '["AT","BE","BG","CH","CY","CZ","DE","DK","EE","ES","FI","FR","GB","GR","HR","HU","IE","IT","LT","LU","LV","MT","NL","NO","PL","PT","RO","SE","SI","SK"]',
     490, 12000, 3, 5),
    ('express', 'Express delivery', '["AT","DE"]', 1290, NULL, 1, 2);
