"""The laws of consent, as properties that hold of `contextmail.model.consent` and of no wrong copy of it.

Each law takes the module that it judges, so that the tests can show that a mutant breaks it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from types import ModuleType
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from contextmail.model.consent_story import explain

Law = Callable[..., None]

START = datetime(2026, 5, 1)
SCOPES = [
    (channel, purpose, list_, topic)
    for channel, purpose in [
        ("", ""),
        ("email", ""),
        ("email", "marketing"),
        ("sms", "marketing"),
        ("email", "service"),
    ]
    for list_, topic in [("", ""), ("A", ""), ("A", "news"), ("", "news")]
]
ASKED = [scope for scope in SCOPES if scope[0] and scope[1]]
NESTED = [("", "", "", ""), ("email", "marketing", "", ""), ("email", "marketing", "A", "news")]
KINDS = ["complaint", "hard_bounce", "carrier_stop"]
RANK = {"deny": 0, "ask": 1, "allow": 2}

_ACTS = (
    *("grant", "deny") * 2, "pend", "never", "suppress", "clear", "restrict", "unrestrict", "erase", "prefer", "retract"
)  # fmt: skip


def about(*acts: str, plain: bool = False) -> st.SearchStrategy[dict[str, Any]]:
    """Draw what may be said, of these acts; times are minutes. `plain`: less of what rarely matters."""
    return st.fixed_dictionaries(
        {
            "act": st.sampled_from(acts),
            "scope": st.sampled_from(NESTED if plain else SCOPES),
            "received": st.sampled_from([1, 3, 5, 7, 9]),
            "at": st.sampled_from([None, 0, 2, 4, 6, 8, 9]),
            "kind": st.sampled_from(KINDS),
            "names": st.just(0) if plain else st.integers(0, 5),
            "actor": st.sampled_from(
                ["person"] if plain else ["person", "person", "agent", "system", "import", "platform"]
            ),
            "assurance": st.sampled_from(["signed", "signed", "unsigned", "read-back"]),
            "trust": st.sampled_from(["source", "source", "claimed", "none"]),
            "strength": st.sampled_from(["", "explicit", "implied"]),
            "obtained": st.sampled_from([""] if plain else ["", "", "", "given_by_person", "enriched"]),
        }
    )


def logs_of(*acts: str, most: int = 4, plain: bool = False) -> st.SearchStrategy[list[dict[str, Any]]]:
    return st.lists(about(*acts, plain=plain), max_size=most)


LOGS = logs_of(*_ACTS, most=6)


def change(m: ModuleType, number: int, said: dict[str, Any]) -> Any:
    """Make a change of a judged module from plain values; times are minutes."""
    value = {"suppress": "kind", "clear": "kind", "retract": "names"}.get(said["act"])
    return m.Change(
        id=str(number),
        subject="s",
        act=m.Act(said["act"]),
        scope=m.Scope(*said["scope"]),
        received_at=START + timedelta(minutes=said["received"]),
        at=None if said["at"] is None else START + timedelta(minutes=said["at"]),
        value=str(said[value]) if value else "",
        actor=m.Actor(said["actor"]),
        assurance=m.Assurance(said["assurance"]),
        trust=m.Trust(said["trust"]),
        strength=said["strength"],
        obtained=said["obtained"],
    )


def of(m: ModuleType, log: Iterable[dict[str, Any]]) -> list[Any]:
    return [change(m, number, said) for number, said in enumerate(log)]


def by_a_person(
    m: ModuleType, act: str, scope: tuple[str, ...], minute: int, name: str = "own", value: str = ""
) -> Any:
    at = START + timedelta(minutes=minute)
    return m.Change(
        id=name, subject="s", act=m.Act(act), scope=m.Scope(*scope), received_at=at, at=at, value=value, actor=m.Actor.PERSON
    )  # fmt: skip


def verdicts(m: ModuleType, changes: Iterable[Any]) -> list[str]:
    standing = m.fold(changes)
    return [str(m.permission(standing, m.Scope(*scope)).verdict) for scope in ASKED]


def law(**strategies: st.SearchStrategy[Any]) -> Callable[[Callable[..., None]], Law]:
    def bind(body: Callable[..., None]) -> Law:
        def judge(m: ModuleType, examples: int = 100, *, hunt: bool = False) -> None:
            @settings(
                max_examples=examples, deadline=None, database=None, derandomize=hunt, phases=[Phase.generate] if hunt else list(Phase),
                suppress_health_check=[HealthCheck.too_slow],
            )  # fmt: skip
            @given(**strategies)
            def run(**drawn: Any) -> None:
                body(m, **drawn)

            run()

        judge.__name__ = body.__name__
        return judge

    return bind


@law(log=LOGS, data=st.data())
def order_repetition_and_shards_do_not_matter(m: ModuleType, log: list[Any], data: st.DataObject) -> None:
    changes = of(m, log)
    assert m.fold(changes) == m.fold(data.draw(st.permutations(changes)))
    assert m.fold(changes) == m.fold([*changes[::2], *changes, *changes[1::2]])


@law(log=logs_of("grant", "deny", most=3, plain=True) | LOGS)
def nobody_is_allowed_but_by_a_later_grant_of_their_own_at_the_same_or_a_narrower_scope(
    m: ModuleType, log: list[Any]
) -> None:
    changes = of(m, log)
    retracts = [c for c in changes if c.act is m.Act.RETRACT and qualifies(m, c, {m.Actor.IMPORT}, but=True)]
    gone = {c.value for c in retracts}
    live = [c for c in changes if not (c.id in gone and c.assurance is m.Assurance.UNSIGNED)]
    grants = [c for c in live if c.act is m.Act.GRANT and qualifies(m, c, {m.Actor.PERSON})]
    spoken = [c for c in grants if c.strength != "implied"]
    for scope, verdict in zip(ASKED, verdicts(m, changes), strict=True):
        asked = m.Scope(*scope)
        if verdict == "deny":
            continue
        if scope[1] == "marketing" and verdict == "allow":
            assert any(grant.scope.covers(asked) for grant in grants)
        for denial in (c for c in live if c.act is m.Act.DENY and c.scope.covers(asked)):
            assert any(
                time(m, grant) > time(m, denial) and denial.scope.covers(grant.scope) and grant.scope.covers(asked)
                for grant in spoken
            )


def qualifies(m: ModuleType, one: Any, actors: set[Any], *, but: bool = False) -> bool:
    return (
        (one.actor in actors) is not but
        and one.at is not None
        and one.trust is not m.Trust.NONE
        and one.assurance is not m.Assurance.UNSIGNED
    )


def time(m: ModuleType, one: Any) -> datetime:
    """Write the rule of times once more: capped by the receipt, and the receipt where a withdrawal's is doubtful."""
    doubtful = one.act in (m.Act.DENY, m.Act.SUPPRESS, m.Act.RESTRICT, m.Act.ERASE) and one.trust is not m.Trust.SOURCE
    return one.received_at if one.at is None or doubtful else min(one.at, one.received_at)


