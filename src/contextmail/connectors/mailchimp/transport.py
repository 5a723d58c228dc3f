"""Calls to Mailchimp by its official SDK; the one home of `mailchimp_marketing`, `requests` and `tenacity`.

The SDK (3.0.80) opens a connection per call, returns a `Response` and raises nothing for an empty 429, 403 or 5xx,
loses titles and headers, and puts the data centre in place of "server" anywhere in a URL. So its client is given one
pooled session, judges each answer before the SDK sees it, and writes ids into paths itself.

What is tried again, and what is not:

    refused before any work    429 with or without a body, 403 without one, no connection: every call
    no answer, or a 5xx        GET; and PUT, PATCH, DELETE, which end the same made once or twice. The wait for an
                               answer outlasts the server's own, so that nothing is repeated while it still runs there
                               POST: UncertainError, since it may have been carried out. Whoever made the call looks
                               at what is there first, and makes again only what is not
    anything else              never
"""

from __future__ import annotations

import json
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from itertools import islice
from typing import Any, NamedTuple, TypeVar
from urllib.parse import quote, urlsplit

import mailchimp_marketing
import requests
import tenacity
from mailchimp_marketing import api_client
from requests.adapters import HTTPAdapter

from contextmail.connectors.mailchimp.credentials import Credentials
from contextmail.connectors.mailchimp.gate import gate_of
from contextmail.connectors.mailchimp.problems import refusal
from contextmail.errors import ConfigurationError, PlatformError, RetryableError, UncertainError
from contextmail.model.mailchimp import MailchimpOptions

PAGE = 1000
"""Rows of a page, the most that Mailchimp gives."""

_APIS = {
    "automations": mailchimp_marketing.AutomationsApi,
    "campaigns": mailchimp_marketing.CampaignsApi,
    "ecommerce": mailchimp_marketing.EcommerceApi,
    "lists": mailchimp_marketing.ListsApi,
    "ping": mailchimp_marketing.PingApi,
    "reports": mailchimp_marketing.ReportsApi,
    "root": mailchimp_marketing.RootApi,
    "templates": mailchimp_marketing.TemplatesApi,
}
_CONNECT_TIMEOUT = 10.0
_LONGEST_WAIT = 30.0
_BETWEEN = 4
"""Threads that are between two calls, beside those that make one."""

A = TypeVar("A")
B = TypeVar("B")


class Page(NamedTuple):
    """Rows of a collection, and how many the whole collection had when this page was read."""

    rows: list[Any]
    total: int


@dataclass(slots=True)
class Tally:
    """What was asked of Mailchimp: calls that read, calls that write, tries beyond the first, seconds under way."""

    reads: int = 0
    writes: int = 0
    repeated: int = 0
    busy: float = 0.0


class Transport:
    """Make calls by the SDK's own names, as many at the same time as the account allows."""

    def __init__(self, credentials: Credentials, options: MailchimpOptions) -> None:
        self.url = credentials.url
        self.tally = Tally()
        self._counting = threading.Lock()
        self._gate = gate_of(urlsplit(credentials.url).netloc, options.connections)
        client = _Client(credentials, options, self._passing)
        self._apis = {name: api(client) for name, api in _APIS.items()}
        # More threads than connections: while one reads an answer or writes a body, its connection is another's.
        self._pool = ThreadPoolExecutor(options.connections + _BETWEEN, thread_name_prefix="mailchimp")
        # Enough that a slow call does not leave the other connections idle, few enough to hold in memory.
        self._ahead = 2 * options.connections
        self._retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception(_may_be_repeated),
            stop=tenacity.stop_after_attempt(options.attempts),
            wait=tenacity.wait_exponential(options.wait, max=_LONGEST_WAIT) + tenacity.wait_random(0, options.wait),
            before_sleep=self._count_repeated,
            reraise=True,
        )
        self._insisting = self._retrying.copy(retry=tenacity.retry_if_exception_type(UncertainError))

    def __repr__(self) -> str:
        """Name the address, and not the key."""
        return f"Transport({self.url!r})"

    def call(self, name: str, **arguments: object) -> Any:
        """Make the SDK's call of that name, `lists.get_list_member`, and give its JSON; an empty answer is {}.

        Raises PlatformError for a refusal, RetryableError where all tries failed, AuthenticationError for the key,
        UncertainError for a POST that may have been carried out.
        """
        api, _, method = name.partition(".")
        return self._retrying(_once, getattr(self._apis[api], method), arguments)

    def once(self, make: Callable[[], A], find: Callable[[], A | None]) -> A:
        """Make a POST that went unanswered again only after a look: what `find` finds is taken in its place.

        Raises UncertainError where all tries went unanswered.
        """
        looks = False

        def make_or_find() -> A:
            nonlocal looks
            if looks and (there := find()) is not None:
                return there
            looks = True
            return make()

        return self._insisting(make_or_find)

    def until_answered(self, name: str, **arguments: object) -> Any:
        """Make a POST that ends the same made once or twice, such as adding to a segment, until it is answered."""
        return self._insisting(self.call, name, **arguments)

    def pages(self, name: str, under: str, **arguments: object) -> Iterator[Page]:
        """Read a collection page by page, in order, several pages at the same time."""

        def page(offset: int) -> Page:
            answer = self.call(name, count=PAGE, offset=offset, **arguments)
            return Page(answer.get(under) or [], answer.get("total_items") or 0)

        first = page(0)
        yield first
        yield from self.in_order(page, range(PAGE, first.total, PAGE))

    def rows(self, name: str, under: str, **arguments: object) -> Iterator[Any]:
        """Read the rows of a collection, in order."""
        for page in self.pages(name, under, **arguments):
            yield from page.rows

    def in_order(self, function: Callable[[A], B], items: Iterable[A]) -> Iterator[B]:
        """Apply a function that makes calls to each item, as many at the same time as there are connections.

        Results come in the order of the items, a bounded number ahead of whoever takes them. The function itself must
        not use this: it would wait for a place that it holds.
        """
        waiting: deque[Future[B]] = deque()
        coming = iter(items)
        try:
            waiting.extend(self._pool.submit(function, item) for item in islice(coming, self._ahead))
            while waiting:
                result = waiting.popleft().result()
                waiting.extend(self._pool.submit(function, item) for item in islice(coming, 1))
                yield result
        finally:
            for future in waiting:
                future.cancel()

    def close(self) -> None:
        """Let the threads go; calls under way end first."""
        self._pool.shutdown(cancel_futures=True)

    def _passing(self, method: str, send: Callable[[], requests.Response]) -> requests.Response:
        """Send when there is a free connection, and count."""
        with self._gate.passing():
            began = time.perf_counter()
            try:
                return send()
            finally:
                seconds = time.perf_counter() - began
                with self._counting:
                    self.tally.busy += seconds
                    self.tally.reads += method == "GET"
                    self.tally.writes += method != "GET"

    def _count_repeated(self, state: tenacity.RetryCallState) -> None:
        with self._counting:
            self.tally.repeated += 1


