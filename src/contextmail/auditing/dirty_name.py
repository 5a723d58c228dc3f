"""The check dirty-name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from contextmail.auditing.base import Room, Unlooked
from contextmail.auditing.name_fields import NameFields, name_fields
from contextmail.engines.base import literal
from contextmail.engines.lines import load_lines, pages
from contextmail.language.dirty_names import dirt, full_dirt

_COLUMNS = {
    "number": "VARCHAR", "field": "VARCHAR", "value": "VARCHAR", "what": "VARCHAR", "mended": "VARCHAR",
    "certain": "BOOLEAN",
}  # fmt: skip


class DirtyName:
    """Names as nobody is called: capitals, titles, couples, companies, addresses, placeholders, emoji."""

    name = "dirty-name"

    def find(self, room: Room) -> str | Unlooked:
        """Judge each distinct name once; an address in a name field is emptied only where it is the contact's own."""
        names = name_fields(room.fields, room.settings.fields)
        if not any(names):
            return Unlooked('no field holds names: say which one, [fields] TAG = "first_name"')
        given = ", ".join(f"{_value(tag)} AS {kind}_" for kind, tag in names._asdict().items())
        room.engine.rows(
            "CREATE TEMP TABLE names AS SELECT printf('%012d', row_number() OVER ()) AS number, *"
            f" FROM (SELECT DISTINCT {given} FROM contacts)"
        )
        load_lines(room.engine, "dirt", _COLUMNS, _judged(room, names), room.temp)
        same = " AND ".join(f"{_value(tag)} = {kind}_" for kind, tag in names._asdict().items())
        return (
            "SELECT c.key, d.what, d.field, d.value, d.mended,"
            " d.certain AND (d.what <> 'address' OR lower(trim(d.value)) = lower(trim(c.email))) AS certain"
            f" FROM contacts c JOIN names ON {same} JOIN dirt d USING (number)"
        )


def _value(tag: str) -> str:
    return f"coalesce(fields[{literal(tag)}], '')" if tag else "''"


def _judged(room: Room, names: NameFields) -> Iterator[Mapping[str, Any]]:
    known: dict[str, int] = dict(
        room.engine.rows(
            "SELECT lower(trim(first_)), count(*) FROM (SELECT "
            f"{_value(names.first)} AS first_ FROM contacts) WHERE first_ NOT LIKE '% %' GROUP BY ALL"
        )
    )
    for number, first, last, full in pages(room.engine, "names", "number"):
        values = {"first": first, "last": last, "full": full}
        for one in [*dirt(first, last, known), *full_dirt(full)]:
            tag = getattr(names, one.field)
            if tag:
                yield {
                    "number": number,
                    "field": tag,
                    "value": values[one.field],
                    "what": one.what,
                    "mended": one.mended,
                    "certain": one.certain,
                }
