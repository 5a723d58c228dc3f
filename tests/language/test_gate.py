import json
import re
from itertools import product
from pathlib import Path

from contextmail.language.gate import Gate, ways
from contextmail.language.patterns import lexicon, straight

PATTERNS = [
    r"\byou(?:r|'re)? (?:very )?best\b",
    r"(?:you|your) (?:loyal|valued|most valued) customers?",
    r"^(?:(?:dear|hi) )?(?P<cut>(?:all |our )+friends?)(?=,)",
    r"(?:\w+ ){2,}back",
    r"a(?:b|c)?d|[xy]z",
    r"(?!not )one of (?:us|(?:our|my) own)",
    r"STRASSE|Éclair",
]
WRITTEN = Path(__file__).parents[2] / "benchmarks/detection/sentences/mixed.jsonl"
WORDS = """you your you're very best valued loyal customers dear all our friends, back abd ad xz one of us own straße
éclair""".split()


def test_a_pattern_that_matches_passes() -> None:
    gate = Gate(PATTERNS)
    compiled = [re.compile(pattern, re.IGNORECASE) for pattern in PATTERNS]
    matched = set()
    for words in product(WORDS, repeat=3):
        text = " ".join(words)
        for written in (text, text.upper()):
            found = {index for index, pattern in enumerate(compiled) if pattern.search(written)}
            assert found <= set(gate.passing(written)), written
            matched |= found
    assert len(matched) == len(PATTERNS)


def test_a_pattern_whose_words_are_missing_does_not_pass() -> None:
    assert Gate(PATTERNS).passing("Read a line, and come in.") == [4]
    [way] = ways(r"\b(?:sign|signing) up(?: now)?")
    assert set(way) == {frozenset({" sign ", " signing "}), frozenset({" up"})}


def test_each_way_of_matching_needs_its_own_words() -> None:
    gate = Gate([r"\b(?:log in|go out)\b", r"\bnot\b"])
    assert [gate.passing(text) for text in ("Log in.", "go in", "another note")] == [[0], [], []]


def test_a_pattern_that_needs_no_word_always_passes() -> None:
    assert Gate([r"\d+%", r"(?:off)?"]).passing("") == [0, 1]


def test_nothing_that_the_lexicon_finds_is_kept_out() -> None:
    words = lexicon("en")
    compiled = {p: re.compile(p.match, re.IGNORECASE) for patterns in words.patterns.values() for p in patterns}
    texts = [straight(json.loads(line)["text"]) for line in WRITTEN.read_text("utf-8").splitlines()[::5]]
    met = set()
    for text in texts:
        possible = {pattern for patterns in words.possible(text).values() for pattern in patterns}
        found = {pattern for pattern, regex in compiled.items() if regex.search(text)}
        assert found <= possible, text
        assert {p for p in possible if p.search(text, text.lower())} <= found
        met |= found
    assert len(met) > 20
