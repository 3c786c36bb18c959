-- Gift cards and store credit: money that the shop owes to whoever knows a code.

-- The key from which codes are made and by which they are known. It is wrapped by the shop's secret key, so that this file
-- alone tells no code, and so that the secret key can be changed.
CREATE TABLE gift_card_keys (
    id         TEXT NOT NULL PRIMARY KEY,
    wrapped    TEXT NOT NULL,
    updated_at BIGINT NOT NULL
) WITHOUT ROWID;

CREATE TABLE gift_cards (
    id         TEXT NOT NULL PRIMARY KEY,
    code_hash  TEXT NOT NULL CONSTRAINT a_code_is_that_of_one_card UNIQUE,
    last_four  TEXT NOT NULL,
    currency   TEXT NOT NULL,
    issued     BIGINT NOT NULL CHECK (issued >= 1),
    balance    BIGINT NOT NULL CONSTRAINT a_balance_is_no_debt CHECK (balance >= 0),
    status     TEXT NOT NULL CHECK (status IN ('open', 'closed')),
    reason     TEXT NOT NULL CHECK (reason IN ('granted', 'refund')),
    note       TEXT NOT NULL,
    email      TEXT,
    -- In the form in which addresses are compared.
    email_key  TEXT,
    expires_at BIGINT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
) WITHOUT ROWID;
CREATE INDEX gift_cards_last_four ON gift_cards (last_four);
CREATE INDEX gift_cards_email ON gift_cards (email_key) WHERE email_key IS NOT NULL;

-- What went onto a card (issue, restore) and off it (spend, close), each with its transaction in the books.
CREATE TABLE gift_card_movements (
    id           TEXT NOT NULL PRIMARY KEY,
    gift_card_id TEXT NOT NULL REFERENCES gift_cards (id),
    kind         TEXT NOT NULL CHECK (kind IN ('issue', 'spend', 'restore', 'close')),
    amount       BIGINT NOT NULL CHECK (amount >= 1),
    order_id     TEXT,
    refund_id    TEXT REFERENCES refunds (id),
    txn_id       TEXT NOT NULL UNIQUE REFERENCES money_transactions (id),
    actor        TEXT NOT NULL,
    created_at   BIGINT NOT NULL,
    CONSTRAINT orders_spend_and_restore CHECK (kind NOT IN ('spend', 'restore') OR order_id IS NOT NULL)
) WITHOUT ROWID;
CREATE INDEX gift_card_movements_card ON gift_card_movements (gift_card_id, id);
CREATE INDEX gift_card_movements_order ON gift_card_movements (order_id) WHERE order_id IS NOT NULL;
CREATE UNIQUE INDEX a_card_pays_once_for_an_order ON gift_card_movements (gift_card_id, order_id) WHERE kind = 'spend';

CREATE TRIGGER gift_card_movements_are_not_changed BEFORE UPDATE ON gift_card_movements
BEGIN
    SELECT RAISE(ABORT, 'gift card movements only grow');
END;
CREATE TRIGGER gift_card_movements_are_not_deleted BEFORE DELETE ON gift_card_movements
BEGIN
    SELECT RAISE(ABORT, 'gift card movements only grow');
END;

-- What of the amount gift cards pay.
ALTER TABLE payments ADD COLUMN gift_cards BIGINT NOT NULL DEFAULT 0
    CONSTRAINT gift_cards_pay_a_part CHECK (gift_cards BETWEEN 0 AND COALESCE(amount, 0));

-- What of a refund is money that gift cards had paid, which goes back onto them unless the refund became store credit; and
-- the card that it became.
ALTER TABLE refunds ADD COLUMN gift_cards BIGINT NOT NULL DEFAULT 0
    CONSTRAINT a_part_is_of_gift_cards CHECK (gift_cards BETWEEN 0 AND amount);
ALTER TABLE refunds ADD COLUMN gift_card_id TEXT;

-- A card that staff give or close has no order. The tables stay as they are on the disk; only what they accept grows.
PRAGMA writable_schema = ON;
UPDATE sqlite_schema
    SET sql = replace(replace(sql, 'order_id   TEXT NOT NULL', 'order_id   TEXT'), 'session_id TEXT NOT NULL', 'session_id TEXT')
    WHERE name = 'money_entries';
PRAGMA writable_schema = RESET;
