DROP TABLE reconciliations;
DROP TABLE payment_checks;
DROP TABLE provider_notices;
