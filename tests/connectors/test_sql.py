"""A table of a company's own: every spelling is found, every shape of column is read, nothing but its rows is changed."""

import sqlite3
from datetime import datetime, timedelta

import pytest

from contextmail.connectors.sql.consent import SqlConsents
from contextmail.errors import ConfigurationError, PlatformError, RetryableError
from contextmail.model.consent import Act, Scope, Trust
from contextmail.model.consent_options import SqlSystem
from contextmail.model.event import Push

MARKETING = Scope("email", "marketing")
NOW = datetime(2026, 1, 2, 12)


@pytest.fixture
def shop(tmp_path):
    with sqlite3.connect(tmp_path / "shop.db", isolation_level=None) as connection:
        # Nothing here has to outlast a power cut.
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("PRAGMA journal_mode = MEMORY")
        yield connection
    connection.close()


@pytest.fixture
def system_of(tmp_path):
    made = []

    def system(**options):
        known = {"kind": "sql", "url": "", "table": "people", "endpoint": "email", "permitted": "ok"}
        url = f"sqlite:///{tmp_path / 'shop.db'}"
        made.append(SqlConsents("sql:people", url, SqlSystem(**{**known, **options}), clock=lambda: NOW))
        return made[-1]

    yield system
    for one in made:
        one.close()


@pytest.fixture
def people(shop):
    """Make a table of these addresses, all of them permitted."""

    def filled(*emails):
        shop.execute("CREATE TABLE people (id INTEGER PRIMARY KEY, email TEXT, ok BOOLEAN)")
        shop.executemany("INSERT INTO people (email, ok) VALUES (?, 1)", [(email,) for email in emails])

    return filled


def push(endpoint, act=Act.DENY, scope=MARKETING):
    return Push(1, "sql:people", "subject", endpoint, act, scope, "", 1, "change", "pushing", 1, "")


def permitted(shop):
    return [bool(ok) for (ok,) in shop.execute("SELECT ok FROM people ORDER BY id")]


@pytest.mark.parametrize(
    ("written", "endpoint"),
    [
        ("Ann@Example.COM", "ann@example.com"),
        ("  ann@example.com ", "ann@example.com"),
        ("\tann@example.com\r\n", "ann@example.com"),
        ("\u00a0ann@example.com", "ann@example.com"),
        ("a\u200bnn@example.com", "ann@example.com"),
        ("ann@example.com.", "ann@example.com"),
        ("ANN_LEE@example.com", "ann_lee@example.com"),
        ("ÄNNE@example.com", "änne@example.com"),
        ("a\u0308nne@example.com", "änne@example.com"),
        ("ann@müller.example.com", "ann@xn--mller-kva.example.com"),
        ("+44 1632 960961", "+441632960961"),
        ("0044 (1632) 960-961", "+441632960961"),
        ("+44 (0)1632 960961", "+441632960961"),
    ],
)
def test_a_withdrawal_finds_its_row_however_the_address_is_spelled(shop, system_of, people, written, endpoint):
    people("else@example.com", written)
    channel = "email" if "@" in endpoint else "sms"
    system = system_of(channel=channel)
    assert [one.act for one in system.read(endpoint)] == [Act.GRANT]
    assert system.push(push(endpoint, scope=Scope(channel, "marketing"))).outcome == "done"
    assert permitted(shop) == [True, False]
    assert [one.act for one in system.read(endpoint)] == [Act.DENY]
    assert system.push(push(endpoint, Act.ERASE, Scope())).outcome == "done"
    assert system.read(endpoint) == [] and system.push(push(endpoint, Act.ERASE, Scope())).outcome == "absent"


def test_an_address_that_holds_a_pattern_finds_itself_alone(shop, system_of, people):
    people("a%b@example.com", "axxb@example.com", "a_b@example.com", "'or'1'='1'--@example.com")
    system = system_of()
    for endpoint in ("a%b@example.com", "a_b@example.com", "'or'1'='1'--@example.com"):
        system.push(push(endpoint))
    assert permitted(shop) == [False, True, False, False]


def test_every_row_of_the_same_person_is_reached_by_one_push(shop, system_of, people):
    people("ann@example.com", "Ann@Example.com", "ann@example.com.", "bob@example.com")
    system_of().push(push("ann@example.com"))
    assert permitted(shop) == [False, False, False, True]


