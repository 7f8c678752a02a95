-- What an Org is allowed beside its plan is said by overrides alone.
ALTER TABLE org DROP COLUMN limits;
