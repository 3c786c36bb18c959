-- How often something was tried, counted for all processes together. Of subjects only a keyed hash is kept.
CREATE TABLE counters (
    name TEXT NOT NULL,
    subject TEXT NOT NULL,
    count BIGINT NOT NULL CHECK (count >= 0),
    counted_from BIGINT NOT NULL,
    PRIMARY KEY (name, subject)
);
CREATE INDEX counters_oldest ON counters (counted_from);
