DROP TABLE order_refunds;
ALTER TABLE order_lines DROP COLUMN returned;
ALTER TABLE sagas DROP COLUMN write_off;
