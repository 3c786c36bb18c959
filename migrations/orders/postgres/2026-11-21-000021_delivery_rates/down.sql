ALTER TABLE shipping_methods DROP COLUMN version;
ALTER TABLE shipping_methods DROP COLUMN ended_at;
ALTER TABLE shipping_methods DROP COLUMN max_grams;
ALTER TABLE shipping_methods DROP COLUMN rates;
