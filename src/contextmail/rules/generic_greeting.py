from __future__ import annotations

from collections.abc import Iterator

from contextmail.language.flow import Place
from contextmail.model.claim import Claim
from contextmail.model.finding import Grade, Variant
from contextmail.rules.base import ClaimRule, Context, Match, Proposal, Sentence


class GenericGreeting(ClaimRule):
    """Find a greeting to nobody in particular, such as "Dear customer", where the name is known.

    ## What it does
    Looks for a salutation with a category or nothing in the place of a name. It stands for those whose name is not
    known; the others are greeted by their name, cleaned of titles, capitals and typing errors.

    ## Why it hurts
    A letter that begins "Dear customer" is not read as a letter.

    ## Example
    ```
    Dear customer,
    ```

    ## Use instead
    ```
    Dear friends of the Smith family,
    ```

    ## Fix safety
    Safe: only the category is replaced, by a name that passed the cleaning.
    """

    name = "generic-greeting"
    label = "generic_greeting"
    claim = Claim(
        name="generic-greeting",
        true_when="NOT known(first_name)",
        otherwise="weaken",
        unknown_is="true",
        because="name known",
    )

    def find(self, sentence: Sentence, context: Context) -> Iterator[Match]:
        """Look only where a letter greets: at the opening of a block."""
        if sentence.first and sentence.block.place not in (Place.ALT, Place.BUTTON):
            for match in super().find(sentence, context):
                if not (match.say == "comma-name" and sentence.part == "subject"):
                    yield match

    def propose(self, match: Match, context: Context) -> Proposal:
        """Greet by name; who has none reads the original."""
        texts = context.phrasebook.say(match.say, match.groups).variants
        return Proposal(match.cut, (*texts, Variant("", None)), Grade.SAFE)
