-- What people set for themselves, and how they stand to each other.

-- The last value of each setting. Key and value as the message crate encodes them.
CREATE TABLE settings (
    id          INTEGER PRIMARY KEY,
    user        INTEGER NOT NULL REFERENCES users (id),
    key         BLOB    NOT NULL,
    value       BLOB    NOT NULL,
    stamp       INTEGER NOT NULL,
    -- Whether the value is what holds without any: such a row only tells other devices so.
    is_blank    INTEGER NOT NULL,
    -- Whether the server itself acts by it.
    is_enforced INTEGER NOT NULL,
    UNIQUE (user, key)
) STRICT;

CREATE INDEX settings_by_change ON settings (user, stamp);
CREATE INDEX settings_blank ON settings (user, stamp) WHERE is_blank;
CREATE INDEX settings_enforced ON settings (user) WHERE is_enforced;

-- Of a direct conversation: whether the other person still asks to write to this member.
ALTER TABLE members ADD COLUMN is_request INTEGER NOT NULL DEFAULT 0;

-- What the user wants to be called. It is not unique, but looks like nobody else's name.
ALTER TABLE users ADD COLUMN display TEXT;
