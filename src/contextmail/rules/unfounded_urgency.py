from __future__ import annotations

from contextmail.language.flow import Barrier
from contextmail.model.claim import Claim
from contextmail.model.message import Message, Purpose
from contextmail.rules.base import ClaimRule, Context, Match, Proposal


class UnfoundedUrgency(ClaimRule):
    """Find "urgent", "final notice" and "act now" where no date presses the recipient.

    ## What it does
    Looks for words that press. True where a date does: the recipient's own renewal lies within the next sixty days, or
    the message itself `expires`. Messages that serve or confirm are left alone, and so is a plain date ("ends on Sunday").
    "Last chance" and "limited time" may be meant of a date that the message does not tell: they are only shown.

    ## Why it hurts
    Where everything is urgent nothing is. The one notice that matters is then not read.

    ## Example
    ```
    Act now! The lamps are here.
    ```

    ## Use instead
    ```
    The lamps are here until Sunday.
    ```

    ## Fix safety
    A word before or behind the rest is safe to cut. A sentence that only presses is removed, which is unsafe.
    """

    name = "unfounded-urgency"
    label = "urgency_claim"
    claim = Claim(
        name="unfounded-urgency",
        true_when="known(renewal_at) AND days_since(renewal_at) BETWEEN -60 AND 0",
        otherwise="remove",
        because="no date presses them",
    )

    def concerns(self, message: Message) -> bool:
        """Look where nothing presses: a message with an end of its own may say so, and so may a notice."""
        pressing = message.expires is not None or message.purpose is not Purpose.MARKETING
        return not pressing and message.addressed_to != "resident"

    def propose(self, match: Match, context: Context) -> Proposal | Barrier:
        """Cut what only presses; where it presses to do something, what is left could be another promise."""
        if match.confidence == "high" and not match.whole and not match.groups.get("cut"):
            return Barrier("only its author knows whether a date stands behind it")
        if match.whole and match.sentence.block.text[: match.sentence.start].rstrip().endswith("?"):
            return Barrier("it may be the answer to the question before it")
        return super().propose(match, context)
