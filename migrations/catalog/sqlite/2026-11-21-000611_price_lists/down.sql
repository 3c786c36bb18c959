-- What lists gave is given back first.
UPDATE variants SET price_minor = own_price_minor, compare_at_minor = own_compare_at_minor WHERE own_price_minor IS NOT NULL;
UPDATE products SET price_from_minor = (SELECT MIN(price_minor) FROM variants WHERE variants.product_id = products.id);
ALTER TABLE variants DROP COLUMN tiers;
ALTER TABLE variants DROP COLUMN own_compare_at_minor;
ALTER TABLE variants DROP COLUMN own_price_minor;
DROP TABLE list_prices;
DROP TABLE price_lists;
