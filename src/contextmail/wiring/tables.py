"""Settings to tables: a company's own, those that were pulled, and those of databases as files."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING

from contextmail.environment import environment
from contextmail.errors import ConfigurationError, MissingExtraError

if TYPE_CHECKING:
    from pathlib import Path

    from contextmail.config import Settings
    from contextmail.engines.base import Engine
    from contextmail.facts.building import Progress
    from contextmail.model.tables import TableMapping

_LITE = ("sqlite:///", "sqlite+pysqlite:///")


def engine(settings: Settings) -> Engine:
    """Open the engine that runs SQL over facts; whoever asks closes it."""
    from contextmail.engines.duckdb import DuckDBEngine

    return DuckDBEngine(folder=settings.folder)


def database_table(to: str, otherwise: str) -> tuple[str, str]:
    """Take `URL#table` apart, `otherwise` where no table is named; the URL may be `env:NAME`, in the environment.

    Raises ConfigurationError where it is not set, MissingExtraError where no database can be written to.
    """
    if not find_spec("sqlalchemy"):
        raise MissingExtraError("sqlalchemy", "sql")
    url, _, table = to.partition("#")
    return _from_environment(url, "--to"), table or otherwise


def pulled_folders(settings: Settings) -> dict[str, Path]:
    """Give the folders that were pulled into, by the system that each is: those of `[systems]` and those of `pulled`.

    A system of `pulled` is called as its folder, or as the folder beneath it.
    """
    found = {name: system.pulled for name, system in settings.systems.items() if system.pulled}
    if settings.pulled:
        for folder in (settings.pulled, *sorted(settings.pulled.glob("*"))):
            if folder.resolve() not in {known.resolve() for known in found.values()}:
                found[re.sub(r"\W", "_", folder.resolve().name)] = folder
    return {name: folder for name, folder in found.items() if (folder / "cursor.json").is_file()}


@contextmanager
def fetched_systems(settings: Settings, progress: Progress | None) -> Iterator[dict[str, Mapping[str, TableMapping]]]:
    """Give each system's tables with those of databases as files."""
    with ExitStack() as files:
        yield {
            system: files.enter_context(fetched(settings, tables, progress))
            for system, tables in _systems(settings).items()
        }


def _systems(settings: Settings) -> dict[str, dict[str, TableMapping]]:
    """Give each system's tables: those that are mapped by hand, and the pulled ones where none is."""
    from contextmail.model.identity import OWN

    folders = pulled_folders(settings)
    systems: dict[str, dict[str, TableMapping]] = {OWN: dict(settings.tables)}
    systems |= {name: dict(system.tables) for name, system in settings.systems.items()}
    if folders:
        from contextmail.connectors.tables import tables

        with closing(engine(settings)) as opened:
            pulled = {name: tables(opened, folder) for name, folder in folders.items()}
        alone = not settings.systems and len(pulled) == 1 and "customers" not in settings.tables
        for name, found in pulled.items():
            if alone:
                # Nobody says otherwise: the platform's contacts are the company's customers.
                systems[OWN] = {**found, **settings.tables}
            elif name in settings.systems:
                systems[name] = {**found, **systems[name]}
            else:
                mapped = settings.tables.keys() - {"customers"}
                systems[name] = {table: mapping for table, mapping in found.items() if table not in mapped}
    return systems


@contextmanager
def fetched(
    settings: Settings, tables: Mapping[str, TableMapping], progress: Progress | None
) -> Iterator[Mapping[str, TableMapping]]:
    """Give the tables with those of databases as files; SQLite's are read where they lie."""
    urls = {
        name: database_url(settings, f"[tables.{name}]", mapping.url) for name, mapping in tables.items() if mapping.url
    }
    lite = {name: tables[name].model_copy(update={"url": url}) for name, url in urls.items() if url.startswith(_LITE)}
    if len(urls) == len(lite):
        yield {**tables, **lite}
        return
    try:
        from contextmail.connectors.sql.fetching import fetched
    except ModuleNotFoundError as error:
        raise MissingExtraError("sqlalchemy", "sql") from error
    others = {name: url for name, url in urls.items() if name not in lite}
    with fetched({**tables, **lite}, others, settings.facts, progress) as files:
        yield files


def database_url(settings: Settings, section: str, url: str) -> str:
    """Give the URL of a database, its file if it has one beside contextmail.toml; `env:NAME` is in the environment."""
    url = _from_environment(url, f"{section} url")
    kind, slashes, file = url.partition(":///")
    if kind.startswith("sqlite") and file and not file.startswith((":memory:", "file:")):
        return f"{kind}{slashes}{settings.folder.resolve() / file}"
    return url


def _from_environment(url: str, where: str) -> str:
    kind, _, variable = url.partition(":")
    if kind == "env" and not (url := environment().get(variable, "")):
        cure = f"export {variable}=postgresql://user:password@host/database"
        raise ConfigurationError(f"{variable} is not set", where=where, cure=cure)
    return url
