"""Turn compiled predicates into one generated Python function that answers for one customer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

Tree = list[Any]
"""A compiled predicate: nested JSON lists `[operator, ...]`, as `contextmail.predicates.tree` lists them."""

COMPARISONS = {"=": "==", "<>": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
ARITHMETIC = ("+", "-", "*")
OPERANDS = ("lit", "null", "fact", "float", "days_since", *ARITHMETIC)


def compile_function(trees: Sequence[Tree]) -> Callable[[Mapping[str, Any]], tuple[Any, ...]]:
    """Compile `trees` to one function from a row of facts to a tuple with the answer of each tree.

    An answer is True, False or None (unknown), or the value itself where the tree is no condition. The row maps names
    to values: a missing name and None are unknown, dates are `date`, timestamps `datetime` in UTC without a zone, a set
    is any collection of text. Raises ValueError for a tree with an unknown operator or an unbound message field.
    """
    writer = _Writer()
    answers = [writer.value(tree) for tree in trees]
    fetched = [f"    {local} = get({name!r})" for name, local in writer.facts.items()]
    source = "\n".join(
        ["def answer(row):", "    get = row.get", *fetched, f"    return ({''.join(a + ', ' for a in answers)})"]
    )
    namespace: dict[str, Any] = dict(writer.constants)
    # Only literals printed by repr, our own names and operators are in the source: a tree cannot smuggle code in.
    exec(source, namespace)  # noqa: S102
    function: Callable[[Mapping[str, Any]], tuple[Any, ...]] = namespace["answer"]
    return function


class _Writer:
    """Write trees as Python expressions.

    Three values need two questions, "is it TRUE" and "is it FALSE"; each is a plain Python condition, so AND and OR
    short-circuit and no intermediate None has to be carried.
    """

    def __init__(self) -> None:
        self.facts: dict[str, str] = {}
        self.constants: dict[str, date] = {}

    def value(self, tree: Tree) -> str:
        """Write the answer itself: True, False or None, or the value of an operand."""
        op = tree[0]
        if op == "fact":
            return self.operand(tree)[1]
        if op in ("known", "is_null", "is_true", "is_false"):
            return f"(True if {self.true(tree)} else False)"
        if op in ("and", "or", "not"):
            return f"(True if {self.true(tree)} else False if {self.false(tree)} else None)"
        guards, text = self.operand(tree) if op in OPERANDS else self.test(tree)
        return f"({text} if {' and '.join(guards)} else None)" if guards else f"({text})"

    def true(self, tree: Tree) -> str:
        """Write the condition that `tree` is TRUE."""
        match tree[0]:
            case "and" | "or" as op:
                return f"({f' {op} '.join(self.true(part) for part in tree[1:])})"
            case "not" | "is_false":
                return self.false(tree[1])
            case "is_true":
                return self.true(tree[1])
            case "known":
                return f"({' and '.join(self.operand(tree[1])[0]) or 'True'})"
            case "is_null":
                return f"(not {self.true(['known', tree[1]])})"
        guards, text = self.operand(tree) if tree[0] in OPERANDS else self.test(tree)
        return f"({' and '.join([*guards, text])})"

    def false(self, tree: Tree) -> str:
        """Write the condition that `tree` is FALSE."""
        match tree[0]:
            case "and" | "or" as op:
                return f"({(' or ' if op == 'and' else ' and ').join(self.false(part) for part in tree[1:])})"
            case "not":
                return self.true(tree[1])
            case "is_true" | "is_false" | "known" | "is_null":
                return f"(not {self.true(tree)})"
        guards, text = self.operand(tree) if tree[0] in OPERANDS else self.test(tree)
        return f"({' and '.join([*guards, f'not {text}'])})"

    def test(self, tree: Tree) -> tuple[list[str], str]:
        """Write a comparison or a look into a list, set or text: what must be known, and the test."""
        op = tree[0]
        if op == "in":
            guards, text = self.operand(tree[1])
            return guards, f"({text} in {{{', '.join(self.operand(item)[1] for item in tree[2])}}})"
        if op not in COMPARISONS and op not in ("contains", "starts_with"):
            raise ValueError(f"unknown operator in a compiled predicate: {op!r}")
        left_guards, left = self.operand(tree[1])
        right_guards, right = self.operand(tree[2])
        guards = list(dict.fromkeys(left_guards + right_guards))
        if op == "contains":
            return guards, f"({right} in {left})"
        if op == "starts_with":
            return guards, f"{left}.startswith({right})"
        return guards, f"({left} {COMPARISONS[op]} {right})"

    def operand(self, tree: Tree) -> tuple[list[str], str]:
        """Write a value: the conditions under which it is known, and the value then."""
        op = tree[0]
        if op == "fact":
            local = self.facts.setdefault(tree[1], f"v{len(self.facts)}")
            return [f"{local} is not None"], local
        if op == "lit":
            return [], self.literal(tree)
        if op == "null":
            return ["False"], "None"
        if op == "float":
            guards, text = self.operand(tree[1])
            return guards, f"float({text})"
        if op == "days_since":
            guards, text = self.operand(tree[1])
            clock_guards, clock = self.operand(tree[2])
            day = f"{text}.date()" if tree[1][2] == "timestamp" else text
            return list(dict.fromkeys(guards + clock_guards)), f"({clock}.date() - {day}).days"
        if op in ARITHMETIC:
            left_guards, left = self.operand(tree[1])
            right_guards, right = self.operand(tree[2])
            return list(dict.fromkeys(left_guards + right_guards)), f"({left} {op} {right})"
        raise ValueError(f"not a value in a compiled predicate: {op!r}")

    def literal(self, tree: Tree) -> str:
        """Write a literal; dates become constants of the generated function."""
        _, value, kind = tree
        if kind not in ("date", "timestamp"):
            return f"({value!r})"
        constant = date.fromisoformat(value) if kind == "date" else datetime.fromisoformat(value)
        name = f"c{len(self.constants)}"
        self.constants[name] = constant
        return name
