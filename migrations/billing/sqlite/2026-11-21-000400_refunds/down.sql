ALTER TABLE payment_checks DROP COLUMN given_back;
DROP TABLE money_transactions;
DROP TABLE refunds;
