DROP TABLE coupon_uses;
ALTER TABLE carts DROP COLUMN codes;
DROP TABLE coupon_codes;
DROP TABLE promotions;
