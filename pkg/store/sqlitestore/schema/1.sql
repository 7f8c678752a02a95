-- Ids are 12 bytes and times are milliseconds since the epoch; an unset one is NULL. STRICT tables refuse any other type.

CREATE TABLE org (
  id         BLOB NOT NULL PRIMARY KEY,
  slug       TEXT NOT NULL UNIQUE,
  name       TEXT NOT NULL,
  plan       TEXT NOT NULL,
  limits     TEXT, -- JSON
  created_at INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE app (
  org                BLOB NOT NULL,
  id                 BLOB NOT NULL,
  slug               TEXT NOT NULL,
  name               TEXT NOT NULL,
  description        TEXT NOT NULL,
  public_key         TEXT NOT NULL UNIQUE,
  public_submission  INTEGER NOT NULL,
  processing_mode    TEXT NOT NULL,
  batch_enabled      INTEGER NOT NULL,
  batch_window_hours INTEGER NOT NULL,
  allowed_origins    TEXT, -- JSON
  secrets            TEXT, -- JSON; sealed
  created_at         INTEGER,
  version            INTEGER NOT NULL,
  PRIMARY KEY (org, id),
  UNIQUE (org, slug)
) STRICT, WITHOUT ROWID;

CREATE TABLE member (
  org           BLOB NOT NULL,
  id            BLOB NOT NULL,
  email         TEXT NOT NULL,
  email_folded  TEXT NOT NULL, -- lower case beyond ASCII, which SQLite's NOCASE is not
  name          TEXT NOT NULL,
  role          TEXT NOT NULL,
  password_hash TEXT NOT NULL,
  created_at    INTEGER,
  PRIMARY KEY (org, id),
  UNIQUE (org, email_folded)
) STRICT, WITHOUT ROWID;

CREATE TABLE api_key (
  org         BLOB NOT NULL,
  id          BLOB NOT NULL,
  name        TEXT NOT NULL,
  hash        BLOB NOT NULL UNIQUE,
  prefix      TEXT NOT NULL,
  last4       TEXT NOT NULL,
  created_by  TEXT NOT NULL,
  created_at  INTEGER,
  expires_at  INTEGER,
  revoked_at  INTEGER,
  limit_limit INTEGER, -- NULL: no limit of its own
  limit_burst INTEGER,
  PRIMARY KEY (org, id)
) STRICT, WITHOUT ROWID;

-- What a list shows comes first, so that reading it never follows a row into its overflow pages.
CREATE TABLE feedback (
  org          BLOB NOT NULL,
  id           BLOB NOT NULL,
  app          BLOB NOT NULL,
  status       TEXT NOT NULL,
  duplicate    INTEGER NOT NULL, -- 1 when duplicate_of is set, so that one equality selects either half of an index
  duplicate_of BLOB,
  mode         TEXT NOT NULL,
  external_id  TEXT NOT NULL,
  email        TEXT NOT NULL,
  name         TEXT NOT NULL,
  severity     TEXT NOT NULL,
  created_at   INTEGER,
  updated_at   INTEGER,
  width        REAL, -- NULL: no viewport
  height       REAL,
  pixel_ratio  REAL,
  url          TEXT NOT NULL,
  user_agent   TEXT NOT NULL,
  claims       BLOB, -- JSON as it came
  text         TEXT NOT NULL,
  metadata     BLOB, -- JSON as it came
  target       TEXT, -- JSON
  target_meta  BLOB, -- JSON as it came
  attachments  TEXT, -- JSON
  console      TEXT  -- JSON
) STRICT;

-- One index for each set of filters, each ending in id: a page is one walk of an index, however much there is.
CREATE UNIQUE INDEX feedback_id ON feedback (org, id);
CREATE INDEX feedback_duplicate ON feedback (org, duplicate, id);
CREATE INDEX feedback_app ON feedback (org, app, duplicate, id);
CREATE INDEX feedback_status ON feedback (org, status, duplicate, id);
CREATE INDEX feedback_app_status ON feedback (org, app, status, duplicate, id);

CREATE TABLE slot (
  org          BLOB NOT NULL,
  key          TEXT NOT NULL,
  app          BLOB NOT NULL,
  kind         TEXT NOT NULL,
  content_type TEXT NOT NULL,
  size         INTEGER NOT NULL,
  created_at   INTEGER,
  item         BLOB,
  cited_at     INTEGER,
  kept         INTEGER NOT NULL,
  condemned    INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (org, key)
) STRICT, WITHOUT ROWID;

CREATE INDEX slot_uncited ON slot (created_at) WHERE item IS NULL;
CREATE INDEX slot_unkept ON slot (cited_at) WHERE item IS NOT NULL AND kept = 0;
CREATE INDEX slot_condemned ON slot (condemned) WHERE condemned = 1;

CREATE TABLE claim (
  org         BLOB NOT NULL,
  app         BLOB NOT NULL,
  key         TEXT NOT NULL,
  body_hash   BLOB NOT NULL,
  item        BLOB NOT NULL,
  created_at  INTEGER NOT NULL,
  lease_until INTEGER NOT NULL,
  PRIMARY KEY (org, app, key)
) STRICT, WITHOUT ROWID;

CREATE INDEX claim_created_at ON claim (created_at);

CREATE TABLE run (
  org              BLOB NOT NULL,
  id               BLOB NOT NULL,
  app              BLOB,
  feedback         BLOB,
  status           TEXT NOT NULL,
  provider         TEXT NOT NULL,
  model            TEXT NOT NULL,
  input_tokens     INTEGER NOT NULL,
  output_tokens    INTEGER NOT NULL,
  cost_micro_usd   INTEGER NOT NULL,
  pull_request_url TEXT NOT NULL,
  guardrail_reason TEXT NOT NULL,
  started_at       INTEGER,
  finished_at      INTEGER,
  PRIMARY KEY (org, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE incident (
  request_id TEXT NOT NULL UNIQUE,
  service    TEXT NOT NULL,
  method     TEXT NOT NULL,
  route      TEXT NOT NULL,
  org        BLOB,
  app        BLOB,
  cause      TEXT NOT NULL,
  stack      TEXT NOT NULL,
  trace_id   TEXT NOT NULL,
  at         INTEGER NOT NULL
) STRICT;

CREATE INDEX incident_at ON incident (at);
