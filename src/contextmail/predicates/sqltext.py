"""Read predicates written as SQL text, check them against the facts that there are, and print them for an engine.

The one home of sqlglot, which is loaded when it is first needed: it tells the words apart, knows what binds to what,
and prints for every engine. The language itself is described in docs/predicates.md.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from difflib import get_close_matches
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar, ParamSpec, TypeVar

from contextmail.errors import MissingExtraError, PredicateError
from contextmail.model.fact import FactType
from contextmail.predicates import calls, literals, typed
from contextmail.predicates.calls import Ownership
from contextmail.predicates.function import ARITHMETIC, COMPARISONS
from contextmail.predicates.shape import Kind, Word, check_shape
from contextmail.predicates.tree import CLOCK, Tree, conjoin, disjoin, negate, simplify
from contextmail.predicates.typed import Mismatch, Term

if TYPE_CHECKING:
    from sqlglot import exp
    from sqlglot.parser import Parser
    from sqlglot.tokenizer_core import Token
    from sqlglot.tokens import Tokenizer

P = ParamSpec("P")
T = TypeVar("T")


def parse(
    text: str,
    types: Mapping[str, FactType],
    *,
    message: Mapping[str, FactType] | None = None,
    starts_with: bool = False,
    ownership: Ownership = "person",
    where: str = "",
) -> Tree:
    """Compile a condition over the facts in `types` to a tree.

    `message` names the fields that may follow `message.`; `starts_with` allows that function; under ownership "account"
    `owns` looks at the account's products too. Raises PredicateError, which shows the place of the mistake.
    """
    reader = _Reader(text, types, message or {}, ownership, where, calls.allowed(starts_with=starts_with))
    return simplify(reader.condition_of(reader.parsed))


def parse_value(
    text: str, types: Mapping[str, FactType], *, starts_with: bool = True, where: str = ""
) -> tuple[Tree, FactType]:
    """Compile an expression of any type, such as a mapping's column, to its tree and type. Raises PredicateError."""
    reader = _Reader(text, types, {}, "person", where, calls.allowed(starts_with=starts_with))
    term = reader.term_of(reader.parsed)
    return simplify(term.tree), term.type


def names_used(text: str, *, starts_with: bool = True, ownership: Ownership = "person", where: str = "") -> set[str]:
    """List the facts that a text asks for, before their types are known; the clock `as_of` is none of them.

    Raises PredicateError if the text is not shaped as a predicate.
    """
    _, words = _lex(text, calls.allowed(starts_with=starts_with), where)
    names = {word.text for word in words if word.kind is Kind.FACT}
    for word in words:
        if word.kind is Kind.FUNCTION:
            names.update(calls.facts_behind(word.text, ownership))
    return names - {CLOCK}


def to_sql(tree: Tree, dialect: str = "duckdb") -> str:
    """Print a tree as SQL of `dialect` (a name that sqlglot knows); facts are quoted column names.

    Whole numbers are calculated in 128 bits or 38 digits, so that nothing overflows; the result has that type.
    """
    return _Printer(dialect).expression(tree).sql(dialect=dialect)


@cache
def _grammar() -> tuple[type[Tokenizer], type[Parser]]:
    """Make the tokenizer and parser of this language.

    They know few keywords, so that a fact may be called `date`, `comment` or `group`, and no function, so that a
    function is its name and arguments, whatever SQL means by it elsewhere.
    """
    try:
        from sqlglot.parser import Parser
        from sqlglot.tokenizer_core import TokenType
        from sqlglot.tokens import Tokenizer
    except ModuleNotFoundError as error:
        raise MissingExtraError("sqlglot", "cli") from error

    keywords = ("AND", "OR", "NOT", "IN", "IS", "BETWEEN", "NULL", "TRUE", "FALSE")
    # These are known only to be refused by name: nothing in a predicate is skipped as a comment.
    refused = ("==", "=>", "=<", "&&", "||", "::", "--", "/*", "//", "**", "~~")

    class PredicateTokenizer(Tokenizer):
        KEYWORDS: ClassVar[dict[str, TokenType]] = {
            **{word: TokenType[word] for word in keywords},
            **{"<=": TokenType.LTE, ">=": TokenType.GTE, "<>": TokenType.NEQ, "!=": TokenType.NEQ},  # noqa: PIE800
            **dict.fromkeys(refused, TokenType.UNKNOWN),
        }
        COMMENTS: ClassVar[list[str | tuple[str, str]]] = []
        COMMANDS: ClassVar[set[TokenType]] = set()

    class PredicateParser(Parser):
        FUNCTIONS: ClassVar[dict[str, Callable[..., exp.Expr]]] = {}

    return PredicateTokenizer, PredicateParser


