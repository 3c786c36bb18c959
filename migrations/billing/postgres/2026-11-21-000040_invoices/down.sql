DROP TABLE invoice_credits;
DROP TABLE documents;
DROP FUNCTION documents_never_change;
DROP TABLE invoice_series;
DROP FUNCTION invoice_series_count_by_one;
