-- What the shop sells, with everything on the product's own row that a list of products shows.
-- What is sorted or looked up compares by bytes, so that both databases agree.

CREATE TABLE categories (
    slug     text COLLATE "C" PRIMARY KEY CHECK (slug <> ''),
    name     text   NOT NULL CHECK (name <> ''),
    position bigint NOT NULL
);

CREATE TABLE products (
    id               text COLLATE "C" PRIMARY KEY,
    slug             text COLLATE "C" NOT NULL UNIQUE CHECK (slug <> ''),
    title            text    NOT NULL CHECK (title <> ''),
    title_key        text COLLATE "C" NOT NULL,
    vendor           text,
    category_slug    text COLLATE "C" REFERENCES categories (slug),
    category_name    text,
    status           text COLLATE "C" NOT NULL CHECK (status IN ('draft', 'active', 'archived')),
    currency         text    NOT NULL CHECK (length(currency) = 3),
    price_from_minor bigint  NOT NULL CHECK (price_from_minor BETWEEN 0 AND 10000000000),
    price_varies     boolean NOT NULL,
    compare_at_minor bigint  CHECK (compare_at_minor BETWEEN 0 AND 10000000000),
    main_media       text,
    version          bigint  NOT NULL CHECK (version > 0),
    created_at       bigint  NOT NULL,
    updated_at       bigint  NOT NULL,
    tags             text    NOT NULL,
    options          text    NOT NULL,
    media            text    NOT NULL,
    description_html text    NOT NULL,
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
    id               text COLLATE "C" NOT NULL UNIQUE,
    product_id       text COLLATE "C" NOT NULL REFERENCES products (id) ON DELETE CASCADE,
    position         bigint NOT NULL,
    sku              text COLLATE "C" UNIQUE CHECK (sku <> ''),
    option_values    text   NOT NULL,
    price_minor      bigint NOT NULL CHECK (price_minor BETWEEN 0 AND 10000000000),
    compare_at_minor bigint CHECK (compare_at_minor BETWEEN 0 AND 10000000000),
    barcode          text,
    weight_grams     bigint CHECK (weight_grams >= 0),
    PRIMARY KEY (product_id, position)
);

-- How many products a list has in all, so that nobody counts them for each page. No category is ''.
CREATE TABLE listing_counts (
    category_slug text COLLATE "C" NOT NULL,
    status        text COLLATE "C" NOT NULL CHECK (status IN ('draft', 'active', 'archived')),
    product_count bigint NOT NULL CHECK (product_count >= 0),
    PRIMARY KEY (category_slug, status)
);

-- The words of each product, lower-cased and without accents, and what searches filter and sort by: the rows of products
-- are long, and a search looks at many.
CREATE TABLE product_search (
    product_id       text COLLATE "C" PRIMARY KEY REFERENCES products (id) ON DELETE CASCADE,
    status           text COLLATE "C" NOT NULL,
    category_slug    text COLLATE "C",
    price_from_minor bigint NOT NULL,
    title_key        text COLLATE "C" NOT NULL,
    document         tsvector NOT NULL
);
-- Without fastupdate, which would leave new words in a list that every search reads through.
CREATE INDEX product_search_document ON product_search USING gin (document) WITH (fastupdate = off);
