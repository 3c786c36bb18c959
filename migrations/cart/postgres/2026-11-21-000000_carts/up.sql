-- Carts and their lines. A cart belongs to whoever shows its secret, of which only the hash is here.

CREATE TABLE carts (
    id              text   PRIMARY KEY,
    secret_hash     text   NOT NULL,
    version         bigint NOT NULL DEFAULT 0 CHECK (version >= 0),
    email           text,
    address         text,
    shipping_method text,
    created_at      bigint NOT NULL,
    updated_at      bigint NOT NULL,
    completed_at    bigint
);
-- One open cart per secret. Once it was ordered, the same shopper may begin another.
CREATE UNIQUE INDEX carts_open ON carts (secret_hash) WHERE completed_at IS NULL;
CREATE INDEX carts_updated_at ON carts (updated_at);

-- What the catalog said when a line was added is kept, so that the cart can be shown while the catalog is away.
CREATE TABLE cart_lines (
    id          text   PRIMARY KEY,
    cart_id     text   NOT NULL REFERENCES carts (id) ON DELETE CASCADE,
    variant_id  text   NOT NULL,
    quantity    bigint NOT NULL,
    added_price bigint NOT NULL CHECK (added_price >= 0),
    currency    text   NOT NULL,
    slug        text   NOT NULL,
    title       text   NOT NULL,
    options     text   NOT NULL,
    sku         text,
    image       text,
    position    bigint NOT NULL,
    CONSTRAINT cart_lines_quantity CHECK (quantity BETWEEN 1 AND 9999),
    CONSTRAINT cart_lines_variant UNIQUE (cart_id, variant_id)
);
