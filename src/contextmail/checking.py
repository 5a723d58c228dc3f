"""Check a message: find what it says of its recipients, without any facts, once per campaign."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from contextmail.config import Settings
from contextmail.dialects import DIALECTS, Dialect, detect
from contextmail.dialects.base import Condition, Token
from contextmail.errors import ConfigurationError, DialectError, TemplateError, did_you_mean
from contextmail.facts.offering import LIFT, SUPPORT, Products
from contextmail.language.block import Block, Place
from contextmail.language.flow import Flow, flow_of
from contextmail.language.meaning import Meaning, meaning
from contextmail.language.messages import read_message
from contextmail.language.patterns import Lexicon, lexicon, straight
from contextmail.language.phrases import Phrasebook, phrasebook
from contextmail.language.sentences import block_sentences
from contextmail.model.channel import Channel
from contextmail.model.claim import Claim
from contextmail.model.finding import Finding
from contextmail.model.manifest import Manifest
from contextmail.model.message import Message, Part, Purpose
from contextmail.pitching import pitches
from contextmail.rules import CLAIMS, POLICIES
from contextmail.rules.base import ClaimRule, Context, Match, Sentence
from contextmail.rules.custom import CustomClaim

_UNREAD = (Place.ALT, Place.SCRIPT, Place.HIDDEN)
"""Where no sentence stands that somebody is meant to read as one."""


@dataclass(frozen=True, slots=True)
class Found:
    """A finding with the match behind it, for whoever rewrites."""

    finding: Finding
    match: Match


@dataclass(frozen=True, slots=True)
class Checked:
    """A checked message: its flows, and what was found, in the order of the parts."""

    message: Message
    dialect: Dialect | None
    flows: Mapping[str, Flow]
    context: Context
    found: tuple[Found, ...]
    manifest: Manifest | None = None
    """Of a template that was rewritten before: what lies beside it."""

    @property
    def findings(self) -> list[Finding]:
        """List the findings, the suppressed ones with their reason."""
        return [found.finding for found in self.found]


def check(
    message: Message | Mapping[str, object] | str | Path,
    settings: Settings | None = None,
    *,
    products: Products | None = None,
) -> list[Finding]:
    """Find what `message` says of its recipients, and which of `products` (those of a FactsFolder) it pitches.

    `message` is a Message, a mapping of its keys and texts, or a path as `read_message` takes it. Raises TemplateError
    where it cannot be read, DialectError where its template language cannot be told.
    """
    return Checker(settings, products).check(message).findings


class Checker:
    """The rules, the lexicon and the phrasebook of one company, loaded once for any number of messages.

    `products` are those of the company's facts, among which pitches are found; None: only among a message's offers.
    """

    def __init__(self, settings: Settings | None = None, products: Products | None = None) -> None:
        self.settings = settings or Settings()
        self.products = products
        self.rules = claim_rules(self.settings)
        self.lexicon = self._lexicon()
        self.phrasebook: Phrasebook = phrasebook(self.settings.language, self.settings.phrasebook)
        self.meaning = meaning(self.settings.language) if self.settings.guess else None

    def _lexicon(self) -> Lexicon:
        words = lexicon(self.settings.language)
        for name, rule in self.rules.items():
            own = rule.claim.says if isinstance(rule, CustomClaim) else ()
            if own or rule.override.says or rule.override.never:
                words = words.extended(name, (*own, *rule.override.says), rule.override.never)
            for stage, said in rule.override.stages.items():
                words = words.extended(name, said.says, rule.override.never, group=stage)
        return words

    def check(self, message: Message | Mapping[str, object] | str | Path, *, opaque: bool = False) -> Checked:
        """Check one message. Raises TemplateError and DialectError.

        `opaque`: a template language that cannot be told is no error. Beside a manifest, what an earlier rewrite wrote
        for some recipients alone is left out.
        """
        message = message if isinstance(message, Message) else read_message(message, dialect=self.settings.dialect)
        self._refuse_unknown(message)
        manifest = Manifest.beside(Path(part.path.partition("#")[0]) for part in message.parts if part.path)
        dialect = self._dialect(message, manifest, opaque=opaque)
        flows = {part.name: flow_of(part, dialect) for part in message.parts}
        context = Context(
            message,
            self.lexicon,
            self.phrasebook.aloud() if message.channel in (Channel.VOICE, Channel.CALL) else self.phrasebook,
            self.settings.fields,
            known_fields=_known_fields(self.settings, manifest),
            dialect=dialect,
        )
        if self.products and message.purpose is Purpose.MARKETING:
            context = self._with_pitches(context, flows, self.products)
        matches = {name: self._matches(flow, context, manifest) for name, flow in flows.items() if name != "subject"}
        context = replace(context, headings=tuple(_headings(flows, matches)))
        if "subject" in flows:
            matches["subject"] = self._matches(flows["subject"], context, manifest)
        found = [
            Found(self._finding(match, part, context), match) for part in message.parts for match in matches[part.name]
        ]
        return Checked(message, dialect, flows, context, tuple(found), manifest)

    def _with_pitches(self, context: Context, flows: Mapping[str, Flow], products: Products) -> Context:
        """Add what the message pitches, found where it names no offers, and what those who own it bought next."""
        offers, own = context.message.offers, self.rules["owned-offer"].override
        ours = filter(None, (self.settings.brand, context.message.sender))
        found = {} if offers else pitches(flows, context.dialect, products, tuple(ours))
        asked = {pitch.product for placed in found.values() for pitch in placed}
        asked |= {offer.product for offer in offers if offer.product and not offer.owner_text}
        following = products.bought_next(asked, support=own.support or SUPPORT, lift=own.lift or LIFT)
        return replace(context, pitches=found, bought_next=following)

    def _refuse_unknown(self, message: Message) -> None:
        """Refuse a suppression of a rule that there is not: it would suppress nothing, without a word."""
        known = [*self.rules, *POLICIES, *(policy.name for policy in self.settings.policies)]
        for name in message.allow:
            if name not in known:
                where = next((part.path for part in message.parts if part.path), message.id)
                cure = did_you_mean(name, known) or "contextmail rules"
                raise TemplateError(f"allow: there is no rule {name!r}", where=where, cure=cure)

    def _dialect(self, message: Message, manifest: Manifest | None, *, opaque: bool) -> Dialect | None:
        try:
            return dialect_of(message, self.settings.dialect or (manifest.dialect if manifest else ""))
        except DialectError:
            if opaque:
                return None
            raise

    def _matches(self, flow: Flow, context: Context, manifest: Manifest | None) -> list[Match]:
        matches = self._all_matches(flow, context)
        return [match for match in matches if not (manifest and _chosen(match, manifest))]

    def _all_matches(self, flow: Flow, context: Context) -> Iterator[Match]:
        every = [rule for rule in self.rules.values() if rule.concerns(context.message)]
        unpatterned = [rule for rule in every if type(rule).may is not ClaimRule.may]
        for block in flow.blocks:
            text = straight(block.text.replace("\n", " "))
            for index, (start, end) in enumerate(block_sentences(block)):
                part = text[start:end]
                possible = self.lexicon.possible(part)
                sentence = Sentence(block, start, end, part, index == 0, flow.part.name, possible)
                located = [
                    match
                    for rule in (every if possible else unpatterned)
                    if rule.may(sentence, context)
                    for match in rule.find(sentence, context)
                ]
                yield from located
                if self.meaning and not located and block.place not in _UNREAD:
                    yield from self._guessed(sentence, self.meaning, every)

    def _guessed(self, sentence: Sentence, model: Meaning, every: Sequence[ClaimRule]) -> Iterator[Match]:
        """Yield what a sentence says by all of its words: it is shown, for nothing locates it.

        A pattern that meets these words and locates nothing knows why they are not its claim.
        """
        small = sentence.text.lower()
        for label, chance in model.guesses(sentence.text, subject=sentence.part == "subject").items():
            rules = [rule for rule in every if rule.label == label]
            excused = any(p.meets(small) for rule in rules for p in sentence.patterns.get(rule.name, ()))
            if rules and not excused:
                span = (sentence.start, sentence.end)
                note = f"by all of its words, of which no pattern knows the claim ({chance:.0%})"
                yield Match(rules[0].name, sentence, *span, span, confidence="low", whole=True, note=note)

    def _finding(self, match: Match, part: Part, context: Context) -> Finding:
        block, rule = match.sentence.block, self.rules[match.rule]
        claim = rule.definition(context)
        start, end = block.source_start(match.start), block.source_end(match.end - 1)
        before = part.source.count("\n", 0, start)
        seen_by, note = reached(block.chains.at(start), self.settings.fields)
        return Finding(
            rule=match.rule,
            part=part.name,
            start=start,
            end=end,
            quote=quoted(block, match.start, match.end),
            confidence=match.confidence,
            message=match.note
            or (f"not true of everybody: {claim.because}" if claim.because else "not true of everybody"),
            line=part.line + before,
            column=start - (part.source.rfind("\n", 0, start) + 1) + 1,
            path=part.path,
            suppressed=context.message.allow.get(match.rule, "") or rule.override.allow,
            true_when=_true_when(match, claim),
            unknown_is=claim.unknown_is,
            seen_by=seen_by,
            note=note,
            bought_next=tuple(context.bought_next.get(match.product, ())),
        )


def _true_when(match: Match, claim: Claim) -> str:
    """Say of whom the words are true; empty where that is no question of facts, or nobody can tell yet."""
    told = match.true_when or claim.true_when
    return "" if claim.otherwise == "show" or (match.confidence == "low" and told == "FALSE") else told


def quoted(block: Block, start: int, end: int) -> str:
    """Quote visible text, each template token as its author wrote it."""
    tokens = {index: block.source[token.start : token.end] for index, token in block.tokens.items()}
    return "".join(tokens.get(index, block.text[index]) for index in range(start, end))


def claim_rules(settings: Settings) -> dict[str, ClaimRule]:
    """Build the claim rules: the built-in ones as the company has them, and its own. Raises ConfigurationError."""
    overrides = settings.rules
    rules: dict[str, ClaimRule] = {name: rule(overrides.get(name)) for name, rule in CLAIMS.items()}
    for claim in settings.claims:
        if claim.name in rules:
            raise ConfigurationError(
                f"the claim {claim.name!r} is built in", where="[[claim]]", cure=f"change it under [rules.{claim.name}]"
            )
        rules[claim.name] = CustomClaim(claim, overrides.get(claim.name))
    known = [*rules, *POLICIES, *(policy.name for policy in settings.policies)]
    for name in overrides:
        if name not in known:
            raise ConfigurationError(
                f"there is no rule {name!r}",
                where=f"[rules.{name}]",
                cure=did_you_mean(name, known) or "contextmail rules",
            )
    return rules


def dialect_of(message: Message, name: str = "") -> Dialect | None:
    """Tell a message's template language, from its own word, the settings', or its tokens. Raises DialectError."""
    named = message.dialect or name
    if named and named not in DIALECTS:
        raise ConfigurationError(f"unknown dialect {named!r}", cure=f"one of {', '.join(DIALECTS)}")
    if named:
        return DIALECTS[named]
    try:
        return detect(*(part.source for part in message.parts))
    except DialectError as error:
        where = next((part.path for part in message.parts if part.path), message.id)
        raise DialectError(error.what, where=where, cure=error.cure) from None


def _known_fields(settings: Settings, manifest: Manifest | None) -> frozenset[str]:
    """Give the audience's fields, with those of a manifest; none where the audience's are not known."""
    ours = [field.name for field in manifest.fields] if manifest and settings.fields else []
    return frozenset([*settings.fields, *ours, *(f"contact.{name}" for name in ours)])


def _chosen(match: Match, manifest: Manifest) -> bool:
    """Say whether an earlier rewrite chose these words for those of whom they are true."""
    block = match.sentence.block
    round_it = (token for at in (match.start, match.end - 1) for token in block.conditions_at(at))
    return any(token.condition and manifest.written(token.condition.field) for token in round_it)


def reached(chain: Sequence[Sequence[Token]], fields: Mapping[str, str]) -> tuple[str, str]:
    """Say who reads what stands under a chain of conditionals: a predicate, and a note where it is not understood.

    A branch is reached when its own condition holds and those before it do not.
    """
    asked: list[str] = []
    for group in chain:
        for token in group:
            last = token is group[-1]
            if token.condition is None:
                if last and len(group) > 1 and token.name.lower() == "else":
                    continue
                return "", f"condition not understood: {token.name}"
            fact = fields.get(token.condition.field)
            if fact is None:
                return "", f"condition not understood: the field {token.condition.field} is no known fact ([fields])"
            asked.append(_asked(token.condition, fact) if last else f"NOT ({_asked(token.condition, fact)})")
    return " AND ".join(asked), ""


def _asked(condition: Condition, fact: str) -> str:
    if condition.op in ("present", "absent"):
        return f"known({fact})" if condition.op == "present" else f"NOT known({fact})"
    value = condition.value
    number = value.lstrip("-").replace(".", "", 1).isdigit() and condition.op not in ("=", "!=")
    quoted = value if number else "'" + value.replace("'", "''") + "'"
    return f"{fact} {'<>' if condition.op == '!=' else condition.op} {quoted}"


def _headings(flows: Mapping[str, Flow], matches: Mapping[str, Sequence[Match]]) -> Iterator[str]:
    """Yield the headings that claim nothing and hold no token: what a message says of itself."""
    for name, flow in flows.items():
        claimed = {id(match.sentence.block) for match in matches.get(name, ())}
        for block in flow.blocks:
            if block.place is Place.HEADING and id(block) not in claimed and "\ufffc" not in block.text:
                words = block.text.split()
                if len(words) > 2:
                    yield " ".join(words)
