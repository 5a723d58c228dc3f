"""The SQLite store under load, under kill -9, in unfit places and over its versions."""

from __future__ import annotations

import random
import shutil
import sqlite3
import subprocess
import sys
import threading
import time
from datetime import datetime
from importlib.resources import files
from pathlib import Path

import pytest
from store.writing import LOOKUP, SEAL

from contextmail.errors import ConfigurationError
from contextmail.model.consent import Act, Assurance, Scope
from contextmail.store.base import StoreDownError
from contextmail.store.places import refuse_unfit
from contextmail.store.sealing import Sealer
from contextmail.store.sqlite_consent import SqliteConsentStore

NOON = datetime(2026, 5, 31, 12)
VERSIONS = sorted((Path(__file__).parent / "versions").glob("consent_*.sql"))


def opened(file: Path, *, brand: str = "", lookup: str = LOOKUP, production: bool = False) -> SqliteConsentStore:
    return SqliteConsentStore(file, Sealer(lookup, [SEAL], brand=brand), production=production)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "consent.db"


def writer(file: Path, name: str, count: int) -> subprocess.Popen[str]:
    command = [sys.executable, str(Path(__file__).with_name("writing.py")), str(file), name, str(count)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def kept(file: Path) -> list[tuple[str, str]]:
    return sqlite3.connect(file).execute("SELECT account, dedupe FROM inbox").fetchall()


# ------------------------------------------------------------------------------------------------ durable and shared


def test_every_commit_is_on_the_disk_before_it_is_acknowledged(file: Path) -> None:
    store = opened(file)
    assert store._execute("PRAGMA journal_mode") == [("wal",)] and store._execute("PRAGMA synchronous") == [(2,)]
    assert file.stat().st_mode & 0o777 == 0o600
    store.close()


def test_what_was_acknowledged_before_a_kill_is_there_once(file: Path) -> None:
    rng = random.Random(4)
    acknowledged = set()
    for round_ in range(8):
        process = writer(file, str(round_), 0)
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(rng.uniform(0, 0.15))
        process.kill()
        said = process.stdout.read().split("\n")[:-1]
        acknowledged |= {(str(round_), "0"), *((str(round_), number) for number in said)}
        process.wait()
        process.stdout.close()
    rows = kept(file)
    assert len(rows) == len(set(rows)) and acknowledged <= set(rows)
    assert len(rows) <= len(acknowledged) + 8  # the one under way when it was killed
    assert sqlite3.connect(file).execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_eight_processes_that_begin_at_once_lose_nothing_and_none_waits_long(file: Path) -> None:
    processes = [writer(file, str(number), 100) for number in range(8)]
    lasts = [process.communicate()[0].strip().rpartition("\n")[2] for process in processes]
    assert len(set(kept(file))) == len(kept(file)) == 800
    assert max(float(last.removeprefix("worst ")) for last in lasts) < 2.5


def test_threads_share_a_store(file: Path) -> None:
    store = opened(file)

    def receive(name: int) -> None:
        for number in range(50):
            with store.transaction():
                store.receive("load", str(name), str(number), Assurance.SIGNED, b"", NOON)
                store.settle(1, "done")

    threads = [threading.Thread(target=receive, args=(name,)) for name in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(kept(file)) == 200
    store.close()


def test_a_store_that_another_keeps_is_down_and_then_up_again(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("contextmail.store.sqlite_consent._PATIENCE", 0.2)
    store = opened(file)
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreDownError):
        store.receive("m", "L", "1", Assurance.SIGNED, b"", NOON)
    with pytest.raises(StoreDownError), store.transaction():
        raise AssertionError("this is never reached")
    assert store.inbox() == []
    other.execute("ROLLBACK")
    assert store.receive("m", "L", "1", Assurance.SIGNED, b"", NOON)
    store.close()
    other.close()


def test_a_full_disk_is_a_store_that_is_down_and_leaves_nothing_half(file: Path) -> None:
    store = opened(file)
    pages = store._execute("PRAGMA page_count")[0][0]
    store._execute(f"PRAGMA max_page_count = {pages + 2}")
    with pytest.raises(StoreDownError), store.transaction():
        for number in range(100):
            store.receive("m", "L", str(number), Assurance.SIGNED, b"x" * 4000, NOON)
    assert store.inbox() == []
    store._execute("PRAGMA max_page_count = 1000000")
    assert store.receive("m", "L", "1", Assurance.SIGNED, b"x" * 4000, NOON)
    store.close()


# ------------------------------------------------------------------------------------------------------------- keys


def test_a_ledger_does_not_open_under_another_lookup_key_or_brand(file: Path) -> None:
    opened(file, brand="Shop").close()
    opened(file, brand="Shop").close()
    for wrong in ({"brand": "Shoppe"}, {"brand": "Shop", "lookup": "m" * 32}):
        with pytest.raises(ConfigurationError, match="another lookup key or brand"):
            opened(file, **wrong)


# ----------------------------------------------------------------------------------------------------------- places


def mounts(tmp_path: Path, *lines: str) -> Path:
    table = tmp_path / "mounts"
    table.write_text("".join(f"{line}\n" for line in ("/dev/sda1 / ext4 rw 0 0", *lines)))
    return table


@pytest.mark.parametrize("place", ["/tmp", "/tmp/shop", "/dev/shm/shop", "/var/task/data", "/var/tmp"])
def test_production_refuses_what_does_not_last(place: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="does not last"):
        refuse_unfit(Path(place, "consent.db"), mounts(tmp_path))


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("server:/x /srv nfs4 rw 0 0", "network disk"),
        ("//server/x /srv cifs rw 0 0", "network disk"),
        ("s3fs /srv fuse.s3fs rw 0 0", "network disk"),
        ("tmpfs /srv tmpfs rw 0 0", "memory"),
        ("/dev/sdb1 /srv ext4 ro,relatime 0 0", "cannot be written"),
    ],
)
def test_production_refuses_network_memory_and_read_only_disks(line: str, why: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=why) as refused:
        refuse_unfit(Path("/srv/shop/consent.db"), mounts(tmp_path, line))
    assert "[consent] store" in str(refused.value)


