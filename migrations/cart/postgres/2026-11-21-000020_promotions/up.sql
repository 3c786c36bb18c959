-- Promotions, the codes that some of them ask for, and who used which.

CREATE TABLE promotions (
    id          text NOT NULL PRIMARY KEY,
    label       text NOT NULL CHECK (label <> ''),
    -- JSON: conditions, action, priority and whether it is combined.
    rule        text NOT NULL,
    -- Whether one of its codes has to be given.
    needs_code  boolean NOT NULL,
    starts_at   bigint NOT NULL,
    ends_at     bigint CHECK (ends_at >= starts_at),
    announced   boolean NOT NULL,
    given_back  boolean NOT NULL,
    version     bigint NOT NULL CHECK (version >= 1),
    created_at  bigint NOT NULL,
    updated_at  bigint NOT NULL
);
-- A cart asks for what applies by itself.
CREATE INDEX promotions_without_code ON promotions (starts_at) WHERE NOT needs_code;

-- `uses` are the uses that are claimed or used, so that the limit is checked by the one statement that counts.
CREATE TABLE coupon_codes (
    code               text NOT NULL PRIMARY KEY CHECK (code <> ''),
    promotion_id       text NOT NULL REFERENCES promotions (id),
    use_limit          bigint CHECK (use_limit >= 1),
    limit_per_customer bigint CHECK (limit_per_customer >= 1),
    uses               bigint NOT NULL DEFAULT 0,
    -- Empty while it may be used.
    ended_at           bigint,
    CONSTRAINT coupon_codes_uses CHECK (uses >= 0)
);
CREATE INDEX coupon_codes_promotion ON coupon_codes (promotion_id);

-- The codes that a shopper gave, as JSON: in the row of the cart, so that they are always of its version.
ALTER TABLE carts ADD COLUMN codes text NOT NULL DEFAULT '[]';

-- A use is claimed before the order is placed, used once it is, and released when it never comes to be or is canceled.
CREATE TABLE coupon_uses (
    id           text NOT NULL PRIMARY KEY,
    code         text NOT NULL REFERENCES coupon_codes (code),
    cart_id      text NOT NULL,
    cart_version bigint NOT NULL,
    -- Canonical e-mail address.
    customer     text NOT NULL,
    order_id     text,
    status       text NOT NULL CHECK (status IN ('claimed', 'used', 'released')),
    claimed_at   bigint NOT NULL,
    ended_at     bigint,
    CONSTRAINT coupon_uses_order CHECK (status <> 'used' OR order_id IS NOT NULL),
    CONSTRAINT coupon_uses_ended CHECK ((status = 'released') = (ended_at IS NOT NULL))
);
CREATE UNIQUE INDEX coupon_uses_live ON coupon_uses (cart_id, code) WHERE status = 'claimed';
CREATE INDEX coupon_uses_customer ON coupon_uses (code, customer);
CREATE INDEX coupon_uses_claimed ON coupon_uses (claimed_at) WHERE status = 'claimed';
