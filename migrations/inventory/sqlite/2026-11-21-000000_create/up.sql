-- What is there, to whom it is promised, and why it changed.

CREATE TABLE stock_locations (
    id         TEXT   NOT NULL PRIMARY KEY,
    name       TEXT   NOT NULL,
    created_at BIGINT NOT NULL
) WITHOUT ROWID;

INSERT INTO stock_locations (id, name, created_at) VALUES ('main', 'Main location', 0);

-- reserved + allocated may exceed on_hand: of what may be backordered, and after staff counted less than is promised.
CREATE TABLE stock_levels (
    variant_id          TEXT    NOT NULL,
    location_id         TEXT    NOT NULL REFERENCES stock_locations (id),
    sku                 TEXT    NOT NULL,
    on_hand             BIGINT  NOT NULL CONSTRAINT on_hand_in_bounds CHECK (on_hand BETWEEN 0 AND 1000000000),
    reserved            BIGINT  NOT NULL CONSTRAINT reserved_not_negative CHECK (reserved >= 0),
    allocated           BIGINT  NOT NULL CONSTRAINT allocated_not_negative CHECK (allocated >= 0),
    track_inventory     BOOLEAN NOT NULL CHECK (track_inventory IN (0, 1)),
    backorderable       BOOLEAN NOT NULL CHECK (backorderable IN (0, 1)),
    low_stock_threshold BIGINT  NOT NULL DEFAULT 5 CHECK (low_stock_threshold >= 0),
    updated_at          BIGINT  NOT NULL,
    PRIMARY KEY (variant_id, location_id)
) WITHOUT ROWID;
CREATE INDEX stock_levels_sku ON stock_levels (sku, variant_id);

CREATE TABLE reservations (
    order_id   TEXT   NOT NULL PRIMARY KEY,
    status     TEXT   NOT NULL CHECK (status IN ('held', 'allocated', 'released', 'expired', 'shipped')),
    expires_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
) WITHOUT ROWID;
CREATE INDEX reservations_expiry ON reservations (status, expires_at);

CREATE TABLE reservation_lines (
    order_id    TEXT   NOT NULL REFERENCES reservations (order_id),
    variant_id  TEXT   NOT NULL,
    location_id TEXT   NOT NULL,
    quantity    BIGINT NOT NULL CHECK (quantity > 0),
    shipped     BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (order_id, variant_id, location_id),
    CONSTRAINT not_more_shipped_than_held CHECK (shipped BETWEEN 0 AND quantity)
) WITHOUT ROWID;

CREATE TABLE stock_movements (
    id              TEXT   NOT NULL,
    variant_id      TEXT   NOT NULL,
    location_id     TEXT   NOT NULL,
    kind            TEXT   NOT NULL CHECK (kind IN (
        'received', 'reserved', 'allocated', 'released', 'shipped', 'returned', 'adjusted', 'transferred'
    )),
    on_hand_delta   BIGINT NOT NULL,
    reserved_delta  BIGINT NOT NULL,
    allocated_delta BIGINT NOT NULL,
    on_hand_after   BIGINT NOT NULL CHECK (on_hand_after >= 0),
    reason          TEXT   NOT NULL,
    actor           TEXT   NOT NULL,
    reference       TEXT,
    created_at      BIGINT NOT NULL,
    PRIMARY KEY (variant_id, id)
) WITHOUT ROWID;

CREATE TRIGGER stock_movements_are_not_changed BEFORE UPDATE ON stock_movements
BEGIN
    SELECT RAISE(ABORT, 'the ledger only grows');
END;
CREATE TRIGGER stock_movements_are_not_deleted BEFORE DELETE ON stock_movements
BEGIN
    SELECT RAISE(ABORT, 'the ledger only grows');
END;
