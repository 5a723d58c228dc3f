"""A request and a response, whatever the server or cloud that brings them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Request:
    """What came: `headers` have names in lower case, `body` is untouched bytes, `path` has no query."""

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    query: str = ""


@dataclass(frozen=True, slots=True)
class Response:
    """What is answered; the body never holds more than a few plain words."""

    status: int
    body: bytes = b""
    content_type: str = "text/plain; charset=utf-8"
