-- Rooms, and entries that are no messages. Times are milliseconds since 1970-01-01 00:00 UTC.

CREATE TABLE rooms (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    name       TEXT    NOT NULL,
    folded     TEXT    NOT NULL UNIQUE,
    topic      TEXT,
    -- The numbers of the message crate's Visibility and History.
    visibility INTEGER NOT NULL,
    history    INTEGER NOT NULL,
    members    INTEGER NOT NULL DEFAULT 0,
    is_closed  INTEGER NOT NULL DEFAULT 0
) STRICT;

-- As name_keys: rows outlive the room's name, so that a freed name is not issued again.
CREATE TABLE room_name_keys (
    key  TEXT    PRIMARY KEY,
    room INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- A conversation is of two people or of a room.
CREATE TABLE conversations_2 (
    id          INTEGER PRIMARY KEY,
    low         INTEGER REFERENCES users (id),
    high        INTEGER REFERENCES users (id),
    room        INTEGER UNIQUE REFERENCES rooms (id),
    newest      INTEGER NOT NULL,
    newest_time INTEGER NOT NULL,
    -- How many of the entries are messages.
    messages    INTEGER NOT NULL,
    changed     INTEGER NOT NULL,
    UNIQUE (low, high),
    CHECK (low <= high),
    CHECK ((room IS NULL) = (low IS NOT NULL)),
    CHECK ((room IS NULL) = (high IS NOT NULL))
) STRICT;

INSERT INTO conversations_2
    SELECT id, low, high, NULL, newest, newest_time, newest, changed FROM conversations;
DROP TABLE conversations;
ALTER TABLE conversations_2 RENAME TO conversations;

-- Messages up to the read cursor, and the member's own messages behind it: unread is what is left
-- of the conversation's, so that no append touches a row for each member.
ALTER TABLE members ADD COLUMN read_messages INTEGER NOT NULL DEFAULT 0;
UPDATE members SET read_messages = read;
-- The numbers of the message crate's Standing and Role.
ALTER TABLE members ADD COLUMN standing INTEGER NOT NULL DEFAULT 0;
ALTER TABLE members ADD COLUMN role INTEGER NOT NULL DEFAULT 0;
-- What the member may read: from here, and to there unless that is open.
ALTER TABLE members ADD COLUMN first INTEGER NOT NULL DEFAULT 1;
ALTER TABLE members ADD COLUMN last INTEGER;
ALTER TABLE members ADD COLUMN is_muted INTEGER NOT NULL DEFAULT 0;
ALTER TABLE members ADD COLUMN mute_until INTEGER;
ALTER TABLE members ADD COLUMN changed INTEGER NOT NULL DEFAULT 0;

-- Messages of the log up to this entry, this one included.
ALTER TABLE entries ADD COLUMN messages INTEGER NOT NULL DEFAULT 0;
UPDATE entries SET messages = seq;
ALTER TABLE entries ADD COLUMN is_message INTEGER NOT NULL DEFAULT 1;
-- The entry that an edit, a deletion or a reaction is about.
ALTER TABLE entries ADD COLUMN target INTEGER;
-- What an erased entry was; its content is zeros then. The number of the message crate's Erased.
ALTER TABLE entries ADD COLUMN erased INTEGER;

CREATE INDEX entries_about ON entries (conversation, target) WHERE target IS NOT NULL;
