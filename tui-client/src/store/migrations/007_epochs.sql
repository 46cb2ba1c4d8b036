-- The history of the server that the cached entries are of, in the order of its epochs.
CREATE TABLE epochs (
    position    INTEGER PRIMARY KEY,
    id          BLOB    NOT NULL,
    start       INTEGER NOT NULL
);

-- What the server lost of a log when it was put back to an earlier state: the last such time.
CREATE TABLE lost_tails (
    conversation BLOB   PRIMARY KEY,
    after       INTEGER NOT NULL,
    messages    INTEGER NOT NULL,
    since       INTEGER NOT NULL
) WITHOUT ROWID;

-- Entries that erased others: content of the kinds Deletion and AuthorRemoved.
CREATE INDEX erasing_entries ON entries (conversation, seq) WHERE kind IN (6, 10);
