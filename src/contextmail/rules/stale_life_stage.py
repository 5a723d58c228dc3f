from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from contextmail.errors import ConfigurationError
from contextmail.language.flow import Barrier, Place
from contextmail.model.claim import Claim, RuleOverride
from contextmail.model.finding import Variant
from contextmail.model.message import Message, Purpose
from contextmail.rules.base import ClaimRule, Context, Match, Proposal, Sentence
from contextmail.rules.remedies import has_news, replace_sentence

STAGES = {
    "expecting": "days_since(youngest_child_born) <= 30",
    "baby": "days_since(youngest_child_born) <= 1460",
    "toddler": "days_since(youngest_child_born) <= 2010 AND days_since(oldest_child_born) >= 180",
    "small_child": "days_since(youngest_child_born) <= 2920",
    "school_start": "days_since(youngest_child_born) <= 2920 AND days_since(oldest_child_born) >= 1280",
    "school_child": "days_since(youngest_child_born) <= 7120 AND days_since(oldest_child_born) >= 1280",
    "teenager": "days_since(youngest_child_born) <= 7480 AND days_since(oldest_child_born) >= 3830",
    "student": "days_since(student_until) <= 31",
    "graduate": "days_since(student_until) BETWEEN -180 AND 365",
    "new_home": "days_since(moved_at) BETWEEN -120 AND 365",
    "wedding": "days_since(married_at) BETWEEN -900 AND 30",
    "newlywed": "days_since(married_at) BETWEEN -30 AND 730",
}
"""Stage -> of whom an offer for it is true.

The days are wide, as a year of birth or an age is told to half a year. Where children lie on both sides of a stage one
may lie in it: the offer stays.
"""


class StaleLifeStage(ClaimRule):
    """Find an offer for a stage of life that the recipient has left behind, or not yet come to.

    ## What it does
    Looks for sentences that pitch to a stage of the recipient's life, "your newborn", "students save", "settle into your
    new home", and asks whether what is known of them, aged to today, still fits: `youngest_child_born` and
    `oldest_child_born` (of several children one is enough), `moved_at`, `married_at`, `student_until`. A shelf ("Nappies
    & wipes") is no pitch. Where the day is unknown the offer stays.

    `[tables.customers]` maps `child_born` (a day or a year of birth, a due date, or several set apart by commas), else
    `child_age` with `child_age_at`, the day when it was told; and the other three. A stage of your own, or other words,
    another time and texts of the next stage for a built-in one:
    ```
    [rules.stale-life-stage.stages.puppy]
    says = ["puppy food", "your puppy"]
    true_when = "days_since(dog_born) <= 540"
    instead = [{ when = "days_since(dog_born) > 540", text = "Food for grown dogs is here" }]
    ```

    ## Why it hurts
    Coupons for diapers, to the mother of a fifteen-year-old: the company counted the child once, and not the years.

    ## Example
    ```
    Something soft for your newborn.
    ```

    ## Use instead
    ```
    Something soft for everybody.
    ```

    ## Fix safety
    Unsafe: the sentence goes with its price, or a text of the next stage takes its place. A link and a button are only
    shown, and so is a heading, unless the last text of `instead` is true of everybody (`when = "TRUE"`).
    """

    name = "stale-life-stage"
    claim = Claim(
        name="stale-life-stage", true_when="TRUE", otherwise="remove", unknown_is="true", because="at another stage"
    )

    def __init__(self, override: RuleOverride | None = None) -> None:
        super().__init__(override)
        own = self.override.stages
        for stage, said in own.items():
            if stage not in STAGES and not said.true_when:
                where = f"[rules.stale-life-stage.stages.{stage}]"
                cure = f"true_when = … says when it fits; the built-in stages are {', '.join(STAGES)}"
                raise ConfigurationError(f"of the stage {stage!r} it is not said when it fits", where=where, cure=cure)
        self.stages = STAGES | {stage: said.true_when for stage, said in own.items() if said.true_when}

    def concerns(self, message: Message) -> bool:
        """Look at what sells: a notice about an order of nappies pitches nothing."""
        return message.purpose is Purpose.MARKETING

    def find(self, sentence: Sentence, context: Context) -> Iterator[Match]:
        """Yield the pitches with the predicate of their stage; what a picture or a table shows is none."""
        if sentence.block.place in (Place.ALT, Place.CELL):
            return
        for match in super().find(sentence, context):
            stage = self._stage(match)
            true = self.stages[stage] if stage else self.override.true_when
            if true:
                yield replace(
                    match, true_when=true, note=f"not true of everybody: a stage of life ({stage})" if stage else ""
                )

    def _stage(self, match: Match) -> str:
        return next((stage for stage in self.stages if match.groups.get(stage)), "")

    def propose(self, match: Match, context: Context) -> Proposal | Barrier:
        """Take the sentence away from those of another stage, or give them a text of theirs."""
        text = match.sentence.block.text[match.sentence.end :].lstrip()
        if self.definition(context).otherwise == "show":
            return Barrier("its remedy is to show it")
        if context.lexicon.grammar["goes-on"].match(text):
            return Barrier("the sentence behind it goes on about the same")
        if has_news(match, context):
            return Barrier("the sentence says something besides the offer")
        own = self.override.stages.get(self._stage(match))
        stale = f"NOT ({match.true_when})"
        texts = [Variant(f"{stale} AND ({one.when})", one.text) for one in own.instead] if own else []
        if not own or not own.instead or own.instead[-1].when.upper() != "TRUE":
            texts.append(Variant(stale, ""))
        return replace_sentence(match, (*texts, Variant("", None)), context, sold=True)
