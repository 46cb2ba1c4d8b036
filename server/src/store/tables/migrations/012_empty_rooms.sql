-- A room ends with its last member, and its name is free again. This ends the rooms that were left before.
CREATE INDEX room_name_keys_of_room ON room_name_keys (room);

INSERT INTO erasures (user, is_announced, conversation, seq, done, total)
SELECT NULL, 1, c.id, 0, 0, c.newest FROM rooms r JOIN conversations c ON c.room = r.id
WHERE r.members = 0 AND NOT r.is_closed;

UPDATE members SET standing = 2 WHERE standing = 1 AND conversation IN
    (SELECT c.id FROM rooms r JOIN conversations c ON c.room = r.id WHERE r.members = 0 AND NOT r.is_closed);

DELETE FROM room_name_keys WHERE room IN (SELECT id FROM rooms WHERE members = 0 AND NOT is_closed);

-- No name has this sign, so that another room can have the name.
UPDATE rooms SET is_closed = 1, folded = '#' || id WHERE members = 0 AND NOT is_closed;
