"""A list: who may be reached, what each of them hears, and until when; files in, files out."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from listing.conftest import ADA, CLOCK, Centre

from contextmail import wiring
from contextmail.campaign import Campaign
from contextmail.compiling import compile as compile_message
from contextmail.engines.base import literal
from contextmail.engines.duckdb import DuckDBEngine
from contextmail.errors import CapabilityError, ConfigurationError
from contextmail.listing.columns import safe_sql
from contextmail.listing.wording import segments_sql

SMS = "---\nchannel: sms\npurpose: service\n---\n"


# ------------------------------------------------------------------------------------------------ who is reached


def test_whoever_may_be_called_is_kept_and_the_others_stand_in_a_file_of_their_own(centre: Centre) -> None:
    told = centre.make()
    assert (told.rows, told.kept, told.unknown, told.broken) == (10, 3, 1, ())
    kept, others = centre.rows("calls.csv"), centre.rows("others.csv")
    assert [row["street"][0] for row in kept] == ["1", "5", "9"] and len(others) == 7
    assert {row["street"][0]: row["contextmail_reason"] for row in others[:-1]} == {
        "2": "nothing-for-them", "3": "opted-out", "4": "unasked-channel", "6": "too-often", "7": "shared",
        "8": "opted-out",
    }  # fmt: skip
    assert others[-1]["contextmail_reason"] == "repeated" and others[3]["contextmail_until"] == "2026-06-02 10:00:00"
    assert {row["contextmail_outcome"] for row in kept} == {"send"}


def test_each_hears_what_the_campaign_says_to_them_alone(centre: Centre) -> None:
    centre.make()
    settings = centre.settings()
    with wiring.facts_folder(settings) as facts:
        campaign = compile_message(centre.folder / "evening.txt", settings, facts.catalogue)
        for row in centre.rows("calls.csv"):
            one = campaign.decide(facts.row(row["contextmail_customer"]) or {}, as_of=CLOCK)
            assert row["contextmail_script"] == " ".join(one.parts["script"].split())
            assert row["contextmail_variants"] == ",".join(map(str, one.codes))
    said = {row["contextmail_customer"]: row["contextmail_script"] for row in centre.rows("calls.csv")}
    assert said["K-100"] == (
        "Good evening Ada. I see that you have our Internet, but not our cable! There is a cable offer in your street."
    )
    assert said["K-104"].startswith("Good evening Eve. Which internet provider do you use? Become a customer today!")


def test_a_number_without_its_country_is_that_of_the_customer_who_is_named(centre: Centre) -> None:
    centre.write("people.csv", "customer,phone\nK-100,(202) 555-0100\nK-100,(202) 555-0177\n,202 555 0104\n")
    told = centre.make()
    assert [row["contextmail_endpoint"] for row in centre.rows("calls.csv")] == [ADA]
    assert centre.reasons(told) == {"no-endpoint": 2}


def test_a_list_of_ids_is_called_at_the_numbers_that_they_gave(centre: Centre) -> None:
    centre.write("people.csv", "Kundennummer;Straße\nK-100;Mühle\nK-108;Straße 2\nK-999;-\n")
    told = centre.make()
    rows = centre.rows("calls.csv", ";")
    assert [row["contextmail_endpoint"] for row in rows] == [ADA, "+12025550108"]
    assert rows[0]["Straße"] == "Mühle" and told.unknown == 1


def test_the_columns_are_called_as_the_settings_or_the_company_s_own_table_call_them(centre: Centre) -> None:
    centre.write("people.csv", "id,who\nK-100,x\n")
    assert centre.make().kept == 1
    with (centre.folder / "contextmail.toml").open("a") as settings:
        settings.write('\n[lists.columns]\nphone = "who"\n')
    centre.write("people.csv", "nr,who\n1,+1 202 555 0100\n")
    assert centre.make().kept == 1
    centre.write("people.csv", "nr,street\n1,2\n")
    with pytest.raises(ConfigurationError, match="no column says whom a row is of"):
        centre.make()


def test_a_row_that_cannot_be_split_is_reported_with_its_line(centre: Centre) -> None:
    centre.write("people.csv", "customer,phone\nK-100,+1 202 555 0100\nK-104\nK-108,+1 202 555 0108\n")
    told = centre.make()
    assert told.kept == 2 and [str(one) for one in told.broken] == ["people.csv:3: too few values"]


def test_whoever_shares_a_number_hears_what_is_true_of_all_of_them_or_nothing(centre: Centre) -> None:
    centre.write("evening.txt", "---\nchannel: call\n---\nGood evening. As our best customer, you get a router.\n")
    centre.write("people.csv", "phone\n+1 202 555 0106\n")
    assert centre.make().kept == 1
    said = centre.rows("calls.csv")[0]
    assert (
        said["contextmail_script"] == "Good evening. You get a router."
        and said["contextmail_customer"] == "K-106|K-107"
    )
    centre.write("people.csv", "phone,customer\n+1 202 555 0106,K-106\n")
    centre.make()
    assert centre.rows("calls.csv")[0]["contextmail_script"].startswith("Good evening Gita.")


def test_whoever_there_is_nothing_left_to_say_to_is_left_out(centre: Centre) -> None:
    centre.write("evening.txt", "---\nchannel: call\ndelivered_by: automated\n---\nWe care about you.\n")
    told = centre.make()
    assert told.kept == 0 and centre.reasons(told)["no-text"] > 0


def test_post_goes_by_customer_and_not_twice_to_one(centre: Centre) -> None:
    centre.write("letter.txt", "---\nchannel: postal\n---\nDear customer,\n\nthe line is new.\n")
    centre.write(
        "people.csv", "customer,street\nK-100,1 Mill Road\nK-104,5 Mill Road\nK-100,1 Mill Road\n,8 Mill Road\n"
    )
    told = centre.make("letter.txt")
    rows = centre.rows("calls.csv")
    assert [row["contextmail_text"] for row in rows] == [
        "Dear Ada,\n\nthe line is new.", "Dear Eve,\n\nthe line is new.", "Dear customer,\n\nthe line is new.",
    ]  # fmt: skip
    assert centre.reasons(told) == {"repeated": 1}
    assert rows[0]["contextmail_use_before"] == "2026-06-07T09:00:00Z"


# --------------------------------------------------------------------------------------------------------- tokens


def test_tokens_are_filled_from_facts_and_from_the_list(centre: Centre) -> None:
    with (centre.folder / "contextmail.toml").open("a") as settings:
        settings.write('\n[fields]\nFNAME = "first_name"\n')
    centre.write("evening.txt", "---\nchannel: call\n---\nHi *|FNAME|*, is *|STREET|* still right?\n")
    centre.make()
    assert centre.rows("calls.csv")[0]["contextmail_script"] == "Hi Ada, is 1 Mill Road still right?"


@pytest.mark.parametrize(
    ("text", "kind", "what"),
    [
        ("Your code is *|CODE|*.", ConfigurationError, "nothing fills"),
        ("*|IF:FNAME|*Hi!*|END:IF|* The line is new.", CapabilityError, "nobody would run"),
    ],
)
def test_a_token_that_nothing_fills_is_an_error(centre: Centre, text: str, kind: type[Exception], what: str) -> None:
    centre.write("evening.txt", f"---\nchannel: call\n---\n{text}\n")
    with pytest.raises(kind, match=what):
        centre.make()


# ---------------------------------------------------------------------------------------------------------- files


def test_no_cell_is_a_formula_and_numbers_stay(centre: Centre) -> None:
    cells = {
        "=1+1": "'=1+1", "@SUM(A1)": "'@SUM(A1)", "+1 (202) 555-0100": "+1 (202) 555-0100", "-12.50": "-12.50",
        "+cmd|' /C calc'!A0": "'+cmd|' /C calc'!A0", "-2+3+cmd|'": "'-2+3+cmd|'", "\t=1": "'\t=1", "＝1+1": "'＝1+1",
        "\r\n=1": "'\r\n=1", "plain": "plain", "'=1": "'=1", "- no": "'- no", "": "",
    }  # fmt: skip
    with DuckDBEngine() as engine:
        assert {cell: engine.rows(f"SELECT {safe_sql(literal(cell))}")[0][0] for cell in cells} == cells
    centre.write("people.csv", '=note,customer\n"=HYPERLINK(""http://x"")",K-100\n')
    centre.make()
    assert (centre.folder / "calls.csv").read_text().startswith("'=note,customer,contextmail_outcome")
    assert centre.rows("calls.csv")[0]["'=note"] == '\'=HYPERLINK("http://x")'


def test_a_script_for_each_person_lies_in_a_folder(centre: Centre) -> None:
    centre.make(scripts=centre.folder / "scripts")
    for row in centre.rows("calls.csv"):
        assert Path(row["contextmail_file"]).read_text() == row["contextmail_script"] + "\n"
    assert len(list((centre.folder / "scripts").iterdir())) == 3


def test_a_list_is_readable_by_its_owner_alone_and_there_is_never_half_of_it(centre: Centre) -> None:
    centre.make()
    assert (centre.folder / "calls.csv").stat().st_mode & 0o77 == 0
    assert not [path.name for path in centre.folder.iterdir() if path.name.startswith(".calls")]


def test_without_out_nothing_is_written(centre: Centre) -> None:
    assert centre.make(out=None, left_out=None).kept == 3
    assert not (centre.folder / "calls.csv").exists() and not (centre.folder / ".contextmail" / "lists").exists()


# -------------------------------------------------------------------------------------------------------- expiry


def test_a_list_may_be_used_as_long_as_set_and_no_longer_than_what_it_rests_on(centre: Centre) -> None:
    day = timedelta(days=1)
    assert centre.make().use_before == CLOCK + day
    assert centre.make(hours=2).use_before == CLOCK + day / 12
    with (centre.folder / "contextmail.toml").open("a") as settings:
        settings.write("\n[lists.hours]\ncall = 8\n")
    assert centre.make().use_before == CLOCK + day / 3
    text = (centre.folder / "evening.txt").read_text().replace("---\n", "---\nexpires: 2026-05-31T12:00:00\n", 1)
    centre.write("evening.txt", text)
    assert centre.make().use_before == datetime(2026, 5, 31, 12)


def test_hours_are_some(centre: Centre) -> None:
    with (centre.folder / "contextmail.toml").open("a") as settings:
        settings.write("\n[lists.hours]\ncall = 0\n")
    with pytest.raises(ConfigurationError, match="hours are more than 0"):
        centre.settings()


# ------------------------------------------------------------------------------------------------- text messages


@pytest.mark.parametrize(
    ("text", "segments"),
    [
        ("", 1), ("a" * 160, 1), ("a" * 161, 2), ("a" * 306, 2), ("a" * 307, 3), ("€" * 80, 1), ("€" * 81, 2),
        ("é" * 160, 1), ("ж" * 70, 1), ("ж" * 71, 2), ("🌸" * 35, 1), ("🌸" * 36, 2), ("a" * 69 + "ç", 1),
        ("a" * 70 + "ç", 2), ("[x]" * 40, 2), ("a\nb", 1), ("’", 1), ("a" * 159 + "’", 3),
    ],
)  # fmt: skip
def test_segments_are_counted_as_carriers_count_them(text: str, segments: int) -> None:
    with DuckDBEngine() as engine:
        assert engine.rows(f"SELECT {segments_sql(literal(text))}") == [(segments,)]


def test_a_long_text_message_is_counted(centre: Centre) -> None:
    centre.write("text.txt", f"{SMS}{'Your router is here. ' * 8}\n")
    told = centre.make("text.txt", "people.csv")
    assert set(told.segments) == {2} and sum(told.segments.values()) == told.kept > 0
    assert {row["contextmail_segments"] for row in centre.rows("calls.csv")} == {"2"}


def test_what_the_list_was_decided_by_is_kept(centre: Centre) -> None:
    centre.make()
    name, _, digest = centre.rows("calls.csv")[0]["contextmail_campaign"].partition(":")
    assert Campaign.load(centre.folder / ".contextmail" / "lists" / f"{digest}.json").id == name == "evening"
