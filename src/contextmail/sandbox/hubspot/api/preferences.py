"""/communication-preferences: subscription types, and what an address chose, as the fourth version has it."""

from __future__ import annotations

from contextmail.sandbox.hubspot.call import Call, Document, batch, found, member, told
from contextmail.sandbox.hubspot.model import Choice, Definition, Wish
from contextmail.sandbox.hubspot.problems import Problem, forbidden
from contextmail.sandbox.hubspot.state import PORTAL

BASES = frozenset(
    """LEGITIMATE_INTEREST_PQL LEGITIMATE_INTEREST_CLIENT PERFORMANCE_OF_CONTRACT CONSENT_WITH_NOTICE NON_GDPR
    PROCESS_AND_STORE LEGITIMATE_INTEREST_OTHER""".split()
)
WISHES: dict[str, Wish] = {"SUBSCRIBED": "SUBSCRIBED", "UNSUBSCRIBED": "UNSUBSCRIBED", "NOT_SPECIFIED": "NOT_SPECIFIED"}


def definitions(call: Call) -> Document:
    """List subscription types."""
    listed = [_definition(one) for one in call.state.preferences.definitions.values()]
    return {"subscriptionDefinitions": listed} if call.version == "v3" else batch(call.state, listed)


def statuses(call: Call) -> Document:
    """Read all statuses of an address."""
    _channel(call)
    return batch(call.state, _statuses(call, call.params["email"]))


def set_status(call: Call) -> Document:
    """Set one status of an address: it also brings back who left."""
    return batch(call.state, [_set(call, call.params["email"], call.body)])


def wide(call: Call) -> Document:
    """Tell whether an address left everything; no result: it did not."""
    _channel(call)
    return batch(call.state, _wide(call, call.params["email"]))


def leave_all(call: Call) -> Document:
    """Take an address out of everything; the answer is empty unless `verbose`."""
    _channel(call)
    email = call.params["email"]
    call.state.choose(email, 0, "UNSUBSCRIBED")
    return batch(call.state, _statuses(call, email) if call.asked("verbose") == "true" else [])


def batch_read(call: Call) -> Document:
    """Read the statuses of many addresses (Enterprise)."""
    return batch(
        call.state, [{"subscriberIdString": one, "statuses": _statuses(call, one)} for one in _addresses(call)]
    )


def batch_wide(call: Call) -> Document:
    """Tell who of many left everything (Enterprise)."""
    return batch(
        call.state, [{"subscriberIdString": one, "wideStatuses": _wide(call, one)} for one in _addresses(call)]
    )


def batch_write(call: Call) -> Document:
    """Set statuses of many addresses, row by row (Enterprise)."""
    _enterprise(call)
    results, errors = [], []
    for one in call.inputs(call.state.limits.preference_inputs):
        email = member(one, "subscriberIdString", str)
        try:
            results.append(_set(call, email, one))
        except Problem as problem:
            errors.append(problem.row(subscriberIdString=email))
    return batch(call.state, results, errors)


def batch_leave_all(call: Call) -> Document:
    """Take many addresses out of everything (Enterprise)."""
    emails = _addresses(call)
    for email in emails:
        call.state.choose(email, 0, "UNSUBSCRIBED")
    return batch_read(call) if call.asked("verbose") == "true" else batch(call.state, [])


def timeline(call: Call) -> Document:
    """List changes of choice, the latest first: the one place that tells who left of themselves."""
    start, offset, count = call.number("startTimestamp", 0), call.number("offset", 0), call.number("limit", 100, 1000)
    who = call.asked("recipient").lower()
    changes = [one for one in reversed(call.state.preferences.changes) if not who or one.email.lower() == who]
    entries = []
    for one in changes:
        at = int(one.at.timestamp() * 1000)
        kind = "SUBSCRIPTION_STATUS" if one.subscription else "PORTAL_STATUS"
        change: Document = {"change": one.status, "source": one.source, "portalId": PORTAL, "changeType": kind}
        if one.subscription:
            change["subscriptionId"] = one.subscription
        if at >= start:
            entries.append({"timestamp": at, "portalId": PORTAL, "recipient": one.email, "changes": [change]})
    end = min(offset + count, len(entries))
    return {"timeline": entries[offset:end], "hasMore": end < len(entries), "offset": str(end)}


def _set(call: Call, email: str, body: object) -> Document:
    status, preferences = WISHES.get(member(body, "statusState", str)), call.state.preferences
    if member(body, "channel", str) != "EMAIL" or status is None:
        raise Problem(400, f"channel must be EMAIL, statusState one of {list(WISHES)}.")
    one = found(preferences.definitions.get(member(body, "subscriptionId", int)))
    basis, why = member(body, "legalBasis", str, ""), member(body, "legalBasisExplanation", str, "")
    joining, readings = status == "SUBSCRIBED", call.state.readings
    if joining and readings.legal_basis_required and not (basis in BASES and why):
        raise Problem(400, "legalBasis and legalBasisExplanation are required by the account's data-privacy settings.")
    before = preferences.choice(email, one.id)
    if before is not None and before.status == status:
        return {**_status(call, email, one), "setStatusSuccessReason": "NO_STATUS_CHANGE"}
    if joining and readings.subscribing_lifts_all:
        preferences.lift_all(email)
    call.state.choose(email, one.id, status, legal_basis=basis, explanation=why)
    back = joining and before is not None and before.status == "UNSUBSCRIBED"
    return {**_status(call, email, one), **({"setStatusSuccessReason": "RESUBSCRIBE_OCCURRED"} if back else {})}


def _statuses(call: Call, email: str) -> list[Document]:
    return [_status(call, email, one) for one in call.state.preferences.definitions.values()]


def _status(call: Call, email: str, one: Definition) -> Document:
    never = Choice("NOT_SPECIFIED", one.created_at, "")
    own = call.state.preferences.choice(email, one.id) or never
    choice = call.state.preferences.opted_out(email) or own
    more = {"subscriberIdString": email, "subscriptionId": one.id, "subscriptionName": one.name, "channel": "EMAIL"}
    if own.legal_basis:
        more |= {"legalBasis": own.legal_basis, "legalBasisExplanation": own.explanation}
    return told(choice, "status source timestamp=at", **more)


def _wide(call: Call, email: str) -> list[Document]:
    left = call.state.preferences.opted_out(email)
    if left is None:
        return []
    more = {"channel": "EMAIL", "subscriberIdString": email, "wideStatusType": "PORTAL_WIDE"}
    return [told(left, "status timestamp=at", **more)]


def _channel(call: Call) -> None:
    if call.asked("channel") != "EMAIL":
        raise Problem(400, "channel: EMAIL is required.")


def _enterprise(call: Call) -> None:
    if call.state.tier != "enterprise":
        raise forbidden(
            "communication_preferences.statuses.batch.read", "communication_preferences.statuses.batch.write"
        )


def _addresses(call: Call) -> list[str]:
    _channel(call)
    _enterprise(call)
    return call.inputs(call.state.limits.preference_inputs, str)


def _definition(one: Definition) -> Document:
    names = "name description purpose isActive=active isInternal=internal createdAt=created_at updatedAt=created_at"
    return told(one, names, id=str(one.id), communicationMethod="Email", isDefault=False)
