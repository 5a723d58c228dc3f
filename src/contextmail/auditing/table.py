"""A table of customers as something to audit: a CSV or Parquet file, a table of a database file, or one of the settings.

Whatever it is, it is read as CSV, row by row, and its contacts are known by the line on which they stand there.
"""

from __future__ import annotations

import csv
import re
from codecs import BOM_UTF8
from collections.abc import Collection, Iterable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NoReturn

from contextmail.config import Settings
from contextmail.connectors.base import Account, AudienceField, Capability, Consent, Member, OrderLine, Product, Touch
from contextmail.engines.base import literal
from contextmail.errors import CapabilityError, ConfigurationError
from contextmail.facts.sources import CsvFile, open_source
from contextmail.model.tables import TableMapping

_CALLED = {"email": {"email", "emailaddress", "mail"}, "phone": {"phone", "phonenumber", "mobile", "telephone"}}


class TableSource:
    """A table to audit; `audience` is what the user calls it.

    It has contacts and nothing else: orders and the like are tables of their own, of which facts are built.
    """

    name = "table"
    capabilities = frozenset({Capability.FIELDS})

    def __init__(self, called: str, file: CsvFile, mapping: TableMapping) -> None:
        self.audience, self.file = called, file
        self._columns = {kind: self._column(kind, mapping) for kind in _CALLED}
        if not self._columns["email"]:
            cure = f"map it, or name it `email`; the columns are {', '.join(file.columns)}"
            raise ConfigurationError("no column holds e-mail addresses", where=called, cure=cure)

    def _column(self, kind: str, mapping: TableMapping) -> str:
        mapped = mapping.columns.get(kind, "")
        plain = (column for column in self.file.columns if re.sub(r"[\W_]", "", column.casefold()) in _CALLED[kind])
        return mapped if mapped in self.file.columns else next(plain, "")

    def account(self) -> Account:
        """Tell which table it is; it has no limits."""
        return Account(self.audience, self.audience, ("read",))

    def fields(self) -> list[AudienceField]:
        """List the columns."""
        return [AudienceField(id=column, tag=column, name=column) for column in self.file.columns]

    def members(self, *, since: datetime | None = None) -> Iterator[Member]:
        """Stream the rows, each known by its line; a table says nothing of consent. With `since` a CapabilityError."""
        if since:
            self._refuse(Capability.CHANGES, "read it whole, without since")
        return self._rows()

    def orders(self, *, since: datetime | None = None) -> Iterator[OrderLine]:
        """Raise CapabilityError, as the streams below do."""
        self._refuse(Capability.ORDERS, "map the table of orders as [tables.orders]")

    def products(self) -> Iterator[Product]:
        """Raise CapabilityError."""
        self._refuse(Capability.ORDERS, "map the table of products as [tables.products]")

    def touches(self, *, since: datetime | None = None, skip: Collection[str] = ()) -> Iterator[Touch]:
        """Raise CapabilityError."""
        self._refuse(Capability.TOUCHES, "map the table of messages as [tables.touches]")

    def consents(self, *, since: datetime | None = None) -> Iterator[Consent]:
        """Raise CapabilityError."""
        self._refuse(Capability.CONSENTS, "map the table of consents as [tables.consents]")

    def _refuse(self, lacking: Capability, cure: str) -> NoReturn:
        raise CapabilityError(f"a table of contacts does not tell {lacking.value}", where=self.audience, cure=cure)

    def _rows(self) -> Iterator[Member]:
        try:
            for line, record in self.file.records("strict"):
                row = dict(zip(self.file.columns, record, strict=False))
                email, phone = (row.get(column, "") for column in self._columns.values())
                yield Member(key=str(line), email=email, status="unknown", fields=row, phone=phone)
        except UnicodeError:
            # A copy would lose its letters.
            cure = "save it as UTF-8, or say its `encoding` in [tables]"
            raise ConfigurationError(
                f"it is not written as {self._encoding()}", where=self.audience, cure=cure
            ) from None

    def copy(self, path: Path, changes: Iterable[tuple[int, str, str]]) -> None:
        """Write the table as CSV with other values: line, column and value, in the order of the lines."""
        coming = iter(changes)
        change = next(coming, None)
        with path.open("w", encoding=self._encoding(), newline="") as out:
            writer = csv.writer(out, delimiter=self.file.delimiter, lineterminator="\n")
            writer.writerow(self.file.columns)
            for line, record in self.file.records():
                while change and change[0] == line:
                    record[self.file.columns.index(change[1])] = change[2]
                    change = next(coming, None)
                writer.writerow(record)

    def _encoding(self) -> str:
        """Name the encoding in which it is written; only a file that began with a mark of its encoding gets one."""
        with self.file.path.open("rb") as file:
            marked = file.read(3) == BOM_UTF8
        return "utf-8" if self.file.encoding == "utf-8-sig" and not marked else self.file.encoding


@contextmanager
def open_table(called: str, settings: Settings) -> Iterator[TableSource]:
    """Open a table of the settings (`customers`) or a file (`people.csv`, `shop.db::people`).

    What lies in another database than SQLite was fetched before. Raises ConfigurationError where there is none, or it
    has no column of addresses.
    """
    from contextmail.engines.duckdb import DuckDBEngine

    mapping, folder = settings.tables.get(called), settings.folder
    if mapping is None:
        if not Path(called.partition("::")[0]).is_file():
            cure = "mailchimp:LIST, hubspot, a table of contextmail.toml, or a file such as people.csv"
            raise ConfigurationError("there is no such audience, table or file", where=f"--on {called}", cure=cure)
        mapping, folder = TableMapping(path=called), Path()
    with closing(DuckDBEngine(memory_limit="512MB", folder=folder)) as engine, TemporaryDirectory() as temp:
        # Of a CSV file the engine needs nothing, as it is read row by row.
        wanted = "" if mapping.path and "::" not in mapping.path else None
        source = open_source(engine, "audit", mapping, folder, Path(temp), wanted)
        file = source.csv
        if file is None:
            path = Path(temp) / "table.csv"
            engine.rows(f"COPY (SELECT * FROM {source.relation}) TO {literal(str(path))} (HEADER, QUOTE '\"')")
            file = CsvFile(path, "utf-8", ",", tuple(source.columns))
        yield TableSource(called, file, mapping)
