"""Rewrite a checked message: each finding that can be mended becomes an edit, and no edit gets in another's way."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from contextmail.checking import Checked, Checker, Found, quoted
from contextmail.config import Settings
from contextmail.facts.offering import Products
from contextmail.language.block import Block, Place
from contextmail.language.casing import fit_case
from contextmail.language.editing import whole_paragraph, with_blanks
from contextmail.language.flow import OBJECT, Barrier, Flow, fill
from contextmail.language.patterns import straight
from contextmail.language.phrases import slots
from contextmail.language.sentences import block_sentences
from contextmail.model.finding import Edit, Finding, Grade, Rewording, Variant
from contextmail.model.message import Message
from contextmail.rules.base import Match, Proposal, Sentence
from contextmail.rules.missing_fallback import MissingFallback
from contextmail.rules.remedies import KEEPS_TEXT, kept

_TEXT = "\x00"
_SMALL_WORD = re.compile(r"[^\W\d_A-Z](?!\w*[A-Z])[\w'’]*")
_ENDS, _FULL_STOP = ".!?…", ("", ".")
_LINE_BREAK = re.compile(r"(?i)<br\b[^>]*>")
_EMPTY_TAGS = re.compile(r"<(\w+)[^>]*></\1>")
_WORD = re.compile(r"[\w']+")
_MARKUP = re.compile(r"[<>&{}|\n]")
_POSTSCRIPT = re.compile(r"(?i)^\s*p\.? ?s\b")
_HEADLINES = (Place.SUBJECT, Place.PREHEADER, Place.HEADING, Place.TITLE)
_ASIDE = (Place.TITLE, Place.ALT, Place.HIDDEN, Place.BUTTON)

Gone = dict[int, list[Proposal]]
"""By block, the proposals that may take words away from it."""
Said = dict[tuple[str, bool, str], set[str]]
"""Part, for Outlook alone, a sentence or how one opens -> the author's sentences that say it or come to say it."""

SHOWN_ONLY = "shown only"
"""How the note of a finding without an edit begins."""


@dataclass(frozen=True, slots=True)
class Rewrite:
    """A message with its edits: `edits` in the order of their places, `findings` with why some have none."""

    checked: Checked
    edits: tuple[Edit, ...]
    findings: tuple[Finding, ...]
    rewordings: tuple[Rewording, ...] = ()
    """What a language model proposed, where one was asked."""

    @property
    def message(self) -> Message:
        """Give the message as its author wrote it."""
        return self.checked.message


def rewrite(
    message: Message | Mapping[str, object] | str | Path,
    settings: Settings | None = None,
    *,
    products: Products | None = None,
    safe_only: bool = False,
) -> Rewrite:
    """Propose an edit for each high-confidence finding of `message`.

    `products` (those of a FactsFolder) are the ones among which pitches are found. `safe_only` leaves out the edits
    that replace or remove whole sentences. Raises as `check` does.
    """
    checker = Checker(settings, products)
    return rewritten(checker.check(message), checker, safe_only=safe_only)


def rewritten(checked: Checked, checker: Checker, *, safe_only: bool = False) -> Rewrite:
    """Propose the edits of a checked message."""
    edits: list[Edit] = []
    findings: list[Finding] = []
    said = _openings(checked.flows)
    gone: Gone = {}
    for found in checked.found:
        edit = _edit(found, checked, checker, said, gone) if found.finding.counts else None
        if isinstance(edit, Edit) and not (safe_only and edit.grade is not Grade.SAFE):
            edits.append(edit)
            findings.append(found.finding)
        else:
            findings.append(replace(found.finding, note=found.finding.note or (edit if isinstance(edit, str) else "")))
    sources = {part.name: part.source for part in checked.message.parts}
    return Rewrite(checked, tuple(_apart(edits, sources)), tuple(findings))


