ALTER TABLE order_refunds DROP COLUMN gift_card_id;
ALTER TABLE order_refunds DROP COLUMN destination;
ALTER TABLE orders DROP COLUMN unpaid;
ALTER TABLE orders DROP COLUMN by_gift_cards;
ALTER TABLE orders DROP COLUMN gift_cards;
