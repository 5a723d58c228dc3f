"""Pull a source into a folder: newline JSON by stream, with a cursor, so that an interrupted pull goes on.

    FOLDER/cursor.json             what was pulled when, and how far the latest pull came
    FOLDER/fields.json             the audience's contact fields
    FOLDER/customers/<pull>.jsonl  a row per contact; a later pull's row of the same contact takes its place
    FOLDER/statuses/<pull>.jsonl   what those contacts say of consent, by channel
    FOLDER/orders/…  products/…  consents/…
    FOLDER/touches/<campaign>.jsonl  a row per recipient; a campaign that is pulled again takes its own place

Each file is written beside its place and moved there when it is whole: a file that is there is whole. The folder holds
addresses; nobody but its owner may read it (mode 0700).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import IO, Literal
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, ValidationError

from contextmail.connectors.base import Capability, Consent, Member, OrderLine, Product, Source, Touch
from contextmail.errors import ConfigurationError

Progress = Callable[[str, int], None]
"""Is told a stream and the rows that it has so far."""
Stream = Literal["customers", "orders", "products", "touches", "consents"]

STREAMS: dict[Stream, Capability | None] = {
    "customers": None,
    "orders": Capability.ORDERS,
    "products": Capability.ORDERS,
    "touches": Capability.TOUCHES,
    "consents": Capability.CONSENTS,
}
"""What there is to pull, in this order, and what a source must be able to for it."""

_EVERY = 1000
_CLOCKS = timedelta(minutes=5)
_WHOLE: tuple[Stream, ...] = ("products",)
"""Streams that no source can ask only the changes of."""


class Pull(BaseModel):
    """One pull: from when on, which streams, and the rows of those that are whole."""

    model_config = ConfigDict(frozen=True)

    id: str
    started_at: datetime
    """UTC without a zone; the next pull asks for what changed since."""
    since: datetime | None
    streams: tuple[Stream, ...]
    rows: dict[str, int] = {}
    campaigns: dict[str, int] = {}
    """Campaigns whose touches are whole, with their rows, while the stream is not."""

    @property
    def finished(self) -> bool:
        """Say whether all of its streams are whole."""
        return all(stream in self.rows for stream in self.streams)


class Cursor(BaseModel):
    """What a folder holds: which source, and its pulls, the latest last."""

    model_config = ConfigDict(frozen=True)

    source: str
    pulls: tuple[Pull, ...] = ()

    @classmethod
    def load(cls, folder: Path) -> Cursor | None:
        """Read the cursor of a folder; None: nothing was pulled into it. Raises ConfigurationError for a broken one."""
        file = folder / "cursor.json"
        if not file.is_file():
            return None
        try:
            return cls.model_validate_json(file.read_bytes())
        except ValidationError:
            cure = "pull into another folder"
            raise ConfigurationError("not the cursor of a pull", where=str(file), cure=cure) from None

    def since(self) -> datetime | None:
        """Give from when on to ask: what changed before the latest finished pull began is here; None: nothing is.

        A little earlier than that, since the platform's clock is not ours; what comes twice is kept once.
        """
        begun = [pull.started_at for pull in self.pulls if pull.finished]
        return max(begun) - _CLOCKS if begun else None


def pull(
    source: Source,
    folder: Path,
    *,
    since: datetime | None = None,
    streams: Collection[Stream] = tuple(STREAMS),
    progress: Progress | None = None,
    now: Callable[[], datetime] = lambda: datetime.now(UTC).replace(tzinfo=None),
) -> dict[str, int]:
    """Pull the streams that a source has into `folder`; give the rows of each.

    With `since` only what changed, beside what is there; without it everything, in its place. A pull that was
    interrupted goes on first, as it was begun. Raises ConfigurationError for a folder of another source.
    """
    named = f"{source.name}:{source.audience}"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder.chmod(0o700)
    cursor = Cursor.load(folder) or Cursor(source=named)
    if cursor.source != named:
        cure = "pull into another folder"
        raise ConfigurationError(f"this folder holds {cursor.source}, not {named}", where=str(folder), cure=cure)
    current = (
        cursor.pulls[-1] if cursor.pulls and not cursor.pulls[-1].finished else _begun(source, now(), since, streams)
    )
    before = tuple(one for one in cursor.pulls if one.id != current.id)

    def keep(state: Pull) -> None:
        _write_whole(folder / "cursor.json", Cursor(source=named, pulls=(*before, state)).model_dump_json(indent=1))

    keep(current)
    _write_whole(folder / "fields.json", json.dumps([asdict(field) for field in source.fields()], indent=1))
    for stream in current.streams:
        if stream not in current.rows:
            current = _Puller(source, folder, current, progress, keep).stream(stream)
            keep(current)
    return dict(current.rows)


def _begun(source: Source, at: datetime, since: datetime | None, streams: Collection[Stream]) -> Pull:
    can = (stream for stream, needs in STREAMS.items() if needs is None or needs in source.capabilities)
    wanted = tuple(stream for stream in can if stream in streams)
    return Pull(id=at.strftime("%Y%m%dT%H%M%S%f"), started_at=at, since=since, streams=wanted)


class _Puller:
    """Write the streams of one pull."""

    def __init__(
        self, source: Source, folder: Path, state: Pull, progress: Progress | None, keep: Callable[[Pull], None]
    ) -> None:
        self.source, self.folder, self.state, self.keep = source, folder, state, keep
        self.progress = progress

    def stream(self, stream: Stream) -> Pull:
        """Write one stream whole; give the pull with it done."""
        since = self.state.since
        match stream:
            case "customers":
                rows = self._customers()
            case "orders":
                rows = self._rows(stream, map(_plain, self.source.orders(since=since)))
            case "products":
                rows = self._rows(stream, map(_plain, self.source.products()))
            case "consents":
                rows = self._rows(stream, map(_plain, self.source.consents(since=since)))
            case "touches":
                rows = self._touches()
        return self.state.model_copy(update={"rows": {**self.state.rows, stream: rows}, "campaigns": {}})

    def _rows(self, stream: Stream, rows: Iterable[dict[str, object]]) -> int:
        place = self.folder / stream
        with _file(place / f"{self.state.id}.jsonl") as out:
            count = self._write(stream, out, rows)
        if self.state.since is None or stream in _WHOLE:
            _drop_others(place, {self.state.id})
        return count

    def _customers(self) -> int:
        """Write contacts, and what they say of consent beside them: reading them twice would double the calls."""

        def customers(statuses: IO[str]) -> Iterator[dict[str, object]]:
            for member in self.source.members(since=self.state.since):
                for consent in member.consents:
                    statuses.write(_line(_plain(consent)))
                yield _customer(member)

        place = self.folder / "statuses"
        with _file(place / f"{self.state.id}.jsonl") as out:
            rows = self._rows("customers", customers(out))
        if self.state.since is None:
            _drop_others(place, {self.state.id})
        return rows

    def _touches(self) -> int:
        """Write a file for each campaign; one that is whole is not read again: the next one's begin shows it."""
        place = self.folder / "touches"
        found = self.source.touches(since=self.state.since, skip=self.state.campaigns.keys())
        for campaign, touches in groupby(found, key=lambda touch: touch.campaign):
            before = sum(self.state.campaigns.values())
            with _file(place / f"{_file_name(campaign)}.jsonl") as out:
                rows = self._write("touches", out, map(_plain, touches), before)
            campaigns = {**self.state.campaigns, campaign: rows - before}
            self.state = self.state.model_copy(update={"campaigns": campaigns})
            self.keep(self.state)
        if self.state.since is None:
            _drop_others(place, {_file_name(campaign) for campaign in self.state.campaigns})
        return sum(self.state.campaigns.values())

    def _write(self, stream: Stream, out: IO[str], rows: Iterable[dict[str, object]], before: int = 0) -> int:
        count = before
        for count, row in enumerate(rows, before + 1):
            out.write(_line(row))
            if self.progress and count % _EVERY == 0:
                self.progress(stream, count)
        if self.progress:
            self.progress(stream, count)
        return count