def _edit(
    found: Found,
    checked: Checked,
    checker: Checker,
    said: Said,
    gone: Gone,
) -> Edit | str:
    """Make the edit of one finding, or say why there is none."""
    match, finding = found.match, found.finding
    proposal = checker.rules[match.rule].propose(match, checked.context)
    if isinstance(proposal, Barrier):
        return f"{SHOWN_ONLY}: {proposal.reason}"
    if all(variant.text is None for variant in proposal.variants):
        return f"{SHOWN_ONLY}: the phrasebook has no text for it"
    block = match.sentence.block
    if block.locked:
        return f"{SHOWN_ONLY}: the platform repeats or replaces this place"
    proposal = _said_once(proposal, match, said)
    proposal = _not_emptied(proposal, block, gone, checked.context.phrasebook.say("last-words").heading)
    if isinstance(proposal, Barrier):
        return f"{SHOWN_ONLY}: {proposal.reason}"
    proposal = _fitted(_without_repeats(proposal), block, match.sentence)
    place = _placed(proposal, block)
    if isinstance(place, Barrier):
        return f"{SHOWN_ONLY}: {place.reason}"
    start, end, wrap, bare = place
    return Edit(
        rule=match.rule,
        part=finding.part,
        start=start,
        end=end,
        quote=quoted(block, *proposal.cut).strip(),
        variants=proposal.variants,
        grade=proposal.grade,
        wrap=wrap,
        bare=bare,
        context=block.context,
        true_when=finding.true_when,
        reason=proposal.reason,
        finding=finding,
    )


def _openings(flows: Mapping[str, Flow]) -> Said:
    """List how the sentences of a message open, as its author wrote them."""
    said: Said = {}
    for part, flow in flows.items():
        for block in flow.blocks:
            for start, end in block_sentences(block) if block.place not in _ASIDE else ():
                text = straight(block.text[start:end].replace("\n", " "))
                said.setdefault((part, block.mso, opening(text)), set()).add(text)
    return said


def opening(text: str) -> str:
    """Give the first three words of a sentence, which tell what it does: thank for, hope that."""
    return " ".join(_WORD.findall(text)[:3]).lower()


def _said_once(proposal: Proposal, match: Match, said: Said) -> Proposal:
    """Let a sentence go where another says the same, or a new one where another opens so: nobody is thanked twice.

    What its author says twice, for narrow screens or for Outlook, stays twice. So does what is said of two products,
    which are mostly not the same people's.
    """
    sentence, block = match.sentence, match.sentence.block
    start, end = proposal.cut
    before, after = block.text[sentence.start : start], block.text[end : sentence.end]
    stays = sentence.alone and block.place in KEEPS_TEXT
    names = any("first_name" in slots(v.text) for v in proposal.variants if v.text)  # a greeting may be there twice
    may_go = not (stays or names or kept(block, sentence.start, sentence.end))
    new = not any(sign.isalnum() for sign in before + after)
    beside = straight(f"{block.text[: sentence.start]} {block.text[sentence.end :]}").lower()
    wholes = [None if v.text is None else f"{before}{v.text}{after}" for v in proposal.variants]
    again = []
    for variant, whole in zip(proposal.variants, wholes, strict=True):
        keys = [(whole or "").strip(" .!").lower()]
        heard: set[str] = set()
        opens = ""
        if new or proposal.grade is Grade.UNSAFE:
            opens = opening(variant.text or "")
            keys.append(f"{match.product} {opens}".lstrip())
            heard = said.get((sentence.part, block.mso, opens), heard)
        others = [said.setdefault((sentence.part, block.mso, key), set()) for key in keys if variant.text]
        thanked = bool(opens) and f" {opens} " in f" {' '.join(_WORD.findall(beside))} "
        again.append(may_go and bool(variant.text) and (thanked or bool(heard.union(*others) - {sentence.text})))
        for authors in others if not again[-1] else ():
            authors.add(sentence.text)
    if not any(again):
        return proposal
    texts = ("" if gone else whole for whole, gone in zip(wholes, again, strict=True))
    variants = tuple(replace(variant, text=text) for variant, text in zip(proposal.variants, texts, strict=True))
    return Proposal(
        (sentence.start, sentence.end), variants, Grade.UNSAFE, proposal.reason or "would say again what is said"
    )


