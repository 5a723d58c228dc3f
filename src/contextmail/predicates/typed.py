"""Build tree nodes from operands of known type; what does not fit together is refused with a way out.

Engines convert in silence, each in its own way ('10' > 9 is true in DuckDB), so the language converts nothing but whole
numbers to fractions where one meets the other, and a DATE literal that meets a timestamp.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from contextmail.model.fact import FactType
from contextmail.predicates.function import ARITHMETIC
from contextmail.predicates.tree import BIGGEST, CLOCK, Tree, describe

_FACT_BOUND = 2**63
_SOME_DAY = "'2024-01-31'"
_NUMBERS = (FactType.INT, FactType.FLOAT)
_WORDS = {
    FactType.INT: "a whole number",
    FactType.FLOAT: "a number",
    FactType.BOOL: "true or false",
    FactType.DATE: "a date",
    FactType.TIMESTAMP: "a timestamp",
    FactType.TEXT: "text",
    FactType.SET: "a set",
}


class Mismatch(Exception):
    """Operands do not fit together; `hint` is the way out or empty, `operand` which one is shown (-1: the last)."""

    def __init__(self, what: str, hint: str = "", *, operand: int = -1) -> None:
        super().__init__(what)
        self.what, self.hint, self.operand = what, hint, operand


class Term(NamedTuple):
    """A tree with its type."""

    tree: Tree
    type: FactType

    @property
    def said(self) -> str:
        """Say what it is, for a message: `tier is text`."""
        return f"{describe(self.tree)} is {_WORDS[self.type]}"


def condition(term: Term) -> Tree:
    """Give the tree of a condition; raise Mismatch for anything else, with the comparison that may be meant."""
    if term.type is FactType.BOOL:
        return term.tree
    text = describe(term.tree)
    hints = {
        FactType.INT: f"compare it, as in {text} > 0",
        FactType.FLOAT: f"compare it, as in {text} > 0",
        FactType.DATE: f"compare it, as in {text} >= DATE '2024-01-31'",
        FactType.TIMESTAMP: f"compare it, as in {text} <= as_of",
        FactType.TEXT: f"compare it, as in {text} = 'gold'",
        FactType.SET: f"look into it, as in contains({text}, 'X')",
    }
    raise Mismatch(f"{term.said}, not a condition", "" if term.tree[0] == "lit" else hints[term.type])


def compare(op: str, left: Term, right: Term) -> Tree:
    """Compare two values of one type; text and true/false have no order."""
    left, right = alike(left, right)
    if left.type is FactType.SET:
        raise Mismatch(
            f"{left.said}: sets are not compared", f"look into it, as in contains({describe(left.tree)}, 'X')"
        )
    if op not in ("=", "<>") and left.type in (FactType.TEXT, FactType.BOOL):
        raise Mismatch(f"{left.said}, which has no order: only = and <>", "text is sorted differently by each engine")
    if left.type is FactType.BOOL and not all(term.tree[0] in ("fact", "message", "lit") for term in (left, right)):
        raise Mismatch("conditions are not compared", "join them with AND, OR and NOT")
    return [op, left.tree, right.tree]


def among(operand: Term, items: Sequence[Term]) -> Tree:
    """Look for a value in a list of literals of its type."""
    if operand.type in (FactType.SET, FactType.BOOL):
        way = f"contains({describe(operand.tree)}, 'X')" if operand.type is FactType.SET else "IS TRUE, or NOT"
        raise Mismatch(f"{operand.said}: not looked for in a list", f"say {way}", operand=0)
    if operand.type is FactType.INT and any(item.type is FactType.FLOAT for item in items):
        operand = _fraction(operand)
    return ["in", operand.tree, [_item(operand, item, at) for at, item in enumerate(items, start=1)]]


def look_into(container: Term, text: Term) -> Tree:
    """Look for a text in a set."""
    if container.type is not FactType.SET:
        raise Mismatch(
            f"{container.said}, not a set", f"say {describe(container.tree)} = {describe(text.tree)}", operand=0
        )
    if text.type is not FactType.TEXT:
        hint = f"write it in quotes: '{describe(text.tree)}'" if text.tree[0] == "lit" and text.type in _NUMBERS else ""
        raise Mismatch(f"{text.said}: sets hold texts", hint)
    return ["contains", container.tree, text.tree]


def begins(text: Term, beginning: Term) -> Tree:
    """Compare the beginning of a text with a literal."""
    if text.type is not FactType.TEXT:
        raise Mismatch(f"{text.said}, not text", operand=0)
    if beginning.type is not FactType.TEXT or beginning.tree[0] != "lit":
        raise Mismatch("the beginning to look for is a text in quotes", "as in starts_with(invoice, 'C')")
    return ["starts_with", text.tree, beginning.tree]


def days_since(operand: Term) -> Term:
    """Count the calendar days from a date or timestamp to the clock; negative if it is to come."""
    if operand.type not in (FactType.DATE, FactType.TIMESTAMP):
        raise Mismatch(f"{operand.said}; days_since() takes a date or timestamp")
    return Term(["days_since", operand.tree, ["fact", CLOCK, FactType.TIMESTAMP.value]], FactType.INT)


def is_known(operand: Term, op: str) -> Tree:
    """Ask whether a fact or value is known (`known`) or not (`is_null`)."""
    if operand.type is FactType.BOOL and operand.tree[0] not in ("fact", "message", "lit"):
        raise Mismatch("whether a condition is known is asked of its facts", "as in known(orders) AND known(tier)")
    return [op, operand.tree]


def calculate(op: str, left: Term, right: Term) -> Term:
    """Add, subtract or multiply; whole numbers exactly, a fraction in a single operation.

    One operation on two finite numbers never gives NaN, which engines and Python compare differently.
    """
    for at, term in enumerate((left, right)):
        if term.type not in _NUMBERS:
            is_moment = term.type in (FactType.DATE, FactType.TIMESTAMP)
            hint = "days_since(...) counts the days to the clock" if is_moment else ""
            raise Mismatch(f"{term.said}; {op} takes numbers", hint, operand=at)
        if term.tree[0] == "lit" and not float(term.tree[1]).is_integer():
            hint = "engines round fractions differently: multiply both sides until the numbers are whole"
            raise Mismatch(f"{op} takes no fraction such as {describe(term.tree)}", hint, operand=at)
    if left.type is FactType.INT and right.type is FactType.INT:
        tree = [op, left.tree, right.tree]
        if _bound(tree) > BIGGEST:
            raise Mismatch(f"{describe(tree)} can pass 38 digits", "multiply at most two facts")
        return Term(tree, FactType.INT)
    for at, term in enumerate((left, right)):
        if term.tree[0] in ARITHMETIC:
            what = f"{describe(term.tree)} is calculated already; a fraction takes part in one operation only"
            raise Mismatch(what, "move a part to the other side of the comparison", operand=at)
    return Term([op, _fraction(left).tree, _fraction(right).tree], FactType.FLOAT)


def alike(left: Term, right: Term) -> tuple[Term, Term]:
    """Give two operands one type, or raise Mismatch."""
    if left.type is right.type:
        return left, right
    if left.type in _NUMBERS and right.type in _NUMBERS:
        return _fraction(left), _fraction(right)
    for one, other in ((left, right), (right, left)):
        if one.type is FactType.TIMESTAMP and other.type is FactType.DATE and other.tree[0] == "lit":
            midnight = Term(["lit", f"{other.tree[1]} 00:00:00", FactType.TIMESTAMP.value], FactType.TIMESTAMP)
            return (left, midnight) if other is right else (midnight, right)
    raise Mismatch(
        f"{left.said} and {right.said}: they cannot be compared", _way_out(left, right) or _way_out(right, left)
    )


def _item(operand: Term, item: Term, at: int) -> Tree:
    try:
        return alike(operand, item)[1].tree
    except Mismatch as mismatch:
        raise Mismatch(mismatch.what, mismatch.hint, operand=at) from None


def _way_out(one: Term, other: Term) -> str:
    """Say what is probably meant by `one`, a literal or fact, beside `other`."""
    text, quoted = describe(one.tree), one.type is FactType.TEXT and one.tree[0] == "lit"
    if quoted and other.type in (FactType.DATE, FactType.TIMESTAMP):
        return f"write {other.type.value.upper()} {text if text[1:-1][:4].isdecimal() else _SOME_DAY}"
    if quoted and other.type in _NUMBERS:
        return f"write a number without quotes: {text[1:-1]}" if text[1:-1].isdecimal() else "numbers have no quotes"
    if one.type in _NUMBERS and one.tree[0] == "lit" and other.type is FactType.TEXT:
        return f"write text in quotes: '{text}'"
    if one.type is FactType.BOOL:
        return (
            f"say {text} or NOT {text}"
            if one.tree[0] == "fact"
            else f"{text} is compared with a fact that is true or false"
        )
    if one.type is FactType.SET:
        text_in_it = describe(other.tree) if other.type is FactType.TEXT else "'X'"
        return f"look into it, as in contains({text}, {text_in_it})"
    if one.type is FactType.TIMESTAMP and other.type is FactType.DATE:
        return "compare days: days_since(...) takes both"
    return ""


def _fraction(term: Term) -> Term:
    """Turn a whole number into a fraction; each of its facts, so that no engine rounds a sum in its own way."""
    if term.type is FactType.FLOAT:
        return term
    return Term(_as_float(term.tree), FactType.FLOAT)


def _as_float(tree: Tree) -> Tree:
    if tree[0] == "lit":
        return ["lit", float(tree[1]), FactType.FLOAT.value]
    if tree[0] in ARITHMETIC:
        return [tree[0], _as_float(tree[1]), _as_float(tree[2])]
    return ["float", tree]


def _bound(tree: Tree) -> int:
    """Give the biggest absolute value that a calculation with whole numbers can have; a fact has 64 bits."""
    if tree[0] == "lit":
        return abs(int(tree[1]))
    if tree[0] in ARITHMETIC:
        left, right = _bound(tree[1]), _bound(tree[2])
        return left * right if tree[0] == "*" else left + right
    return _FACT_BOUND
