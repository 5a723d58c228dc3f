from __future__ import annotations

from collections.abc import Iterator

from contextmail.dialects.base import TokenKind
from contextmail.language.flow import Barrier
from contextmail.model.claim import Claim
from contextmail.rules.base import ClaimRule, Context, Match, Sentence


class UnknownToken(ClaimRule):
    """Find a token that the audience has no field for, which prints as it stands.

    ## What it does
    Compares the tokens that print a field with the audience's fields (`[fields]` in contextmail.toml, or the
    platform's own). Without a list of fields nothing is said.

    ## Why it hurts
    `Hello *|FIRSTNAME|*` arrives just so.

    ## Example
    ```
    Hello *|FIRSTNAME|*, your table is ready.
    ```

    ## Use instead
    ```
    Hello *|FNAME|*, your table is ready.
    ```

    ## Fix safety
    Shown only: which field was meant is the author's to say.
    """

    name = "unknown-token"
    claim = Claim(name="unknown-token", true_when="FALSE", otherwise="show", unknown_is="true")

    def may(self, text: Sentence, context: Context) -> bool:
        """Look where there is a token."""
        return bool(text.block.tokens)

    def find(self, sentence: Sentence, context: Context) -> Iterator[Match]:
        """Yield each token whose field the audience does not have."""
        if not context.known_fields:
            return
        for at, token in sentence.block.tokens.items():
            if not sentence.start <= at < sentence.end or token.kind is not TokenKind.VALUE:
                continue
            if token.name not in context.known_fields and not (context.dialect and context.dialect.system(token.name)):
                yield Match(
                    self.name, sentence, at, at + 1, (at, at + 1), note=f"the audience has no field {token.name}"
                )

    def propose(self, match: Match, context: Context) -> Barrier:
        """Propose nothing."""
        return Barrier("which field was meant is the author's to say")
