"""contextmail rewrite --propose and its kin: what the model proposed is told, kept, and holds nothing of anybody."""

import csv
import json
import shutil
from pathlib import Path

import pytest
from proposing.server import text_of

from contextmail.campaign import Campaign
from contextmail.config import load
from contextmail.wiring import build_facts

GIFT_SHOP = Path(__file__).parents[2] / "examples" / "gift_shop"
SPRING = b"---\nsubject: Six lanterns\n---\r\n<p>Hi *|FNAME|*, we miss you! Here is 20% off.</p>\r\n"
ORDER = ", thank you for your order in {last_order|month}!"
BETTER = ", many thanks for your order in {last_order|month}!"
HOPE = ", we hope you are enjoying the {last_product}!"


@pytest.fixture
def model(shop, endpoint) -> Path:
    """Name the endpoint in the shop's settings; it proposes one good text, and one that is none."""
    endpoint.proposes({ORDER: BETTER, HOPE: ", you are the best, enjoy the {last_product}!"})
    with (shop / "contextmail.toml").open("a") as file:
        file.write(f'[rewriter]\nurl = "{endpoint.url}"\nmodel = "editor-1"\nwait = 0\n')
    (shop / "spring.html").write_bytes(SPRING)
    return shop


def folder(out: str) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in Path(out).iterdir()}


def test_off_by_default_and_the_same_bytes_as_ever(run, model, endpoint) -> None:
    run("rewrite", "spring.html", "-o", "plain")
    assert endpoint.bodies == []
    endpoint.behaviour = lambda call, _: call.send(b"", 500)
    ran = run("rewrite", "spring.html", "-o", "failed", "--propose")
    assert ran.code == 0
    assert "note: proposals: 2 texts: 2 failed (2 500 Internal Server Error)" in ran.err
    plain, failed = folder("plain"), folder("failed")
    for name in plain.keys() - {"spring.variants.json"}:
        assert failed[name] == plain[name]


def test_a_proposal_is_told_wherever_the_text_is_shown(run, model) -> None:
    ran = run("rewrite", "spring.html", "-o", "out", "--propose", "--verbose")
    assert ran.code == 0
    assert "note: proposals: 2 texts: 1 refused, 1 taken (1 it " in ran.err
    assert "(proposed by editor-1)" in ran.out
    assert "refused: it " in ran.out
    assert "was proposed by editor-1" in ran.err
    edit = next(e for e in json.loads(folder("out")["spring.variants.json"]) if "proposals" in e)
    assert edit["grade"] == "unsafe"
    assert [v["text"] for v in edit["variants"] if v.get("proposed_by")] == [BETTER.replace("|month", "")]
    assert {p["outcome"]: p["reason"] != "" for p in edit["proposals"]} == {"taken": False, "refused": True}
    assert b"many thanks" in folder("out")["spring.manifest.json"]


def test_a_run_repeats_byte_for_byte_and_asks_nothing_twice(run, model, endpoint) -> None:
    run("rewrite", "spring.html", "-o", "one", "--propose")
    asked = len(endpoint.bodies)
    endpoint.shutdown()
    run("rewrite", "spring.html", "-o", "two", "--propose")
    assert folder("one") == folder("two")
    assert len(endpoint.bodies) == asked


def test_compile_and_preview_say_what_rewrite_says(run, model, endpoint) -> None:
    endpoint.proposes({ORDER: BETTER, HOPE: ", we really hope you like the {last_product}!"})
    run("compile", "spring.html", "-o", "compiled.json", "--propose")
    campaign = Campaign.load("compiled.json")
    assert any("was proposed by editor-1" in note for note in campaign.notes)
    assert [v.proposed_by for e in campaign.edits for v in e.variants if v.proposed_by] == ["editor-1"] * 2
    row = {"orders": 1, "last_order": "2024-03-01", "days_since_last_order": 10, "first_name": "Bo"}
    assert "Hi Bo, many thanks for your order in March 2024!" in campaign.decide(row).parts["html"]
    ran = run("preview", "spring.html", "--customer", "2", "--propose", "--format", "json")
    assert ran.code == 0, ran.err
    assert {change["proposed_by"] for change in json.loads(ran.out)["changes"]} == {"editor-1"}


def test_a_wrong_key_ends_the_run_with_its_cure(run, model, endpoint, monkeypatch) -> None:
    endpoint.behaviour = lambda call, _: call.send(b"", 401)
    with (model / "contextmail.toml").open("a") as file:
        file.write('key_variable = "MODEL_KEY"\n')
    ran = run("rewrite", "spring.html", "-o", "out", "--propose")
    assert (ran.code, "there is no key for the rewriter" in ran.err) == (2, True)
    monkeypatch.setenv("MODEL_KEY", "sk-wrong")
    ran = run("rewrite", "spring.html", "-o", "out", "--propose")
    assert (ran.code, "sk-wrong" in ran.out + ran.err) == (2, False)
    assert "put a key that may use editor-1 into MODEL_KEY" in ran.err


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('api_key = "sk-1"', "a secret does not belong in this file"),
        ('key_variable = "sk-1"', "that is no name of an environment variable"),
    ],
)
def test_a_key_in_the_file_is_refused_and_not_shown(run, model, line: str, said: str) -> None:
    with (model / "contextmail.toml").open("a") as file:
        file.write(f"{line}\n")
    ran = run("rewrite", "spring.html", "-o", "out", "--propose")
    assert (ran.code, said in ran.err, "sk-1" in ran.out + ran.err) == (2, True, False)


def test_the_endpoint_gets_nothing_of_anybody(run, endpoint, tmp_path, monkeypatch) -> None:
    """What is asked with every fact at hand is what is asked with none, and no address or number is in it."""
    received = []
    for known in (True, False):
        place = tmp_path / str(known)
        shutil.copytree(GIFT_SHOP, place, ignore=shutil.ignore_patterns(".contextmail", "facts"))
        monkeypatch.chdir(place)
        with (place / "contextmail.toml").open("a") as file:
            file.write(f'\n[rewriter]\npropose = true\nurl = "{endpoint.url}"\nmodel = "editor-1"\nwait = 0\n')
        customers = list(csv.DictReader((place / "customers.csv").read_text().splitlines()))
        endpoint.bodies.clear()
        if known:
            build_facts(load(place))
            who = customers[0]["id"]
            assert run("preview", "winter.html", "--customer", who, "--format", "text").code == 0
        assert run("rewrite", "winter.html", "-o", "out").code == 0
        received.append(sorted(endpoint.bodies))
    assert received[0] == received[1] != []
    text = "\n".join(received[0])
    for customer in customers:
        assert customer["email"] not in text or not customer["email"]
        assert f'"{customer["id"]}"' not in text
    words = set(json.loads(received[0][0])["messages"][0]["content"].split())
    names = {c["first_name"] for c in customers if len(c["first_name"]) > 3 and c["first_name"].isalpha()} - words
    told = {text_of(json.loads(body)) for body in received[0]}
    assert not {name for name in names for each in told if name in each}
