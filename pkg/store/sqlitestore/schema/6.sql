-- Feedback stands on boards, people vote for it and talk about it, and a team keeps things of its own.

-- Feedback is made anew because what a list shows comes first in a row. Stage and heat follow from the rest of it: a stage is
-- where an item stands, NULL for one that is archived or another's duplicate; heat orders it by votes and age together.
CREATE TABLE feedback_6 (
  org           BLOB NOT NULL,
  id            BLOB NOT NULL,
  app           BLOB NOT NULL, -- twelve zeros: none
  status        TEXT NOT NULL,
  duplicate     INTEGER NOT NULL, -- 1 when duplicate_of is set, so that one equality selects either half of an index
  duplicate_of  BLOB,
  stage         TEXT,
  votes         INTEGER NOT NULL,
  heat          INTEGER NOT NULL,
  board         BLOB,
  assignee      BLOB,
  person        BLOB,
  member        BLOB,
  archived_at   INTEGER,
  archived_from TEXT NOT NULL,
  mode          TEXT NOT NULL,
  external_id   TEXT NOT NULL,
  email         TEXT NOT NULL,
  email_folded  TEXT, -- NULL: none
  name          TEXT NOT NULL,
  severity      TEXT NOT NULL,
  created_at    INTEGER,
  updated_at    INTEGER,
  width         REAL, -- NULL: no viewport
  height        REAL,
  pixel_ratio   REAL,
  url           TEXT NOT NULL,
  user_agent    TEXT NOT NULL,
  claims        BLOB, -- JSON as it came
  tags          TEXT, -- JSON
  title         TEXT NOT NULL,
  text          TEXT NOT NULL,
  metadata      BLOB, -- JSON as it came
  target        TEXT, -- JSON
  target_meta   BLOB, -- JSON as it came
  attachments   TEXT, -- JSON
  console       TEXT  -- JSON
) STRICT;

INSERT INTO feedback_6 SELECT org, id, app, status, duplicate, duplicate_of,
    CASE WHEN duplicate THEN NULL
      WHEN status IN ('awaiting_manual', 'received', 'sanitizing', 'sanitized', 'batch_pending') THEN 'in_review'
      WHEN status = 'queued' THEN 'planned'
      WHEN status IN ('running', 'pr_opened') THEN 'in_progress'
      WHEN status = 'merged' THEN 'completed'
      WHEN status IN ('closed', 'failed') THEN 'closed'
      WHEN status = 'rejected' THEN 'rejected' END,
    0, ifnull(created_at / 1000, 0), NULL, NULL, NULL, NULL, NULL, '', mode, external_id, email, email_folded, name, severity,
    created_at, updated_at, width, height, pixel_ratio, url, user_agent, claims, NULL, '', text, metadata, target, target_meta,
    attachments, console
  FROM feedback;
DROP TABLE feedback;
ALTER TABLE feedback_6 RENAME TO feedback;

-- One index for each set of filters, each ending in id: a page is one walk of an index, however much there is.
CREATE UNIQUE INDEX feedback_id ON feedback (org, id);
CREATE INDEX feedback_duplicate ON feedback (org, duplicate, id);
CREATE INDEX feedback_app ON feedback (org, app, duplicate, id);
CREATE INDEX feedback_status ON feedback (org, status, duplicate, id);
CREATE INDEX feedback_app_status ON feedback (org, app, status, duplicate, id);
-- One for each order of a stage, on all boards or on one. What stands on no board of its own is not in the latter.
CREATE INDEX feedback_stage ON feedback (org, stage, id) WHERE stage IS NOT NULL;
CREATE INDEX feedback_stage_votes ON feedback (org, stage, votes, id) WHERE stage IS NOT NULL;
CREATE INDEX feedback_stage_heat ON feedback (org, stage, heat, id) WHERE stage IS NOT NULL;
CREATE INDEX feedback_board ON feedback (org, board, stage, id) WHERE board IS NOT NULL AND stage IS NOT NULL;
CREATE INDEX feedback_board_votes ON feedback (org, board, stage, votes, id) WHERE board IS NOT NULL AND stage IS NOT NULL;
CREATE INDEX feedback_board_heat ON feedback (org, board, stage, heat, id) WHERE board IS NOT NULL AND stage IS NOT NULL;
-- Who said it. Feedback that names nobody stands in none of these, and so costs no more for them.
CREATE INDEX feedback_person ON feedback (org, person, id) WHERE person IS NOT NULL;
CREATE INDEX feedback_external_id ON feedback (org, external_id, mode, id, app) WHERE external_id <> '';
CREATE INDEX feedback_email ON feedback (org, email_folded, app) WHERE email_folded IS NOT NULL;

