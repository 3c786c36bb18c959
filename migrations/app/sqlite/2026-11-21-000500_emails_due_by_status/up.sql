-- A prepared statement has the status as a parameter, and so does not use an index of one status.
DROP INDEX outgoing_emails_due;
CREATE INDEX outgoing_emails_due ON outgoing_emails (status, next_attempt_at);
