"""Calls to Mailchimp by its official SDK; the one home of `mailchimp_marketing`.

The SDK (3.0.80) opens a connection per call, returns a `Response` and raises nothing for an empty 429, 403 or 5xx,
loses titles and headers, and puts the data centre in place of "server" anywhere in a URL. So its client is given one
pooled session, judges each answer before the SDK sees it, and writes ids into paths itself. A POST may be carried out
twice if it is made twice; PUT, PATCH and DELETE end the same. 429 and 403 without a body are refused before any work.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from http.cookiejar import DefaultCookiePolicy
from typing import Any, Literal, NamedTuple
from urllib.parse import quote, urlsplit

import mailchimp_marketing
import requests
from mailchimp_marketing import api_client
from requests.adapters import HTTPAdapter

from contextmail.connectors.calling import CONNECT_TIMEOUT, Calling, unanswered
from contextmail.connectors.mailchimp.credentials import Credentials
from contextmail.connectors.mailchimp.problems import refusal
from contextmail.errors import ConfigurationError, PlatformError
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


class Page(NamedTuple):
    """Rows of a collection, and how many the whole collection had when this page was read."""

    rows: list[Any]
    total: int


class Transport(Calling):
    """Make calls by the SDK's own names, as many at the same time as the account allows."""

    def __init__(self, credentials: Credentials, options: MailchimpOptions) -> None:
        super().__init__(
            urlsplit(credentials.url).netloc,
            connections=options.connections,
            attempts=options.attempts,
            wait=options.wait,
        )
        self.url = credentials.url
        client = _Client(credentials, options, self._send)
        self._apis = {name: api(client) for name, api in _APIS.items()}

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

    def _send(self, method: str, send: Callable[[], requests.Response]) -> requests.Response:
        return self._passing(send, writes=method != "GET")


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
        self._timeout = (CONNECT_TIMEOUT, options.timeout)
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
            raise unanswered(error, "Mailchimp", where, why=_why(error), repeat=method != "POST") from None
        if not 200 <= response.status_code < 300:
            raise refusal(response.status_code, response.text, method=method, where=where)
        return response


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


def _why(error: requests.RequestException) -> Literal["late", "certificate", "broken"]:
    if isinstance(error, requests.exceptions.SSLError):
        return "certificate"
    return "late" if isinstance(error, requests.Timeout) else "broken"
