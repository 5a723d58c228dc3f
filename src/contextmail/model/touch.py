"""What became of a touch, as a call centre, a gateway or a letter shop tells it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from contextmail.errors import did_you_mean
from contextmail.model.channel import Channel


class TouchOutcome(StrEnum):
    """Name what became of a call, a text message, a letter or an e-mail."""

    ANSWERED = "answered"
    DELIVERED = "delivered"
    VOICEMAIL = "voicemail"
    NO_ANSWER = "no_answer"
    BOUNCED = "bounced"
    """It cannot arrive there: a number that is not in service, a message that was refused for good."""
    WRONG_PERSON = "wrong_person"
    DO_NOT_CALL = "do_not_call"
    """They want no more of it on this channel, in whatever words and by whatever channel."""

    @property
    def reached(self) -> bool:
        """Say whether it reached them."""
        return self not in (TouchOutcome.NO_ANSWER, TouchOutcome.BOUNCED, TouchOutcome.WRONG_PERSON)

    @property
    def reacted(self) -> bool:
        """Say whether it had an answer of theirs."""
        return self in (TouchOutcome.ANSWERED, TouchOutcome.DO_NOT_CALL)


_SAID: dict[TouchOutcome, str] = {
    TouchOutcome.ANSWERED: "answer connected contacted completed spoke_to reached call_back callback interested sale sold"
    " not_interested replied",
    TouchOutcome.DELIVERED: "sent ok success",
    TouchOutcome.VOICEMAIL: "voice_mail mailbox answering_machine machine left_message am",
    TouchOutcome.NO_ANSWER: "noanswer not_answered unanswered na n_a busy engaged no_reply not_reached failed dropped"
    " abandoned undelivered",
    TouchOutcome.BOUNCED: "bounce hard_bounce invalid invalid_number disconnected out_of_service not_in_service dead"
    " unallocated undeliverable returned return_to_sender moved",
    TouchOutcome.WRONG_PERSON: "wrong_number wrong_party wrong_contact not_them",
    TouchOutcome.DO_NOT_CALL: "dnc do_not_contact do_not_mail do_not_text do_not_email do_not_disturb opt_out optout"
    " opted_out stop unsubscribe unsubscribed remove remove_me refused_further_contact no_more_calls never_call_again",
}
_WORDS = {word: outcome for outcome, words in _SAID.items() for word in (outcome, *words.split())}
RAISING = frozenset({"granted", "consented", "opt_in", "optin", "opted_in", "subscribed", "subscribe", "consent_given"})
"""Words that would raise a permission: no file does, so of such a row nothing is taken but that they answered."""


def plain(word: str) -> str:
    """Write a word as it is looked up: `No Answer` is `no_answer`."""
    return re.sub(r"[\W_]+", "_", word.strip().casefold()).strip("_")


def outcome_of(word: str, own: Mapping[str, TouchOutcome]) -> TouchOutcome | None:
    """Understand the word of a dialler, `own` words first; None: it is not known."""
    said = plain(word)
    if said in RAISING:
        return TouchOutcome.ANSWERED
    return {plain(key): outcome for key, outcome in own.items()}.get(said) or _WORDS.get(said)


def nearest(word: str) -> str:
    """Give the known word that may have been meant."""
    return did_you_mean(plain(word), _WORDS)


RINGS = (Channel.CALL, Channel.VOICE)
"""Channels that make the same telephone ring: who wants no calls wants none from a machine either."""


def barred_channels(outcome: TouchOutcome, channel: str) -> tuple[str, ...]:
    """List the channels that an outcome takes away from a customer, or from a customer at one number."""
    if outcome is TouchOutcome.DO_NOT_CALL:
        return RINGS if channel in RINGS else (channel,)
    if outcome is TouchOutcome.WRONG_PERSON:
        return (channel,) if channel in (Channel.EMAIL, Channel.POSTAL) else (*RINGS, Channel.SMS)
    return ()


@dataclass(frozen=True, slots=True)
class Touch:
    """One touch with its outcome, by customer, by endpoint or both (either may be empty). Times are UTC."""

    id: str
    customer: str
    endpoint: str
    channel: str
    purpose: str
    """`ask`, `value`, `service`, `transactional`; empty: not said."""
    at: datetime
    outcome: TouchOutcome
    campaign: str = ""
