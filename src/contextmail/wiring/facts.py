"""Settings to facts, and to the rules that ask for them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from contextmail.errors import ConfigurationError
from contextmail.wiring.consent import ledger
from contextmail.wiring.platforms import runs
from contextmail.wiring.tables import fetched_systems

if TYPE_CHECKING:
    from contextmail.checking import Checker
    from contextmail.config import Settings
    from contextmail.facts.building import Progress
    from contextmail.facts.folder import FactsFolder
    from contextmail.model.fact import Catalogue
    from contextmail.store.runs import Runs


def checker(settings: Settings, facts: FactsFolder | None = None) -> Checker:
    """Load the rules, the lexicon and the phrasebook; with `facts` also the products that a message may pitch."""
    from contextmail.checking import Checker

    return Checker(settings, facts.products if facts else None)


def facts_folder(settings: Settings) -> FactsFolder:
    """Open the built facts. Raises ConfigurationError where there are none."""
    from contextmail.facts.folder import FactsFolder

    if not has_facts(settings):
        raise ConfigurationError("no facts are built here", where=str(settings.facts), cure="contextmail facts build")
    return FactsFolder.open(settings.facts)


def has_facts(settings: Settings) -> bool:
    """Say whether facts are built."""
    return (settings.facts / "catalogue.json").is_file()


def build_facts(
    settings: Settings, *, strict: bool = False, hindsight: bool = True, progress: Progress | None = None
) -> Catalogue:
    """Build the facts of `settings.tables` into the folder `settings.facts`; return their catalogue.

    Facts that the rules name (`touches_14d_sms_ask`, `room_at_2_in_10d`) are made. `progress` is told each stage and
    the share that is done, from 0 to 1. Without `hindsight`, what was refused after the clock is not known yet, which is
    for looking back alone. Raises ConfigurationError; with `strict` also for currencies without rates.
    """
    from contextmail.facts.building import build
    from contextmail.model.identity import OWN
    from contextmail.planning.waiting import waiting
    from contextmail.rules.too_often import CAP, DAYS
    from contextmail.store.permissions import snapshot

    own = settings.rules.get("too-often")
    cap = ((own and own.cap) or CAP, (own and own.days) or DAYS)
    with ledger(settings) as store, _runs(settings) as applied, fetched_systems(settings, progress) as systems:
        return build(
            systems.pop(OWN),
            settings.facts,
            as_of=settings.as_of,
            facts=settings.fact_definitions,
            names=facts_asked(settings),
            currency=settings.currency,
            rates=settings.rates,
            cap=cap,
            max_age=settings.max_age,
            ledger=snapshot(store) if store else (),
            waiting=waiting(applied, settings.as_of),
            touched=store.touches() if store else (),
            systems=systems,
            identity=settings.identity,
            hindsight=hindsight,
            strict=strict,
            bad_row_limit=settings.limits.bad_rows,
            folder=settings.folder,
            progress=progress,
        )


@contextmanager
def _runs(settings: Settings) -> Iterator[Runs | None]:
    """Open the memory of runs where there is one; building facts makes none."""
    if not (settings.store / "contextmail.db").is_file():
        yield None
        return
    with runs(settings) as opened:
        yield opened


def facts_asked(settings: Settings) -> set[str]:
    """List the facts that the company's rules and phrases name, so that those made from their names are built."""
    from contextmail.compiling import policy_rules
    from contextmail.model.message import Message, Purpose
    from contextmail.predicates.sqltext import names_used

    loaded = checker(settings)
    policies = [
        rule.definition(Message(parts=(), purpose=purpose))
        for rule in policy_rules(settings).values()
        for purpose in Purpose
    ]
    texts = [rule.override.true_when or rule.claim.true_when for rule in loaded.rules.values()]
    texts += [policy.allow_when for policy in policies]
    texts += [text for own in settings.rules.values() for text in own.predicates().values()]
    texts += [
        variant.when for entry in loaded.phrasebook.entries.values() for variant in entry.variants if variant.when
    ]
    facts = {name for policy in policies for name in (policy.until, policy.to) if name}
    return facts.union(
        set(settings.fields.values()), *(names_used(text, ownership=settings.ownership) for text in texts)
    )
