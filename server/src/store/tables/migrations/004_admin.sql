-- What the person who runs the server decides about people.

-- Whether the user is let in at the moment; and whether they were removed for good, which leaves
-- this row for the sake of the entries that name it.
ALTER TABLE users ADD COLUMN is_disabled INTEGER NOT NULL DEFAULT 0;
ALTER TABLE users ADD COLUMN is_removed INTEGER NOT NULL DEFAULT 0;

-- An invite by which a new device becomes one of this user's.
ALTER TABLE invites ADD COLUMN for_user INTEGER REFERENCES users (id);
