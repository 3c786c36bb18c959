-- What a way of delivery costs by worth and weight of the goods, as JSON; how heavy they may be; when it was last offered.
ALTER TABLE shipping_methods ADD COLUMN rates TEXT NOT NULL DEFAULT '[]';
ALTER TABLE shipping_methods ADD COLUMN max_grams BIGINT CHECK (max_grams >= 1);
ALTER TABLE shipping_methods ADD COLUMN ended_at BIGINT;
ALTER TABLE shipping_methods ADD COLUMN version BIGINT NOT NULL DEFAULT 1;