def test_rows_of_the_same_person_that_differ_are_told_refusals_first(shop, system_of, people):
    people("ann@example.com.", "ANN@example.com")
    shop.execute("UPDATE people SET ok = 0 WHERE id = 2")
    assert [one.act for one in system_of().read("ann@example.com")] == [Act.DENY, Act.GRANT]


def test_a_row_that_nobody_decided_says_nothing_and_can_be_withdrawn(shop, system_of, people):
    people("ann@example.com")
    shop.execute("UPDATE people SET ok = NULL")
    system = system_of()
    assert system.read("ann@example.com") == []
    assert system.push(push("ann@example.com")).outcome == "done"
    assert shop.execute("SELECT ok FROM people").fetchall() == [(0,)]


@pytest.mark.parametrize(
    ("kind", "yes", "no", "held"),
    [
        ("BOOLEAN", True, False, 1),
        ("INTEGER", True, False, 1),
        ("INTEGER", 2, 0, 2),
        ("CHAR(3)", "Y", "N", "y  "),
        ("TEXT", "subscribed", "unsubscribed", "Subscribed"),
    ],
)
def test_yes_and_no_are_whatever_the_company_writes(shop, system_of, kind, yes, no, held):
    shop.execute(f"CREATE TABLE people (email TEXT, ok {kind})")
    shop.execute("INSERT INTO people VALUES ('ann@example.com', ?)", (held,))
    system = system_of(yes=yes, no=no)
    assert [one.act for one in system.sweep(since=None)] == [Act.GRANT]
    system.push(push("ann@example.com"))
    assert shop.execute("SELECT ok FROM people").fetchall() == [(no,)]
    assert [one.act for one in system.sweep(since=None)] == [Act.DENY]


@pytest.mark.parametrize("kind", ["TEXT", "DATETIME", "TIMESTAMP"])
@pytest.mark.parametrize(
    ("written", "at"),
    [
        ("2026-01-02 10:00:00", datetime(2026, 1, 2, 10)),
        ("2026-01-02T10:00:00Z", datetime(2026, 1, 2, 10)),
        ("2026-01-01T23:30:00-05:00", datetime(2026, 1, 2, 4, 30)),
        ("2026-01-02", datetime(2026, 1, 2)),
        ("last week", None),
        ("02/01/2026", None),
        (1767348000, None),
        (None, None),
    ],
)
def test_a_sweep_takes_in_every_change_since_however_its_time_is_written(shop, system_of, kind, written, at):
    shop.execute(f"CREATE TABLE people (id INTEGER PRIMARY KEY, email TEXT, ok BOOLEAN, changed {kind})")
    shop.execute("INSERT INTO people VALUES (1, 'old@example.com', 0, '2025-01-01 00:00:00')")
    shop.execute("INSERT INTO people VALUES (2, 'ann@example.com', 0, ?)", (written,))
    (told,) = system_of(changed_at="changed").sweep(since=datetime(2026, 1, 2, 1))
    assert (told.endpoint, told.at, told.trust) == ("ann@example.com", at, Trust.SOURCE if at else Trust.NONE)


def test_a_push_writes_when_the_consent_changed(shop, system_of):
    shop.execute("CREATE TABLE people (email TEXT, ok BOOLEAN, changed DATETIME)")
    shop.execute("INSERT INTO people VALUES ('ann@example.com', 1, '2025-01-01 00:00:00')")
    system = system_of(changed_at="changed")
    system.push(push("ann@example.com"))
    assert shop.execute("SELECT changed FROM people").fetchall() == [("2026-01-02 12:00:00",)]
    assert [one.at for one in system.read("ann@example.com")] == [NOW]
    system.push(push("ann@example.com"))
    assert [one.at for one in system.sweep(since=NOW - timedelta(days=1))] == [NOW]


def test_a_sweep_of_many_pages_tells_of_each_once(system_of, people):
    people(*(f"{number}@example.com" for number in range(2500)))
    swept = [one.endpoint for one in system_of().sweep(since=None)]
    assert len(swept) == len(set(swept)) == 2500


def test_a_table_without_a_key_is_swept_too(shop, system_of):
    shop.execute("CREATE TABLE people (email TEXT, ok BOOLEAN)")
    shop.executemany("INSERT INTO people VALUES (?, 1)", [(f"{number}@example.com",) for number in range(2500)])
    assert len(list(system_of().sweep(since=None))) == 2500


