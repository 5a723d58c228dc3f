"""What a rule is: a claim that patterns find and phrases mend, or a policy over facts and the message."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from contextmail.dialects.base import Dialect
from contextmail.language.flow import OBJECT, Barrier, Block
from contextmail.language.patterns import Lexicon, Pattern
from contextmail.language.phrases import Phrasebook
from contextmail.language.sentences import reply_prefix
from contextmail.model.claim import Claim, Policy, RuleOverride
from contextmail.model.finding import Confidence, Grade, Variant
from contextmail.model.message import Message
from contextmail.model.pitch import BoughtNext, Pitch

_OPENED = re.compile(r"(?:^|[\s(])'[^']*$")
_CLOSED = re.compile(r"^[^']*'(?:[\s.,;:!?)]|$)")


@dataclass(slots=True)  # not frozen, which takes three times as long: a message has hundreds
class Sentence:
    """A sentence of a block: `text` is what patterns read (plain quotes), at `start` to `end` of the block's text."""

    block: Block
    start: int
    end: int
    text: str
    first: bool
    """It opens its block."""
    part: str
    """The part's name."""
    patterns: Mapping[str, Sequence[Pattern]]
    """By rule, the lexicon's patterns that could match here."""

    @property
    def alone(self) -> bool:
        """Say whether the block holds no words but this sentence's, if twice; a reply prefix and emoji are none."""
        text = self.block.text
        others = f"{text[reply_prefix(self.block) : self.start]} {text[self.end :]}"
        return not any(sign.isalnum() or sign == OBJECT for sign in others.replace(text[self.start : self.end], ""))


@dataclass(frozen=True, slots=True)
class Match:
    """A claim found in a sentence: `start` to `end` is what it says, `cut` what an edit would replace, in the block."""

    rule: str
    sentence: Sentence
    start: int
    end: int
    cut: tuple[int, int]
    confidence: Confidence = "high"
    say: str = ""
    whole: bool = False
    groups: Mapping[str, str | None] = field(default_factory=dict)
    note: str = ""
    true_when: str = ""
    """The predicate of this very place; empty: the rule's."""
    product: str = ""
    """The product that is pitched here."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a rule would put in a place: texts with their predicates, the neutral one last; a grade with its reason."""

    cut: tuple[int, int]
    variants: tuple[Variant, ...]
    grade: Grade
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Context:
    """Everything that a rule may know of the message that it reads."""

    message: Message
    lexicon: Lexicon
    phrasebook: Phrasebook
    fields: Mapping[str, str] = field(default_factory=dict)
    """Audience field -> fact: `FNAME` -> `first_name`."""
    headings: tuple[str, ...] = ()
    """The message's headings that say something, in order, for a subject of its own."""
    known_fields: frozenset[str] = frozenset()
    """Every field that the audience has; empty: not known, nothing is said of unknown tokens."""
    dialect: Dialect | None = None
    """The message's template language; None: it has no tokens, or one that cannot be told."""
    pitches: Mapping[Block, Sequence[Pitch]] = field(default_factory=dict)
    """The places that pitch a product of the company's, where the facts know its products."""
    bought_next: Mapping[str, Sequence[BoughtNext]] = field(default_factory=dict)
    """By product that is pitched: what those who have it bought next."""


class Rule:
    """A named rule; its docstring is its page and its test."""

    name: ClassVar[str]


class ClaimRule(Rule):
    """A rule over something that a message says about its recipient.

    The lexicon's patterns under the rule's name find the claim, the phrasebook mends it; a rule that needs more
    overrides `find` or `propose`.
    """

    claim: ClassVar[Claim]
    label: ClassVar[str] = ""
    """What its claims are called in the labelled sentences of `benchmarks/detection`; empty: they have none."""

    def __init__(self, override: RuleOverride | None = None) -> None:
        self.override = override or RuleOverride()

    def definition(self, context: Context) -> Claim:
        """Give the claim as it holds for this message, with what the company changed."""
        own = {"true_when": self.override.true_when, "otherwise": self.override.otherwise}
        changes = {key: value for key, value in own.items() if value is not None}
        return self.claim.model_copy(update=changes) if changes else self.claim

    def concerns(self, message: Message) -> bool:
        """Say whether the rule looks at a message at all."""
        return True

    def may(self, text: Sentence, context: Context) -> bool:
        """Say, cheaply, whether there is anything to find in a sentence, or in a block that is given as one."""
        return self.name in text.patterns

    def find(self, sentence: Sentence, context: Context) -> Iterator[Match]:
        """Yield what the lexicon's patterns find in `sentence`: each claim that stands apart; a low one only alone."""
        high: list[Match] = []
        low: Match | None = None
        small = sentence.text.lower()
        for pattern in sentence.patterns.get(self.name, ()):
            if (pattern.confidence == "low" and (low or high)) or (pattern.whole and any(m.whole for m in high)):
                continue
            found = pattern.search(sentence.text, small)
            if found and not _quoted(found, sentence.text):
                match = self._match(sentence, pattern, found)
                if match.confidence == "low":
                    low = match
                elif all(match.end <= other.start or other.end <= match.start for other in high):
                    high.append(match)
        yield from high or ([low] if low else [])

    def _match(self, sentence: Sentence, pattern: Pattern, found: re.Match[str]) -> Match:
        groups = found.groupdict()
        at = sentence.start
        start, end = found.span("cut") if groups.get("cut") is not None else found.span()
        shown = found.span() if pattern.whole or start == end else (start, end)
        return Match(
            rule=self.name,
            sentence=sentence,
            start=at + shown[0],
            end=at + shown[1],
            cut=(at + start, at + end),
            confidence=pattern.confidence,
            say=pattern.say,
            whole=pattern.whole,
            groups=groups,
        )

    def propose(self, match: Match, context: Context) -> Proposal | Barrier:
        """Propose what to say instead, or say why the finding is only shown."""
        from contextmail.rules.remedies import remedy

        return remedy(match, self.definition(context), context)


def _quoted(found: re.Match[str], text: str) -> bool:
    """Say whether somebody else is quoted: the claim stands inside quotation marks."""
    before, after = text[: found.start() + 1], text[found.end() - 1 :]
    return (before.count('"') % 2 == 1 and '"' in after) or bool(_OPENED.search(before) and _CLOSED.search(after))


class PolicyRule(Rule):
    """A rule over something that a message does to its recipient."""

    policy: ClassVar[Policy]

    def __init__(self, override: RuleOverride | None = None) -> None:
        self.override = override or RuleOverride()

    def usual(self, message: Message) -> Policy:
        """Give the policy as it holds for `message` where the company changed nothing but its numbers."""
        return self.policy

    def definition(self, message: Message) -> Policy:
        """Give the policy as it holds for `message`, with what the company changed."""
        changes = {"allow_when": self.override.allow_when, "otherwise": self.override.otherwise}
        return self.usual(message).model_copy(
            update={key: value for key, value in changes.items() if value is not None}
        )
