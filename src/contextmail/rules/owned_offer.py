from __future__ import annotations

import re
from collections.abc import Iterator

from contextmail.language.flow import Barrier, Place
from contextmail.language.patterns import straight
from contextmail.model.claim import Claim
from contextmail.model.finding import Variant
from contextmail.model.message import Offer
from contextmail.model.pitch import Pitch
from contextmail.rules.base import ClaimRule, Context, Match, Proposal, Sentence
from contextmail.rules.remedies import replace_sentence

MAX_SUBJECT = 60
"""Characters of a subject that a telephone still shows."""


class OwnedOffer(ClaimRule):
    """Find a pitch for something that the recipient owns already.

    ## What it does
    Finds the sentences that name one of the message's `offers`, and calls to upgrade, and asks whether the recipient
    owns the product, of themselves or by their account. Where ownership is unknown the pitch stays.

    Where facts are built and the message names no offers, pitches are found in its links and words, once per campaign.
    A link decides that leads to a product's own page (`page` of `[tables.products]`, whatever its utm), or has its id
    or its name in the path. So do words that are the name or an alias of one product alone: in any capitals and the plural
    if the name has four words or more, else only where its capitals stand out; never a single word, a voucher, a sample
    or postage.

    Owners read the offer's `owner_text`; else what others bought in a later order, "Others who bought the Brass Lantern
    came back for the Paper Star", if it is not theirs too; else a word about what they have. It is proposed only if at
    least 20 people did so, and twice as many as chance would have it, even at the lower bound of nineteen in twenty
    (`[rules.owned-offer] support`, `lift`). `check`, `plan` and `contextmail facts next SKU` show the figures.

    ## Why it hurts
    Being sold what you have bought says that the shop forgot you the moment you paid.

    ## Example
    ```
    Upgrade to the Pro plan and save.
    ```

    ## Use instead
    ```
    Getting the most out of the Pro plan.
    ```

    ## Fix safety
    Unsafe: for owners the sentence is replaced. A sentence that pitches several products, a link and a button are only
    shown; under a heading that is nothing but the name stands its price, so no other product is named there.
    """

    name = "owned-offer"
    label = "resell"
    claim = Claim(
        name="owned-offer", true_when="TRUE", otherwise="replace", unknown_is="true", because="own it already"
    )

    def may(self, text: Sentence, context: Context) -> bool:
        """Look where there is an offer, or may be a call for an upgrade."""
        return bool(context.message.offers) or text.block in context.pitches or super().may(text, context)

    def find(self, sentence: Sentence, context: Context) -> Iterator[Match]:
        """Yield each place that names an offer or a product, else one that calls for an upgrade."""
        if context.lexicon.grammar["to-owners"].search(sentence.text):
            return
        named = [m for m in (self._named(offer, sentence) for offer in context.message.offers) if m]
        named += [self._pitched(pitch, sentence) for pitch in _here(sentence, context)]
        yield from named or super().find(sentence, context)

    def _pitched(self, pitch: Pitch, sentence: Sentence) -> Match:
        span = (pitch.start, pitch.end)
        words = {"noun": sentence.block.text[slice(*span)], "name": _bare(pitch.name)}
        true_when = f"NOT {owns(pitch.product)}"
        return Match(self.name, sentence, *span, span, groups=words, true_when=true_when, product=pitch.product)

    def _named(self, offer: Offer, sentence: Sentence) -> Match | None:
        if not offer.name or not offer.product:
            return None
        name = straight(offer.name)
        # "Internet" is a product, "which internet provider" names none.
        case = re.IGNORECASE if " " in name else re.NOFLAG
        found = re.search(rf"(?<!\w)(?:{re.escape(name)}|{re.escape(name.upper())})(?!\w)", sentence.text, case)
        if (
            not found
            or sentence.block.place is Place.ALT
            or (sentence.block.place is Place.CELL and found[0] == sentence.block.text)
        ):
            return None  # it says what a picture shows
        span = (sentence.start + found.start(), sentence.start + found.end())
        words, true_when = {"noun": found[0], "name": _bare(found[0])}, f"NOT {owns(offer.product)}"
        return Match(self.name, sentence, *span, span, groups=words, true_when=true_when, product=offer.product)

    def propose(self, match: Match, context: Context) -> Proposal | Barrier:
        """Give owners the offer's own text, what others bought next, or a word about what they have."""
        if not match.product:
            return Barrier("the message's offers name no product that is pitched here")
        if not match.groups["name"]:
            return Barrier("a link leads to it, and no words name it")
        if len({pitch.product for pitch in _here(match.sentence, context)}) > 1:
            return Barrier("the sentence pitches several products")
        offer = next((o for o in context.message.offers if o.product == match.product), Offer())
        owned = owns(match.product)
        proposed = []
        # What stands under a product's name alone (a price, a button) is of that product.
        alone = match.groups["noun"] == match.sentence.block.text.strip()
        for bought in () if offer.owner_text or alone else context.bought_next.get(match.product, ()):
            text = context.phrasebook.say("bought-next", {**match.groups, "next": _bare(bought.name)}).heading
            if match.sentence.block.place is not Place.SUBJECT or len(text) <= MAX_SUBJECT:
                proposed.append(Variant(f"{owned} AND NOT {owns(bought.product)}", text))
        text = offer.owner_text or context.phrasebook.say("owned-offer", match.groups).heading
        return replace_sentence(match, (*proposed, Variant(owned, text), Variant("", None)), context)


def _here(sentence: Sentence, context: Context) -> list[Pitch]:
    """List the pitches of a sentence, but what is said of the reader's own: "your Brass Lantern"."""
    text, theirs = sentence.block.text, context.lexicon.grammar["theirs"]
    return [
        pitch
        for pitch in context.pitches.get(sentence.block, ())
        if sentence.start <= pitch.start < sentence.end and not theirs.search(text[sentence.start : pitch.start])
    ]


def _bare(name: str) -> str:
    """Take off the article that the phrasebook's sentence has before a name."""
    return re.sub(r"(?i)^(?:the|an?) (?=\w)", "", name)


def owns(product: str) -> str:
    """Write the predicate that the recipient owns a product."""
    return f"owns('{product.replace(chr(39), chr(39) * 2)}')"
