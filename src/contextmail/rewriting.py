"""Rewrite a checked message: each finding that can be mended becomes an edit, and no edit gets in another's way."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from contextmail.checking import Checked, Checker, Found, quoted
from contextmail.config import Settings
from contextmail.language.block import Block, Place
from contextmail.language.casing import fit_case
from contextmail.language.flow import OBJECT, Barrier, fill
from contextmail.language.phrases import slots
from contextmail.model.finding import Edit, Finding, Grade
from contextmail.model.message import Message
from contextmail.rules.base import Match, Proposal, Sentence
from contextmail.rules.remedies import KEEPS_TEXT, is_replaceable

_TEXT = "\x00"
_SMALL_WORD = re.compile(r"[^\W\d_A-Z][\w'’]*")
_BULLET = re.compile(r"\s*(?:[-*+•◦▪·–—>]|\d{1,3}[.)])?\s*")
_BREAK = re.compile(r"[ \t]*(?:\r\n|\r|\n)")
_BREAKS = re.compile(r"(?:[ \t]*(?:\r\n|\r|\n))+")
_ENDS, _FULL_STOP = ".!?…", ("", ".")
_LINE_BREAK = re.compile(r"(?i)<br\b[^>]*>")
_EMPTY_TAGS = re.compile(r"<(\w+)[^>]*></\1>")


@dataclass(frozen=True, slots=True)
class Rewrite:
    """A message with its edits: `edits` in the order of their places, `findings` with why some have none."""

    checked: Checked
    edits: tuple[Edit, ...]
    findings: tuple[Finding, ...]

    @property
    def message(self) -> Message:
        """Give the message as its author wrote it."""
        return self.checked.message


def rewrite(
    message: Message | Mapping[str, object] | str | Path, settings: Settings | None = None, *, safe_only: bool = False
) -> Rewrite:
    """Propose an edit for each high-confidence finding of `message`.

    `safe_only` leaves out the edits that replace or remove whole sentences. Raises as `check` does.
    """
    checker = Checker(settings)
    return rewritten(checker.check(message), checker, safe_only=safe_only)


def rewritten(checked: Checked, checker: Checker, *, safe_only: bool = False) -> Rewrite:
    """Propose the edits of a checked message."""
    edits: list[Edit] = []
    findings: list[Finding] = []
    said: dict[tuple[str, bool, str], str] = {}
    gone: dict[int, list[tuple[int, int]]] = {}
    for found in checked.found:
        edit = _edit(found, checked, checker, said, gone) if _counts(found.finding) else None
        if isinstance(edit, Edit) and not (safe_only and edit.grade is not Grade.SAFE):
            edits.append(edit)
            findings.append(found.finding)
        else:
            findings.append(replace(found.finding, note=found.finding.note or (edit if isinstance(edit, str) else "")))
    sources = {part.name: part.source for part in checked.message.parts}
    return Rewrite(checked, tuple(_apart(edits, sources)), tuple(findings))


def _counts(finding: Finding) -> bool:
    return finding.confidence == "high" and not finding.suppressed


def _edit(
    found: Found,
    checked: Checked,
    checker: Checker,
    said: dict[tuple[str, bool, str], str],
    gone: dict[int, list[tuple[int, int]]],
) -> Edit | str:
    """Make the edit of one finding, or say why there is none.

    `said`: what the part says already -> in place of what; `gone`: what other edits of a block may take away.
    """
    match, finding = found.match, found.finding
    proposal = checker.rules[match.rule].propose(match, checked.context)
    if proposal is None or not any(variant.text is not None for variant in proposal.variants):
        return "shown only: no text would be true, or the sentence holds a link, a price, a number or a token"
    block = match.sentence.block
    if block.locked:
        return "shown only: the platform repeats or replaces this place"
    proposal = _said_once(proposal, match, said)
    proposal = _not_emptied(proposal, block, gone, checked.context.phrasebook.say("last-words").heading)
    proposal = _fitted(proposal, block, match.sentence)
    place = _placed(proposal, block)
    if isinstance(place, Barrier):
        return f"shown only: {place.reason}"
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


def _said_once(proposal: Proposal, match: Match, said: dict[tuple[str, bool, str], str]) -> Proposal:
    """Let a sentence go where another has become the same words before: nobody is thanked twice in one letter.

    What its author says twice, for narrow screens or for Outlook, stays twice.
    """
    sentence, block = match.sentence, match.sentence.block
    start, end = proposal.cut
    before, after = block.text[sentence.start : start], block.text[end : sentence.end]
    stays = sentence.alone and block.place in KEEPS_TEXT
    names = any("first_name" in slots(v.text) for v in proposal.variants if v.text)  # a greeting may be there twice
    may_go = not (stays or names) and is_replaceable(block, sentence.start, sentence.end)
    wholes = [None if v.text is None else f"{before}{v.text}{after}" for v in proposal.variants]
    again = []
    for variant, whole in zip(proposal.variants, wholes, strict=True):
        key = (sentence.part, block.mso, (whole or "").strip(" .!").lower())
        again.append(may_go and bool(variant.text) and said.setdefault(key, sentence.text) != sentence.text)
    if not any(again):
        return proposal
    texts = ("" if gone else whole for whole, gone in zip(wholes, again, strict=True))
    variants = tuple(replace(variant, text=text) for variant, text in zip(proposal.variants, texts, strict=True))
    return Proposal(
        (sentence.start, sentence.end), variants, Grade.UNSAFE, proposal.reason or "would say again what is said"
    )


def _not_emptied(proposal: Proposal, block: Block, gone: dict[int, list[tuple[int, int]]], words: str) -> Proposal:
    """Put neutral words for the last of a block's sentences when each of them may go: no paragraph is left empty.

    `gone` holds, by block, what other edits may take away. A block that one edit takes away goes with its tags.
    """
    if proposal.cut == (0, len(block.text)) or all(variant.text != "" for variant in proposal.variants):
        return proposal
    cuts = gone.setdefault(id(block), [])
    cuts.append(proposal.cut)
    left = "".join(sign for at, sign in enumerate(block.text) if not any(start <= at < end for start, end in cuts))
    if any(sign.isalnum() or sign == OBJECT for sign in left):
        return proposal
    variants = (
        replace(v, text=words + _FULL_STOP[block.text.rstrip()[-1:] in _ENDS]) if v.text == "" else v
        for v in proposal.variants
    )
    return replace(proposal, variants=tuple(variants))


def _fitted(proposal: Proposal, block: Block, sentence: Sentence) -> Proposal:
    """Fit texts into their place: their capitals, and where words go, the space beside them and the next capital."""
    start, end = proposal.cut
    text = block.text
    if start == end:  # words are put in: the character before them is the place
        added = (v if v.text is None else replace(v, text=text[start - 1] + v.text) for v in proposal.variants)
        return replace(proposal, cut=(start - 1, end), variants=tuple(added))
    whole = text[sentence.start : sentence.end]
    opens = not any(sign.isalnum() or sign == OBJECT for sign in text[sentence.start : start])
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
    if not opens or not word:
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
    element = _paragraph(block, start, end) if block.context == "plain" else block.element
    if whole and element and any(variant.text == "" for variant in proposal.variants):
        first, last = element
        return first, last, (block.source[first:start] + before, after + block.source[end:last]), ""
    bare = _EMPTY_TAGS.sub("", before + after)
    if all(variant.text != "" for variant in proposal.variants):
        return start, end, (before, after), bare
    first, last = _with_blanks(block, proposal.cut, start, end)
    return first, last, (block.source[first:start] + before, after + block.source[end:last]), bare


def _with_blanks(block: Block, cut: tuple[int, int], start: int, end: int) -> tuple[int, int]:
    """Take in the blanks and line breaks beside words that may go: behind them, or at a block's end before them."""
    text = block.text
    behind = len(text) - len(text[cut[1] :].lstrip())
    if behind < len(text) and (cut[0] == 0 or text[cut[0] - 1].isspace()):
        return start, max(end, block.source_start(behind))
    before = len(text[: cut[0]].rstrip())
    if behind == len(text) and 0 < before < cut[0]:
        return min(start, block.source_end(before - 1)), end
    return start, end


