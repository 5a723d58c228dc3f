"""Facts of the company's own: `[[fact]]` of contextmail.toml, over the other facts or by a SELECT over the tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from contextmail.engines.base import Engine, literal, quoted
from contextmail.errors import ConfigurationError, did_you_mean
from contextmail.facts.ages import MONTH, Ages
from contextmail.facts.block import SQL_TYPES
from contextmail.facts.columns import as_fact, fact_types
from contextmail.model.fact import FactSpec, FactType
from contextmail.model.tables import FactDefinition
from contextmail.predicates.sqltext import parse_value, to_sql
from contextmail.predicates.tree import facts_of


def add_facts(
    engine: Engine, relation: str, specs: Mapping[str, FactSpec], definitions: Sequence[FactDefinition], ages: Ages
) -> tuple[str, dict[str, FactSpec]]:
    """Give the relation with each defined fact added, and all specifications; a fact may use those before it.

    Raises ConfigurationError (PredicateError with a caret) for a fact that cannot be computed.
    """
    all_specs = dict(specs)
    for definition in definitions:
        where = f"[[fact]] {definition.name}"
        if definition.name in all_specs or definition.name in ("customer", "as_of"):
            raise ConfigurationError("there is such a fact already", where=where, cure="give it another name")
        if definition.is_select:
            sql, type_, relation = _selected(engine, relation, definition, where)
            days: int | None = MONTH
        else:
            tree, type_ = parse_value(
                definition.sql, {name: spec.type for name, spec in all_specs.items()}, where=where
            )
            sql = to_sql(tree)
            made_of = [all_specs[name].max_age_days for name in facts_of(tree) if name in all_specs]
            days = min((age for age in made_of if age is not None), default=None)
        if definition.type is not None and definition.type is not type_:
            cure = f'say type = "{type_}", or leave it out'
            raise ConfigurationError(f"its type is {type_}, not {definition.type}", where=where, cure=cure)
        days = definition.max_age if definition.max_age is not None else days
        days = ages.of(definition.name) if definition.name in ages.own else days
        sql = _aged(sql, definition.learned, days, all_specs, ages, where)
        relation = f"(SELECT *, ({sql})::{SQL_TYPES[type_]} AS {quoted(definition.name)} FROM {relation})"
        all_specs[definition.name] = FactSpec(
            name=definition.name,
            type=type_,
            source="[[fact]]",
            description=definition.description or " ".join(definition.sql.split()),
            max_age_days=days,
            learned=definition.learned or None,
        )
    return relation, all_specs


def _selected(engine: Engine, relation: str, definition: FactDefinition, where: str) -> tuple[str, FactType, str]:
    """Run a SELECT of customer and value, and join it."""
    table = quoted(f"custom_{definition.name}")
    engine.rows(f"CREATE OR REPLACE TEMP VIEW facts AS SELECT * FROM {relation}")
    try:
        engine.rows(
            f"CREATE TEMP TABLE {table} AS SELECT customer::VARCHAR AS customer, value"
            f" FROM ({definition.sql.strip().rstrip(';')}) AS x(customer, value)"
        )
    except ConfigurationError as error:
        cure = "its columns are a customer and the value; the tables are lines, products, touches, … and facts"
        raise ConfigurationError(f"the SELECT does not run: {error.what}", where=where, cure=cure) from None
    doubled = engine.rows(f"SELECT count(*) FROM (SELECT customer FROM {table} GROUP BY customer HAVING count(*) > 1)")[
        0
    ][0]
    if doubled:
        raise ConfigurationError(
            f"{doubled} customers have more than one value", where=where, cure="add GROUP BY customer"
        )
    value_type = str(engine.rows(f"DESCRIBE SELECT value FROM {table}")[0][1])
    type_ = definition.type or fact_types(engine, table, {"value": value_type})["value"]
    return as_fact("value", value_type, type_), type_, f"{relation} LEFT JOIN {table} USING (customer)"


def _aged(sql: str, by: str, days: int | None, specs: Mapping[str, FactSpec], ages: Ages, where: str) -> str:
    """Make the fact unknown where it was learned, as the date fact `by` says, too long ago."""
    if not by:
        return sql
    if by not in specs or specs[by].type not in (FactType.DATE, FactType.TIMESTAMP):
        cure = did_you_mean(by, [n for n, s in specs.items() if s.type is FactType.DATE]) or "name a date fact"
        raise ConfigurationError(f"{by!r} is no date", where=f"{where} learned", cure=cure)
    if days is None:
        return sql
    age = f"date_diff('day', {quoted(by)}::DATE, TIMESTAMP {literal(str(ages.clock))}::DATE)"
    return f"CASE WHEN {age} <= {days} THEN {sql} END"