CREATE TABLE vote (
  org     BLOB NOT NULL,
  subject BLOB NOT NULL,
  person  BLOB NOT NULL,
  kind    TEXT NOT NULL,
  value   INTEGER NOT NULL,
  at      INTEGER NOT NULL,
  PRIMARY KEY (org, subject, person)
) STRICT, WITHOUT ROWID;

CREATE INDEX vote_person ON vote (org, person, at, subject);

CREATE TABLE comment (
  org         BLOB NOT NULL,
  id          BLOB NOT NULL,
  item        BLOB NOT NULL,
  parent      BLOB,
  person      BLOB,
  member      BLOB,
  author_name TEXT NOT NULL,
  private     INTEGER NOT NULL,
  source      TEXT NOT NULL,
  created_at  INTEGER,
  updated_at  INTEGER,
  version     INTEGER NOT NULL,
  text        TEXT NOT NULL
) STRICT;

CREATE UNIQUE INDEX comment_id ON comment (org, id);
CREATE INDEX comment_item ON comment (org, item, id, private);
CREATE INDEX comment_person ON comment (org, person, id) WHERE person IS NOT NULL;

CREATE TABLE person (
  org            BLOB NOT NULL,
  id             BLOB NOT NULL,
  external_id    TEXT NOT NULL,
  email          TEXT NOT NULL,
  contested      TEXT NOT NULL,
  name           TEXT NOT NULL,
  source         TEXT NOT NULL,
  created_at     INTEGER,
  updated_at     INTEGER,
  deactivated_at INTEGER,
  merged_into    BLOB, -- NULL: none, it is a root
  version        INTEGER NOT NULL,
  attributes     BLOB -- JSON as it came
) STRICT;

CREATE UNIQUE INDEX person_id ON person (org, id);
CREATE UNIQUE INDEX person_external_id ON person (org, external_id) WHERE external_id <> '';
CREATE UNIQUE INDEX person_email ON person (org, email) WHERE email <> '';
CREATE INDEX person_merged_into ON person (org, merged_into, id);

CREATE TABLE resource (
  org         BLOB NOT NULL,
  id          BLOB NOT NULL,
  kind        TEXT NOT NULL,
  parent      BLOB NOT NULL, -- twelve zeros: none
  name        TEXT NOT NULL,
  name_folded TEXT NOT NULL,
  created_at  INTEGER,
  updated_at  INTEGER,
  version     INTEGER NOT NULL,
  body        BLOB -- JSON as it came
) STRICT;

CREATE UNIQUE INDEX resource_id ON resource (org, kind, id);
CREATE INDEX resource_parent ON resource (org, kind, parent, id);
CREATE UNIQUE INDEX resource_name ON resource (org, kind, parent, name_folded) WHERE name_folded <> '';

ALTER TABLE erasure ADD COLUMN person BLOB;
ALTER TABLE erasure ADD COLUMN votes INTEGER NOT NULL DEFAULT 0;
ALTER TABLE erasure ADD COLUMN comments INTEGER NOT NULL DEFAULT 0;
DROP INDEX erasure_undone;
CREATE UNIQUE INDEX erasure_undone ON erasure (org, kind, ifnull(app, x''), ifnull(person, x''), external_id, email)
  WHERE done_at IS NULL;
