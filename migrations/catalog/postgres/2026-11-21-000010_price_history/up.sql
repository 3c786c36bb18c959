-- What each variant was offered for, from a moment on; nothing while it was not offered. Kept when a product is changed,
-- which writes its variants anew.
CREATE TABLE price_history (
    variant_id  text COLLATE "C" NOT NULL,
    from_at     bigint NOT NULL,
    currency    text NOT NULL,
    price_minor bigint CHECK (price_minor BETWEEN 0 AND 10000000000),
    PRIMARY KEY (variant_id, from_at)
);
INSERT INTO price_history (variant_id, from_at, currency, price_minor)
SELECT variants.id, products.updated_at, products.currency, variants.price_minor
FROM variants JOIN products ON products.id = variants.product_id WHERE products.status = 'active';

-- The lowest price of the 30 days before the present one, which a reduction has to be compared with.
ALTER TABLE variants ADD COLUMN lowest_before_minor bigint;
ALTER TABLE products ADD COLUMN lowest_before_minor bigint;
