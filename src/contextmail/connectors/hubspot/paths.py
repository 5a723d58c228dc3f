"""HubSpot's paths: written as its numbered versions have them, sent as its dated version has them.

The numbered versions end in September 2027 (4: March 2027), and each dated one 18 months after its date; moving on to
the next is this table. Source: HubSpot's pages "Migration guide" and "Versioning", and its descriptions of 2026-09.
"""

from __future__ import annotations

from http import HTTPStatus
from urllib.parse import quote

from contextmail.errors import ConfigurationError

_DATE = "2026-09"
_DATED = {
    "/account-info/v3/": f"/account-info/{_DATE}/",
    "/cms/v3/source-code/": f"/cms/source-code/{_DATE}/",
    "/communication-preferences/v4/": f"/communication-preferences/{_DATE}/",
    "/crm/v3/lists/": f"/crm/lists/{_DATE}/",
    "/crm/v3/objects/": f"/crm/objects/{_DATE}/",
    "/crm/v3/owners/": f"/crm/owners/{_DATE}/",
    "/crm/v3/pipelines/": f"/crm/pipelines/{_DATE}/",
    "/crm/v3/properties/": f"/crm/properties/{_DATE}/",
    "/crm/v4/associations/": f"/crm/associations/{_DATE}/",
    "/integrators/timeline/v3/": "/integrators/timeline/2026-03/",
    "/marketing/v3/emails/": f"/marketing/emails/{_DATE}/",
    "/webhooks/v3/": f"/app-webhooks/{_DATE}/",
}

ENDED = (HTTPStatus.NOT_FOUND, HTTPStatus.GONE)
"""How a path of version 1 answers once that version has ended."""


def dated(path: str) -> str:
    """Give the dated form of a path; one that has none stays as it is."""
    open_ended = f"{path}/"
    for numbered, date in _DATED.items():
        if open_ended.startswith(numbered):
            return f"{date}{path[len(numbered) :]}".rstrip("/")
    return path


def at(path: str, *names: str) -> str:
    """Put names into the `{}` of a path, each as one segment. Raises ConfigurationError for one that would change it."""
    for name in names:
        if name in ("", ".", ".."):
            raise ConfigurationError(f"{name!r} is no id", where=f"HubSpot {path}")
    return path.format(*(quote(name, safe="") for name in names))
