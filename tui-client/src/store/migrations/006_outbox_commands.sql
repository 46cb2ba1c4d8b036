-- The command that a change without a text of its own came from, and the conversation in which it was
-- typed: it returns there if the server refuses the change. Both are NULL without a command.
ALTER TABLE outbox ADD COLUMN command TEXT;
ALTER TABLE outbox ADD COLUMN typed_in BLOB;
