"""Refresh an applied draft: judge again with the facts of now, and write only what moved towards saying less."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from contextmail.applying.desk import Desk, as_shown, open_desk
from contextmail.applying.undo import change_files
from contextmail.campaign import Campaign, CompiledEdit
from contextmail.config import Settings
from contextmail.connectors.base import Target
from contextmail.engines.base import literal, quoted
from contextmail.engines.lines import pages
from contextmail.errors import StalePlanError
from contextmail.facts.folder import FactsFolder
from contextmail.model.manifest import Field
from contextmail.model.plan import Plan
from contextmail.planning.audience import People, Progress, load_keys
from contextmail.planning.folder import CAMPAIGN, DECISIONS, SEGMENT, campaign_plan
from contextmail.planning.values import Values
from contextmail.predicates.tree import describe
from contextmail.store.base import Ledger
from contextmail.store.runs import Runs

_MAY_STILL_CHANGE = ("save", "paused", "schedule")


@dataclass(frozen=True, slots=True)
class Refreshed:
    """What a refresh moved, in contacts: fields written, people taken out of the segment, and what waits for a plan."""

    run: str
    people_written: int
    people_removed: int
    gains: int
    """Contacts of whom more is true now, or who may get the message now: `contextmail plan` shows and applies it."""
    failed: int


def refresh(
    run: str,
    target: Target,
    facts: FactsFolder,
    runs: Runs,
    settings: Settings | None = None,
    *,
    ledger: Ledger | None = None,
    progress: Progress = lambda _stage, _share: None,
) -> Refreshed:
    """Judge the people of an applied run again: who may not get it any more leaves the segment, what is untrue goes.

    A text that says more than before is not written; whom the `ledger` of consent refuses leaves too. Raises StalePlanError for a run that is not applied, or whose
    draft is sent.
    """
    settings = (settings or Settings()).model_copy(update={"platform": target.name})
    with runs.lock():
        state = runs.get(run).state
        plan = campaign_plan(runs.folder(run))
        if state != "applied":
            raise StalePlanError(f"the run is {state}", where=run, cure="apply it first")
        if (noted := runs.result(run, "draft")) and (now := target.draft(noted["id"]).state) not in _MAY_STILL_CHANGE:
            raise StalePlanError(f"the draft is no draft any more: its state is {now!r}", where=run)
        with open_desk(run, target, runs, progress) as desk:
            return _Refreshing(desk, plan, facts, settings, ledger).carry_out()


class _Refreshing:
    def __init__(self, desk: Desk, plan: Plan, facts: FactsFolder, settings: Settings, ledger: Ledger | None) -> None:
        self.desk, self.plan, self.facts, self.settings, self.ledger = desk, plan, facts, settings, ledger
        self.run, self.runs, self.target, self.engine = desk.run, desk.runs, desk.target, desk.engine
        self.fields = [field for field in plan.manifest.fields if field.edits]
        self.campaign = Campaign.load(desk.folder / CAMPAIGN)

    def carry_out(self) -> Refreshed:
        self._judge()
        self._find_moved()
        number = len(change_files(self.runs, self.run))
        step = f"refresh {number}"
        self.runs.before(self.run, step)
        # What is about to be written lies in the run's folder first: undo knows it for ours even after a stop.
        self._keep(f"refresh-{number:04d}.parquet", "SELECT key, tag, old, value AS new FROM moves")
        self._keep(f"judged-{number:04d}.parquet", "FROM judged")
        failed = self.desk.write("moves", stage="Writing fields")
        load_keys(self.engine, "failed", (error.key for error in failed), self.desk.temp)
        removed = self._remove()
        done = Refreshed(
            self.run,
            people_written=self._count("SELECT DISTINCT key FROM moves WHERE key NOT IN (SELECT key FROM failed)"),
            people_removed=removed,
            gains=self._count(
                "SELECT key FROM gains UNION SELECT key FROM judged WHERE outcome = 'send'"
                " AND key NOT IN (SELECT key FROM inside)"
            ),
            failed=len(failed),
        )
        self.runs.after(self.run, step, **asdict(done))
        return done

    def _judge(self) -> None:
        """Decide again for everybody of whom the plan decided, with the facts and the audience of now."""
        tags = [field.name for field in self.fields]
        self.desk.fields(tags)
        self.desk.load(self.target.members(), tags)
        self.engine.rows("CREATE TEMP TABLE members AS FROM now")
        before = sorted(self.desk.folder.glob("judged-*.parquet"))
        judged = f"read_parquet({literal(str(before[-1]))})" if before else self.desk.file(DECISIONS)
        self.engine.rows(f"CREATE TEMP TABLE earlier AS FROM {judged}")
        self.limit = self.target.account().limits.get("field_bytes")
        self.people = People(self.engine, self.facts)
        self.people.choose("key IN (SELECT key FROM earlier)")
        self.people.refuse(self.ledger, self.plan.scope, self.desk.temp)
        self.people.cross(self.runs, self.settings.as_of)
        self.people.decide(self.campaign, self.settings.as_of)
        self.engine.rows("CREATE TEMP TABLE judged AS FROM decided")
        self._values(self.campaign).compute(self.fields, table="wanted")
        segment = self.runs.result(self.run, "segment") or {}
        load_keys(self.engine, "inside", self.target.segment_members(segment["id"]), self.desk.temp)

    def _find_moved(self) -> None:
        """Make the tables `moves` (to write), `gains` (of whom more is true) and `foreign_values` (not ours)."""
        self._load_what_we_wrote()
        selects = [self._differing(field) for field in self.fields]
        none = (
            "SELECT key, email, status, '' AS tag, '' AS old, '' AS value, false AS gain, false AS ours"
            " FROM now WHERE false"
        )
        self.engine.rows(f"CREATE TEMP TABLE differing AS {' UNION ALL '.join(selects or [none])}")
        self.engine.rows("CREATE TEMP TABLE foreign_values AS FROM differing WHERE NOT ours")
        self.engine.rows("CREATE TEMP TABLE gains AS FROM differing WHERE ours AND gain")
        self.engine.rows(
            "CREATE TEMP TABLE moves AS SELECT key, email, status, tag, old, value FROM differing"
            " WHERE ours AND NOT gain"
        )
        gaining = {tag for (tag,) in self.engine.rows("SELECT DISTINCT tag FROM gains")}
        for field in self.fields:
            if field.name in gaining:
                self._silence(field)

    def _differing(self, field: Field) -> str:
        """Select who has another value of a field now than what is true of them, and whether that says more."""
        tag, rank, choose = field.name, Values.rank(self.campaign, field), field.mode == "choose"
        now, last = f"coalesce(n.{quoted(tag)}, '')", len(field.texts) - 1
        keys = " ".join(f"WHEN {literal(text.key)} THEN {at}" for at, text in enumerate(field.texts) if choose)
        had = (
            f"CASE {now} {keys} ELSE {last} END"
            if choose
            else f"CASE WHEN {now} IN ('', {literal(field.default)}) THEN {last} ELSE e.rank END"
        )
        return (
            f"SELECT key, w.email, n.status, {literal(tag)} AS tag, n.{quoted(tag)} AS old, w.{quoted(tag)} AS value,"
            f" d.rank < {had} AS gain,"
            f" {now} IN (SELECT value FROM wrote WHERE wrote.key = n.key AND tag = {literal(tag)}) AS ours"
            f" FROM wanted w JOIN now n USING (key) JOIN (SELECT key, {rank} AS rank FROM judged) d USING (key)"
            f" JOIN (SELECT key, {rank} AS rank FROM earlier) e USING (key) WHERE key IN (SELECT key FROM inside)"
            f" AND {as_shown(f'n.{quoted(tag)}', choose=choose)} <> {as_shown(f'w.{quoted(tag)}', choose=choose)}"
        )

    def _silence(self, field: Field) -> None:
        """Of those who could be told more: what is no longer true gives way to the neutral text."""
        texts = {text.when: text for text in reversed(field.texts[:-1])}
        single: list[CompiledEdit] = []
        alone: list[Field] = []
        for index in field.edits:
            edit = self.campaign.edits[index]
            for variant in edit.variants[:-1]:
                text = texts.get(describe(variant.when)) if variant.when is not None else None
                if text:
                    alone.append(
                        Field(
                            name=f"true_{len(single)}",
                            mode=field.mode,
                            default=field.default,
                            texts=[text, field.texts[-1]],
                            edits=[len(single)],
                        )
                    )
                    single.append(edit.model_copy(update={"variants": [variant, edit.variants[-1]]}))
        campaign = self.campaign.model_copy(update={"edits": single, "policies": []})
        self.people.decide(campaign, self.settings.as_of)
        self._values(campaign).compute(alone, table="true_now")
        true_now = ", ".join(f"t.{one.name}" for one in alone)
        neutral = field.texts[-1].key or field.default
        self.engine.rows(
            f"INSERT INTO moves SELECT g.key, g.email, g.status, g.tag, g.old, {literal(neutral)}"
            " FROM gains g JOIN true_now t USING (key)"
            f" WHERE g.tag = {literal(field.name)} AND coalesce(g.old, '') NOT IN ('', {literal(neutral)}, {true_now})"
        )

    def _load_what_we_wrote(self) -> None:
        """Make the table `wrote`: each value that was planned for a contact, or written since."""
        tags = [field.name for field in self.fields]
        planned = [
            f"SELECT key, {literal(tag)} AS tag, {quoted(tag)} AS value FROM {self.desk.file(SEGMENT)}" for tag in tags
        ]
        choices = [
            f"SELECT key, tag, '' FROM ({one}) WHERE value = {literal(field.texts[-1].key)}"
            for field, one in zip(self.fields, planned, strict=True)
            if field.mode == "choose"
        ]
        written = [
            f"SELECT key, tag, new FROM read_parquet({literal(path)})" for path in change_files(self.runs, self.run)
        ]
        self.engine.rows(f"CREATE TEMP TABLE wrote AS {' UNION ALL '.join([*planned, *choices, *written])}")

    def _remove(self) -> int:
        """Take those out of the segment who may not get it any more, or whose fields are not what we wrote."""
        self.engine.rows(
            "CREATE TEMP TABLE leaving AS SELECT key, email FROM now"
            " WHERE key IN (SELECT key FROM inside) AND (status <> 'subscribed'"
            " OR key NOT IN (SELECT key FROM judged WHERE outcome = 'send')"
            " OR key IN (SELECT key FROM foreign_values) OR key IN (SELECT key FROM failed))"
        )
        count = self._count("FROM leaving")
        if count:
            segment = (self.runs.result(self.run, "segment") or {})["id"]
            self.target.change_segment(segment, remove=(email for _, email in pages(self.engine, "leaving", "key")))
        return count

    def _values(self, campaign: Campaign) -> Values:
        return Values(self.engine, campaign, self.settings.as_of, self.limit, self.desk.temp)

    def _keep(self, name: str, query: str) -> None:
        self.engine.rows(
            f"COPY ({query}) TO {literal(str(self.desk.folder / name))} (FORMAT parquet, COMPRESSION zstd)"
        )

    def _count(self, query: str) -> int:
        return int(self.engine.rows(f"SELECT count(*) FROM ({query})")[0][0])
