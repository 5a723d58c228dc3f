from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from contextmail.language.flow import Barrier
from contextmail.language.sentences import block_sentences
from contextmail.model.claim import Claim
from contextmail.model.finding import Grade, Variant
from contextmail.model.message import Message
from contextmail.rules.base import ClaimRule, Context, Match, Proposal, Sentence
from contextmail.rules.remedies import kept

_SHORT = 3
"""Words of an answer to which another sentence belongs: "Not yet!"."""
_UNTOLD = "if something changes with the next term, say it by the message's renewal_change"


class SilentRenewal(ClaimRule):
    """Find a request to renew what has changed, without a word about the change.

    ## What it does
    In a message that says by `renewal_change` what is different from the next term on ("From May it is published online
    only."), looks for a request to renew, and puts that sentence behind it (behind the answer, where it asks), unless the
    message holds it already. With `true_when`, a predicate of the company's own, the request stays as it is for those
    whose product does not change.

    ## Why it hurts
    Who renews a printed magazine and gets a password will not renew again, and tells everybody.

    ## Example
    ```
    It's time to renew your subscription.
    ```

    ## Use instead
    ```
    Our autumn reading list is here.
    ```

    ## Fix safety
    Unsafe: a sentence of the author's is put behind another. A heading, and words that end in a link, are only shown.
    """

    name = "silent-renewal"
    label = "renewal"
    claim = Claim(
        name="silent-renewal", true_when="FALSE", otherwise="replace", because="what they renew is no longer the same"
    )

    def concerns(self, message: Message) -> bool:
        """Look unless the message says what changes."""
        told = message.renewal_change
        return not told or not any(told in part.source for part in message.parts)

    def definition(self, context: Context) -> Claim:
        """Show what asks for a renewal where nothing is told of a change: its author may have forgotten."""
        usual = super().definition(context)
        return usual if context.message.renewal_change else usual.model_copy(update={"otherwise": "show"})

    def find(self, sentence: Sentence, context: Context) -> Iterator[Match]:
        """Yield the first request of a paragraph: behind one of them the change is said once."""
        before = sentence.block.text[: sentence.start]
        requests = (one for one in context.lexicon.patterns[self.name] if one.confidence == "high")
        if not any(one.search(before, before.lower()) for one in requests):
            told = context.message.renewal_change
            for match in super().find(sentence, context):
                # What is added stands at the sentence's end.
                whole = replace(match, end=sentence.end)
                yield whole if told else replace(whole, confidence="low", note=_UNTOLD)

    def propose(self, match: Match, context: Context) -> Proposal | Barrier:
        """Say behind the request what changes."""
        sentence = match.sentence
        text = sentence.block.text[: self._end(sentence)].rstrip()
        last = len(text) - 1
        if lost := kept(sentence.block, last, last + 1):
            return lost
        if not text.endswith((".", "!", "?")):
            return Barrier("behind a heading there is no room for a sentence")
        told = Variant("", f"{text[-1]} {context.message.renewal_change}")
        original = Variant(self.definition(context).true_when, None)
        return Proposal((last, last + 1), (original, told), Grade.UNSAFE, "adds what changes")

    def _end(self, sentence: Sentence) -> int:
        """Give where the request ends: a question with its answer, "Time to renew? Not yet! You have until August."."""
        end = sentence.end
        if not sentence.text.rstrip().endswith("?"):
            return end
        text = sentence.block.text
        for start, stop in block_sentences(sentence.block):
            if start >= sentence.end:
                end = stop
                if len(text[start:stop].split()) > _SHORT:
                    break
        return end
