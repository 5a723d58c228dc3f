-- A run is one application of a plan. Times are ISO 8601, UTC; no table holds an address or a name.
CREATE TABLE runs (
    run         TEXT PRIMARY KEY,
    kind        TEXT NOT NULL CHECK (kind IN ('campaign', 'tidy')),
    audience    TEXT NOT NULL,
    title       TEXT NOT NULL,
    state       TEXT NOT NULL CHECK (state IN ('applying', 'applied', 'undoing', 'undone')),
    started_at  TEXT NOT NULL,
    changed_at  TEXT NOT NULL
) STRICT;

-- What was about to be done and what was done, in order: a step that has a `before` and no `after` may have happened.
CREATE TABLE steps (
    number  INTEGER PRIMARY KEY,
    run     TEXT NOT NULL REFERENCES runs ON DELETE CASCADE,
    at      TEXT NOT NULL,
    step    TEXT NOT NULL,
    phase   TEXT NOT NULL CHECK (phase IN ('before', 'after')),
    detail  TEXT NOT NULL
) STRICT;
CREATE INDEX steps_of_run ON steps (run, step, phase);

-- Which run uses which contact field. It is released when the run is undone, restored when the values are as before.
CREATE TABLE uses (
    audience     TEXT NOT NULL,
    tag          TEXT NOT NULL,
    run          TEXT NOT NULL REFERENCES runs ON DELETE CASCADE,
    created      INTEGER NOT NULL CHECK (created IN (0, 1)),
    used_at      TEXT NOT NULL,
    released_at  TEXT,
    restored_at  TEXT,
    PRIMARY KEY (audience, tag, run)
) STRICT;

-- Contacts that a run left out, by the platform's key, with the reason.
CREATE TABLE skipped (
    run     TEXT NOT NULL REFERENCES runs ON DELETE CASCADE,
    key     TEXT NOT NULL,
    reason  TEXT NOT NULL,
    PRIMARY KEY (run, key)
) STRICT;
