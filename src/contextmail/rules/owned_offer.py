from __future__ import annotations

import re
from collections.abc import Iterator

from contextmail.language.flow import Barrier, Place
from contextmail.language.patterns import straight
from contextmail.model.claim import Claim
from contextmail.model.finding import Variant
from contextmail.model.message import Offer
from contextmail.rules.base import ClaimRule, Context, Match, Proposal, Sentence
from contextmail.rules.remedies import replace_sentence


class OwnedOffer(ClaimRule):
    """Find a pitch for something that the recipient owns already.

    ## What it does
    Finds the sentences that name one of the message's offers, and calls to upgrade, and asks whether the recipient owns
    the product, of themselves or by their account. Where ownership is unknown the pitch stays.

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
    Unsafe: for owners the sentence is replaced by the offer's `owner_text`, or by the phrasebook's.
    """

    name = "owned-offer"
    label = "resell"
    claim = Claim(
        name="owned-offer", true_when="TRUE", otherwise="replace", unknown_is="true", because="own it already"
    )

    def may(self, text: Sentence, context: Context) -> bool:
        """Look where there is an offer, or may be a call for an upgrade."""
        return bool(context.message.offers) or super().may(text, context)

    def find(self, sentence: Sentence, context: Context) -> Iterator[Match]:
        """Yield each sentence that names an offer, else one that calls for an upgrade."""
        if context.lexicon.grammar["to-owners"].search(sentence.text):
            return
        named = [m for m in (self._named(offer, sentence) for offer in context.message.offers) if m]
        yield from named or super().find(sentence, context)

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
        return Match(self.name, sentence, *span, span, groups={"noun": found[0]}, true_when=f"NOT {owns(offer)}")

    def propose(self, match: Match, context: Context) -> Proposal | Barrier:
        """Give owners the offer's own text; without a product there is nothing to ask."""
        offer = next((o for o in context.message.offers if match.true_when == f"NOT {owns(o)}"), None)
        if offer is None:
            return Barrier("the message's offers name no product that is pitched here")
        text = offer.owner_text or context.phrasebook.say("owned-offer", match.groups).heading
        return replace_sentence(match, (Variant(owns(offer), text), Variant("", None)), context)


def owns(offer: Offer) -> str:
    """Write the predicate that the recipient owns what is offered."""
    product = offer.product.replace("'", "''")
    return f"owns('{product}')"
