"""Compile a rewritten message with its policies to a Campaign: everything parsed, checked and escaped, once."""

from __future__ import annotations

import html
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from contextmail.campaign import Campaign, CompiledEdit, CompiledPolicy, CompiledVariant, Slot
from contextmail.checking import Checker
from contextmail.config import Settings
from contextmail.dialects.base import Dialect
from contextmail.errors import ConfigurationError
from contextmail.facts.catalogue import made_type, types_for
from contextmail.facts.offering import Products
from contextmail.language.editing import escape_for
from contextmail.language.phrases import SLOT
from contextmail.language.wording import wording
from contextmail.model.claim import Policy
from contextmail.model.crossing import CLEAR, PLANNED, Crossing
from contextmail.model.fact import Catalogue, FactType
from contextmail.model.finding import Edit, Variant
from contextmail.model.message import Message, Purpose
from contextmail.predicates.sqltext import parse
from contextmail.predicates.tree import FALSE, Tree, bind, conjoin, facts_of
from contextmail.proposing import Rewriter, rewritten_with, summary
from contextmail.rewriting import Rewrite
from contextmail.rules import POLICIES
from contextmail.rules.base import PolicyRule
from contextmail.rules.crossed_campaigns import DAYS, CrossedCampaigns
from contextmail.rules.custom import CustomPolicy
from contextmail.rules.mislabelled_purpose import MislabelledPurpose

_MESSAGE = dict.fromkeys(("channel", "purpose", "delivered_by", "addressed_to"), FactType.TEXT)
_FORMATS = {FactType.INT: "count", FactType.DATE: "date", FactType.TIMESTAMP: "date"}
_NO_CONSENT = "consent: unknown"


def compile(  # noqa: A001  # the name that `contextmail compile` and the SDK give it
    message: Message | Mapping[str, object] | str | Path,
    settings: Settings | None = None,
    catalogue: Catalogue | None = None,
    *,
    products: Products | None = None,
    safe_only: bool = False,
    rewriter: Rewriter | None = None,
) -> Campaign:
    """Check, rewrite and compile a message; a `rewriter` may reword its texts.

    `catalogue` is that of the facts which the campaign will meet; without one, the standard facts' types are assumed.
    `products` are those of the facts, among which pitches are found.
    Raises TemplateError, DialectError, and PredicateError for a predicate over a fact that there is not.
    """
    checker = Checker(settings, products)
    rewrite = rewritten_with(rewriter, checker.check(message), checker, safe_only=safe_only)
    return compiled(rewrite, checker.settings, catalogue)


def compiled(rewrite: Rewrite, settings: Settings, catalogue: Catalogue | None = None) -> Campaign:
    """Compile a rewritten message. Raises PredicateError."""
    message = rewrite.message
    if catalogue:
        validate(settings, catalogue)
    sells = any(found.rule == MislabelledPurpose.name and found.counts for found in rewrite.checked.findings)
    if sells:
        message = message.model_copy(update={"purpose": Purpose.MARKETING})
    compiler = _Compiler(settings, catalogue, message)
    edits = [compiler.edit(edit, rewrite.checked.dialect) for edit in rewrite.edits]
    policies = [compiler.policy(policy) for policy in message_policies(message, settings)]
    asked = _asked(edits, policies)
    crossing = _crossing(message, settings) if CLEAR in asked else None
    if crossing:
        # of what is planned the campaign itself makes when the way is clear
        asked = {name: kind for name, kind in asked.items() if name != CLEAR} | {PLANNED: str(FactType.SET)}
        compiler.note_no_plans()
    known = catalogue.facts if catalogue else {}
    return Campaign(
        id=message.id,
        channel=message.channel,
        purpose=message.purpose,
        facts={name: kind for name, kind in sorted(asked.items()) if name != "as_of"},
        max_age_days={n: s.max_age_days for n, s in known.items() if n in asked and s.max_age_days is not None},
        cut_points=catalogue.cut_points if catalogue else {},
        expires=message.expires,
        crossing=crossing,
        wording=wording(settings.language, settings.locale, settings.currency),
        edits=edits,
        policies=policies,
        parts={part.name: _pieces(part.source, part.name, rewrite.edits) for part in message.parts},
        notes=[
            *compiler.notes,
            *([f"{MislabelledPurpose.name}: it sells, so it is judged as marketing"] if sells else []),
            *_provenance(rewrite),
        ],
    )


