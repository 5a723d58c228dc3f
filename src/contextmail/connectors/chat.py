"""Ask a language model by OpenAI's chat completions, which most servers of models understand.

What comes back is only ever a text: nothing that it says is done, and whoever asks judges it.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import requests

from contextmail.connectors.addresses import checked
from contextmail.connectors.calling import CONNECT_TIMEOUT, Calling, asked_to_wait, phrase, unanswered
from contextmail.errors import AuthenticationError, ConfigurationError, PlatformError, RetryableError
from contextmail.model.rewriter import RewriterOptions

_MOST = 64_000
"""Bytes of an answer; a text of one sentence has a thousand."""
_BUSY = (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS)
_PARTICULAR = (HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY)
_WANTED: Mapping[str, object] = {"temperature": 0, "response_format": {"type": "json_object"}}
"""What a server may refuse; without these the request says the same in words."""


class Chat(Calling):
    """One model at one endpoint. The key comes from the environment variable that the options name.

    Raises ConfigurationError for a URL that is none or would not protect what is sent, and for a key that is not there.
    """

    def __init__(self, options: RewriterOptions, environment: Mapping[str, str]) -> None:
        for name in ("url", "model"):
            if not getattr(options, name):
                raise ConfigurationError(f"the rewriter has no {name}", where=f"[rewriter] {name}", cure=f"{name} = …")
        self.url = checked(options.url, "[rewriter] url", options.key_variable or "key_variable") + "/chat/completions"
        super().__init__(
            urlsplit(self.url).netloc,
            connections=options.connections,
            attempts=options.attempts,
            wait=options.wait,
        )
        self.model, self._variable, self._timeout = options.model, options.key_variable, options.timeout
        self._session = requests.Session()
        # Else a password of ~/.netrc would be sent along.
        self._session.auth = lambda request: request
        if self._variable:
            self._session.headers["Authorization"] = f"Bearer {_key(self._variable, environment)}"
        self._wanted = _WANTED

    def __repr__(self) -> str:
        """Name the address and the model, and not the key."""
        return f"Chat({self.url!r}, {self.model!r})"

    def ask(self, messages: list[dict[str, str]]) -> str:
        """Give the model's answer, as text.

        Raises AuthenticationError for the key, RetryableError where all tries failed, PlatformError for any other
        refusal and for what is no chat completion.
        """
        answer: str = self._retrying(self._asked, messages)
        return answer

    def close(self) -> None:
        """Let threads and connections go."""
        super().close()
        self._session.close()

    def _asked(self, messages: list[dict[str, str]]) -> str:
        wanted = self._wanted
        status, body = self._passing(lambda: self._sent(messages, wanted), writes=False)
        if status in _PARTICULAR and wanted:
            self._wanted = {}
            status, body = self._passing(lambda: self._sent(messages, {}), writes=False)
        if status != HTTPStatus.OK:
            raise PlatformError(phrase(status), status=status, where=self.url, cure="check url and model of [rewriter]")
        return self._content(body)

    def _sent(self, messages: list[dict[str, str]], wanted: Mapping[str, object]) -> tuple[int, bytes]:
        """Send once; give status and body. Raises what may be tried again, and what the key is refused with."""
        body = {"model": self.model, "messages": messages, **wanted}
        deadline = time.monotonic() + self._timeout
        try:
            with self._session.post(
                self.url,
                json=body,
                timeout=(min(CONNECT_TIMEOUT, self._timeout), self._timeout),
                allow_redirects=False,
                stream=True,
            ) as response:
                self._judge(response)
                return response.status_code, self._body(response, deadline)
        except requests.exceptions.SSLError as error:
            raise unanswered(error, "the rewriter", self.url, why="certificate", repeat=True) from None
        except requests.RequestException as error:
            why: Any = "late" if isinstance(error, requests.Timeout) else "broken"
            raise unanswered(error, "the rewriter", self.url, why=why, repeat=True) from None

    def _judge(self, response: requests.Response) -> None:
        status = response.status_code
        if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
            cure = (
                f"put a key that may use {self.model} into {self._variable}" if self._variable else "set key_variable"
            )
            raise AuthenticationError(f"the key is refused: {phrase(status)}", where=self.url, cure=cure)
        if status in _BUSY or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            error = RetryableError(phrase(status), status=status, where=self.url)
            error.after = asked_to_wait(response.headers.get("Retry-After", ""))
            raise error

    def _body(self, response: requests.Response, deadline: float) -> bytes:
        """Read a body byte by byte, which alone returns in time where a server sends one every now and then."""
        body = bytearray()
        for piece in response.iter_content(1):
            body += piece
            if len(body) > _MOST:
                raise PlatformError("the answer is too long", status=response.status_code, where=self.url)
            if time.monotonic() > deadline:
                raise RetryableError("no whole answer in time", status=response.status_code, where=self.url)
        return bytes(body)

    def _content(self, body: bytes) -> str:
        try:
            content = json.loads(body)["choices"][0]["message"]["content"]
        except (ValueError, LookupError, TypeError, RecursionError):
            cure = "check url of [rewriter]: it ends before /chat/completions"
            raise PlatformError("the answer is no chat completion", where=self.url, cure=cure) from None
        return content if isinstance(content, str) else ""


def _key(variable: str, environment: Mapping[str, str]) -> str:
    key = environment.get(variable, "").strip()
    if not key:
        where = f"environment variable {variable}"
        raise ConfigurationError("there is no key for the rewriter", where=where, cure=f"export {variable}=…")
    if not (key.isascii() and key.isprintable()):
        raise ConfigurationError("the key holds what no key does", where=f"environment variable {variable}")
    return key
