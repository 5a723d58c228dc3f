"""Outcomes come back: into the touches, and where somebody refuses, into the ledger. Nothing raises a permission."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import datetime

import pytest
from listing.conftest import ADA, CALLS, EVE, NAIRS, Centre

from contextmail import wiring
from contextmail.errors import ConfigurationError
from contextmail.model.consent import Act, Scope, Verdict
from contextmail.model.touch import TouchOutcome, outcome_of
from contextmail.syncing import Report, erase, push_due

AT = "2026-05-30T18:10:00+00:00"
HEAD = "customer,phone,at,outcome\n"


@pytest.mark.parametrize(
    ("word", "outcome"),
    [
        ("answered", "answered"), ("Do not call", "do_not_call"), ("DNC", "do_not_call"), ("STOP", "do_not_call"),
        ("Opt-Out", "do_not_call"), ("No Answer", "no_answer"), ("busy", "no_answer"), ("Wrong number", "wrong_person"),
        ("Answering machine", "voicemail"), ("return to sender", "bounced"), ("opt-in", "answered"), ("hui", None),
    ],
)  # fmt: skip
def test_the_words_of_diallers_are_understood(word: str, outcome: str | None) -> None:
    assert outcome_of(word, {}) == outcome


def test_a_company_adds_its_own_words() -> None:
    own = {"Kein Interesse": TouchOutcome.ANSWERED, "busy": TouchOutcome.VOICEMAIL}
    assert [outcome_of(word, own) for word in ("KEIN  INTERESSE", "busy")] == ["answered", "voicemail"]


def test_a_spoken_opt_out_counts_for_every_call_and_for_nothing_else(centre: Centre) -> None:
    taken = centre.take(f"{HEAD}K-100,,{AT},do not call\n")
    assert (taken.new, taken.withdrawals, taken.outcomes) == (1, 2, {"do_not_call": 1})
    for channel, verdict in (("call", Verdict.DENY), ("voice", Verdict.DENY)):
        assert centre.permitted(ADA, Scope(channel, "marketing")).reasons[0].code == "denied"
        assert centre.permitted(ADA, Scope(channel, "marketing")).verdict is verdict
    assert centre.permitted(ADA, Scope("call", "service")).verdict is Verdict.ALLOW
    assert centre.permitted(ADA, Scope("sms", "marketing")).reasons[0].code == "no-record"
    change = centre.permitted(ADA).reasons[0].change
    assert change and (change.method, change.evidence, change.source) == ("spoken", "results.csv line 2", "outcomes")


def test_the_same_file_again_adds_nothing_not_even_after_a_new_grant(centre: Centre) -> None:
    rows = f"{HEAD}K-100,,{AT},do not call\nK-104,,,do not call\n,{NAIRS},{AT},no answer\n"
    assert centre.take(rows).new == 3
    centre.say(ADA, Act.GRANT, CALLS, datetime(2027, 6, 1))
    again = centre.take(rows)
    assert (again.new, again.known, again.withdrawals) == (0, 3, 0)
    assert centre.permitted(ADA).verdict is Verdict.ALLOW
    assert centre.permitted(EVE).reasons[0].code == "denied"


def test_a_time_without_a_zone_does_not_let_an_older_grant_stand(centre: Centre) -> None:
    centre.say(ADA, Act.GRANT, CALLS, datetime(2026, 5, 30, 20))
    centre.take(f"{HEAD}K-100,,2026-05-30 18:10,do not call\n")
    assert centre.permitted(ADA).verdict is Verdict.DENY


def test_times_are_read_as_the_dialler_writes_them(centre: Centre) -> None:
    with (centre.folder / "contextmail.toml").open("a") as settings:
        settings.write('\n[lists]\ndates = "%d/%m/%Y %H:%M"\ntime_zone = "America/New_York"\n')
    centre.say(ADA, Act.GRANT, CALLS, datetime(2026, 5, 30, 22))
    taken = centre.take(f"{HEAD}K-100,,30/05/2026 17:59,do not call\nK-104,,30/05/2026 18:01,dnc\nK-108,,{AT},dnc\n")
    assert taken.undated == 1 and centre.permitted(ADA).verdict is Verdict.ALLOW
    centre.take(f"{HEAD}K-100,,30/05/2026 18:01,do not call\n")
    assert centre.permitted(ADA).verdict is Verdict.DENY
    with (centre.folder / "contextmail.toml").open("a") as settings:
        settings.write('time_zone = "Mars"\n')
    text = (centre.folder / "contextmail.toml").read_text().replace('time_zone = "America/New_York"\n', "")
    centre.write("contextmail.toml", text)
    with pytest.raises(ConfigurationError, match="no zone such as"):
        centre.settings()


def test_no_word_raises_a_permission(centre: Centre) -> None:
    taken = centre.take(
        f"{HEAD},+1 202 555 0177,{AT},opted in\n,+1 202 555 0177,{AT},yes please call\nK-102,,{AT},granted\n"
    )
    assert taken.raising == [2, 4] and list(taken.broken) == [3] and taken.withdrawals == 0
    assert centre.permitted("+12025550177").verdict is Verdict.DENY
    assert centre.permitted("+12025550102").reasons[0].code == "no-record"


def test_a_wrong_person_ends_the_number_for_all_who_would_use_it(centre: Centre) -> None:
    centre.make()
    centre.take(f"{HEAD}K-100,,{AT},wrong number\n")
    for channel in ("call", "voice", "sms"):
        assert centre.permitted(ADA, Scope(channel, "transactional")).reasons[0].code == "wrong_person"
    assert centre.reasons(centre.recheck()) == {"opted-out": 1}


@pytest.mark.parametrize("number", [NAIRS, ""])
def test_a_wrong_person_leaves_the_number_to_another_customer_who_has_it(centre: Centre, number: str) -> None:
    centre.write("people.csv", "customer,phone\nK-106,+1 202 555 0106\nK-107,\n")
    centre.make()
    taken = centre.take(f"{HEAD}K-107,{number},{AT},wrong person\n")
    assert taken.withdrawals == 0 and centre.permitted(NAIRS).reasons[0].code == "no-record"
    centre.make()
    assert [row["contextmail_customer"] for row in centre.rows("calls.csv")] == ["K-106"]
    assert [row["contextmail_reason"] for row in centre.rows("others.csv")] == ["opted-out"]
    wiring.build_facts(centre.settings())
    with wiring.facts_folder(centre.settings()) as facts:
        denied = {id_: (facts.row(id_) or {})["consent_call_marketing"] for id_ in ("K-106", "K-107")}
        assert denied == {"K-106": "granted", "K-107": "denied"}
        assert (facts.row("K-107") or {})["consent_sms_service"] == "denied"


def test_a_customer_who_moved_to_another_number_may_be_called_there(centre: Centre) -> None:
    centre.take(f"{HEAD}K-107,{NAIRS},{AT},wrong person\n")
    text = (centre.folder / "customers.csv").read_text()
    centre.write("customers.csv", text.replace("Hal Nair,+1 202 555 0106", "Hal Nair,+1 202 555 0107"))
    wiring.build_facts(centre.settings())
    centre.write("people.csv", "customer\nK-107\n")
    assert centre.make().kept == 1


def test_what_bounced_is_suppressed_on_its_channel(centre: Centre) -> None:
    centre.take(f"{HEAD}K-100,,{AT},disconnected\n")
    assert centre.permitted(ADA).reasons[0].code == "hard_bounce"
    assert centre.permitted(ADA, Scope("sms", "service")).verdict is Verdict.ALLOW


def test_a_customer_of_whom_no_number_is_known_is_held_by_id(centre: Centre) -> None:
    text = (centre.folder / "customers.csv").read_text()
    centre.write("customers.csv", text.replace("+1 202 555 0100", "").replace("ada@example.com", ""))
    wiring.build_facts(centre.settings())
    centre.write("letter.txt", "---\nchannel: postal\n---\nThe line is new.\n")
    centre.write("people.csv", "customer\nK-100\nK-104\n")
    assert centre.make("letter.txt").kept == 2
    taken = centre.take("customer,at,outcome\nK-100,2026-05-30,Do not mail\n", channel="postal")
    assert (taken.by_id, taken.withdrawals) == (1, 0)
    told = centre.recheck()
    assert centre.reasons(told) == {"opted-out": 1}
    wiring.build_facts(centre.settings())
    with wiring.facts_folder(centre.settings()) as facts:
        assert (facts.row("K-100") or {})["consent_postal_marketing"] == "denied"
        assert (facts.row("K-100") or {})["consent_call_marketing"] == "granted"


def test_a_letter_that_is_refused_is_held_at_the_address_that_is_known(centre: Centre) -> None:
    centre.take("customer,at,outcome\nK-100,2026-05-30,Do not mail\n", channel="postal")
    assert centre.permitted("ada@example.com", Scope("postal", "marketing")).reasons[0].code == "denied"
    centre.write("letter.txt", "---\nchannel: postal\n---\nThe line is new.\n")
    centre.write("people.csv", "customer\nK-100\nK-104\n")
    assert centre.reasons(centre.make("letter.txt")) == {"opted-out": 1}


def test_broken_rows_are_reported_by_their_line_and_the_rest_counts(centre: Centre) -> None:
    rows = f"K-100,,{AT},answered\n,12345,{AT},answered\n,,{AT},answered\nK-104,,{AT},hui\nK-104\nK-104,,{AT},\nK-108,,never,answered\n"
    taken = centre.take(HEAD + rows)
    assert (taken.rows, taken.new, taken.undated) == (7, 2, 1)
    assert list(taken.broken) == [3, 4, 5, 6, 7] and "12345" not in str(taken.broken)
    with pytest.raises(ConfigurationError, match="does not say whose outcome it is"):
        centre.take("street,outcome\n1,answered\n")


def test_the_channel_is_that_of_the_row_else_of_the_list(centre: Centre) -> None:
    centre.make()
    name = centre.rows("calls.csv")[0]["contextmail_campaign"]
    head = "contextmail_customer,contextmail_endpoint,contextmail_campaign,at,channel,status\n"
    taken = centre.take(
        f"{head}K-100,{ADA},{name},{AT},,dnc\nK-104,{EVE},,{AT},text,stop\nK-108,,other,{AT},,dnc\n", channel=""
    )
    assert taken.new == 2 and list(taken.broken) == [4]
    assert centre.permitted(ADA).reasons[0].code == "denied"
    assert centre.permitted(EVE, Scope("sms", "marketing")).reasons[0].code == "denied"
    with centre.store() as store:
        assert {touch.purpose for touch in store.touches()} == {"ask", ""}


def test_touches_are_facts_once_though_a_table_has_them_too(centre: Centre) -> None:
    with (centre.folder / "touches.csv").open("a") as file:
        file.write("K-100,2026-05-30T18:10:00Z,call,ask\n")
    centre.take(
        f"{HEAD}K-100,,{AT},answered\n,{ADA},2026-05-29T10:00:00Z,no answer\nK-100,,2027-01-01T10:00:00Z,answered\n"
    )
    wiring.build_facts(centre.settings())
    with wiring.facts_folder(centre.settings()) as facts:
        row = facts.row("K-100") or {}
        assert (row["touches_7d"], row["touches_30d"]) == (2, 3)


def test_outcomes_alone_are_touches_enough(centre: Centre) -> None:
    text = (centre.folder / "contextmail.toml").read_text()
    start, end = text.index("[tables.touches]"), text.index("[rules.known")
    centre.write("contextmail.toml", text[:start] + text[end:])
    centre.take(f"{HEAD}K-100,,{AT},voicemail\nK-104,,{AT},answered\n")
    wiring.build_facts(centre.settings())
    with wiring.facts_folder(centre.settings()) as facts:
        rows = [facts.row(id_) or {} for id_ in ("K-100", "K-104", "K-105")]
        assert [row["touches_7d"] for row in rows] == [1, 1, 0]
        assert [row["unanswered_streak"] for row in rows] == [1, 0, 0]
        assert [row["value_received"] for row in rows] == [None] * 3


def test_a_dry_run_writes_nothing(centre: Centre) -> None:
    assert centre.take(f"{HEAD}K-100,,{AT},dnc\n", dry_run=True).withdrawals == 2
    assert centre.permitted(ADA).reasons[0].code == "no-record"
    assert centre.take(f"{HEAD}K-100,,{AT},dnc\n").new == 1


def test_of_somebody_who_was_erased_nothing_is_kept_and_their_touches_go(centre: Centre) -> None:
    centre.take(f"{HEAD}K-100,,{AT},answered\n")
    with wiring.sync(centre.settings()) as sync:
        erase(sync, ADA)
        assert list(sync.store.touches()) == []
    taken = centre.take(f"{HEAD}K-100,,2026-05-31T10:00:00Z,answered\n")
    assert (taken.new, taken.erased) == (0, 1)


def test_a_withdrawal_waits_for_the_other_systems(centre: Centre) -> None:
    with (centre.folder / "contextmail.toml").open("a") as settings:
        settings.write(
            '\n[consent.systems."sql:dialler"]\nkind = "sql"\nurl = "sqlite:///dialler.db"\ntable = "people"\n'
            'endpoint = "phone"\nchannel = "call"\npermitted = "may_call"\n'
        )
    with closing(sqlite3.connect(centre.folder / "dialler.db")) as database, database:
        database.execute("CREATE TABLE people (phone TEXT, may_call BOOLEAN)")
        database.execute("INSERT INTO people VALUES (?, 1), (?, 1)", (ADA, EVE))
    centre.take(f"{HEAD}K-100,,{AT},dnc\n")
    with wiring.sync(centre.settings()) as sync:
        assert ("sql:dialler", Act.DENY) in {(push.target, push.act) for push in sync.store.pushes("waiting")}
        push_due(sync, Report())
    with closing(sqlite3.connect(centre.folder / "dialler.db")) as database:
        assert dict(database.execute("SELECT phone, may_call FROM people")) == {ADA: 0, EVE: 1}


def test_facts_of_a_day_before_know_no_touch_of_later(centre: Centre) -> None:
    centre.take(f"{HEAD}K-100,,{AT},answered\n")
    wiring.build_facts(centre.settings(as_of=datetime(2026, 5, 30)))
    with wiring.facts_folder(centre.settings()) as facts:
        assert (facts.row("K-100") or {})["touches_7d"] == 0
