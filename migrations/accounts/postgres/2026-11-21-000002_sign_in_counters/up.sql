-- Failed sign-ins are counted by account, by address and by known device, each by a hash.
ALTER TABLE sign_in_attempts RENAME COLUMN account_hash TO counted_by;
