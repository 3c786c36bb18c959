-- Carts and their lines. A cart belongs to whoever shows its secret, of which only the hash is here.

CREATE TABLE carts (
    id              TEXT   NOT NULL PRIMARY KEY,
    secret_hash     TEXT   NOT NULL,
    version         BIGINT NOT NULL DEFAULT 0 CHECK (version >= 0),
    email           TEXT,
    address         TEXT,
    shipping_method TEXT,
    created_at      BIGINT NOT NULL,
    updated_at      BIGINT NOT NULL,
    completed_at    BIGINT
) WITHOUT ROWID;
-- One open cart per secret. Once it was ordered, the same shopper may begin another.
CREATE UNIQUE INDEX carts_open ON carts (secret_hash) WHERE completed_at IS NULL;
CREATE INDEX carts_updated_at ON carts (updated_at);

-- What the catalog said when a line was added is kept, so that the cart can be shown while the catalog is away.
CREATE TABLE cart_lines (
    id          TEXT   NOT NULL PRIMARY KEY,
    cart_id     TEXT   NOT NULL REFERENCES carts (id) ON DELETE CASCADE,
    variant_id  TEXT   NOT NULL,
    quantity    BIGINT NOT NULL,
    added_price BIGINT NOT NULL CHECK (added_price >= 0),
    currency    TEXT   NOT NULL,
    slug        TEXT   NOT NULL,
    title       TEXT   NOT NULL,
    options     TEXT   NOT NULL,
    sku         TEXT,
    image       TEXT,
    position    BIGINT NOT NULL,
    CONSTRAINT cart_lines_quantity CHECK (quantity BETWEEN 1 AND 9999),
    CONSTRAINT cart_lines_variant UNIQUE (cart_id, variant_id)
) WITHOUT ROWID;
