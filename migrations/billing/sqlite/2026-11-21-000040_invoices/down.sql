DROP TABLE invoice_credits;
DROP TABLE documents;
DROP TABLE invoice_series;
