-- Numbers that are unsigned on the wire are stored as the signed integers with the same bits.
-- A conversation is the postcard form of its ConversationId.

CREATE TABLE me (
    one         INTEGER PRIMARY KEY CHECK (one = 1),
    user        INTEGER NOT NULL,
    name        TEXT    NOT NULL,
    log         BLOB    NOT NULL
);

-- What to name in the next Hello; no row before the first complete set of heads.
CREATE TABLE since (
    one         INTEGER PRIMARY KEY CHECK (one = 1),
    log         BLOB    NOT NULL,
    stamp       INTEGER NOT NULL
);

CREATE TABLE people (
    user        INTEGER PRIMARY KEY,
    name        TEXT    NOT NULL
);

CREATE TABLE conversations (
    conversation BLOB   PRIMARY KEY,
    newest      INTEGER NOT NULL,
    newest_time INTEGER NOT NULL,
    unread      INTEGER NOT NULL,
    held        BLOB    NOT NULL
) WITHOUT ROWID;

CREATE TABLE cursors (
    conversation BLOB   NOT NULL,
    user        INTEGER NOT NULL,
    delivered   INTEGER NOT NULL,
    read        INTEGER NOT NULL,
    PRIMARY KEY (conversation, user)
) WITHOUT ROWID;

CREATE TABLE entries (
    conversation BLOB   NOT NULL,
    seq         INTEGER NOT NULL,
    author      INTEGER NOT NULL,
    id          BLOB    NOT NULL,
    time        INTEGER NOT NULL,
    content     BLOB    NOT NULL,
    PRIMARY KEY (conversation, seq)
) WITHOUT ROWID;

-- In the order of typing, which is the order of `position`.
CREATE TABLE outbox (
    position    INTEGER PRIMARY KEY AUTOINCREMENT,
    id          BLOB    NOT NULL UNIQUE,
    conversation BLOB   NOT NULL,
    body        TEXT    NOT NULL,
    typed       INTEGER NOT NULL,
    failed      TEXT
);

CREATE TABLE drafts (
    conversation BLOB   PRIMARY KEY,
    text        TEXT    NOT NULL
) WITHOUT ROWID;

CREATE TABLE places (
    conversation BLOB   PRIMARY KEY,
    place       BLOB    NOT NULL
) WITHOUT ROWID;

CREATE TABLE open (
    one         INTEGER PRIMARY KEY CHECK (one = 1),
    conversation BLOB   NOT NULL
);
