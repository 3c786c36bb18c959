-- What a way of delivery costs by worth and weight of the goods, as JSON; how heavy they may be; when it was last offered.
ALTER TABLE shipping_methods ADD COLUMN rates text NOT NULL DEFAULT '[]';
ALTER TABLE shipping_methods ADD COLUMN max_grams bigint CHECK (max_grams >= 1);
ALTER TABLE shipping_methods ADD COLUMN ended_at bigint;
ALTER TABLE shipping_methods ADD COLUMN version bigint NOT NULL DEFAULT 1;
