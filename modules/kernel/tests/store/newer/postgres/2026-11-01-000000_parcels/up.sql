CREATE TABLE parcels (
    id    text   NOT NULL PRIMARY KEY,
    moves bigint NOT NULL
);
