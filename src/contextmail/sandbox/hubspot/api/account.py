"""Account details, owners, and the pipeline of deals."""

from __future__ import annotations

from contextmail.sandbox.hubspot.call import Call, Document, told
from contextmail.sandbox.hubspot.model import Owner
from contextmail.sandbox.hubspot.state import PORTAL, stamp

DETAILS = {
    "portalId": PORTAL,
    "accountType": "DEVELOPER_TEST",
    "timeZone": "Europe/London",
    "utcOffset": "+00:00",
    "utcOffsetMilliseconds": 0,
    "companyCurrency": "GBP",
    "additionalCurrencies": [],
    "uiDomain": "app.example.org",
    "dataHostingLocation": "eu1",
}


def details(_call: Call) -> Document:
    """Tell whose account it is."""
    return DETAILS


def owners(call: Call) -> Document:
    """List owners, or the one of an address; none has left."""
    email, gone = call.asked("email").lower(), call.asked("archived") == "true"
    held = [one for one in call.state.owners.values() if email in ("", one.email.lower()) and not gone]
    return call.page(held, _owner, 500)


def pipelines(call: Call) -> Document:
    """List the pipelines of a kind, with their stages: deals have one."""
    at = stamp(call.state.started)
    always = {"archived": False, "createdAt": at, "updatedAt": at}
    stages = []
    for number, stage in enumerate(call.state.stages if call.kind() == "deals" else ()):
        metadata = {"isClosed": "true" if "closed" in stage else "false"}
        stages.append({"id": stage, "label": stage, "displayOrder": number, "metadata": metadata, **always})
    whole = {"id": "default", "label": "Sales", "displayOrder": 0, "stages": stages, **always}
    return {"results": [whole] if stages else []}


def _owner(one: Owner) -> Document:
    names = "id email userId=user_id userIdIncludingInactive=user_id firstName=first_name lastName=last_name"
    when = "createdAt=created_at updatedAt=created_at"
    return told(one, f"{names} {when}", type="PERSON", archived=False, teams=[])
