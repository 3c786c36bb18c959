-- Invoices and credit notes: numbered without gaps for each legal seller, never changed.

-- How far the numbers of a series have been given out: one by one, each in the transaction that keeps its document.
CREATE TABLE invoice_series (
    seller         text COLLATE "C" NOT NULL,
    series         text COLLATE "C" NOT NULL,
    last_number    bigint NOT NULL CHECK (last_number >= 0),
    last_issued_at bigint NOT NULL,
    PRIMARY KEY (seller, series)
);

CREATE FUNCTION invoice_series_count_by_one() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.last_number BETWEEN OLD.last_number AND OLD.last_number + 1 THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'invoice series count by one';
END
$$;
CREATE TRIGGER invoice_series_neither_skip_nor_repeat BEFORE UPDATE OR DELETE ON invoice_series
    FOR EACH ROW EXECUTE FUNCTION invoice_series_count_by_one();
CREATE TRIGGER invoice_series_are_not_emptied BEFORE TRUNCATE ON invoice_series
    EXECUTE FUNCTION invoice_series_count_by_one();

CREATE TABLE documents (
    id         text COLLATE "C" NOT NULL PRIMARY KEY,
    kind       text COLLATE "C" NOT NULL CHECK (kind IN ('invoice', 'credit_note')),
    seller     text COLLATE "C" NOT NULL,
    series     text COLLATE "C" NOT NULL,
    count      bigint NOT NULL CHECK (count >= 1),
    number     text COLLATE "C" NOT NULL,
    order_id   text COLLATE "C" NOT NULL,
    invoice_id text COLLATE "C" REFERENCES documents (id),
    key        text NOT NULL,
    currency   text NOT NULL,
    net        bigint NOT NULL,
    tax        bigint NOT NULL,
    gross      bigint NOT NULL,
    rounding   bigint NOT NULL,
    paid       bigint NOT NULL,
    due        bigint NOT NULL,
    -- All that the document says, as JSON.
    content    text NOT NULL,
    issued_at  bigint NOT NULL,
    CONSTRAINT documents_are_counted_once UNIQUE (seller, series, count),
    CONSTRAINT documents_have_numbers_of_their_own UNIQUE (seller, number),
    CONSTRAINT a_credit_note_refers_to_an_invoice CHECK ((kind = 'credit_note') = (invoice_id IS NOT NULL)),
    CONSTRAINT documents_add_up CHECK (gross = net + tax AND due = gross + rounding - paid)
);
CREATE INDEX documents_order ON documents (order_id);
CREATE UNIQUE INDEX one_invoice_per_order ON documents (order_id) WHERE kind = 'invoice';

CREATE FUNCTION documents_never_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'documents never change';
END
$$;
CREATE TRIGGER documents_are_not_changed BEFORE UPDATE OR DELETE OR TRUNCATE ON documents
    EXECUTE FUNCTION documents_never_change();

-- What of an invoice its credit notes take back; never more than it came to.
CREATE TABLE invoice_credits (
    invoice_id text COLLATE "C" NOT NULL PRIMARY KEY REFERENCES documents (id),
    total      bigint NOT NULL,
    credited   bigint NOT NULL,
    CONSTRAINT credited_up_to_the_invoice CHECK (credited BETWEEN 0 AND total)
);
