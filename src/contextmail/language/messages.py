"""Read a message from wherever its author keeps it: a folder, one file, JSON, or lines of JSON.

- a folder: `message.toml` (or `message.json`) and `subject.txt`, `preheader.txt`, `body.html`, `text.txt`, `script.txt`
- `spring.html`, `spring.txt`, `spring.eml`: with front matter, or with `spring.toml` or `spring.json` beside it
- `spring.json`, or a mapping of the same keys; lines of JSON by `read_lines`

The keys are those of `Message`, and the texts `subject`, `preheader`, `html`, `text`, `script`.
`<!-- contextmail: allow RULE reason -->` in an HTML part (or a comment of the front matter) suppresses a rule.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from contextmail.dialects import DIALECTS
from contextmail.errors import RecordRejected, TemplateError, did_you_mean
from contextmail.language import frontmatter
from contextmail.language.frontmatter import Header
from contextmail.language.reading import part_from_bytes
from contextmail.model.claim import UNSUPPRESSIBLE
from contextmail.model.message import Channel, Message, Offer, Part, PartKind, Purpose

TEXTS = {
    "subject": PartKind.LINE,
    "preheader": PartKind.LINE,
    "html": PartKind.HTML,
    "text": PartKind.TEXT,
    "script": PartKind.SCRIPT,
}
"""Names of a message's parts, in the order in which a reader meets them, and how each is read."""

KEYS = frozenset(Message.model_fields) - {"parts"} | frozenset(TEXTS)

FILES = {
    "subject.txt": "subject",
    "preheader.txt": "preheader",
    "body.html": "html",
    "html.html": "html",
    "body.txt": "text",
    "text.txt": "text",
    "script.txt": "script",
}
"""Files of a message that is a folder: name -> part."""

_CHOICES = {
    "channel": tuple(channel.value for channel in Channel),
    "purpose": tuple(purpose.value for purpose in Purpose),
    "delivered_by": ("automated", "human"),
    "addressed_to": ("customer", "resident"),
    "dialect": ("", *DIALECTS),
}
_SPOKEN = (Channel.VOICE, Channel.CALL)
_COMMENT = re.compile(r"<!--\s*(contextmail:.*?)-->", re.DOTALL)
_SURROGATE = re.compile("[\ud800-\udfff]")
_TAG = re.compile(rb"<[A-Za-z!]")


def read_message(source: Path | str | Mapping[str, Any], *, dialect: str = "") -> Message:
    """Read one message from a folder, a file (`.html`, `.txt`, `.eml`, `.json`) or a mapping of its keys.

    Its id, when it gives none, is the name of the file or folder. `dialect` wins over what the file says.
    Raises TemplateError with the place and the cure: nothing there, no text in it, an unknown key, a wrong value,
    a suppression of a rule that cannot be suppressed.
    """
    if isinstance(source, Mapping):
        return _assemble(Header("", dict(source)), [], dialect)
    path = Path(source)
    if path.is_dir():
        header, parts = _folder(path)
    elif not path.is_file():
        raise TemplateError("no such file or folder", where=str(source), cure="check the path of the message")
    elif path.suffix == ".jsonl":
        raise TemplateError(
            "holds many messages", where=str(source), cure=f"contextmail check --format jsonl - < {source}"
        )
    elif path.suffix == ".json":
        header, parts = frontmatter.from_json(_text(path), str(path)), []
    else:
        header, parts = _eml(path) if path.suffix == ".eml" else _file(path)
        header = _merge(header, _beside(path))
    if header.values.get("channel") in _SPOKEN:
        parts = [_script(part) for part in parts]
    header.values.setdefault("id", path.name if path.is_dir() else path.stem)
    return _assemble(header, parts, dialect)


def read_lines(lines: Iterable[str | bytes], *, dialect: str = "") -> Iterator[tuple[Any, Message | RecordRejected]]:
    """Read lines of JSON, one message each: yield a line's own `id` (else its number) and its message.

    A broken line yields a RecordRejected that names it, and the rest goes on (its id is None where it cannot be read);
    empty lines are passed over. Keys that are the record's own are ignored, but not those that look like a misspelt key
    of a message.
    """
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        id_: Any = None
        try:
            record = json.loads(line.strip())
            id_ = record.get("id", number) if isinstance(record, dict) else None
            yield id_, _record(record, str(id_), dialect)
        except json.JSONDecodeError as error:
            yield id_, RecordRejected(f"not JSON: {error.msg}", where=f"line {number}, column {error.colno}")
        except TemplateError as error:
            yield id_, RecordRejected(error.what, where=f"line {number}", cure=error.cure)
        except (ValueError, RecursionError) as error:  # bytes that are no text, a number or a depth beyond all bounds
            yield id_, RecordRejected(f"not JSON: {error}", where=f"line {number}")


