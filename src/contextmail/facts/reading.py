"""Read a mapped table: one typed column per role, rows that hold, and a list of those that are broken."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from contextmail.engines.base import Engine, Row, literal, quoted
from contextmail.errors import ConfigurationError, did_you_mean
from contextmail.facts import columns
from contextmail.facts.rejects import Broken, find_lines
from contextmail.facts.roles import ROLES, Kind, Role
from contextmail.facts.sources import Source, open_source, place, rejects
from contextmail.model.fact import FactType
from contextmail.model.tables import TableMapping

CONDITIONS = ("is_return", "is_product")
CURRENCY = re.compile(r"[A-Z]{3}")


@dataclass(slots=True)
class Table:
    """A table as the facts see it: `relation` has a column for each role in `roles`, and only rows that hold."""

    name: str
    mapping: TableMapping
    source: Source
    relation: str
    roles: dict[str, str]
    """Role -> the engine's type of its column."""
    rows: int = 0
    """Rows read, before the broken ones were set apart."""
    further: dict[str, FactType] = field(default_factory=dict)
    """Of customers: the columns that no role takes."""
    broken: list[Broken] = field(default_factory=list)
    broken_count: int = 0

    def has(self, *roles: str) -> bool:
        """Say whether each of these roles is mapped."""
        return all(role in self.roles for role in roles)

    def column(self, role: str, otherwise: str = "NULL") -> str:
        """Give the column of a role as SQL, or `otherwise`."""
        return quoted(role) if role in self.roles else otherwise

    def said(self, *roles: str) -> str:
        """Name the table and the columns behind roles, as a person would: `orders (InvoiceNo, Quantity)`."""
        columns_used = [self.mapping.columns.get(role, role) for role in roles if role in self.roles]
        return f"{self.name} ({', '.join(columns_used)})" if columns_used else self.name


def read_table(
    engine: Engine, name: str, mapping: TableMapping, *, folder: Path, temp: Path, bad_row_limit: int, of: str = ""
) -> Table:
    """Read a table's mapping, and set broken rows apart; `of` names the system that it is of, if there are several.

    Raises ConfigurationError for an unknown role or column, a condition that does not fit, or more broken rows than
    `bad_row_limit`.
    """
    wanted = None if name == "customers" else "\n".join([*mapping.columns.values(), *_conditions(mapping).values()])
    label = f"systems.{of}.{name}" if of else name
    reader = _Reader(engine, name, mapping, open_source(engine, label, mapping, folder, temp, wanted))
    table = reader.table()
    _check_rows(engine, table, reader, bad_row_limit)
    return table


def _conditions(mapping: TableMapping) -> dict[str, str]:
    texts = {key: getattr(mapping, key) for key in ("where", *CONDITIONS)}
    if mapping.currency and not CURRENCY.fullmatch(mapping.currency):
        texts["currency"] = mapping.currency
    texts |= {f"learned_{fact}": column for fact, column in mapping.learned.items()}
    return {key: text for key, text in texts.items() if text}


