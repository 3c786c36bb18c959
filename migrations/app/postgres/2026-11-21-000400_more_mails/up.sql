-- Which kinds of mail there are is the program's to know: their templates have these names.
ALTER TABLE outgoing_emails DROP CONSTRAINT outgoing_emails_kind_check;
