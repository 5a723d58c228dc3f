from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from contextmail.language.patterns import straight
from contextmail.model.claim import Claim
from contextmail.model.finding import Grade, Variant
from contextmail.rules.base import ClaimRule, Context, Match, Proposal, Sentence

MAX_SUBJECT = 60
"""Characters of a subject that a telephone still shows."""
_PREFIX = re.compile(r"(?i)^\s*(?:(?:re|fwd?|aw)\s*:\s*|\[[^\]]*\]\s*)+")
_WORD = re.compile(r"[^\W\d_][\w'&.-]*")


class GenericSubject(ClaimRule):
    """Find a subject that says nothing of what is inside: "Newsletter", "Check this out".

    ## What it does
    A subject is generic when each of its words is one that any mail could carry; or a brand's name beside "newsletter",
    "news" or "update". Those who bought in the category that the message offers get its own heading as the subject; for
    whom no such fact is known, the original stays.

    ## Why it hurts
    It is not opened by those whom it would have pleased, and teaches the others to open nothing.

    ## Example
    ```
    Subject: Special offer
    ```

    ## Use instead
    ```
    Subject: Six new lanterns for the garden
    ```

    ## Fix safety
    Unsafe: a subject promises. It is taken from the message's own heading, so the body holds what it says.
    """

    name = "generic-subject"
    claim = Claim(
        name="generic-subject",
        true_when="TRUE",
        otherwise="replace",
        unknown_is="true",
        because="there is something to say",
    )

    def may(self, text: Sentence, context: Context) -> bool:
        """Look at the subject."""
        return text.part == "subject"

    def find(self, sentence: Sentence, context: Context) -> Iterator[Match]:
        """Yield the whole subject when every word of it is empty."""
        if sentence.part != "subject" or not sentence.first:
            return
        text = sentence.block.text
        if is_generic(text, context.lexicon.lists[self.name], context.message.sender):
            yield Match(self.name, sentence, 0, len(text), (0, len(text)))

    def propose(self, match: Match, context: Context) -> Proposal | None:
        """Take the message's own heading for those who bought in the category on offer."""
        categories = [offer.category for offer in context.message.offers if offer.category]
        heading = next((h for h in context.headings if len(h) <= MAX_SUBJECT), "")
        if not categories or not heading or "\ufffc" in match.sentence.block.text:
            return None
        owned = " OR ".join(
            f"owns_category('{category.replace(chr(39), chr(39) * 2)}')" for category in dict.fromkeys(categories)
        )
        return Proposal(match.cut, (Variant(owned, heading), Variant("", None)), Grade.UNSAFE, "a subject promises")


def is_generic(subject: str, words: Mapping[str, frozenset[str]], sender: str = "") -> bool:
    """Say whether `subject` holds no word that tells what the message is about.

    `words` are the lexicon's lists: `empty` words say nothing, of `telling` ones one is enough among others, and
    `periodical` ones say nothing behind a name. The sender's own name tells nothing either.
    """
    text = _PREFIX.sub("", straight(subject))
    sender_words = {part.lower() for part in sender.split()}
    said = [word.strip(".'-").lower() for word in _WORD.findall(text)]
    said = [word for word in said if word not in sender_words]
    if "\ufffc" in text or re.search(r"[%$€£#]|\d{2,}", text) or (not said and re.search(r"\w", text)):
        return False
    unlisted = [word for word in said if word not in words["empty"]]
    if not unlisted:
        return len(said) <= 2 or not words["telling"].intersection(said)
    return (
        len(unlisted) <= 2 and len(said) <= 4 and said[-1] in words["periodical"] and said[: len(unlisted)] == unlisted
    )
