"""Turn a match into a proposal: weaken in place, cut a lead or a clause, or replace the sentence."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from contextmail.language.block import Block, Place
from contextmail.language.editing import linked
from contextmail.model.claim import Claim
from contextmail.model.finding import Grade, Variant
from contextmail.rules.base import Context, Match, Proposal

_CLAUSE_END = re.compile(
    r"(?i)(?:(?<!and),? so(?! (?:do|does|did|is|are|was|were|has|have)\b)| [–—-]|[:;])\s+(?=\S)"
    r"|,? (?:and|but)\s+(?=(?:we|you|your|our|i|it|there|here)(?:'\w+)? )"
)
"""Where a clause ends and what follows stands by itself: "We miss you, so here's 20% off"."""
_FRONTED = re.compile(r"(?i)(?:as|because|since|now that|given that)\b")
"""How a clause opens that a comma ends: "As you've been with us from the start, your price stays"."""
_FIRST = re.compile(r"(?i),? (?:and|but|so) $")
"""News of its own before the claim: "You get free delivery, and it's been a while"."""
_SECOND = re.compile(
    r"(?i)\b(?:and|but|because|so|or|while|until|which)"
    r" (?:we|you|your|our|i|it|there|here|that|this|the|an?|please|as|if|\w+ (?:is|are|has|will))\b"
)
"""News of its own behind the claim, which must not go with it."""
_COMPLEMENT = {
    "for-your-order": r"of|to|in|for|since|during|over|through|throughout|from|with|towards?|as|until|all|at|on|and (?:wish|want)",
    "your-order": r"of|to|in|for|since|during|over|through|throughout|from|with|towards?|as|until|all|at|on|and (?:wish|want)",
    "a-noun": r"for|since|over|through|throughout|all|from",
}
"""What may not follow a text that stands for less than was said: "your order since 2012"."""
_SUBORDINATE = re.compile(r"(?i)(?:and|but|or|because|which|that|who|than|as|while|of|with|to|for|in|by)\b")
_PROTECTED = re.compile(r"[\d%$€£¥\ufffc]|https?://|www\.|\b[A-Z]{2,}[0-9]+\b")
"""What no edit may lose: numbers, prices, codes, links, tokens."""
_NUMBER_ONE = re.compile(r"(?i)#1\b|\bno\. 1\b")
"""Praise, not a number."""
_END = re.compile(r"(?P<mark>[.!?…]?)[.!?…]*[\"')\]]*[\s☀-➿🌀-🫿\ufe0f]*$")
_CALLS = re.compile(
    r"(?i)(?:(?P<greets>(?:hi|hello|hey)(?:,? \ufffc| there| everyone| all)?)|(?:dear )?\ufffc)(?P<pause>,| [–—-]) "
)
"""A name or a greeting before what is said: "Hi ￼, we miss you"."""
_CALLED = re.compile(r", \ufffc(?=[.!?…]*[\s☀-➿🌀-🫿\ufe0f]*$)")
"""A name behind it: "We miss you, ￼!"."""
KEEPS_TEXT = ("heading", "subject", "preheader", "line", "title", "alt", "cell")
"""Places that may not stay empty."""


def remedy(match: Match, claim: Claim, context: Context) -> Proposal | None:
    """Propose what to say in the place of an untrue claim, or None where it can only be shown.

    Weakening in place is safe. Cutting a clause or replacing a sentence is unsafe: what is left is grammatical by
    construction, but what the author meant by it is gone for those recipients.
    """
    if claim.otherwise == "show" or match.confidence == "low":
        return None
    original = Variant(claim.true_when, None)
    texts: Sequence[Variant] = (Variant("", ""),)
    heading = ""
    if claim.replace_with:
        texts, heading = (Variant("", claim.replace_with),), claim.replace_with
    elif match.say:
        entry = context.phrasebook.say(match.say, match.groups)
        texts, heading = entry.variants, entry.heading
    # A claim that is true by absence stays for all of whom nothing is known: the original is the neutral text then.
    variants = (*texts, Variant("", None)) if claim.unknown_is == "true" else (original, *texts)
    if match.whole or claim.otherwise in ("remove", "replace"):
        clause = None if claim.replace_with else cut_clause(match, variants, context)
        return clause or (None if _has_news(match, context) else replace_sentence(match, variants, heading))
    if _PROTECTED.search(_NUMBER_ONE.sub("", match.sentence.block.text[slice(*match.cut)])):
        return None
    if _goes_on(match):
        whole = context.phrasebook.say(f"{claim.name.split('-')[1]}-sentence")
        variants = (original, *whole.variants)
        clause = cut_clause(match, variants, context)
        return clause or (None if _has_news(match, context) else replace_sentence(match, variants, whole.heading))
    return Proposal(match.cut, variants, Grade.SAFE)


def _has_news(match: Match, context: Context) -> bool:
    """Say whether something else is said before or behind the claim, which must not go with it."""
    text = match.sentence.block.text
    head = text[_core(match)[1] : match.start]
    if _FIRST.search(head) and len(head.split()) > 3 and not context.lexicon.claims(head):
        return True
    second = _SECOND.search(text, match.end, match.sentence.end)
    return bool(second and not _claims(text[second.end() : match.sentence.end], match, context))


def _claims(text: str, match: Match, context: Context) -> bool:
    """Say whether `text` makes the same claim again."""
    small = text.lower()
    return any(pattern.search(text, small) for pattern in context.lexicon.patterns.get(match.rule, ()))


def _goes_on(match: Match) -> bool:
    """Say whether the sentence goes on in a way that holds of the claim only: "a loyal customer for years"."""
    words = _COMPLEMENT.get(match.say)
    tail = match.sentence.block.text[match.cut[1] : match.sentence.end]
    return bool(words and re.match(rf"(?i)\s+(?:{words})\b|,? and that's\b", tail))


def cut_clause(match: Match, variants: Sequence[Variant], context: Context) -> Proposal | None:
    """Cut the clause that makes the claim when what follows it is a sentence of its own."""
    sentence = match.sentence
    text = sentence.block.text
    start = _core(match)[1]
    ends = re.compile(r", ") if _FRONTED.match(text, start) else _CLAUSE_END
    end = ends.search(text, match.end, sentence.end)
    if end is None or variants[0].text is not None:
        return None
    before, after = text[start : end.start()], text[end.end() : sentence.end]
    if (
        _PROTECTED.search(before)
        or _SUBORDINATE.match(after)
        or len(after.split()) < 2
        or _claims(after, match, context)
    ):
        return None
    return Proposal(
        (start, end.end()), (variants[0], Variant("", "")), Grade.UNSAFE, "cuts the clause that makes the claim"
    )


def replace_sentence(match: Match, variants: Sequence[Variant], heading: str = "") -> Proposal | None:
    """Put texts in the place of the whole sentence, unless it holds what may not be lost.

    `heading` stands in for an empty text where the place may not stay empty; without one there, None.
    """
    sentence = match.sentence
    greeted, start, end = _core(match)
    text = sentence.block.text[start:end]
    called = (start, end) != (sentence.start, sentence.end)
    if not is_replaceable(sentence.block, start, end):
        return None
    stays = sentence.alone and sentence.block.place in KEEPS_TEXT
    goes_on = end == sentence.end and bool(sentence.block.text[end:].strip())
    pause = sentence.block.text[greeted:start]
    ended: list[Variant] = []
    for variant in variants:
        words, replaced = variant.text, text
        if words == "" and pause:
            ended.append(replace(variant, text=_ended("", text, goes_on=goes_on)))
            continue
        if words == "" and (called or stays):
            if not heading:
                return None
            words = heading.rstrip("!")
            replaced = text.replace(
                "!", "" if sentence.block.place in KEEPS_TEXT else "."
            )  # a stand-in is no exclamation
        if words and start > sentence.start:
            words = words[0].lower() + words[1:]
        ended.append(replace(variant, text=pause + _ended(words, replaced, goes_on=goes_on) if words else words))
    return Proposal((greeted, end), tuple(ended), Grade.UNSAFE, "replaces or removes the whole sentence")


def is_replaceable(block: Block, start: int, end: int) -> bool:
    """Say whether other words may stand for these: the words of a link or a button say where it leads."""
    return not (_PROTECTED.search(block.text, start, end) or block.place is Place.BUTTON or linked(block, start, end))


def _core(match: Match) -> tuple[int, int, int]:
    """Give the stretch of the sentence without the name that it calls: "￼, " before it, ", ￼!" behind it.

    The first of the three is where a greeting ends that can stand alone: "Hi ￼" of "Hi ￼, we miss you!".
    """
    sentence = match.sentence
    text = sentence.block.text
    before, behind = _CALLS.match(text, sentence.start, match.start), _CALLED.search(text, match.end, sentence.end)
    start = before.end() if before else sentence.start
    greeted = before.start("pause") if before and before["greets"] else start
    return greeted, start, behind.start() if behind else sentence.end


def _ended(text: str, replaced: str, *, goes_on: bool) -> str:
    """End `text` as the sentence that it replaces did; a question or a trailing-off becomes a statement.

    `goes_on`: another sentence follows in the block, so that there must be an end.
    """
    end = _END.search(replaced)
    mark = end["mark"] if end else ""
    if not mark and not goes_on:
        return text
    return text.rstrip(".!?") + ("!" if mark == "!" else ".")
