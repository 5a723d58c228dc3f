"""Mailchimp's refusals as errors of ours: its title and detail kept, addresses left out.

The body of a refusal is `application/problem+json`: type, title, status, detail, instance, and errors by field. At
exceptionally high volume, 429 and 403 come without one; a content network in front of it answers 502 in HTML.
Sources: Mailchimp's pages "Errors" and "API rate limits and timeouts".
"""

from __future__ import annotations

import json
from http import HTTPStatus

from contextmail.connectors.calling import phrase, without_addresses
from contextmail.connectors.mailchimp.credentials import HOW_TO_GET
from contextmail.errors import AuthenticationError, ContextmailError, PlatformError, RetryableError, UncertainError


def refusal(status: int, body: str, *, method: str, where: str) -> ContextmailError:
    """Give the error for an answer that refuses a call.

    What was refused before any work was done is a RetryableError, whatever the call. A server that failed may have
    done the work: the answer to a POST is then an UncertainError; to any other method a RetryableError, since making
    the call twice ends as making it once.
    """
    problem = _problem(body)
    title = without_addresses(str(problem.get("title") or phrase(status)))
    detail = _detail(problem)
    if status == HTTPStatus.TOO_MANY_REQUESTS or (status == HTTPStatus.FORBIDDEN and not problem):
        cure = "wait, or leave more connections to your other tools: [mailchimp] connections = 5"
        return RetryableError(title, detail=detail, status=status, where=where, cure=cure)
    if status == HTTPStatus.UNAUTHORIZED:
        return AuthenticationError(f"Mailchimp refuses the key: {title}", where=where, cure=HOW_TO_GET)
    if status == HTTPStatus.FORBIDDEN:
        cure = "use the key of a user who may (an Admin or Manager of the account)"
        return AuthenticationError(f"the key may not do this: {title}: {detail}", where=where, cure=cure)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        kind = UncertainError if method == "POST" else RetryableError
        return kind(title, detail=detail, status=status, where=where, cure="run the same command again")
    return PlatformError(title, detail=detail, status=status, where=where)


def _problem(body: str) -> dict[str, object]:
    try:
        problem = json.loads(body)
    except ValueError:
        return {}
    return problem if isinstance(problem, dict) else {}


def _detail(problem: dict[str, object]) -> str:
    """Put the detail and the errors of single fields into one line."""
    listed = problem.get("errors")
    errors = [error for error in listed if isinstance(error, dict)] if isinstance(listed, list) else []
    parts = [str(problem.get("detail") or "")]
    parts += [": ".join(str(error[key]) for key in ("field", "message") if error.get(key)) for error in errors]
    return without_addresses("; ".join(part for part in parts if part))
