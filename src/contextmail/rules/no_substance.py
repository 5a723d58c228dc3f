from __future__ import annotations

from contextmail.language.flow import Barrier
from contextmail.model.claim import Claim
from contextmail.rules.base import ClaimRule, Context, Match


class NoSubstance(ClaimRule):
    """Find words that only say that somebody writes: "just touching base", "checking in".

    ## What it does
    Looks for openings that carry nothing for their reader.

    ## Why it hurts
    It costs the reader's time to find out that there was nothing to read.

    ## Example
    ```
    I'm just checking in.
    ```

    ## Use instead
    ```
    Your lantern's warranty ends in June; here is how to extend it.
    ```

    ## Fix safety
    Shown only: what was to be said is the author's to know.
    """

    name = "no-substance"
    label = "info_free"
    claim = Claim(name="no-substance", true_when="FALSE", otherwise="show", because="it says nothing")

    def propose(self, match: Match, context: Context) -> Barrier:
        """Propose nothing."""
        return Barrier("what was to be said is the author's to know")
