"""The parameters `fields` and `exclude_fields`: which parts of an answer a client wants."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from contextmail.sandbox.mailchimp.problems import Problem


def shaped(document: Any, query: Mapping[str, str]) -> Any:
    """Keep the `fields`, or leave out the `exclude_fields`, as dotted paths. Raises Problem."""
    wanted, unwanted = query.get("fields"), query.get("exclude_fields")
    if wanted and unwanted:
        raise Problem(400, "Requested Fields Invalid", "You can only use one of 'fields' or 'exclude_fields'.")
    if wanted:
        return _kept(document, _tree(wanted, document))
    if unwanted:
        return _without(document, _tree(unwanted, document))
    return document


_Tree = dict[str, "_Tree"]


def _tree(paths: str, document: Any) -> _Tree:
    """Read dotted paths; a path that ends covers everything below it."""
    tree: _Tree = {}
    for path in paths.split(","):
        names = path.strip().split(".")
        # Only the first name can be known wrong: further down a field may be left out where it is empty.
        if names[0] not in document and names[0] != "_links":
            raise Problem(400, "Requested Fields Invalid", f"The requested field {names[0]!r} does not exist.")
        branch = tree
        for name in names:
            branch = branch.setdefault(name, {})
    return tree


def _kept(value: Any, tree: _Tree) -> Any:
    if not tree:
        return value
    if isinstance(value, list):
        return [_kept(item, tree) for item in value]
    if isinstance(value, dict):
        return {name: _kept(value[name], branch) for name, branch in tree.items() if name in value}
    return value


def _without(value: Any, tree: _Tree) -> Any:
    if isinstance(value, list):
        return [_without(item, tree) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        name: _without(item, tree[name]) if name in tree else item
        for name, item in value.items()
        if name not in tree or tree[name]
    }
