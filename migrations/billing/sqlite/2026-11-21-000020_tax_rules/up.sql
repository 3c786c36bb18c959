-- Tax rates by country and by how postcodes there begin, each from a moment on. `tax_rates` is read by the release before.
CREATE TABLE tax_rules (
    country      TEXT NOT NULL,
    -- Capital letters and digits; empty for all of the country.
    region       TEXT NOT NULL,
    valid_from   BIGINT NOT NULL,
    name         TEXT NOT NULL,
    basis_points BIGINT NOT NULL CHECK (basis_points BETWEEN 0 AND 10000),
    PRIMARY KEY (country, region, valid_from)
);
INSERT INTO tax_rules (country, region, valid_from, name, basis_points)
SELECT country, '', valid_from, name, basis_points FROM tax_rates;