def _customer(member: Member) -> dict[str, object]:
    row = _plain(member)
    del row["consents"]
    row["customer"] = row.pop("key")
    return row


def _plain(row: Member | OrderLine | Product | Touch | Consent) -> dict[str, object]:
    return {name: getattr(row, name) for name in row.__dataclass_fields__}


def _line(row: dict[str, object]) -> str:
    return json.dumps(row, default=_moment, ensure_ascii=False) + "\n"


def _moment(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} is not pulled")


def _file_name(campaign: str) -> str:
    return quote(campaign, safe="")


@contextmanager
def _file(path: Path) -> Iterator[IO[str]]:
    """Write a file beside its place, and move it there when it is whole."""
    path.parent.mkdir(exist_ok=True)
    part = path.with_name(f"{path.name}.part")
    # A lone surrogate in a name is no reason to lose the pull.
    with part.open("w", encoding="utf-8", errors="replace", newline="\n") as out:
        yield out
    part.replace(path)


def _write_whole(path: Path, text: str) -> None:
    part = path.with_name(f"{path.name}.part")
    part.write_text(text, encoding="utf-8")
    part.replace(path)


def _drop_others(place: Path, keep: Collection[str]) -> None:
    """Delete what a whole pull has replaced."""
    for file in place.glob("*.jsonl*"):
        if file.name.partition(".jsonl")[0] not in keep:
            file.unlink()
