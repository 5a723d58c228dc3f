"""Addresses of platforms other than their own: a sandbox, a proxy."""

from __future__ import annotations

from urllib.parse import urlsplit

from contextmail.errors import ConfigurationError

_LOOPBACK = ("127.0.0.1", "localhost", "::1")


def checked(url: str, where: str, key: str) -> str:
    """Give the address without a slash at its end; refuse one that would carry the secret of `key` in the clear.

    Raises ConfigurationError, which names the variable `where` it stands.
    """
    parts = urlsplit(url)
    local = parts.hostname in _LOOPBACK
    if not parts.hostname or parts.scheme not in ("https", "http") or (parts.scheme == "http" and not local):
        cure = "https://…, or http://127.0.0.1:PORT of `contextmail sandbox`"
        raise ConfigurationError(f"{parts.scheme or 'no'}:// would not protect the key", where=where, cure=cure)
    if parts.username or parts.password:
        raise ConfigurationError("a URL holds no password", where=where, cure=f"put the key into {key}")
    return url.rstrip("/")
