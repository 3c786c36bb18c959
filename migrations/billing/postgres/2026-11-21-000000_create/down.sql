DROP TABLE test_provider_sessions;
DROP TABLE tax_rates;
DROP TABLE money_entries;
DROP FUNCTION money_entries_only_grow();
DROP TABLE payment_events;
DROP FUNCTION payment_events_only_grow();
DROP TABLE payment_sessions;
DROP TABLE payments;