def _not_emptied(proposal: Proposal, block: Block, gone: Gone, words: str) -> Proposal | Barrier:
    """Put neutral words for the last of a block's sentences when each of them may go: no paragraph is left empty.

    A subject or a heading that has nothing to say to anybody ("Hurry! Hurry!") stays.

    A block that one edit takes away goes with its tags. Who has a history reads of it in an earlier sentence.
    """
    if proposal.cut == (0, len(block.text)) or all(variant.text != "" for variant in proposal.variants):
        return proposal
    told = {v.when for earlier in gone.get(id(block), ()) for v in earlier.variants if v.when and v.text}
    cuts = [each.cut for each in gone.setdefault(id(block), [])] + [proposal.cut]
    gone[id(block)].append(proposal)
    left = "".join(sign for at, sign in enumerate(block.text) if not any(start <= at < end for start, end in cuts))
    if any(sign.isalnum() or sign == OBJECT for sign in _POSTSCRIPT.sub("", left)):
        return proposal
    if block.place in _HEADLINES:
        if not any(variant.text for each in gone[id(block)] for variant in each.variants):
            return Barrier("the place may not stay empty, and no text is true of everybody")
    else:
        words += _FULL_STOP[block.text.rstrip()[-1:] in _ENDS]
    texts = (words if v.text == "" and v.when not in told else v.text for v in proposal.variants)
    variants = (replace(v, text=text) for v, text in zip(proposal.variants, texts, strict=True))
    return replace(proposal, variants=tuple(variants))


def _without_repeats(proposal: Proposal) -> Proposal:
    """Leave out what asks for a fact only to say what everybody else reads."""
    *texts, neutral = proposal.variants
    while texts and texts[-1].text == neutral.text:
        texts.pop()
    return replace(proposal, variants=(*texts, neutral))


def _fitted(proposal: Proposal, block: Block, sentence: Sentence) -> Proposal:
    """Fit texts into their place: their capitals, and where words go, the space beside them and the next capital."""
    start, end = proposal.cut
    text = block.text
    if start == end:  # words are put in: the character before them is the place
        added = (v if v.text is None else replace(v, text=text[start - 1] + v.text) for v in proposal.variants)
        return replace(proposal, cut=(start - 1, end), variants=tuple(added))
    whole = text[sentence.start : sentence.end]
    before = text[sentence.start : start]
    opens = before.endswith((": ", " – ", " — ")) or not any(sign.isalnum() or sign == OBJECT for sign in before)
    variants = [
        v
        if v.text is None
        else replace(v, text=fit_case(v.text, text[start:end], whole, opens=opens, headline=block.place in KEEPS_TEXT))
        for v in proposal.variants
    ]
    if all(variant.text != "" for variant in variants) or (start, end) == (0, len(text)):
        return replace(proposal, variants=tuple(variants))
    # What follows a cut lead is the sentence now: "As our best customer, you" -> "You".
    word = _SMALL_WORD.match(text, end)
    if not opens or not word or text[start].islower():
        return replace(proposal, variants=tuple(variants))
    following = word[0]
    fitted = (
        v
        if v.text is None
        else replace(v, text=v.text + following if v.text else following[:1].upper() + following[1:])
        for v in variants
    )
    return replace(proposal, cut=(start, word.end()), variants=tuple(fitted))


