"""What a message's file says about itself: front matter above the text, or a file of its own beside it.

Front matter stands between two lines `---` (simple `key: value` lines) or two lines `+++` (TOML). The simple form knows
text, lists and one level of keys, and nothing else of YAML:

    ---
    subject: A gift for you
    asks: [birthday, provider]
    allow:
      generic-greeting: the list has no names
    offers:
      - product: 85123A
        name: White Hanging Heart
    # contextmail: allow generic-subject it is a series
    ---

A `#` begins a comment only at the beginning of a line, so that `subject: Deal #1` is what it says.
"""

from __future__ import annotations

import json
import re
import tomllib
from dataclasses import dataclass, field
from typing import Any

from contextmail.errors import TemplateError

ALLOW = re.compile(r"contextmail:\s*(?P<verb>[\w-]+)(?:\s+(?P<rule>[\w-]+))?(?:\s+(?P<reason>.*\S))?\s*", re.DOTALL)

_FENCED = re.compile(r"\A(?P<fence>---|\+\+\+)[ \t]*\r?\n(?P<head>(?:.*\r?\n)*?)(?P=fence)[ \t]*(?:\r?\n|\Z)")
_KEY = re.compile(
    r"(?P<indent>[ \t]*)(?P<dash>-(?:[ \t]+|$))?(?:(?P<key>[A-Za-z_][\w-]*)[ \t]*:(?=[ \t]|$))?[ \t]*(?P<value>.*)"
)


@dataclass(slots=True)
class Header:
    """Values by key, as they were written, with the file and the line on which each stands."""

    path: str = ""
    values: dict[str, Any] = field(default_factory=dict)
    places: dict[str, tuple[str, int]] = field(default_factory=dict)
    allow: dict[str, str] = field(default_factory=dict)
    """Rule -> reason, from comments."""

    def where(self, key: str) -> str:
        """Give the place of a key as `spring.html:3`, or as much of it as is known."""
        path, line = self.places.get(key, (self.path, 0))
        return f"{path}:{line}" if path and line else path or key


def split(source: str, path: str) -> tuple[Header, int]:
    """Read the front matter of `source`: its header and the offset at which the text itself begins.

    A text without front matter has an empty header and begins at 0; so does one whose first `---` is only a rule.
    Raises TemplateError with the line of the mistake.
    """
    fenced = _FENCED.match(source)
    if not fenced:
        return Header(path), 0
    head = fenced["head"]
    if fenced["fence"] == "+++":
        return from_toml(head, path, first_line=2), fenced.end()
    first = next((line for line in head.split("\n") if line.strip() and not line.startswith("#")), "")
    if first and not re.match(r"[A-Za-z_][\w-]*[ \t]*:([ \t]|$)", first):
        return Header(path), 0
    return _from_lines(head, path, first_line=2), fenced.end()


def from_toml(text: str, path: str, *, first_line: int = 1) -> Header:
    """Read a header from TOML. Raises TemplateError with the line of the mistake."""
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        # the parser counts from the fence, a person from the top of the file
        what = re.sub(r"line (\d+)", lambda found: f"line {int(found[1]) + first_line - 1}", str(error))
        raise TemplateError(f"not TOML: {what}", where=path) from None
    header = Header(path, values)
    for number, line in enumerate(re.split(r"\r?\n", text), first_line):
        if key := re.match(r"\s*(?:\[+\s*)?[\"']?([A-Za-z_][\w-]*)", line):
            header.places.setdefault(key[1], (path, number))
        if line.lstrip().startswith("#"):
            read_allow(line.lstrip("# \t"), header.allow, f"{path}:{number}")
    return header


def from_json(text: str, path: str) -> Header:
    """Read a header from a JSON object. Raises TemplateError with the line of the mistake."""
    try:
        values = json.loads(text)
    except json.JSONDecodeError as error:
        raise TemplateError(f"not JSON: {error.msg}", where=f"{path}:{error.lineno}:{error.colno}") from None
    if not isinstance(values, dict):
        raise TemplateError(f"a JSON object is expected, not {type(values).__name__}", where=path)
    header = Header(path, values)
    for key in values:
        if found := re.search(rf"{re.escape(json.dumps(key))}\s*:", text):
            header.places[key] = (path, text.count("\n", 0, found.start()) + 1)
    return header


def read_allow(comment: str, allow: dict[str, str], where: str) -> None:
    """Add `contextmail: allow RULE reason` to `allow`; any other comment is left alone.

    Raises TemplateError for another word than `allow`, and without a rule.
    """
    found = ALLOW.fullmatch(comment)
    if not found:
        return
    if found["verb"] != "allow" or not found["rule"]:
        raise TemplateError(
            f"not understood: 'contextmail: {found['verb']}'", where=where, cure="write: contextmail: allow RULE reason"
        )
    allow[found["rule"]] = " ".join((found["reason"] or "no reason given").split())


def _from_lines(text: str, path: str, *, first_line: int) -> Header:
    """Read the simple form; `current` is the key whose list or keys the indented lines belong to."""
    header = Header(path)
    current = ""
    for number, line in enumerate(re.split(r"\r?\n", text), first_line):
        where = f"{path}:{number}"
        if line.startswith("#"):
            read_allow(line.lstrip("# \t"), header.allow, where)
            continue
        if not line.strip():
            continue
        match = _KEY.fullmatch(line)
        key, value = (match["key"] or "", _scalar(match["value"], where)) if match else ("", "")
        if not match or not (key or match["dash"]):
            raise TemplateError(f"not understood: {line.strip()!r}", where=where, cure="write: key: value")
        if not match["indent"] and not match["dash"]:
            if key in header.values:
                raise TemplateError(f"{key!r} is given twice", where=where)
            current = key
            header.values[key], header.places[key] = value, (path, number)
        elif not current:
            raise TemplateError("an indented line without a key above it", where=where)
        else:
            header.values[current] = _nest(header.values[current], key, value, bool(match["dash"]), where)
    return header


def _nest(held: Any, key: str, value: str, dash: bool, where: str) -> Any:
    """Return `held` with an indented line added: `- text`, `- key: value`, or `key: value` below either."""
    if held == "":
        held = [] if dash else {}
    if dash and isinstance(held, list):
        return [*held, {key: value} if key else value]
    if not dash and isinstance(held, dict):
        return {**held, key: value}
    if not dash and isinstance(held, list) and held and isinstance(held[-1], dict):
        return [*held[:-1], {**held[-1], key: value}]
    raise TemplateError("an indented line that fits neither a list nor keys", where=where)


def _scalar(text: str, where: str) -> str:
    """Return the text of a value without its quotation marks."""
    text = text.strip()
    if len(text) > 1 and text[0] == text[-1] == "'":
        return text[1:-1].replace("''", "'")
    if len(text) > 1 and text[0] == text[-1] == '"':
        try:
            return str(json.loads(text))
        except json.JSONDecodeError:
            raise TemplateError(f"the quotation marks of {text} do not fit", where=where) from None
    if text in {"|", ">", "|-", ">-"}:
        raise TemplateError("texts of several lines are not read here", where=where, cure="put the text in a file")
    return text
