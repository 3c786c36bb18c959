ALTER TABLE payment_checks DROP COLUMN given_back;
DROP TABLE money_transactions;
DROP FUNCTION money_transactions_only_grow();
DROP TABLE refunds;