def _placed(proposal: Proposal, block: Block) -> tuple[int, int, tuple[str, str], str] | Barrier:
    """Find the source that an edit replaces: its span, the tags that stay round a text, what an empty text leaves."""
    whole = proposal.cut == (0, len(block.text))
    filled = fill(block, *proposal.cut, _TEXT, values=True)
    if isinstance(filled, Barrier):
        return filled
    start, end, source = filled
    before, _, after = source.partition(_TEXT)
    element = whole_paragraph(block, start, end) if block.context == "plain" else block.element
    if whole and element and any(variant.text == "" for variant in proposal.variants):
        first, last = element
        return first, last, (block.source[first:start] + before, after + block.source[end:last]), ""
    bare = _EMPTY_TAGS.sub("", before + after)
    if all(variant.text != "" for variant in proposal.variants):
        return start, end, (before, after), bare
    first, last = with_blanks(block, proposal.cut, start, end)
    return first, last, (block.source[first:start] + before, after + block.source[end:last]), bare


def _apart(edits: Sequence[Edit], sources: Mapping[str, str]) -> Iterator[Edit]:
    """Join edits that overlap: each place of a part belongs to one edit, the space between two to the first."""
    current: Edit | None = None
    for edit in sorted(edits, key=lambda e: (e.part, e.start, -e.end)):
        if current is None or edit.part != current.part or edit.start >= current.end:
            if current is not None:
                yield current
            current = edit
        elif edit.end > current.end and _blank(shared := sources[edit.part][edit.start : current.end]):
            yield current
            current = replace(edit, start=current.end, wrap=(edit.wrap[0].removeprefix(shared), edit.wrap[1]))
        else:
            current = _joined(current, edit, sources[edit.part])
    if current is not None:
        yield current


def _blank(source: str) -> bool:
    """Say whether a reader sees nothing but space here."""
    return not html.unescape(_LINE_BREAK.sub("", source)).strip()


def _joined(outer: Edit, inner: Edit, source: str) -> Edit:
    """Make one edit of two that overlap; its original text is kept only where nothing that it says is untrue.

    In the same place, texts that wait for a fact (a name) come before the claim's own. Elsewhere the edit of the claim
    that needs proof stays, the outer one of two, and its original is guarded by the other's claim.
    """
    if (outer.start, outer.end) == (inner.start, inner.end):
        first, second = (inner, outer) if _by_absence(inner) else (outer, inner)
        if _by_absence(first):
            waiting = tuple(v for v in first.variants if v.when and v.text is not None)
            return replace(second, variants=(*waiting, *second.variants), grade=_lower(outer.grade, inner.grade))
    if _by_absence(outer) or _by_absence(inner):
        return inner if _by_absence(outer) else outer
    if outer.original is None and inner.end > outer.end:
        return inner  # a name before a claim
    before = source[outer.start : inner.start].removeprefix(outer.wrap[0])
    after = source[inner.end : outer.end].removesuffix(outer.wrap[1])
    within = inner.end <= outer.end and inner.wrap == ("", "") and not _MARKUP.search(before + after)
    if within and inner.rule == MissingFallback.name:
        # who reads the original of the claim reads their clean name in it
        named = (Variant(w.when, f"{before}{w.text}{after}") for w in inner.variants)
        return replace(outer, variants=tuple(_in_place_of_original(outer.variants, tuple(named))))
    guard = inner.original.when if inner.original and inner.original.when else inner.true_when
    variants = (replace(v, when=f"({v.when}) AND ({guard})") if v.text is None and guard else v for v in outer.variants)
    return replace(outer, variants=tuple(variants), grade=_lower(outer.grade, inner.grade))


def _in_place_of_original(variants: Sequence[Variant], texts: Sequence[Variant]) -> Iterator[Variant]:
    """Yield the variants with texts for the original, each for those of whom both predicates hold."""
    for variant in variants:
        if variant.text is not None:
            yield variant
        for text in texts if variant.text is None else ():
            yield replace(text, when=" AND ".join(f"({when})" for when in (variant.when, text.when) if when))


def _by_absence(edit: Edit) -> bool:
    """Say whether the edit's neutral text is the original: nothing in it needs proof."""
    return edit.variants[-1].text is None


def _lower(one: Grade, other: Grade) -> Grade:
    return max(one, other, key=list(Grade).index)
