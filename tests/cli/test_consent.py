"""`contextmail consent` explains a permission, and takes opt-outs over without ever raising one."""

from __future__ import annotations

import json
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from cli.conftest import Run

from contextmail import wiring
from contextmail.config import load
from contextmail.model.consent import Act, Actor, Change, Obtained, Scope, Suppression
from contextmail.store.base import ConsentStore

MAY = datetime(2026, 5, 1, 9)
MAIL = Scope("email", "marketing")


@pytest.fixture
def ledger(desk: Path, run: Run) -> Path:
    run("init")
    return desk


def opened(folder: Path) -> ConsentStore:
    return wiring.consent_store(load(folder))


def record(folder: Path, endpoint: str, act: Act, scope: Scope = MAIL, day: int = 0, **more: object) -> None:
    at = MAY + timedelta(days=day)
    given = {"actor": Actor.PERSON, "at": at, **more}
    with closing(opened(folder)) as store:
        known = Change(f"{endpoint}{act}{day}", store.subject(endpoint), act, scope, at, **given)  # type: ignore[arg-type]
        store.append([known], [endpoint])


def verdict(run: Run, endpoint: str, *more: str, channel: str = "email") -> str:
    return run("consent", "why-not", channel, endpoint, *more).out.strip()


# ------------------------------------------------------------------------------------------------- show and why-not


def test_the_story_of_a_permission_is_told_change_by_change(ledger: Path, run: Run) -> None:
    record(ledger, "ada@example.com", Act.GRANT, method="form", source="standard:shop")
    record(ledger, "ada@example.com", Act.DENY, day=1, method="one-click")
    record(ledger, "ada@example.com", Act.GRANT, day=2, actor=Actor.SYSTEM, source="mailchimp:L")
    ran = run("consent", "show", "Ada@Example.com")
    assert ran.code == 0
    assert ran.out.splitlines() == [
        "Ada@Example.com",
        "  deny  email/marketing  withdrawn for email/marketing (by the person, one-click, on 2026-05-02 09:00)",
        "  allow email/service  nothing is on record",
        "  allow email/transactional  nothing is on record",
        "",
        "How it came about",
        "  2026-05-01 09:00  grant email/marketing  by the person, form, on 2026-05-01 09:00, standard:shop",
        "    email/marketing: ask -> allow",
        "  2026-05-02 09:00  deny email/marketing  by the person, one-click, on 2026-05-02 09:00",
        "    email/marketing: allow -> deny",
        "  2026-05-03 09:00  grant email/marketing  by the system, on 2026-05-03 09:00, mailchimp:L",
        "    made by the system, not by the person: it may lower and never raise",
    ]


def test_the_story_is_told_to_programs_too(ledger: Path, run: Run) -> None:
    record(ledger, "+441632960961", Act.PREFER, Scope(), value="only=sms")
    record(ledger, "+441632960961", Act.DENY, Scope("sms", "marketing", "", "offers"), 1)
    told = json.loads(run("consent", "show", "+44 (0)1632 960961", "--format", "json").out)
    assert told["endpoint"] == "+44 (0)1632 960961" and told["preferences"] == ["only=sms"]
    scopes = [found["scope"] for found in told["permissions"]]
    assert scopes[0] == "sms/marketing" and scopes[-1] == "sms/marketing/offers" and "call/service" in scopes
    assert [(change["act"], change["note"]) for change in told["changes"]] == [
        ("prefer", "changes nothing"),
        ("deny", "changes nothing"),
    ]


def test_of_somebody_unknown_it_says_what_follows_from_nothing(ledger: Path, run: Run) -> None:
    ran = run("consent", "show", "nobody@example.com")
    assert ran.code == 0 and "ask   email/marketing  nothing is on record" in ran.out and "How it came" not in ran.out


def test_why_not_is_one_plain_answer(ledger: Path, run: Run) -> None:
    record(ledger, "ada@example.com", Act.DENY, method="link")
    record(ledger, "bob@example.com", Act.SUPPRESS, Scope("email"), value=Suppression.HARD_BOUNCE, actor=Actor.PLATFORM)
    ada = run("consent", "why-not", "email", "ada@example.com")
    assert (ada.code, ada.out) == (1, "no: withdrawn for email/marketing (by the person, link, on 2026-05-01 09:00)\n")
    assert verdict(run, "ada@example.com", "--purpose", "service") == "yes: nothing is on record"
    assert verdict(run, "bob@example.com").startswith("no: suppressed: hard bounce (by the platform")
    cy = run("consent", "why-not", "email", "cy@example.com")
    assert cy.code == 1 and cy.out.startswith("not decided here")
    assert run("consent", "why-not", "email", "ada@example.com", "--purpose", "service").code == 0


def test_why_not_is_asked_of_a_list_or_a_topic(ledger: Path, run: Run) -> None:
    record(ledger, "ada@example.com", Act.GRANT)
    record(ledger, "ada@example.com", Act.DENY, Scope("email", "marketing", "", "offers"), 1)
    assert verdict(run, "ada@example.com").startswith("yes")
    assert verdict(run, "ada@example.com", "--topic", "offers").startswith("no")


def test_what_is_no_endpoint_is_refused_and_not_repeated(ledger: Path, run: Run) -> None:
    ran = run("consent", "show", "ada at example.com")
    assert ran.code == 2 and "ada" not in ran.err


