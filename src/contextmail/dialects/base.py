"""What a template language is to contextmail: tokens that stay as they are, a slot, a choice, a preview."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class TokenKind(StrEnum):
    """Say what a token does to the text round it."""

    VALUE = "value"  # prints a field: *|FNAME|*, {{ contact.firstname }}
    OPEN = "open"  # opens a block: *|IF:X|*, {% if x %}, {% for %}
    BRANCH = "branch"  # *|ELSE:|*, {% elif %}
    CLOSE = "close"  # *|END:IF|*, {% endif %}
    OTHER = "other"  # comments, includes, assignments: neither text nor block


@dataclass(frozen=True, slots=True)
class Condition:
    """A block's condition where it is understood: one field against one literal.

    `op` is one of `present`, `absent`, `=`, `!=`, `<`, `<=`, `>`, `>=`; `value` is empty for the first two.
    """

    field: str
    op: str
    value: str = ""


@dataclass(frozen=True, slots=True)
class Token:
    """A stretch `source[start:end]` that belongs to the template language."""

    start: int
    end: int
    kind: TokenKind
    name: str = ""
    """The field that is printed (`FNAME`, `contact.firstname`) or the block's word (`IF`, `for`)."""
    fallback: str | None = None
    """Text that the token itself gives when its field is empty; None: none."""
    condition: Condition | None = None
    """Of OPEN and BRANCH, where understood; None otherwise."""


class Dialect(Protocol):
    """A template language: recognise it, write into it, and render it for a preview."""

    name: str
    chooses: bool
    """Whether conditionals work in every body; False: only in templates of some kinds."""

    def tokens(self, source: str) -> list[Token]:
        """List the tokens of `source` in order, without overlap; malformed ones are text."""
        ...

    def system(self, name: str) -> bool:
        """Tell whether the platform itself fills the token of that name, so that no audience field is needed."""
        ...

    def slot(self, field: str, default: str) -> str:
        """Write the token that prints `field`, or `default` where the language can say so in the token."""
        ...

    def choose(self, field: str, branches: Sequence[tuple[str, str]], neutral: str) -> str:
        """Write a conditional: the source of the (key, source) whose key `field` equals, else `neutral`."""
        ...

    def inert(self, text: str) -> str:
        """Return `text` so that this language reads nothing in it as a token."""
        ...

    def render(self, source: str, values: Mapping[str, str | None], defaults: Mapping[str, str]) -> str:
        """Render `source` as the platform would for one recipient: values and audience defaults by field name."""
        ...
