"""A baseline: the findings that were there when a team began, so that they do not fail CI.

A finding is the same as long as its file, rule, part and words are; its line may move. One more of the same is new.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from contextmail.errors import ConfigurationError
from contextmail.model.finding import Finding

Fingerprint = tuple[str, str, str, str]
"""Path (from the baseline's folder), rule, part, quote."""

_KEYS = ("path", "rule", "part", "quote")


def fingerprint(finding: Finding, file: Path) -> Fingerprint:
    """Say what makes `finding` the same one in a later run, for the baseline `file`."""
    path = Path(os.path.relpath(finding.path, file.parent)).as_posix() if finding.path else ""
    return path, finding.rule, finding.part, finding.quote


def read(file: Path) -> Counter[Fingerprint]:
    """Read a baseline. Raises ConfigurationError."""
    try:
        entries = json.loads(file.read_bytes())["findings"]
        return Counter({tuple(entry[key] for key in _KEYS): int(entry["times"]) for entry in entries})
    except OSError as error:
        what = f"cannot read the baseline: {error.strerror}"
        raise ConfigurationError(what, where=str(file), cure="contextmail check PATH --write-baseline") from None
    except (ValueError, KeyError, TypeError):
        raise ConfigurationError(
            "not a baseline", where=str(file), cure="contextmail check PATH --write-baseline"
        ) from None


def write(file: Path, findings: Iterable[Finding]) -> int:
    """Write the baseline of `findings` and return how many there are."""
    times = Counter(fingerprint(finding, file) for finding in findings)
    entries = [dict(zip(_KEYS, key, strict=True)) | {"times": count} for key, count in sorted(times.items())]
    text = json.dumps({"version": 1, "findings": entries}, indent=1, ensure_ascii=False)
    file.write_bytes(text.encode("utf-8", "backslashreplace") + b"\n")
    return times.total()
