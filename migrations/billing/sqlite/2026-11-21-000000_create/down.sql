DROP TABLE test_provider_sessions;
DROP TABLE tax_rates;
DROP TABLE money_entries;
DROP TABLE payment_events;
DROP TABLE payment_sessions;
DROP TABLE payments;
