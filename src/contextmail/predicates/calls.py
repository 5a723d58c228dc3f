"""The functions of the language: their names, what they take and what they give."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from contextmail.model.fact import FactType
from contextmail.predicates import typed
from contextmail.predicates.tree import disjoin
from contextmail.predicates.typed import Mismatch, Term

Ownership = Literal["person", "account"]
"""Whose products `owns` looks at: the person's, or those of the account (the company) as well."""

EXAMPLES = {
    "known": "as in known(tier)",
    "contains": "as in contains(owned_products, 'X')",
    "owns": "as in owns('X')",
    "owns_category": "as in owns_category('garden')",
    "days_since": "as in days_since(last_order)",
    "starts_with": "as in starts_with(invoice, 'C')",
}
_OWNED = {"owns": ("owned_products", "account_owned_products"), "owns_category": ("owned_categories",)}


def allowed(*, starts_with: bool) -> tuple[str, ...]:
    """List the functions that a text may use."""
    return tuple(name for name in EXAMPLES if starts_with or name != "starts_with")


def facts_behind(function: str, ownership: Ownership) -> tuple[str, ...]:
    """List the facts that a function reads besides those in its brackets."""
    facts = _OWNED.get(function, ())
    return facts if ownership == "account" else facts[:1]


def call(function: str, terms: Sequence[Term], behind: Sequence[Term]) -> Term:
    """Give the value of a function; `behind` are the terms of `facts_behind`. Raises Mismatch."""
    wanted = 2 if function in ("contains", "starts_with") else 1
    if len(terms) != wanted:
        raise Mismatch(f"{function}() takes {wanted} value{'s'[: wanted - 1]}, not {len(terms)}", EXAMPLES[function])
    match function:
        case "days_since":
            return typed.days_since(terms[0])
        case "known":
            tree = typed.is_known(terms[0], "known")
        case "contains":
            tree = typed.look_into(terms[0], terms[1])
        case "starts_with":
            tree = typed.begins(terms[0], terms[1])
        case _:
            tree = disjoin(*(typed.look_into(owned, terms[0]) for owned in behind))
    return Term(tree, FactType.BOOL)
