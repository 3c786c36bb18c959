ALTER TABLE money_entries ALTER COLUMN session_id SET NOT NULL;
ALTER TABLE money_entries ALTER COLUMN order_id SET NOT NULL;
ALTER TABLE refunds DROP COLUMN gift_card_id;
ALTER TABLE refunds DROP COLUMN gift_cards;
ALTER TABLE payments DROP COLUMN gift_cards;
DROP TABLE gift_card_movements;
DROP FUNCTION gift_card_movements_only_grow();
DROP TABLE gift_cards;
DROP TABLE gift_card_keys;
