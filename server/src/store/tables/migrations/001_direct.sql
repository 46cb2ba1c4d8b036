-- Users, their devices and invites; direct conversations and their logs.
-- Times are milliseconds since 1970-01-01 00:00 UTC.

-- 'RCDO': tells this file apart from the SQLite files of other programs.
PRAGMA application_id = 0x5243444F;

CREATE TABLE meta (
    id    INTEGER PRIMARY KEY CHECK (id = 1),
    log   BLOB    NOT NULL CHECK (length(log) = 16),
    -- Never below the largest conversations.changed.
    stamp INTEGER NOT NULL
) STRICT;

CREATE TABLE users (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    name    TEXT    NOT NULL,
    folded  TEXT    NOT NULL UNIQUE,
    created INTEGER NOT NULL
) STRICT;

-- Every form under which a name was ever taken. Rows outlive their user, so that a freed name is
-- not issued again: hence no reference.
CREATE TABLE name_keys (
    key  TEXT    PRIMARY KEY,
    user INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE devices (
    key   BLOB    PRIMARY KEY CHECK (length(key) = 32),
    user  INTEGER NOT NULL REFERENCES users (id),
    added INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX devices_of_user ON devices (user);

-- Only the SHA-256 digest of a token is kept: who reads this file cannot use an invite.
CREATE TABLE invites (
    token_hash BLOB    PRIMARY KEY CHECK (length(token_hash) = 32),
    uses_left  INTEGER NOT NULL CHECK (uses_left >= 0),
    expires    INTEGER,
    for_name   TEXT,
    created    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE conversations (
    id          INTEGER PRIMARY KEY,
    low         INTEGER NOT NULL REFERENCES users (id),
    high        INTEGER NOT NULL REFERENCES users (id),
    newest      INTEGER NOT NULL,
    newest_time INTEGER NOT NULL,
    changed     INTEGER NOT NULL,
    UNIQUE (low, high),
    CHECK (low <= high)
) STRICT;

CREATE TABLE members (
    conversation   INTEGER NOT NULL REFERENCES conversations (id),
    user           INTEGER NOT NULL REFERENCES users (id),
    delivered      INTEGER NOT NULL DEFAULT 0,
    read           INTEGER NOT NULL DEFAULT 0,
    -- The member's own entries behind the read cursor, so that unread needs no counting.
    own_after_read INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (conversation, user),
    CHECK (read <= delivered)
) STRICT, WITHOUT ROWID;

CREATE INDEX conversations_of_user ON members (user, conversation);

CREATE TABLE entries (
    id           INTEGER PRIMARY KEY,
    conversation INTEGER NOT NULL REFERENCES conversations (id),
    seq          INTEGER NOT NULL,
    author       INTEGER NOT NULL REFERENCES users (id),
    message_id   BLOB    NOT NULL CHECK (length(message_id) = 16),
    time         INTEGER NOT NULL,
    content      BLOB    NOT NULL,
    UNIQUE (conversation, seq),
    UNIQUE (author, message_id)
) STRICT;
