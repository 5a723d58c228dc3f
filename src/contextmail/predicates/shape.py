"""Check the shape of a predicate word by word, so that every mistake is told in our words and at its place.

A text whose shape is right holds only what the language has: facts, values, the documented operators and functions. The
grammar proper (what binds to what) is left to the SQL parser that reads it afterwards.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from enum import Enum, auto

from contextmail.errors import PredicateError
from contextmail.predicates.hints import after_operand, call_hint, instead_of_operand, null_hint

MAX_DEPTH = 40
"""Brackets inside brackets, and calculations in one predicate: more would exhaust the parsers that come after."""

_NUMBER = re.compile(r"[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_NAME = re.compile(r"[^\W\d]\w*")
_COMPARISONS = ("=", "<>", "!=", "<", "<=", ">", ">=")


class Kind(Enum):
    """Say what a word is; the last four are what a NAME turns out to be."""

    NUMBER = auto()
    TEXT = auto()
    KEYWORD = auto()
    MARK = auto()
    QUOTED = auto()
    NAME = auto()
    FACT = auto()
    MESSAGE = auto()
    FUNCTION = auto()
    TYPE = auto()


@dataclass(frozen=True, slots=True)
class Word:
    """A word of the predicate: `text[start:end]` as it is written, quotes included; keywords in upper case."""

    kind: Kind
    text: str
    start: int
    end: int


@dataclass(slots=True)
class _Level:
    """What is open: the whole predicate, a bracket, or a function's arguments."""

    start: int
    is_call: bool = False
    compared: bool = False
    between: bool = False


def check_shape(text: str, words: Sequence[Word], functions: Collection[str], *, where: str = "") -> list[Word]:
    """Check `words` and tell facts, message fields, functions and types apart. Raises PredicateError."""
    reader = _Reader(text, list(words), functions, where)
    reader.predicate()
    return reader.words


