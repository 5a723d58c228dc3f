"""What a doctor finds: what stands between us and a platform, and the step to take."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from contextmail.errors import ContextmailError


@dataclass(frozen=True, slots=True)
class Symptom:
    """One thing that was looked at: what was found, and the step to take where it is not as it should be."""

    what: str
    found: str
    ok: bool = True
    cure: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """All that was looked at, up to the first thing without which the rest cannot be seen."""

    platform: str
    symptoms: tuple[Symptom, ...]

    @property
    def ok(self) -> bool:
        """Say whether nothing is missing."""
        return all(symptom.ok for symptom in self.symptoms)


def report(platform: str, symptoms: Iterable[Symptom]) -> Report:
    """Gather symptoms until one cannot be looked at: what is wrong is in the report, and nothing is raised."""
    found: list[Symptom] = []
    try:
        found.extend(symptoms)
    except ContextmailError as error:
        found.append(refused("connection", error))
    return Report(platform, tuple(found))


def refused(what: str, error: ContextmailError) -> Symptom:
    """Tell of an error that stands in the way of something."""
    first, *rest = str(error).split("\n  cure: ")
    return Symptom(what, first, ok=False, cure=" ".join(rest))
