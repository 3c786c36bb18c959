-- Gift cards and store credit: money that the shop owes to whoever knows a code.

-- The key from which codes are made and by which they are known. It is wrapped by the shop's secret key, so that these
-- tables alone tell no code, and so that the secret key can be changed.
CREATE TABLE gift_card_keys (
    id         text COLLATE "C" NOT NULL PRIMARY KEY,
    wrapped    text NOT NULL,
    updated_at bigint NOT NULL
);

CREATE TABLE gift_cards (
    id         text COLLATE "C" NOT NULL PRIMARY KEY,
    code_hash  text COLLATE "C" NOT NULL CONSTRAINT a_code_is_that_of_one_card UNIQUE,
    last_four  text NOT NULL,
    currency   text NOT NULL,
    issued     bigint NOT NULL CHECK (issued >= 1),
    balance    bigint NOT NULL CONSTRAINT a_balance_is_no_debt CHECK (balance >= 0),
    status     text NOT NULL CHECK (status IN ('open', 'closed')),
    reason     text NOT NULL CHECK (reason IN ('granted', 'refund')),
    note       text NOT NULL,
    email      text,
    -- In the form in which addresses are compared.
    email_key  text,
    expires_at bigint,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL
);
CREATE INDEX gift_cards_last_four ON gift_cards (last_four);
CREATE INDEX gift_cards_email ON gift_cards (email_key) WHERE email_key IS NOT NULL;

-- What went onto a card (issue, restore) and off it (spend, close), each with its transaction in the books.
CREATE TABLE gift_card_movements (
    id           text COLLATE "C" NOT NULL PRIMARY KEY,
    gift_card_id text COLLATE "C" NOT NULL REFERENCES gift_cards (id),
    kind         text NOT NULL CHECK (kind IN ('issue', 'spend', 'restore', 'close')),
    amount       bigint NOT NULL CHECK (amount >= 1),
    order_id     text COLLATE "C",
    refund_id    text COLLATE "C" REFERENCES refunds (id),
    txn_id       text COLLATE "C" NOT NULL UNIQUE REFERENCES money_transactions (id),
    actor        text NOT NULL,
    created_at   bigint NOT NULL,
    CONSTRAINT orders_spend_and_restore CHECK (kind NOT IN ('spend', 'restore') OR order_id IS NOT NULL)
);
CREATE INDEX gift_card_movements_card ON gift_card_movements (gift_card_id, id);
CREATE INDEX gift_card_movements_order ON gift_card_movements (order_id) WHERE order_id IS NOT NULL;
CREATE UNIQUE INDEX a_card_pays_once_for_an_order ON gift_card_movements (gift_card_id, order_id) WHERE kind = 'spend';

CREATE FUNCTION gift_card_movements_only_grow() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'gift card movements only grow';
END
$$;
CREATE TRIGGER gift_card_movements_are_not_changed BEFORE UPDATE OR DELETE OR TRUNCATE ON gift_card_movements
    EXECUTE FUNCTION gift_card_movements_only_grow();

-- What of the amount gift cards pay.
ALTER TABLE payments ADD COLUMN gift_cards bigint NOT NULL DEFAULT 0
    CONSTRAINT gift_cards_pay_a_part CHECK (gift_cards BETWEEN 0 AND COALESCE(amount, 0));

-- What of a refund is money that gift cards had paid, which goes back onto them unless the refund became store credit; and
-- the card that it became.
ALTER TABLE refunds ADD COLUMN gift_cards bigint NOT NULL DEFAULT 0
    CONSTRAINT a_part_is_of_gift_cards CHECK (gift_cards BETWEEN 0 AND amount);
ALTER TABLE refunds ADD COLUMN gift_card_id text COLLATE "C";

-- A card that staff give or close has no order.
ALTER TABLE money_entries ALTER COLUMN order_id DROP NOT NULL;
ALTER TABLE money_entries ALTER COLUMN session_id DROP NOT NULL;
