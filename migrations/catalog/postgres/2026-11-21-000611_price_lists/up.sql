-- Other prices than a variant's own, for a time or for larger quantities.
CREATE TABLE price_lists (
    id         text COLLATE "C" NOT NULL PRIMARY KEY,
    name       text NOT NULL CHECK (name <> ''),
    currency   text NOT NULL CHECK (length(currency) = 3),
    kind       text NOT NULL CHECK (kind IN ('override', 'sale')),
    priority   bigint NOT NULL,
    starts_at  bigint NOT NULL,
    ends_at    bigint CHECK (ends_at >= starts_at),
    -- When its prices next have to be brought into the shop or taken out of it; nothing when there is nothing to come.
    due_at     bigint,
    version    bigint NOT NULL CHECK (version > 0),
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL
);
CREATE INDEX price_lists_due ON price_lists (due_at) WHERE due_at IS NOT NULL;

-- Variants are written anew with each change of their product, so these only name them.
CREATE TABLE list_prices (
    price_list_id text COLLATE "C" NOT NULL REFERENCES price_lists (id),
    variant_id    text COLLATE "C" NOT NULL,
    min_quantity  bigint NOT NULL CHECK (min_quantity BETWEEN 1 AND 9999),
    price_minor   bigint NOT NULL CHECK (price_minor BETWEEN 0 AND 10000000000),
    PRIMARY KEY (price_list_id, variant_id, min_quantity)
);
CREATE INDEX list_prices_of_variant ON list_prices (variant_id);

-- `price_minor` stays what a variant is offered for, so that whoever shows prices asks for nothing more. Its own price is
-- here where a list gives another one, and what larger quantities cost is in JSON.
ALTER TABLE variants ADD COLUMN own_price_minor bigint CHECK (own_price_minor BETWEEN 0 AND 10000000000);
ALTER TABLE variants ADD COLUMN own_compare_at_minor bigint CHECK (own_compare_at_minor BETWEEN 0 AND 10000000000);
ALTER TABLE variants ADD COLUMN tiers text;