# ----------------------------------------------------------------------------------------------------------- import

FILE = """\
endpoint,channel,purpose,list,topic,choice,at,preference
ada@example.com,email,marketing,,,denied,2026-05-02,
Bob@Example.com,,,,,denied,,
cy@example.com,email,marketing,,,granted,2026-05-02,
+44 1632 960961,sms,marketing,,,carrier_stop,2026-05-02T10:00:00+02:00,only=call

no address,email,,,,denied,,
dee@example.com,email,marketing,,,maybe,,
eve@example.com,fax,,,,denied,,
flo@example.com,email,marketing,,,denied,last spring,
gus@example.com,,,,,,,sometimes
"""


def test_a_file_lowers_and_what_would_raise_or_is_broken_is_named_by_its_line(ledger: Path, run: Run) -> None:
    (ledger / "optouts.csv").write_text(FILE, encoding="utf-8-sig")
    ran = run("consent", "import", "optouts.csv")
    assert ran.code == 1
    assert ran.out.splitlines() == [
        "9 rows",
        "  5 new in the ledger, 0 that it holds already",
        "  1 with a time that cannot be read: they count from today",
        "  not taken: 1 row would raise a permission: lines 4",
        "  broken: line 7: neither an e-mail address nor an international number",
        f"  broken: line 8: choice is none of denied, pending, never, granted, cleared, {', '.join(Suppression)}",
        "  broken: line 9: channel is none of email, sms, voice, postal, call",
        "  broken: line 11: preference is neither only=CHANNEL nor most=MESSAGES/DAYS",
    ]
    assert "example.com" not in ran.out + ran.err
    for endpoint in ("ada@example.com", "bob@example.com", "flo@example.com"):
        assert verdict(run, endpoint).startswith("no: withdrawn")
    assert verdict(run, "bob@example.com", "--purpose", "transactional").startswith("no")
    assert verdict(run, "cy@example.com").startswith("not decided here")
    assert "carrier stop" in verdict(run, "+441632960961", channel="sms")
    assert "prefers only=call" in run("consent", "show", "+441632960961").out


def test_a_repeated_import_adds_nothing(ledger: Path, run: Run) -> None:
    (ledger / "optouts.csv").write_text(FILE)
    run("consent", "import", "optouts.csv")
    again = json.loads(run("consent", "import", "optouts.csv", "--format", "json").out)
    assert (again["new"], again["known"], again["raising"]) == (0, 5, [4])
    trusted = json.loads(run("consent", "import", "optouts.csv", "--trust-dates", "--format", "json").out)
    twice = json.loads(run("consent", "import", "optouts.csv", "--trust-dates", "--format", "json").out)
    assert trusted["known"] + trusted["new"] == 5 and (twice["new"], twice["known"]) == (0, 5)


def test_a_dry_run_counts_and_writes_nothing(ledger: Path, run: Run) -> None:
    (ledger / "optouts.csv").write_text(FILE)
    ran = json.loads(run("consent", "import", "optouts.csv", "--dry-run", "--format", "json").out)
    assert ran["dry_run"] and ran["new"] == 5 and sorted(ran["broken"]) == ["11", "7", "8", "9"]
    with closing(opened(ledger)) as store:
        assert store.position() == 0 and store.pushes() == []


def test_dates_count_only_when_they_are_trusted(ledger: Path, run: Run) -> None:
    record(ledger, "ada@example.com", Act.GRANT, day=9)
    (ledger / "old.csv").write_text(
        "endpoint;choice;channel;purpose;at\nada@example.com;denied;email;marketing;2026-05-02\n"
    )
    assert run("consent", "import", "old.csv", "--trust-dates").code == 0
    assert verdict(run, "ada@example.com").startswith("yes")
    assert run("consent", "import", "old.csv").code == 0
    assert verdict(run, "ada@example.com").startswith("no")


def test_a_file_that_says_how_an_endpoint_was_found_keeps_it_from_being_called(ledger: Path, run: Run) -> None:
    text = f"endpoint,choice,channel,purpose,obtained\n+441632960961,never,call,marketing,{Obtained.ENRICHED}\n"
    (ledger / "numbers.csv").write_text(text)
    assert run("consent", "import", "numbers.csv").code == 0
    assert "did not give us" in verdict(run, "+441632960961", "--purpose", "service", channel="call")


@pytest.mark.parametrize("header", ["email,choice", "endpoint,chioce", "endpoint", "", "endpoint,choice,extra"])
def test_a_header_that_does_not_fit_is_refused(header: str, ledger: Path, run: Run) -> None:
    (ledger / "x.csv").write_text(f"{header}\nada@example.com,denied,x\n")
    ran = run("consent", "import", "x.csv")
    assert (ran.code == 2 and "x.csv:1" in ran.err) or (ran.code == 0 and "extra" in header)


def test_a_large_file_is_taken_in_batches(ledger: Path, run: Run) -> None:
    rows = "".join(f"p{number}@example.com,denied,email,marketing\n" for number in range(1201))
    (ledger / "many.csv").write_text(f"endpoint,choice,channel,purpose\n{rows}")
    assert "1,201 new" in run("consent", "import", "many.csv").out
    with closing(opened(ledger)) as store:
        assert len(list(store.subjects())) == 1201
