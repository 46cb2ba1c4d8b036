-- What users see of their devices, and the keys that were taken from them. Times are milliseconds
-- since 1970-01-01 00:00 UTC.

ALTER TABLE devices ADD COLUMN name TEXT;
-- When it last began a session; NULL if not since this column exists.
ALTER TABLE devices ADD COLUMN seen INTEGER;

-- Keys that were a user's device once and are not let in any more, nor silently taken for somebody
-- new. A key leaves when it is linked again, or with its user's 1,000 newer ones.
CREATE TABLE revoked_devices (
    key     BLOB    PRIMARY KEY CHECK (length(key) = 32),
    user    INTEGER NOT NULL REFERENCES users (id),
    revoked INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX revoked_devices_of_user ON revoked_devices (user, revoked);
