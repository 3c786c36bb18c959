ALTER TABLE variants DROP COLUMN tax_class;
