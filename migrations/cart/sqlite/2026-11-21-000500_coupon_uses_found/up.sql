-- A prepared statement has the status as a parameter, and so does not use an index of one status.
DROP INDEX coupon_uses_claimed;
CREATE INDEX coupon_uses_claimed ON coupon_uses (status, claimed_at);

-- Of a code that everybody uses there are many uses, of a cart and of an order a few.
CREATE INDEX coupon_uses_cart ON coupon_uses (cart_id);
CREATE INDEX coupon_uses_order ON coupon_uses (order_id) WHERE order_id IS NOT NULL;
