-- A room as it was when a user went: what its heads tell the user from then on.
CREATE TABLE left_rooms (
    conversation INTEGER NOT NULL REFERENCES conversations (id),
    user         INTEGER NOT NULL REFERENCES users (id),
    name         TEXT    NOT NULL,
    topic        TEXT,
    visibility   INTEGER NOT NULL,
    history      INTEGER NOT NULL,
    members      INTEGER NOT NULL,
    newest_time  INTEGER NOT NULL,
    PRIMARY KEY (conversation, user)
) STRICT, WITHOUT ROWID;

-- What held when users went before this table exists is not known: they keep the room as it is now, without its
-- topic.
INSERT INTO left_rooms
SELECT m.conversation, m.user, r.name, NULL, r.visibility, r.history, r.members, c.newest_time
FROM members m JOIN conversations c ON c.id = m.conversation JOIN rooms r ON r.id = c.room
WHERE m.standing >= 2;
