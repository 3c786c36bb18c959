ALTER TABLE parcels DROP COLUMN weight_grams;
