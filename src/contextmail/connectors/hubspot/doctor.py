"""What stands between us and a portal: reachable, which, what the token may read, limits, what is missing.

A token does not say what it may do, and what it may write is not tried: what it may read is, by one call each.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

from contextmail.connectors.calling import unless_gone
from contextmail.connectors.hubspot import connect
from contextmail.connectors.hubspot.credentials import Credentials
from contextmail.connectors.hubspot.paths import at
from contextmail.connectors.symptoms import Report, Symptom, refused, report
from contextmail.errors import AuthenticationError, did_you_mean
from contextmail.model.hubspot import WITHOUT_EMAIL_API, HubspotOptions

if TYPE_CHECKING:
    from contextmail.connectors.hubspot.target import HubspotTarget


class _Needed(NamedTuple):
    """Something to read, what for, and the scopes that a company gives its token for it, those for writing too."""

    what: str
    path: str
    purpose: str
    scopes: str
    must: bool = False


_NEEDED = (
    _Needed("contacts", "/crm/v3/objects/contacts", "everything", "crm.objects.contacts.read, …write", must=True),
    _Needed("properties", "/crm/v3/properties/contacts", "everything", "crm.schemas.contacts.read, …write", must=True),
    _Needed("lists", "/crm/v3/lists/object-type-id/0-1/name/contextmail", "segments", "crm.lists.read, …write"),
    _Needed("e-mails", "/marketing/v3/emails", "drafts", "content"),
    _Needed(
        "subscriptions", "/communication-preferences/v4/definitions", "consent", "communication_preferences.read_write"
    ),
    _Needed("companies", "/crm/v3/objects/companies", "what a firm owns", "crm.objects.companies.read"),
    _Needed("deals", "/crm/v3/objects/deals", "deals as orders", "crm.objects.deals.read"),
    _Needed("orders", "/crm/v3/objects/orders", "what was bought", "crm.objects.orders.read"),
    _Needed("line items", "/crm/v3/objects/line_items", "what was bought", "crm.objects.line_items.read"),
    _Needed("products", "/crm/v3/objects/products", "product names", "crm.objects.products.read"),
    _Needed("owners", "/crm/v3/owners", "who owns a relationship", "crm.objects.owners.read"),
)


def doctor(options: HubspotOptions, environment: Mapping[str, str]) -> Report:
    """Look at a connection without writing anything; what is wrong is in the report, and nothing is raised."""
    return report("hubspot", _symptoms(options, environment))


def _symptoms(options: HubspotOptions, environment: Mapping[str, str]) -> Iterator[Symptom]:
    credentials = Credentials.of(environment)
    yield Symptom("token", f"is there, and goes to {credentials.url}")
    target = connect(options, environment)
    try:
        account = target.account()
        yield Symptom("portal", account.name)
        yield from filter(None, (_readable(target, one) for one in _NEEDED))
        yield from _limits(target)
        yield from _settings(target)
    finally:
        target.close()


def _readable(target: HubspotTarget, needed: _Needed) -> Symptom | None:
    """Try one call; None: what it is for is another tier's."""
    what = f"may read {needed.what}"
    if needed.what == "e-mails" and target.options.tier in WITHOUT_EMAIL_API:
        cure = "`contextmail plan --paste` prints the texts; or Marketing Hub Professional"
        return Symptom(what, f"not by the API of {target.options.tier}, which makes no drafts", cure=cure)
    try:
        unless_gone(lambda: target.transport.send("GET", needed.path, query={"limit": 1}))
    except AuthenticationError as error:
        cure = f"{refused(what, error).cure}; {needed.what} take {needed.scopes}"
        return Symptom(what, f"no: {needed.purpose} stays unknown", ok=not needed.must, cure=cure)
    return Symptom(what, "yes")


def _limits(target: HubspotTarget) -> Iterator[Symptom]:
    options, budget = target.options, target.transport.budgets.calls
    seconds = (
        f"{budget.most:,} calls in {budget.seconds:g} seconds ({options.rate_share:.0%} of what {options.tier} allows)"
    )
    daily = f", {budget.daily[1]:,} of {budget.daily[0]:,} left today" if budget.daily else ""
    yield Symptom("limits", f"{seconds}{daily}")
    own = sum(not one.get("hubspotDefined") for one in target.transport.rows("/crm/v3/properties/contacts"))
    free = options.fields - own
    cure = "" if free > 0 else "`contextmail tidy` deletes those of ours that nobody uses"
    yield Symptom("contact properties", f"{own} of {options.fields} of your own", ok=free > 0, cure=cure)


def _settings(target: HubspotTarget) -> Iterator[Symptom]:
    """Look whether what the settings name is there."""
    if target.options.audience:
        answer = target.transport.send("GET", at("/crm/v3/lists/{}", target.audience))
        found = answer.get("list") or answer
        yield Symptom("list", f"{found.get('name', '')} ({target.audience})")
    for kind, names in _mapped(target.options).items():
        there = {one["name"] for one in target.transport.rows(f"/crm/v3/properties/{kind}")}
        yield _named("[hubspot.properties]", f"{kind}: {{}}", names, there)
    if stages := target.options.order_stages:
        pipelines = target.transport.rows("/crm/v3/pipelines/deals")
        yield _named("[hubspot] order_stages", "{}", stages, {one["id"] for p in pipelines for one in p["stages"]})


def _mapped(options: HubspotOptions) -> dict[str, list[str]]:
    names: dict[str, list[str]] = {}
    for path in options.properties.values():
        kind, _, name = path.rpartition(".")
        names.setdefault(kind or "contacts", []).append(name)
    return names


def _named(what: str, form: str, names: Iterable[str], there: Collection[str]) -> Symptom:
    lost = [name for name in names if name not in there]
    cure = "; ".join(did_you_mean(name, there) or f"there is no {name}" for name in lost)
    found = f"no such: {', '.join(lost)}" if lost else ", ".join(names)
    return Symptom(what, form.format(found), ok=not lost, cure=cure)
