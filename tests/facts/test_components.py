"""What is tied together, however indirectly, has one label."""

from contextmail.engines.duckdb import DuckDBEngine
from contextmail.facts.components import components


def test_a_chain_of_thousands_in_any_order_is_one_component():
    with DuckDBEngine() as engine:
        engine.rows(
            "CREATE TEMP TABLE edges AS SELECT hash(link + step) AS node, link AS ident"
            " FROM range(20000) t(link), (VALUES (0), (1)) s(step) UNION ALL SELECT 1, -1 UNION ALL SELECT 2, -1"
        )
        components(engine, "edges", "found")
        assert engine.rows("SELECT count(DISTINCT label), count(*) FROM found") == [(2, 20003)]