def test_production_takes_a_local_disk_and_the_nearest_mount_counts(tmp_path: Path) -> None:
    refuse_unfit(Path("/srv/consent.db"), mounts(tmp_path, "server:/x /srv/other nfs rw 0 0"))
    refuse_unfit(
        Path("/srv/a b/consent.db"), mounts(tmp_path, "server:/x /srv nfs rw 0 0", "/dev/sdb1 /srv/a\\040b ext4 rw 0 0")
    )
    refuse_unfit(Path("/srv/consent.db"), tmp_path / "there is no such table")


def test_a_link_to_an_unfit_place_is_unfit(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="does not last"):
        refuse_unfit(Path("/proc/self/root/tmp/shop/consent.db"), mounts(tmp_path))


def test_a_temporary_store_is_right_for_trying_out_and_refused_in_production(file: Path) -> None:
    opened(file).close()
    with pytest.raises(ConfigurationError, match="production"):
        opened(file, production=True)


# --------------------------------------------------------------------------------------------------------- versions


@pytest.fixture(params=VERSIONS, ids=lambda path: path.stem)
def earlier(request: pytest.FixtureRequest, file: Path) -> Path:
    database = sqlite3.connect(file)
    database.executescript(request.param.read_text("utf-8"))
    database.close()
    return file


def test_a_store_of_any_earlier_version_opens_with_all_that_it_holds(earlier: Path) -> None:
    store = opened(earlier, brand="Shop")
    ada, scope = store.subject("ada@example.com"), Scope("email", "marketing")
    assert [(event.body, event.reason) for event in store.inbox("quarantined")] == [(b"?", "not understood")]
    assert [one.act for one in store.changes(ada)] == [Act.DENY] and store.endpoint(ada) == "ada@example.com"
    assert [one.id for one in store.changes(store.subject("ada@example.org"))] == ["a"]
    assert [(one.target, one.endpoint) for one in store.due(NOON)] == [("sql:customers", "ada@example.com")]
    assert store.observed("mailchimp:L", ada, scope) == ("deny", NOON)
    assert [task.what for task in store.tasks()] == ["look"]
    assert store.secrets("mailchimp", "L", NOON) == ["a-long-secret-indeed"]
    assert store.watermark("mailchimp:L") == NOON
    store.close()


def test_an_earlier_version_ends_with_the_schema_of_a_new_store(earlier: Path, tmp_path: Path) -> None:
    opened(earlier, brand="Shop").close()
    opened(tmp_path / "new.db").close()
    old, new = (
        sorted(sqlite3.connect(path).execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall())
        for path in (earlier, tmp_path / "new.db")
    )
    assert [(name, " ".join(sql.split())) for name, sql in old] == [(name, " ".join(sql.split())) for name, sql in new]


def test_every_version_has_its_fixture() -> None:
    scripts = [file.name[:3] for file in files("contextmail.store").joinpath("schema", "consent").iterdir()]
    assert sorted(scripts) == [path.stem.removeprefix("consent_") for path in VERSIONS]


def test_a_newer_store_is_refused(file: Path) -> None:
    opened(file).close()
    database = sqlite3.connect(file)
    database.execute("PRAGMA user_version = 99")
    database.close()
    with pytest.raises(ConfigurationError, match="newer contextmail"):
        opened(file)


def test_a_file_that_is_no_store_is_refused(file: Path) -> None:
    shutil.copy(__file__, file)
    with pytest.raises(ConfigurationError, match="cannot open"):
        opened(file)
