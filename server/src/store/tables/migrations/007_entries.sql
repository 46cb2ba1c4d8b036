-- The entries anew. Ids are looked up by the message first: those of new messages are next to each
-- other, whoever wrote them, as clients draw them in the order of time, so that few pages of the
-- index change however large it is. What is sure to be small comes before the content, so that
-- nothing reads past a long one. There are no references: users and conversations are never
-- deleted, and looking both up for each entry took longer than anything else it does.
CREATE TABLE entries_2 (
    id           INTEGER PRIMARY KEY,
    conversation INTEGER NOT NULL,
    seq          INTEGER NOT NULL,
    author       INTEGER NOT NULL,
    message_id   BLOB    NOT NULL CHECK (length(message_id) = 16),
    time         INTEGER NOT NULL,
    -- Messages of the log up to this entry, this one included.
    messages     INTEGER NOT NULL,
    is_message   INTEGER NOT NULL,
    -- The entry that an edit, a deletion or a reaction is about.
    target       INTEGER,
    -- What an erased entry was; its content is zeros then. The number of the message crate's Erased.
    erased       INTEGER,
    content      BLOB    NOT NULL,
    UNIQUE (conversation, seq)
) STRICT;

INSERT INTO entries_2
    SELECT id, conversation, seq, author, message_id, time, messages, is_message, target, erased,
        content
    FROM entries ORDER BY id;
DROP TABLE entries;
ALTER TABLE entries_2 RENAME TO entries;

-- Made last: ids that were drawn at random are sorted for it, which is far quicker than to put each in
-- its place.
CREATE UNIQUE INDEX entries_by_message ON entries (message_id, author);
CREATE INDEX entries_about ON entries (conversation, target) WHERE target IS NOT NULL;
