DROP TABLE import_jobs;
DROP TABLE outgoing_emails;
