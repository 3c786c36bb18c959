DROP TABLE idempotency;
DROP TABLE inbox_parked;
DROP TABLE inbox;
DROP TABLE inbox_cursor;
DROP TABLE outbox;
