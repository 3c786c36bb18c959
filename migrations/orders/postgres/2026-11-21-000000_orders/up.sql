-- Orders as they were bought, what left the house, what happened, and the journal of the work on each of them.

-- The numbers that people are shown. Gaps are allowed, so nobody waits for the one before.
CREATE SEQUENCE order_numbers START WITH 1001;

CREATE TABLE orders (
    id                   text    PRIMARY KEY,
    number               text    NOT NULL UNIQUE,
    -- Empty, like the secret, when the order ended before it was placed or paid and another one took its place.
    key                  text    UNIQUE,
    secret_hash          text    UNIQUE,
    superseded_by        text,
    request_hash         text    NOT NULL,
    cart_id              text    NOT NULL,
    cart_version         bigint  NOT NULL,
    status               text    NOT NULL CHECK (status IN ('pending', 'placed', 'completed', 'canceled', 'expired')),
    payment_status       text    NOT NULL CHECK (payment_status IN ('unpaid', 'paid', 'voided')),
    fulfillment_status   text    NOT NULL CHECK (fulfillment_status IN ('unfulfilled', 'partially_fulfilled', 'fulfilled', 'canceled')),
    email                text    NOT NULL,
    address_name         text    NOT NULL,
    address_line1        text    NOT NULL,
    address_line2        text,
    address_postcode     text    NOT NULL,
    address_city         text    NOT NULL,
    address_country      text    NOT NULL,
    address_phone        text,
    -- Number, canonical e-mail and name in lower case, for staff who look for an order.
    search_text          text    NOT NULL,
    currency             text    NOT NULL,
    item_count           bigint  NOT NULL,
    subtotal             bigint  NOT NULL,
    shipping_method      text    NOT NULL,
    shipping_name        text    NOT NULL,
    shipping_price       bigint  NOT NULL,
    tax_contained        bigint  NOT NULL,
    total                bigint  NOT NULL,
    payment_method       text    NOT NULL,
    payment_instructions text    NOT NULL,
    -- The number of its events: each change of an order is told by one at least.
    version              bigint  NOT NULL,
    created_at           bigint  NOT NULL,
    placed_at            bigint,
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
    id         text   PRIMARY KEY,
    order_id   text   NOT NULL REFERENCES orders (id),
    position   bigint NOT NULL,
    variant_id text   NOT NULL,
    title      text   NOT NULL,
    options    text   NOT NULL,
    sku        text,
    slug       text   NOT NULL,
    image      text,
    unit_price bigint NOT NULL,
    quantity   bigint NOT NULL,
    line_total bigint NOT NULL,
    packed     bigint NOT NULL DEFAULT 0,
    shipped    bigint NOT NULL DEFAULT 0,
    CONSTRAINT order_lines_position UNIQUE (order_id, position),
    CONSTRAINT order_lines_total CHECK (unit_price >= 0 AND quantity >= 1 AND line_total = unit_price * quantity),
    CONSTRAINT order_lines_packed CHECK (packed BETWEEN 0 AND quantity AND shipped BETWEEN 0 AND packed)
);

CREATE TABLE order_events (
    order_id   text   NOT NULL REFERENCES orders (id),
    seq        bigint NOT NULL,
    kind       text   NOT NULL,
    message    text   NOT NULL,
    actor      text   NOT NULL,
    -- Of the order, afterwards.
    status     text   NOT NULL,
    created_at bigint NOT NULL,
    PRIMARY KEY (order_id, seq)
);

CREATE TABLE fulfillments (
    id              text   PRIMARY KEY,
    order_id        text   NOT NULL REFERENCES orders (id),
    status          text   NOT NULL CHECK (status IN ('pending', 'shipped')),
    tracking_number text,
    carrier         text,
    created_at      bigint NOT NULL,
    shipped_at      bigint,
    CONSTRAINT fulfillments_shipped CHECK ((status = 'shipped') = (shipped_at IS NOT NULL))
);
CREATE INDEX fulfillments_order ON fulfillments (order_id);

CREATE TABLE fulfillment_lines (
    fulfillment_id text   NOT NULL REFERENCES fulfillments (id),
    order_line_id  text   NOT NULL REFERENCES order_lines (id),
    quantity       bigint NOT NULL CHECK (quantity >= 1),
    PRIMARY KEY (fulfillment_id, order_line_id)
);

-- The journal: what the next owner of an order has to do, and who owns it now.
CREATE TABLE sagas (
    order_id         text   PRIMARY KEY REFERENCES orders (id),
    -- Raised when the steps change; a process leaves alone what a newer one began.
    definition       bigint NOT NULL,
    status           text   NOT NULL CHECK (status IN
        ('buying', 'awaiting_payment', 'expiring', 'canceling', 'recording', 'undoing', 'finished', 'refund_due')),
    -- The shopper's attempts to pay.
    try_number       bigint NOT NULL CHECK (try_number >= 1),
    payment_method   text   NOT NULL,
    payment_failure  text,
    detail           text,
    refusal          text,
    last_error       text,
    owner            text   NOT NULL,
    epoch            bigint NOT NULL CHECK (epoch >= 1),
    -- 0 when nobody works on it.
    lease_expires_at bigint NOT NULL,
    attempts         bigint NOT NULL,
    next_attempt_at  bigint,
    gives_up_at      bigint NOT NULL,
    CONSTRAINT sagas_terminal CHECK ((status IN ('finished', 'refund_due')) = (next_attempt_at IS NULL))
);
CREATE INDEX sagas_next_attempt ON sagas (next_attempt_at) WHERE next_attempt_at IS NOT NULL;

-- One row before each step outside this module. The key names the step, never the attempt.
CREATE TABLE saga_steps (
    key        text   PRIMARY KEY,
    order_id   text   NOT NULL REFERENCES sagas (order_id),
    step       text   NOT NULL CHECK (step IN ('reserve', 'pay', 'allocate', 'cancel_payment', 'release', 'record_payment')),
    -- What a compensation takes back.
    undoes     text   REFERENCES saga_steps (key),
    status     text   NOT NULL CHECK (status IN ('started', 'done', 'given_up')),
    started_at bigint NOT NULL,
    ended_at   bigint,
    CONSTRAINT saga_steps_ended CHECK ((status = 'started') = (ended_at IS NULL))
);
CREATE INDEX saga_steps_order ON saga_steps (order_id);

-- Amounts are minor units of the shop's currency. `countries` is a JSON list of codes, or `*` for everywhere.
CREATE TABLE shipping_methods (
    code      text   PRIMARY KEY,
    name      text   NOT NULL,
    countries text   NOT NULL,
    price     bigint NOT NULL CHECK (price >= 0),
    free_from bigint CHECK (free_from >= 0),
    min_days  bigint NOT NULL CHECK (min_days >= 0),
    max_days  bigint NOT NULL CHECK (max_days >= min_days)
);

INSERT INTO shipping_methods (code, name, countries, price, free_from, min_days, max_days) VALUES
    ('standard', 'Standard delivery',
     '["AT","BE","BG","CH","CY","CZ","DE","DK","EE","ES","FI","FR","GB","GR","HR","HU","IE","IT","LT","LU","LV","MT","NL","NO","PL","PT","RO","SE","SI","SK"]',
     490, 12000, 3, 5),
    ('express', 'Express delivery', '["AT","DE"]', 1290, NULL, 1, 2);