@law(log=LOGS, scope=st.sampled_from(ASKED), minute=st.integers(0, 20))
def of_a_grant_and_a_withdrawal_at_one_time_the_withdrawal_holds(
    m: ModuleType, log: list[Any], scope: tuple[str, ...], minute: int
) -> None:
    tie = [by_a_person(m, "grant", scope, 20, "yes"), by_a_person(m, "deny", scope, 20, "no")]
    assert m.permission(m.fold([*of(m, log), *tie]), m.Scope(*scope)).verdict is m.Verdict.DENY


@law(log=LOGS, wide=st.sampled_from(SCOPES), topic=st.sampled_from(["news", "offers"]))
def a_broad_grant_does_not_revive_a_topic_that_was_left(
    m: ModuleType, log: list[Any], wide: tuple[str, ...], topic: str
) -> None:
    narrow = ("email", "marketing", "", topic)
    if wide == narrow:
        return
    left = [by_a_person(m, "deny", narrow, 20, "no"), by_a_person(m, "grant", wide, 30, "yes")]
    if not m.Scope(*narrow).covers(m.Scope(*wide)):
        assert m.permission(m.fold([*of(m, log), *left]), m.Scope(*narrow)).verdict is m.Verdict.DENY


@law(log=logs_of("never") | LOGS, more=about(*_ACTS))
def machines_and_imports_never_raise(m: ModuleType, log: list[Any], more: dict[str, Any]) -> None:
    own_counter_event = more["act"] in ("clear", "retract")
    actor = m.Actor.IMPORT if own_counter_event or more["actor"] in ("person", "agent") else m.Actor(more["actor"])
    changes = of(m, log)
    before = verdicts(m, changes)
    after = verdicts(m, [*changes, change(m, 99, {**more, "actor": str(actor)})])
    assert all(RANK[new] <= RANK[old] for old, new in zip(before, after, strict=True))


