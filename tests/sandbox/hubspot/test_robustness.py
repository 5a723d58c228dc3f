"""Whatever a client sends, it gets an answer of the platform's kind."""

import json
from contextlib import suppress

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contextmail.errors import TemplateError
from contextmail.sandbox.http import Request
from contextmail.sandbox.hubspot import Limits, State
from contextmail.sandbox.hubspot.application import ROUTES, HubSpot
from contextmail.sandbox.hubspot.outbox import copies
from contextmail.sandbox.hubspot.seeding import portal

KEYS = """inputs id idProperty properties email firstname city lifecyclestage associations to from types associationTypeId
objectWriteTraceId filterGroups filters propertyName operator value values highValue sorts limit after query
primaryObjectId objectIdToMerge objectId name label groupName type fieldType options objectTypeId processingType
processingTypes count offset recordIdsToAdd recordIdsToRemove subject content widgets contactIlsLists contactIds include
exclude subscriptionDetails subscriptionId cloneName body html statusState channel subscriberIdString legalBasis""".split()
WORDS = """contacts 0-1 MANUAL EQ BETWEEN CONTAINS_TOKEN email ada@example.com EMAIL SUBSCRIBED UNSUBSCRIBED string text
contactinformation cm_1""".split()
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.sampled_from(WORDS)
    | st.text(max_size=5)
)


def bodies(ids):
    leaves = LEAVES | st.sampled_from(ids)
    return st.recursive(
        leaves,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=5),
        max_leaves=12,
    )


NAMES = (
    "limit after offset properties associations idProperty email listIds channel verbose startTimestamp sort".split()
)
QUERIES = st.dictionaries(
    st.sampled_from(NAMES), st.sampled_from(["", "1", "-1", "x", "EMAIL", "companies"]), max_size=3
)
BEARER = {"authorization": "Bearer token"}


def world():
    """A portal with one of everything, and the path parameters that name them."""
    state = State(Limits(calls=10**6, searches=10**6), tier="enterprise")
    held = portal(state, 3)
    contact = next(iter(state.records["contacts"]))
    to = {"contactIlsLists": {"include": [held.id], "exclude": []}}
    email = state.add_email("Spring", "Hi", widgets={"text": {"body": {"html": "Hi {{ contact.city }}"}}}, to=to)
    params = {
        "kind": "contacts",
        "other": "companies",
        "id": contact.id,
        "list_id": held.id,
        "email_id": email.id,
        "name": "city",
        "email": contact.email,
    }
    return state, params


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data(), st.sampled_from(sorted(ROUTES)), QUERIES)
def test_no_call_makes_it_fall_over(data, route, query):
    state, params = world()
    body = data.draw(bodies([params["id"], params["email"], params["list_id"]]))
    method, path = route.split(" ")
    for name, value in params.items():
        path = path.replace("{" + name + "}", value)
    application = HubSpot(state, "token")
    reply = application.answer(
        Request(method, path, query, BEARER, b"" if method == "GET" else json.dumps(body).encode())
    )
    assert reply.status in (200, 201, 204, 207, 400, 404, 409)
    if reply.status != 204:
        json.loads(reply.body)
    # What a write left behind must be readable too.
    for after in ("/crm/v3/objects/contacts", "/crm/v3/properties/contacts", "/crm/v3/lists", "/marketing/v3/emails"):
        assert application.answer(Request("GET", after, {}, BEARER, b"")).status == 200
    for email in state.emails.values():
        with suppress(TemplateError):
            copies(state, email)
