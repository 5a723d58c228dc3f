"""The rows of a list and whom they are of: customers by id, else by address or number, and what holds of them now."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from contextmail.campaign import Campaign, Slot
from contextmail.engines.base import Engine, literal, quoted
from contextmail.facts.endpoints import normalise_odd, written_sql
from contextmail.facts.folder import FactsFolder
from contextmail.facts.rows import load_rows
from contextmail.facts.touched import read_touched
from contextmail.listing.renewing import renew
from contextmail.model.channel import Channel
from contextmail.model.consent import Scope
from contextmail.model.touch import Touch
from contextmail.planning.audience import People
from contextmail.store.base import Ledger
from contextmail.store.permissions import held

_FEW = 5_000
"""Rows up to which the touches of each are looked up; beyond, all are read."""
_ENOUGH = 7
"""Digits of a number without its country that tell it from others of the same customer."""
_HARMLESS = ("generic-greeting", "generic-subject")
"""Rules whose original words are weak, but not untrue."""


def ends_sql(endpoint: str, written: str) -> str:
    """Write SQL that says whether a number, written without its country, is the end of an international one."""
    digits = f"ltrim(regexp_replace({written}, '[^0-9]', '', 'g'), '0')"
    return f"(length({digits}) >= {_ENOUGH} AND ends_with({endpoint}, {digits}))"


class ListRows(People):
    """The rows of a list as recipients.

    It begins with a table `rows`: key (in the order of the file), given (a customer's id), written (an address or
    number). Tables: `known_endpoints` (customer, kind, endpoint), `recipients` (key, endpoint), and those of `People`.
    """

    def __init__(self, engine: Engine, facts: FactsFolder, channel: str, temp: Path) -> None:
        super().__init__(engine, facts)
        self.channel, self.temp = channel, temp

    def find(self, *, exactly: bool) -> None:
        """Find the customers of the rows; `exactly`: by ids that are the facts' own, `a|b` for several."""
        self.normalise("rows", "recipients")
        if self.channel != Channel.POSTAL:
            wrong = "contains(endpoint, '@')" if self.channel != Channel.EMAIL else "NOT contains(endpoint, '@')"
            self.engine.rows(f"UPDATE recipients SET endpoint = NULL WHERE {wrong}")
        given = "unnest(string_split(given, '|'))" if exactly else "given"
        self.engine.rows(f"CREATE OR REPLACE TEMP TABLE ids AS SELECT key, {given} AS given FROM recipients")
        among = "customer IN (SELECT given FROM ids)" if exactly else "true"
        know_endpoints(self.engine, self.facts, self.temp, among)
        ids = f"SELECT customer AS id, customer FROM {self._parquet}"
        if (identities := self.facts.table("identities")) is not None and not exactly:
            ids += f" UNION SELECT record, customer FROM read_parquet({literal(str(identities))}) WHERE system = 'own'"
        self.engine.rows(
            "CREATE OR REPLACE TEMP TABLE by_id AS SELECT r.key, i.customer FROM ids r JOIN"
            f" ({ids}) i ON i.id = r.given"
        )
        self.engine.rows(
            "CREATE OR REPLACE TEMP TABLE owners AS SELECT (row_number() OVER ())::VARCHAR AS customer, key, known FROM ("
            "SELECT r.key, coalesce(i.customer, e.customer) AS known FROM recipients r LEFT JOIN by_id i USING (key)"
            " LEFT JOIN (SELECT DISTINCT customer, endpoint FROM known_endpoints) e"
            " ON i.customer IS NULL AND e.endpoint = r.endpoint)"
        )
        # `(202) 555-0100` says enough of somebody whose number is known.
        self.engine.rows(
            "UPDATE recipients SET endpoint = m.endpoint FROM (SELECT o.key, min(e.endpoint) AS endpoint FROM owners o"
            " JOIN recipients r USING (key) JOIN known_endpoints e ON e.customer = o.known WHERE r.endpoint IS NULL"
            f" AND e.kind = 'phone' AND {ends_sql('e.endpoint', 'r.written')}"
            " GROUP BY o.key HAVING min(e.endpoint) = max(e.endpoint)) m WHERE recipients.key = m.key"
        )
        # A list of ids alone: the number is the one that the customer gave.
        kind = "email" if self.channel == Channel.EMAIL else "phone"
        self.engine.rows(
            "UPDATE recipients SET endpoint = m.endpoint FROM (SELECT o.key, min(e.endpoint) AS endpoint FROM owners o"
            f" JOIN known_endpoints e ON e.customer = o.known WHERE e.kind = {literal(kind)} AND e.is_main GROUP BY o.key) m"
            " WHERE recipients.key = m.key AND recipients.written IS NULL"
        )

    def normalise(self, table: str, to: str) -> None:
        """Make the table `to`: the rows of `table` with the `endpoint` that is `written` there; NULL: it is none."""
        some = f"(SELECT written FROM {table} WHERE written IS NOT NULL)"
        normalise_odd(self.engine, "odd_written", some, "written", self.temp)
        self.engine.rows(
            f"CREATE OR REPLACE TEMP TABLE {to} AS SELECT r.*, CASE WHEN o.written IS NULL THEN r.written"
            f" ELSE o.endpoint END AS endpoint FROM {table} r LEFT JOIN odd_written o USING (written)"
        )

    def decide_now(
        self,
        campaign: Campaign,
        ledger: Ledger | None,
        clock: datetime,
        cap: tuple[int, int],
        extra: Iterable[str] = (),
    ) -> None:
        """Decide for every row by the facts, by the ledger as it is now, and by the touches that came since the facts.

        `extra` are further facts to have in `people`. Raises StoreDownError.
        """
        self._hear(ledger, Scope(campaign.channel, campaign.purpose))
        self.gather(dict.fromkeys([*campaign.facts, *extra]))
        renew(self.engine, self.facts, campaign, clock, cap)
        self.judge(campaign, clock)
        self._agree(campaign)
        if self.channel != Channel.POSTAL:
            self._drop(
                "unasked-channel",
                "key IN (SELECT o.key FROM owners o JOIN recipients r USING (key) JOIN known_endpoints e"
                " ON e.customer = o.known WHERE r.endpoint IS NOT NULL GROUP BY o.key"
                " HAVING bool_or(e.kind = CASE WHEN contains(r.endpoint, '@') THEN 'email' ELSE 'phone' END)"
                " AND NOT bool_or(e.endpoint = r.endpoint))",
            )
            self._drop("no-endpoint", "key IN (SELECT key FROM recipients WHERE endpoint IS NULL)")
        purpose = f"(b.purpose IS NULL OR b.purpose = {literal(campaign.purpose)})"
        self._drop(
            "opted-out",
            "key IN (SELECT r.key FROM recipients r JOIN held h ON h.endpoint = r.endpoint WHERE h.refused"
            " UNION SELECT o.key FROM owners o JOIN known_endpoints e ON e.customer = o.known"
            " JOIN held h ON h.endpoint = e.endpoint WHERE h.follows"
            " UNION SELECT o.key FROM owners o JOIN recipients r USING (key) JOIN barred b ON b.customer = o.known"
            f" WHERE b.channel = {literal(self.channel)} AND {purpose}"
            " AND (b.endpoint IS NULL OR b.endpoint = r.endpoint))",
        )

    def drop_repeated(self) -> None:
        """Let nobody be reached twice by one list: of the rows with one number, or letters to one customer, the first."""
        same = "o.known" if self.channel == Channel.POSTAL else "r.endpoint"
        self._drop(
            "repeated",
            f"key IN (SELECT key FROM (SELECT r.key, {same} AS same FROM recipients r JOIN decided d USING (key)"
            " JOIN owners o USING (key) WHERE d.outcome = 'send' AND same IS NOT NULL"
            " QUALIFY dense_rank() OVER (PARTITION BY same ORDER BY r.key) > 1))",
        )

    def _agree(self, campaign: Campaign) -> None:
        """Give those who share a number a text that is true of each: neutral, else nothing, else they are left out."""
        alone = "SELECT key FROM owners GROUP BY key HAVING count(*) = 1"
        for at, edit in enumerate(campaign.edits):
            last = len(edit.variants) - 1
            named = [n for n, one in enumerate(edit.variants) if any(isinstance(piece, Slot) for piece in one.pieces)]
            differ = f"min(v.edit_{at}) <> max(v.edit_{at})" + "".join(f" OR min(v.edit_{at}) = {n}" for n in named)
            keys = (
                f"(SELECT o.key FROM owners o JOIN verdicts v USING (customer) WHERE o.key NOT IN ({alone})"
                f" GROUP BY o.key HAVING {differ})"
            )
            empty = (n for n, one in enumerate(edit.variants) if not "".join(map(str, one.pieces)).strip())
            said = last if not edit.variants[last].original or edit.rule in _HARMLESS else next(empty, None)
            if said is None:
                self._drop("shared", f"outcome = 'send' AND key IN {keys}")
            else:
                self.engine.rows(f"UPDATE decided SET edit_{at} = {said} WHERE key IN {keys}")

    def _drop(self, reason: str, condition: str) -> None:
        self.engine.rows(
            f"UPDATE decided SET outcome = 'drop', reason = {literal(reason)}, until = NULL, \"to\" = NULL"
            f" WHERE {condition}"
        )

    def _hear(self, ledger: Ledger | None, scope: Scope) -> None:
        """Make `held`, `ledger` (caps and channels that people asked for), `touched` and `barred`."""
        asked = (
            "SELECT endpoint FROM recipients WHERE endpoint IS NOT NULL UNION SELECT endpoint FROM known_endpoints"
            " WHERE customer IN (SELECT known FROM owners)"
        )
        found = held(ledger, scope, [row[0] for row in self.engine.rows(asked)]) if ledger else ()
        rows = ([h.endpoint, str(h.refused), str(h.follows), h.only, h.most, h.days] for h in found)
        load_rows(
            self.engine, "held_read", ("endpoint", "refused", "follows", "wanted", "most", "days"), rows, self.temp
        )
        self.engine.rows(
            "CREATE OR REPLACE TEMP TABLE held AS SELECT endpoint, refused::BOOLEAN AS refused,"
            " follows::BOOLEAN AS follows FROM held_read"
        )
        people = (
            "(SELECT customer, endpoint FROM known_endpoints UNION SELECT o.known, r.endpoint FROM owners o"
            " JOIN recipients r USING (key) WHERE o.known IS NOT NULL AND r.endpoint IS NOT NULL)"
        )
        self.engine.rows(
            "CREATE OR REPLACE TEMP TABLE ledger AS SELECT p.customer, wanted, most::BIGINT AS most, days::BIGINT AS days"
            f" FROM held_read h JOIN {people} p USING (endpoint) WHERE wanted IS NOT NULL OR most IS NOT NULL"
        )
        read_touched(self.engine, self._touches(ledger) if ledger else (), people, self.temp)

    def _touches(self, ledger: Ledger) -> Iterable[Touch]:
        if self.engine.rows("SELECT count(*) FROM recipients")[0][0] > _FEW:
            return ledger.touches()
        asked = self.engine.rows("SELECT known, endpoint FROM owners JOIN recipients USING (key)")
        return (touch for known, endpoint in asked for touch in ledger.touches_of(known or "", endpoint or ""))


