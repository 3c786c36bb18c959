DROP TABLE product_search;
DROP TABLE listing_counts;
DROP TABLE variants;
DROP TABLE products;
DROP TABLE categories;
