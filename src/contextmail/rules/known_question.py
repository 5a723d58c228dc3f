from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from contextmail.language.flow import Barrier
from contextmail.model.claim import Claim
from contextmail.model.finding import Variant
from contextmail.rules.base import ClaimRule, Context, Match, Proposal, Sentence
from contextmail.rules.remedies import replace_sentence

_FIELD = re.compile(r"(?i)<(?:input|select|textarea)\b")
ASKED = {"name": "first_name", "email": "email", "phone": "phone", "country": "country"}
"""What a pattern's group asks for, and the standard fact that answers it."""


class KnownQuestion(ClaimRule):
    """Find a question whose answer we have, such as "What is your phone number?".

    ## What it does
    Looks for questions about name, e-mail address, telephone and country, and, where the message says by `asks` which of
    the company's own facts it asks for (`provider`, `birthday`), for those too. True where the fact is not known yet;
    `true_when` says of the other questions when they are: `NOT owns('INTERNET')`. Without either they are only shown.

    ## Why it hurts
    The internet provider that asks its own subscribers which provider they use has told them what it knows of them.

    ## Example
    ```
    What is your phone number?
    ```

    ## Use instead
    ```
    Is this still your number?
    ```

    ## Fix safety
    Unsafe: the question goes for those whose answer is known. Where it holds a link, or a form stands below, it is only shown.
    """

    name = "known-question"
    label = "ask_known"
    claim = Claim(
        name="known-question", true_when="FALSE", otherwise="remove", unknown_is="true", because="we know the answer"
    )

    def find(self, sentence: Sentence, context: Context) -> Iterator[Match]:
        """Yield the questions; where nobody has said which fact answers one, it is only shown."""
        for match in super().find(sentence, context):
            asked = next((name for name, found in match.groups.items() if found), "")
            fact = ASKED.get(asked) or (asked if asked in context.message.asks else "")
            true = f"NOT known({fact})" if fact else self.override.true_when or ""
            yield replace(match, true_when=true, confidence=match.confidence if true else "low")

    def propose(self, match: Match, context: Context) -> Proposal | Barrier:
        """Ask only those whose answer is not known."""
        if match.confidence == "low" or self.definition(context).otherwise == "show":
            return Barrier("which answers are known is not told: name the facts in the message's `asks`")
        if any(_FIELD.search(part.source) for part in context.message.parts if part.name == match.sentence.part):
            return Barrier("a form asks for it: its field would stand without the question")
        return replace_sentence(match, (Variant(f"NOT ({match.true_when})", ""), Variant("", None)), context)
