DROP TABLE sign_in_attempts;
DROP TABLE setup_link;
DROP TABLE sessions;
DROP TABLE users;