class _Reader:
    """Turn a mapping into SQL."""

    def __init__(self, engine: Engine, name: str, mapping: TableMapping, source: Source) -> None:
        self.engine, self.name, self.mapping, self.source = engine, name, mapping, source
        self.known, self.place = ROLES[name], place(source.table)
        self.mapped = {role: text.strip() for role, text in mapping.columns.items()}
        # Whoever writes a SELECT names its columns; of customers every column is a fact, so a role takes its namesake.
        if mapping.sql or mapping.query or name == "customers":
            taken = {*self.mapped, *self.mapped.values()}
            self.mapped |= {role: role for role in self.known if role in source.columns and role not in taken}
        self._inferred: dict[str, FactType] = {}
        self.checks: dict[str, str] = {}
        """Role -> SQL that is true of a row in which it is broken."""

    def table(self) -> Table:
        """Make the relation of the rows that hold, one column per role."""
        self._refuse_unknown()
        selected: dict[str, str] = {}
        for role, text in self.mapped.items():
            known = self.known.get(role)
            selected[role] = self._role(role, text, known.kind) if known else self._fact(role, text)
        for key, text in _conditions(self.mapping).items():
            if key in CONDITIONS:
                selected[key] = self._condition(text, key)
            elif key == "currency":
                selected[key] = f"upper(nullif(trim({self._bare(text, key)}::VARCHAR), ''))"
            elif key.startswith("learned_"):
                selected[key] = self._role(key, text, Kind.MOMENT)
        further = self._further() if self.name == "customers" else {}
        for column, type_ in further.items():
            if column not in selected:
                selected[column] = columns.as_fact(_raw(column), self.source.columns[column], type_)
        for role, text in self.mapped.items():
            if role not in self.known:
                further[role] = self._value_type(role, text)
        relation = quoted(f"in_{self.source.table}")
        body = ", ".join(f"{sql} AS {quoted(role)}" for role, sql in selected.items())
        where = f" WHERE {self._condition(self.mapping.where, 'where')}" if self.mapping.where else ""
        self.all_rows = f"(SELECT * FROM {self._typed()}{where})"
        broken = " OR ".join(f"coalesce({check}, false)" for check in self.checks.values()) or "false"
        # What had to be read from text is read once.
        kind = "TABLE" if columns.TEXT in self.source.columns.values() else "VIEW"
        self.engine.rows(f"CREATE TEMP {kind} {relation} AS SELECT {body} FROM {self.all_rows} WHERE NOT ({broken})")
        types = {str(row[0]): str(row[1]) for row in self.engine.rows(f"DESCRIBE SELECT * FROM {relation}")}
        return Table(self.name, self.mapping, self.source, relation, types, further=further)

    def _refuse_unknown(self) -> None:
        if self.name != "customers":
            for role in self.mapped:
                if role not in self.known:
                    cure = did_you_mean(role, self.known) or f"one of {', '.join(self.known)}"
                    raise ConfigurationError(f"unknown role {role!r}", where=self.place, cure=cure)
        for role, how in self.known.items():
            if how.must and role not in self.mapped:
                cure = f"add {role} = … to {self.place}"
                raise ConfigurationError(f"no column is mapped as {role!r}", where=self.place, cure=cure)

    def _role(self, role: str, text: str, kind: Kind) -> str:
        """Write a role's value as SQL, and note what breaks a row."""
        if text in self.source.columns:
            raw, source_type = _raw(text), self.source.columns[text]
            sql = columns.as_role(raw, source_type, kind, self.mapping.dates)
        else:
            raw = self._expression(text, role)
            sql = columns.as_role(f"({raw})", self._sql_type(raw), kind, self.mapping.dates)
            source_type = "expression"
        how = self.known.get(role, Role(kind))
        if how.needed:
            self.checks[role] = f"({sql}) IS NULL"
        elif source_type == columns.TEXT and kind not in (Kind.ID, Kind.TEXT, Kind.CHANNEL):
            self.checks[role] = f"nullif({raw}, '') IS NOT NULL AND ({sql}) IS NULL"
        return sql

    def _fact(self, role: str, text: str) -> str:
        """Write a further fact of customers, mapped under a name of its own."""
        type_ = self._value_type(role, text)
        if text in self.source.columns:
            return columns.as_fact(_raw(text), self.source.columns[text], type_)
        sql = self._expression(text, role)
        return columns.as_fact(f"({sql})", self._sql_type(sql), type_)

    def _value_type(self, role: str, text: str) -> FactType:
        from contextmail.predicates.sqltext import parse_value

        if text in self.source.columns:
            return self._types(text)[text]
        return parse_value(text, self._types(text), where=f"{self.place} {role}")[1]

    def _further(self) -> dict[str, FactType]:
        """Give the columns of customers that no role takes, with their types."""
        taken = {*self.mapped, *self.mapped.values()}
        return {column: type_ for column, type_ in self._types().items() if column not in taken}

    def _bare(self, text: str, key: str) -> str:
        return _raw(text) if text in self.source.columns else self._expression(text, key)

    def _condition(self, text: str, key: str) -> str:
        from contextmail.predicates.sqltext import parse, to_sql

        if text in self.source.columns:
            source_type = self.source.columns[text]
            return f"coalesce({columns.as_role(_raw(text), source_type, Kind.BOOL)}, false)"
        tree = parse(text, self._types(text), starts_with=True, where=f"{self.place} {key}")
        return f"coalesce({to_sql(tree)}, false)"

    def _expression(self, text: str, key: str) -> str:
        from contextmail.predicates.sqltext import parse_value, to_sql

        where = f"{self.place} {key}"
        if re.fullmatch(r"\w+", text):
            every = self.source.csv.columns if self.source.csv else tuple(self.source.columns)
            cure = did_you_mean(text, every) or f"the columns are {', '.join(every)}"
            raise ConfigurationError(f"no such column: {text}", where=where, cure=cure)
        return to_sql(parse_value(text, self._types(text), starts_with=True, where=where)[0])

    def _types(self, text: str = "") -> dict[str, FactType]:
        """Give the columns' types; one that `starts_with` asks of is text, whatever it looks like."""
        used = {
            column: type_
            for column, type_ in self.source.columns.items()
            if column not in self._inferred and (not text or column in text)
        }
        self._inferred |= columns.fact_types(self.engine, self.source.relation, used)
        for column in re.findall(r"starts_with\s*\(\s*(\w+)", text):
            if column in self._inferred:
                self._inferred[column] = FactType.TEXT
        # Columns of a file that nothing names are not loaded; the checker suggests them all the same.
        unloaded = dict.fromkeys(self.source.csv.columns if self.source.csv else (), FactType.TEXT)
        return unloaded | self._inferred

    def _typed(self) -> str:
        """Give the source with each column twice: as it stands, and typed under its own name if a condition used it."""
        parts = [f"{quoted(column)} AS {_raw(column)}" for column in self.source.columns]
        parts += [
            f"{columns.as_fact(quoted(column), self.source.columns[column], type_)} AS {quoted(column)}"
            for column, type_ in self._inferred.items()
        ]
        return f"(SELECT {', '.join(parts)} FROM {self.source.relation})"

    def _sql_type(self, sql: str) -> str:
        return str(self.engine.rows(f"DESCRIBE SELECT {sql} AS x FROM {self._typed()}")[0][1])


