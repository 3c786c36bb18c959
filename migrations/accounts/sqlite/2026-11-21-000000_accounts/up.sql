-- Members of staff, their sessions, the set-up link of a new shop, and what is remembered of failed sign-ins.

CREATE TABLE users (
    id              TEXT   NOT NULL PRIMARY KEY,
    email           TEXT   NOT NULL,
    email_canonical TEXT   NOT NULL,
    name            TEXT   NOT NULL,
    role            TEXT   NOT NULL,
    password_hash   TEXT   NOT NULL,
    created_at      BIGINT NOT NULL,
    CONSTRAINT users_email UNIQUE (email_canonical),
    CONSTRAINT users_role CHECK (role IN ('owner', 'manager', 'packer'))
) WITHOUT ROWID;

CREATE TABLE sessions (
    secret_hash  TEXT   NOT NULL PRIMARY KEY,
    user_id      TEXT   NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at   BIGINT NOT NULL,
    last_seen_at BIGINT NOT NULL,
    expires_at   BIGINT NOT NULL
) WITHOUT ROWID;
CREATE INDEX sessions_user_id ON sessions (user_id);
CREATE INDEX sessions_last_seen_at ON sessions (last_seen_at);

-- At most one link is valid, so there is one row at most.
CREATE TABLE setup_link (
    id          INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    secret_hash TEXT    NOT NULL,
    expires_at  BIGINT  NOT NULL
);

-- By the hash of the address as typed, whether or not somebody has it: both must look the same from outside.
CREATE TABLE sign_in_attempts (
    account_hash  TEXT   NOT NULL PRIMARY KEY,
    failures      BIGINT NOT NULL CHECK (failures >= 1),
    counted_from  BIGINT NOT NULL,
    blocked_until BIGINT NOT NULL,
    last_at       BIGINT NOT NULL
) WITHOUT ROWID;
CREATE INDEX sign_in_attempts_last_at ON sign_in_attempts (last_at);
