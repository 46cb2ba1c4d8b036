-- The epochs of this data: a row for each time that a server, or a command of the operator in its
-- place, opened it to append. `start` is the greatest id of `entries` at that moment: ids follow the
-- order of commits, because no row of `entries` is deleted.
CREATE TABLE epochs (
    number INTEGER PRIMARY KEY,
    id     BLOB    NOT NULL UNIQUE CHECK (length(id) = 8),
    start  INTEGER NOT NULL
) STRICT;
