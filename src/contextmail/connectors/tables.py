"""A pulled folder as tables of facts: Parquet files, and the mapping that `[tables.*]` would hold by hand."""

from __future__ import annotations

import json
import re
from pathlib import Path

from contextmail.connectors.base import AudienceField
from contextmail.engines.base import Engine, literal, quoted
from contextmail.errors import ConfigurationError
from contextmail.model.tables import TableMapping

_CUSTOMER = "customer email status phone country time_zone joined_at changed_at account account_owner".split()
_CONSENT = "customer endpoint channel purpose status at source".split()
_ORDER = "customer order line product product_name quantity price currency at".split()
_PRODUCT = "product name category url".split()
_TOUCH = "customer at channel campaign".split()
_SEEN = "delivered opened clicked".split()
_FIRST_NAME = ("FNAME", "firstname")
_IDENTITY = {"hs_additional_emails": "other_emails", "hs_merged_object_ids": "merged_ids"}
"""Contact fields that say by which other addresses and ids a contact goes."""
_OURS = re.compile(r"CM_?[A-Z2-7]{8}", re.IGNORECASE)
"""Contact fields that a run wrote: what was decided is no fact about anybody."""


def tables(engine: Engine, folder: Path) -> dict[str, TableMapping]:
    """Write a Parquet file for each stream of a pulled folder, and map it as a table of facts.

    Each contact field becomes a column by its tag in lower case, and so a fact; a text field `FNAME` or `firstname` is
    the first name, a phone field the number where the contact has none for SMS. Raises ConfigurationError where no
    contacts are.
    """
    if not _has(folder, "customers"):
        raise ConfigurationError("no contacts were pulled into this folder", where=str(folder), cure="contextmail pull")
    makers = {"orders": _orders, "products": _products, "touches": _touches}
    found = {"customers": _customers(engine, folder), "consents": _consents(engine, folder)}
    return found | {name: make(engine, folder) for name, make in makers.items() if _has(folder, name)}


def _customers(engine: Engine, folder: Path) -> TableMapping:
    fields = [AudienceField(**field) for field in json.loads((folder / "fields.json").read_text(encoding="utf-8"))]
    phones = [field for field in fields if field.type == "phone"]
    own = {_column(field): _value(field) for field in fields if field not in phones and not _OURS.fullmatch(field.tag)}
    plain = {name: f"nullif({quoted(name)}, '')" for name in _CUSTOMER}
    plain["phone"] = f"coalesce({', '.join([plain['phone'], *map(_value, phones)])})"
    columns = {**_text(_CUSTOMER), "tags": "VARCHAR[]", "fields": "MAP(VARCHAR, VARCHAR)"}
    # Those who left come along with what changed; what they are no longer part of is the audience.
    sql = (
        f"SELECT {_select(plain | {'tags': 'tags'} | own)} FROM ({_latest(folder, 'customers', columns, ['customer'])})"
    )
    path = _parquet(engine, folder, "customers", f"{sql} WHERE status <> 'archived'")
    roles = {"customer": "customer", "email": "email", "since": "joined_at"}
    names = dict.fromkeys(_FIRST_NAME, "first_name")
    roles |= {names[one.tag]: _column(one) for one in fields if one.tag in names and one.type == "text"}
    roles |= {_IDENTITY[one.tag]: _column(one) for one in fields if one.tag in _IDENTITY}
    return TableMapping(path=path, columns=roles)


def _consents(engine: Engine, folder: Path) -> TableMapping:
    """Put what contacts say, the latest of each, and what was told elsewhere into one table."""
    columns = _text(_CONSENT)
    parts = [_latest(folder, "statuses", columns, ["customer", "channel"])]
    if _has(folder, "consents"):
        parts.append(_read(folder, "consents", columns))
    plain = {name: f"nullif({quoted(name)}, '')" for name in _CONSENT}
    sql = " UNION ".join(f"SELECT {_select(plain)} FROM ({part})" for part in parts)
    roles = {name: name for name in ("customer", "channel", "purpose", "status", "at")}
    return TableMapping(path=_parquet(engine, folder, "consents", sql), columns=roles | {"obtained": "source"})


def _orders(engine: Engine, folder: Path) -> TableMapping:
    plain = {name: f"nullif({quoted(name)}, '')" for name in _ORDER} | {"is_return": "is_return"}
    rows = _latest(folder, "orders", _text(_ORDER) | {"is_return": "BOOLEAN"}, ["order", "line"])
    path = _parquet(engine, folder, "orders", f"SELECT {_select(plain)} FROM ({rows})")
    roles = {name: name for name in _ORDER if name != "currency"}
    return TableMapping(path=path, columns=roles, currency="currency", is_return="is_return")


def _products(engine: Engine, folder: Path) -> TableMapping:
    plain = {name: f"nullif({quoted(name)}, '')" for name in _PRODUCT}
    path = _parquet(
        engine, folder, "products", f"SELECT {_select(plain)} FROM ({_read(folder, 'products', _text(_PRODUCT))})"
    )
    return TableMapping(path=path, columns={name: name for name in ("product", "name", "category")} | {"page": "url"})


def _touches(engine: Engine, folder: Path) -> TableMapping:
    columns = _text(_TOUCH) | dict.fromkeys(_SEEN, "BOOLEAN")
    plain = {name: quoted(name) for name in columns}
    path = _parquet(engine, folder, "touches", f"SELECT {_select(plain)} FROM ({_read(folder, 'touches', columns)})")
    return TableMapping(path=path, columns={name: name for name in columns if name != "campaign"})


def _has(folder: Path, stream: str) -> bool:
    return any((folder / stream).glob("*.jsonl"))


def _text(names: list[str]) -> dict[str, str]:
    return dict.fromkeys(names, "VARCHAR")


def _column(field: AudienceField) -> str:
    """Name a field's column; one that a contact's own column has is told apart."""
    name = field.tag.lower()
    return f"field_{name}" if name in (*_CUSTOMER, "tags") else name


def _value(field: AudienceField) -> str:
    return f"nullif(fields[{literal(field.tag)}], '')"


def _select(columns: dict[str, str]) -> str:
    return ", ".join(f"{sql} AS {quoted(name)}" for name, sql in columns.items())


def _read(folder: Path, stream: str, columns: dict[str, str]) -> str:
    """Write the SELECT of all rows of a stream; `file` names the pull that each is of."""
    types = ", ".join(f"{quoted(name)}: {literal(type_)}" for name, type_ in columns.items())
    return (
        f"SELECT {', '.join(map(quoted, columns))}, filename AS file FROM read_json("
        f"{literal(f'{folder.resolve()}/{stream}/*.jsonl')}, format='newline_delimited', filename=true,"
        f" columns={{{types}}})"
    )


def _latest(folder: Path, stream: str, columns: dict[str, str], key: list[str]) -> str:
    """Write the SELECT of one row for each key: that of the latest pull."""
    return (
        f"SELECT * EXCLUDE (file) FROM ({_read(folder, stream, columns)})"
        f" QUALIFY row_number() OVER (PARTITION BY {', '.join(map(quoted, key))} ORDER BY file DESC) = 1"
    )


def _parquet(engine: Engine, folder: Path, name: str, sql: str) -> str:
    path = folder.resolve() / f"{name}.parquet"
    engine.rows(f"COPY ({sql}) TO {literal(str(path))} (FORMAT parquet)")
    return str(path)
