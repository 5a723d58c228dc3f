"""What the checker finds and what the rewriter proposes: finding, edit, variant."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from contextmail.model.pitch import BoughtNext

Confidence = Literal["high", "low"]


class Grade(StrEnum):
    """Say how far an edit can be trusted, as a modern linter does."""

    SAFE = "safe"  # weakens or neutralises: cannot become untrue or ungrammatical
    UNSAFE = "unsafe"  # replaces with a sentence from history, or removes a sentence: read it before it goes out
    DISPLAY = "display only"  # shown, never applied


@dataclass(frozen=True, slots=True)
class Finding:
    """A place in a message where a rule applies.

    `start` and `end` are offsets in characters of the part's source; `quote` is what a reader sees there.
    `high` confidence: located by a pattern; only high findings change bytes or exit codes.
    """

    rule: str
    part: str
    start: int
    end: int
    quote: str
    confidence: Confidence
    message: str
    line: int = 1
    column: int = 1
    path: str = ""
    suppressed: str = ""
    """The reason why it does not count (a suppression or the baseline); empty: it counts."""
    true_when: str = ""
    """The predicate of which recipients this is true; empty: not a question of facts."""
    unknown_is: str = "untrue"
    seen_by: str = ""
    """The predicate of which recipients see it, from the template's own conditional; empty: everybody."""
    note: str = ""
    """What a person should know of it: an enclosing condition that was not understood, why there is no fix."""
    bought_next: tuple[BoughtNext, ...] = ()
    """Of a pitch: what is proposed to those who own the product, with support and lift."""

    @property
    def counts(self) -> bool:
        """Say whether it may change anything: words that prove the claim, and that nobody has allowed."""
        return self.confidence == "high" and not self.suppressed


@dataclass(frozen=True, slots=True)
class Variant:
    """One text of an edit, for the recipients of whom `when` is TRUE and no earlier variant's was.

    `text` None keeps the original source. The last variant has `when` empty: it is neutral, true of everybody.
    Texts hold slots, `{fact}` or `{fact|format}`; they are plain text, not yet escaped for their place.
    """

    when: str
    text: str | None
    proposed_by: str = ""
    """The language model whose words these are; empty: the phrasebook's, or the author's."""


@dataclass(frozen=True, slots=True)
class Edit:
    """A stretch of a part's source, and what each recipient reads in its place."""

    rule: str
    part: str
    start: int
    end: int
    quote: str
    variants: tuple[Variant, ...]
    grade: Grade
    wrap: tuple[str, str] = ("", "")
    """Source that stays round every text but an empty one: tags that the stretch only cuts, those of its paragraph."""
    bare: str = ""
    """The source that stays where the text is empty."""
    context: Literal["text", "attr-double", "attr-single", "attr-bare", "line", "plain"] = "text"
    """How text enters this place of the source."""
    true_when: str = ""
    reason: str = ""
    """Why the grade is what it is, where it is not `safe`."""
    finding: Finding | None = None

    @property
    def original(self) -> Variant | None:
        """Give the variant that keeps the source, if there is one."""
        return next((variant for variant in self.variants if variant.text is None), None)


@dataclass(frozen=True, slots=True)
class Rewording:
    """What a language model proposed for one text of an edit, and what became of it."""

    edit: int
    """The edit's place in the rewrite."""
    when: str
    text: str
    """The phrasebook's text."""
    proposed: str
    """Empty: no answer came."""
    outcome: Literal["taken", "the same", "refused", "failed", "not asked"]
    reason: str = ""
