"""Which systems hold the customers, and how their customers are known to be the same person."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict

from contextmail.errors import did_you_mean
from contextmail.model.tables import TABLES, TableMapping

OWN = "own"
"""The system of the tables that `[tables.*]` maps."""
_TAKEN = {OWN, "email", "phone", "merged", "links"}


def _table_name(name: str) -> str:
    if name not in TABLES:
        raise ValueError(f"unknown table {name!r}: {did_you_mean(name, TABLES) or 'one of ' + ', '.join(TABLES)}")
    return name


def _system_name(name: str) -> str:
    if name in _TAKEN or not re.fullmatch(r"\w+", name):
        raise ValueError(f"{name!r} cannot be the name of a system: choose another, of letters, digits and _")
    return name


TableName = Annotated[str, AfterValidator(_table_name)]
SystemName = Annotated[str, AfterValidator(_system_name)]


class System(BaseModel):
    """A system beside the company's own tables: `[systems.crm]`, pulled, or mapped by hand as `[systems.crm.orders]`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    pulled: Path | None = None
    """The folder that `contextmail pull` fills for it."""
    tables: dict[TableName, TableMapping] = {}
    """Its tables by hand, as in `[tables.*]`; one of them goes before the pulled one."""


class Identity(BaseModel):
    """Say what makes customers of several systems one person, beside their addresses: `[identity]`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    ids: tuple[str, ...] = ()
    """Columns of customers that hold the same id in each system that has them. One that is named as a system holds
    that system's customer ids."""
    links: TableMapping | None = None
    """A table of ids that belong together, a row for each person: system, or id of `ids` -> column."""
    several: tuple[str, ...] = ()
    """Systems in which one person may have several customers (guest orders): there, one address is one person."""
    prefer: tuple[str, ...] = ()
    """Systems in the order in which they are believed where they differ; then `own`, then the rest by name."""
    owner: dict[TableName, str] = {}
    """Table -> the one system whose rows count: `orders = "shop"`, where a CRM repeats the shop's orders."""

    def rank(self, systems: list[str]) -> dict[str, int]:
        """Give each system its place: the lower is believed first. The order of the settings' tables has no part in it."""
        known = [*self.prefer, OWN, *sorted(systems)]
        return {system: known.index(system) for system in systems}
