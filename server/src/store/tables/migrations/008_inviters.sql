-- The member whose invitation is open; NULL for invitations of older data, whose author only the log has.
ALTER TABLE members ADD COLUMN inviter INTEGER REFERENCES users (id);
