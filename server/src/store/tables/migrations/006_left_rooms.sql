-- From which entry on new members read where the past is visible: later ones are kept from what was
-- hidden when everybody left the room.
ALTER TABLE rooms ADD COLUMN first INTEGER NOT NULL DEFAULT 1;