@dataclass(slots=True)
class _Reader:
    text: str
    words: list[Word]
    functions: Collection[str]
    where: str
    at: int = 0
    calculations: int = 0
    levels: list[_Level] = field(default_factory=lambda: [_Level(0)])

    def predicate(self) -> None:
        """Read operands and what joins them, in turn, to the end."""
        self.nothing_skipped()
        if not self.words:
            raise self.error("the predicate is empty", 0, "write a condition, for example: orders >= 3")
        while True:
            self.operand()
            if not self.after_operand():
                return

    def nothing_skipped(self) -> None:
        """Refuse what the tokenizer took for a comment: all that is not in a word must be white space."""
        ends = [0, *(word.end for word in self.words)]
        starts = [*(word.start for word in self.words), len(self.text)]
        for end, start in zip(ends, starts, strict=True):
            skipped = self.text[end:start]
            if skipped.strip():
                at = end + len(skipped) - len(skipped.lstrip())
                raise self.error("this is not understood", at, instead_of_operand(self.text[at]))

    def operand(self) -> None:
        """Read brackets that open, NOT, and one fact, value or function's opening."""
        while True:
            word = self.word()
            if word.text == "NOT" and self.may_negate():
                self.at += 1
            elif word.text == "(":
                self.open(is_call=False)
            elif word.kind is Kind.NAME and self.word(1).text == "(":
                self.function(word)
            else:
                break
        if word.kind is Kind.NAME and self.value_of_type(word):
            return
        if word.kind is Kind.NAME:
            self.name(word)
        elif word.text in ("TRUE", "FALSE"):
            self.at += 1
        else:
            self.value("a fact or value expected")

    def may_negate(self) -> bool:
        """Say whether NOT may stand here: before a condition, never before a value, and not twice."""
        if self.at == 0:
            return True
        before = self.words[self.at - 1]
        if before.text == "NOT":
            raise self.error("NOT NOT", before.start, "leave both out")
        return not self.levels[-1].compared and before.text not in ("+", "-", "*", ",")

    def function(self, word: Word) -> None:
        """Read a function's name and its opening bracket."""
        if word.text not in self.functions:
            near = get_close_matches(word.text.lower(), self.functions, n=1)
            hint = call_hint(word.text) or (f"did you mean {near[0]}(...)?" if near else "")
            hint = hint or f"the functions are {', '.join(sorted(self.functions))}"
            raise self.error(f"unknown function {word.text}()", word.start, hint)
        self.become(Kind.FUNCTION)
        self.open(is_call=True)

    def name(self, word: Word) -> None:
        """Read a fact or a field of the message."""
        if not _NAME.fullmatch(word.text):
            raise self.error(f"{word.text} is not understood", word.start, instead_of_operand(word.text))
        if self.word(1).text != ".":
            self.become(Kind.FACT)
            return
        if word.text != "message":
            raise self.error(
                f"{word.text}. is not understood", word.start, "a fact has no dot; only message.NAME has one"
            )
        self.become(Kind.MESSAGE)
        self.at += 1
        if self.word().kind is not Kind.NAME:
            raise self.found("a field of the message expected, as in message.channel")
        self.become(Kind.MESSAGE)

    def value_of_type(self, word: Word) -> bool:
        """Read DATE '...' or TIMESTAMP '...', if that stands here."""
        if word.text.upper() not in ("DATE", "TIMESTAMP") or self.word(1).kind is not Kind.TEXT:
            return False
        self.become(Kind.TYPE)
        self.at += 1
        return True

    def value(self, expected: str) -> None:
        """Read a number, with its sign, or a text."""
        word = self.word()
        if word.text == "-" and self.word(1).kind is Kind.NUMBER:
            self.at += 1
            word = self.word()
        if word.kind is Kind.NUMBER and not _NUMBER.fullmatch(word.text):
            raise self.error(f"{word.text} is not a number", word.start, "write 12, 0.5 or 1e6")
        if word.kind is Kind.TEXT and not _storable(word.text):
            raise self.error(
                "this text holds a character that no table can hold", word.start, "remove NUL and lone surrogates"
            )
        if word.kind not in (Kind.NUMBER, Kind.TEXT):
            raise self.found(expected)
        self.at += 1

    def after_operand(self) -> bool:
        """Read what follows an operand; say whether another operand comes next."""
        while True:
            word, level = self.word(), self.levels[-1]
            if self.at == len(self.words):
                self.end()
                return False
            if word.text == ")":
                self.close()
            elif word.text == "IS":
                self.comparison(word)
                self.is_what()
            elif word.text in ("IN", "NOT", "BETWEEN"):
                self.comparison(word)
                if self.membership():
                    return True
            elif word.text in ("AND", "OR"):
                self.at += 1
                if level.between and word.text == "OR":
                    raise self.error(
                        "BETWEEN needs AND and a second value", word.start, "write: orders BETWEEN 1 AND 3"
                    )
                level.compared = level.compared and level.between
                level.between = False
                return True
            elif word.text in ("+", "-", "*"):
                self.calculation(word)
                return True
            elif word.text == "," and level.is_call:
                self.at += 1
                level.compared = False
                return True
            elif word.text in _COMPARISONS:
                self.comparison(word)
                return True
            else:
                before = self.words[self.at - 1]
                what = f"AND, OR or a comparison expected, found {_shown(word)}"
                raise self.error(
                    what, word.start, after_operand(before.text, word.text, quoted=word.kind is Kind.QUOTED)
                )

    def comparison(self, word: Word) -> None:
        """Read the word that begins a comparison; a second one needs AND or brackets."""
        level = self.levels[-1]
        if level.compared:
            hint = "join two comparisons by AND, as in 1 < orders AND orders < 5"
            raise self.error("comparisons do not chain", word.start, hint)
        level.compared = True
        self.at += 1

    def calculation(self, word: Word) -> None:
        """Read the sign of a calculation."""
        self.calculations += 1
        if self.calculations > MAX_DEPTH:
            raise self.error(f"more than {MAX_DEPTH} calculations", word.start, "derive a fact with [[fact]]")
        self.at += 1

    def is_what(self) -> None:
        """Read what follows IS."""
        if self.word().text == "NOT":
            self.at += 1
        if self.word().text not in ("NULL", "TRUE", "FALSE"):
            raise self.found("NULL, TRUE or FALSE expected after IS")
        self.at += 1

    def membership(self) -> bool:
        """Read what follows IN, NOT IN, BETWEEN; say whether an operand comes next."""
        before = self.words[self.at - 1]
        if before.text == "NOT":
            if self.word().text not in ("IN", "BETWEEN"):
                raise self.error(
                    "IN or BETWEEN expected after NOT", self.word().start, after_operand("NOT", self.word().text)
                )
            self.at += 1
        if self.words[self.at - 1].text == "BETWEEN":
            self.levels[-1].between = True
            return True
        if self.word().text != "(":
            raise self.found("a list in brackets expected after IN, as in IN ('gold', 'silver')")
        separator = "("
        while separator != ")":
            self.at += 1
            if self.word().text == "NULL":
                hint = "it would make every miss unknown: leave it out, and say OR f IS NULL beside the list"
                raise self.error("a list holds no NULL", self.word().start, hint)
            if not self.value_of_type(self.word()):
                self.value("a number, text or date expected in the list")
            separator = self.word().text
            if separator not in (",", ")"):
                raise self.found("a comma or the closing bracket of the list expected")
        self.at += 1
        return False

    def open(self, *, is_call: bool) -> None:
        if len(self.levels) > MAX_DEPTH:
            raise self.error(
                f"more than {MAX_DEPTH} brackets inside each other", self.word().start, "split the predicate"
            )
        self.levels.append(_Level(self.word().start, is_call))
        self.at += 1

    def close(self) -> None:
        if len(self.levels) == 1:
            raise self.error("this bracket was never opened", self.word().start, "remove it, or open it before")
        self.complete()
        self.levels.pop()
        self.at += 1

    def end(self) -> None:
        self.complete()
        if len(self.levels) > 1:
            raise self.error("this bracket is never closed", self.levels[-1].start, "close it with )")

    def complete(self) -> None:
        if self.levels[-1].between:
            raise self.error("BETWEEN needs AND and a second value", self.word().start, "write: orders BETWEEN 1 AND 3")

    def word(self, ahead: int = 0) -> Word:
        """Give a word without reading it; past the last one an empty word at the end."""
        index = self.at + ahead
        return self.words[index] if index < len(self.words) else Word(Kind.MARK, "", len(self.text), len(self.text))

    def become(self, kind: Kind) -> None:
        """Read the name that stands here, now that its kind is known."""
        self.words[self.at] = replace(self.words[self.at], kind=kind)
        self.at += 1

    def found(self, expected: str) -> PredicateError:
        """Make the error for a word that stands where something else must."""
        word = self.word()
        before = self.words[self.at - 1].text if self.at else ""
        hint = null_hint(before) if word.text == "NULL" else instead_of_operand(word.text, before)
        if word.kind is Kind.QUOTED:
            hint = f"text stands in single quotes: '{word.text[1:-1]}'; a fact without any: {word.text[1:-1]}"
        return self.error(f"{expected}, found {_shown(word)}", word.start, hint)

    def error(self, what: str, at: int, hint: str) -> PredicateError:
        return PredicateError(what, text=self.text, at=at, hint=hint, where=self.where)


def _shown(word: Word) -> str:
    return word.text if word.text else "the end"


def _storable(text: str) -> bool:
    return "\0" not in text and not any("\ud800" <= character <= "\udfff" for character in text)
