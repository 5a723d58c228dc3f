"""The model that guesses: it is the one that was trained on these sentences, and what it finds is only shown."""

import hashlib
import json
from pathlib import Path

import pytest

import contextmail.language
from contextmail.checking import Checker
from contextmail.config import Settings
from contextmail.language.meaning import Meaning, features, meaning, numbered
from contextmail.rewriting import rewritten

DETECTION = Path(__file__).parents[2] / "benchmarks/detection"
SHIPPED = Path(contextmail.language.__file__).parent / "meanings"
UNLOCATED = "Nobody has sat in your chair since spring."


@pytest.fixture(scope="module")
def model() -> Meaning:
    loaded = meaning("en")
    assert loaded
    return loaded


def test_what_ships_was_trained_on_the_sentences_that_are_kept() -> None:
    rows = [
        json.loads(line)
        for path in sorted((DETECTION / "sentences").glob("*.jsonl"))
        for line in path.read_text("utf-8").splitlines()
    ]
    digest = hashlib.sha256(json.dumps(rows, ensure_ascii=False).encode()).hexdigest()
    assert json.loads((SHIPPED / "en.json").read_text("utf-8"))["trained_on"] == digest, (
        "run benchmarks/detection/train.py"
    )


def test_a_feature_has_the_number_that_the_model_reads(model: Meaning) -> None:
    text = "Few people shop with us like you do, and 12 of them came in 2024."
    read = model._features(text, subject=False) - {0}
    known = {
        numbered(feature, model._numbers)
        for feature in features(text, subject=False)
        if all(word == "_" or word in model._numbers for word in feature.split(" "))
    }
    assert read == known


@pytest.mark.parametrize(
    ("text", "label"),
    [
        (UNLOCATED, "absence_claim"),
        ("Which provider do you use at home?", "ask_known"),
        ("Best sellers are back in stock.", None),
        ("The museum opens at ten.", None),
        ("", None),
        ("x" * 100_000, None),
        ("you " * 5_000, None),
    ],
)
def test_it_knows_what_is_said(model: Meaning, text: str, label: str | None) -> None:
    assert list(model.guesses(text, subject=False)) == ([label] if label else [])


def test_what_is_guessed_is_shown_and_changes_nothing() -> None:
    checker = Checker()
    rewrite = rewritten(checker.check({"text": UNLOCATED}), checker)
    (finding,) = rewrite.findings
    assert (finding.rule, finding.confidence, finding.quote) == ("unearned-absence-claim", "low", UNLOCATED)
    assert "by all of its words" in finding.message
    assert not rewrite.edits


def test_it_is_not_asked_where_a_pattern_locates_the_claim() -> None:
    (finding,) = Checker().check({"text": "We miss you!"}).findings
    assert finding.confidence == "high"


def test_a_company_can_do_without_it() -> None:
    assert not Checker(Settings(guess=False)).check({"text": UNLOCATED}).findings


def test_there_is_none_for_german() -> None:
    assert meaning("de") is None
    assert not Checker(Settings(language="de")).check({"text": UNLOCATED}).findings
