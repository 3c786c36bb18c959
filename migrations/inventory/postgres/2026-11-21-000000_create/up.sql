-- What is there, to whom it is promised, and why it changed.

CREATE TABLE stock_locations (
    id         text   COLLATE "C" PRIMARY KEY,
    name       text   NOT NULL,
    created_at bigint NOT NULL
);

INSERT INTO stock_locations (id, name, created_at) VALUES ('main', 'Main location', 0);

-- reserved + allocated may exceed on_hand: of what may be backordered, and after staff counted less than is promised.
-- The room left in each page keeps new versions of a much sold row beside the old ones.
CREATE TABLE stock_levels (
    variant_id          text    COLLATE "C" NOT NULL,
    location_id         text    COLLATE "C" NOT NULL REFERENCES stock_locations (id),
    sku                 text    COLLATE "C" NOT NULL,
    on_hand             bigint  NOT NULL CONSTRAINT on_hand_in_bounds CHECK (on_hand BETWEEN 0 AND 1000000000),
    reserved            bigint  NOT NULL CONSTRAINT reserved_not_negative CHECK (reserved >= 0),
    allocated           bigint  NOT NULL CONSTRAINT allocated_not_negative CHECK (allocated >= 0),
    track_inventory     boolean NOT NULL,
    backorderable       boolean NOT NULL,
    low_stock_threshold bigint  NOT NULL DEFAULT 5 CHECK (low_stock_threshold >= 0),
    updated_at          bigint  NOT NULL,
    PRIMARY KEY (variant_id, location_id)
) WITH (fillfactor = 70);
CREATE INDEX stock_levels_sku ON stock_levels (sku, variant_id);

CREATE TABLE reservations (
    order_id   text   COLLATE "C" PRIMARY KEY,
    status     text   NOT NULL CHECK (status IN ('held', 'allocated', 'released', 'expired', 'shipped')),
    expires_at bigint NOT NULL,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL
);
CREATE INDEX reservations_expiry ON reservations (status, expires_at);

CREATE TABLE reservation_lines (
    order_id    text   COLLATE "C" NOT NULL REFERENCES reservations (order_id),
    variant_id  text   COLLATE "C" NOT NULL,
    location_id text   COLLATE "C" NOT NULL,
    quantity    bigint NOT NULL CHECK (quantity > 0),
    shipped     bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (order_id, variant_id, location_id),
    CONSTRAINT not_more_shipped_than_held CHECK (shipped BETWEEN 0 AND quantity)
);

CREATE TABLE stock_movements (
    id              text   COLLATE "C" NOT NULL,
    variant_id      text   COLLATE "C" NOT NULL,
    location_id     text   COLLATE "C" NOT NULL,
    kind            text   NOT NULL CHECK (kind IN (
        'received', 'reserved', 'allocated', 'released', 'shipped', 'returned', 'adjusted', 'transferred'
    )),
    on_hand_delta   bigint NOT NULL,
    reserved_delta  bigint NOT NULL,
    allocated_delta bigint NOT NULL,
    on_hand_after   bigint NOT NULL CHECK (on_hand_after >= 0),
    reason          text   NOT NULL,
    actor           text   NOT NULL,
    reference       text,
    created_at      bigint NOT NULL,
    PRIMARY KEY (variant_id, id)
);

CREATE FUNCTION stock_movements_only_grow() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the ledger only grows';
END
$$;
CREATE TRIGGER stock_movements_are_not_changed BEFORE UPDATE OR DELETE OR TRUNCATE ON stock_movements
    EXECUTE FUNCTION stock_movements_only_grow();
