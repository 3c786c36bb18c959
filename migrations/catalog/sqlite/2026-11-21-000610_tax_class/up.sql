-- What each variant is taxed as. The rates of a class are billing's to know.
ALTER TABLE variants ADD COLUMN tax_class TEXT NOT NULL DEFAULT 'standard' CHECK (tax_class <> '');
