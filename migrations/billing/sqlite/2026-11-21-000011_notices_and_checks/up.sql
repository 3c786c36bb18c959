-- What providers told us by themselves: stored as it came before anything follows from it.
CREATE TABLE provider_notices (
    id           TEXT NOT NULL PRIMARY KEY,
    provider     TEXT NOT NULL,
    -- How the provider names it, so that a copy is known as one.
    notice_id    TEXT NOT NULL,
    kind         TEXT NOT NULL,
    body         TEXT NOT NULL,
    status       TEXT NOT NULL CHECK (status IN ('received', 'processed', 'unmatched', 'ignored')),
    attempts     BIGINT NOT NULL DEFAULT 0,
    next_at      BIGINT NOT NULL,
    received_at  BIGINT NOT NULL,
    processed_at BIGINT,
    CONSTRAINT a_provider_says_a_thing_once UNIQUE (provider, notice_id)
) WITHOUT ROWID;
CREATE INDEX provider_notices_due ON provider_notices (next_at) WHERE status = 'received';
CREATE INDEX provider_notices_old ON provider_notices (received_at);

-- Where a provider and our books differ, with the evidence, until it is settled by us or by a person.
CREATE TABLE payment_checks (
    id          TEXT NOT NULL PRIMARY KEY,
    provider    TEXT NOT NULL,
    class       TEXT NOT NULL,
    -- What differs: the provider's name for the money, or our session.
    subject     TEXT NOT NULL,
    session_id  TEXT,
    order_id    TEXT,
    amount      BIGINT NOT NULL,
    currency    TEXT NOT NULL,
    evidence    TEXT NOT NULL,
    status      TEXT NOT NULL CHECK (status IN ('open', 'repaired', 'closed')),
    found_at    BIGINT NOT NULL,
    settled_at  BIGINT,
    settled_by  TEXT,
    settlement  TEXT,
    CONSTRAINT a_difference_is_found_once UNIQUE (provider, class, subject)
) WITHOUT ROWID;
CREATE INDEX payment_checks_open ON payment_checks (status, id);

-- Up to when a provider's books were compared with ours.
CREATE TABLE reconciliations (
    provider   TEXT NOT NULL PRIMARY KEY,
    through    BIGINT NOT NULL,
    run_at     BIGINT NOT NULL,
    compared   BIGINT NOT NULL,
    differing  BIGINT NOT NULL
) WITHOUT ROWID;
