"""Apply a plan: fields, values, segment, draft, in that order, each step noted before and after."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from contextmail.applying.desk import Desk, as_shown, check_audience, open_desk, value_of
from contextmail.applying.mending import mend
from contextmail.applying.tasks import make_tasks
from contextmail.applying.tidy import apply_tidy
from contextmail.config import Settings
from contextmail.connectors.base import Draft, Member, Target
from contextmail.engines.base import listed, literal, quoted
from contextmail.engines.lines import pages
from contextmail.errors import StalePlanError, UnsafePlanError
from contextmail.model.plan import AuditPlan, Plan, TidyPlan
from contextmail.planning.audience import Progress, begun, load_keys
from contextmail.planning.folder import CHANGES, SEGMENT, read_plan
from contextmail.planning.source import campaign_of
from contextmail.store.base import Ledger
from contextmail.store.permissions import refused
from contextmail.store.runs import Runs

SKEW = timedelta(minutes=5)
"""By how much the platform's clock may differ from ours: so much earlier it is asked what changed."""


@dataclass(frozen=True, slots=True)
class Applied:
    """What a run came to. `skipped`: reasons with the number of contacts that were left out, of fields and segment."""

    run: str
    fields: tuple[str, ...] = ()
    """Contact fields that it created (of a tidy: deleted)."""
    people_written: int = 0
    segment: str = ""
    segment_people: int = 0
    draft: str = ""
    checklist: tuple[str, ...] = ()
    """What the platform still wants before it would send."""
    skipped: tuple[tuple[str, int], ...] = ()
    tasks: int = 0
    """Tasks for people that it made for those who are rerouted to a person."""


def apply(
    folder: Path,
    target: Target,
    runs: Runs,
    settings: Settings | None = None,
    *,
    ledger: Ledger | None = None,
    progress: Progress = lambda _stage, _share: None,
) -> Applied:
    """Apply the plan in `folder`; one that was stopped goes on where it was, and one that is done stays as it is.

    Whom the `ledger` of consent refuses by now is left out, as is whoever changed at the platform.

    Raises UnsafePlanError for a plan over its limits or that was altered, StalePlanError past its time or where more
    changed since than `limits.changed`, StatusMovedError and the platform's errors as they come: apply again, or undo.
    """
    settings = settings or Settings()
    plan = read_plan(folder)
    check_audience(plan, target)
    if isinstance(plan, TidyPlan):
        return Applied(plan.run, fields=apply_tidy(plan, folder, target, runs, settings))
    with runs.lock():
        known = runs.find(plan.run)
        if known and known.state == "applied":
            return _recalled(runs, plan.run)
        if known and known.state != "applying":
            raise UnsafePlanError("this run was undone", where=plan.run, cure="plan again")
        _refuse(plan, begun=known is not None)
        with open_desk(plan.run, target, runs, progress) as desk:
            if isinstance(plan, AuditPlan):
                return _mended(desk, plan, folder, settings)
            return _Application(desk, plan, folder, settings, ledger).carry_out()


def _mended(desk: Desk, plan: AuditPlan, folder: Path, settings: Settings) -> Applied:
    people, skipped = mend(desk, plan, folder, since=plan.made_at - SKEW, most=settings.limits.changed)
    done = Applied(plan.run, people_written=people, skipped=skipped)
    desk.runs.after(plan.run, "run", **asdict(done))
    desk.runs.set_state(plan.run, "applied")
    return done


def _refuse(plan: Plan | AuditPlan, *, begun: bool) -> None:
    over = [f"{check.name}: {check.found:.4g}, at most {check.limit:.4g}" for check in plan.checks if not check.ok]
    if over:
        named = " or ".join(check.setting for check in plan.checks if not check.ok and check.setting)
        cure = f"look at the plan; if it is right, raise {named} and plan again" if named else "plan again"
        raise UnsafePlanError(f"the plan is over its limits: {'; '.join(over)}", where=plan.run, cure=cure)
    if isinstance(plan, Plan) and not plan.segment_people:
        raise UnsafePlanError("there is nobody to send to", where=plan.run, cure="look at the plan's decisions")
    if datetime.now(UTC).replace(tzinfo=None) > plan.valid_until:
        cure = f"contextmail undo {plan.run}, then plan again" if begun else "plan again"
        raise StalePlanError(
            f"the plan was valid until {plan.valid_until:%Y-%m-%d %H:%M} UTC", where=plan.run, cure=cure
        )


