"""Before each block a list is checked again: whoever may not be called any more falls out, and nobody comes in."""

from __future__ import annotations

import csv
from datetime import datetime, timedelta

import pytest
from listing.conftest import ADA, CLOCK, EVE, INES, Centre

from contextmail import wiring
from contextmail.errors import ConfigurationError
from contextmail.model.consent import Act, Scope, Suppression
from contextmail.syncing import erase


def rewritten(centre: Centre, change: object, name: str = "calls.csv") -> None:
    """Change the rows of a list as a spreadsheet would."""
    rows = centre.rows(name)
    change(rows)  # type: ignore[operator]
    with (centre.folder / name).open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)


def test_where_nothing_happened_the_same_list_comes_out(centre: Centre) -> None:
    centre.make()
    told = centre.recheck()
    assert (told.rows, told.kept) == (3, 3) and told.use_before == CLOCK + timedelta(days=1)
    assert (centre.folder / "block.csv").read_bytes() == (centre.folder / "calls.csv").read_bytes()
    assert centre.recheck("block.csv").kept == 3


@pytest.mark.parametrize(
    ("act", "scope", "value"),
    [
        (Act.DENY, Scope("call", "marketing"), ""), (Act.DENY, Scope("call"), ""), (Act.DENY, Scope(), ""),
        (Act.SUPPRESS, Scope("call"), Suppression.DNC_NATIONAL), (Act.RESTRICT, Scope(), ""),
    ],
)  # fmt: skip
def test_whoever_refuses_falls_out(centre: Centre, act: Act, scope: Scope, value: str) -> None:
    centre.make()
    centre.say(ADA, act, scope, value=value)
    told = centre.recheck()
    assert centre.reasons(told) == {"opted-out": 1} and told.kept == 2
    assert ADA not in (centre.folder / "block.csv").read_text()
    assert [row["contextmail_reason"] for row in centre.rows("fell.csv")] == ["opted-out"]


def test_whoever_was_erased_falls_out(centre: Centre) -> None:
    centre.make()
    with wiring.sync(centre.settings()) as sync:
        erase(sync, ADA)
    assert centre.reasons(centre.recheck()) == {"opted-out": 1}


def test_a_refusal_of_another_channel_or_at_another_s_number_changes_nothing(centre: Centre) -> None:
    centre.make()
    centre.say(ADA, Act.DENY, Scope("sms", "marketing"))
    centre.say("bob@example.com", Act.DENY, Scope())
    assert centre.recheck().kept == 3


def test_a_refusal_at_another_address_of_the_same_person_counts(centre: Centre) -> None:
    centre.make()
    centre.say("ada@example.com", Act.DENY, Scope())
    assert centre.reasons(centre.recheck()) == {"opted-out": 1}


def test_a_bounce_of_their_e_mail_says_nothing_of_their_telephone(centre: Centre) -> None:
    centre.make()
    centre.say("ada@example.com", Act.SUPPRESS, Scope(), value=Suppression.HARD_BOUNCE)
    assert centre.recheck().kept == 3


def test_whoever_asked_for_another_channel_is_rerouted(centre: Centre) -> None:
    with (centre.folder / "customers.csv").open() as file:
        rows = (
            file.read()
            .replace("number_from", "number_from,preferred_channel")
            .replace("given_by_person", "given_by_person,")
        )
    centre.write("customers.csv", rows.replace("enriched", "enriched,"))
    wiring.build_facts(centre.settings())
    centre.make()
    centre.say(EVE, Act.PREFER, Scope(), value="only=email")
    told = centre.recheck()
    assert told.reasons == {("send", ""): 2, ("reroute", "wrong-channel"): 1}
    assert centre.rows("fell.csv")[0]["contextmail_to"] == "email"


def test_touches_that_came_since_count_without_building_the_facts_again(centre: Centre) -> None:
    centre.make()
    rows = "".join(f"K-108,2026-05-{day}T10:00:00Z,no answer\n" for day in (28, 29, 30))
    centre.take(f"customer,at,outcome\n{rows}")
    told = centre.recheck()
    assert told.reasons == {("send", ""): 2, ("hold", "too-often"): 1}
    assert centre.rows("fell.csv")[0]["contextmail_until"] == "2026-06-04 10:00:00"
    wiring.build_facts(centre.settings())
    assert centre.recheck().reasons == told.reasons, "the facts say the same once they are built"


def test_a_cap_of_their_own_counts_from_now(centre: Centre) -> None:
    centre.make()
    centre.say(INES, Act.PREFER, Scope(), value="most=1/30")
    assert centre.recheck().reasons == {("send", ""): 2, ("hold", "too-often"): 1}
    assert centre.rows("fell.csv")[0]["contextmail_until"] == "2026-06-19 10:00:00"


