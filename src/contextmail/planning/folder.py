"""The folder of a plan: `plan.json`, the compiled campaign, Parquet; sealed by a digest, for its owner alone."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from contextmail.errors import ConfigurationError, UnsafePlanError
from contextmail.model.plan import AnyPlan, AuditPlan, Plan, TidyPlan

SomePlan = TypeVar("SomePlan", Plan, TidyPlan, AuditPlan)

PLAN, CAMPAIGN = "plan.json", "campaign.json"
CHANGES, SEGMENT, DECISIONS, HELD = (f"{name}.parquet" for name in ("changes", "segment", "decisions", "held"))
SEALED = {"campaign": (CAMPAIGN, CHANGES, SEGMENT, DECISIONS, HELD), "audit": (CHANGES,)}
"""Kind of plan -> the files that belong to it."""
_KINDS: dict[str, type[AnyPlan]] = {"campaign": Plan, "tidy": TidyPlan, "audit": AuditPlan}


@contextmanager
def new_folder(path: Path) -> Iterator[Path]:
    """Give an empty folder (mode 0700) that becomes `path` at the end, whole or not at all.

    Raises ConfigurationError where something is there already.
    """
    if path.exists():
        raise ConfigurationError("there is something here already", where=str(path), cure="name another folder with -o")
    path.parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=f".{path.name}.", dir=path.parent))
    try:
        yield folder
        folder.rename(path)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def seal(plan: SomePlan, folder: Path) -> SomePlan:
    """Write `plan.json` with the digests of the files beside it and of itself."""
    if not isinstance(plan, TidyPlan):
        files = {name: _file_digest(folder / name) for name in SEALED[plan.kind]}
        plan = plan.model_copy(update={"files": files})
    plan = plan.model_copy(update={"digest": _digest(plan)})
    (folder / PLAN).write_text(plan.model_dump_json(indent=1) + "\n", "utf-8")
    return plan


def seal_again(plan: AnyPlan, folder: Path) -> None:
    """Seal a plan whose files are fewer people's than before, and nothing else."""
    if isinstance(plan, Plan):  # noqa: SIM114  # `seal` takes each by its own type
        seal(plan, folder)
    elif isinstance(plan, AuditPlan):
        seal(plan, folder)


def read_plan(folder: Path) -> AnyPlan:
    """Read a plan. Raises ConfigurationError where there is none, UnsafePlanError if it is not what was sealed."""
    try:
        text = (folder / PLAN).read_text("utf-8")
        plan = _KINDS.get(json.loads(text).get("kind"), Plan).model_validate_json(text)
    except (OSError, UnicodeDecodeError):
        raise ConfigurationError(
            "there is no plan here", where=str(folder), cure="contextmail plan CAMPAIGN --on PLATFORM"
        ) from None
    except (ValidationError, ValueError, AttributeError):
        raise ConfigurationError("this is no plan", where=str(folder / PLAN), cure="plan again") from None
    altered = [
        name
        for name, digest in ({} if isinstance(plan, TidyPlan) else plan.files).items()
        if _file_digest(folder / name) != digest
    ]
    if _digest(plan) != plan.digest:
        altered.append(PLAN)
    if altered:
        what = f"{', '.join(altered)} changed after the plan was made"
        raise UnsafePlanError(what, where=str(folder), cure="plan again: a plan is reviewed and applied as it is")
    return plan


def unsealed(folder: Path) -> Plan:
    """Read a campaign's plan without looking at its files. Raises ConfigurationError where there is none."""
    try:
        return Plan.model_validate_json((folder / PLAN).read_text("utf-8"))
    except (OSError, ValidationError):
        raise ConfigurationError(
            "there is no plan here", where=str(folder), cure="contextmail runs lists what was applied"
        ) from None


def campaign_plan(folder: Path) -> Plan:
    """Read a plan of a campaign. Raises ConfigurationError for one of another kind."""
    plan = read_plan(folder)
    if not isinstance(plan, Plan):
        raise ConfigurationError("this plan is of no campaign", where=str(folder))
    return plan


def _digest(plan: AnyPlan) -> str:
    return hashlib.sha256(plan.model_copy(update={"digest": ""}).model_dump_json().encode()).hexdigest()


def _file_digest(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""
