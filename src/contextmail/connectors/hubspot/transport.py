"""Calls to HubSpot by its official SDK; the one home of `hubspot`.

The SDK (12.0.0) makes a client and a pool per access, knows neither a timeout nor a try again for POST, takes a 207 for
a success, writes bodies into its log, drops fields that its models do not know, and calls numbered versions only. So
one of its clients, made by its factory, serves all calls: over one pool, with dated paths, and JSON as it was sent.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Literal
from urllib.parse import unquote, urlsplit

import urllib3
from hubspot import HubSpot
from hubspot.crm.objects.exceptions import ApiException

from contextmail.connectors.calling import (
    CONNECT_TIMEOUT,
    LONGEST_WAIT,
    Calling,
    batches,
    unanswered,
    without_addresses,
)
from contextmail.connectors.hubspot.budget import budgets_of
from contextmail.connectors.hubspot.credentials import Credentials
from contextmail.connectors.hubspot.paths import dated
from contextmail.connectors.hubspot.problems import passing, refusal, said
from contextmail.errors import PlatformError, RetryableError
from contextmail.model.hubspot import HubspotOptions

PAGE = 100
"""Rows of a page and of a batch, the most that HubSpot gives and takes."""

Query = Mapping[str, str | int | bool]
_A_ROWS_FAULT = (400, 404, 409, 414)
"""Refusals of a batch that one of its rows may have caused; 414: a contact that was merged too often."""


_FEW = 10
"""Rows that are tried one by one whatever the first ones say."""


@dataclass(slots=True)
class BatchAnswer:
    """What became of a batch: rows as HubSpot gives them, and for each that failed its id and HubSpot's reason."""

    results: list[Any]
    errors: dict[str, str] = field(default_factory=dict)


