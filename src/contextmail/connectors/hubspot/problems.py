"""HubSpot's refusals as errors of ours: its category and message kept, addresses left out.

A body has status, message, correlationId, category, errors, subCategory and context, each of them optional; that of a
429 has errorType and policyName, and a search's only category. Sources: HubSpot's pages "Error handling" and "API usage
guidelines and limits".
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from contextmail.connectors.calling import phrase, without_addresses
from contextmail.connectors.hubspot.credentials import HOW_TO_GET
from contextmail.errors import (
    AuthenticationError,
    ContextmailError,
    ForbiddenError,
    PlatformError,
    RetryableError,
    UncertainError,
)

Json = dict[str, object]

_LOCKED, _MIGRATING = 423, 477
_AFTER = {"DAILY": 3600.0, "TEN_SECONDLY_ROLLING": 10.0, "TEN_SECONDLY": 10.0, "SECONDLY": 1.0}
"""Seconds to leave it alone, by the limit that was reached: no 429 is documented to say so itself."""


def refusal(status: int, body: bytes, headers: Mapping[str, str], *, where: str, repeat: bool) -> ContextmailError:
    """Give the error for an answer that refuses a call; `repeat`: the call ends the same made once or twice.

    What was refused before any work was done is a RetryableError, whatever the call. A server that failed may have done
    the work: the answer to a call that is not to be repeated is then an UncertainError.
    """
    problem = parsed(body)
    title = without_addresses(str(problem.get("category") or problem.get("errorType") or phrase(status)))
    detail = said(problem)
    if status == 429:
        return _busy(RetryableError(title, detail=detail, status=status, where=where, cure=_GENTLER), problem, headers)
    if status in (_LOCKED, _MIGRATING):
        locked = RetryableError(title, detail=detail, status=status, where=where, cure="run the same command again")
        locked.after = _seconds(headers) or 2.0
        return locked
    if status == 401:
        return AuthenticationError(f"HubSpot refuses the token: {detail or title}", where=where, cure=HOW_TO_GET)
    if status == 403:
        scopes = missing_scopes(problem)
        cure = f"give the token the scope {' or '.join(scopes)}" if scopes else "give the token the scope of this call"
        return ForbiddenError(f"the token may not do this: {title}: {detail}", where=where, cure=cure)
    if status >= 500:
        kind = RetryableError if repeat else UncertainError
        failed = kind(title, detail=detail, status=status, where=where, cure="run the same command again")
        failed.after = _seconds(headers)
        return failed
    return PlatformError(title, detail=detail, status=status, where=where)


def parsed(body: bytes) -> Json:
    """Read the body of a refusal; {} where it is none of HubSpot's, such as a proxy's page."""
    try:
        problem = json.loads(body)
    except ValueError:
        return {}
    return problem if isinstance(problem, dict) else {}


def said(problem: Json) -> str:
    """Put the message and those of single errors into one line."""
    parts = [str(problem.get("message") or "")]
    parts += [str(error.get("message") or "") for error in _errors(problem)]
    return without_addresses("; ".join(dict.fromkeys(part for part in parts if part)))


def passing(problem: Json) -> str:
    """Give the category of a row's error that says nothing of the row, such as too many calls; empty: there is none."""
    categories = (str(error.get("category") or "") for error in _errors(problem))
    return next((one for one in categories if one.startswith(_PASSING)), "")


def missing_scopes(problem: Json) -> list[str]:
    """List the scopes that a refused call needs, any one of which is enough."""
    contexts = [problem.get("context"), *(error.get("context") for error in _errors(problem))]
    found = (context.get(name) for context in contexts if isinstance(context, dict) for name in _SCOPES)
    return list(dict.fromkeys(str(scope) for scopes in found if isinstance(scopes, list) for scope in scopes))


_PASSING = ("RATE_LIMIT", "INTERNAL_ERROR", "SERVICE_", "TIMEOUT", "LOCKED")
_SCOPES = ("requiredGranularScopes", "requiredScopes")
_GENTLER = "wait, or leave more calls to your other tools: [hubspot] rate_share = 0.5"


def _busy(error: RetryableError, problem: Json, headers: Mapping[str, str]) -> RetryableError:
    policy = str(problem.get("policyName") or "")
    otherwise = 1.0 if "secondly limit" in str(problem.get("message")) and "ten" not in policy.lower() else 10.0
    error.after = _seconds(headers) or _AFTER.get(policy, otherwise)
    return error


def _errors(problem: Json) -> list[Json]:
    listed = problem.get("errors")
    return [error for error in listed if isinstance(error, dict)] if isinstance(listed, list) else []


def _seconds(headers: Mapping[str, str]) -> float:
    """Read Retry-After; some of HubSpot's answers have it in milliseconds, and nothing asks for ten minutes."""
    text = headers.get("Retry-After") or ""
    number = float(text) if text.isdigit() else 0.0
    return number / 1000 if number > 600 else number
