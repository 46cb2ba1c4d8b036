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
