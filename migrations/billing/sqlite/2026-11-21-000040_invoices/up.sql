-- Invoices and credit notes: numbered without gaps for each legal seller, never changed.

-- How far the numbers of a series have been given out: one by one, each in the transaction that keeps its document.
CREATE TABLE invoice_series (
    seller         TEXT NOT NULL,
    series         TEXT NOT NULL,
    last_number    BIGINT NOT NULL CHECK (last_number >= 0),
    last_issued_at BIGINT NOT NULL,
    PRIMARY KEY (seller, series)
) WITHOUT ROWID;

CREATE TRIGGER invoice_series_neither_skip_nor_repeat BEFORE UPDATE ON invoice_series
    WHEN NEW.last_number NOT BETWEEN OLD.last_number AND OLD.last_number + 1
BEGIN
    SELECT RAISE(ABORT, 'invoice series count by one');
END;
CREATE TRIGGER invoice_series_are_not_deleted BEFORE DELETE ON invoice_series
BEGIN
    SELECT RAISE(ABORT, 'invoice series count by one');
END;

CREATE TABLE documents (
    id         TEXT NOT NULL PRIMARY KEY,
    kind       TEXT NOT NULL CHECK (kind IN ('invoice', 'credit_note')),
    seller     TEXT NOT NULL,
    series     TEXT NOT NULL,
    count      BIGINT NOT NULL CHECK (count >= 1),
    number     TEXT NOT NULL,
    order_id   TEXT NOT NULL,
    invoice_id TEXT REFERENCES documents (id),
    key        TEXT NOT NULL,
    currency   TEXT NOT NULL,
    net        BIGINT NOT NULL,
    tax        BIGINT NOT NULL,
    gross      BIGINT NOT NULL,
    rounding   BIGINT NOT NULL,
    paid       BIGINT NOT NULL,
    due        BIGINT NOT NULL,
    -- All that the document says, as JSON.
    content    TEXT NOT NULL,
    issued_at  BIGINT NOT NULL,
    CONSTRAINT documents_are_counted_once UNIQUE (seller, series, count),
    CONSTRAINT documents_have_numbers_of_their_own UNIQUE (seller, number),
    CONSTRAINT a_credit_note_refers_to_an_invoice CHECK ((kind = 'credit_note') = (invoice_id IS NOT NULL)),
    CONSTRAINT documents_add_up CHECK (gross = net + tax AND due = gross + rounding - paid)
) WITHOUT ROWID;
CREATE INDEX documents_order ON documents (order_id);
CREATE UNIQUE INDEX one_invoice_per_order ON documents (order_id) WHERE kind = 'invoice';

CREATE TRIGGER documents_are_not_changed BEFORE UPDATE ON documents
BEGIN
    SELECT RAISE(ABORT, 'documents never change');
END;
CREATE TRIGGER documents_are_not_deleted BEFORE DELETE ON documents
BEGIN
    SELECT RAISE(ABORT, 'documents never change');
END;

-- What of an invoice its credit notes take back; never more than it came to.
CREATE TABLE invoice_credits (
    invoice_id TEXT NOT NULL PRIMARY KEY REFERENCES documents (id),
    total      BIGINT NOT NULL,
    credited   BIGINT NOT NULL,
    CONSTRAINT credited_up_to_the_invoice CHECK (credited BETWEEN 0 AND total)
) WITHOUT ROWID;