def _lex(text: str, allowed: Collection[str], where: str) -> tuple[list[Token], list[Word]]:
    """Give the tokens of `text`, and beside each its word, once their shape is known to be right."""
    tokenizer, _ = _grammar()
    from sqlglot.errors import TokenError
    from sqlglot.tokenizer_core import TokenType

    kinds = {
        TokenType.NUMBER: Kind.NUMBER,
        TokenType.STRING: Kind.TEXT,
        TokenType.VAR: Kind.NAME,
        TokenType.IDENTIFIER: Kind.QUOTED,
    }
    try:
        tokens = tokenizer().tokenize(text)
    except TokenError:
        raise _open_quote(text, where) from None
    words = []
    for token in tokens:
        written = text[token.start : token.end + 1]
        is_keyword = token.token_type not in kinds and written[0].isalpha()
        kind = Kind.KEYWORD if is_keyword else kinds.get(token.token_type, Kind.MARK)
        words.append(Word(kind, written.upper() if is_keyword else written, token.start, token.end + 1))
    return tokens, check_shape(text, words, allowed, where=where)


def _open_quote(text: str, where: str) -> PredicateError:
    """Make the error for a quote that is never closed, which is the one thing that the tokenizer refuses."""
    quotes = re.finditer(r"""'(?:[^']|'')*('|\Z)|"[^"]*("|\Z)""", text)
    at = next((quote.start() for quote in quotes if not quote[1] and not quote[2]), 0)
    hint = "close it with a single quote; inside a text, write '' for one"
    return PredicateError("this quote is never closed", text=text, at=at, hint=hint, where=where)


