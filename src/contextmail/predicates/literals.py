"""Read the values that a predicate holds: numbers, dates and timestamps, each checked to be one."""

from __future__ import annotations

import math
import re
from datetime import datetime

from contextmail.model.fact import FactType
from contextmail.predicates.tree import BIGGEST
from contextmail.predicates.typed import Mismatch, Term

_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d(\.\d{1,6})?)?", re.ASCII)


def number(written: str) -> Term:
    """Read a number; one without a fraction is a whole number, however it is written, up to 38 digits."""
    if written.isdecimal() and len(written.lstrip("0")) <= len(str(BIGGEST)):
        return Term(["lit", int(written), FactType.INT.value], FactType.INT)
    value = float(written)
    if written.isdecimal() or math.isinf(value):
        raise Mismatch("this number is too big", "a whole number has at most 38 digits")
    if value.is_integer() and value <= BIGGEST:
        return Term(["lit", int(value), FactType.INT.value], FactType.INT)
    return Term(["lit", value, FactType.FLOAT.value], FactType.FLOAT)


def moment(kind: FactType, written: str) -> Term:
    """Read a date or timestamp, which must be one of the calendar."""
    shape = _DATE if kind is FactType.DATE else _TIMESTAMP
    try:
        value = datetime.fromisoformat(written) if shape.fullmatch(written) else None
    except ValueError:
        value = None
    if value is None:
        hint = "write DATE '2024-01-31' or TIMESTAMP '2024-01-31 18:00:00' (UTC, without a zone)"
        raise Mismatch(f"'{written}' is no {kind.value}", hint)
    text = value.date().isoformat() if kind is FactType.DATE else value.isoformat(sep=" ")
    return Term(["lit", text, kind.value], kind)
