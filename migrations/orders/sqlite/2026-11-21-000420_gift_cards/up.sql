-- What gift cards pay of an order, and refunds that become store credit.

-- Which cards, and how much of each, as JSON: `[{"gift_card_id":"gft_…","last_four":"7K3M","amount":…}]`.
ALTER TABLE orders ADD COLUMN gift_cards TEXT NOT NULL DEFAULT '[]';
-- The same together.
ALTER TABLE orders ADD COLUMN by_gift_cards BIGINT NOT NULL DEFAULT 0
    CONSTRAINT orders_by_gift_cards CHECK (by_gift_cards BETWEEN 0 AND total);
-- What of the total was never paid, of an order that had ended when money came for it.
ALTER TABLE orders ADD COLUMN unpaid BIGINT NOT NULL DEFAULT 0
    CONSTRAINT orders_unpaid CHECK (unpaid BETWEEN 0 AND total);

-- Where the money goes: where it came from, or onto a new gift card, which is named once it is there.
ALTER TABLE order_refunds ADD COLUMN destination TEXT NOT NULL DEFAULT 'payment'
    CONSTRAINT order_refunds_destination CHECK (destination IN ('payment', 'store_credit'));
ALTER TABLE order_refunds ADD COLUMN gift_card_id TEXT;
