"""Facts: from a company's tables to one row of typed facts per customer."""

from contextmail.facts.building import build
from contextmail.facts.describing import Distribution, describe
from contextmail.facts.folder import FactsFolder
from contextmail.facts.showing import ShownFact, show

__all__ = ["Distribution", "FactsFolder", "ShownFact", "build", "describe", "show"]
