"""Make a plan: read the campaign and the audience, decide for everybody, and write what would change."""

from __future__ import annotations

import secrets
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from math import ceil
from pathlib import Path
from tempfile import TemporaryDirectory

from contextmail.campaign import Campaign
from contextmail.checking import Checker
from contextmail.compiling import compiled
from contextmail.config import Settings
from contextmail.connectors.base import AudienceField, Capability, Draft, Target
from contextmail.deciding import stale_facts
from contextmail.dialects import DIALECTS
from contextmail.engines.base import Engine, literal, quoted
from contextmail.errors import ConfigurationError, UnsafePlanError
from contextmail.facts.folder import FactsFolder
from contextmail.model.channel import Channel, Purpose
from contextmail.model.consent import Scope
from contextmail.model.manifest import Field
from contextmail.model.message import Message
from contextmail.model.plan import FIELD_NAME, Calls, Check, Plan, PlannedField, Reason
from contextmail.planning.audience import People, Progress, begun, load_keys, load_members
from contextmail.planning.describing import planned_draft, planned_edits, unmended
from contextmail.planning.fitting import Fitter
from contextmail.planning.folder import CAMPAIGN, CHANGES, DECISIONS, HELD, SEGMENT, campaign_plan, new_folder, seal
from contextmail.planning.source import campaign_of, our_fields, read_campaign, refuse_rewritten, refuse_without_drafts
from contextmail.planning.values import Values
from contextmail.proposing import Rewriter, rewritten_with
from contextmail.rewriting import Rewrite
from contextmail.store.base import Ledger
from contextmail.store.runs import Runs

SECONDS_A_CALL = 0.3
_KNOWN_READS, _SEGMENT, _DRAFT = 11, 1, 2
"""What applying calls beside its batches: it reads fields, what changed and who left, the author's draft (2), looks for
a segment and a draft of its own, and reads the new draft (3) and its checklist; it makes them, and puts the texts in."""


def plan(
    campaign: str | Path,
    target: Target,
    facts: FactsFolder,
    settings: Settings | None = None,
    *,
    out: Path,
    held: str = "",
    runs: Runs | None = None,
    ledger: Ledger | None = None,
    paste: bool = False,
    expires: datetime | None = None,
    planned_at: datetime | None = None,
    priority: int | None = None,
    safe_only: bool = False,
    rewriter: Rewriter | None = None,
    progress: Progress = lambda _stage, _share: None,
) -> Plan:
    """Plan a campaign for an audience into the folder `out` (it must not exist); nothing is written elsewhere.

    `campaign` is a local path or the id of a draft of the platform; with `held`, the run whose held people are to get
    it now, and `campaign` is not asked for. Whom the `ledger` of consent refuses is dropped; whom a waiting draft of `runs` reaches
    first, by `priority` and `planned_at`, is held. `paste`: the draft is the user's own, and only segment and fields are
    made. A `rewriter` may reword the texts.
    Raises CapabilityError for a draft that cannot be copied, UnsafePlanError where the fields find no room, and what
    reading and compiling a message raise. What is over its limit stands in `checks`, and `apply` refuses it.
    """
    from contextmail.engines.duckdb import DuckDBEngine

    settings = (settings or Settings()).model_copy(update={"platform": target.name})
    if not paste:
        refuse_without_drafts(target)
    if held:
        kept = (runs or Runs(settings.store)).folder(held)
        message, draft = campaign_of(campaign_plan(kept))
    else:
        kept = None
        message, draft = read_campaign(str(campaign), target, expires=expires, planned_at=planned_at, priority=priority)
    with (
        closing(DuckDBEngine(memory_limit="512MB")) as engine,
        TemporaryDirectory(prefix="contextmail-") as temp,
        ThreadPoolExecutor() as pool,
    ):
        planner = _Planner(target, facts, settings, engine, Path(temp), progress)
        # The words are judged while the audience is read.
        judged = pool.submit(_judged, message, settings, facts, rewriter, safe_only=safe_only)
        planner.read(pool, message, draft, kept / HELD if kept else None)
        planner.people.cross(runs, settings.as_of)
        rewrite, whole = judged.result()
        # What sells is marketing, whatever its author calls it: so the ledger is asked, now and when it is applied.
        message = message.model_copy(update={"purpose": Purpose(whole.purpose)})
        planner.decide(message, rewrite, whole, ledger)
        with new_folder(out) as folder:
            return planner.write(folder, message, draft, held=held, paste=paste)


