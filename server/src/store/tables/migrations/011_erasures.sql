-- Erasures under way: the messages of a removed user or of a closed room are erased in steps, which go on after
-- a restart.
CREATE TABLE erasures (
    id           INTEGER PRIMARY KEY,
    -- The user whose messages are erased; NULL if it is all messages of a room.
    user         INTEGER REFERENCES users (id),
    -- Whether the user's conversations have the entry that tells their members.
    is_announced INTEGER NOT NULL,
    -- The place that was reached: earlier conversations are done, and this one up to this entry.
    conversation INTEGER NOT NULL,
    seq          INTEGER NOT NULL,
    -- Entries that were looked at, and that there were.
    done         INTEGER NOT NULL,
    total        INTEGER NOT NULL
) STRICT;

-- A reset or a removed user is found among all invites.
CREATE INDEX invites_for_user ON invites (for_user) WHERE for_user IS NOT NULL;