def _paragraph(block: Block, start: int, end: int) -> tuple[int, int]:
    """Give what goes with a paragraph of a plain text: the bullet before it, the line breaks behind it."""
    source = block.source
    line = max(source.rfind("\n", 0, start), source.rfind("\r", 0, start)) + 1
    breaks = _BREAK if block.place is Place.ITEM else _BREAKS
    last = breaks.match(source, end)
    return line if _BULLET.fullmatch(source, line, start) else start, last.end() if last else end


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
            current = _joined(current, edit)
    if current is not None:
        yield current


def _blank(source: str) -> bool:
    """Say whether a reader sees nothing but space here."""
    return not html.unescape(_LINE_BREAK.sub("", source)).strip()


def _joined(outer: Edit, inner: Edit) -> Edit:
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
    guard = inner.original.when if inner.original and inner.original.when else inner.true_when
    variants = (replace(v, when=f"({v.when}) AND ({guard})") if v.text is None and guard else v for v in outer.variants)
    return replace(outer, variants=tuple(variants), grade=_lower(outer.grade, inner.grade))


def _by_absence(edit: Edit) -> bool:
    """Say whether the edit's neutral text is the original: nothing in it needs proof."""
    return edit.variants[-1].text is None


def _lower(one: Grade, other: Grade) -> Grade:
    return max(one, other, key=list(Grade).index)
