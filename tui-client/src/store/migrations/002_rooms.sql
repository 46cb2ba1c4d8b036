-- Everything that people do with messages waits in the outbox, not only messages. The first schema
-- was never released with an outbox to keep.
DROP TABLE outbox;

CREATE TABLE outbox (
    position    INTEGER PRIMARY KEY AUTOINCREMENT,
    id          BLOB    NOT NULL UNIQUE,
    conversation BLOB   NOT NULL,
    content     BLOB    NOT NULL,
    typed       INTEGER NOT NULL,
    failed      TEXT
);

ALTER TABLE people ADD COLUMN display TEXT;

-- `room` is the postcard form of an Option<RoomFacts>; one byte of zero is `None`.
ALTER TABLE conversations ADD COLUMN first INTEGER NOT NULL DEFAULT 1;
ALTER TABLE conversations ADD COLUMN room BLOB NOT NULL DEFAULT x'00';
ALTER TABLE conversations ADD COLUMN is_request INTEGER NOT NULL DEFAULT 0;

-- `key` is the postcard form of a SettingKey, `value` that of a Setting.
CREATE TABLE settings (
    key         BLOB    PRIMARY KEY,
    value       BLOB    NOT NULL,
    is_unsent   INTEGER NOT NULL
) WITHOUT ROWID;

-- How far the settings have been read.
CREATE TABLE settings_stamp (
    one         INTEGER PRIMARY KEY CHECK (one = 1),
    stamp       INTEGER NOT NULL
);

-- In the order of arrival, so that new rows go to the end and no page with an older text is split:
-- a text that is erased was never copied to elsewhere in the file. `kind` has a number of one byte
-- for each kind of content and for what is left of an erased one, whose `content` is zeros of the
-- same length. `target` is what the entry changes. `moment` is the number of a message in `words`.
ALTER TABLE entries RENAME TO entries_before;

CREATE TABLE entries (
    position    INTEGER PRIMARY KEY,
    conversation BLOB   NOT NULL,
    seq         INTEGER NOT NULL,
    author      INTEGER NOT NULL,
    id          BLOB    NOT NULL,
    time        INTEGER NOT NULL,
    kind        INTEGER NOT NULL,
    target      INTEGER,
    moment      INTEGER,
    content     BLOB    NOT NULL,
    UNIQUE (conversation, seq)
);

CREATE INDEX entries_by_target ON entries (conversation, target) WHERE target IS NOT NULL;

-- Where somebody was removed: content of the kind AuthorRemoved.
CREATE INDEX removed_authors ON entries (conversation, author) WHERE kind = 10;

CREATE UNIQUE INDEX entries_by_moment ON entries (moment) WHERE moment IS NOT NULL;

-- The text of each message as it reads now, and marks for who wrote it and where. It keeps no text,
-- only words; with `secure-delete` those of a removed text leave it at once.
CREATE VIRTUAL TABLE words USING fts5 (
    text, marks,
    content = '', columnsize = 0, prefix = '3',
    tokenize = 'unicode61 remove_diacritics 2'
);

INSERT INTO words (words, rank) VALUES ('secure-delete', 1);
