"""Check messages that come as JSON lines: one line out for each line in, in order, without any facts."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from contextmail.checking import Checker
from contextmail.cli.formats import essence
from contextmail.errors import RecordRejected
from contextmail.language.messages import read_lines
from contextmail.model.message import Message


def checked_lines(lines: Iterable[bytes], checker: Checker) -> Iterator[tuple[str, bool]]:
    """Check each message of `lines`; yield its line of JSON, and whether it is something to look at.

    A line that is broken is answered by an error and no findings, and is something to look at.
    """
    wanted = ("high", "low") if checker.settings.min_confidence == "low" else ("high",)
    for id_, message in read_lines(lines, dialect=checker.settings.dialect):
        answer = _answer(message, checker)
        found = any(finding["confidence"] in wanted for finding in answer["findings"])
        yield json.dumps({"id": id_, **answer}), found or "error" in answer


def _answer(message: Message | RecordRejected, checker: Checker) -> dict[str, Any]:
    if isinstance(message, RecordRejected):
        return {"error": str(message), "findings": []}
    findings = checker.check(message, opaque=True).findings
    return {"findings": [essence(finding) for finding in findings if not finding.suppressed]}
