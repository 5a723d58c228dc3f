"""Find the contact fields of ours that nothing uses any more, and delete them when a person has read the list."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta
from pathlib import Path

from contextmail.config import Settings
from contextmail.connectors.base import Target
from contextmail.errors import StalePlanError, UnsafePlanError
from contextmail.model.plan import TidyField, TidyPlan
from contextmail.planning.folder import new_folder, seal
from contextmail.planning.source import our_fields
from contextmail.store.runs import Runs


def plan_tidy(target: Target, runs: Runs, settings: Settings | None = None, *, out: Path) -> TidyPlan:
    """Look at every contact field of ours, and write into the folder `out` which could go; nothing is deleted.

    A field stays while a draft, scheduled campaign, template or automation names it, for `limits.tidy_days` after its
    last use, and where no run that is remembered here has used it.
    """
    settings = settings or Settings()
    now = datetime.now(UTC).replace(tzinfo=None, microsecond=0)
    plan = TidyPlan(
        run=f"{now:%Y%m%d}-{secrets.token_hex(4)}",
        on=f"{target.name}:{target.audience}",
        made_at=now,
        valid_until=now + timedelta(hours=settings.limits.plan_hours),
        fields=_look(target, runs, settings),
    )
    with new_folder(out) as folder:
        return seal(plan, folder)


def apply_tidy(plan: TidyPlan, folder: Path, target: Target, runs: Runs, settings: Settings) -> tuple[str, ...]:
    """Delete the fields that the plan names and that are still unused; give their tags.

    Raises StalePlanError past the plan's time.
    """
    if datetime.now(UTC).replace(tzinfo=None) > plan.valid_until:
        raise StalePlanError(
            f"the plan was valid until {plan.valid_until:%Y-%m-%d %H:%M} UTC", where=plan.run, cure="plan again"
        )
    with runs.lock():
        known = runs.find(plan.run)
        if known and known.state != "applying":
            raise UnsafePlanError("this tidy is done", where=plan.run, cure="contextmail tidy")
        runs.begin(plan.run, "tidy", plan.on, "tidy", folder)
        planned = {field.tag for field in plan.fields if field.delete}
        there = our_fields(target.fields(), planned)
        for field in _look(target, runs, settings):
            if field.delete and field.tag in planned:
                runs.before(plan.run, f"field {field.tag}")
                target.delete_field(there[field.tag])
                runs.restored(plan.on, field.tag)
                runs.after(plan.run, f"field {field.tag}")
        # One that was deleted just before a stop is not there any more to be looked at.
        gone = tuple(sorted(planned - our_fields(target.fields()).keys()))
        for tag in gone:
            runs.restored(plan.on, tag)
        runs.after(plan.run, "run", fields=gone)
        runs.set_state(plan.run, "applied")
        return gone


def _look(target: Target, runs: Runs, settings: Settings) -> list[TidyField]:
    audience = f"{target.name}:{target.audience}"
    ours = sorted(our_fields(target.fields()))
    named = {tag: where for tag, where in target.tags_in_use() if tag in ours}
    keep = timedelta(days=settings.limits.tidy_days)
    now = datetime.now(UTC).replace(tzinfo=None)
    fields = []
    for tag in ours:
        uses = runs.uses(audience, tag)
        if tag in named:
            runs.touch(audience, tag)
            fields.append(TidyField(tag=tag, delete=False, why=f"used in {named[tag]}"))
        elif not uses:
            fields.append(TidyField(tag=tag, delete=False, why="no run that is remembered here has used it"))
        elif (last := max(use.used_at for use in uses)) + keep > now:
            fields.append(
                TidyField(tag=tag, delete=False, why=f"used until {last:%Y-%m-%d}: left until {last + keep:%Y-%m-%d}")
            )
        else:
            fields.append(TidyField(tag=tag, delete=True, why=f"unused since {last:%Y-%m-%d}"))
    return fields
