-- What became of calls, texts and letters, as files told it. `subject` is empty where only the customer's id was told.
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
CREATE INDEX touches_of_subject ON touches (subject);
CREATE INDEX touches_of_customer ON touches (customer);
