-- Organisations run themselves: scopes and restrictions of keys, people who log in, sessions, an audit log, erasures.

ALTER TABLE org ADD COLUMN app_url TEXT NOT NULL DEFAULT '';
ALTER TABLE org ADD COLUMN leak_policy TEXT NOT NULL DEFAULT 'notify';
ALTER TABLE org ADD COLUMN operator INTEGER NOT NULL DEFAULT 0;
ALTER TABLE org ADD COLUMN closes_at INTEGER;
ALTER TABLE org ADD COLUMN version INTEGER NOT NULL DEFAULT 1;

ALTER TABLE app ADD COLUMN deleted_at INTEGER;

ALTER TABLE member ADD COLUMN status TEXT NOT NULL DEFAULT 'active';
ALTER TABLE member ADD COLUMN email_verified INTEGER NOT NULL DEFAULT 0;
ALTER TABLE member ADD COLUMN two_factor TEXT; -- JSON; sealed
ALTER TABLE member ADD COLUMN updated_at INTEGER;
ALTER TABLE member ADD COLUMN version INTEGER NOT NULL DEFAULT 1;
UPDATE member SET updated_at = created_at;

CREATE INDEX member_owner ON member (org, id) WHERE role = 'owner';

CREATE TABLE invitation (
  org          BLOB NOT NULL,
  id           BLOB NOT NULL,
  email        TEXT NOT NULL,
  email_folded TEXT NOT NULL,
  role         TEXT NOT NULL,
  hash         BLOB NOT NULL UNIQUE,
  invited_by   TEXT NOT NULL,
  created_at   INTEGER,
  expires_at   INTEGER,
  PRIMARY KEY (org, id),
  UNIQUE (org, email_folded)
) STRICT, WITHOUT ROWID;

ALTER TABLE api_key ADD COLUMN format TEXT NOT NULL DEFAULT 'sk';
ALTER TABLE api_key ADD COLUMN scopes TEXT; -- JSON
ALTER TABLE api_key ADD COLUMN app BLOB;
ALTER TABLE api_key ADD COLUMN networks TEXT; -- JSON
ALTER TABLE api_key ADD COLUMN creator BLOB;
ALTER TABLE api_key ADD COLUMN not_before INTEGER;
ALTER TABLE api_key ADD COLUMN replaces BLOB;
ALTER TABLE api_key ADD COLUMN leak_at INTEGER;
ALTER TABLE api_key ADD COLUMN leak_source TEXT; -- NULL: never found
ALTER TABLE api_key ADD COLUMN leak_url TEXT;
-- The scopes of a key that was made without naming any, as they were then.
UPDATE api_key SET scopes = '["feedback:read","feedback:write","events:read","events:write","tokens:mint","apps:read","users:read","users:manage"]';

CREATE TABLE session (
  org          BLOB NOT NULL,
  id           BLOB NOT NULL,
  member       BLOB NOT NULL,
  rotation     INTEGER NOT NULL,
  address      TEXT NOT NULL,
  user_agent   TEXT NOT NULL,
  created_at   INTEGER,
  refreshed_at INTEGER,
  expires_at   INTEGER,
  ended_at     INTEGER,
  end_reason   TEXT NOT NULL,
  PRIMARY KEY (org, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX session_live ON session (org, member, id) WHERE ended_at IS NULL;
CREATE INDEX session_expires_at ON session (expires_at);

CREATE TABLE audit (
  org         BLOB NOT NULL,
  seq         INTEGER NOT NULL,
  id          BLOB NOT NULL,
  at          INTEGER NOT NULL,
  actor_kind  TEXT NOT NULL,
  actor       BLOB,
  actor_name  TEXT NOT NULL,
  credential  TEXT NOT NULL,
  address     TEXT NOT NULL,
  action      TEXT NOT NULL,
  target_kind TEXT NOT NULL,
  target      TEXT NOT NULL,
  target_name TEXT NOT NULL,
  outcome     TEXT NOT NULL,
  before      BLOB, -- JSON as it was hashed
  after       BLOB, -- JSON as it was hashed
  previous    BLOB NOT NULL,
  hash        BLOB NOT NULL,
  PRIMARY KEY (org, seq)
) STRICT, WITHOUT ROWID;

CREATE INDEX audit_target ON audit (org, target, seq);

CREATE TABLE last_use (
  org        BLOB NOT NULL,
  credential BLOB NOT NULL,
  at         INTEGER NOT NULL,
  PRIMARY KEY (org, credential)
) STRICT, WITHOUT ROWID;

CREATE TABLE erasure (
  org          BLOB NOT NULL,
  id           BLOB NOT NULL,
  kind         TEXT NOT NULL,
  app          BLOB,
  external_id  TEXT NOT NULL,
  email        TEXT NOT NULL,
  requested_by TEXT NOT NULL,
  requested_at INTEGER,
  due_at       INTEGER,
  lease_until  INTEGER,
  done_at      INTEGER,
  feedback     INTEGER NOT NULL,
  attachments  INTEGER NOT NULL,
  records      INTEGER NOT NULL,
  version      INTEGER NOT NULL,
  PRIMARY KEY (org, id)
) STRICT, WITHOUT ROWID;

-- No two NULLs are alike, so no App is an empty one here.
CREATE UNIQUE INDEX erasure_undone ON erasure (org, kind, ifnull(app, x''), external_id, email) WHERE done_at IS NULL;
CREATE INDEX erasure_due ON erasure (due_at) WHERE done_at IS NULL;

-- What an erasure looks for. Feedback that names nobody stands in neither index of names, and so costs no more than before.
ALTER TABLE feedback ADD COLUMN email_folded TEXT; -- NULL: none
UPDATE feedback SET email_folded = fold(email) WHERE email <> '';
CREATE INDEX feedback_external_id ON feedback (org, external_id, app) WHERE external_id <> '';
CREATE INDEX feedback_email ON feedback (org, email_folded, app) WHERE email_folded IS NOT NULL;
CREATE INDEX run_feedback ON run (org, feedback);
CREATE INDEX slot_app ON slot (org, app);
CREATE INDEX incident_org ON incident (org) WHERE org IS NOT NULL;
