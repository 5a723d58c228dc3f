"""Whose a record was: what was pulled remembers the address of somebody whom a platform has deleted for good."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from contextmail.connectors.pulling import Cursor


def address_of(folders: Iterable[Path], platform: str, customer: str) -> str:
    """Give the address that a platform's record had when it was pulled last, by its id; empty: nobody remembers.

    Raises ConfigurationError for a folder that is no pull's.
    """
    for folder in folders:
        cursor = Cursor.load(folder)
        if cursor is None or cursor.source.partition(":")[0] != platform:
            continue
        # Named by their time: the latest first.
        for file in sorted((folder / "customers").glob("*.jsonl"), reverse=True):
            with file.open(encoding="utf-8") as lines:
                for line in lines:
                    # Most lines need no parsing to be passed over.
                    if customer in line and (row := json.loads(line)).get("customer") == customer:
                        return str(row.get("email") or "")
    return ""
