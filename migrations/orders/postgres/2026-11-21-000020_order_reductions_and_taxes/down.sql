ALTER TABLE order_lines DROP CONSTRAINT order_lines_total;
ALTER TABLE order_lines DROP COLUMN taxes;
ALTER TABLE order_lines DROP COLUMN shares;
ALTER TABLE order_lines DROP COLUMN discounts;
ALTER TABLE order_lines DROP COLUMN order_discount;
ALTER TABLE order_lines DROP COLUMN discount;
ALTER TABLE order_lines ADD CONSTRAINT order_lines_total
    CHECK (unit_price >= 0 AND quantity >= 1 AND line_total = unit_price * quantity);

ALTER TABLE orders DROP CONSTRAINT orders_total;
ALTER TABLE orders DROP CONSTRAINT orders_amounts;
ALTER TABLE orders DROP COLUMN coupons;
ALTER TABLE orders DROP COLUMN shipping_taxes;
ALTER TABLE orders DROP COLUMN shipping_adjustments;
ALTER TABLE orders DROP COLUMN tax_lines;
ALTER TABLE orders DROP COLUMN adjustments;
ALTER TABLE orders DROP COLUMN shipping_discount;
ALTER TABLE orders DROP COLUMN tax_added;
ALTER TABLE orders DROP COLUMN discount;
ALTER TABLE orders ADD CONSTRAINT orders_total CHECK (total = subtotal + shipping_price AND total <= 1000000000000);
ALTER TABLE orders ADD CONSTRAINT orders_amounts
    CHECK (subtotal >= 0 AND shipping_price >= 0 AND tax_contained BETWEEN 0 AND total);
