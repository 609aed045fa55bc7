-- case.db, format 1. docs/formats/case.md says what each body holds.
-- A row's body is canonical JSON: the exact bytes the custody log commits to.
-- Columns beside it are generated from it and cannot disagree with it.

PRAGMA application_id = 0x45584849; -- "EXHI"
PRAGMA user_version = 1;

CREATE TABLE meta (
  name  TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE entries (
  seq  INTEGER PRIMARY KEY CHECK (seq >= 0),
  body BLOB NOT NULL
) STRICT;

-- Hashes of the Merkle tree, numbered as golang.org/x/mod/sumdb/tlog.StoredHashIndex does.
CREATE TABLE nodes (
  idx  INTEGER PRIMARY KEY CHECK (idx >= 0),
  hash BLOB NOT NULL CHECK (length(hash) = 32)
) STRICT;

-- What an entry's commitments hide: SHA-256 of canonical [salt, field, value].
CREATE TABLE openings (
  seq   INTEGER NOT NULL REFERENCES entries (seq),
  field TEXT NOT NULL,
  salt  TEXT NOT NULL,
  value BLOB NOT NULL,
  PRIMARY KEY (seq, field)
) STRICT, WITHOUT ROWID;

-- The seed from which the salts of an entry's set are derived.
CREATE TABLE sets (
  seq  INTEGER NOT NULL REFERENCES entries (seq),
  name TEXT NOT NULL,
  seed BLOB NOT NULL CHECK (length(seed) = 32),
  PRIMARY KEY (seq, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE artifacts (
  seq    INTEGER NOT NULL REFERENCES entries (seq),
  n      INTEGER NOT NULL CHECK (n >= 0),
  body   BLOB NOT NULL,
  leaf   BLOB NOT NULL CHECK (length(leaf) = 32),
  digest TEXT GENERATED ALWAYS AS (CAST(body AS TEXT) ->> '$.artifact') VIRTUAL,
  PRIMARY KEY (seq, n)
) STRICT, WITHOUT ROWID;
CREATE INDEX artifacts_digest ON artifacts (digest);

CREATE TABLE occurrences (
  seq    INTEGER NOT NULL REFERENCES entries (seq),
  n      INTEGER NOT NULL CHECK (n >= 0),
  body   BLOB NOT NULL,
  leaf   BLOB NOT NULL CHECK (length(leaf) = 32),
  item   TEXT GENERATED ALWAYS AS (CAST(body AS TEXT) ->> '$.item') VIRTUAL,
  digest TEXT GENERATED ALWAYS AS (CAST(body AS TEXT) ->> '$.artifact') VIRTUAL,
  PRIMARY KEY (seq, n)
) STRICT, WITHOUT ROWID;
CREATE INDEX occurrences_digest ON occurrences (digest);
CREATE INDEX occurrences_item ON occurrences (item);

CREATE TABLE derivations (
  seq    INTEGER NOT NULL REFERENCES entries (seq),
  n      INTEGER NOT NULL CHECK (n >= 0),
  body   BLOB NOT NULL,
  leaf   BLOB NOT NULL CHECK (length(leaf) = 32),
  parent TEXT GENERATED ALWAYS AS (CAST(body AS TEXT) ->> '$.parent') VIRTUAL,
  child  TEXT GENERATED ALWAYS AS (CAST(body AS TEXT) ->> '$.child') VIRTUAL,
  run    TEXT GENERATED ALWAYS AS (CAST(body AS TEXT) ->> '$.run') VIRTUAL,
  PRIMARY KEY (seq, n)
) STRICT, WITHOUT ROWID;
CREATE INDEX derivations_child ON derivations (child);
CREATE INDEX derivations_parent ON derivations (parent);

CREATE TABLE runs (
  seq    INTEGER NOT NULL REFERENCES entries (seq),
  n      INTEGER NOT NULL CHECK (n >= 0),
  body   BLOB NOT NULL,
  leaf   BLOB NOT NULL CHECK (length(leaf) = 32),
  -- The seed of the salts of the record set's leaves; never disclosed whole.
  seed   BLOB NOT NULL CHECK (length(seed) = 32),
  run    TEXT GENERATED ALWAYS AS (CAST(body AS TEXT) ->> '$.run') VIRTUAL,
  input  TEXT GENERATED ALWAYS AS (CAST(body AS TEXT) ->> '$.input') VIRTUAL,
  records TEXT GENERATED ALWAYS AS (CAST(body AS TEXT) ->> '$.records.artifact') VIRTUAL,
  PRIMARY KEY (seq, n)
) STRICT, WITHOUT ROWID;
CREATE INDEX runs_input ON runs (input);
CREATE INDEX runs_run ON runs (run);
CREATE INDEX runs_records ON runs (records);

-- What an entry is about where that may be many things: records and artifacts tagged.
CREATE TABLE subjects (
  seq    INTEGER NOT NULL REFERENCES entries (seq),
  n      INTEGER NOT NULL CHECK (n >= 0),
  body   BLOB NOT NULL,
  leaf   BLOB NOT NULL CHECK (length(leaf) = 32),
  subject TEXT GENERATED ALWAYS AS (CAST(body AS TEXT) ->> '$.subject') VIRTUAL,
  -- The artifact or record set that it names, NULL for an exhibit.
  digest TEXT GENERATED ALWAYS AS (CASE WHEN subject GLOB 'sha256:*' THEN substr(subject, 1, 71) END) VIRTUAL,
  PRIMARY KEY (seq, n)
) STRICT, WITHOUT ROWID;

CREATE TABLE checkpoints (
  size INTEGER PRIMARY KEY CHECK (size > 0),
  note BLOB NOT NULL
) STRICT;

-- Guards against accident, not against an attacker: the log is the guard there.
CREATE TRIGGER meta_keep_u        BEFORE UPDATE ON meta        BEGIN SELECT RAISE(ABORT, 'append only'); END;
CREATE TRIGGER meta_keep_d        BEFORE DELETE ON meta        BEGIN SELECT RAISE(ABORT, 'append only'); END;
CREATE TRIGGER entries_keep_u     BEFORE UPDATE ON entries     BEGIN SELECT RAISE(ABORT, 'append only'); END;
CREATE TRIGGER entries_keep_d     BEFORE DELETE ON entries     BEGIN SELECT RAISE(ABORT, 'append only'); END;
CREATE TRIGGER nodes_keep_u       BEFORE UPDATE ON nodes       BEGIN SELECT RAISE(ABORT, 'append only'); END;
CREATE TRIGGER nodes_keep_d       BEFORE DELETE ON nodes       BEGIN SELECT RAISE(ABORT, 'append only'); END;
CREATE TRIGGER openings_keep_u    BEFORE UPDATE ON openings    BEGIN SELECT RAISE(ABORT, 'append only'); END;
CREATE TRIGGER openings_keep_d    BEFORE DELETE ON openings    BEGIN SELECT RAISE(ABORT, 'append only'); END;
CREATE TRIGGER sets_keep_u        BEFORE UPDATE ON sets        BEGIN SELECT RAISE(ABORT, 'append only'); END;
CREATE TRIGGER sets_keep_d        BEFORE DELETE ON sets        BEGIN SELECT RAISE(ABORT, 'append only'); END;
CREATE TRIGGER artifacts_keep_u   BEFORE UPDATE ON artifacts   BEGIN SELECT RAISE(ABORT, 'append only'); END;
CREATE TRIGGER artifacts_keep_d   BEFORE DELETE ON artifacts   BEGIN SELECT RAISE(ABORT, 'append only'); END;
CREATE TRIGGER occurrences_keep_u BEFORE UPDATE ON occurrences BEGIN SELECT RAISE(ABORT, 'append only'); END;
CREATE TRIGGER occurrences_keep_d BEFORE DELETE ON occurrences BEGIN SELECT RAISE(ABORT, 'append only'); END;
CREATE TRIGGER derivations_keep_u BEFORE UPDATE ON derivations BEGIN SELECT RAISE(ABORT, 'append only'); END;
CREATE TRIGGER derivations_keep_d BEFORE DELETE ON derivations BEGIN SELECT RAISE(ABORT, 'append only'); END;
CREATE TRIGGER runs_keep_u        BEFORE UPDATE ON runs        BEGIN SELECT RAISE(ABORT, 'append only'); END;
CREATE TRIGGER runs_keep_d        BEFORE DELETE ON runs        BEGIN SELECT RAISE(ABORT, 'append only'); END;
CREATE TRIGGER subjects_keep_u    BEFORE UPDATE ON subjects    BEGIN SELECT RAISE(ABORT, 'append only'); END;
CREATE TRIGGER subjects_keep_d    BEFORE DELETE ON subjects    BEGIN SELECT RAISE(ABORT, 'append only'); END;
CREATE TRIGGER checkpoints_keep_u BEFORE UPDATE ON checkpoints BEGIN SELECT RAISE(ABORT, 'append only'); END;
CREATE TRIGGER checkpoints_keep_d BEFORE DELETE ON checkpoints BEGIN SELECT RAISE(ABORT, 'append only'); END;