def _raw(column: str) -> str:
    return quoted(f"raw.{column}")


def _check_rows(engine: Engine, table: Table, reader: _Reader, limit: int) -> None:
    """Count the rows, and report those that are broken, with their lines where the file has lines."""
    cases = " ".join(f"WHEN {check} THEN {literal(role)}" for role, check in reader.checks.items())
    reason = f"CASE {cases} END" if cases else "NULL"
    rows = engine.rows(f"SELECT {reason} AS reason, count(*) FROM {reader.all_rows} GROUP BY reason")
    counts: dict[str | None, int] = {row[0]: row[1] for row in rows}
    unsplit: list[Row] = []
    if table.source.csv:
        unsplit = engine.rows(f"SELECT line, error_type::VARCHAR, csv_line FROM {rejects(table.source.table)}")
    table.rows = sum(counts.values()) + len({line for line, _, _ in unsplit})
    table.broken_count = table.rows - counts.get(None, 0)
    if not table.broken_count:
        return
    table.broken = find_lines(engine, table.source, reader.all_rows, reason, reader.known, unsplit, limit=limit)
    if table.broken_count > limit:
        first = "\n  ".join(str(broken) for broken in table.broken[:5])
        cure = (
            "correct the file or its mapping (`dates` says how dates are written),"
            f" or allow more: [limits] bad_rows = {table.broken_count}"
        )
        raise ConfigurationError(
            f"{table.broken_count} of {table.rows} rows are broken, more than {limit}:\n  {first}",
            where=place(table.source.table),
            cure=cure,
        )