class Transport(Calling):
    """Make calls by method and numbered path, as many in ten seconds and at the same time as the account allows."""

    def __init__(self, credentials: Credentials, options: HubspotOptions) -> None:
        host = urlsplit(credentials.url).netloc
        super().__init__(host, connections=options.connections, attempts=options.attempts, wait=options.wait)
        self.url = credentials.url
        self.budgets = budgets_of(credentials.url, credentials.token, options)
        self._timeout = (CONNECT_TIMEOUT, options.timeout)
        # Neither tried again nor redirected by urllib3, so that each try is counted and judged here.
        self._client = HubSpot(
            access_token=credentials.token,
            host=credentials.url,
            api_factory=_client,
            connection_pool_maxsize=options.connections,
            retries=False,
        ).crm.objects.basic_api

    def __repr__(self) -> str:
        """Name the address, and not the token."""
        return f"Transport({self.url!r})"

    def send(self, method: str, path: str, *, query: Query | None = None, body: Any = None, repeat: bool = True) -> Any:
        """Make a call and give its JSON; an empty answer is {}. `repeat`: it ends the same made once or twice.

        `path` is that of the numbered version (`/crm/v3/objects/contacts`), and is dated here. Raises PlatformError for
        a refusal, RetryableError where all tries failed, AuthenticationError for the token, UncertainError for a call
        that is not to be repeated and may have been carried out.
        """
        return self._retrying(self._once, method, path, query or {}, body, repeat)

    def pages(self, path: str, *, query: Query | None = None) -> Iterator[list[Any]]:
        """Read a collection page by page, the next one while this one is used; each page names only the next.

        Not within `in_order`, whose places it takes.
        """

        def page(after: str) -> Any:
            return self.send("GET", path, query={**(query or {}), **({"after": after} if after else {})})

        coming = self._pool.submit(page, "")
        try:
            while True:
                answer = coming.result()
                after = _after(answer)
                if after:
                    coming = self._pool.submit(page, after)
                yield answer.get("results") or []
                if not after:
                    return
        finally:
            coming.cancel()

    def rows(self, path: str, *, query: Query | None = None) -> Iterator[Any]:
        """Read the rows of a collection, in order."""
        for page in self.pages(path, query=query):
            yield from page

    def batch(
        self,
        path: str,
        inputs: Iterable[Any],
        *,
        size: int = PAGE,
        query: Query | None = None,
        body: Mapping[str, Any] | None = None,
        repeat: bool = True,
    ) -> Iterator[BatchAnswer]:
        """Make a batch call for so many inputs each, several at the same time; answers come in order.

        `body` goes with each batch, beside its inputs. Raises as `send` does, but a row that fails is in `errors`.
        """
        return self.in_order(
            lambda part: self.one_batch(path, part, query=query, body=body, repeat=repeat), batches(inputs, size)
        )

    def one_batch(
        self,
        path: str,
        inputs: list[Any],
        *,
        query: Query | None = None,
        body: Mapping[str, Any] | None = None,
        repeat: bool = True,
    ) -> BatchAnswer:
        """Make one batch call and judge it row by row; one that a single row spoils is cut until that row is alone.

        Raises PlatformError where the first, the middle and the last row are refused alone, too: it is not the rows.
        Rows that make something are tried once, and so never alone first.
        """

        def judged(part: list[Any]) -> BatchAnswer:
            answer = self.send("POST", path, query=query, body={"inputs": part, **(body or {})}, repeat=repeat)
            return _judged(answer, part)

        def cut(part: list[Any]) -> BatchAnswer:
            try:
                return judged(part)
            except PlatformError as error:
                if error.status not in _A_ROWS_FAULT:
                    raise
                if len(part) == 1:
                    return BatchAnswer([], {_id(part[0]): _reason(error)})
                whole = repeat and len(part) == len(inputs) > _FEW
                if whole and all(cut([part[i]]).errors for i in (0, len(part) // 2, -1)):
                    raise
            first, second = cut(part[: len(part) // 2]), cut(part[len(part) // 2 :])
            return BatchAnswer([*first.results, *second.results], {**first.errors, **second.errors})

        return cut(inputs)

    def _once(self, method: str, path: str, query: Query, body: Any, repeat: bool) -> Any:
        """Make one try."""
        self.budgets.take(path)
        where = f"HubSpot {method} {'/'.join(without_addresses(unquote(one)) for one in path.split('/'))}"
        # A POST to one of these reads; the tally says so.
        writes = method != "GET" and not path.endswith(("/read", "/search"))
        try:
            status, data, headers = self._passing(lambda: self._sent(method, path, query, body), writes=writes)
        except urllib3.exceptions.HTTPError as error:
            why: Literal["late", "broken"] = "late" if isinstance(error, urllib3.exceptions.TimeoutError) else "broken"
            raise unanswered(error, "HubSpot", where, why=why, repeat=repeat) from None
        if not status:
            raise unanswered(Exception(), "HubSpot", where, why="certificate", repeat=repeat)
        if not path.endswith("/search"):
            self.budgets.calls.heard(headers)
        if not 200 <= status < 300:
            refused = refusal(status, data, headers, where=where, repeat=repeat)
            if status == 429 and isinstance(refused, RetryableError) and self._wait:
                self.budgets.pause(path, min(refused.after, LONGEST_WAIT))
            raise refused
        try:
            answer = json.loads(data) if data.strip() else {}
        except ValueError:
            cure = "check the URL and the proxy: this is not HubSpot's API"
            raise PlatformError("the answer is not JSON", status=status, where=where, cure=cure) from None
        if status == HTTPStatus.MULTI_STATUS and repeat and (title := passing(answer)):
            # A row that was not looked at is not one that is gone.
            raise RetryableError(title, status=status, where=where, cure="run the same command again")
        return answer

    def _sent(self, method: str, path: str, query: Query, body: Any) -> tuple[int, bytes, Mapping[str, str]]:
        """Give status, body and headers of an answer, whatever they are; status 0: the certificate is not trusted."""
        headers = {"Accept": "application/json", **self._client.default_headers}
        self._client.update_params_for_auth(headers, [], ["oauth2"])
        asked = [(name, str(value).lower() if isinstance(value, bool) else value) for name, value in query.items()]
        try:
            # Not loaded by the SDK, which would write the body into its log.
            answer = self._client.request(
                method,
                self.url + dated(path),
                query_params=asked,
                headers=headers,
                body=body,
                _preload_content=False,
                _request_timeout=self._timeout,
            )
            return answer.status, answer.data, answer.headers
        except ApiException as error:
            return error.status, error.body or b"", error.headers or {}


def _client(package: Any, _: str, config: Mapping[str, Any]) -> Any:
    """Make the SDK's client of a package, in place of one of its APIs, whose methods have numbered paths."""
    configuration = package.Configuration()
    for name, value in config.items():
        setattr(configuration, name, value)
    client = package.ApiClient(configuration=configuration)
    client.user_agent = "contextmail"
    return client


def _after(answer: Any) -> str:
    following = (answer.get("paging") or {}).get("next") or {}
    return str(following.get("after") or "")


def _judged(answer: Any, inputs: list[Any]) -> BatchAnswer:
    """Read a 207 as what it is: rows that came, and rows that failed, by the ids that the context of an error names."""
    asked = {_id(one) for one in inputs}
    errors: dict[str, str] = {}
    for error in answer.get("errors") or ():
        context = error.get("context") or {}
        named = [str(value) for values in context.values() if isinstance(values, list) for value in values]
        reason = said(error) or str(error.get("category") or "no reason is given")
        errors.update(dict.fromkeys([one for one in named if one in asked] or [""], reason))
    return BatchAnswer(answer.get("results") or [], errors)


def _reason(error: PlatformError) -> str:
    return f"{error.title}: {error.detail}" if error.detail else error.title


def _id(row: Any) -> str:
    """Give what an answer names a row by: its trace, its id, or itself."""
    return str(row.get("objectWriteTraceId") or row.get("id") or "") if isinstance(row, dict) else str(row)