class _Planner:
    def __init__(
        self, target: Target, facts: FactsFolder, settings: Settings, engine: Engine, temp: Path, progress: Progress
    ) -> None:
        self.target, self.facts, self.settings = target, facts, settings
        self.engine, self.temp, self.progress = engine, temp, progress
        self.people = People(engine, facts)
        self.made_at = datetime.now(UTC).replace(tzinfo=None, microsecond=0)
        self.notes: list[str] = []

    def read(self, pool: Executor, message: Message, draft: Draft, held: Path | None) -> None:
        """Read the audience: fields, contacts, and whom the draft targets."""
        account = pool.submit(self.target.account)
        members = begun(pool, self.target.members)
        self.fields: list[AudienceField] = self.target.fields()
        self.ours = our_fields(self.fields)
        refuse_rewritten(message, self.ours)
        load_members(self.engine, "members", members.result(), list(self.ours), self.temp, self.progress)
        self.limits = account.result().limits
        targeted = []
        if draft.segment:
            load_keys(self.engine, "targets", self.target.segment_members(draft.segment), self.temp)
            targeted.append("key IN (SELECT key FROM targets)")
        if held:
            clock = literal(self.settings.as_of.isoformat(sep=" "))
            waiting = f"SELECT key, until FROM read_parquet({literal(str(held))})"
            self.engine.rows(f"CREATE TEMP TABLE waiting AS SELECT * FROM ({waiting}) WHERE until > {clock}::TIMESTAMP")
            targeted.append(f"key IN (SELECT key FROM ({waiting}) WHERE until IS NULL OR until <= {clock}::TIMESTAMP)")
        self.recipients = self.people.choose(*targeted)
        met = " AND ".join(["status <> 'subscribed'", *targeted])
        self.others: dict[str, int] = dict(
            self.engine.rows(f"SELECT status, count(*) FROM members WHERE {met} GROUP BY status ORDER BY status")
        )
        self._note_who_is_unknown()

    def _note_who_is_unknown(self) -> None:
        unknown, several = self.people.unknown(), self.people.several()
        if unknown and unknown == self.recipients:
            cure = "map the column of addresses: [tables.customers] email, then contextmail facts build"
            raise ConfigurationError(
                "the facts hold no address of this audience", where=str(self.facts.path), cure=cure
            )
        if unknown:
            self.notes.append(f"{unknown:,} recipients are not in the facts: they get what is true of everybody")
        if several:
            self.notes.append(f"{several:,} addresses are of several customers: they get what is true of all of these")

    def decide(self, message: Message, rewrite: Rewrite, whole: Campaign, ledger: Ledger | None) -> None:
        """Decide for every recipient, and make the campaign fit into free fields."""
        self.progress("Deciding", 0.2)
        self.people.refuse(ledger, Scope(Channel.EMAIL, message.purpose, self.target.audience), self.temp)
        clock = self.settings.as_of
        self.rewrite = rewrite
        self.people.decide(whole, clock)
        room = self.limits.get("fields")
        free = None if room is None else max(0, room - len(self.fields))
        fitter = Fitter(
            self.engine, self.rewrite, DIALECTS[message.dialect], self.ours, free, self.limits.get("field_bytes"),
            choose=Capability.CHOOSE in self.target.capabilities,
        )  # fmt: skip
        self.whole, self.fitted = whole, fitter.fit(whole)
        if self.fitted.campaign is not whole:
            self.people.decide(self.fitted.campaign, clock)
        self.asked = [field for field in self.fitted.merged.manifest.fields if field.edits]
        there = our_fields(self.fields, [field.name for field in self.asked])
        _refuse_other_defaults(self.asked, there)
        self.progress("Writing texts", 0.4)
        Values(self.engine, self.fitted.campaign, clock, self.limits.get("field_bytes"), self.temp).compute(self.asked)
        stale = stale_facts(whole, self.facts.catalogue, clock)
        self.notes += [*whole.notes, *stale, *self.fitted.merged.notes, *self.fitted.notes, *unmended(self.rewrite)]

    def write(self, folder: Path, message: Message, draft: Draft, *, held: str, paste: bool) -> Plan:
        """Write the plan's files."""
        self.progress("Writing the plan", 0.8)
        self._copy(folder / SEGMENT, "SELECT * FROM segment ORDER BY key")
        self._copy(folder / CHANGES, f"SELECT * FROM ({self._changes()}) ORDER BY key, tag")
        self._copy(folder / DECISIONS, "SELECT * FROM decided ORDER BY key")
        waiting = " UNION ALL SELECT w.key, m.email, w.until FROM waiting w JOIN members m USING (key)" if held else ""
        self._copy(
            folder / HELD,
            "SELECT key, email, until FROM decided JOIN recipients USING (key)"
            f" WHERE outcome = 'hold'{waiting} ORDER BY key",
        )
        self.fitted.campaign.save(folder / CAMPAIGN)
        run = f"{self.made_at:%Y%m%d}-{secrets.token_hex(4)}"
        count = self._count
        changes, changed, segment = (
            count(folder / CHANGES), count(folder / CHANGES, "DISTINCT key"), count(folder / SEGMENT)
        )  # fmt: skip
        reasons = self.engine.rows(
            "SELECT outcome, reason, count(*) AS people FROM decided GROUP BY ALL ORDER BY outcome, people DESC, reason"
        )
        fields = [
            PlannedField(
                tag=f.name,
                name=FIELD_NAME.format(tag=f.name),
                mode=f.mode,
                default=f.default,
                create=f.name not in self.ours,
            )
            for f in self.asked
        ]
        decisions = [Reason(outcome=outcome, reason=reason, people=people) for outcome, reason, people in reasons]
        made = Plan(
            run=run,
            on=f"{self.target.name}:{self.target.audience}",
            made_at=self.made_at,
            valid_until=self._valid_until(message),
            as_of=self.settings.as_of,
            held_of=held,
            paste=paste,
            message=message,
            manifest=self.fitted.merged.manifest,
            recipients=self.recipients,
            others=self.others,
            decisions=decisions,
            fields=fields,
            edits=planned_edits(self.engine, self.rewrite, self.whole, self.fitted),
            changes=changes,
            people_changed=changed,
            segment=f"contextmail {run}",
            segment_people=segment,
            held=count(folder / HELD),
            draft=planned_draft(draft, self.fitted.merged, run),
            checks=self._checks(folder, decisions, fields),
            calls=self._calls(changed, segment, sum(field.create for field in fields), paste=paste),
            notes=self.notes,
        )
        return seal(made, folder)

    def _changes(self) -> str:
        """Select the values that differ from what the contact has: an empty field of a choice is its neutral key.

        Of a new field that may hold something each value is written.
        """
        values = []
        for field in self.asked:
            tag = quoted(field.name)
            old = f"nullif(m.{tag}, '')" if field.name in self.ours else "NULL::VARCHAR"
            shown = f"coalesce({old}, {literal(field.texts[-1].key if field.mode == 'choose' else '')})"
            if field.name not in self.ours and Capability.EMPTY_FIELDS not in self.target.capabilities:
                shown = "NULL"
            values.append(f"{{'tag': {literal(field.name)}, 'old': {old}, 'new': s.{tag}, 'shown': {shown}}}")
        if not values:
            return "SELECT key, email, status, '' AS tag, '' AS old, '' AS new FROM members WHERE false"
        return (
            "SELECT key, email, status, of.tag, of.old, of.new FROM ("
            f"SELECT s.key, s.email, m.status, unnest([{', '.join(values)}]) AS of FROM segment s JOIN members m USING (key)"
            ") WHERE of.shown IS DISTINCT FROM of.new"
        )

    def _checks(self, folder: Path, decisions: list[Reason], fields: list[PlannedField]) -> list[Check]:
        dropped = sum(reason.people for reason in decisions if reason.outcome == "drop")
        unasked = self.engine.rows(
            f"SELECT count(*) FROM read_parquet({literal(str(folder / SEGMENT))}) s LEFT JOIN members m USING (key)"
            " WHERE m.status IS DISTINCT FROM 'subscribed' OR key NOT IN (SELECT key FROM recipients)"
        )[0][0]
        new = sum(field.create for field in fields)
        room = self.limits.get("fields")
        checks = [
            Check(
                name="share of recipients dropped",
                found=dropped / max(1, self.recipients),
                limit=self.settings.limits.dropped,
                setting="limits.dropped",
            ),
            Check(name="people whom the author's draft would not reach", found=unasked, limit=0),
        ]
        if room is not None:
            checks.append(Check(name="contact fields of the audience", found=len(self.fields) + new, limit=room))
        return checks

    def _calls(self, changed: int, segment: int, new: int, *, paste: bool) -> Calls:
        batch, batch_of_segment = self.limits.get("batch", 1), self.limits.get("segment_batch", 1)
        of_fields = ceil(changed / batch)
        of_segment = ceil(segment / batch_of_segment)
        batches = of_fields + of_segment
        again = 1 + ceil((of_fields - 1) / every) if of_fields and (every := self.limits.get("look")) else 0
        again += of_segment * self.limits.get("segment_reads", 0)
        reads, writes = _KNOWN_READS, new + _SEGMENT + (0 if paste else _DRAFT)
        connections = max(1, min(self.limits.get("connections", 1), batches + again))
        seconds = ((batches + again) / connections + reads + writes) * SECONDS_A_CALL
        return Calls(reads=reads + again, writes=batches + writes, seconds=round(seconds, 1))

    def _valid_until(self, message: Message) -> datetime:
        latest = self.made_at + timedelta(hours=self.settings.limits.plan_hours)
        return min(latest, message.expires.replace(tzinfo=None)) if message.expires else latest

    def _copy(self, path: Path, query: str) -> None:
        self.engine.rows(f"COPY ({query}) TO {literal(str(path))} (FORMAT parquet, COMPRESSION zstd)")

    def _count(self, path: Path, what: str = "*") -> int:
        return int(self.engine.rows(f"SELECT count({what}) FROM read_parquet({literal(str(path))})")[0][0])


def _judged(
    message: Message, settings: Settings, facts: FactsFolder, rewriter: Rewriter | None, *, safe_only: bool
) -> tuple[Rewrite, Campaign]:
    checker = Checker(settings, facts.products)
    rewrite = rewritten_with(rewriter, checker.check(message), checker, safe_only=safe_only)
    return rewrite, compiled(rewrite, settings, facts.catalogue)


def _refuse_other_defaults(asked: list[Field], there: dict[str, AudienceField]) -> None:
    """Raise UnsafePlanError where a field of ours no longer has the neutral text for those without a value."""
    for field in asked:
        if field.name in there and there[field.name].default != field.default:
            what = f"somebody changed the default of the audience's field {field.name}"
            raise UnsafePlanError(what, cure=f"set it back to {field.default!r}")
