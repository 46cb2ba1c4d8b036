-- Announcements of the operator that the user has not opened yet, in the order in which they came.
CREATE TABLE announcements (
    position    INTEGER PRIMARY KEY,
    time        INTEGER NOT NULL,
    text        TEXT NOT NULL
);
