"""A platform in memory: the smallest whole implementation of `Target`, with the limits of the strictest real one."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from contextmail.connectors.base import (
    Account,
    AudienceField,
    Capability,
    Consent,
    Draft,
    FieldWrite,
    Member,
    OrderLine,
    Product,
    RowError,
    Status,
    Tasks,
    Touch,
)
from contextmail.errors import PlatformError, StatusMovedError, UnsafePlanError

Interruption = Callable[[str, str], None]
"""Told each call before and after its effect: `("before", "create_field")`; what it raises interrupts the call."""


class Killed(BaseException):
    """The process ends here: nothing may catch it, as nothing catches kill -9."""


_ONE_AT_A_TIME = threading.Lock()
"""Several connections may write at once, as to a real platform; each change is whole. Not a field: targets are copied."""


def key_of(email: str) -> str:
    return hashlib.md5(email.lower().encode()).hexdigest()


@dataclass
class MemoryTarget:
    """One audience; `calls` counts what was asked of it."""

    name: str = "mailchimp"
    audience: str = "memory"
    capabilities: frozenset[Capability] = frozenset(Capability)
    tasks: Tasks | None = None
    limits: dict[str, int] = field(
        default_factory=lambda: {
            "fields": 30,
            "field_bytes": 255,
            "page": 1000,
            "batch": 500,
            "segment_batch": 500,
            "connections": 10,
        }
    )
    people: dict[str, Member] = field(default_factory=dict)
    columns: dict[str, AudienceField] = field(default_factory=dict)
    segments: dict[str, tuple[str, set[str]]] = field(default_factory=dict)
    drafts: dict[str, Draft] = field(default_factory=dict)
    order_lines: list[OrderLine] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    interrupt: Interruption = lambda _when, _call: None
    refused: set[str] = field(default_factory=set)
    """Keys of contacts whose writes come back as errors."""
    _ids: int = 0

    # ------------------------------------------------------------------------------------------ what a test sets up

    def add(self, email: str, status: Status = "subscribed", **fields: str) -> str:
        key = key_of(email)
        self.people[key] = Member(key, email, status, fields, _now())
        return key

    def change(self, key: str, status: Status | None = None, **fields: str) -> None:
        """Do what a person does on the platform itself."""
        member = self.people[key]
        self.people[key] = replace(
            member, status=status or member.status, fields={**member.fields, **fields}, changed_at=_now()
        )

    def add_draft(self, id: str, *, segment: str = "", **parts: str) -> None:  # noqa: A002
        self.drafts[id] = Draft(id, f"Draft {id}", "save", parts, {"settings.from_name": "Shop"}, segment)

    def value(self, key: str, tag: str) -> str:
        return self.people[key].fields.get(tag, "")

    def state(self) -> tuple[object, ...]:
        """Give all that a run may change: fields, values (null and empty are one), segments, drafts, statuses."""
        return (
            set(self.columns),
            {k: {t: v for t, v in m.fields.items() if v} for k, m in self.people.items()},
            {name: set(keys) for name, keys in self.segments.values()},
            {d.id: dict(d.parts) for d in self.drafts.values()},
            {k: m.status for k, m in self.people.items()},
        )

    # ------------------------------------------------------------------------------------------------------ reading

    def account(self) -> Account:
        self._call("account")
        return Account("1", "Memory", ("read", "write"), self.limits)

    def fields(self) -> list[AudienceField]:
        self._call("fields")
        return list(self.columns.values())

    def members(self, *, since: datetime | None = None) -> Iterator[Member]:
        for number, member in enumerate(list(self.people.values())):
            if number % self.limits["page"] == 0:
                self._call("members")
            if (since is None and member.status != "archived") or (
                since is not None and member.changed_at and member.changed_at >= since
            ):
                yield member

    def orders(self, *, since: datetime | None = None) -> Iterator[OrderLine]:
        return (line for line in self.order_lines if since is None or line.at >= since)

    def products(self) -> Iterator[Product]:
        return iter(())

    def touches(self, *, since: datetime | None = None, skip: Collection[str] = ()) -> Iterator[Touch]:
        return iter(())

    def consents(self, *, since: datetime | None = None) -> Iterator[Consent]:
        return iter(())

    def read_members(self, keys: Iterable[str]) -> Iterator[Member]:
        return (self.people[key] for key in keys if key in self.people)

    def segment_members(self, segment: str) -> Iterator[str]:
        self._call("segment_members")
        if segment not in self.segments:
            raise PlatformError("Resource Not Found", status=404)
        return iter(sorted(self.segments[segment][1]))

    def draft(self, campaign: str) -> Draft:
        self._call("draft")
        if campaign not in self.drafts:
            raise PlatformError("Resource Not Found", status=404)
        return self.drafts[campaign]

    def find_segment(self, name: str) -> str | None:
        self._call("find_segment")
        return next((segment for segment, (known, _) in self.segments.items() if known == name), None)

    def find_draft(self, title: str) -> str | None:
        self._call("find_draft")
        return next((draft.id for draft in self.drafts.values() if draft.title == title), None)

    def checklist(self, campaign: str) -> list[str]:
        self._call("checklist")
        return []

    def tags_in_use(self) -> Iterator[tuple[str, str]]:
        for draft in self.drafts.values():
            if draft.state in ("save", "schedule"):
                for tag in self.columns:
                    if any(tag in text for text in draft.parts.values()):
                        yield tag, f"campaign {draft.id}"

    # ------------------------------------------------------------------------------------------------------ writing

    def create_field(self, tag: str, name: str, default: str) -> AudienceField:
        with_tag = self.columns.get(tag)
        if with_tag and with_tag.name != name:
            raise UnsafePlanError(f"the field {tag} is somebody else's")
        if len(self.columns) >= self.limits["fields"]:
            raise PlatformError("Too many merge fields", status=400)

        def effect() -> None:
            self.columns[tag] = AudienceField(self._id(), tag, name, default=default)

        self._write("create_field", effect)
        return self.columns[tag]

    def delete_field(self, field: AudienceField) -> None:
        def effect() -> None:
            self.columns.pop(field.tag, None)
            for key, member in self.people.items():
                kept = {tag: value for tag, value in member.fields.items() if tag != field.tag}
                self.people[key] = replace(member, fields=kept)

        self._write("delete_field", effect)

    def write_fields(self, writes: Iterable[FieldWrite]) -> Iterator[list[RowError]]:
        batch: list[FieldWrite] = []
        for write in writes:
            batch.append(write)
            if len(batch) == self.limits["batch"]:
                yield self._write_batch(batch)
                batch = []
        if batch:
            yield self._write_batch(batch)

    def _write_batch(self, batch: list[FieldWrite]) -> list[RowError]:
        errors = []

        def effect() -> None:
            for write in batch:
                if write.status not in ("subscribed", "unsubscribed", "pending") or write.key in self.refused:
                    errors.append(RowError(write.key, "refused"))
                    continue
                unknown = set(write.fields) - set(self.columns)
                assert not unknown, f"the audience has no field {unknown}"
                cut = {tag: value.encode()[:255].decode(errors="ignore") for tag, value in write.fields.items()}
                assert cut == dict(write.fields), "a text was cut silently"
                self.change(write.key, **cut)

        self._write("write_fields", effect)
        for write in batch:
            if self.people[write.key].status != write.status:
                raise StatusMovedError("a status moved")
        return errors

    def create_segment(self, name: str, emails: Iterable[str]) -> str:
        id_ = self._id()
        self._write("create_segment", lambda: self.segments.update({id_: (name, set())}))
        self.change_segment(id_, add=emails)
        return id_

    def change_segment(self, segment: str, *, add: Iterable[str] = (), remove: Iterable[str] = ()) -> None:
        inside = self.segments[segment][1]
        for emails, effect in ((list(add), inside.add), (list(remove), inside.discard)):
            for start in range(0, len(emails), self.limits["segment_batch"]):
                chunk = emails[start : start + self.limits["segment_batch"]]
                keys = [key for key in map(key_of, chunk) if key in self.people]
                self._write("change_segment", lambda keys=keys, effect=effect: [effect(key) for key in keys])  # type: ignore[misc]

    def delete_segment(self, segment: str) -> None:
        self._write("delete_segment", lambda: self.segments.pop(segment, None))

    def create_draft(self, draft: Draft, *, parts: Mapping[str, str], segment: str, title: str) -> str:
        id_ = self._id()
        made = Draft(id_, title, "save", {}, draft.settings, segment)
        self._write("create_draft", lambda: self.drafts.update({id_: made}))
        self.change_draft(id_, parts)
        return id_

    def change_draft(self, campaign: str, parts: Mapping[str, str]) -> None:
        changed = replace(self.drafts[campaign], parts=dict(parts))
        self._write("change_draft", lambda: self.drafts.update({campaign: changed}))

    def delete_draft(self, campaign: str) -> None:
        self._write("delete_draft", lambda: self.drafts.pop(campaign, None))

    # ------------------------------------------------------------------------------------------------------ faults

    def _write(self, call: str, effect: Callable[[], object]) -> None:
        self.interrupt("before", call)
        with _ONE_AT_A_TIME:
            self.calls.append(f"write {call}")
            effect()
        self.interrupt("after", call)

    def _call(self, call: str) -> None:
        self.interrupt("before", call)
        self.calls.append(f"read {call}")

    def _id(self) -> str:
        self._ids += 1
        return str(self._ids)


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)
