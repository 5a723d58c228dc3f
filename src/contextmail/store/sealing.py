"""Keep addresses out of the store's tables: a keyed hash to look them up by, and a seal for what must be read again."""

from __future__ import annotations

import hmac
from collections.abc import Sequence

from contextmail.environment import LOOKUP_KEY, SEAL_KEYS
from contextmail.errors import ConfigurationError

_SHORTEST = 32
_CURE = "`contextmail init` makes the keys; a deployment gets them from its environment, the same ones everywhere"


class Sealer:
    """Hash endpoints and seal bytes: HMAC-SHA256 for look-ups, Fernet (AES-128-CBC with HMAC) for what is read again.

    `lookup` is any text of at least 32 characters and can never be changed, or nobody's consent is found again.
    `seals` are Fernet keys, the newest first: that one seals, and all of them open. Raises ConfigurationError for a
    key that is missing, short or malformed.
    """

    def __init__(self, lookup: str, seals: Sequence[str], *, brand: str = "") -> None:
        from cryptography.fernet import Fernet, InvalidToken, MultiFernet

        if len(lookup) < _SHORTEST:
            raise _bad("missing" if not lookup else f"shorter than {_SHORTEST} characters", LOOKUP_KEY)
        if not seals:
            raise _bad("missing", SEAL_KEYS)
        try:
            self._fernet = MultiFernet([Fernet(seal) for seal in seals])
        except ValueError:
            raise _bad("no Fernet key (32 bytes in base64)", SEAL_KEYS) from None
        self._lookup = lookup.encode()
        self._brand = brand
        self._wrong_key = InvalidToken

    def subject(self, endpoint: str) -> str:
        """Give the keyed hash of a normalised endpoint within the brand, 64 hex digits."""
        return hmac.digest(self._lookup, f"{self._brand}\n{endpoint}".encode(), "sha256").hex()

    def seal(self, plain: bytes) -> bytes:
        """Seal bytes with the newest key."""
        return self._fernet.encrypt(plain)

    def open(self, sealed: bytes) -> bytes:
        """Open what any of the keys sealed. Raises ConfigurationError where none of them did."""
        try:
            return self._fernet.decrypt(sealed)
        except self._wrong_key:
            cure = f"put the key before it back into {SEAL_KEYS}, behind the newest: new,old"
            raise ConfigurationError("sealed with a key that is not here", where=SEAL_KEYS, cure=cure) from None


def new_keys() -> dict[str, str]:
    """Make a lookup key and a seal key, by the names of the environment variables that hold them."""
    from cryptography.fernet import Fernet

    return {name: Fernet.generate_key().decode() for name in (LOOKUP_KEY, SEAL_KEYS)}


def _bad(what: str, where: str) -> ConfigurationError:
    return ConfigurationError(f"the key is {what}", where=where, cure=_CURE)
