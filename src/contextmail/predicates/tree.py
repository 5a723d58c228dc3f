"""The compiled predicate: a small JSON tree, what can be asked of it and done with it, by the standard library alone.

A tree is a nested list `[operator, ...]`:

    ["lit", value, type]  ["null"]  ["fact", name, type]  ["message", name, type]      type: a FactType's value
    ["and", a, b, ...]  ["or", a, b, ...]  ["not", a]  ["is_true", a]  ["is_false", a]
    ["is_null", x]  ["known", x]
    ["=", x, y]  ["<>", x, y]  ["<", x, y]  ["<=", x, y]  [">", x, y]  [">=", x, y]  ["in", x, [literal, ...]]
    ["contains", set, text]  ["starts_with", text, text]
    ["+", x, y]  ["-", x, y]  ["*", x, y]  ["float", x]   whole numbers exactly; a fraction's partner stands in "float"
    ["days_since", x, clock]                              calendar days (UTC) from a date or timestamp to the clock

Dates and timestamps are ISO text. The clock is the fact `as_of`, a timestamp.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from datetime import date, datetime

from contextmail.predicates.function import ARITHMETIC, COMPARISONS, Tree, compile_function

__all__ = [
    "FALSE",
    "TRUE",
    "UNKNOWN",
    "Tree",
    "bind",
    "compile_function",
    "conjoin",
    "describe",
    "disjoin",
    "facts_of",
    "literal",
    "negate",
    "simplify",
]

CLOCK = "as_of"
BIGGEST = 10**38 - 1
"""The biggest whole number that every engine holds exactly (DECIMAL(38, 0)); no calculation may pass it."""
TRUE: Tree = ["lit", True, "bool"]
FALSE: Tree = ["lit", False, "bool"]
UNKNOWN: Tree = ["null"]

_LEAVES = ("lit", "null", "fact", "message")
_LOOSE = ("and", "or", *COMPARISONS, "in", "is_null", "is_true", "is_false")
_NEED_BOTH = (*COMPARISONS, *ARITHMETIC, "in", "contains", "starts_with", "float", "days_since")


def facts_of(tree: Tree) -> dict[str, str]:
    """List the facts that `tree` asks for: name -> type, in order of appearance; `as_of` where it needs the clock."""
    return {leaf[1]: leaf[2] for leaf in _leaves(tree) if leaf[0] == "fact"}


def conjoin(*trees: Tree) -> Tree:
    """Join conditions by AND, flat and without constants that decide nothing; of none it is TRUE."""
    return _join("and", trees, neutral=TRUE, decisive=FALSE)


def disjoin(*trees: Tree) -> Tree:
    """Join conditions by OR, flat and without constants that decide nothing; of none it is FALSE."""
    return _join("or", trees, neutral=FALSE, decisive=TRUE)


def negate(tree: Tree) -> Tree:
    """Give the condition that is TRUE where `tree` is FALSE; unknown stays unknown."""
    if tree in (TRUE, FALSE):
        return FALSE if tree == TRUE else TRUE
    if tree == UNKNOWN:
        return UNKNOWN
    if tree[0] in ("known", "is_null"):
        return ["is_null" if tree[0] == "known" else "known", tree[1]]
    return list(tree[1]) if tree[0] == "not" else ["not", tree]


def bind(tree: Tree, values: Mapping[str, object], *, as_of: datetime | None = None) -> Tree:
    """Put a message's fields in their places, and the clock where `as_of` is given; constants are folded.

    `values` maps field names without `message.` to int, float, bool, str, date, datetime or None (unknown). Raises
    KeyError for a field that is missing and ValueError for a value of another type.
    """
    if tree[0] == "message":
        return literal(values[tree[1]])
    if tree[0] == "fact" and tree[1] == CLOCK and as_of is not None:
        return literal(as_of)
    if tree[0] in _LEAVES:
        return tree
    return _fold([tree[0], *(bind(child, values, as_of=as_of) for child in _children(tree)), *_items(tree)])


def simplify(tree: Tree) -> Tree:
    """Fold what is constant; the answer stays the same for every row."""
    if tree[0] in _LEAVES:
        return tree
    return _fold([tree[0], *(simplify(child) for child in _children(tree)), *_items(tree)])


def literal(value: object) -> Tree:
    """Make the literal of a Python value; None, NaN and infinity are UNKNOWN. Raises ValueError for another type."""
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return UNKNOWN
    if isinstance(value, bool):
        return ["lit", value, "bool"]
    if isinstance(value, int):
        return ["lit", int(value), "int"]
    if isinstance(value, float):
        return ["lit", value, "float"]
    if isinstance(value, str):
        return ["lit", str(value), "text"]
    if isinstance(value, datetime) and value.tzinfo is None:
        return ["lit", value.isoformat(sep=" "), "timestamp"]
    if isinstance(value, date) and not isinstance(value, datetime):
        return ["lit", value.isoformat(), "date"]
    raise ValueError(f"a predicate holds no value of type {type(value).__name__}; timestamps are UTC without a zone")


def describe(tree: Tree) -> str:
    """Print `tree` as text of the predicate language, which parses to the same tree again."""
    return _Printer().text(tree)


def _children(tree: Tree) -> list[Tree]:
    """Give the operands that are trees; the literals of IN are none."""
    return [] if tree[0] in _LEAVES else tree[1:2] if tree[0] == "in" else tree[1:]


def _items(tree: Tree) -> list[list[Tree]]:
    return tree[2:] if tree[0] == "in" else []


def _leaves(tree: Tree) -> Iterator[Tree]:
    if tree[0] in _LEAVES:
        yield tree
    for child in _children(tree):
        yield from _leaves(child)


def _join(op: str, trees: tuple[Tree, ...], *, neutral: Tree, decisive: Tree) -> Tree:
    parts: list[Tree] = []
    for tree in trees:
        for part in tree[1:] if tree[0] == op else [tree]:
            if part != neutral and part not in parts:
                parts.append(part)
    if decisive in parts:
        return decisive
    return [op, *parts] if len(parts) > 1 else parts[0] if parts else neutral


def _fold(tree: Tree) -> Tree:
    """Simplify a node whose operands are simple already."""
    op = tree[0]
    if op == "and":
        return conjoin(*tree[1:])
    if op == "or":
        return disjoin(*tree[1:])
    if op == "not":
        return negate(tree[1])
    if op in _NEED_BOTH and UNKNOWN in _children(tree):
        return UNKNOWN
    if all(leaf[0] in ("lit", "null") for leaf in _leaves(tree)):
        return literal(compile_function([tree])({})[0])
    return tree


class _Printer:
    """Print a tree with no more brackets than a reader needs."""

    def text(self, tree: Tree) -> str:
        match tree:
            case ["lit", value, kind]:
                return self.literal(value, kind)
            case ["null"]:
                return "NULL"
            case ["fact", name, _]:
                return str(name)
            case ["message", name, _]:
                return f"message.{name}"
            case ["float", operand]:
                return self.text(operand)
            case ["and" | "or" as op, *parts]:
                return f" {op.upper()} ".join(self.inside(part, ("or",) if op == "and" else ()) for part in parts)
            case ["not", operand]:
                return f"NOT {self.inside(operand, _LOOSE)}"
            case ["is_null" | "is_true" | "is_false" as op, operand]:
                return f"{self.inside(operand, ('not', *_LOOSE))} {op.upper().replace('_', ' ')}"
            case ["in", operand, items]:
                return f"{self.text(operand)} IN ({', '.join(self.text(item) for item in items)})"
            case ["days_since", operand, _]:
                return f"days_since({self.text(operand)})"
            case ["known" | "contains" | "starts_with" as function, *operands]:
                return f"{function}({', '.join(self.text(operand) for operand in operands)})"
            case [op, left, right]:
                bracketed = ARITHMETIC if op in ARITHMETIC else ()
                return f"{self.inside(left, bracketed)} {op} {self.inside(right, bracketed)}"
        raise ValueError(f"unknown operator in a compiled predicate: {tree[0]!r}")

    def inside(self, tree: Tree, bracketed: tuple[str, ...]) -> str:
        text = self.text(tree)
        return f"({text})" if tree[0] in bracketed else text

    def literal(self, value: object, kind: str) -> str:
        if isinstance(value, bool):
            return "TRUE" if value else "FALSE"
        if isinstance(value, str):
            quoted = "'" + value.replace("'", "''") + "'"
            return quoted if kind == "text" else f"{kind.upper()} {quoted}"
        if isinstance(value, float) and value.is_integer() and abs(value) <= BIGGEST:
            return str(int(value))
        return repr(value)
