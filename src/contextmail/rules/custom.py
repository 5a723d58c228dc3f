"""A company's own claim, five lines of contextmail.toml, as a rule like the built-in ones."""

from __future__ import annotations

from dataclasses import replace

from contextmail.language.flow import Barrier
from contextmail.model.claim import Claim, Policy, RuleOverride
from contextmail.model.finding import Grade, Variant
from contextmail.rules.base import ClaimRule, Context, Match, PolicyRule, Proposal
from contextmail.rules.remedies import remedy


class CustomClaim(ClaimRule):
    """A claim that a company defines itself: its phrases, its predicate, its remedy."""

    def __init__(self, claim: Claim, override: RuleOverride | None = None) -> None:
        super().__init__(override)
        self.name = claim.name  # type: ignore[misc]  # a built-in rule has one name per class, these have one per claim
        self.claim = claim  # type: ignore[misc]

    def propose(self, match: Match, context: Context) -> Proposal | Barrier:
        """Weaken where the phrase stands apart, else replace or remove its sentence."""
        claim = self.definition(context)
        if claim.otherwise == "weaken":
            lead = context.lexicon.lead(
                match.sentence.text, match.start - match.sentence.start, match.end - match.sentence.start
            )
            if lead:
                start = match.sentence.start
                cut = (start + lead[0], start + lead[1])
                return Proposal(cut, (Variant(claim.true_when, None), Variant("", "")), Grade.SAFE)
        return remedy(replace(match, whole=True), claim, context)


class CustomPolicy(PolicyRule):
    """A policy that a company defines itself."""

    def __init__(self, policy: Policy, override: RuleOverride | None = None) -> None:
        super().__init__(override)
        self.name = policy.name  # type: ignore[misc]
        self.policy = policy  # type: ignore[misc]
