"""Every example runs, and does what it says."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import requests

EXAMPLES = Path(__file__).parents[2] / "examples"
ADA = {"orders": 1, "first_name": "Ada", "is_customer": True, "consent_email_marketing": "granted"}


def ran(*words: str | Path, **more: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *words], capture_output=True, text=True, check=False, **more)


# ------------------------------------------------------------------------------------------------------------ service


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory):
    """Run the service on a free port, with the gift shop's campaign."""
    compiled = tmp_path_factory.mktemp("service") / "winter.json"
    done = ran("-m", "contextmail", "compile", "winter.html", "-o", compiled, cwd=EXAMPLES / "gift_shop")
    assert done.returncode == 0, done.stderr
    words = [sys.executable, EXAMPLES / "service.py", compiled, "0"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        yield process.stdout.readline().split()[-1]
        process.terminate()


def test_the_service_decides_for_one_customer(service: str) -> None:
    told = requests.post(service, json=ADA, timeout=10).json()
    assert told["outcome"] == "send" and "Thank you for your order!" in told["parts"]["html"]
    assert "unearned-value-claim" in told["untrue"]
    told = requests.post(service, json={**ADA, "consent_email_marketing": "denied"}, timeout=10).json()
    assert (told["outcome"], told["reason"], told["parts"]) == ("drop", "opted-out", {})


@pytest.mark.parametrize("body", ["", "[1]", "nonsense", '{"orders": "many"}'])
def test_the_service_says_what_is_wrong_with_a_row(service: str, body: str) -> None:
    answer = requests.post(service, data=body, timeout=10)
    assert answer.status_code == 400 and answer.json()["error"]
    assert requests.post(service, json=ADA, timeout=10).ok


def test_the_service_loads_neither_engine_nor_rules() -> None:
    loaded = ran("-c", "import service, sys; print(*sys.modules)", cwd=EXAMPLES).stdout.split()
    assert "service" in loaded and not {"duckdb", "sqlglot", "contextmail.rules", "contextmail.engines"} & set(loaded)


# ----------------------------------------------------------------------------------------------------- into Mailchimp


def test_a_program_plans_applies_and_takes_back() -> None:
    done = ran(EXAMPLES / "into_mailchimp.py")
    assert done.returncode == 0, done.stderr
    planned, applied, undone = done.stdout.splitlines()
    fields = re.fullmatch(r"planned: 2,923 of 3,737 get it, (\d+) contact fields", planned)
    assert applied.startswith("applied: 2,923 contacts written")
    assert fields and undone == f"undone: {fields[1]} contact fields deleted, 0 things left"


@pytest.mark.slow
def test_the_demo_shows_three_messages_as_delivered_and_puts_everything_back() -> None:
    done = ran(EXAMPLES / "demo.py")
    assert done.returncode == 0, done.stderr
    assert "Sent to 2,923 people" in done.stdout and "all as before step 8" in done.stdout
    best, once, never, *_on_hubspot = done.stdout.split("   To: ")[1:]
    assert "You're Our Most Valuable Customer" in best and "You're a VIP to us." in best
    assert "Dear Jack," in once and "You're One of Our Customers" in once and "VIP" not in once
    assert "You're One of Our Readers" in never and "Become a customer today!" in never
    assert "2,923  touches" in done.stdout


def test_the_campaign_goes_to_a_hubspot_portal_and_everything_comes_back(tmp_path: Path) -> None:
    done = ran(EXAMPLES / "into_hubspot.py", tmp_path / "hubspot")
    assert done.returncode == 0, done.stderr
    best, once, never = done.stdout.split("   To: ")[1:]
    assert "You're Our Most Valuable Customer" in best and "You're a VIP to us." in best
    assert (
        "Dear Jack," in once and "You're One of Our Customers" in once and "VIP" not in once and "New here" not in once
    )
    assert "You're One of Our Readers" in never and "Become a customer today!" in never
    assert "all as before the plan" in done.stdout


# ----------------------------------------------------------------------------------------------------------------- CI


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    return Path(shutil.copytree(EXAMPLES / "ci", tmp_path / "ci", ignore=shutil.ignore_patterns("facts")))


def checked(repository: Path, form: str) -> subprocess.CompletedProcess[str]:
    path = f"{Path(sys.executable).parent}:/usr/bin:/bin"
    return subprocess.run(
        [repository / "check.sh", form], env={"PATH": path}, capture_output=True, text=True, check=False
    )


def test_what_was_there_before_does_not_fail_ci(repository: Path) -> None:
    done = checked(repository, "text")
    assert done.returncode == 0, done.stdout + done.stderr
    (repository / "baseline.json").unlink()
    assert checked(repository, "text").returncode == 1


def test_a_new_claim_fails_ci_with_a_count_and_an_annotation(repository: Path) -> None:
    spring = repository / "newsletters" / "spring.html"
    spring.write_text(spring.read_text().replace("Three atlases have", "Thank you for your continued loyalty! Three"))
    done = checked(repository, "github")
    assert done.returncode == 1
    assert done.stdout.startswith("::") and "file=newsletters/spring.html,line=7" in done.stdout
    assert "untrue for 3 of 4" in done.stdout


def test_settings_that_cannot_be_read_are_told_apart(repository: Path) -> None:
    (repository / "contextmail.toml").write_text("nonsense")
    assert checked(repository, "text").returncode == 2


def test_the_workflow_runs_the_script_that_is_there() -> None:
    workflow = (EXAMPLES / "ci" / ".github" / "workflows" / "newsletters.yml").read_text()
    assert "./check.sh github" in workflow
    known = json.loads((EXAMPLES / "ci" / "baseline.json").read_text())
    assert known


# -------------------------------------------------------------------------------------------------------- situations


def test_each_situation_ends_as_its_story_says() -> None:
    told = ran(EXAMPLES / "situations.py").stdout
    assert "has Internet: send: Good evening. I see that you have our Internet, but not our cable!" in told
    assert "has both: drop (nothing-for-them)" in told and "gave the number: drop (unasked-channel)" in told
    assert "with the plan: send: Small firms can offer a pension, too. Getting the most out of your 401(k)" in told
    assert "reads in print: send: Your subscription expires in June. From May the magazine is published" in told
    assert "came once, years ago: send: This is the Mill Road surgery. There are appointments" in told
    assert "has a fifteen-year-old: send: The lamps are here.\n" in told
    assert "has a child of five: send: The lamps are here. Rucksacks" in told
    assert "nothing of value: hold (all-ask)" in told and "two of value for each ask: send" in told


def test_one_situation_is_asked_for_by_its_file() -> None:
    assert ran(EXAMPLES / "situations.py", "robot_call").stdout.count("written:") == 1


# ---------------------------------------------------------------------------------------------------------- call list


def test_an_evening_of_calls_ends_with_the_refusal_of_one_counted_everywhere() -> None:
    done = ran(EXAMPLES / "call_list.py")
    assert done.returncode == 0, done.stderr
    _, made, taken, checked, late, told = done.stdout.split("\n== ")
    assert "5 Mill Road | Good evening Eve. Which internet provider do you use?" in made
    assert "1 Mill Road | Good evening Ada. I see that you have our Internet, but not our cable!" in made
    assert "2 Mill Road | drop | nothing-for-them" in made and "6 Mill Road | hold | too-often" in made
    assert "2 new touches" in taken and "0 new touches, 2 that were here before" in taken
    assert "2 of 3 rows may be reached" in checked and "5 Mill Road | opted-out" in checked
    assert "0 of 3 rows may be reached" in late and "no: withdrawn for call/marketing" in told
