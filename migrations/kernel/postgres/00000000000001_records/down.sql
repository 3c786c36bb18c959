DROP TABLE idempotency;
DROP TABLE inbox_parked;
DROP TABLE inbox;
DROP TABLE inbox_cursor;
DROP FUNCTION outbox_horizon;
DROP FUNCTION outbox_txid;
DROP TABLE outbox;
