-- What the shop sells, with everything on the product's own row that a list of products shows.

CREATE TABLE categories (
    slug     TEXT   NOT NULL PRIMARY KEY CHECK (slug <> ''),
    name     TEXT   NOT NULL CHECK (name <> ''),
    position BIGINT NOT NULL
) WITHOUT ROWID;

CREATE TABLE products (
    -- The row of `product_search` that describes it. Declared, since only then VACUUM keeps it.
    number           INTEGER NOT NULL PRIMARY KEY,
    id               TEXT    NOT NULL UNIQUE,
    slug             TEXT    NOT NULL UNIQUE CHECK (slug <> ''),
    title            TEXT    NOT NULL CHECK (title <> ''),
    title_key        TEXT    NOT NULL,
    vendor           TEXT,
    category_slug    TEXT    REFERENCES categories (slug),
    category_name    TEXT,
    status           TEXT    NOT NULL CHECK (status IN ('draft', 'active', 'archived')),
    currency         TEXT    NOT NULL CHECK (length(currency) = 3),
    price_from_minor BIGINT  NOT NULL CHECK (price_from_minor BETWEEN 0 AND 10000000000),
    price_varies     BOOLEAN NOT NULL,
    compare_at_minor BIGINT  CHECK (compare_at_minor BETWEEN 0 AND 10000000000),
    main_media       TEXT,
    version          BIGINT  NOT NULL CHECK (version > 0),
    created_at       BIGINT  NOT NULL,
    updated_at       BIGINT  NOT NULL,
    tags             TEXT    NOT NULL,
    options          TEXT    NOT NULL,
    media            TEXT    NOT NULL,
    description_html TEXT    NOT NULL,
    CHECK ((category_slug IS NULL) = (category_name IS NULL))
);
-- A list is a walk along one of these. Ids sort by time, so by id is by age.
CREATE INDEX products_by_age ON products (status, id);
CREATE INDEX products_by_price ON products (status, price_from_minor, id);
CREATE INDEX products_by_title ON products (status, title_key, id);
CREATE INDEX products_in_category_by_age ON products (category_slug, status, id);
CREATE INDEX products_in_category_by_price ON products (category_slug, status, price_from_minor, id);
CREATE INDEX products_in_category_by_title ON products (category_slug, status, title_key, id);

CREATE TABLE variants (
    id               TEXT   NOT NULL UNIQUE,
    product_id       TEXT   NOT NULL REFERENCES products (id) ON DELETE CASCADE,
    position         BIGINT NOT NULL,
    sku              TEXT   UNIQUE CHECK (sku <> ''),
    option_values    TEXT   NOT NULL,
    price_minor      BIGINT NOT NULL CHECK (price_minor BETWEEN 0 AND 10000000000),
    compare_at_minor BIGINT CHECK (compare_at_minor BETWEEN 0 AND 10000000000),
    barcode          TEXT,
    weight_grams     BIGINT CHECK (weight_grams >= 0),
    PRIMARY KEY (product_id, position)
) WITHOUT ROWID;

-- How many products a list has in all, so that nobody counts them for each page. No category is ''.
CREATE TABLE listing_counts (
    category_slug TEXT   NOT NULL,
    status        TEXT   NOT NULL CHECK (status IN ('draft', 'active', 'archived')),
    product_count BIGINT NOT NULL CHECK (product_count >= 0),
    PRIMARY KEY (category_slug, status)
) WITHOUT ROWID;

-- The words of each product, without its text. They come lower-cased and without accents, with a space between, which
-- is all that this tokenizer needs to know. Only whether a word is there matters, not where.
CREATE VIRTUAL TABLE product_search USING fts5 (
    words, content = '', contentless_delete = 1, tokenize = 'ascii', detail = 'none', prefix = '2 3'
);