def test_calls_that_nobody_answered_make_a_streak(centre: Centre) -> None:
    with (centre.folder / "contextmail.toml").open("a") as settings:
        settings.write("\n[rules.not-listening]\ncap = 2\n\n[rules.too-often]\ncap = 50\n")
    centre.write("touches.csv", "id,at,channel,purpose,opened\nK-108,2026-05-20T10:00:00Z,email,value,false\n")
    text = (centre.folder / "contextmail.toml").read_text()
    centre.write(
        "contextmail.toml",
        text.replace('purpose = "purpose"\n\n[rules.known', 'purpose = "purpose"\nopened = "opened"\n\n[rules.known'),
    )
    wiring.build_facts(centre.settings())
    centre.make()
    assert centre.recheck().kept == 4
    centre.take("customer,at,outcome\nK-108,2026-05-29T10:00:00Z,voicemail\n")
    assert centre.reasons(centre.recheck()) == {"not-listening": 1}
    centre.take("customer,at,outcome\nK-108,2026-05-30T10:00:00Z,answered\n")
    assert centre.recheck().kept == 4


def test_an_expired_list_calls_nobody_and_says_so(centre: Centre) -> None:
    centre.make()
    centre.say(ADA, Act.DENY)
    told = centre.recheck(as_of=CLOCK + timedelta(days=1))
    assert centre.reasons(told) == {"expired": 2, "opted-out": 1} and told.kept == 0
    assert centre.rows("block.csv") == []


def test_whoever_s_text_is_no_longer_true_falls_out(centre: Centre) -> None:
    centre.make()
    with (centre.folder / "subscriptions.csv").open("a") as file:
        file.write("K-104,INTERNET,2026-05-30\n")
    wiring.build_facts(centre.settings())
    told = centre.recheck()
    assert centre.reasons(told) == {"text-changed": 1}
    assert [row["street"] for row in centre.rows("fell.csv")] == ["5 Mill Road"]


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("contextmail_use_before", "2030-01-01T00:00:00Z"), ("contextmail_endpoint", "+12025550199"),
        ("contextmail_customer", "K-108"), ("contextmail_check", ""), ("contextmail_variants", "0,0,1"),
        ("contextmail_use_before", "01/06/2026 09:00"), ("contextmail_outcome", "hold"), ("contextmail_endpoint", "1.2E+10"),
    ],
)  # fmt: skip
def test_a_row_that_is_not_as_it_was_written_falls_out(centre: Centre, column: str, value: str) -> None:
    centre.make()
    rewritten(centre, lambda rows: rows[1].update({column: value}))
    told = centre.recheck()
    assert told.kept == 2 and len(centre.rows("fell.csv")) == 1


def test_nobody_comes_in(centre: Centre) -> None:
    centre.make()
    left = centre.rows("others.csv")

    def add(rows: list[dict[str, str]]) -> None:
        own = ("street", "phone", "customer", "note")
        rows[0:0] = [{**rows[0], **{name: row[name] for name in own}} for row in left]
        rows += [{**rows[-1], "contextmail_customer": "K-105", "contextmail_endpoint": "+12025550105"}, {**rows[-1]}]

    rewritten(centre, add)
    for endpoint in ("+12025550102", "+12025550105"):
        centre.say(endpoint, Act.GRANT)
    assert centre.recheck().kept == 3
    assert [row["street"] for row in centre.rows("block.csv")] == ["1 Mill Road", "5 Mill Road", "9 Mill Road"]


def test_a_sort_of_some_columns_calls_nobody_by_another_s_row(centre: Centre) -> None:
    centre.make()

    def sort(rows: list[dict[str, str]]) -> None:
        numbers = [row["phone"] for row in rows]
        for row, number in zip(rows, reversed(numbers), strict=True):
            row["phone"] = number

    rewritten(centre, sort)
    told = centre.recheck()
    assert centre.reasons(told) == {"changed": 2}


def test_columns_of_a_dialler_and_another_order_do_no_harm(centre: Centre) -> None:
    centre.make()
    rewritten(centre, lambda rows: [row.update({"attempt": "=1+1"}) for row in rows])
    assert centre.recheck().kept == 3
    assert {row["attempt"] for row in centre.rows("block.csv")} == {"'=1+1"}


def test_a_block_of_nobody_is_a_block(centre: Centre) -> None:
    centre.make()
    calls = centre.folder / "calls.csv"
    calls.write_text(calls.read_text().partition("\n")[0] + "\n")
    told = centre.recheck()
    assert (told.rows, told.kept) == (0, 0) and centre.rows("block.csv") == []


def test_what_is_no_list_is_refused(centre: Centre) -> None:
    with pytest.raises(ConfigurationError, match="not a list: there is no column contextmail_outcome"):
        centre.recheck("people.csv")
    centre.make()
    rewritten(centre, lambda rows: rows[0].update({"contextmail_campaign": "other:0123456789abcdef"}))
    with pytest.raises(ConfigurationError, match="of several campaigns"):
        centre.recheck()
    rewritten(centre, lambda rows: [row.update({"contextmail_campaign": "x:../../../etc/pas"}) for row in rows])
    with pytest.raises(ConfigurationError, match="not the name of a list's campaign"):
        centre.recheck()
    rewritten(centre, lambda rows: [row.update({"contextmail_campaign": "other:0123456789abcdef"}) for row in rows])
    with pytest.raises(ConfigurationError, match="is not known here"):
        centre.recheck()


def test_a_list_survives_the_night_of_its_facts(centre: Centre) -> None:
    centre.make()
    wiring.build_facts(centre.settings(as_of=datetime(2026, 5, 31, 20)))
    assert centre.recheck(as_of=datetime(2026, 5, 31, 21)).kept == 3
