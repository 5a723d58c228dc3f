"""Replay what was sent: of how many people it was untrue or unwanted, by rule, month by month.

Each message is judged by what was known on the morning of its day: the facts are built as of then, so that neither what
was bought later nor the message itself counts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from contextmail.checking import Checked, Checker
from contextmail.compiling import compiled
from contextmail.config import Settings
from contextmail.deciding import decide, verdicts_sql
from contextmail.engines.base import Engine, literal
from contextmail.errors import ConfigurationError
from contextmail.facts.catalogue import types_for
from contextmail.facts.folder import FactsFolder
from contextmail.facts.reading import read_table
from contextmail.model.message import Message
from contextmail.model.tables import TableMapping
from contextmail.rewriting import rewritten

FactsAt = Callable[[datetime], FactsFolder]
"""Build the facts as of a moment."""


@dataclass(frozen=True, slots=True)
class Row:
    """What one rule would have kept back in one month: `times` it reached somebody, who were so many `people`."""

    month: str
    rule: str
    messages: int
    times: int
    people: int


@dataclass(frozen=True, slots=True)
class Backtest:
    """The rows by month, the most frequent first; how much was sent in all; what could not be judged, and why."""

    rows: list[Row]
    sent: dict[str, int]
    """Month -> how many times one of the messages reached somebody."""
    notes: list[str]


def backtest(
    messages: Iterable[Message],
    touches: TableMapping,
    facts_at: FactsAt,
    settings: Settings | None = None,
    *,
    progress: Callable[[str, float], None] = lambda _stage, _share: None,
) -> Backtest:
    """Judge messages that were sent, each by its id as the column `campaign` of `touches` has it.

    Only findings of high confidence count. Raises ConfigurationError where the touches name no campaign, and what
    reading and compiling a message raise.
    """
    from contextmail.engines.duckdb import DuckDBEngine

    settings = settings or Settings()
    with (
        TemporaryDirectory(prefix="contextmail-") as temp,
        closing(DuckDBEngine(memory_limit="768MB", folder=settings.folder)) as engine,
    ):
        replay = _Replay(engine, Path(temp), settings)
        replay.read(touches)
        chosen = list(messages)
        for index, message in enumerate(chosen):
            progress(message.id, index / len(chosen))
            replay.judge(message, facts_at)
        return replay.told()


class _Replay:
    """One back-test: tables `touched` (campaign, customer, began) and `wrong` (month, rule, campaign, customer)."""

    def __init__(self, engine: Engine, temp: Path, settings: Settings) -> None:
        self.engine, self.temp, self.settings = engine, temp, settings
        self.checker = Checker(settings)
        self.notes: list[str] = []
        self.judged: list[str] = []
        engine.rows("CREATE TEMP TABLE wrong (month VARCHAR, rule VARCHAR, campaign VARCHAR, customer VARCHAR)")

    def read(self, touches: TableMapping) -> None:
        """Read who got which campaign."""
        table = read_table(
            self.engine, "touches", touches, folder=self.settings.folder, temp=self.temp,
            bad_row_limit=self.settings.limits.bad_rows,
        )  # fmt: skip
        if not table.has("campaign"):
            cure = 'campaign = "…": the column that holds the id of what was sent'
            raise ConfigurationError("the touches do not say what was sent", where="[tables.touches]", cure=cure)
        self.engine.rows(
            f"CREATE TEMP TABLE touched AS SELECT campaign::VARCHAR AS campaign, customer::VARCHAR AS customer, min({table.column('at')}) AS began, count(*) AS touches"
            f" FROM {table.relation} WHERE NOT coalesce({table.column('planned', 'false')}, false) GROUP BY ALL"
        )

    def judge(self, message: Message, facts_at: FactsAt) -> None:
        """Note of whom each rule holds that they should not have got a message as it was."""
        began, people = self.engine.rows(
            f"SELECT min(began), count(*) FROM touched WHERE campaign = {literal(message.id)}"
        )[0]
        if not people:
            self.notes.append(f"{message.id}: nobody got it, as far as the touches say")
            return
        self.judged.append(message.id)
        morning = began.replace(hour=0, minute=0, second=0, microsecond=0)
        late = self.engine.rows(
            f"SELECT count(*) FROM touched WHERE campaign = {literal(message.id)} AND began > {literal(str(morning))}::TIMESTAMP + INTERVAL 7 DAY"
        )[0][0]
        if late:
            self.notes.append(
                f"{message.id}: {late:,} of {people:,} people got it over a week after its first day, and are judged by"
                " the facts of that day"
            )
        facts = facts_at(morning)
        self.checker.products = facts.products
        checked = self.checker.check(message)
        for rule, of_whom in self._untrue(checked, facts, morning):
            self._note(message, rule, of_whom)
        campaign = compiled(rewritten(checked, self.checker), self.settings, facts.catalogue)
        decisions = self.temp / "decisions.parquet"
        decide(campaign, facts, out=decisions, as_of=morning, engine=self.engine)
        refused = f"SELECT customer, reason FROM read_parquet({literal(str(decisions))}) WHERE outcome <> 'send'"
        for (reason,) in self.engine.rows(f"SELECT DISTINCT reason FROM ({refused}) ORDER BY reason"):
            self._note(message, reason, f"SELECT customer FROM ({refused}) WHERE reason = {literal(reason)}")

    def _untrue(self, checked: Checked, facts: FactsFolder, clock: datetime) -> Iterator[tuple[str, str]]:
        for finding in checked.findings:
            if finding.confidence != "high" or finding.suppressed:
                continue
            if not finding.true_when:
                yield finding.rule, f"SELECT customer FROM read_parquet({literal(str(facts.parquet))})"
                continue
            # Of whom it does not see it, it is not said.
            true = f"({finding.seen_by}) IS NOT TRUE OR ({finding.true_when})" if finding.seen_by else finding.true_when
            types = {**types_for(true), **facts.catalogue.types}
            said = verdicts_sql(true, facts, types, as_of=clock, ownership=self.settings.ownership)
            unknown = "NOT coalesce(verdict, false)" if finding.unknown_is == "untrue" else "verdict = false"
            yield finding.rule, f"SELECT customer FROM ({said}) WHERE {unknown}"

    def _note(self, message: Message, rule: str, of_whom: str) -> None:
        self.engine.rows(
            f"INSERT INTO wrong SELECT strftime(began, '%Y-%m'), {literal(rule)}, campaign, customer FROM touched"
            f" WHERE campaign = {literal(message.id)} AND customer IN ({of_whom})"
        )

    def told(self) -> Backtest:
        """Count what was noted; a rule counts once for each message and person."""
        rows = self.engine.rows(
            "SELECT month, rule, count(DISTINCT campaign), count(*), count(DISTINCT customer)"
            " FROM (SELECT DISTINCT * FROM wrong) GROUP BY month, rule ORDER BY month, 4 DESC, rule"
        )
        judged = f"list_contains([{', '.join(map(literal, self.judged))}]::VARCHAR[], coalesce(campaign, ''))"
        sent = self.engine.rows(
            f"SELECT strftime(began, '%Y-%m') AS month, count(*) FROM touched WHERE {judged} GROUP BY month ORDER BY month"
        )
        if other := self.engine.rows(f"SELECT coalesce(sum(touches), 0) FROM touched WHERE NOT {judged}")[0][0]:
            self.notes.append(f"not judged: {other:,} touches of no message that was given")
        return Backtest([Row(*row) for row in rows], dict(sent), self.notes)
