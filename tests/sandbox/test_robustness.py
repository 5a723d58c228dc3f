"""Whatever a client sends, it gets an answer of the platform's kind."""

import json

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contextmail.sandbox.http import Request
from contextmail.sandbox.mailchimp import Readings, State
from contextmail.sandbox.mailchimp.application import ROUTES, Mailchimp
from contextmail.sandbox.mailchimp.model import Order, OrderLine
from contextmail.sandbox.mailchimp.seeding import fill, open_store
from contextmail.sandbox.people import invent

KEYS = """email_address status status_if_new merge_fields FNAME X members tags name type tag static_segment options
match conditions condition_type field op value members_to_add members_to_remove recipients list_id segment_opts
saved_segment_id settings subject_line from_name reply_to template_id html plain_text template id sections schedule_time
test_emails send_type url events sources interests title required public default_value display_order update_existing
vip""".split()
WORDS = """subscribed regular text all is TextMerge StaticSegment EcommNumber ecomm_orders FNAME
ada.lane.1@example.com""".split()
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from(WORDS) | st.text(max_size=5)
BODIES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=5),
    max_leaves=12,
)
NAMES = """count offset status fields exclude_fields since_last_changed unsubscribed_since since sort_field type q
person""".split()
QUERIES = st.dictionaries(
    st.sampled_from(NAMES),
    st.sampled_from(["", "1", "-1", "x", "subscribed", "2026-01-01", "members.id", "user", "last_changed"]),
    max_size=3,
)


def strict(name):
    """Refuse NaN and infinities, which no JSON has."""
    raise ValueError(name)


def world():
    """An account with one of everything, and the path parameters that name them."""
    state = State(readings=Readings(webhook_url_checked=False))
    people = list(invent(3))
    audience = fill(state, people)
    member = next(iter(audience.members))
    store = open_store(
        state, audience, people, orders=[Order("1", people[0].id, state.now(), (OrderLine("x", 1, 1.0),))]
    )
    segment = state.add_segment(audience, "tag")
    campaign = state.add_campaign(audience, html="<p>Hi</p>", subject_line="Hi")
    sent = state.add_campaign(audience, html="<p>Hi</p>", subject_line="Hi")
    state.send(sent.id)
    params = {
        "list_id": audience.id,
        "subscriber_hash": member.key,
        "merge_id": "1",
        "segment_id": str(segment.id),
        "campaign_id": campaign.id,
        "store_id": store.id,
        "template_id": str(state.add_template("T", "<p></p>").id),
        "workflow_id": state.add_automation(audience, "A", campaign).id,
        "customer_id": people[0].id,
        "product_id": "84950",
        "order_id": "1",
        "interest_category_id": "none",
        "interest_id": "none",
        "webhook_id": "none",
    }
    return state, params, sent.id


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(sorted(ROUTES)), BODIES, QUERIES)
def test_no_call_makes_it_fall_over(route, body, query):
    state, params, sent = world()
    method, path = route.split(" ")
    if path.startswith("/reports/"):
        params["campaign_id"] = sent
    for name, value in params.items():
        path = path.replace("{" + name + "}", value)
    application = Mailchimp(state)
    sent_body = b"" if method == "GET" else json.dumps(body).encode()
    request = Request(method, f"/3.0{path}", query, {"authorization": "Basic x"}, sent_body)
    reply = application.answer(request)
    assert reply.status in (200, 204, 400, 404, 405, 501)
    if reply.status != 204:
        json.loads(reply.body, parse_constant=strict)
    # What a write left behind must be readable too.
    for after in (
        "/lists",
        f"/lists/{params['list_id']}/members",
        f"/lists/{params['list_id']}/segments",
        "/campaigns",
    ):
        read = application.answer(Request("GET", f"/3.0{after}", {}, {"authorization": "Basic x"}, b""))
        assert read.status == 200
    for campaign in state.campaigns:
        assert application.answer(Request("GET", f"/outbox/{campaign}", {}, {}, b"")).status == 200
