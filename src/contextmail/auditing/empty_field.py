"""The check empty-field."""

from __future__ import annotations

from contextmail.auditing.base import Room
from contextmail.connectors.base import AudienceField
from contextmail.engines.lines import load_lines
from contextmail.model.plan import FIELD_NAME

_FEW = 0.01


class EmptyField:
    """Contact fields that hold nothing, or hardly anything; contextmail's own are `contextmail tidy`'s matter."""

    name = "empty-field"

    def find(self, room: Room) -> str:
        """Give the fields of nobody, and those of fewer than one contact in a hundred."""
        own = ({"tag": field.tag} for field in room.fields if _is_own(field))
        load_lines(room.engine, "own_fields", {"tag": "VARCHAR"}, own, room.temp)
        return (
            "SELECT '' AS key, CASE WHEN n IS NULL THEN 'nobody has it' ELSE 'under 1% of the contacts have it' END"
            " AS what, tag AS field, coalesce(n, 0)::VARCHAR AS value, NULL AS mended, false AS certain"
            " FROM own_fields LEFT JOIN (SELECT entry.key AS tag, count(*) AS n"
            " FROM (SELECT unnest(map_entries(fields)) AS entry FROM contacts) WHERE trim(entry.value) <> '' GROUP BY 1)"
            f" USING (tag) WHERE coalesce(n, 0) < {_FEW} * (SELECT count(*) FROM contacts)"
        )


def _is_own(field: AudienceField) -> bool:
    """Say whether it is the company's field: neither ours, nor the platform's, nor one that nobody can fill."""
    ours = field.name == FIELD_NAME.format(tag=field.tag)
    return not ours and not field.tag.startswith("hs_") and field.type != "read only"
