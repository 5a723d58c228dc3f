-- The database of an invented application; SQLite and PostgreSQL read it alike.
CREATE TABLE accounts (account_id INTEGER PRIMARY KEY, name TEXT, owner TEXT);
CREATE TABLE plans (plan_id TEXT PRIMARY KEY, name TEXT, tier TEXT);
CREATE TABLE users (user_id INTEGER PRIMARY KEY, account_id INTEGER, name TEXT, email TEXT, role TEXT, last_seen_at TIMESTAMP, created_at TIMESTAMP);
CREATE TABLE subscriptions (account_id INTEGER, plan_id TEXT, status TEXT, seats INTEGER, started_at TIMESTAMP, ended_at TIMESTAMP, renews_at TIMESTAMP);
CREATE TABLE seats (account_id INTEGER, user_id INTEGER, plan_id TEXT);
INSERT INTO accounts VALUES (1, 'Northpine', 'Sam Field'), (2, 'Example Bakery', NULL);
INSERT INTO plans VALUES ('pro', 'Pro Plan', 'paid'), ('basic', 'Basic Plan', 'paid');
INSERT INTO users VALUES
    (11, 1, 'Ada Byron', 'ada@example.com', 'admin', '2025-05-30 08:00:00', '2023-02-01 00:00:00'),
    (12, 1, 'Bo Lind', 'bo@example.com', 'billing', NULL, '2024-02-01 00:00:00'),
    (21, 2, 'Cy Moe', 'cy@example.org', 'admin', '2024-12-01 00:00:00', '2024-01-01 00:00:00');
INSERT INTO subscriptions VALUES
    (1, 'pro', 'active', 5, '2023-02-01 00:00:00', NULL, '2025-08-01 00:00:00'),
    (2, 'basic', 'canceled', 1, '2024-01-01 00:00:00', '2025-01-01 00:00:00', NULL);
INSERT INTO seats VALUES (1, 11, 'pro'), (2, 21, 'basic');
