"""Read a folder of facts."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from contextmail.engines.base import Engine, literal
from contextmail.engines.duckdb import DuckDBEngine
from contextmail.errors import ConfigurationError
from contextmail.model.fact import Catalogue, FactType, FactValue

FACTS = "facts.parquet"
LINES = "lines.parquet"
CATALOGUE = "catalogue.json"


@dataclass(frozen=True)
class FactsFolder:
    """A built folder: `catalogue` (types, sources, clock) and `parquet` (one row per customer, `customer` first)."""

    path: Path
    catalogue: Catalogue

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
        """Give the facts of one customer by name; None if the customer is not known. Sets are tuples."""
        if engine is None:
            with DuckDBEngine(threads=1) as opened:
                return self.row(customer, opened)
        names = list(self.catalogue.facts)
        columns = ", ".join('"' + name.replace('"', '""') + '"' for name in names)
        rows = engine.rows(
            f"SELECT {columns} FROM read_parquet({literal(str(self.parquet))}) WHERE customer = {literal(customer)}"
        )
        if not rows:
            return None
        specs = self.catalogue.facts
        return {
            name: tuple(value) if specs[name].type is FactType.SET and value is not None else value
            for name, value in zip(names, rows[0], strict=True)
        }


def retired(path: Path) -> Path:
    """Name the place of the old folder while the new one moves in."""
    return path.parent / f".{path.name}.old"


def recover(path: Path) -> None:
    """Put the old folder back if a crash came between its moving out and the new one's moving in."""
    if not path.exists() and (retired(path) / CATALOGUE).is_file():
        retired(path).rename(path)
