-- Numbers that operators give Orgs, or classes of them, other than their plans do.

CREATE TABLE limit_override (
  name       TEXT NOT NULL PRIMARY KEY,
  org        TEXT NOT NULL, -- a slug, or one with a * in it
  policy     TEXT NOT NULL,
  "limit"    INTEGER NOT NULL,
  burst      INTEGER NOT NULL,
  created_by TEXT NOT NULL,
  created_at INTEGER
) STRICT, WITHOUT ROWID;