def _crossing(message: Message, settings: Settings) -> Crossing:
    """Say what decides whether `message` goes before another one that is planned."""
    own = settings.rules.get(CrossedCampaigns.name)
    days = (own and own.days) or DAYS
    return Crossing(id=message.id, priority=message.priority, planned_at=message.planned_at, days=days)


def _provenance(rewrite: Rewrite) -> Iterator[str]:
    """Say what became of a language model's proposals, and which texts are its."""
    if rewrite.rewordings:
        yield f"proposals: {summary(rewrite.rewordings)}"
    for edit in rewrite.edits:
        for variant in edit.variants:
            if variant.proposed_by:
                yield f"{edit.rule}: {variant.text!r} in the {edit.part} was proposed by {variant.proposed_by}"


def validate(settings: Settings, catalogue: Catalogue) -> None:
    """Parse every predicate that the company wrote for a rule, whether or not a message meets it.

    Raises PredicateError for a fact that is neither in `catalogue` nor among those that every company can have.
    """
    texts = {f"[[claim]] {claim.name}: true_when": claim.true_when for claim in settings.claims}
    texts |= {f"[[policy]] {policy.name}: allow_when": policy.allow_when for policy in settings.policies}
    for name, own in settings.rules.items():
        texts |= {f"[rules.{name}] {place}": text for place, text in own.predicates().items()}
    for where, text in texts.items():
        if text:
            types = {**types_for(text), **catalogue.types}
            where = f"{settings.path}: {where}" if settings.path else where
            parse(text, types, message=_MESSAGE, ownership=settings.ownership, where=where)


def policy_rules(settings: Settings) -> dict[str, PolicyRule]:
    """Build the policies: the built-in ones with what the company changed, and its own."""
    rules: dict[str, PolicyRule] = {name: rule(settings.rules.get(name)) for name, rule in POLICIES.items()}
    rules |= {policy.name: CustomPolicy(policy, settings.rules.get(policy.name)) for policy in settings.policies}
    return rules


def message_policies(message: Message, settings: Settings) -> list[Policy]:
    """List the policies that hold for `message`, without those that the settings or the message suppress."""
    asked = (
        rule.definition(message)
        for name, rule in policy_rules(settings).items()
        if not rule.override.allow and name not in message.allow
    )
    return [policy for policy in asked if policy.allow_when != "TRUE"]


