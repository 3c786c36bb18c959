-- Reductions and taxes of an order, each explained. The amounts that add up to the total are columns, which the database
-- checks; what they consist of is JSON, since nothing looks for it.

ALTER TABLE orders DROP CONSTRAINT orders_total;
ALTER TABLE orders DROP CONSTRAINT orders_amounts;
-- Reductions of the whole order together.
ALTER TABLE orders ADD COLUMN discount bigint NOT NULL DEFAULT 0;
-- Taxes on top of prices together.
ALTER TABLE orders ADD COLUMN tax_added bigint NOT NULL DEFAULT 0;
-- Reductions of the delivery together; `shipping_price` is what is left.
ALTER TABLE orders ADD COLUMN shipping_discount bigint NOT NULL DEFAULT 0;
ALTER TABLE orders ADD COLUMN adjustments text NOT NULL DEFAULT '[]';
ALTER TABLE orders ADD COLUMN tax_lines text NOT NULL DEFAULT '[]';
ALTER TABLE orders ADD COLUMN shipping_adjustments text NOT NULL DEFAULT '[]';
ALTER TABLE orders ADD COLUMN shipping_taxes text NOT NULL DEFAULT '[]';
-- The codes among the reductions.
ALTER TABLE orders ADD COLUMN coupons text NOT NULL DEFAULT '[]';
ALTER TABLE orders ADD CONSTRAINT orders_total
    CHECK (total = subtotal - discount + shipping_price + tax_added AND total <= 1000000000000);
ALTER TABLE orders ADD CONSTRAINT orders_amounts CHECK (
    subtotal >= 0 AND discount BETWEEN 0 AND subtotal AND shipping_price >= 0 AND shipping_discount >= 0
    AND tax_added >= 0 AND tax_contained BETWEEN 0 AND total
);

ALTER TABLE order_lines DROP CONSTRAINT order_lines_total;
-- Reductions of this line alone together.
ALTER TABLE order_lines ADD COLUMN discount bigint NOT NULL DEFAULT 0;
-- Its part of the reductions of the whole order.
ALTER TABLE order_lines ADD COLUMN order_discount bigint NOT NULL DEFAULT 0;
ALTER TABLE order_lines ADD COLUMN discounts text NOT NULL DEFAULT '[]';
ALTER TABLE order_lines ADD COLUMN shares text NOT NULL DEFAULT '[]';
ALTER TABLE order_lines ADD COLUMN taxes text NOT NULL DEFAULT '[]';
ALTER TABLE order_lines ADD CONSTRAINT order_lines_total CHECK (
    unit_price >= 0 AND quantity >= 1 AND discount >= 0 AND line_total = unit_price * quantity - discount
    AND order_discount BETWEEN 0 AND line_total
);
