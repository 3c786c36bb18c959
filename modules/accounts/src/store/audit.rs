//! What holds for members of staff and their sessions at any instant.

use kernel::db::Invariant;

/// All that this module can tell from its own data.
pub(crate) const INVARIANTS: &[Invariant] = &[
    Invariant {
        id: "I-A3",
        message: "the secret of a session is kept in clear",
        sql: "SELECT user_id || ' since ' || created_at AS found FROM sessions WHERE LENGTH(secret_hash) <> 64",
    },
    Invariant {
        id: "I-A3",
        message: "a password is not hashed as it should be",
        sql: "SELECT id AS found FROM users WHERE password_hash NOT LIKE '$argon2id$%'",
    },
    Invariant {
        id: "I-A4",
        message: "there are members of staff, and none of them is an owner",
        sql: "SELECT COUNT(*) || ' members' AS found FROM users \
              HAVING COUNT(*) > 0 AND SUM(CASE WHEN role = 'owner' THEN 1 ELSE 0 END) = 0",
    },
];
