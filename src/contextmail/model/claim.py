"""Claims and policies as data: what a user writes in contextmail.toml and what the built-in rules are made of."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Remedy = Literal["weaken", "replace", "remove", "show"]
"""What to do with a claim that is not true of somebody."""

Action = Literal["hold", "drop", "reroute"]
"""What to do with a recipient whom a policy does not allow."""

UNSUPPRESSIBLE = frozenset({"opted-out", "unasked-channel"})
"""Rules that protect a recipient's own choice: no setting and no message can allow or re-threshold them."""

RULE_NAME = r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$"


class Claim(BaseModel):
    """Something that a message says about its recipient, and when that is true.

    `true_when` is a predicate over facts. `unknown_is` says what an unknown verdict means: a claim that needs
    proof is `untrue` then; one that is true by absence (nothing owned, no relationship) stays as `true`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=RULE_NAME)
    says: tuple[str, ...] = ()
    """Phrases, in the author's words; the lexicon adds a built-in rule's patterns."""
    true_when: str
    otherwise: Remedy = "weaken"
    replace_with: str = ""
    """With `replace`: a text that is true of everybody; empty: the phrasebook's."""
    unknown_is: Literal["untrue", "true"] = "untrue"
    because: str = ""
    """Why it is untrue of somebody, in two or three words: `bought less`."""


class Policy(BaseModel):
    """Something that a message does to its recipient, and when that is allowed.

    `allow_when` is a predicate over facts and over the message (`message.channel`, `message.purpose`).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=RULE_NAME)
    allow_when: str
    otherwise: Action = "drop"
    until: str = ""
    """With `hold`: the fact (a date or timestamp) that says when there is room."""
    to: str = ""
    """With `reroute`: the fact that names the channel, or a channel."""
    unknown_is: Literal["allowed", "refused"] = "refused"
    because: str = ""


class NextText(BaseModel):
    """What to say instead to those of another stage; the text is a claim too, and `when` says of whom it is true."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    when: str = Field(min_length=1)
    text: str = Field(min_length=1)


class Stage(BaseModel):
    """A stage of life that a message may pitch to: `[rules.stale-life-stage.stages.NAME]` in contextmail.toml."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    says: tuple[str, ...] = ()
    """Phrases that pitch to it."""
    true_when: str = ""
    """When the offer still fits; of a built-in stage empty: as it is built in."""
    instead: tuple[NextText, ...] = ()
    """Texts for those whom it does not fit, the first whose `when` is true: `[{ when = "…", text = "…" }]`."""


StageName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]


class RuleOverride(BaseModel):
    """What a company changes in a built-in rule: `[rules.unearned-value-claim]` in contextmail.toml."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    allow: str = ""
    """A reason: the rule is suppressed everywhere."""
    says: tuple[str, ...] = ()
    """Further phrases that make the claim."""
    never: tuple[str, ...] = ()
    """Phrases that are not this claim in this company (a product called "VIP Lounge")."""
    true_when: str | None = None
    allow_when: str | None = None
    otherwise: Remedy | Action | None = None
    cap: int | None = None
    """Of `too-often`: messages in the window; of `not-listening`: messages without an answer."""
    days: int | None = None
    """Of `too-often`: the rolling window; of `crossed-campaigns`: how far apart two messages must be."""
    stages: dict[StageName, Stage] = {}
    """Of `stale-life-stage`: stages of the company's own, or other words and texts for a built-in one."""
    ratio: float | None = None
    """Of `all-ask`: messages of value for each ask; 0.1 is one for ten."""
    support: int | None = Field(default=None, ge=1)
    """Of `owned-offer`: people who bought a product after another one, so that it is proposed to others; 20."""
    lift: float | None = Field(default=None, ge=1)
    """Of `owned-offer`: how many times as many they must be as chance would have it; 2."""

    def predicates(self) -> dict[str, str]:
        """Give the predicates that the company wrote, by their place: `stages.baby true_when`."""
        found = {"true_when": self.true_when or "", "allow_when": self.allow_when or ""}
        for name, stage in self.stages.items():
            texts = {
                "true_when": stage.true_when,
                **{f"instead {n}": one.when for n, one in enumerate(stage.instead, 1)},
            }
            found |= {f"stages.{name} {key}": text for key, text in texts.items()}
        return {place: text for place, text in found.items() if text}
