"""Undo a run: draft, segment and field values as they were before it, except what somebody has changed since."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from functools import partial

from contextmail.applying.apply import draft_digest
from contextmail.applying.desk import Desk, open_desk, value_of
from contextmail.applying.mending import unmend
from contextmail.applying.tasks import delete_tasks
from contextmail.connectors.base import WRITABLE, AudienceField, Draft, Target
from contextmail.connectors.calling import unless_gone
from contextmail.dialects import DIALECTS, fields_asked
from contextmail.engines.base import listed, literal
from contextmail.errors import CapabilityError, ConfigurationError, UnsafePlanError
from contextmail.model.plan import AuditPlan, Plan
from contextmail.planning.audience import Progress, begun, load_keys
from contextmail.planning.folder import CHANGES, SEGMENT, campaign_plan, read_plan
from contextmail.store.runs import Runs

_STILL_A_DRAFT = ("save", "paused")


@dataclass(slots=True)
class Undone:
    """What became of a run. `left`: what stays as it is, and why; contacts are counted."""

    run: str
    draft: bool = False
    """Its draft was deleted."""
    segment: bool = False
    """Its segment was deleted."""
    people_restored: int = 0
    fields_deleted: list[str] = field(default_factory=list)
    fields_restored: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)


def undo(run: str, target: Target, runs: Runs, *, progress: Progress = lambda _stage, _share: None) -> Undone:
    """Put back what a run wrote; one that was stopped goes on where it was.

    Fields that another run uses are left to it. Raises UnsafePlanError once the draft is scheduled or sent, or where a
    field of ours bears another name.
    """
    with runs.lock():
        known = runs.get(run)
        if known.kind == "tidy":
            raise UnsafePlanError("a tidy cannot be undone: the values are gone", where=run)
        if known.audience != (here := f"{target.name}:{target.audience}"):
            raise ConfigurationError(
                f"the run is of {known.audience}, not of {here}", where=run, cure=f"--on {known.audience}"
            )
        if known.state == "undone":
            return Undone(**(runs.result(run, "undo") or {"run": run}))
        folder = runs.folder(run)
        with open_desk(run, target, runs, progress) as desk:
            plan = read_plan(folder)
            if isinstance(plan, AuditPlan):
                return _unmended(desk, plan)
            return _Undoing(desk, campaign_plan(folder)).carry_out()


def _unmended(desk: Desk, plan: AuditPlan) -> Undone:
    desk.runs.set_state(plan.run, "undoing")
    people, left = unmend(desk, plan)
    done = Undone(plan.run, people_restored=people, fields_restored=plan.tags, left=left)
    desk.runs.after(plan.run, "undo", **asdict(done))
    desk.runs.set_state(plan.run, "undone")
    return done


class _Undoing:
    def __init__(self, desk: Desk, plan: Plan) -> None:
        self.desk, self.plan = desk, plan
        self.run, self.runs, self.target, self.engine = desk.run, desk.runs, desk.target, desk.engine
        self.done = Undone(desk.run)
        self.keeps_fields = False

    def carry_out(self) -> Undone:
        with ThreadPoolExecutor() as pool:
            # Who is there, and in the segment, is read while the draft goes and our own files are gathered.
            members = begun(pool, self.target.members)
            segment = self._segment()
            inside = begun(pool, partial(self.target.segment_members, segment)) if segment else None
            draft = self._draft()
            self.runs.set_state(self.run, "undoing")
            kept = self._delete_draft(draft)
            fields = self._fields(kept)
            self._gather(fields)
        there = not kept and inside is not None and unless_gone(lambda: self._load_segment(inside.result()))
        if fields:
            self.desk.load(members.result(), list(fields))
        if not kept:
            self._delete_segment(segment if there else None)
        if fields:
            self._restore(fields)
        self.done.left += delete_tasks(self.desk)
        self.runs.after(self.run, "undo", **asdict(self.done))
        self.runs.set_state(self.run, "undone")
        return self.done

    # --------------------------------------------------------------------------------------------- draft and segment

    def _draft(self) -> Draft | None:
        """Find our draft; None: there is none. Raises UnsafePlanError where it is no draft any more."""
        if self.plan.paste:
            self._refuse_used({one.tag for one in self.plan.fields})
            return None
        if not self.runs.began(self.run, "draft"):
            return None
        noted = self.runs.result(self.run, "draft")
        found = str(noted["id"]) if noted else self.target.find_draft(self.plan.draft.title) or ""
        draft = unless_gone(lambda: self.target.draft(found)) if found else None
        if draft and draft.state not in _STILL_A_DRAFT:
            cure = (
                "unschedule it first"
                if draft.state == "schedule"
                else "what is sent cannot be undone; contextmail tidy frees its fields later"
            )
            raise UnsafePlanError(
                f"the draft is no draft any more: its state is {draft.state!r}", where=self.run, cure=cure
            )
        return draft

    def _refuse_used(self, tags: set[str]) -> None:
        """Raise UnsafePlanError where a draft of the user's own asks for a field; where none can be read, keep all."""
        try:
            for tag, where in self.target.tags_in_use():
                if tag in tags and not self._others(tag):
                    raise UnsafePlanError(
                        f"{where} asks for {tag}", where=self.run, cure="take the texts of the plan out of it first"
                    )
        except CapabilityError:
            self.keeps_fields = True
            self.done.left.append("the fields, emptied: whether a draft asks for them cannot be read here")

    def _delete_draft(self, draft: Draft | None) -> set[str]:
        """Delete our draft; one that somebody changed stays: give the fields that it asks for."""
        noted = self.runs.result(self.run, "draft")
        if draft and noted and draft_digest(draft) != noted["digest"]:
            self.done.left.append("the draft, with its segment and the fields that it asks for: somebody changed it")
            dialect = DIALECTS[self.plan.message.dialect]
            return set[str]().union(*(fields_asked(dialect, text) for text in draft.parts.values()))
        if draft:
            self.runs.before(self.run, "delete draft", id=draft.id)
            self.target.delete_draft(draft.id)
            self.runs.after(self.run, "delete draft", id=draft.id)
        self.done.draft = self.runs.began(self.run, "delete draft")
        return set()

    def _segment(self) -> str | None:
        """Find our segment; None: none was made."""
        if not self.runs.began(self.run, "segment"):
            return None
        noted = self.runs.result(self.run, "segment")
        return str(noted["id"]) if noted else self.target.find_segment(self.plan.segment)

    def _delete_segment(self, found: str | None) -> None:
        if found:
            added = self.engine.rows(
                f"SELECT count(*) FROM inside WHERE key NOT IN (SELECT key FROM {self.desk.file(SEGMENT)})"
            )[0][0]
            if added:
                self.done.left.append(f"the segment: somebody added {added:,} people to it")
                return
            self.runs.before(self.run, "delete segment", id=found)
            self.target.delete_segment(found)
            self.runs.after(self.run, "delete segment", id=found)
        self.done.segment = self.runs.began(self.run, "delete segment")

    def _load_segment(self, inside: Iterator[str]) -> bool:
        load_keys(self.engine, "inside", inside, self.desk.temp)
        return True

    # --------------------------------------------------------------------------------------------------------- fields

    def _others(self, tag: str) -> list[str]:
        return [use.run for use in self.runs.uses(self.desk.audience, tag) if use.run != self.run and not use.released]

    def _fields(self, kept: set[str]) -> dict[str, AudienceField]:
        """Give the fields that nobody else uses, and let go of the others."""
        audience = self.desk.audience
        tags = []
        for use in self.runs.uses(audience, run=self.run):
            others = self._others(use.tag)
            if use.restored or use.tag in kept:
                continue
            if others:
                self.runs.release(audience, use.tag, self.run)
                self.done.left.append(f"the field {use.tag}: used by {', '.join(others)}")
            else:
                tags.append(use.tag)
        there = self.desk.fields(tags)
        for tag in tags:
            if tag not in there:
                self.runs.restored(audience, tag)
        return there

    def _restore(self, fields: dict[str, AudienceField]) -> None:
        """Delete the fields that runs of ours created, and write the former values of the others."""
        tags = list(fields)
        self._compare(tags)
        created = {
            use.tag
            for tag in tags
            for use in self.runs.uses(self.desk.audience, tag)
            if use.created and not use.restored
        }
        changed: dict[str, int] = dict(
            self.engine.rows(
                f"SELECT tag, count(*) FROM present WHERE NOT ours AND (written OR tag IN {listed(sorted(created))}) GROUP BY tag"
            )
        )
        for tag, people in sorted(changed.items()):
            self.done.left.append(f"the field {tag} of {people:,} contacts: somebody changed it")
        going = [tag for tag in tags if tag in created and tag not in changed and not self.keeps_fields]
        staying = [tag for tag in tags if tag not in going]
        if staying:
            self._write_back(staying)
        self.desk.progress("Deleting fields", 0.0)
        for tag in going:
            self.runs.before(self.run, f"delete field {tag}")
        self.desk.together(*(partial(self.target.delete_field, fields[tag]) for tag in going))
        for tag in going:
            self.runs.after(self.run, f"delete field {tag}")
        for tag in tags:
            self.runs.restored(self.desk.audience, tag)
        self.done.fields_deleted, self.done.fields_restored = going, staying

    def _gather(self, tags: Iterable[str]) -> None:
        """Make the table `wrote`: what our runs wrote into each field of a contact, and what was there before them."""
        relations = ["SELECT '' AS key, '' AS tag, '' AS old, [''] AS news WHERE false"]
        for tag in tags:
            chain = [use.run for use in self.runs.uses(self.desk.audience, tag) if not use.restored]
            of_tag = [
                f"SELECT key, tag, coalesce(old, '') AS old, new, {number} AS number"
                f" FROM read_parquet({literal(path)}) WHERE tag = {literal(tag)}"
                for number, path in enumerate(path for run in chain for path in change_files(self.runs, run))
            ]
            # A file has each contact once.
            values, by = ("old, [new]", "") if len(of_tag) == 1 else ("min_by(old, number), list(new)", " GROUP BY ALL")
            relations.append(f"SELECT key, tag, {values} FROM ({' UNION ALL '.join(of_tag)}){by}")
        self.engine.rows(f"CREATE TEMP TABLE wrote AS {' UNION ALL '.join(relations)}")

    def _compare(self, tags: Sequence[str]) -> None:
        """Make the view `present`: each value that is not as it was before our runs, and whether it is one of ours."""
        names = ", ".join(f"({literal(tag)})" for tag in tags)
        self.engine.rows(
            "CREATE TEMP VIEW present AS SELECT n.key, n.email, n.status, t.tag, coalesce(w.old, '') AS old,"
            f" coalesce({value_of('n', tags, 't.tag')}, '') AS value,"
            " coalesce(list_contains(w.news, value), false) AS ours, w.key IS NOT NULL AS written"
            f" FROM now n CROSS JOIN (VALUES {names}) t(tag) LEFT JOIN wrote w ON w.key = n.key AND w.tag = t.tag"
            " WHERE value <> coalesce(w.old, '')"
        )

    def _write_back(self, tags: Sequence[str]) -> None:
        """Write the former values."""
        ours = f"SELECT key, email, status, tag, old AS value FROM present WHERE written AND ours AND tag IN {listed(tags)}"
        writable = f"status IN {listed(WRITABLE)}"
        self.engine.rows(f"CREATE TEMP TABLE back AS FROM ({ours}) WHERE {writable}")
        shut = self.engine.rows(f"SELECT count(DISTINCT key) FROM ({ours}) WHERE NOT {writable}")[0][0]
        self.runs.before(self.run, "restore values")
        failed = self.desk.write("back", stage="Restoring fields")
        people = int(self.engine.rows("SELECT count(DISTINCT key) FROM back")[0][0])
        self.runs.after(self.run, "restore values", people=people - len(failed), failed=len(failed))
        self.done.people_restored = people - len(failed)
        if shut or failed:
            self.done.left.append(f"{shut + len(failed):,} contacts whose fields can no longer be written")


def change_files(runs: Runs, run: str) -> list[str]:
    """List the files of what a run changed (key, tag, old, new), the first one first: its plan's, its refreshes'."""
    folder = runs.folder(run)
    return [str(path) for path in (folder / CHANGES, *sorted(folder.glob("refresh-*.parquet"))) if path.is_file()]
