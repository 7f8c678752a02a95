-- Events: what users did, and who they are.

CREATE TABLE event (
  org          BLOB NOT NULL,
  id           BLOB NOT NULL,
  app          BLOB,
  kind         TEXT NOT NULL,
  name         TEXT NOT NULL,
  user_id      TEXT NOT NULL,
  email        TEXT NOT NULL,
  at           INTEGER,
  received_at  INTEGER NOT NULL,
  test         INTEGER NOT NULL,
  address      TEXT NOT NULL,
  user_agent   TEXT NOT NULL,
  traits       BLOB, -- JSON as it came
  properties   BLOB, -- JSON as it came
  email_folded TEXT -- NULL: none
) STRICT;

-- An id may be of a client's choosing, and so the same in many Orgs.
CREATE UNIQUE INDEX event_id ON event (org, id);
-- A page is a walk of one of these, newest first. The first counts as well, and so holds what is not counted.
CREATE INDEX event_received ON event (org, received_at, id, test);
CREATE INDEX event_user ON event (org, user_id, received_at, id);
CREATE INDEX event_name ON event (org, name, received_at, id) WHERE name <> '';
CREATE INDEX event_app ON event (org, app, received_at, id) WHERE app IS NOT NULL;
-- What an erasure looks for besides.
CREATE INDEX event_email ON event (org, email_folded, app) WHERE email_folded IS NOT NULL;

CREATE TABLE profile (
  org          BLOB NOT NULL,
  user_id      TEXT NOT NULL,
  email        TEXT NOT NULL,
  email_folded TEXT, -- NULL: none
  created_at   INTEGER,
  updated_at   INTEGER,
  version      INTEGER NOT NULL,
  traits       BLOB -- JSON as it came
) STRICT;

CREATE UNIQUE INDEX profile_user ON profile (org, user_id);
CREATE INDEX profile_email ON profile (org, email_folded) WHERE email_folded IS NOT NULL;

ALTER TABLE erasure ADD COLUMN events INTEGER NOT NULL DEFAULT 0;