def test_a_sweep_keeps_nobody_from_writing(system_of, people):
    people(*(f"{number}@example.com" for number in range(1500)))
    system = system_of()
    sweep = system.sweep(since=None)
    next(sweep)
    assert system.push(push("7@example.com")).outcome == "done"
    assert len(list(sweep)) == 1499


def test_an_erasure_deletes_the_row_where_the_company_says_so(shop, system_of, people):
    people("ann@example.com", "bob@example.com")
    system_of(deletes=True).push(push("ann@example.com", Act.ERASE, Scope()))
    assert shop.execute("SELECT email FROM people").fetchall() == [("bob@example.com",)]


def test_an_erasure_otherwise_empties_the_endpoint_and_permits_nothing(shop, system_of, people):
    people("ann@example.com")
    system_of().push(push("ann@example.com", Act.ERASE, Scope()))
    assert shop.execute("SELECT email, ok FROM people").fetchall() == [(None, 0)]


@pytest.mark.parametrize("kind", ["TEXT", "VARCHAR(200)", "VARCHAR(20)"])
def test_an_erasure_leaves_a_value_of_its_own_in_each_row_where_there_must_be_one(shop, system_of, kind):
    shop.execute(f"CREATE TABLE people (email {kind} NOT NULL UNIQUE, ok BOOLEAN)")
    people = ["ann@example.com", "Ann@Example.com", "bob@example.com", "eve@example.com"]
    shop.executemany("INSERT INTO people VALUES (?, 1)", [(email,) for email in people])
    system = system_of()
    for endpoint in ("ann@example.com", "bob@example.com"):
        assert system.push(push(endpoint, Act.ERASE, Scope())).outcome == "done"
    left = dict(shop.execute("SELECT email, ok FROM people"))
    assert len(left) == 4 and left.pop("eve@example.com") == 1
    assert all(email.startswith("erased-") and not ok for email, ok in left.items())
    assert "(20)" not in kind or max(map(len, left)) <= 20
    assert [one.endpoint for one in system.sweep(since=None)] == ["eve@example.com"]


def test_an_erasure_that_a_rule_of_the_table_forbids_says_which_setting_may_help(shop, system_of):
    shop.execute("CREATE TABLE people (email TEXT NOT NULL CHECK (email NOT LIKE 'erased%'), ok BOOLEAN)")
    shop.execute("INSERT INTO people VALUES ('ann@example.com', 1)")
    with pytest.raises(PlatformError, match="`deletes`") as caught:
        system_of().push(push("ann@example.com", Act.ERASE, Scope()))
    assert not isinstance(caught.value, RetryableError)


def test_a_locked_table_is_worth_another_try(shop, system_of, people, monkeypatch):
    monkeypatch.setattr("contextmail.connectors.sql.engine.WAIT", 0.1)
    people("ann@example.com")
    shop.execute("BEGIN EXCLUSIVE")
    with pytest.raises(RetryableError, match="SQLITE_BUSY"):
        system_of().push(push("ann@example.com"))
    shop.execute("ROLLBACK")


@pytest.mark.parametrize(
    ("options", "where", "cure"),
    [
        ({"table": "peple"}, "table", "'people'"),
        ({"endpoint": "emial"}, "endpoint", "'email'"),
        ({"permitted": "okay"}, "permitted", "'ok'"),
        ({"changed_at": "changed"}, "changed_at", ""),
    ],
)
def test_a_mapping_that_does_not_fit_names_the_setting_and_the_cure(system_of, people, options, where, cure):
    people("ann@example.com")
    with pytest.raises(ConfigurationError, match=where) as caught:
        system_of(**options).push(push("ann@example.com"))
    assert cure in str(caught.value)


@pytest.mark.parametrize("url", ["", "no url", "nosuch://host/db", "mysql+nosuch://host/db"])
def test_a_url_that_cannot_be_used_is_told_without_repeating_it(url):
    options = SqlSystem(kind="sql", url=url, table="people", endpoint="email", permitted="ok")
    with pytest.raises(ConfigurationError, match="url") as caught:
        SqlConsents("sql:people", url, options)
    assert not url or url not in str(caught.value)
