"""Preview a message for one customer: each part before and after, as the platform would print it, with the evidence."""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from contextmail.campaign import Campaign, CompiledEdit, OneDecision
from contextmail.checking import Checker
from contextmail.compiling import compiled
from contextmail.config import Settings
from contextmail.dialects.base import Dialect, TokenKind
from contextmail.errors import ConfigurationError, TemplateError
from contextmail.facts.folder import FactsFolder
from contextmail.language.flow import flow_of
from contextmail.model.decision import Decision, Evidence
from contextmail.model.message import Message, Part, PartKind
from contextmail.proposing import Rewriter, rewritten_with
from contextmail.rewriting import Rewrite


@dataclass(frozen=True, slots=True)
class PartPreview:
    """One part as the customer would get it, before and after: source whose tokens are filled."""

    name: str
    before: Part
    after: Part

    @property
    def before_text(self) -> str:
        """Give what a reader sees before: one paragraph a line."""
        return visible(self.before)

    @property
    def after_text(self) -> str:
        """Give what a reader sees after: one paragraph a line."""
        return visible(self.after)


@dataclass(frozen=True, slots=True)
class Change:
    """What one edit does for the customer, and why; `before` and `after` are what a reader sees."""

    rule: str
    part: str
    before: str
    after: str
    evidence: Evidence | None
    """Of the claim; None: it is not a question of facts."""
    proposed_by: str = ""
    """The language model whose words `after` are; empty: the phrasebook's."""


@dataclass(frozen=True, slots=True)
class Preview:
    """A message for one customer: its parts, what changed in them, and what becomes of it."""

    decision: Decision
    parts: tuple[PartPreview, ...]
    changes: tuple[Change, ...]
    policies: tuple[Evidence, ...]
    notes: tuple[str, ...]


def preview(
    message: Message | Mapping[str, object] | str | Path,
    customer: Mapping[str, Any] | str,
    settings: Settings | None = None,
    *,
    facts: FactsFolder | None = None,
    safe_only: bool = False,
    rewriter: Rewriter | None = None,
) -> Preview:
    """Show `message` as one customer would get it, before and after.

    `customer` is a row of facts (name -> value, absent: unknown), or an id in `facts` (default: the settings' folder).
    A `rewriter` may reword its texts. Raises ConfigurationError for an id that is not there, and what `check` and
    `compile` raise.
    """
    settings = settings or Settings()
    if isinstance(customer, str):
        facts = facts or FactsFolder.open(settings.facts)
    checker = Checker(settings, facts.products if facts else None)
    row = _row(customer, facts)
    rewrite = rewritten_with(rewriter, checker.check(message), checker, safe_only=safe_only)
    campaign = compiled(rewrite, settings, facts.catalogue if facts else None)
    one = campaign.decide(row, as_of=settings.as_of)
    platform = _Platform(rewrite.checked.dialect, row, settings.fields)
    parts = tuple(
        PartPreview(part.name, platform.filled(part), platform.filled(part.model_copy(update={"source": text})))
        for part, text in zip(rewrite.message.parts, one.parts.values(), strict=True)
    )
    changes = tuple(_changes(rewrite, campaign, one, platform))
    policies = tuple(one.evidence()[sum(edit.true_when is not None for edit in campaign.edits) :])
    return Preview(one.decision, parts, changes, policies, (*campaign.notes, *dict.fromkeys(platform.notes)))


def visible(part: Part) -> str:
    """Give what a reader sees of a part, one paragraph a line."""
    if part.kind is not PartKind.HTML:
        return part.source
    return "\n".join(" ".join(block.text.split()) for block in flow_of(part, None).blocks if not block.mso)


def _row(customer: Mapping[str, Any] | str, facts: FactsFolder | None) -> dict[str, Any]:
    if isinstance(customer, Mapping):
        return dict(customer)
    assert facts is not None
    row = facts.row(customer)
    if row is None:
        cure = "write the id as the tables do; contextmail facts describe says how many customers there are"
        raise ConfigurationError("the facts have no such customer", where=str(facts.path), cure=cure)
    return row


def _changes(rewrite: Rewrite, campaign: Campaign, one: OneDecision, platform: _Platform) -> Iterator[Change]:
    """Yield what reads differently; an edit may give this customer the very words that the platform would have."""
    claims = iter(one.evidence())
    parts = {part.name: part for part in rewrite.message.parts}
    for index, (edit, place) in enumerate(zip(campaign.edits, rewrite.edits, strict=True)):
        evidence = next(claims) if edit.true_when is not None else None
        part = parts[edit.part]
        before = platform.words(part.source[place.start : place.end], edit, part)
        after = platform.words(one.text(index), edit, part)
        if before != after:
            by = edit.variants[one.codes[index]].proposed_by
            yield Change(edit.rule, edit.part, before, after, evidence if evidence and evidence.facts else None, by)


class _Platform:
    """Fill a template's tokens as its platform would for one customer, as far as their fields are known facts."""

    def __init__(self, dialect: Dialect | None, row: Mapping[str, Any], fields: Mapping[str, str]) -> None:
        self.dialect, self.fields = dialect, fields
        self.values = {field: _text(row.get(fact)) for field, fact in fields.items()}
        self.notes: list[str] = []

    def filled(self, part: Part) -> Part:
        """Fill the tokens of a part; one that the platform's language cannot print stays as it is, with a note."""
        if self.dialect is None:
            return part
        for token in self.dialect.tokens(part.source):
            if token.kind is TokenKind.VALUE and token.name not in self.fields and not self.dialect.system(token.name):
                self.notes.append(f"the field {token.name} is no known fact: it prints nothing here ([fields])")
        try:
            return part.model_copy(update={"source": self.dialect.render(part.source, self.values, {})})
        except TemplateError as error:
            self.notes.append(f"the {part.name} is shown with its tokens: {error.what}")
            return part

    def words(self, source: str, edit: CompiledEdit, part: Part) -> str:
        """Give what a reader sees of a stretch of a part's source."""
        whole = self.filled(part.model_copy(update={"source": source}))
        return html.unescape(whole.source) if edit.context.startswith("attr") else visible(whole)


def _text(value: Any) -> str | None:
    """Write a fact as a platform's field would hold it."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, date):
        return value.isoformat()
    return str(value) if isinstance(value, int | float) else ", ".join(map(str, value))
