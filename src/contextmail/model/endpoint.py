"""Endpoints: addresses and numbers in the one form by which they are compared."""

from __future__ import annotations

import re
import unicodedata

from contextmail.errors import RecordRejected

_NUMBER = re.compile(r"\+[1-9][0-9]{6,14}")
_NO_ADDRESS = re.compile(r"[\s\x00-\x1f\x7f<>()\[\]\\,;:@\"]")
_TRUNK_ZERO = "(0)"
"""`+44 (0)1632 960961`: dialled at home only."""

DESKS = frozenset(
    "abuse accounting accounts admin administrator all billing booking bookings careers contact customercare"
    " customerservice datenschutz dpo editor enquiries enquiry everyone feedback finance general hello help helpdesk hi"
    " hostmaster hr info inquiries inquiry invoice invoices it jobs kontakt kundenservice legal mail mailbox mailerdaemon"
    " marketing media news newsletter noreply donotreply office orders order payments postmaster press privacy"
    " purchasing reception rechnung recruitment reservations root sales secretary security service shop staff store"
    " subscribe subscriptions support team unsubscribe verkauf vertrieb webmaster welcome".split()
)
"""Local parts, without marks between words, that reach a desk and not one person (RFC 2142, and common usage)."""


def normalise(endpoint: str) -> str:
    """Give an address in lower case with its domain in ASCII, or a number as E.164 (`+441632960961`).

    Dots and `+tags` of an address stay: they may be two people. Raises RecordRejected, which does not repeat it.
    """
    # Address books and word processors leave marks that nobody sees.
    plain = "".join(char for char in endpoint if unicodedata.category(char) != "Cf").strip()
    if "@" in plain:
        local, _, domain = plain.rpartition("@")
        try:
            ascii_domain = domain.rstrip(".").encode("idna").decode("ascii")
        except UnicodeError:
            ascii_domain = ""
        if local and ascii_domain and not _NO_ADDRESS.search(local):
            return f"{unicodedata.normalize('NFC', local.lower())}@{ascii_domain.lower()}"
        raise RecordRejected("not an e-mail address", where="endpoint")
    number = re.sub(r"[\s().\-\u2010-\u2015/]", "", plain.replace(_TRUNK_ZERO, ""))
    if number.startswith("00"):
        number = "+" + number[2:]
    if _NUMBER.fullmatch(number):
        return number
    cure = "write numbers with their country: +44 1632 960961"
    raise RecordRejected("neither an e-mail address nor an international number", where="endpoint", cure=cure)


def is_desk(address: str) -> bool:
    """Say whether a normalised address is that of a role (`info@`, `no-reply@`, `sales+uk@`): whoever sits there."""
    local = address.partition("@")[0].partition("+")[0]
    return re.sub(r"[._-]|[0-9]+$", "", local) in DESKS
