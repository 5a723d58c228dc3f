"""Look for what is wrong with an audience: one file per check; a test holds this registry against the folder."""

from __future__ import annotations

from contextmail.auditing.auditor import Audit, Checked, audit
from contextmail.auditing.table import TableSource

__all__ = ["Audit", "Checked", "TableSource", "audit"]
