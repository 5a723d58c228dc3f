"""Read a folder of facts."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import TYPE_CHECKING, Self

from pydantic import ValidationError

from contextmail.engines.base import Engine, Row, literal, quoted
from contextmail.engines.duckdb import DuckDBEngine
from contextmail.errors import ConfigurationError
from contextmail.model.fact import Catalogue, FactType, FactValue

if TYPE_CHECKING:
    from contextmail.facts.offering import Products

FACTS = "facts.parquet"
LINES = "lines.parquet"
KEYS = "names.keys"
CATALOGUE = "catalogue.json"


@dataclass(eq=False)
class FactsFolder:
    """A built folder: `catalogue` (types, sources, clock) and `parquet` (one row per customer, `customer` first).

    The first query opens a connection, which the later ones share, from any thread, until `close` or the end of a
    `with` block.
    """

    path: Path
    catalogue: Catalogue
    _engine: Engine | None = field(default=None, init=False, repr=False)
    _lock: Lock = field(default_factory=Lock, init=False, repr=False)

    @classmethod
    def open(cls, path: Path | str) -> FactsFolder:
        """Open a folder that `build` made. Raises ConfigurationError if it is none."""
        path = Path(path)
        recover(path)
        try:
            text = (path / CATALOGUE).read_text(encoding="utf-8")
            return cls(path, Catalogue.model_validate_json(text))
        except OSError:
            raise ConfigurationError(
                "there are no facts here", where=str(path), cure="contextmail facts build"
            ) from None
        except ValidationError as error:
            what = f"the catalogue cannot be read ({error.error_count()} mistakes)"
            raise ConfigurationError(what, where=str(path / CATALOGUE), cure="contextmail facts build") from None

    @property
    def parquet(self) -> Path:
        """Give the file of facts."""
        return self.path / FACTS

    def table(self, name: str) -> Path | None:
        """Give the file of a table that the facts came from (`lines`, `touches` …), or None if there was none."""
        file = self.path / f"{name}.parquet"
        return file if file.is_file() else None

    def row(self, customer: str, engine: Engine | None = None) -> dict[str, FactValue] | None:
        """Give the facts of one customer by name, and `facts_as_of`; None if the customer is not known.

        Sets are tuples. An `engine` given is used in place of the folder's own connection.
        """
        columns = ", ".join(map(quoted, self.catalogue.facts))
        query = f"SELECT {columns} FROM read_parquet({literal(str(self.parquet))}) WHERE customer = {literal(customer)}"
        rows = engine.rows(query) if engine else self.rows(query)
        if not rows:
            return None
        row: dict[str, FactValue] = {"facts_as_of": self.catalogue.as_of}
        for (name, spec), value in zip(self.catalogue.facts.items(), rows[0], strict=True):
            row[name] = tuple(value) if spec.type is FactType.SET and value is not None else value
        return row

    @cached_property
    def products(self) -> Products | None:
        """Give the products by name and address; None where the facts know of none. They are read when asked for."""
        from contextmail.facts.offering import Products

        return Products(self) if (self.path / KEYS).is_file() else None

    def rows(self, query: str) -> list[Row]:
        """Run a query on the folder's own connection. Raises ConfigurationError."""
        with self._lock:
            if self._engine is None:
                self._engine = DuckDBEngine(threads=1)
            return self._engine.rows(query)

    def close(self) -> None:
        """Close the connection; the next query opens another."""
        with self._lock:
            if self._engine is not None:
                self._engine.close()
                self._engine = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def retired(path: Path) -> Path:
    """Name the place of the old folder while the new one moves in."""
    return path.parent / f".{path.name}.old"


def recover(path: Path) -> None:
    """Put the old folder back if a crash came between its moving out and the new one's moving in."""
    if not path.exists() and (retired(path) / CATALOGUE).is_file():
        retired(path).rename(path)