class _Reader:
    """Read one text into a tree, with types."""

    def __init__(
        self,
        text: str,
        types: Mapping[str, FactType],
        message: Mapping[str, FactType],
        ownership: Ownership,
        where: str,
        allowed: Collection[str],
    ) -> None:
        self.text, self.where, self.ownership = text, where, ownership
        self.types = {CLOCK: FactType.TIMESTAMP, **types}
        self.message = message
        self.parsed = self.parse(allowed)

    def parse(self, allowed: Collection[str]) -> exp.Expr:
        """Parse the text, once its shape is known to be right."""
        tokens, words = _lex(self.text, allowed, self.where)
        from sqlglot.errors import ParseError
        from sqlglot.tokenizer_core import Token, TokenType

        for index, (token, word) in enumerate(zip(tokens, words, strict=True)):
            if word.kind in (Kind.FACT, Kind.MESSAGE, Kind.FUNCTION, Kind.TYPE):
                kind = TokenType[word.text.upper()] if word.kind is Kind.TYPE else TokenType.IDENTIFIER
                tokens[index] = Token(kind, token.text, token.line, token.col, token.start, token.end)
        _, parser = _grammar()
        try:
            (parsed,) = parser().parse(tokens, self.text)
        except ParseError:
            parsed = None
        if parsed is None:
            raise self.error("this is not understood", 0, "put brackets round its parts")
        return parsed

    def condition_of(self, node: exp.Expr) -> Tree:
        """Give the tree of a node that must be a condition."""
        return self.built([node], typed.condition, self.term_of(node))

    def term_of(self, node: exp.Expr) -> Term:
        """Give the tree and type of a node."""
        from sqlglot import exp

        match node:
            case exp.Paren():
                return self.term_of(node.this)
            case exp.And() | exp.Or():
                join = conjoin if isinstance(node, exp.And) else disjoin
                return _truth(join(*(self.condition_of(part) for part in node.flatten(unnest=False))))
            case exp.Not():
                return _truth(negate(self.condition_of(node.this)))
            case exp.Column():
                return self.message_field(node) if node.table else self.fact(node.name, _place(node))
            case exp.Literal() | exp.Boolean() | exp.Neg() | exp.Cast():
                return self.literal(node)
            case exp.Is() if isinstance(node.expression, exp.Null):
                return _truth(self.built([node.this], typed.is_known, self.term_of(node.this), "is_null"))
            case exp.Is():
                return _truth(["is_true" if node.expression.this else "is_false", self.condition_of(node.this)])
            case exp.In():
                operand, items = self.term_of(node.this), [self.literal(item) for item in node.expressions]
                return _truth(self.built([node.this, *node.expressions], typed.among, operand, items))
            case exp.Between():
                operand, (low, high) = self.term_of(node.this), (node.args["low"], node.args["high"])
                at_least = self.built([low], typed.compare, ">=", operand, self.term_of(low))
                return _truth(conjoin(at_least, self.built([high], typed.compare, "<=", operand, self.term_of(high))))
            case exp.Anonymous():
                return self.function(node)
            case exp.Binary() if type(node) in _signs():
                sign, places = _signs()[type(node)], [node.left, node.right]
                operands = self.term_of(node.left), self.term_of(node.right)
                if sign in ARITHMETIC:
                    return self.built(places, typed.calculate, sign, *operands)
                return _truth(self.built(places, typed.compare, sign, *operands))
        raise self.error("this is not understood", _place(node), "put brackets round its parts")

    def built(self, places: Sequence[exp.Expr], build: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Build a node; what does not fit together is an error at one of the operands' places."""
        try:
            return build(*args, **kwargs)
        except Mismatch as mismatch:
            raise self.error(mismatch.what, _place(places[mismatch.operand]), mismatch.hint) from None

    def fact(self, name: str, at: int) -> Term:
        """Look up a fact."""
        if name in self.types:
            return Term(["fact", name, self.types[name].value], self.types[name])
        hint = _did_you_mean(name, self.types)
        hint = hint or f"text stands in single quotes: '{name}'; `contextmail facts describe` lists the facts"
        raise self.error(f"unknown fact {name}", at, hint)

    def message_field(self, node: exp.Column) -> Term:
        """Look up a field of the message."""
        name = node.name
        if name in self.message:
            return Term(["message", name, self.message[name].value], self.message[name])
        if not self.message:
            raise self.error("nothing is known of the message here", _place(node), "only a policy asks of the message")
        hint = _did_you_mean(name, self.message) or f"the fields are {', '.join(sorted(self.message))}"
        raise self.error(f"unknown field of the message: {name}", _place(node), hint)

    def function(self, node: exp.Anonymous) -> Term:
        """Give the value of a function."""
        terms = [self.term_of(argument) for argument in node.expressions]
        behind = [self.fact(name, _place(node)) for name in calls.facts_behind(node.name, self.ownership)]
        return self.built(node.expressions, calls.call, node.name, terms, behind)

    def literal(self, node: exp.Expr) -> Term:
        """Give a number, text, date, timestamp, TRUE or FALSE."""
        from sqlglot import exp

        match node:
            case exp.Neg():
                tree, kind = self.literal(node.this)
                return Term(["lit", -tree[1], kind.value], kind)
            case exp.Boolean():
                return _truth(["lit", bool(node.this), FactType.BOOL.value])
            case exp.Cast():
                kind = FactType.DATE if node.is_type("DATE") else FactType.TIMESTAMP
                return self.built([node], literals.moment, kind, node.this.name)
        if node.is_string:
            return Term(["lit", node.name, FactType.TEXT.value], FactType.TEXT)
        return self.built([node], literals.number, node.name)

    def error(self, what: str, at: int, hint: str) -> PredicateError:
        return PredicateError(what, text=self.text, at=at, hint=hint, where=self.where)


@cache
def _signs() -> dict[type[exp.Expr], str]:
    from sqlglot import exp

    kinds = (exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE, exp.Add, exp.Sub, exp.Mul)
    return dict(zip(kinds, (*COMPARISONS, *ARITHMETIC), strict=True))


def _truth(tree: Tree) -> Term:
    return Term(tree, FactType.BOOL)


def _place(node: exp.Expr) -> int:
    """Give the offset of a node's first word; TRUE and FALSE have none and take that of what they stand in."""
    here: exp.Expr | None = node
    while here is not None:
        starts = [part.meta["start"] for part in here.walk() if "start" in part.meta]
        if starts:
            return int(min(starts))
        here = here.parent
    return 0


def _did_you_mean(name: str, known: Mapping[str, FactType]) -> str:
    same = [other for other in known if other.lower() == name.lower()]
    near = same or get_close_matches(name, known, n=1, cutoff=0.7)
    return f"did you mean {near[0]}?" if near else ""


class _Printer:
    """Print a tree as SQL."""

    def __init__(self, dialect: str) -> None:
        self.whole = "HUGEINT" if dialect == "duckdb" else "DECIMAL(38, 0)"
        self.keeps_unknown = dialect in ("duckdb", "spark", "databricks")

    def expression(self, tree: Tree) -> exp.Expr:
        """Give the expression of a tree."""
        from sqlglot import exp

        match tree:
            case ["lit", value, kind]:
                return self.literal(value, kind)
            case ["null"]:
                return exp.null()
            case ["fact", name, _]:
                return exp.column(name, quoted=True)
            case ["and" | "or" as op, *parts]:
                join = exp.and_ if op == "and" else exp.or_
                return join(*(self.expression(part) for part in parts), copy=False)
            case ["not", operand]:
                return exp.not_(self.operand(operand), copy=False)
            case ["is_true", operand]:
                return self.or_false(self.expression(operand))
            case ["is_false", operand]:
                return self.or_false(exp.not_(self.operand(operand), copy=False))
            case ["is_null", operand]:
                return exp.Is(this=self.operand(operand), expression=exp.null())
            case ["known", operand]:
                return exp.not_(exp.Is(this=self.operand(operand), expression=exp.null()), copy=False)
            case ["in", operand, items]:
                return exp.In(this=self.operand(operand), expressions=[self.expression(item) for item in items])
            case ["contains", container, text]:
                return self.contains(self.expression(container), self.expression(text))
            case ["starts_with", text, beginning]:
                return exp.StartsWith(this=self.expression(text), expression=self.expression(beginning))
            case ["float", operand]:
                return exp.cast(self.expression(operand), "DOUBLE")
            case ["days_since", operand, clock]:
                today, day = (exp.cast(self.expression(moment), "DATE") for moment in (clock, operand))
                return exp.DateDiff(this=today, expression=day, unit=exp.var("DAY"))
        binary = {sign: kind for kind, sign in _signs().items()}.get(tree[0])
        if binary is None:
            raise ValueError(f"this cannot be printed as SQL: {tree[0]!r}; a message's fields are bound first")
        operand = self.exact if tree[0] in ARITHMETIC else self.operand
        return binary(this=operand(tree[1]), expression=operand(tree[2]))

    def operand(self, tree: Tree) -> exp.Expr:
        """Give an operand, in brackets unless it is a name, value or function."""
        from sqlglot import exp

        expression = self.expression(tree)
        return (
            expression if tree[0] in ("lit", "null", "fact", "float", "contains") else exp.paren(expression, copy=False)
        )

    def exact(self, tree: Tree) -> exp.Expr:
        """Give an operand of a calculation; a whole number of 64 bits is widened, so that the result fits."""
        from sqlglot import exp

        if tree[0] in ("fact", "days_since") and tree[-1] != FactType.FLOAT.value:
            return exp.cast(self.expression(tree), self.whole, dialect="duckdb")
        return self.operand(tree)

    def contains(self, container: exp.Expr, text: exp.Expr) -> exp.Expr:
        """Look into a set; what sqlglot prints for some engines makes an unknown set an empty one."""
        from sqlglot import exp

        found = exp.ArrayContains(this=container, expression=text)
        if self.keeps_unknown:
            return found
        unknown = exp.or_(*(exp.Is(this=operand.copy(), expression=exp.null()) for operand in (container, text)))
        return exp.case().when(unknown, exp.null()).else_(found)

    def or_false(self, expression: exp.Expr) -> exp.Expr:
        """Make unknown FALSE; `IS TRUE` is not in every engine, and sqlglot drops it for those."""
        from sqlglot import exp

        return exp.Coalesce(this=expression, expressions=[exp.false()])

    def literal(self, value: Any, kind: str) -> exp.Expr:
        """Give a literal; a fraction with its exponent, for without one it is a DECIMAL to most engines."""
        from sqlglot import exp

        if kind == "bool":
            return exp.Boolean(this=value)
        if kind == "text":
            return exp.Literal.string(value)
        if kind in ("date", "timestamp"):
            return exp.cast(exp.Literal.string(value), "DATE" if kind == "date" else "TIMESTAMP", dialect="duckdb")
        digits = repr(abs(value))
        number = exp.Literal.number(digits if kind == "int" or "e" in digits else f"{digits}e0")
        return exp.paren(exp.Neg(this=number)) if value < 0 else number
