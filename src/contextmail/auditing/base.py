"""What a check of an audit is given, and what it gives."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

from contextmail.config import Settings
from contextmail.connectors.base import AudienceField, Source
from contextmail.engines.base import Engine
from contextmail.facts.folder import FactsFolder
from contextmail.store.base import Ledger

FINDING = "key, what, field, value, mended, certain"
"""Columns of a finding: the contact's key ("": of no single one), what is wrong in a few words, the field and its value,
how it would read (NULL: nobody can say), and whether a program may write that."""


@runtime_checkable
class Labelled(Protocol):
    """A source that lists its saved segments or lists: their names say something of those who are in them."""

    def saved_segments(self) -> Iterator[tuple[str, str]]:
        """Stream the id and the name of each."""
        ...

    def segment_members(self, segment: str) -> Iterator[str]:
        """Stream the keys of the contacts in one."""
        ...


@dataclass(frozen=True, slots=True)
class Room:
    """Where checks work. The engine holds three tables.

    `contacts`: key, email, address (normalised; NULL: it cannot be), problem (of the address), status, phone, tags,
    fields (a map of tag to text), granted (the source says that the person agreed to e-mail), granted_at, how.
    `known`: key, customer; the contacts whom the facts know by their address. `permissions`: see there.
    """

    source: Source
    engine: Engine
    temp: Path
    settings: Settings
    fields: tuple[AudienceField, ...]
    facts: FactsFolder | None = None
    ledger: Ledger | None = None


@dataclass(frozen=True, slots=True)
class Unlooked:
    """Why a check could not look."""

    why: str


class Check(Protocol):
    """One thing that may be wrong with an audience."""

    name: str

    def find(self, room: Room) -> str | Unlooked:
        """Give a SELECT of the columns of `FINDING`, or say why it could not look."""
        ...
