"""Settings to live objects, one function each; nothing else builds them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from contextmail.config import Settings
from contextmail.errors import ConfigurationError

if TYPE_CHECKING:
    from contextmail.checking import Checker
    from contextmail.engines.base import Engine
    from contextmail.facts.folder import FactsFolder


def checker(settings: Settings) -> Checker:
    """Load the rules, the lexicon and the phrasebook."""
    from contextmail.checking import Checker

    return Checker(settings)


def engine(settings: Settings) -> Engine:
    """Open the engine that runs SQL over facts; whoever asks closes it."""
    from contextmail.engines.duckdb import DuckDBEngine

    return DuckDBEngine(folder=settings.folder)


def facts_folder(settings: Settings) -> FactsFolder:
    """Open the built facts. Raises ConfigurationError where there are none."""
    from contextmail.facts.folder import FactsFolder

    if not has_facts(settings):
        raise ConfigurationError("no facts are built here", where=str(settings.facts), cure="contextmail facts build")
    return FactsFolder.open(settings.facts)


def has_facts(settings: Settings) -> bool:
    """Say whether facts are built."""
    return (settings.facts / "catalogue.json").is_file()
