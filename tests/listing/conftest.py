"""A call centre with its files: the example's, with facts that are built once."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest

from contextmail import wiring
from contextmail.config import Settings, load
from contextmail.listing.base import Listed
from contextmail.listing.making import make_list
from contextmail.listing.outcomes import Taken, take_outcomes
from contextmail.listing.rechecking import recheck_list
from contextmail.model.consent import Act, Actor, Change, Permission, Scope, fold, permission
from contextmail.store.base import ConsentStore
from contextmail.store.sealing import new_keys

FILES = Path(__file__).parents[2] / "examples" / "call_list"
CLOCK = datetime(2026, 5, 31, 9)
ADA, EVE, INES, NAIRS = "+12025550100", "+12025550104", "+12025550108", "+12025550106"
CALLS = Scope("call", "marketing")


@dataclass
class Centre:
    """The folder of a call centre, and what is done in it."""

    folder: Path

    def settings(self, **more: object) -> Settings:
        return load(self.folder, **more)

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.write_text(text, "utf-8")
        return path

    def rows(self, name: str, delimiter: str = ",") -> list[dict[str, str]]:
        with (self.folder / name).open(newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file, delimiter=delimiter))

    def make(self, script: str = "evening.txt", people: str = "people.csv", **more: object) -> Listed:
        settings = self.settings()
        given = {"out": self.folder / "calls.csv", "left_out": self.folder / "others.csv", **more}
        with wiring.ledger(settings) as ledger, wiring.facts_folder(settings) as facts:
            return make_list(self.folder / script, self.folder / people, settings, facts, ledger, **given)  # type: ignore[arg-type]

    def recheck(self, name: str = "calls.csv", **more: object) -> Listed:
        settings = self.settings(**more)
        with wiring.ledger(settings) as ledger, wiring.facts_folder(settings) as facts:
            return recheck_list(
                self.folder / name, settings, facts, ledger,
                out=self.folder / "block.csv", left_out=self.folder / "fell.csv",
            )  # fmt: skip

    def take(self, text: str, **more: object) -> Taken:
        settings = self.settings()
        path = self.write("results.csv", text)
        with wiring.sync(settings) as sync, wiring.facts_folder(settings) as facts:
            return take_outcomes(path, settings, sync, facts, **{"channel": "call", **more})  # type: ignore[arg-type]

    @contextmanager
    def store(self) -> Iterator[ConsentStore]:
        with closing(wiring.consent_store(self.settings())) as store:
            yield store

    def say(self, endpoint: str, act: Act, scope: Scope = CALLS, at: datetime = CLOCK, **more: object) -> None:
        """Let a person say something to the ledger."""
        with self.store() as store:
            given = {"actor": Actor.PERSON, "at": at, **more}
            change = Change(f"{endpoint}{act}{at}", store.subject(endpoint), act, scope, at, **given)  # type: ignore[arg-type]
            store.append([change], [endpoint])

    def permitted(self, endpoint: str, scope: Scope = CALLS) -> Permission:
        with self.store() as store:
            return permission(fold(store.changes(store.subject(endpoint))), scope)

    def reasons(self, told: Listed) -> dict[str, int]:
        return {reason: rows for (_, reason), rows in told.reasons.items() if reason}


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("centre") / "centre"
    shutil.copytree(FILES, folder)
    wiring.build_facts(load(folder))
    return folder


@pytest.fixture
def centre(built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Centre:
    for name, key in new_keys().items():
        monkeypatch.setenv(name, key)
    return Centre(Path(shutil.copytree(built, tmp_path / "centre")))
