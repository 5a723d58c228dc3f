"""contextmail audit on the command line: counts on the screen, addresses in folders of one's own alone."""

import json
from pathlib import Path

import pytest

from contextmail.sandbox.mailchimp import Sandbox


def test_a_platform_is_audited_mended_and_taken_back(run, desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Sandbox() as sandbox:
        audience = sandbox.state.add_list("Lantern & Lace")
        sandbox.state.add_member(audience, "ada@example.com", "subscribed", {"FNAME": "ADA LOVELACE"})
        sandbox.state.add_member(audience, "bob@example.com", "subscribed", {"FNAME": "Bob & Eve"})
        sandbox.state.add_member(audience, "eve@example.com", "subscribed", {"FNAME": "Eve"})
        monkeypatch.setenv("CONTEXTMAIL_MAILCHIMP_URL", sandbox.url)
        monkeypatch.setenv("CONTEXTMAIL_MAILCHIMP_KEY", "k-us1")
        on = f"mailchimp:{audience.id}"
        ran = run("audit", "--on", on, "-o", "to-do", "--plan", "plans/clean")
        assert ran.code == 1 and "2  dirty-name  (1 can be mended)" in ran.out and "not looked for" in ran.out
        assert "example.com" not in ran.out and "LOVELACE" not in ran.out and "contextmail apply plans/clean" in ran.out
        assert {path.name for path in Path("to-do").iterdir()} == {"dirty-name.csv", "empty-field.csv"}
        told = json.loads(run("audit", "--on", on, "--format", "json").out)
        assert told["checks"]["dirty-name"]["by"] == {"first and last name": 1, "several people": 1}
        ran = run("apply", "plans/clean")
        assert ran.code == 0 and "1 contact written" in ran.out
        name = json.loads(Path("plans/clean/plan.json").read_text())["run"]
        assert f"{name}  applied" in run("runs").out
        ran = run("undo", name)
        assert ran.code == 0 and "1 contact restored" in ran.out and "draft" not in ran.out


def test_a_file_gets_a_copy_and_an_audience_that_there_is_not_is_said(run, desk: Path) -> None:
    (desk / "people.csv").write_text("email,first_name,last_name\nada@example.com,ADA,Lovelace\n")
    ran = run("audit", "--on", "people.csv", "--plan", "mended")
    assert ran.code == 1 and (desk / "mended" / "people.csv").read_text().endswith("ada@example.com,Ada,Lovelace\n")
    ran = run("audit", "--on", "peple.csv")
    assert ran.code == 2 and "no such audience, table or file" in ran.err


def test_a_plan_over_its_limits_or_of_nothing_is_not_offered(run, desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Sandbox() as sandbox:
        audience = sandbox.state.add_list("Lantern & Lace")
        sandbox.state.add_member(audience, "ada@example.com", "subscribed", {"FNAME": "ADA"})
        clean = sandbox.state.add_list("Clean")
        sandbox.state.add_member(clean, "eve@example.com", "subscribed", {"FNAME": "Eve"})
        monkeypatch.setenv("CONTEXTMAIL_MAILCHIMP_URL", sandbox.url)
        monkeypatch.setenv("CONTEXTMAIL_MAILCHIMP_KEY", "k-us1")
        over = run("audit", "--on", f"mailchimp:{audience.id}", "--plan", "over")
        assert "refused: share of contacts mended" in over.err and "contextmail apply" not in over.out
        nothing = run("audit", "--on", f"mailchimp:{clean.id}", "--plan", "nothing")
        assert "mends   0 values" in nothing.out and "contextmail apply" not in nothing.out


def test_labels_of_a_table_are_not_said_to_be_true(run, desk: Path) -> None:
    (desk / "contextmail.toml").write_text('[tables.customers]\npath = "people.csv"\ncustomer = "id"\n')
    (desk / "people.csv").write_text("id,email,tags\n1,ada@example.com,VIP\n")
    run("facts", "build")
    assert "untrue-label  not looked for" in run("audit", "--on", "people.csv").out
