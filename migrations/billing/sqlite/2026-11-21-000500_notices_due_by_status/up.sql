-- A prepared statement has the status as a parameter, and so does not use an index of one status.
DROP INDEX provider_notices_due;
CREATE INDEX provider_notices_due ON provider_notices (status, next_at);
