-- Several locations, what is kept back and expected, holds of carts, and levels whose holds cannot be met any more.

ALTER TABLE stock_locations ADD COLUMN address TEXT NOT NULL DEFAULT '';
ALTER TABLE stock_locations ADD COLUMN priority BIGINT NOT NULL DEFAULT 0 CHECK (priority BETWEEN 0 AND 1000);
ALTER TABLE stock_locations ADD COLUMN ships BOOLEAN NOT NULL DEFAULT 1 CHECK (ships IN (0, 1));
ALTER TABLE stock_locations ADD COLUMN is_default BOOLEAN NOT NULL DEFAULT 0 CHECK (is_default IN (0, 1));
UPDATE stock_locations SET is_default = 1 WHERE id = 'main';
CREATE UNIQUE INDEX stock_locations_one_default ON stock_locations (is_default) WHERE is_default;
CREATE UNIQUE INDEX stock_locations_name ON stock_locations (name);

ALTER TABLE stock_levels ADD COLUMN safety_stock BIGINT NOT NULL DEFAULT 0 CHECK (safety_stock >= 0);
ALTER TABLE stock_levels ADD COLUMN incoming BIGINT NOT NULL DEFAULT 0 CHECK (incoming >= 0);

-- A hold of a cart stands under the cart's id; the order that takes it over names the cart.
ALTER TABLE reservations ADD COLUMN held_since BIGINT NOT NULL DEFAULT 0;
ALTER TABLE reservations ADD COLUMN cart_id TEXT;
ALTER TABLE reservations ADD COLUMN session TEXT;
ALTER TABLE reservations ADD COLUMN address TEXT;
UPDATE reservations SET held_since = created_at;
CREATE INDEX reservations_cart ON reservations (cart_id, status) WHERE cart_id IS NOT NULL;
CREATE INDEX reservations_session ON reservations (session, status) WHERE session IS NOT NULL;
CREATE INDEX reservations_address ON reservations (address, status) WHERE address IS NOT NULL;

-- Levels of which more is held and promised than is there, until enough holds have ended.
CREATE TABLE unmet_levels (
    variant_id  TEXT   NOT NULL,
    location_id TEXT   NOT NULL,
    created_at  BIGINT NOT NULL,
    PRIMARY KEY (variant_id, location_id)
) WITHOUT ROWID;