def know_endpoints(engine: Engine, facts: FactsFolder, temp: Path, condition: str) -> None:
    """Make `known_endpoints` (customer, kind, endpoint, is_main) of the customers that meet an SQL condition."""
    kinds = [kind for kind in ("email", "phone") if kind in facts.catalogue.facts]
    source = f"read_parquet({literal(str(facts.parquet))})"
    written = " UNION ALL ".join(
        f"SELECT customer, '{kind}' AS kind, {written_sql(quoted(kind))} AS written FROM {source}"
        f" WHERE {quoted(kind)} IS NOT NULL AND {condition}"
        for kind in kinds
    )
    nobody = "SELECT NULL::VARCHAR AS customer, NULL::VARCHAR AS kind, NULL::VARCHAR AS written WHERE false"
    engine.rows(f"CREATE OR REPLACE TEMP TABLE facts_endpoints AS {written or nobody}")
    normalise_odd(engine, "odd_facts", "facts_endpoints", "written", temp)
    identities = facts.table("identities")
    others = (
        f" UNION SELECT customer, kind, endpoint, false FROM read_parquet({literal(str(identities))})"
        f" WHERE endpoint IS NOT NULL AND {condition}"
        if identities
        else ""
    )
    engine.rows(
        "CREATE OR REPLACE TEMP TABLE known_endpoints AS SELECT customer, kind, coalesce(o.endpoint, written) AS endpoint,"
        " true AS is_main FROM facts_endpoints w LEFT JOIN odd_facts o USING (written)"
        f" WHERE o.written IS NULL OR o.endpoint IS NOT NULL{others}"
    )
