ALTER TABLE products DROP COLUMN lowest_before_minor;
ALTER TABLE variants DROP COLUMN lowest_before_minor;
DROP TABLE price_history;
