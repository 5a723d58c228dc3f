"""What commands print: text for people, coloured on a terminal; machine output is plain and goes past all of this."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

from rich.console import Console
from rich.text import Text

_SHOWN = 20
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


def console(*, wrap: bool = False) -> Console:
    """Give the console of standard output: colour only on a terminal and without NO_COLOR."""
    return Console(highlight=False, soft_wrap=not wrap)


def say(*parts: str | tuple[str, str], to: Console | None = None) -> None:
    """Print one line of texts, each plain or with its style."""
    clean = (harmless(part) if isinstance(part, str) else (harmless(part[0]), part[1]) for part in parts)
    (to or console()).print(Text.assemble(*clean))


def harmless(text: str) -> str:
    """Take control characters out, so that nothing that was read can steer a terminal."""
    return _CONTROL.sub("\ufffd", text)


def write_json(value: object) -> None:
    """Write one JSON document; other than ASCII is escaped, so that it reads the same through any pipe."""
    sys.stdout.write(json.dumps(value, indent=1) + "\n")


def note(text: str) -> None:
    """Tell a person something that is no result, on standard error."""
    say(("note: ", "yellow"), text, to=Console(stderr=True, highlight=False, soft_wrap=True))


def notes(texts: Iterable[str]) -> None:
    """Tell each of `texts`."""
    for text in texts:
        note(text)


@contextmanager
def busy(what: str) -> Iterator[None]:
    """Show that work is going on, on a terminal only."""
    stderr = Console(stderr=True)
    if not stderr.is_terminal:
        yield
        return
    with stderr.status(what):
        yield


def number(count: int) -> str:
    """Write a number of people."""
    return f"{count:,}"


def plural(count: int, word: str, several: str = "") -> str:
    """Write a number of things: `1 finding`, `3 findings`."""
    return f"{count:,} {word if count == 1 else several or f'{word}s'}"


def listed(lines: list[int]) -> str:
    """Write the first of the lines that something is about."""
    shown = ", ".join(map(str, lines[:_SHOWN]))
    return shown if len(lines) <= _SHOWN else f"{shown} and {len(lines) - _SHOWN:,} more (--format json lists them)"


def as_text(value: object) -> str:
    """Write the value of a fact or a cell for a person."""
    if value is None:
        return "unknown"
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value)) or "none"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def as_json(value: object) -> Any:
    """Give the value of a fact or a cell as JSON has it: dates as ISO text, exact numbers as text."""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list | tuple):
        return [as_json(item) for item in value]
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)