class _Application:
    def __init__(self, desk: Desk, plan: Plan, folder: Path, settings: Settings, ledger: Ledger | None) -> None:
        self.desk, self.plan, self.folder, self.settings, self.ledger = desk, plan, folder, settings, ledger
        self.run, self.runs, self.target, self.engine = plan.run, desk.runs, desk.target, desk.engine
        self.tags = [field.tag for field in plan.fields]
        self.choices = {field.tag: field.mode == "choose" for field in plan.fields}

    def carry_out(self) -> Applied:
        with ThreadPoolExecutor() as pool:
            # What an earlier try has made, and what changed since: read beside each other.
            fields = pool.submit(self.desk.fields, self.tags)
            segment_there = pool.submit(self.target.find_segment, self.plan.segment)
            draft_there = None if self.plan.paste else pool.submit(self.target.find_draft, self.plan.draft.title)
            changed = begun(pool, partial(self.target.members, since=self.plan.made_at - SKEW))
            original = self._original()
            self.runs.begin(self.run, "campaign", self.desk.audience, self.plan.draft.title, self.folder)
            self.there = fields.result()
            self._recheck(changed.result())
        created = self._make_fields()
        written = self._write_values(created)
        segment, people = self._make_segment(segment_there.result())
        draft, checklist = self._make_draft(original, segment, draft_there.result()) if draft_there else ("", ())
        tasks = make_tasks(self.desk, self.plan)
        reasons = Counter(self.runs.skipped(self.run).values())
        done = Applied(
            self.run, created, written, segment, people, draft, checklist, tuple(reasons.most_common()), tasks
        )
        self.runs.after(self.run, "run", **asdict(done))
        self.runs.set_state(self.run, "applied")
        return done

    def _original(self) -> Draft:
        """Read the author's draft again. Raises StalePlanError where it is not what was planned."""
        planned = self.plan.draft
        if not planned.source or self.runs.result(self.run, "draft"):
            return campaign_of(self.plan)[1]
        draft = self.target.draft(planned.source)
        if dict(draft.parts) != planned.original or draft.segment != planned.targets:
            raise StalePlanError(
                "the draft was changed since the plan was made", where=planned.source, cure="plan again"
            )
        return draft

    # --------------------------------------------------------------------------------------------- what moved since

    def _recheck(self, changed: Iterator[Member]) -> None:
        """Read again what changed since the plan was made, and note whom it concerns. Raises StalePlanError."""
        self.desk.progress("Reading what changed since", 0.0)
        self.desk.load(changed, self.tags)
        self.engine.rows(f"CREATE TEMP TABLE segment AS SELECT * FROM {self.desk.file(SEGMENT)}")
        self.engine.rows(f"CREATE TEMP TABLE changes AS SELECT * FROM {self.desk.file(CHANGES)}")
        load_keys(self.engine, "refused", self._refused("segment"), self.desk.temp)
        left = "FROM segment JOIN now n USING (key) WHERE n.status <> 'subscribed'"
        moved = [
            f"SELECT key, 'status: ' || n.status AS reason {left}",
            "SELECT key, 'consent: withdrawn' FROM segment WHERE email IN (SELECT key FROM refused)",
        ]
        moved += [
            f"SELECT s.key, 'somebody changed {tag}' FROM segment s JOIN now n USING (key)"
            f" LEFT JOIN changes c ON c.key = s.key AND c.tag = {literal(tag)}"
            f" WHERE {self._shown(tag, 'n')} <> {self._shown(tag, 's')}"
            f" AND (c.key IS NULL OR {self._shown(tag, 'n')} <> {as_shown('c.old', choose=self.choices[tag])})"
            for tag in self.tags
        ]
        self.engine.rows(
            "CREATE TEMP TABLE moved AS SELECT key, min(reason) AS reason"
            f" FROM ({' UNION ALL '.join(moved)}) GROUP BY key"
        )
        self._note_skipped([])

    def _refused(self, table: str) -> set[str]:
        """Give the addresses of a table that the ledger refuses for this audience."""
        if self.ledger is None:
            return set()
        return refused(self.ledger, self.plan.scope, self._emails(table))

    def _note_skipped(self, failed: Sequence[tuple[str, str]]) -> None:
        """Note who is left out. Raises StalePlanError where that is more than the limit."""
        skipped = [*self.engine.rows("SELECT key, reason FROM moved ORDER BY key"), *failed]
        self.desk.leave_out(skipped, of=self.plan.segment_people, most=self.settings.limits.changed)

    # --------------------------------------------------------------------------------------------- fields and values

    def _make_fields(self) -> tuple[str, ...]:
        """Record the use of every field, and create those that are not there; give those that the run created."""
        self.desk.progress("Creating fields", 0.0)
        new = [field for field in self.plan.fields if field.tag not in self.there]
        for field in self.plan.fields:
            # It is ours from now on: nobody may be there to note it after it was made.
            self.runs.use(self.desk.audience, field.tag, self.run, created=field in new)
        for field in new:
            self.runs.before(self.run, f"field {field.tag}")
        made = self.desk.together(*(partial(self.target.create_field, one.tag, one.name, one.default) for one in new))
        for field, there in zip(new, made, strict=True):
            self.runs.after(self.run, f"field {field.tag}", id=there.id)
        return tuple(use.tag for use in self.runs.uses(self.desk.audience, run=self.run) if use.created)

    def _write_values(self, created: Sequence[str]) -> int:
        now = value_of("n", self.tags, "c.tag")
        choices = listed(tag for tag, choose in self.choices.items() if choose)
        unwritten = (
            f"CASE WHEN c.tag IN {choices} THEN {as_shown(now, choose=True)} <> {as_shown('c.new', choose=True)}"
            f" ELSE {as_shown(now, choose=False)} <> c.new END"
        )
        self.engine.rows(
            "CREATE TEMP TABLE todo AS SELECT c.key, c.email, c.status, c.tag, c.new AS value FROM changes c"
            " LEFT JOIN now n USING (key) WHERE c.key NOT IN (SELECT key FROM moved)"
            # What a field was that had not been made when it was read is not known.
            f" AND (n.key IS NULL OR {unwritten} OR c.new = '' AND c.tag IN {listed(created)})"
        )
        self.runs.before(self.run, "values")
        failed = self.desk.write("todo", stage="Writing fields")
        self._note_skipped([(error.key, error.reason) for error in failed])
        load_keys(self.engine, "skipped", self.runs.skipped(self.run), self.desk.temp)
        people = int(
            self.engine.rows("SELECT count(DISTINCT key) FROM changes WHERE key NOT IN (SELECT key FROM skipped)")[0][0]
        )
        self.runs.after(self.run, "values", people=people, failed=len(failed))
        return people

    # --------------------------------------------------------------------------------------------- segment and draft

    def _make_segment(self, segment: str | None) -> tuple[str, int]:
        """Make the segment of those who are sent to; one that was begun is completed."""
        self.desk.progress("Making the segment", 0.0)
        self.engine.rows(
            "CREATE TEMP TABLE reached AS SELECT key, email FROM segment WHERE key NOT IN (SELECT key FROM skipped)"
        )
        people = int(self.engine.rows("SELECT count(*) FROM reached")[0][0])
        self.runs.before(self.run, "segment", name=self.plan.segment)
        if segment is None:
            segment = self.target.create_segment(self.plan.segment, self._emails("reached"))
        else:
            load_keys(self.engine, "inside", self.target.segment_members(segment), self.desk.temp)
            self.engine.rows("CREATE TEMP TABLE missing AS FROM reached WHERE key NOT IN (SELECT key FROM inside)")
            self.engine.rows(
                "CREATE TEMP TABLE extra AS SELECT key, email FROM segment"
                " WHERE key IN (SELECT key FROM inside) AND key IN (SELECT key FROM skipped)"
            )
            self.target.change_segment(segment, add=self._emails("missing"), remove=self._emails("extra"))
        self.runs.after(self.run, "segment", id=segment, people=people)
        # From here on the worker takes out whoever leaves; it could not while the segment was made.
        if left := self._refused("reached"):
            self.target.change_segment(segment, remove=left)
        return segment, people - len(left)

    def _emails(self, table: str) -> Iterator[str]:
        return (email for _, email in pages(self.engine, f"(SELECT key, email FROM {table})", "key"))

    def _make_draft(self, original: Draft, segment: str, draft: str | None) -> tuple[str, tuple[str, ...]]:
        """Make the draft for the segment; one that was begun is made again."""
        self.desk.progress("Making the draft", 0.0)
        planned = self.plan.draft
        before = self.runs.result(self.run, "draft")
        if before is None:
            self.runs.before(self.run, "draft", title=planned.title)
            if draft is not None:
                # It may have been left half made, and then it is for whomever the author's draft is for.
                self.target.delete_draft(draft)
            draft = self.target.create_draft(original, parts=planned.parts, segment=segment, title=planned.title)
            before = {"id": draft, "digest": draft_digest(self.target.draft(draft))}
            self.runs.after(self.run, "draft", **before)
        return before["id"], tuple(self.target.checklist(before["id"]))

    def _shown(self, tag: str, table: str) -> str:
        return as_shown(f"{table}.{quoted(tag)}", choose=self.choices[tag])


def draft_digest(draft: Draft) -> str:
    """Give a digest of a draft's texts as the platform holds them, to see later whether somebody changed them."""
    return hashlib.sha256(json.dumps(dict(draft.parts), sort_keys=True).encode()).hexdigest()


def _recalled(runs: Runs, run: str) -> Applied:
    told = runs.result(run, "run") or {"run": run}
    lists = {name: tuple(told.get(name, ())) for name in ("fields", "checklist")}
    return Applied(**{**told, **lists, "skipped": tuple((reason, count) for reason, count in told.get("skipped", ()))})
