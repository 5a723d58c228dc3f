"""The rules: one file each, file name = rule name = docs page = case file; a test holds this against the folder."""

from __future__ import annotations

from contextmail.rules.all_ask import AllAsk
from contextmail.rules.base import ClaimRule, PolicyRule
from contextmail.rules.crossed_campaigns import CrossedCampaigns
from contextmail.rules.fake_reply import FakeReply
from contextmail.rules.generic_greeting import GenericGreeting
from contextmail.rules.generic_subject import GenericSubject
from contextmail.rules.known_question import KnownQuestion
from contextmail.rules.mislabelled_purpose import MislabelledPurpose
from contextmail.rules.missing_fallback import MissingFallback
from contextmail.rules.no_substance import NoSubstance
from contextmail.rules.not_listening import NotListening
from contextmail.rules.nothing_for_them import NothingForThem
from contextmail.rules.opted_out import OptedOut
from contextmail.rules.owned_offer import OwnedOffer
from contextmail.rules.robotic_care import RoboticCare
from contextmail.rules.silent_renewal import SilentRenewal
from contextmail.rules.stale_life_stage import StaleLifeStage
from contextmail.rules.stranger_talk import StrangerTalk
from contextmail.rules.too_often import TooOften
from contextmail.rules.unasked_channel import UnaskedChannel
from contextmail.rules.unearned_absence_claim import UnearnedAbsenceClaim
from contextmail.rules.unearned_loyalty_claim import UnearnedLoyaltyClaim
from contextmail.rules.unearned_value_claim import UnearnedValueClaim
from contextmail.rules.unfounded_urgency import UnfoundedUrgency
from contextmail.rules.unknown_token import UnknownToken
from contextmail.rules.urgent_to_resident import UrgentToResident
from contextmail.rules.wrong_channel import WrongChannel

CLAIMS: dict[str, type[ClaimRule]] = {
    "unearned-value-claim": UnearnedValueClaim,
    "unearned-loyalty-claim": UnearnedLoyaltyClaim,
    "unearned-absence-claim": UnearnedAbsenceClaim,
    "robotic-care": RoboticCare,
    "unfounded-urgency": UnfoundedUrgency,
    "urgent-to-resident": UrgentToResident,
    "stranger-talk": StrangerTalk,
    "known-question": KnownQuestion,
    "owned-offer": OwnedOffer,
    "stale-life-stage": StaleLifeStage,
    "silent-renewal": SilentRenewal,
    "generic-greeting": GenericGreeting,
    "missing-fallback": MissingFallback,
    "unknown-token": UnknownToken,
    "generic-subject": GenericSubject,
    "fake-reply": FakeReply,
    "no-substance": NoSubstance,
    "mislabelled-purpose": MislabelledPurpose,
}
POLICIES: dict[str, type[PolicyRule]] = {
    "opted-out": OptedOut,
    "unasked-channel": UnaskedChannel,
    "wrong-channel": WrongChannel,
    "too-often": TooOften,
    "all-ask": AllAsk,
    "not-listening": NotListening,
    "nothing-for-them": NothingForThem,
    "crossed-campaigns": CrossedCampaigns,
}
