ALTER TABLE sign_in_attempts RENAME COLUMN counted_by TO account_hash;
