-- Several locations, what is kept back and expected, holds of carts, and levels whose holds cannot be met any more.

ALTER TABLE stock_locations
    ADD COLUMN address    text    NOT NULL DEFAULT '',
    ADD COLUMN priority   bigint  NOT NULL DEFAULT 0 CONSTRAINT priority_in_bounds CHECK (priority BETWEEN 0 AND 1000),
    ADD COLUMN ships      boolean NOT NULL DEFAULT true,
    ADD COLUMN is_default boolean NOT NULL DEFAULT false;
UPDATE stock_locations SET is_default = true WHERE id = 'main';
CREATE UNIQUE INDEX stock_locations_one_default ON stock_locations (is_default) WHERE is_default;
CREATE UNIQUE INDEX stock_locations_name ON stock_locations (name);

ALTER TABLE stock_levels
    ADD COLUMN safety_stock bigint NOT NULL DEFAULT 0 CONSTRAINT safety_stock_not_negative CHECK (safety_stock >= 0),
    ADD COLUMN incoming     bigint NOT NULL DEFAULT 0 CONSTRAINT incoming_not_negative CHECK (incoming >= 0);

-- A hold of a cart stands under the cart's id; the order that takes it over names the cart.
ALTER TABLE reservations
    ADD COLUMN held_since bigint NOT NULL DEFAULT 0,
    ADD COLUMN cart_id    text COLLATE "C",
    ADD COLUMN session    text COLLATE "C",
    ADD COLUMN address    text COLLATE "C";
UPDATE reservations SET held_since = created_at;
CREATE INDEX reservations_cart ON reservations (cart_id, status) WHERE cart_id IS NOT NULL;
CREATE INDEX reservations_session ON reservations (session, status) WHERE session IS NOT NULL;
CREATE INDEX reservations_address ON reservations (address, status) WHERE address IS NOT NULL;

-- Levels of which more is held and promised than is there, until enough holds have ended.
CREATE TABLE unmet_levels (
    variant_id  text   COLLATE "C" NOT NULL,
    location_id text   COLLATE "C" NOT NULL,
    created_at  bigint NOT NULL,
    PRIMARY KEY (variant_id, location_id)
);
