-- Promotions, the codes that some of them ask for, and who used which.

CREATE TABLE promotions (
    id          TEXT NOT NULL PRIMARY KEY,
    label       TEXT NOT NULL CHECK (label <> ''),
    -- JSON: conditions, action, priority and whether it is combined.
    rule        TEXT NOT NULL,
    -- Whether one of its codes has to be given.
    needs_code  BOOLEAN NOT NULL,
    starts_at   BIGINT NOT NULL,
    ends_at     BIGINT CHECK (ends_at >= starts_at),
    announced   BOOLEAN NOT NULL,
    given_back  BOOLEAN NOT NULL,
    version     BIGINT NOT NULL CHECK (version >= 1),
    created_at  BIGINT NOT NULL,
    updated_at  BIGINT NOT NULL
) WITHOUT ROWID;
-- A cart asks for what applies by itself.
CREATE INDEX promotions_without_code ON promotions (starts_at) WHERE NOT needs_code;

-- `uses` are the uses that are claimed or used, so that the limit is checked by the one statement that counts.
CREATE TABLE coupon_codes (
    code               TEXT NOT NULL PRIMARY KEY CHECK (code <> ''),
    promotion_id       TEXT NOT NULL REFERENCES promotions (id),
    use_limit          BIGINT CHECK (use_limit >= 1),
    limit_per_customer BIGINT CHECK (limit_per_customer >= 1),
    uses               BIGINT NOT NULL DEFAULT 0,
    -- Empty while it may be used.
    ended_at           BIGINT,
    CONSTRAINT coupon_codes_uses CHECK (uses >= 0)
) WITHOUT ROWID;
CREATE INDEX coupon_codes_promotion ON coupon_codes (promotion_id);

-- The codes that a shopper gave, as JSON: in the row of the cart, so that they are always of its version.
ALTER TABLE carts ADD COLUMN codes TEXT NOT NULL DEFAULT '[]';

-- A use is claimed before the order is placed, used once it is, and released when it never comes to be or is canceled.
CREATE TABLE coupon_uses (
    id           TEXT NOT NULL PRIMARY KEY,
    code         TEXT NOT NULL REFERENCES coupon_codes (code),
    cart_id      TEXT NOT NULL,
    cart_version BIGINT NOT NULL,
    -- Canonical e-mail address.
    customer     TEXT NOT NULL,
    order_id     TEXT,
    status       TEXT NOT NULL CHECK (status IN ('claimed', 'used', 'released')),
    claimed_at   BIGINT NOT NULL,
    ended_at     BIGINT,
    CONSTRAINT coupon_uses_order CHECK (status <> 'used' OR order_id IS NOT NULL),
    CONSTRAINT coupon_uses_ended CHECK ((status = 'released') = (ended_at IS NOT NULL))
) WITHOUT ROWID;
CREATE UNIQUE INDEX coupon_uses_live ON coupon_uses (cart_id, code) WHERE status = 'claimed';
CREATE INDEX coupon_uses_customer ON coupon_uses (code, customer);
CREATE INDEX coupon_uses_claimed ON coupon_uses (claimed_at) WHERE status = 'claimed';
