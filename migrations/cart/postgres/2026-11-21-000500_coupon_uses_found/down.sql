DROP INDEX coupon_uses_order;
DROP INDEX coupon_uses_cart;
DROP INDEX coupon_uses_claimed;
CREATE INDEX coupon_uses_claimed ON coupon_uses (claimed_at) WHERE status = 'claimed';
