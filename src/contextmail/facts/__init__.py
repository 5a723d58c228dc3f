"""Facts: from a company's tables to one row of typed facts per customer."""

from contextmail.facts.building import build
from contextmail.facts.folder import FactsFolder

__all__ = ["FactsFolder", "build"]