class _Compiler:
    """Parse predicates against the facts that there are; those of an absent table are unknown of everybody."""

    def __init__(self, settings: Settings, catalogue: Catalogue | None, message: Message) -> None:
        self.settings, self.message, self.catalogue = settings, message, catalogue
        self.types = catalogue.types if catalogue else {}
        self.notes: list[str] = []

    def tree(self, text: str, where: str) -> Tree:
        types = {**types_for(text), **self.types}
        tree = parse(text, types, message=_MESSAGE, ownership=self.settings.ownership, where=where)
        fields = {"channel": str(self.message.channel), "purpose": str(self.message.purpose)}
        fields |= {"delivered_by": self.message.delivered_by, "addressed_to": self.message.addressed_to}
        tree = bind(tree, fields)
        for name in facts_of(tree):
            if self.catalogue and name not in self.catalogue.facts and made_type(name):
                raise ConfigurationError(
                    f"the facts hold no {name}", where=where, cure="build them again: contextmail facts build"
                )
        return tree

    def note_no_plans(self) -> None:
        """Say that nothing is known of other plans, to an author who said when or how urgently this one goes."""
        told = self.message.priority or self.message.planned_at
        if told and self.catalogue and {"planned", "touches"}.isdisjoint(self.catalogue.tables):
            self.notes.append(f"{CrossedCampaigns.name}: no planned messages are known ([tables.planned])")

    def edit(self, edit: Edit, dialect: Dialect | None) -> CompiledEdit:
        part = self.message.part(edit.part)
        assert part is not None
        variants = []
        for variant in edit.variants:
            when = self._when(variant, edit)
            if when == FALSE:
                continue
            if variant.text is None:
                variants.append(CompiledVariant(when=when, pieces=[part.source[edit.start : edit.end]], original=True))
            else:
                pieces = self._pieces(variant.text, edit, part.encoding, dialect)
                variants.append(
                    CompiledVariant(
                        when=when,
                        pieces=[edit.wrap[0], *pieces, edit.wrap[1]] if variant.text else [edit.bare],
                        proposed_by=variant.proposed_by,
                    )
                )
        return CompiledEdit(
            rule=edit.rule,
            part=edit.part,
            context=edit.context,
            quote=edit.quote,
            true_when=self.tree(edit.true_when, edit.rule) if edit.true_when else None,
            variants=variants,
        )

    def _when(self, variant: Variant, edit: Edit) -> Tree | None:
        """Parse a variant's predicate; its slots must be known besides."""
        names = [m[1] for m in SLOT.finditer(variant.text or "")]
        if not variant.when and not names:
            return None
        asked = [variant.when or "TRUE", *(f"known({name})" for name in dict.fromkeys(names))]
        return conjoin(*(self.tree(text, edit.rule) for text in asked))

    def _pieces(self, text: str, edit: Edit, encoding: str, dialect: Dialect | None) -> list[str | Slot]:
        def literal(words: str) -> str:
            source = escape_for(edit.context, words, encoding)
            return dialect.inert(source) if dialect else source

        pieces: list[str | Slot] = []
        at = 0
        for slot in SLOT.finditer(text):
            pieces.append(literal(text[at : slot.start()]))
            standard = self._format(slot[1])
            pieces.append(Slot(fact=slot[1], format=standard.upper() if slot[2] == "CAPS" else slot[2] or standard))
            at = slot.end()
        pieces.append(literal(text[at:]))
        return [piece for piece in pieces if piece != ""]

    def _format(self, fact: str) -> str:
        kind = {**types_for(fact), **self.types}.get(fact)
        unit = self.catalogue.facts[fact].unit if self.catalogue and fact in self.catalogue.facts else ""
        if fact == "spend" or unit.startswith("minor"):
            return "money"
        return _FORMATS.get(kind, "name") if kind else "name"

    def policy(self, policy: Policy) -> CompiledPolicy:
        where = f"the policy {policy.name}"
        tree = self.tree(policy.allow_when, where)
        if policy.name == "opted-out" and self.catalogue and "consents" not in self.catalogue.tables:
            # Beside the ledger nothing is known of consent: the platform's own list is all that can protect an e-mail.
            enforced = self.message.channel == "email" and self.settings.platform
            fact = f"consent_{self.message.channel}_{self.message.purpose}"
            allow = f"NOT known({fact}) OR {fact} <> 'denied'" if enforced else f"known({fact}) AND {fact} = 'granted'"
            tree = self.tree(allow, where)
            self.notes.insert(
                0, _NO_CONSENT + (f" ({self.settings.platform} enforces its own list)" if enforced else "")
            )
        return CompiledPolicy(
            name=policy.name,
            allow_when=tree,
            otherwise=policy.otherwise,
            until=policy.until,
            to=policy.to,
            unknown_is=policy.unknown_is,
        )


def words(variant: CompiledVariant, edit: Edit) -> str:
    """Give a variant's text as a person would write it, slots as `{fact}`."""
    if variant.original:
        return edit.quote
    source = "".join(f"{{{piece.fact}}}" if isinstance(piece, Slot) else piece for piece in variant.pieces)
    if source == edit.bare:
        return ""
    inside = source.removeprefix(edit.wrap[0]).removesuffix(edit.wrap[1])
    return html.unescape(inside) if edit.context == "text" or edit.context.startswith("attr") else inside


def _asked(edits: Iterable[CompiledEdit], policies: Iterable[CompiledPolicy]) -> dict[str, str]:
    """List every fact that a campaign asks for: in predicates, in texts, in what a policy gives."""
    asked: dict[str, str] = {}
    for edit in edits:
        for variant in edit.variants:
            if variant.when is not None:
                asked |= facts_of(variant.when)
        if edit.true_when is not None:
            asked |= facts_of(edit.true_when)
    for policy in policies:
        asked |= facts_of(policy.allow_when)
        for name in (policy.until, policy.to):
            if kind := types_for(name).get(name):
                asked[name] = str(kind)
    return asked


def _pieces(source: str, part: str, edits: Iterable[Edit]) -> list[str | int]:
    pieces: list[str | int] = []
    at = 0
    for index, edit in enumerate(edits):
        if edit.part == part:
            pieces += [source[at : edit.start], index]
            at = edit.end
    return [*pieces, source[at:]]
