"""`contextmail init` makes what is missing, and never overwrites."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from cli.conftest import Run

from contextmail import wiring
from contextmail.config import load


def test_it_makes_keys_that_only_their_owner_reads_and_settings_to_begin_with(desk: Path, run: Run) -> None:
    ran = run("init")
    keys = desk / ".contextmail/keys.env"
    assert ran.code == 0 and keys.stat().st_mode & 0o777 == 0o600 and keys.parent.stat().st_mode & 0o777 == 0o700
    assert (keys.parent / ".gitignore").read_text() == "*\n"
    assert tomllib.loads((desk / "contextmail.toml").read_text()) == {}
    assert "CONTEXTMAIL_LOOKUP_KEY" in ran.out and "CONTEXTMAIL_SEAL_KEYS" in ran.out
    secrets = [line.partition("=")[2] for line in keys.read_text().splitlines() if "=" in line]
    assert len(secrets) == 2 and not any(secret in ran.out for secret in secrets)
    wiring.consent_store(load(desk)).close()


def test_every_line_of_the_starter_is_a_setting_that_holds(desk: Path, run: Run) -> None:
    run("init")
    file = desk / "contextmail.toml"
    lines = file.read_text().splitlines()[1:]
    file.write_text("\n".join(line.removeprefix("# ") for line in lines))
    assert load(desk).brand == "My Shop" and list(load(desk).consent.systems) == ["mailchimp:1a2b3c4d5e"]


def test_what_is_there_is_kept(desk: Path, run: Run) -> None:
    run("init")
    before = {path: path.read_text() for path in (desk / "contextmail.toml", desk / ".contextmail/keys.env")}
    ran = run("init")
    assert ran.code == 0 and ran.out.count("kept") == 2
    assert {path: path.read_text() for path in before} == before


def test_keys_of_the_environment_are_enough(desk: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONTEXTMAIL_LOOKUP_KEY", "x" * 40)
    monkeypatch.setenv("CONTEXTMAIL_SEAL_KEYS", "c2VhbHNlYWxzZWFsc2VhbHNlYWxzZWFsc2VhbHNlYWw=")
    assert "from the environment" in run("init").out
    assert not (desk / ".contextmail/keys.env").exists()
    wiring.consent_store(load(desk)).close()


def test_new_keys_are_not_made_for_a_ledger_that_has_lost_its_own(desk: Path, run: Run) -> None:
    run("init")
    wiring.consent_store(load(desk)).close()
    (desk / ".contextmail/keys.env").unlink()
    ran = run("init")
    assert ran.code == 2 and "bring back keys.env" in ran.err
    assert not (desk / ".contextmail/keys.env").exists()


def test_a_folder_can_be_named(desk: Path, run: Run) -> None:
    assert run("init", "shop").code == 0
    assert (desk / "shop/contextmail.toml").exists() and (desk / "shop/.contextmail/keys.env").exists()


def test_without_keys_a_command_says_how_to_make_them(desk: Path, run: Run) -> None:
    ran = run("consent", "show", "ada@example.com")
    assert ran.code == 2 and "contextmail init" in ran.err