def _record(record: Any, id_: str, dialect: str) -> Message:
    if not isinstance(record, dict):
        raise TemplateError(f"a JSON object is expected, not {type(record).__name__}")
    for key in record.keys() - KEYS:
        if hint := did_you_mean(key, KEYS):
            raise TemplateError(f"unknown key {key!r}", cure=hint)
    if all(record.get(name) is None for name in TEXTS):
        raise TemplateError("no text", cure=f"give one of {', '.join(TEXTS)}")
    known = {key: value for key, value in record.items() if key in KEYS}
    return _assemble(Header("", {**known, "id": id_}), [], dialect, may_be_empty=True)


# ------------------------------------------------------------------------------------------------ where a message lies


def _folder(path: Path) -> tuple[Header, list[Part]]:
    header = _beside(path / "message") or Header(str(path))
    parts: list[Part] = []
    for file in sorted(path.iterdir()):
        name = FILES.get(file.name)
        if name is None:
            if file.suffix in {".txt", ".html"} and (hint := did_you_mean(file.name, FILES)):
                raise TemplateError("not a part of a message", where=str(file), cure=hint)
            continue
        if any(part.name == name for part in parts):
            raise TemplateError(f"a second {name}", where=str(file), cure="keep one of the two")
        part = part_from_bytes(name, TEXTS[name], file.read_bytes(), path=str(file))
        parts.append(_one_line(part) if part.kind is PartKind.LINE else part)
    return header, parts


def _one_line(part: Part) -> Part:
    """Take off the line end that an editor adds: a header line has none."""
    line = part.source.rstrip("\r\n")
    if "\n" in line or "\r" in line:
        raise TemplateError("more than one line", where=part.path, cure=f"a {part.name} is one line")
    return part.model_copy(update={"source": line})


def _file(path: Path) -> tuple[Header, list[Part]]:
    data = path.read_bytes()
    html = path.suffix in {".html", ".htm"} or (path.suffix != ".txt" and _TAG.search(data) is not None)
    name = "html" if html else "text"
    whole = part_from_bytes(name, TEXTS[name], data, path=str(path))
    header, start = frontmatter.split(whole.source, str(path))
    line = whole.source.count("\n", 0, start) + 1
    body = whole.model_copy(update={"source": whole.source[start:], "line": line})
    # what stands above the body is written in the same encoding
    above = [part.model_copy(update={"encoding": body.encoding, "errors": body.errors}) for part in _texts_of(header)]
    return header, [*above, body]


def _script(part: Part) -> Part:
    """Take the text of a message that is spoken as its script."""
    spoken = {"name": "script", "kind": PartKind.SCRIPT}
    return part.model_copy(update=spoken) if part.name == "text" else part


def _eml(path: Path) -> tuple[Header, list[Part]]:
    """Read a mail: its subject and its texts, decoded. A part's path is `spring.eml#html`: its lines are its own."""
    mail = message_from_bytes(path.read_bytes(), policy=policy.default)
    header, parts = Header(str(path)), []
    if subject := str(mail.get("subject", "")):
        header.values["subject"] = " ".join(subject.split())
    if senders := getattr(mail.get("from"), "addresses", ()):
        header.values["sender"] = senders[0].display_name
    for name, subtype in (("html", "html"), ("text", "plain")):
        body = mail.get_body((subtype,))
        if isinstance(body, EmailMessage):
            data, charset = body.get_payload(decode=True), body.get_content_charset() or ""
            if isinstance(data, bytes):
                parts.append(part_from_bytes(name, TEXTS[name], data, path=f"{path}#{name}", declared=charset))
    return header, parts


def _beside(path: Path) -> Header | None:
    """Read the side file of a message, `spring.toml` or `spring.json`, if there is one."""
    for suffix, read in ((".toml", frontmatter.from_toml), (".json", frontmatter.from_json)):
        side = path.with_suffix(suffix)
        if side.is_file() and side != path:
            return read(_text(side), str(side))
    return None


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise TemplateError(f"not UTF-8: {error.reason} at byte {error.start}", where=str(path)) from None


def _merge(header: Header, side: Header | None) -> Header:
    """Put a side file's keys to those of the file itself; the same key in both is a mistake."""
    if side is None:
        return header
    for key in header.values.keys() & side.values.keys():
        raise TemplateError(f"{key!r} is in {header.where(key)} too", where=side.where(key), cure="keep one of the two")
    return Header(header.path, header.values | side.values, header.places | side.places, header.allow | side.allow)


# -------------------------------------------------------------------------------------------------- what it comes to


