-- What the smallest durable change costs is measured with it.
CREATE TABLE marks (
    id     TEXT   NOT NULL PRIMARY KEY,
    number BIGINT NOT NULL
);
