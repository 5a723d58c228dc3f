"""The check same-person."""

from __future__ import annotations

from contextmail.auditing.base import Room, Unlooked
from contextmail.auditing.name_fields import name_fields
from contextmail.engines.base import literal


class SamePerson:
    """Contacts that may be one person under two addresses: hints, which no program may act on."""

    name = "same-person"

    def find(self, room: Room) -> str | Unlooked:
        """Give contacts of one name that share a number, or a mailbox but for dots and `+tags`."""
        names = [tag for tag in name_fields(room.fields, room.settings.fields) if tag]
        if not names:
            return Unlooked("no field holds names")
        name = " || ' ' || ".join(f"coalesce(fields[{literal(tag)}], '')" for tag in names)
        room.engine.rows(
            f"CREATE TEMP TABLE persons AS SELECT key, email, address, phone, lower(trim({name})) AS name,"
            " replace(split_part(split_part(address, '@', 1), '+', 1), '.', '') || '@' || split_part(address, '@', 2)"
            " AS mailbox FROM contacts"
        )
        return " UNION ALL ".join(
            f"SELECT key, {literal(what)} AS what, 'address' AS field, email AS value, NULL AS mended, false AS certain"
            f" FROM persons WHERE name <> '' AND {column} IS NOT NULL"
            f" QUALIFY count(*) OVER (PARTITION BY name, {column}) > 1"
            f" AND min(address) OVER (PARTITION BY name, {column}) <> max(address) OVER (PARTITION BY name, {column})"
            for column, what in (("phone", "one name and number"), ("mailbox", "one name and mailbox"))
        )
