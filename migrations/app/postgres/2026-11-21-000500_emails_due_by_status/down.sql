DROP INDEX outgoing_emails_due;
CREATE INDEX outgoing_emails_due ON outgoing_emails (next_attempt_at) WHERE status = 'waiting';
