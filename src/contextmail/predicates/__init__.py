"""The predicate language: conditions over the facts of one customer, as SQL text, as data, and as a function.

`contextmail.predicates.sqltext` reads and prints SQL; what is named here works on the compiled tree, with the standard
library alone.
"""

from contextmail.predicates.tree import (
    FALSE,
    TRUE,
    UNKNOWN,
    Tree,
    bind,
    compile_function,
    conjoin,
    describe,
    disjoin,
    facts_of,
    negate,
)

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
    "negate",
]
