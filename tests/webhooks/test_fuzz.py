"""Whatever a stranger sends: the receiver answers, and a parser says BadPayloadError or gives notices."""

import json
from urllib.parse import urlencode

import pytest
from cryptography.fernet import Fernet
from hypothesis import given, settings
from hypothesis import strategies as st
from webhooks.conftest import CLIENT, LIST, MAILCHIMP, NOW, PORTAL, PUBLIC, TOKEN, UNIX, WHSEC, mailchimp

from contextmail.model.consent import Assurance
from contextmail.store.sealing import Sealer
from contextmail.store.sqlite_consent import SqliteConsentStore
from contextmail.webhooks import sources
from contextmail.webhooks.base import BadPayloadError
from contextmail.webhooks.http import Request
from contextmail.webhooks.receiver import Receiver

SEALER = Sealer("a lookup key of more than thirty-two characters", [Fernet.generate_key().decode()])
SOURCES = sources(SEALER, public_url=PUBLIC)

NAMES = "type fired_at endpoint new_endpoint channel purpose list topic choice strength at actor method evidence obtained prefer kind data timestamp".split()
WORDS = """unsubscribe subscribe profile cleaned upemail campaign unsub delete manual abuse hard ada@example.com email sms
    marketing granted denied pending person system consent.changed preference.changed endpoint.suppressed endpoint.cleared
    endpoint.changed contact.erased only=sms most=1/30 complaint 2026-05-31 2026-05-31T09:00:00Z 9999-12-31T23:59:59-23:59""".split()
text = st.sampled_from([*WORDS, LIST, "2026-05-31 08:59:30"]) | st.text()
json_value = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES) | st.text(), inner, max_size=8),
    max_leaves=20,
)
field = st.sampled_from("action reason id list_id email old_email new_email campaign_id merges".split()).map(
    "data[{}]".format
)
form = st.dictionaries(field | st.sampled_from(["type", "fired_at"]) | st.text(), text).map(
    lambda fields: urlencode(fields, errors="replace").encode()
)
event = st.fixed_dictionaries({"type": text, "data": st.dictionaries(st.sampled_from(NAMES), text | json_value)})
part = st.none() | st.integers() | text
link = st.tuples(st.just("unsubscribe") | part, part, part, part, part, part, st.dates().map(str) | part).map(
    lambda parts: json.dumps(parts).encode()
)
crm = st.fixed_dictionaries(
    {"portalId": st.just(PORTAL) | json_value, "objectId": st.integers() | json_value},
    optional={
        "subscriptionType": st.sampled_from(["contact.merge", "contact.propertyChange", "object.creation"])
        | json_value,
        "propertyName": st.sampled_from(["email", "hs_email_optout_12"]) | json_value,
        "newObjectId": json_value,
    },
)
body = (
    st.binary()
    | st.lists(crm | json_value).map(lambda v: json.dumps(v).encode())
    | form
    | link
    | json_value.map(lambda v: json.dumps(v).encode())
    | event.map(lambda v: json.dumps(v).encode())
)


@settings(max_examples=200)
@pytest.mark.parametrize("name", SOURCES)
@given(body=body, assurance=st.sampled_from(Assurance))
def test_a_parser_gives_notices_or_says_bad_payload(name, body, assurance) -> None:
    try:
        notices = SOURCES[name].parse(body, str(PORTAL) if name == "hubspot" else LIST, NOW, assurance)
    except BadPayloadError:
        return
    for notice in notices:
        assert notice.endpoint and notice.endpoint.isprintable() and notice.endpoint.encode()
        assert notice.assurance is assurance
        assert notice.at is None or notice.at.tzinfo is None


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """A store with one account of each source, for all examples."""
    opened = SqliteConsentStore(tmp_path_factory.mktemp("fuzz") / "consent.db", SEALER)
    opened.set_secret("mailchimp-path", LIST, TOKEN)
    opened.set_secret("mailchimp", LIST, MAILCHIMP)
    opened.set_secret("standard", "crm", WHSEC)
    opened.set_secret("hubspot", str(PORTAL), CLIENT)
    yield opened
    opened.close()


odd = st.text() | st.text(alphabet="tv10=,. \udcff\x00é²") | st.binary().map(lambda b: b.decode("latin-1"))
headers = st.fixed_dictionaries(
    {},
    optional={
        "x-mailchimp-signature": odd,
        "x-hubspot-signature-v3": odd,
        "x-hubspot-request-timestamp": st.just(f"{UNIX}000") | odd,
        "webhook-id": odd,
        "webhook-timestamp": st.just(str(UNIX)) | odd,
        "webhook-signature": odd,
    },
)
paths = (
    st.sampled_from([f"/hooks/mailchimp/{LIST}/{TOKEN}", "/hooks/standard/crm", f"/hooks/hubspot/{PORTAL}", "/u/AAAA"])
    | odd.map("/u/{}".format)
    | odd
)


@settings(max_examples=400)
@given(method=st.sampled_from(["POST", "GET", "HEAD", "PUT"]) | odd, path=paths, headers=headers, body=body)
def test_the_receiver_answers_everything_and_keeps_nothing_of_a_stranger(store, method, path, headers, body) -> None:
    before = len(store.inbox(limit=10**6))
    answer = Receiver(store, SOURCES, clock=lambda: NOW).handle(Request(method, path, headers, body))
    assert answer.status in (200, 401, 404, 405)
    assert answer.status != 200 or method in ("GET", "HEAD")
    assert len(store.inbox(limit=10**6)) == before


@settings(max_examples=100)
@given(body=body)
def test_every_signed_body_is_kept_as_it_is(store, body) -> None:
    assert Receiver(store, SOURCES, clock=lambda: NOW).handle(mailchimp(body)).status == 200
    assert body in {event.body for event in store.inbox(limit=10**6)}
