from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from contextmail.language.flow import Barrier
from contextmail.language.patterns import straight
from contextmail.language.products import clean_name
from contextmail.model.claim import Claim
from contextmail.model.finding import Grade, Variant
from contextmail.model.message import Offer
from contextmail.rules.base import ClaimRule, Context, Match, Proposal, Sentence
from contextmail.rules.owned_offer import MAX_SUBJECT, owns

_REPLY = re.compile(r"(?i)^\s*(?:(?:re|fwd?|aw)\s*:\s*)+")
_TAG = re.compile(r"^\[[^\]]*\]\s*")
_TOLD = re.compile(r"[%$€£]|\d{2,}|(?i:^(?:\w+! )?(?:i'm|we're) \w+ \w)")
"""A price or a number tells something, and so does what the writer says of themselves."""
_ABOUT = (
    "unearned-value-claim",
    "unearned-loyalty-claim",
    "unearned-absence-claim",
    "stranger-talk",
    "owned-offer",
    "no-substance",
    "robotic-care",
)
"""Rules whose claims are a subject of a mail; to press, to greet and to pretend a thread tell nothing."""
_LONGEST = 7
"""Words of a subject that says nothing; a longer one tells something, if only of its writer."""
_WORD = re.compile(r"[^\W\d_][\w'&.-]*")


class GenericSubject(ClaimRule):
    """Find a subject that says nothing of what is inside: "Newsletter", "Check this out".

    ## What it does
    A subject is generic when each of its words is one that any mail could carry; or a brand's name beside "newsletter" or
    "digest". Those who bought in the category that the message offers get its own heading as the subject, with the
    category before it where it is news; for whom no such fact is known, the original stays.

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
    label = "generic_subject"
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
        claims = context.lexicon.possible(straight(text))
        if any(p.search(text, text.lower()) for rule in claims if rule in _ABOUT for p in claims[rule]):
            return  # what it claims is what it is about
        if is_generic(text, context.lexicon.lists[self.name], context.message.sender):
            yield Match(self.name, sentence, 0, len(text), (0, len(text)))

    def propose(self, match: Match, context: Context) -> Proposal | Barrier:
        """Take the message's own heading, or its offer's name, for those who bought in the category on offer."""
        if "\ufffc" in match.sentence.block.text:
            return Barrier("a token stands inside the words to be changed")
        offers = {offer.category: offer for offer in context.message.offers if offer.category}
        variants = [v for o in offers.values() if (v := _subject_of(o, context, alone=len(offers) == 1))]
        if not variants:
            return Barrier("no offer with a category, or nothing of the message's own that says it in 60 characters")
        return Proposal(match.cut, (*variants, Variant("", None)), Grade.UNSAFE, "a subject promises")


def _subject_of(offer: Offer, context: Context, *, alone: bool) -> Variant | None:
    """Write the subject for those who bought in the offer's category, which it names where it is the only one, and news."""
    owned = f"owns_category('{offer.category.replace(chr(39), chr(39) * 2)}')"
    subject = next((heading for heading in context.headings if len(heading) <= MAX_SUBJECT), "")
    if not subject and offer.name and offer.product and len(offer.name) <= MAX_SUBJECT:
        subject, owned = offer.name, f"{owned} AND NOT {owns(offer.product)}"
    name = clean_name(offer.category)
    told = context.phrasebook.say("subject", {"category": name, "subject": subject}).heading
    said = not alone or not name or name.lower().rstrip("s") in subject.lower() or len(told) > MAX_SUBJECT
    return Variant(owned, subject if said else told) if subject else None


def is_generic(subject: str, words: Mapping[str, frozenset[str]], sender: str = "") -> bool:
    """Say whether `subject` holds no word that tells what the message is about.

    `words` are the lexicon's lists: `empty` words say nothing, of `telling` ones one is enough among others, a single
    word must be one of `alone`. A name tells nothing before a `periodical`, behind "from" in `post` or a `greeting`;
    nor does the sender's own.
    """
    thread = _REPLY.sub("", straight(subject))
    text = _TAG.sub("", thread)
    ours = {part.lower() for part in sender.split()}
    spoken = [word.strip(".'-") for word in _WORD.findall(text)]
    spoken = [word for word in spoken if word.lower() not in ours]
    said = [word.lower() for word in spoken]
    periodical = bool(words["periodical"].intersection(said))
    names = [word for word in spoken if word.lower() not in words["empty"]]
    told = _TOLD.search(text) and (names or not periodical)
    if "\ufffc" in text or told or len(said) > _LONGEST or (not said and re.search(r"\w", thread)):
        return False
    if text != thread != subject:
        return False  # a reply to a list is about what the list is about
    if not names:
        return said[0] in words["alone"] if len(said) == 1 else len(said) < 3 or not words["telling"].intersection(said)
    if len(names) > 2 or len(said) > 5 or not all(name[0].isupper() for name in names):
        return False
    if spoken[: len(names)] == names:
        return periodical
    before = said[: -len(names)]
    presented = (before[-1] == "from" and words["post"].intersection(before)) or (
        len(said) == 2 and before[0] in words["greeting"]
    )
    return spoken[-len(names) :] == names and bool(presented)