@law(log=logs_of("clear") | LOGS, kind=st.sampled_from(KINDS), scope=st.sampled_from(ASKED))
def a_suppression_goes_by_its_own_counter_event_alone(
    m: ModuleType, log: list[Any], kind: str, scope: tuple[str, ...]
) -> None:
    held = by_a_person(m, "suppress", scope, 1, "held", kind)
    changes = of(m, log)
    asked = m.Scope(*scope)
    actors = {
        "complaint": {m.Actor.AGENT},
        "hard_bounce": {m.Actor.PLATFORM, m.Actor.AGENT},
        "carrier_stop": {m.Actor.PERSON},
    }
    countered = any(
        c.act is m.Act.CLEAR and c.value == kind and c.scope.covers(asked) and time(m, c) > time(m, held)
        and qualifies(m, c, actors[kind])
        for c in changes
    )  # fmt: skip
    if not countered:
        assert m.permission(m.fold([*changes, held]), asked).verdict is m.Verdict.DENY


@law(log=logs_of("grant") | LOGS, scope=st.sampled_from(ASKED))
def who_was_erased_stays_erased_until_they_grant_anew(m: ModuleType, log: list[Any], scope: tuple[str, ...]) -> None:
    tomb = by_a_person(m, "erase", ("", "", "", ""), 6, "tomb")
    changes = [*of(m, log), tomb]
    erased_at = max(time(m, c) for c in changes if c.act is m.Act.ERASE)
    spoken = [
        c for c in changes
        if c.act is m.Act.GRANT and c.strength != "implied" and qualifies(m, c, {m.Actor.PERSON}) and time(m, c) > erased_at
    ]  # fmt: skip
    asked = m.Scope(*scope)
    if not any(c.scope.covers(asked) for c in spoken) and not (spoken and scope[1] == "service"):
        assert m.permission(m.fold(changes), asked).verdict is m.Verdict.DENY


@law(log=logs_of("deny", "suppress") | LOGS)
def what_is_signed_is_never_taken_back_by_a_read_back(m: ModuleType, log: list[Any]) -> None:
    kept = [change(m, 50, {**said, "act": "retract", "obtained": ""}) for said in log]
    signed = [c for c in of(m, log) if c.assurance is not m.Assurance.UNSIGNED and c.act is not m.Act.RETRACT]
    assert verdicts(m, signed) == verdicts(m, [*signed, *kept])


@law(log=LOGS, scope=st.sampled_from(ASKED))
def the_story_ends_with_the_permission(m: ModuleType, log: list[Any], scope: tuple[str, ...]) -> None:
    changes, asked = of(m, log), m.Scope(*scope)
    steps = explain(changes, asked)
    assert [step.before for step in steps[1:]] == [step.after for step in steps[:-1]]
    assert not steps or steps[-1].after is m.permission(m.fold(changes), asked).verdict
    assert all(step.note or step.before is not step.after for step in steps)


LAWS: list[Law] = [
    order_repetition_and_shards_do_not_matter,
    nobody_is_allowed_but_by_a_later_grant_of_their_own_at_the_same_or_a_narrower_scope,
    of_a_grant_and_a_withdrawal_at_one_time_the_withdrawal_holds,
    a_broad_grant_does_not_revive_a_topic_that_was_left,
    machines_and_imports_never_raise,
    a_suppression_goes_by_its_own_counter_event_alone,
    who_was_erased_stays_erased_until_they_grant_anew,
    what_is_signed_is_never_taken_back_by_a_read_back,
    the_story_ends_with_the_permission,
]
