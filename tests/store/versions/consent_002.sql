-- A consent store of version 2 with a row in every table; never edited again.
BEGIN TRANSACTION;
CREATE TABLE begun (
    mark  TEXT NOT NULL
) STRICT;
INSERT INTO "begun" VALUES('26de58f123c052147c107b1b2a7a2559983426dccdd05ec93923d01968249d96');
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
INSERT INTO "changes" VALUES(1,'a','5635e5a0308fed9d5e9c59c0d7a406451b518335da5ca6895f1d687dc68a1862','deny','email','marketing','','','2026-05-31 12:00:00.000000','2026-05-31 12:00:00.000000','','','person','link','signed','source','','','');
CREATE TABLE endpoints (
    subject  TEXT PRIMARY KEY,
    sealed   BLOB NOT NULL
) STRICT;
INSERT INTO "endpoints" VALUES('5635e5a0308fed9d5e9c59c0d7a406451b518335da5ca6895f1d687dc68a1862',X'6741414141414272416F68416C7637432D3176424931514554535572464B5368385165705930314F2D4F77754D7277396F30783347353941467331506872374E58526D5A7853762D5454683163776374334A714B45732D576D667A324B66425542413D3D');
INSERT INTO "endpoints" VALUES('648f799e5952cebf65a1494ca1273076d848119bd47d39b7c8f16e95721844db',X'6741414141414272416F68416849703070724A69373731334F35525F5A4B725763535A6A4A365531346B617A743876494C4B7A52504B4A6D455376775F6E686A6876777850736A734E52364253374D436A515346534675673371632D6B39424F6B673D3D');
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
INSERT INTO "inbox" VALUES(1,'mailchimp','L','1','signed','2026-05-31 12:00:00.000000',X'6741414141414272416F6841524D68597653446566436148315F4C58355A687A55326C634173575536624F4252624A376F62304E75587141464447737333636C65365875657448364B5F51346F376D394D644E7244586D4A477659796B573847447967654F78385758786A7633506C58553473314668673D','done','',1);
INSERT INTO "inbox" VALUES(2,'mailchimp','L','2','unsigned','2026-05-31 12:00:00.000000',X'6741414141414272416F684147696F4D6E71354D41766154776F3354793049505F4875763435562D6267376A6E62794F722D515976424944656E53534F5448444743536D4D546643356C3262676C7753544E336162585261667665395F3233756D413D3D','quarantined','not understood',1);
CREATE TABLE inbox_subjects (
    event    INTEGER NOT NULL REFERENCES inbox ON DELETE CASCADE,
    subject  TEXT NOT NULL,
    PRIMARY KEY (subject, event)
) STRICT;
INSERT INTO "inbox_subjects" VALUES(1,'5635e5a0308fed9d5e9c59c0d7a406451b518335da5ca6895f1d687dc68a1862');
CREATE TABLE links (
    one       TEXT NOT NULL,
    other     TEXT NOT NULL,
    position  INTEGER NOT NULL,
    PRIMARY KEY (one, other)
) STRICT;
INSERT INTO "links" VALUES('5635e5a0308fed9d5e9c59c0d7a406451b518335da5ca6895f1d687dc68a1862','648f799e5952cebf65a1494ca1273076d848119bd47d39b7c8f16e95721844db',1);
INSERT INTO "links" VALUES('648f799e5952cebf65a1494ca1273076d848119bd47d39b7c8f16e95721844db','5635e5a0308fed9d5e9c59c0d7a406451b518335da5ca6895f1d687dc68a1862',1);
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
INSERT INTO "observations" VALUES('mailchimp:L','5635e5a0308fed9d5e9c59c0d7a406451b518335da5ca6895f1d687dc68a1862','email','marketing','','','deny','2026-05-31 12:00:00.000000');
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
INSERT INTO "outbox" VALUES(1,'sql:customers','5635e5a0308fed9d5e9c59c0d7a406451b518335da5ca6895f1d687dc68a1862','deny','email','marketing','','','','choice',0,1,'a','waiting',0,'','2026-05-31 12:00:00.000000','2026-05-31 12:00:00.000000',NULL,NULL);
CREATE TABLE secrets (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    source        TEXT NOT NULL,
    account       TEXT NOT NULL,
    sealed        BLOB NOT NULL,
    valid_until   TEXT
) STRICT;
INSERT INTO "secrets" VALUES(1,'mailchimp','L',X'6741414141414272416F68414C5458474F6D4F7934655844424E51733947776746533433385467474A41394842334572684131516E4B65416950337A66686C5F666630396E34697039636C4659396D6D6E3266565A336672484F743130456D5657545F42677831454C415A547A304444512D4D77716D513D',NULL);
CREATE TABLE tasks (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    subject  TEXT NOT NULL,
    target   TEXT NOT NULL,
    what     TEXT NOT NULL,
    made_at  TEXT NOT NULL,
    done_at  TEXT
) STRICT;
INSERT INTO "tasks" VALUES(1,'5635e5a0308fed9d5e9c59c0d7a406451b518335da5ca6895f1d687dc68a1862','mailchimp:L','look','2026-05-31 12:00:00.000000',NULL);
CREATE TABLE touches (
    id           TEXT PRIMARY KEY,
    customer     TEXT NOT NULL,
    subject      TEXT NOT NULL,
    channel      TEXT NOT NULL,
    purpose      TEXT NOT NULL,
    at           TEXT NOT NULL,
    outcome      TEXT NOT NULL,
    campaign     TEXT NOT NULL,
    received_at  TEXT NOT NULL
) STRICT;
INSERT INTO "touches" VALUES('t','17','5635e5a0308fed9d5e9c59c0d7a406451b518335da5ca6895f1d687dc68a1862','call','ask','2026-05-31 12:00:00.000000','do_not_call','evening','2026-05-31 12:00:00.000000');
CREATE TABLE watermarks (
    name  TEXT PRIMARY KEY,
    at    TEXT NOT NULL
) STRICT;
INSERT INTO "watermarks" VALUES('mailchimp:L','2026-05-31 12:00:00.000000');
CREATE INDEX inbox_by_state ON inbox (state, id);
CREATE INDEX changes_of_subject ON changes (subject, position);
CREATE UNIQUE INDEX outbox_waiting ON outbox (target, subject, channel, purpose, list, topic, lane)
    WHERE state = 'waiting';
CREATE INDEX outbox_due ON outbox (state, urgency, id);
CREATE INDEX outbox_of_subject ON outbox (subject, target, state);
CREATE UNIQUE INDEX tasks_open ON tasks (subject, target, what) WHERE done_at IS NULL;
CREATE INDEX secrets_of_account ON secrets (source, account);
CREATE INDEX touches_of_subject ON touches (subject);
CREATE INDEX touches_of_customer ON touches (customer);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('changes',1);
INSERT INTO "sqlite_sequence" VALUES('inbox',2);
INSERT INTO "sqlite_sequence" VALUES('outbox',1);
INSERT INTO "sqlite_sequence" VALUES('secrets',1);
INSERT INTO "sqlite_sequence" VALUES('tasks',1);
COMMIT;
PRAGMA user_version = 2;