def _assemble(header: Header, parts: list[Part], dialect: str, *, may_be_empty: bool = False) -> Message:
    for key in header.values:
        if key not in KEYS:
            raise TemplateError(f"unknown key {key!r}", where=header.where(key), cure=did_you_mean(key, KEYS))
    for part in _texts_of(header):
        if other := next((other for other in parts if other.name == part.name), None):
            what = f"{part.name!r} is in {other.path}:{other.line} too"
            raise TemplateError(what, where=header.where(part.name), cure="keep one of the two")
        parts.append(part)
    values = {key: value for key, value in header.values.items() if value is not None}
    if not may_be_empty and not any(part.source.strip() for part in parts):
        raise TemplateError("the message has no text", where=header.path, cure=f"give one of {', '.join(TEXTS)}")
    parts.sort(key=lambda part: list(TEXTS).index(part.name))
    if dialect:
        values["dialect"] = dialect
    for key, choices in _CHOICES.items():
        if key in values and values[key] not in choices:
            cure = did_you_mean(str(values[key]), choices) or f"one of {', '.join(filter(None, choices))}"
            raise TemplateError(f"{key} is {values[key]!r}", where=header.where(key), cure=cure)
    try:
        return Message(
            **values
            | {"parts": tuple(parts), "allow": _allow(values.get("allow", {}), header, parts)}
            | {"offers": _offers(values.get("offers", ()), header), "asks": _names(values.get("asks", ()), header)}
            | {key: _clock(values[key], header, key) for key in ("planned_at", "expires") if key in values}
        )
    except ValidationError as error:
        first = error.errors()[0]
        key = str(first["loc"][0])
        raise TemplateError(f"{key}: {first['msg'].lower()}", where=header.where(key)) from None


def _texts_of(header: Header) -> list[Part]:
    """Take the texts out of a header, each as a part."""
    parts = []
    for name in TEXTS.keys() & header.values.keys():
        text = header.values.pop(name)
        if text is None:
            continue
        if not isinstance(text, str):
            raise TemplateError(f"{name} is no text", where=header.where(name), cure="put it between quotation marks")
        path, line = header.places.get(name, (header.path, 1))
        # JSON may hold half of a surrogate pair, which strict UTF-8 cannot give back
        errors = "surrogatepass" if _SURROGATE.search(text) else "strict"
        parts.append(Part(name=name, kind=TEXTS[name], source=text, errors=errors, path=path, line=line))
    return parts


def _allow(given: Any, header: Header, parts: list[Part]) -> dict[str, str]:
    """Gather rule -> reason from the header, its comments and the comments of HTML parts."""
    if not isinstance(given, Mapping):
        raise TemplateError("allow is not a table of rule and reason", where=header.where("allow"))
    allow = {str(rule): str(reason) for rule, reason in given.items()} | header.allow
    for part in parts:
        if part.kind is PartKind.HTML and "contextmail:" in part.source:
            for comment in _COMMENT.finditer(part.source):
                line = part.line + part.source.count("\n", 0, comment.start())
                frontmatter.read_allow(comment[1], allow, f"{part.path or part.name}:{line}")
    for rule in allow.keys() & UNSUPPRESSIBLE:
        raise TemplateError(
            f"{rule!r} cannot be suppressed",
            where=header.path,
            cure="take the line out: it is the recipient's own choice",
        )
    return allow


def _offers(given: Any, header: Header) -> tuple[Offer, ...]:
    """Read offers: tables of `Offer`, or bare texts, which are products' ids."""
    offers = []
    for item in given if isinstance(given, list | tuple) else [given]:
        values = {"product": item} if isinstance(item, str) else item
        for key in values if isinstance(values, Mapping) else ():
            if key not in Offer.model_fields:
                cure = did_you_mean(key, Offer.model_fields)
                raise TemplateError(f"offers: unknown key {key!r}", where=header.where("offers"), cure=cure)
        try:
            offers.append(Offer.model_validate(values))
        except ValidationError as error:
            what = f"offers: {error.errors()[0]['msg'].lower()}"
            raise TemplateError(what, where=header.where("offers")) from None
    return tuple(offers)


def _names(given: Any, header: Header) -> tuple[str, ...]:
    """Read a list of names: a list, or `[birthday, provider]` and `birthday, provider` as text."""
    if isinstance(given, str):
        given = [name.strip() for name in given.strip("[] ").split(",") if name.strip()]
    if not isinstance(given, list | tuple) or not all(isinstance(name, str) for name in given):
        raise TemplateError("asks: names of facts are expected", where=header.where("asks"))
    return tuple(given)


def _clock(value: Any, header: Header, key: str) -> datetime:
    """Read a date or a time as UTC without a zone, which is what facts have."""
    try:
        at = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    except ValueError:
        raise TemplateError(
            f"{key} is {str(value)!r}", where=header.where(key), cure="write 2026-05-31 09:00"
        ) from None
    return at.astimezone(UTC).replace(tzinfo=None) if at.tzinfo else at
