DROP TABLE test_provider_refunds;
DROP INDEX test_provider_sessions_created;
ALTER TABLE test_provider_sessions
    DROP COLUMN captures_later, DROP COLUMN captured, DROP COLUMN disputed,
    ADD CONSTRAINT test_provider_sessions_decision_check CHECK (
        decision IN ('succeed', 'decline', 'authenticate', 'fail_authentication', 'cancel', 'time_out')
    );
DROP TABLE captures;
-- Kinds of events that the older program does not know are gone with it.
ALTER TABLE payment_events DISABLE TRIGGER payment_events_are_not_changed;
DELETE FROM payment_events WHERE kind NOT IN (
    'started', 'requires_action', 'captured', 'recorded', 'failed', 'canceled', 'expired', 'review', 'voided'
);
ALTER TABLE payment_events ENABLE TRIGGER payment_events_are_not_changed;
ALTER TABLE payment_events ADD CONSTRAINT payment_events_kind_check CHECK (kind IN (
    'started', 'requires_action', 'captured', 'recorded', 'failed', 'canceled', 'expired', 'review', 'voided'
));
DROP INDEX payment_sessions_charge;
DROP INDEX payment_sessions_look;
ALTER TABLE payment_sessions
    DROP COLUMN look_at, DROP COLUMN looks, DROP COLUMN charge_reference, DROP COLUMN captured,
    DROP COLUMN captures_later, DROP COLUMN return_path, DROP COLUMN currency, DROP COLUMN amount,
    DROP COLUMN order_number;
ALTER TABLE payments
    DROP CONSTRAINT no_more_back_than_came, DROP CONSTRAINT captured_as_the_status_says,
    DROP CONSTRAINT captured_is_no_debt, DROP CONSTRAINT payments_status_check,
    DROP COLUMN refunded, DROP COLUMN authorized;
UPDATE payments SET
    status = CASE WHEN status IN ('captured', 'voided', 'review') THEN status
        WHEN captured > 0 THEN 'review' WHEN status = 'failed' THEN 'voided' ELSE 'pending' END,
    captured = CASE WHEN status = 'captured' THEN amount ELSE 0 END;
ALTER TABLE payments
    ADD CONSTRAINT payments_status_check CHECK (status IN ('pending', 'captured', 'voided', 'review')),
    ADD CONSTRAINT captured_in_full_or_not_at_all CHECK (
        CASE WHEN status = 'captured' THEN captured = amount AND paid_at IS NOT NULL ELSE captured = 0 END
    );
