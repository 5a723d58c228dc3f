"""Connected components of a graph, in the engine: what is tied to the same thing, however indirectly."""

from __future__ import annotations

from contextmail.engines.base import Engine


def components(engine: Engine, edges: str, out: str) -> None:
    """Make the table `out` (node, label) of the relation `edges` (node, ident): the smallest node of each component.

    Each round gives every group of nodes the smallest label that it touches, and then looks at groups as if they were
    nodes; so even a chain of a million is done in some thirty rounds.
    """
    engine.rows(f"CREATE OR REPLACE TEMP TABLE {out} AS SELECT DISTINCT node, node AS label FROM {edges}")
    engine.rows(f"CREATE OR REPLACE TEMP TABLE {out}_left AS SELECT DISTINCT node AS label, ident FROM {edges}")
    while True:
        engine.rows(
            f"CREATE OR REPLACE TEMP TABLE {out}_hooks AS SELECT label, min(low) AS low FROM {out}_left JOIN"
            f" (SELECT ident, min(label) AS low FROM {out}_left GROUP BY ident HAVING min(label) < max(label))"
            " USING (ident) GROUP BY label HAVING min(low) < label"
        )
        if not engine.rows(f"SELECT 1 FROM {out}_hooks LIMIT 1"):
            break
        for table, columns in ((out, "node"), (f"{out}_left", "ident")):
            engine.rows(
                f"CREATE OR REPLACE TEMP TABLE {table} AS SELECT DISTINCT {columns}, coalesce(low, label) AS label"
                f" FROM {table} LEFT JOIN {out}_hooks USING (label)"
            )
    engine.rows(f"DROP TABLE {out}_left")
    engine.rows(f"DROP TABLE {out}_hooks")
