-- Tax rates by country and by how postcodes there begin, each from a moment on. `tax_rates` is read by the release before.
CREATE TABLE tax_rules (
    country      text COLLATE "C" NOT NULL,
    -- Capital letters and digits; empty for all of the country.
    region       text COLLATE "C" NOT NULL,
    valid_from   bigint NOT NULL,
    name         text NOT NULL,
    basis_points bigint NOT NULL CHECK (basis_points BETWEEN 0 AND 10000),
    PRIMARY KEY (country, region, valid_from)
);
INSERT INTO tax_rules (country, region, valid_from, name, basis_points)
SELECT country, '', valid_from, name, basis_points FROM tax_rates;
