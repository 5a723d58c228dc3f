"""Turn a match into a proposal: weaken in place, cut a lead or a clause, or replace the sentence."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from contextmail.language.block import OBJECT, Block, Place
from contextmail.language.editing import Barrier, linked
from contextmail.model.claim import Claim
from contextmail.model.finding import Grade, Variant
from contextmail.rules.base import Context, Match, Proposal

_PROTECTED = {
    "a token": re.compile(OBJECT),
    "a link": re.compile(r"https?://|www\."),
    "a price": re.compile(r"[$€£¥]"),
    "a percentage": re.compile("%"),
    "a code": re.compile(r"\b[A-Z]{2,}[0-9]+\b"),
    "a number": re.compile(r"\d"),
}
"""What no edit may lose."""
_NUMBER_ONE = re.compile(r"(?i)#1\b|\bno\. 1\b|\btop \d+\b%?")
"""Praise, not a number."""
_END = re.compile(r"(?P<mark>[.!?…]?)[.!?…]*[\"')\]]*[\s☀-➿⏩-⏳⭐🌀-🫿\ufe0f]*$")
_EMOJI = re.compile(r"\s*[☀-➿⏩-⏳⭐🌀-🫿\ufe0f]+$")
_PAUSE = re.compile(r"(?:[,:]| [–—-]) ")
KEEPS_TEXT = ("heading", "subject", "preheader", "line", "title", "alt", "cell")
"""Places that may not stay empty."""


def remedy(match: Match, claim: Claim, context: Context) -> Proposal | Barrier:
    """Propose what to say in the place of an untrue claim, or say why it can only be shown.

    Weakening in place is safe. Cutting a clause or replacing a sentence is unsafe: what is left is grammatical by
    construction, but what the author meant by it is gone for those recipients.
    """
    if claim.otherwise == "show":
        return Barrier("its remedy is to show it")
    if match.confidence == "low":
        return Barrier("the words alone do not prove the claim")
    texts: Sequence[Variant] = (Variant("", ""),)
    heading = ""
    if claim.replace_with:
        texts, heading = (Variant("", claim.replace_with),), claim.replace_with
    elif match.say:
        entry = context.phrasebook.say(match.say, match.groups)
        texts, heading = entry.variants, entry.heading
    if match.whole or (claim.otherwise in ("remove", "replace") and not _goes(match)):
        return _whole(match, _or_original(texts, claim), heading, context, may_cut=not claim.replace_with)
    if lost := _lost(match.sentence.block.text[slice(*match.cut)]):
        return lost
    behind = context.lexicon.grammar.get(f"behind-{match.say}")
    if behind and behind.match(match.sentence.block.text, match.cut[1], match.sentence.end):
        # The sentence goes on in a way that holds of the claim only: "a loyal customer for years".
        entry = context.phrasebook.say(f"{claim.name.split('-')[1]}-sentence")
        return _whole(match, _or_original(entry.variants, claim), entry.heading, context)
    cut, start, _ = _core(match, context)
    # With a phrase that goes, a mere name before it goes too: "￼, as our best customer, you".
    goes = not match.say and match.cut[0] == start and cut == match.sentence.start
    return Proposal((cut if goes else match.cut[0], match.cut[1]), _or_original(texts, claim), Grade.SAFE)


def _goes(match: Match) -> bool:
    """Say whether the words that make the claim can go by themselves: "Here's 20% off to welcome you back"."""
    return not match.say and bool(match.groups.get("cut"))


def _or_original(texts: Sequence[Variant], claim: Claim) -> tuple[Variant, ...]:
    """Add the original: for those of whom the claim is true, or, where it is true by absence, for all of the others."""
    if claim.unknown_is == "untrue":
        return Variant(claim.true_when, None), *texts
    untrue = (replace(text, when=f"({text.when or 'TRUE'}) AND NOT ({claim.true_when})") for text in texts)
    return *untrue, Variant("", None)


def _whole(
    match: Match, variants: Sequence[Variant], heading: str, context: Context, *, may_cut: bool = True
) -> Proposal | Barrier:
    clause = (cut_clause(match, variants, context) or cut_tail(match, variants, context)) if may_cut else None
    if clause is None and has_news(match, context):
        return Barrier("the sentence says something besides the claim")
    return clause or replace_sentence(match, variants, context, heading)


def has_news(match: Match, context: Context) -> bool:
    """Say whether something else is said before or behind the claim, which must not go with it."""
    text, grammar = match.sentence.block.text, context.lexicon.grammar
    head = text[_core(match, context)[1] : match.start]
    if grammar["joined-before"].search(head) and len(head.split()) > 3 and not context.lexicon.claims(head):
        return True
    second = grammar["joined-behind"].search(text, match.end, match.sentence.end)
    tail = text[second.end() : match.sentence.end] if second else ""
    return bool(tail and not grammar["refers-back"].match(tail) and not _claims(tail, match, context))


def _claims(text: str, match: Match, context: Context) -> bool:
    """Say whether `text` makes the same claim again."""
    small = text.lower()
    return any(pattern.search(text, small) for pattern in context.lexicon.patterns.get(match.rule, ()))


def cut_clause(match: Match, variants: Sequence[Variant], context: Context) -> Proposal | None:
    """Cut the clause that makes the claim when what follows it is a sentence of its own."""
    sentence, grammar = match.sentence, context.lexicon.grammar
    text = sentence.block.text
    called, start, _ = _core(match, context)
    ends = _PAUSE if grammar["fronted"].match(text, start) else grammar["clause-end"]
    end = ends.search(text, match.end, sentence.end)
    if end is None or variants[0].text is not None:
        return None
    after = text[end.end() : sentence.end]
    if _lost(text[start : end.start()]) or grammar["subordinate"].match(after) or len(after.split()) < 2:
        return None
    if grammar["refers-back"].match(after) or _claims(after, match, context):
        return None
    cut = called if called == sentence.start else start
    return Proposal(
        (cut, end.end()), (variants[0], Variant("", "")), Grade.UNSAFE, "cuts the clause that makes the claim"
    )


def cut_tail(match: Match, variants: Sequence[Variant], context: Context) -> Proposal | None:
    """Cut the clause that makes the claim behind a sentence of its own: "You get it free, and it's been a while"."""
    sentence, grammar = match.sentence, context.lexicon.grammar
    text = sentence.block.text
    _, start, end = _core(match, context)
    head = text[start : match.start]
    joined = grammar["joined-tail"].search(head)
    if not joined or variants[0].text is not None:
        return None
    words, cut = head[: joined.start()], start + joined.start()
    if len(words.split()) < 4 or grammar["fronted"].match(words) or context.lexicon.claims(words):
        return None
    mark = _END.search(text[match.end : end])
    stop = match.end + mark.start() if mark else end
    if len(text[match.end : stop].split()) > 2 or kept(sentence.block, cut, stop):
        return None
    return Proposal((cut, stop), (variants[0], Variant("", "")), Grade.UNSAFE, "cuts the clause that makes the claim")


def replace_sentence(
    match: Match, variants: Sequence[Variant], context: Context, heading: str = "", *, sold: bool = False
) -> Proposal | Barrier:
    """Put texts in the place of the whole sentence, unless it holds what may not be lost.

    `heading` stands in for an empty text where the place may not stay empty; without one it is only shown. A name
    that the sentence only calls ("￼, we miss you!") goes with it. What is `sold` goes with its price.
    """
    sentence, grammar = match.sentence, context.lexicon.grammar
    cut, start, end = _core(match, context)
    if lost := kept(sentence.block, start, end, named=match.groups.get("noun") or "", sold=sold):
        return lost
    keeps = sentence.alone and sentence.block.place in KEEPS_TEXT
    if end < sentence.end and cut == sentence.start and not keeps and not any(v.text for v in variants):
        start, end = cut, sentence.end  # a name that is only called goes with the words: "Hurry, ￼!"
    text = sentence.block.text[start:end]
    if grammar["notice"].search(text):
        return Barrier("the sentence says why somebody gets this, or for whom it is")
    if text.endswith((":", ",")):
        return Barrier("the sentence introduces what follows")
    if grammar["therefore"].match(sentence.block.text[sentence.end :].lstrip()):
        return Barrier("the next sentence goes on from it")
    pause = sentence.block.text[cut:start] if cut > sentence.start else ""
    called = end < sentence.end or cut == start > sentence.start
    stays = called or keeps
    goes_on = end == sentence.end and bool(sentence.block.text[end:].strip())
    ended: list[Variant] = []
    for variant in variants:
        # a headline has no full stop in the place of a question mark
        headline = stays or sentence.block.place in (Place.SUBJECT, Place.HEADING)
        words, replaced = variant.text, text if goes_on or not headline else text.replace("?", "")
        if words == "" and pause:
            ended.append(replace(variant, text=_ended("", text, goes_on=goes_on)))
            continue
        if words == "" and stays:
            if not heading:
                return Barrier("the place may not stay empty, and no text is true of everybody")
            words = heading.rstrip("!")
            # a stand-in is no exclamation
            replaced = replaced.replace("!", "" if sentence.block.place in KEEPS_TEXT else ".")
        if words and cut > sentence.start:
            words = words[0].lower() + words[1:]
        ended.append(replace(variant, text=pause + _ended(words, replaced, goes_on=goes_on) if words else words))
    return Proposal((cut, end), tuple(ended), Grade.UNSAFE, "replaces or removes the whole sentence")


def kept(block: Block, start: int, end: int, *, named: str = "", sold: bool = False) -> Barrier | None:
    """Say why other words may not stand for these: the words of a link or a button say where it leads.

    A number in what is `named` (a product, "401(k)") is part of a name; with `sold`, a price is part of what goes.
    """
    if block.place is Place.BUTTON:
        return Barrier("the words of a button say where it leads")
    if linked(block, start, end):
        return Barrier("a link stands inside the words to be changed")
    text = block.text[start:end].replace(named, "") if named else block.text[start:end]
    return _lost(text, ("a token", "a link") if sold else tuple(_PROTECTED))


def _lost(text: str, protected: Sequence[str] = tuple(_PROTECTED)) -> Barrier | None:
    text = _NUMBER_ONE.sub("", text)
    found = next((name for name in protected if _PROTECTED[name].search(text)), "")
    return Barrier(f"{found} stands inside the words to be changed") if found else None


def _core(match: Match, context: Context) -> tuple[int, int, int]:
    """Give the stretch of the sentence that is said, without the name that it calls before or behind it.

    The first of the three is where an edit begins: behind a greeting that can stand alone ("Hi ￼" of "Hi ￼, we miss
    you!"), before a mere name, which goes with the sentence ("￼, we miss you!"), behind any other ("Dear ￼, "). Emoji
    that frame it stay on both sides.
    """
    sentence, grammar = match.sentence, context.lexicon.grammar
    text = sentence.block.text
    before = grammar["called-before"].match(text, sentence.start, match.start)
    behind = grammar["called-behind"].search(text, match.end, sentence.end)
    cut = start = before.end() if before else sentence.start
    if before and (before["greets"] or text[sentence.start] == OBJECT):
        cut = before.start("pause") if before["greets"] else sentence.start
    if behind:
        return cut, start, behind.start()
    emoji = _EMOJI.search(text, match.end, sentence.end)
    framed = emoji and text[: sentence.start].strip() == emoji[0].strip()
    return cut, start, emoji.start() if emoji and framed else sentence.end


def _ended(text: str, replaced: str, *, goes_on: bool) -> str:
    """End `text` as the sentence that it replaces did; a question or a trailing-off becomes a statement.

    `goes_on`: another sentence follows in the block, so that there must be an end.
    """
    end = _END.search(replaced)
    mark = end["mark"] if end else ""
    if not mark and not goes_on:
        return text
    return text.rstrip(".!?") + ("!" if mark == "!" else ".")
