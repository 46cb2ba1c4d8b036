-- What tells damage. Times are milliseconds since 1970-01-01 00:00 UTC.

-- A checksum of what readers use of an entry; NULL for entries of an older schema. All are integers of six
-- bytes, so that an erased row keeps its length.
ALTER TABLE entries ADD COLUMN checksum INTEGER;

-- The clock at the newest change; 0 if no change followed since this column exists.
ALTER TABLE meta ADD COLUMN clock INTEGER NOT NULL DEFAULT 0;
