-- The ledger: what became of requests, by the hour, and the newest refusals. Where there is no app or key, it is twelve zeros.

CREATE TABLE outcome (
  org      BLOB NOT NULL,
  hour     INTEGER NOT NULL, -- when it began
  app      BLOB NOT NULL,
  key      BLOB NOT NULL,
  category TEXT NOT NULL,
  reason   TEXT NOT NULL,
  requests INTEGER NOT NULL,
  items    INTEGER NOT NULL,
  PRIMARY KEY (org, hour, app, key, category, reason)
) STRICT, WITHOUT ROWID;

CREATE INDEX outcome_app ON outcome (org, app);
CREATE INDEX outcome_hour ON outcome (hour);

CREATE TABLE refusal (
  org        BLOB NOT NULL,
  app        BLOB NOT NULL,
  at         INTEGER NOT NULL,
  request_id TEXT NOT NULL,
  code       TEXT NOT NULL,
  key        BLOB NOT NULL,
  category   TEXT NOT NULL,
  route      TEXT NOT NULL,
  message    TEXT NOT NULL,
  policy     TEXT NOT NULL,
  items      INTEGER NOT NULL,
  issues     TEXT, -- JSON
  sample     TEXT NOT NULL,
  PRIMARY KEY (org, app, at, request_id, code)
) STRICT, WITHOUT ROWID;

CREATE INDEX refusal_org ON refusal (org, at, request_id, code);
CREATE INDEX refusal_at ON refusal (at);
