-- Tax rates by country, by how postcodes there begin and by what is taxed, each from a moment on. `tax_rules` is read by the
-- release before, which knows no classes.
CREATE TABLE tax_class_rules (
    country      TEXT NOT NULL,
    -- Capital letters and digits; empty for all of the country.
    region       TEXT NOT NULL,
    class        TEXT NOT NULL CHECK (class NOT IN ('', 'zero', 'exempt')),
    valid_from   BIGINT NOT NULL,
    name         TEXT NOT NULL,
    basis_points BIGINT NOT NULL CHECK (basis_points BETWEEN 0 AND 10000),
    PRIMARY KEY (country, region, class, valid_from)
);
INSERT INTO tax_class_rules (country, region, class, valid_from, name, basis_points)
SELECT country, region, 'standard', valid_from, name, basis_points FROM tax_rules;
