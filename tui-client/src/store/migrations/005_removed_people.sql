-- Whether the operator removed the account: the person stands in no list.
ALTER TABLE people ADD COLUMN is_removed INTEGER NOT NULL DEFAULT 0;