class _Client(api_client.ApiClient):  # type: ignore[misc]
    """The SDK's client, over a session of ours."""

    def __init__(
        self,
        credentials: Credentials,
        options: MailchimpOptions,
        passing: Callable[[str, Callable[[], requests.Response]], requests.Response],
    ) -> None:
        super().__init__({})
        self.host = credentials.url
        # The SDK puts this in place of the word "server" anywhere in a URL, inside ids too; empty, it leaves them be.
        self.server = ""
        self.default_headers["User-Agent"] = "contextmail"
        self._timeout = (_CONNECT_TIMEOUT, options.timeout)
        self._passing = passing
        self._session = requests.Session()
        self._session.auth = ("user", credentials.key)
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        adapter = HTTPAdapter(pool_connections=1, pool_maxsize=options.connections, pool_block=True)
        self._session.mount(credentials.url, adapter)

    def call_api(
        self, resource_path: str, method: str, path_params: Mapping[str, object] | None = None, *rest: Any, **more: Any
    ) -> Any:
        """Write ids into the path, each as one segment (the SDK would let a slash through)."""
        for name, value in (path_params or {}).items():
            if str(value) in ("", ".", ".."):
                raise ConfigurationError(f"{value!r} is no {name}", where=f"Mailchimp {resource_path}")
            resource_path = resource_path.replace(f"{{{name}}}", quote(str(value), safe=""))
        return super().call_api(resource_path, method, None, *rest, **more)

    def request(
        self, method: str, url: str, query_params: Any = None, headers: Any = None, body: object = None
    ) -> requests.Response:
        """Send, and raise an error of ours for whatever is not a good answer."""
        where = f"Mailchimp {method} {url.removeprefix(self.host)}"
        data = None if method in ("GET", "DELETE") else json.dumps(body)

        def send() -> requests.Response:
            return self._session.request(
                method,
                url,
                params=query_params,
                headers=headers,
                data=data,
                timeout=self._timeout,
                allow_redirects=False,
            )

        try:
            response = self._passing(method, send)
        except requests.RequestException as error:
            raise _unanswered(error, method, where) from None
        if not 200 <= response.status_code < 300:
            raise refusal(response.status_code, response.text, method=method, where=where)
        return response


def batches(items: Iterable[A], size: int) -> Iterator[list[A]]:
    """Cut items into lists of `size`, the last one shorter."""
    coming = iter(items)
    while batch := list(islice(coming, size)):
        yield batch


def _once(function: Callable[..., Any], arguments: dict[str, object]) -> Any:
    """Make one call; the SDK wraps what its client raised, so take it out."""
    try:
        answer = function(**arguments)
    except api_client.ApiClientError as error:
        if isinstance(error.text, Exception):
            raise error.text from None
        raise PlatformError(str(error.text), status=error.status_code or 0, where="Mailchimp") from None
    if isinstance(answer, requests.Response):
        if answer.content not in (b"", b"{}", b"[]"):
            raise PlatformError("the answer is not JSON", status=answer.status_code, where="Mailchimp")
        return {}
    if isinstance(answer, str):
        cure = "check the URL and the proxy: this is not Mailchimp's API"
        raise PlatformError("the answer is not JSON", where="Mailchimp", cure=cure)
    return answer


def _unanswered(error: requests.RequestException, method: str, where: str) -> PlatformError:
    """Tell a call that never left from one that may have arrived."""
    cure = "check the network, then run the same command again"
    if isinstance(error, requests.exceptions.SSLError):
        return PlatformError("the certificate is not trusted", where=where, cure="check the proxy and the clock")
    reason = getattr(error.args[0], "reason", None) if error.args else None
    never_left = isinstance(error, requests.ConnectTimeout | requests.exceptions.ProxyError)
    if never_left or type(reason).__name__ in ("NewConnectionError", "NameResolutionError"):
        return RetryableError("Mailchimp cannot be reached", where=where, cure=cure)
    late = isinstance(error, requests.Timeout)
    kind = UncertainError if method == "POST" else RetryableError
    return kind("no answer in time" if late else "the connection broke", where=where, cure=cure)


def _may_be_repeated(error: BaseException) -> bool:
    return isinstance(error, RetryableError) and not isinstance(error, UncertainError)
