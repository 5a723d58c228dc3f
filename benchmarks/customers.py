"""Customers who are nobody: facts made by hashes, the same at every run, and campaigns that ask for them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from contextmail.campaign import Campaign, CompiledEdit, CompiledPolicy, CompiledVariant, Slot, Wording
from contextmail.engines.base import literal, quoted
from contextmail.engines.duckdb import DuckDBEngine
from contextmail.facts.folder import CATALOGUE, FACTS
from contextmail.model.fact import Catalogue, FactSpec, FactType
from contextmail.predicates.sqltext import parse

AS_OF = datetime(2026, 1, 1)


def _hash(salt: int, below: int) -> str:
    return f"(hash(i * 31 + {salt}) % {below})::BIGINT"


def _known(value: str, salt: int, percent: int) -> str:
    return f"CASE WHEN {_hash(salt, 100)} < {percent} THEN {value} END"


def _one_of(values: str, salt: int) -> str:
    names = values.split()
    return f"{names}[{_hash(salt, len(names))} + 1]"


FACTS_SQL = {
    "first_name": ("text", _known(f"'Name' || {_hash(1, 5000)}", 2, 70)),
    "country": ("text", _one_of("Germany France Spain Italy Norway Japan Brazil Kenya", 3)),
    "orders": ("int", f"{_hash(4, 100)} * {_hash(5, 100)} // 400"),
    "spend": ("int", _hash(6, 3_000_000)),
    "spend_rank": ("float", f"{_hash(6, 101)} / 100.0"),
    "first_order": ("date", f"DATE '2020-01-01' + {_hash(7, 1500)}::INTEGER"),
    "last_order": ("date", _known(f"DATE '2024-01-01' + {_hash(8, 700)}::INTEGER", 9, 90)),
    "days_since_last_order": ("int", _known(_hash(8, 700), 9, 90)),
    "usual_gap_days": ("float", _known(f"{_hash(10, 400)} / 2.0", 11, 60)),
    "tenure_days": ("int", _hash(7, 1500)),
    "is_customer": ("bool", f"{_hash(12, 10)} > 2"),
    "renewal_at": ("date", _known(f"DATE '2026-01-01' + {_hash(13, 365)}::INTEGER", 14, 40)),
    "room_at": ("timestamp", f"TIMESTAMP '2025-12-20' + to_hours({_hash(15, 500)})"),
    "touches_14d": ("int", _hash(16, 8)),
    "value_received": ("int", _hash(17, 12)),
    "unanswered_streak": ("int", _known(_hash(18, 9), 19, 80)),
    "preferred_channel": ("text", _known(_one_of("email sms postal", 20), 21, 70)),
    "consent_email_marketing": ("text", _one_of("granted granted granted denied unknown", 22)),
    "last_product": ("text", _known(f"'Lantern No. ' || {_hash(23, 3000)}", 24, 90)),
    "owned_categories": ("set", f"list_distinct([({_hash(25, 40)})::VARCHAR, ({_hash(26, 40)})::VARCHAR])"),
}
TYPES = {name: FactType(kind) for name, (kind, _) in FACTS_SQL.items()}

TERMS = """spend_rank >= 0.9; spend_rank < 0.2; orders >= 5; orders = 1; spend > 1000000;
first_order >= DATE '2023-01-01'; last_order < DATE '2024-09-01'; days_since_last_order > 365; days_since_last_order <= 90;
is_customer; NOT is_customer; days_since_last_order > 2 * usual_gap_days; usual_gap_days < 30.0; tenure_days >= 730; renewal_at <= DATE '2026-03-01';
known(renewal_at); touches_14d < 3; value_received >= 6; unanswered_streak > 4; country IN ('Germany', 'France');
country = 'Japan'; known(first_name); known(last_product); owns_category('7'); owns_category('11');
preferred_channel = 'sms'""".replace("\n", " ").split("; ")
_FOUR = ("({} OR {}) AND {} AND {}", "{} AND {} AND ({} OR {})", "({} OR {}) AND ({} OR {})")


def generate(folder: Path, customers: int) -> None:
    """Write facts about `customers` people to a folder that FactsFolder opens."""
    columns = ", ".join(f"{sql} AS {quoted(name)}" for name, (_, sql) in FACTS_SQL.items())
    select = f"SELECT printf('c%08d', i) AS customer, {columns} FROM range({customers}) t(i)"
    with DuckDBEngine() as engine:
        engine.rows(f"COPY ({select}) TO {literal(str(folder / FACTS))} (FORMAT parquet, COMPRESSION zstd)")
    specs = {name: FactSpec(name=name, type=kind, source="a hash") for name, kind in TYPES.items()}
    catalogue = Catalogue(as_of=AS_OF, customers=customers, facts=specs)
    (folder / CATALOGUE).write_text(catalogue.model_dump_json(), "utf-8")


def one_and_two_terms() -> list[str]:
    """Give thirty predicates of one or two terms."""
    pairs = [f"{TERMS[at]} AND {TERMS[at + 11]}" for at in range(15)]
    return [text for both in zip(TERMS, pairs, strict=False) for text in both]


def four_terms() -> list[str]:
    """Give thirty predicates of four terms."""
    return [_FOUR[at % 3].format(*(TERMS[(at + step) % len(TERMS)] for step in (0, 7, 11, 18))) for at in range(30)]


def campaign(predicates: Sequence[str], *, per_edit: int = 3, policies: bool = True) -> Campaign:
    """Make a campaign of `predicates`: `per_edit` variants to an edit besides the neutral one, in a mail of 10 KB."""
    groups = [predicates[at : at + per_edit] for at in range(0, len(predicates), per_edit)]
    kept = {
        "opted-out": ("consent_email_marketing = 'granted'", "drop", "", ""),
        "wrong-channel": ("preferred_channel = 'email'", "reroute", "", "preferred_channel"),
        "too-often": ("room_at <= as_of AND touches_14d < 6", "hold", "room_at", ""),
    }
    return Campaign(
        id="bench",
        channel="email",
        purpose="marketing",
        facts={name: str(kind) for name, kind in TYPES.items()},
        wording=Wording(months=["January"] * 12),
        edits=[_edit(group) for group in groups],
        policies=[
            CompiledPolicy(
                name=name, allow_when=parse(text, _TYPES), otherwise=otherwise, until=until, to=to, unknown_is="refused"
            )
            for name, (text, otherwise, until, to) in (kept if policies else {}).items()
        ],
        parts={"html": [piece for index in range(len(groups)) for piece in ("<p>Dear reader</p>" * 55, index)]},
    )


_TYPES = {**TYPES, "as_of": FactType.TIMESTAMP}


def _edit(predicates: Sequence[str]) -> CompiledEdit:
    texts = [["You have ordered ", Slot(fact="orders", format="count"), " times."], ["Here is ", "something for you."]]
    variants = [CompiledVariant(when=parse(p, _TYPES), pieces=texts[at % 2]) for at, p in enumerate(predicates)]
    neutral = CompiledVariant(when=None, pieces=["Good to see you."])
    return CompiledEdit(
        rule="bench", part="html", context="text", quote="", true_when=None, variants=[*variants, neutral]
    )
