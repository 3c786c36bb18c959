PRAGMA writable_schema = ON;
UPDATE sqlite_schema
    SET sql = replace(replace(sql, 'order_id   TEXT', 'order_id   TEXT NOT NULL'), 'session_id TEXT', 'session_id TEXT NOT NULL')
    WHERE name = 'money_entries';
PRAGMA writable_schema = RESET;
ALTER TABLE refunds DROP COLUMN gift_card_id;
ALTER TABLE refunds DROP COLUMN gift_cards;
ALTER TABLE payments DROP COLUMN gift_cards;
DROP TABLE gift_card_movements;
DROP TABLE gift_cards;
DROP TABLE gift_card_keys;
