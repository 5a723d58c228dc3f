"""plan, apply, refresh, undo, runs, tidy, pull, doctor: a campaign's way to a platform and back, on the sandbox."""

import json
import shutil
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from conformance.shop import PEOPLE, make_shop

from contextmail.sandbox.mailchimp import Sandbox, seeding
from contextmail.sandbox.people import Person

SUBJECT = "You're our most valuable customer"
BODY = "<p>Dear *|FNAME|*,</p><p>Here are the lights. Thank you for your continued loyalty!</p>"


@dataclass
class Platform:
    """A running sandbox with the shop's people; `on` names its audience."""

    sandbox: Sandbox
    on: str
    draft: str

    @property
    def tags(self) -> set[str]:
        return {one.tag for one in self.sandbox.state.lists[self.on.partition(":")[2]].fields.values()}


@pytest.fixture(scope="module")
def built_shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_shop(tmp_path_factory.mktemp("platform") / "shop").folder


@pytest.fixture
def platform(built_shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Platform]:
    """Work in the shop's folder, with the sandbox's key in the environment."""
    shutil.copytree(built_shop, tmp_path / "shop")
    monkeypatch.chdir(tmp_path / "shop")
    with Sandbox() as sandbox:
        state = sandbox.state
        audience = state.add_list("Lantern & Lace")
        for person in PEOPLE:
            state.add_member(audience, person.email, "subscribed", {"FNAME": person.name})
        seeding.open_store(state, audience, [Person(p.id, p.email, p.name, "") for p in PEOPLE])
        campaign = state.add_campaign(audience, html=BODY, title="Spring", subject_line=SUBJECT)
        monkeypatch.setenv("CONTEXTMAIL_MAILCHIMP_URL", sandbox.url)
        monkeypatch.setenv("CONTEXTMAIL_MAILCHIMP_KEY", "secret-of-ours-us1")
        yield Platform(sandbox, f"mailchimp:{audience.id}", campaign.id)


def planned(run, platform: Platform, *words: str):
    return run("plan", platform.draft, "--on", platform.on, "--as-of", "2024-06-01", *words)


def test_a_campaign_goes_to_the_platform_and_back(run, platform: Platform) -> None:
    before = platform.tags
    ran = planned(run, platform, "-o", "plans/spring")
    assert ran.code == 0 and "3 contacts" in ran.out and "\n+You're *|CM" in ran.out
    assert platform.tags == before
    ran = run("apply", "plans/spring")
    assert ran.code in (0, 1) and "3 contacts written" in ran.out
    assert len(platform.tags - before) == 3
    name = json.loads(Path("plans/spring/plan.json").read_text())["run"]
    assert f"{name}  applied" in run("runs").out
    assert "draft" in run("runs", "show", name).out
    assert "0 contacts written, 0 taken out" in run("refresh", name, "--as-of", "2024-06-01").out
    ran = run("undo", name)
    assert ran.code == 0 and "3 fields deleted" in ran.out and platform.tags == before
    assert run("runs", "prune").out == "1 run forgotten, 0 remembered\n"
    assert stat.S_IMODE(Path(".contextmail").stat().st_mode) == 0o700


def test_json_has_counts_and_no_person_and_no_key(run, platform: Platform) -> None:
    ran = planned(run, platform, "-o", "plans/spring", "--format", "json")
    told = json.loads(ran.out)
    assert told["recipients"] == 5 and told["segment_people"] == 3 and told["people_changed"] == 3
    assert "@example.com" not in ran.out and "secret-of-ours" not in ran.out + ran.err
    assert {check["name"]: check["ok"] for check in told["checks"]}["share of recipients dropped"]
    json.loads(run("apply", "plans/spring", "--format", "json").out)
    assert json.loads(run("runs", "--format", "json").out)[0]["state"] == "applied"


def test_a_plan_over_its_limits_ends_with_one_and_is_refused(run, platform: Platform) -> None:
    text = Path("contextmail.toml").read_text().replace("dropped = 1.0", "dropped = 0.1")
    Path("contextmail.toml").write_text(text)
    ran = planned(run, platform, "-o", "plans/spring")
    assert ran.code == 1 and "refused share of recipients dropped: 0.2, at most 0.1  (limits.dropped)" in ran.out
    ran = run("apply", "plans/spring")
    assert ran.code == 2 and "the plan is over its limits" in ran.err


def test_paste_prints_the_texts_for_a_draft_of_ones_own(run, platform: Platform) -> None:
    ran = planned(run, platform, "-o", "plans/spring", "--paste")
    assert "into your own draft" in ran.out and "--- subject\nYou're *|CM" in ran.out
    run("apply", "plans/spring")
    assert len(platform.sandbox.state.campaigns) == 1


def test_a_plan_names_a_campaign_or_held_people_and_not_both(run, platform: Platform) -> None:
    assert run("plan", "--on", platform.on).code == 2
    assert planned(run, platform, "--held", "x").code == 2


def test_tidy_plans_and_apply_deletes(run, platform: Platform) -> None:
    planned(run, platform, "-o", "plans/spring")
    run("apply", "plans/spring")
    ran = run("tidy", "--on", platform.on, "-o", "plans/tidy")
    assert ran.code == 0 and "used in campaign" in ran.out and "nothing to delete" in ran.out
    for one in list(platform.sandbox.state.campaigns.values())[1:]:
        platform.sandbox.state.send(one.id)
    text = Path("contextmail.toml").read_text().replace("[limits]", "[limits]\ntidy_days = 0")
    Path("contextmail.toml").write_text(text)
    ran = run("tidy", "--on", platform.on, "-o", "plans/tidy-now")
    assert ran.code == 1 and ran.out.count("delete ") == 3
    assert run("apply", "plans/tidy-now").out.startswith("deleted CM")
    assert not any(tag.startswith("CM") for tag in platform.tags)


def test_what_is_pulled_becomes_facts_of_the_companys_own_customers(run, platform: Platform) -> None:
    platform.sandbox.state.send(platform.draft)
    text = Path("contextmail.toml").read_text().partition("[tables.touches]")[0]
    Path("contextmail.toml").write_text('pulled = "pulled"\n' + text)
    ran = run("pull", "--on", platform.on)
    assert ran.code == 0 and "5  customers" in ran.out and "5  touches" in ran.out
    built = run("facts", "build").out
    assert "5 rows of touches" in built and "5 customers" in built
    assert run("pull", "--touches", "--on", platform.on).code == 0


def test_doctor_says_what_is_missing_and_how_to_get_it(
    run, platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = run("doctor", "--on", platform.on)
    assert ran.code == 0 and "5 subscribed" in ran.out and "secret-of-ours" not in ran.out + ran.err
    monkeypatch.delenv("CONTEXTMAIL_MAILCHIMP_KEY")
    ran = run("doctor", "--format", "json")
    told = json.loads(ran.out)
    assert ran.code == 1 and not told["ok"] and "API keys" in told["symptoms"][0]["cure"]


def test_another_platform_is_an_error_with_the_cure(run, platform: Platform) -> None:
    ran = run("plan", "x", "--on", "nosuch:1")
    assert ran.code == 2 and "there is no platform 'nosuch'" in ran.err
