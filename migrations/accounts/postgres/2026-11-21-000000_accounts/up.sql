-- Members of staff, their sessions, the set-up link of a new shop, and what is remembered of failed sign-ins.

CREATE TABLE users (
    id              text   PRIMARY KEY,
    email           text   NOT NULL,
    email_canonical text   NOT NULL,
    name            text   NOT NULL,
    role            text   NOT NULL,
    password_hash   text   NOT NULL,
    created_at      bigint NOT NULL,
    CONSTRAINT users_email UNIQUE (email_canonical),
    CONSTRAINT users_role CHECK (role IN ('owner', 'manager', 'packer'))
);

CREATE TABLE sessions (
    secret_hash  text   PRIMARY KEY,
    user_id      text   NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at   bigint NOT NULL,
    last_seen_at bigint NOT NULL,
    expires_at   bigint NOT NULL
);
CREATE INDEX sessions_user_id ON sessions (user_id);
CREATE INDEX sessions_last_seen_at ON sessions (last_seen_at);

-- At most one link is valid, so there is one row at most.
CREATE TABLE setup_link (
    id          int    PRIMARY KEY CHECK (id = 1),
    secret_hash text   NOT NULL,
    expires_at  bigint NOT NULL
);

-- By the hash of the address as typed, whether or not somebody has it: both must look the same from outside.
CREATE TABLE sign_in_attempts (
    account_hash  text   PRIMARY KEY,
    failures      bigint NOT NULL CHECK (failures >= 1),
    counted_from  bigint NOT NULL,
    blocked_until bigint NOT NULL,
    last_at       bigint NOT NULL
);
CREATE INDEX sign_in_attempts_last_at ON sign_in_attempts (last_at);
