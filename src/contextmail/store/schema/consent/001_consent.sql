-- Times are ISO 8601 with microseconds, UTC. `subject` is a keyed hash; whatever holds an address or a secret is sealed.

-- Under which lookup key and brand the ledger was begun, as their hash of nothing: one row.
CREATE TABLE begun (
    mark  TEXT NOT NULL
) STRICT;

-- What came in, kept before it is acknowledged. The row stays when its body is dropped: a repetition is still known.
CREATE TABLE inbox (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    source       TEXT NOT NULL,
    account      TEXT NOT NULL,
    dedupe       TEXT NOT NULL,
    assurance    TEXT NOT NULL,
    received_at  TEXT NOT NULL,
    body         BLOB,
    state        TEXT NOT NULL DEFAULT 'new' CHECK (state IN ('new', 'done', 'quarantined')),
    reason       TEXT NOT NULL DEFAULT '',
    tries        INTEGER NOT NULL DEFAULT 0,
    UNIQUE (source, account, dedupe)
) STRICT;
CREATE INDEX inbox_by_state ON inbox (state, id);

-- Whom a settled event spoke of, so that its body goes when they are erased.
CREATE TABLE inbox_subjects (
    event    INTEGER NOT NULL REFERENCES inbox ON DELETE CASCADE,
    subject  TEXT NOT NULL,
    PRIMARY KEY (subject, event)
) STRICT;

-- The ledger: every change as it was said, never altered. A position is never used twice.
CREATE TABLE changes (
    position     INTEGER PRIMARY KEY AUTOINCREMENT,
    id           TEXT NOT NULL UNIQUE,
    subject      TEXT NOT NULL,
    act          TEXT NOT NULL,
    channel      TEXT NOT NULL,
    purpose      TEXT NOT NULL,
    list         TEXT NOT NULL,
    topic        TEXT NOT NULL,
    received_at  TEXT NOT NULL,
    at           TEXT,
    value        TEXT NOT NULL,
    source       TEXT NOT NULL,
    actor        TEXT NOT NULL,
    method       TEXT NOT NULL,
    assurance    TEXT NOT NULL,
    trust        TEXT NOT NULL,
    strength     TEXT NOT NULL,
    obtained     TEXT NOT NULL,
    evidence     TEXT NOT NULL
) STRICT;
CREATE INDEX changes_of_subject ON changes (subject, position);

CREATE TABLE endpoints (
    subject  TEXT PRIMARY KEY,
    sealed   BLOB NOT NULL
) STRICT;

-- Two subjects of one person, by a change of address; kept both ways round. `position` is the ledger's at that time.
CREATE TABLE links (
    one       TEXT NOT NULL,
    other     TEXT NOT NULL,
    position  INTEGER NOT NULL,
    PRIMARY KEY (one, other)
) STRICT;

-- What systems are to be told. `lane` parts what does not replace one another in one scope: a choice, each suppression,
-- an erasure. Only one decision waits in a lane.
CREATE TABLE outbox (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    target     TEXT NOT NULL,
    subject    TEXT NOT NULL,
    act        TEXT NOT NULL,
    channel    TEXT NOT NULL,
    purpose    TEXT NOT NULL,
    list       TEXT NOT NULL,
    topic      TEXT NOT NULL,
    value      TEXT NOT NULL,
    lane       TEXT NOT NULL,
    urgency    INTEGER NOT NULL,
    position   INTEGER NOT NULL,
    change     TEXT NOT NULL,
    state      TEXT NOT NULL CHECK (state IN ('waiting', 'pushing', 'done', 'blocked', 'dropped')),
    tries      INTEGER NOT NULL DEFAULT 0,
    reason     TEXT NOT NULL DEFAULT '',
    made_at    TEXT NOT NULL,
    due_at     TEXT NOT NULL,
    began_at   TEXT,
    ended_at   TEXT
) STRICT;
CREATE UNIQUE INDEX outbox_waiting ON outbox (target, subject, channel, purpose, list, topic, lane)
    WHERE state = 'waiting';
CREATE INDEX outbox_due ON outbox (state, urgency, id);
CREATE INDEX outbox_of_subject ON outbox (subject, target, state);

-- What each system was last seen to say, and since when by its own clock.
CREATE TABLE observations (
    system   TEXT NOT NULL,
    subject  TEXT NOT NULL,
    channel  TEXT NOT NULL,
    purpose  TEXT NOT NULL,
    list     TEXT NOT NULL,
    topic    TEXT NOT NULL,
    value    TEXT NOT NULL,
    at       TEXT,
    PRIMARY KEY (subject, system, channel, purpose, list, topic)
) STRICT;

-- What only a person can do.
CREATE TABLE tasks (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    subject  TEXT NOT NULL,
    target   TEXT NOT NULL,
    what     TEXT NOT NULL,
    made_at  TEXT NOT NULL,
    done_at  TEXT
) STRICT;
CREATE UNIQUE INDEX tasks_open ON tasks (subject, target, what) WHERE done_at IS NULL;

CREATE TABLE secrets (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    source        TEXT NOT NULL,
    account       TEXT NOT NULL,
    sealed        BLOB NOT NULL,
    valid_until   TEXT
) STRICT;
CREATE INDEX secrets_of_account ON secrets (source, account);

CREATE TABLE watermarks (
    name  TEXT PRIMARY KEY,
    at    TEXT NOT NULL
) STRICT;
