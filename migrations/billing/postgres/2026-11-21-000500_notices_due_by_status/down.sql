DROP INDEX provider_notices_due;
CREATE INDEX provider_notices_due ON provider_notices (next_at) WHERE status = 'received';
