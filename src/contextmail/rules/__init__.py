"""The rules: one file each, file name = rule name = docs page = case file; a test holds this against the folder."""

from __future__ import annotations

from contextmail.rules.base import ClaimRule, PolicyRule
from contextmail.rules.generic_greeting import GenericGreeting
from contextmail.rules.generic_subject import GenericSubject
from contextmail.rules.missing_fallback import MissingFallback
from contextmail.rules.opted_out import OptedOut
from contextmail.rules.owned_offer import OwnedOffer
from contextmail.rules.stranger_talk import StrangerTalk
from contextmail.rules.too_often import TooOften
from contextmail.rules.unearned_absence_claim import UnearnedAbsenceClaim
from contextmail.rules.unearned_loyalty_claim import UnearnedLoyaltyClaim
from contextmail.rules.unearned_value_claim import UnearnedValueClaim
from contextmail.rules.unknown_token import UnknownToken
from contextmail.rules.wrong_channel import WrongChannel

CLAIMS: dict[str, type[ClaimRule]] = {
    "unearned-value-claim": UnearnedValueClaim,
    "unearned-loyalty-claim": UnearnedLoyaltyClaim,
    "unearned-absence-claim": UnearnedAbsenceClaim,
    "stranger-talk": StrangerTalk,
    "owned-offer": OwnedOffer,
    "generic-greeting": GenericGreeting,
    "missing-fallback": MissingFallback,
    "unknown-token": UnknownToken,
    "generic-subject": GenericSubject,
}
POLICIES: dict[str, type[PolicyRule]] = {
    "opted-out": OptedOut,
    "wrong-channel": WrongChannel,
    "too-often": TooOften,
}
