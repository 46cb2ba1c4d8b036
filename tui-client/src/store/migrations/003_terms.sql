-- The index of texts that are cut and folded before they get here. An index of before, `words`, is
-- emptied and dropped, and this one filled, step by step while nothing else is to do.
CREATE VIRTUAL TABLE terms USING fts5 (
    text, marks,
    content = '', columnsize = 0, prefix = '3',
    tokenize = "ascii tokenchars '+#$%'"
);

INSERT INTO terms (terms, rank) VALUES ('secure-delete', 1);

-- A row while messages with a smaller moment than this are not in the index yet.
CREATE TABLE index_rebuild (
    one         INTEGER PRIMARY KEY CHECK (one = 1),
    before      INTEGER NOT NULL
);

INSERT INTO index_rebuild (one, before)
    SELECT 1, moment + 1 FROM entries WHERE moment IS NOT NULL ORDER BY moment DESC LIMIT 1;
