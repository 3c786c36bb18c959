-- What providers told us by themselves: stored as it came before anything follows from it.
CREATE TABLE provider_notices (
    id           text COLLATE "C" NOT NULL PRIMARY KEY,
    provider     text NOT NULL,
    -- How the provider names it, so that a copy is known as one.
    notice_id    text COLLATE "C" NOT NULL,
    kind         text NOT NULL,
    body         text NOT NULL,
    status       text NOT NULL CHECK (status IN ('received', 'processed', 'unmatched', 'ignored')),
    attempts     bigint NOT NULL DEFAULT 0,
    next_at      bigint NOT NULL,
    received_at  bigint NOT NULL,
    processed_at bigint,
    CONSTRAINT a_provider_says_a_thing_once UNIQUE (provider, notice_id)
);
CREATE INDEX provider_notices_due ON provider_notices (next_at) WHERE status = 'received';
CREATE INDEX provider_notices_old ON provider_notices (received_at);

-- Where a provider and our books differ, with the evidence, until it is settled by us or by a person.
CREATE TABLE payment_checks (
    id          text COLLATE "C" NOT NULL PRIMARY KEY,
    provider    text NOT NULL,
    class       text NOT NULL,
    -- What differs: the provider's name for the money, or our session.
    subject     text COLLATE "C" NOT NULL,
    session_id  text COLLATE "C",
    order_id    text COLLATE "C",
    amount      bigint NOT NULL,
    currency    text NOT NULL,
    evidence    text NOT NULL,
    status      text NOT NULL CHECK (status IN ('open', 'repaired', 'closed')),
    found_at    bigint NOT NULL,
    settled_at  bigint,
    settled_by  text,
    settlement  text,
    CONSTRAINT a_difference_is_found_once UNIQUE (provider, class, subject)
);
CREATE INDEX payment_checks_open ON payment_checks (status, id);

-- Up to when a provider's books were compared with ours.
CREATE TABLE reconciliations (
    provider   text COLLATE "C" NOT NULL PRIMARY KEY,
    through    bigint NOT NULL,
    run_at     bigint NOT NULL,
    compared   bigint NOT NULL,
    differing  bigint NOT NULL
);
