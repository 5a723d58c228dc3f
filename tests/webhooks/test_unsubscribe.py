"""One-click links: opaque, for a person's button or a mail program's POST, and never for a scanner's GET."""

from datetime import date, timedelta
from html.parser import HTMLParser

import pytest
from cryptography.fernet import Fernet
from webhooks.conftest import ADA, NOW

from contextmail.errors import ConfigurationError, RecordRejected
from contextmail.model.consent import Act, Actor, Scope
from contextmail.store.base import StoreDownError
from contextmail.store.sealing import Sealer
from contextmail.webhooks import sources
from contextmail.webhooks.http import Request
from contextmail.webhooks.one_click import OneClick
from contextmail.webhooks.receiver import Receiver
from contextmail.webhooks.unsubscribe import MARKETING, Unsubscription, link, unsubscribe_headers

URL = "https://hooks.example.com"
SCOPE = Scope("email", "marketing", "shop")
FORM = b"List-Unsubscribe=One-Click"
MULTIPART = b'--x\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--x--\r\n'


@pytest.fixture
def path(sealer) -> str:
    return link(sealer, URL, Unsubscription("Ada@Example.COM", SCOPE, date(2026, 5, 1))).removeprefix(URL)


@pytest.mark.parametrize("body", [FORM, MULTIPART], ids=["form", "multipart"])
def test_a_post_unsubscribes(receiver, store, sealer, path, body) -> None:
    answer = receiver.handle(Request("POST", path, body=body))
    assert answer.status == 200 and b"You are unsubscribed" in answer.body
    (event,) = store.inbox()
    (notice,) = OneClick(sealer).parse(event.body, event.account, event.received_at, event.assurance)
    assert (notice.endpoint, notice.act, notice.scope, notice.actor) == (ADA, Act.DENY, SCOPE, Actor.PERSON)
    assert (notice.at, notice.source, notice.evidence) == (NOW, "one-click", "link of 2026-05-01")


def test_a_scanner_that_opens_the_link_unsubscribes_nobody(receiver, store, path) -> None:
    for method in ("GET", "HEAD"):
        answer = receiver.handle(Request(method, path, query="List-Unsubscribe=One-Click", body=FORM))
        assert answer.status == 200 and b"You are unsubscribed" not in answer.body
    assert store.inbox() == []


class Form(HTMLParser):
    """Read the method of a page's form and what its button sends."""

    def __init__(self, html: bytes) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html.decode())

    def handle_starttag(self, tag, attrs) -> None:
        self.tags.append((tag, dict(attrs)))


def test_the_button_of_the_page_posts_what_unsubscribes(receiver, store, path) -> None:
    tags = Form(receiver.handle(Request("GET", path)).body).tags
    button = next(attributes for tag, attributes in tags if tag == "button")
    assert ("form", {"method": "post"}) in tags
    answer = receiver.handle(Request("POST", path, body=f"{button['name']}={button['value']}".encode()))
    assert answer.status == 200 and len(store.inbox()) == 1


def test_the_pages_load_nothing_run_nothing_and_name_nobody(receiver, path) -> None:
    pages = [receiver.handle(Request(method, path, body=FORM)) for method in ("GET", "POST")]
    pages.append(receiver.handle(Request("POST", "/u/broken", body=FORM)))
    for page in pages:
        tags = Form(page.body).tags
        assert {"html", "title", "h1", "main"} <= {tag for tag, _ in tags}
        assert ("html", {"lang": "en"}) in tags
        assert not {"script", "img", "link", "iframe"} & {tag for tag, _ in tags}
        assert not any(name.startswith("on") or name in ("src", "href") for _, names in tags for name in names)
        assert b"@" not in page.body and b"ada" not in page.body.lower()


def test_clicking_twice_is_answered_alike_and_kept_once_a_minute(receiver, store, clock, path) -> None:
    assert len({receiver.handle(Request("POST", path, body=FORM)) for _ in range(3)}) == 1
    assert len(store.inbox()) == 1
    # Who subscribed again since may leave again by the same link.
    clock.now += timedelta(minutes=1)
    receiver.handle(Request("POST", path, body=FORM))
    assert len(store.inbox()) == 2


@pytest.mark.parametrize("body", [b"", b"List-Unsubscribe=", b"One-Click"])
def test_a_post_without_the_field_is_no_unsubscribe(receiver, store, path, body) -> None:
    assert receiver.handle(Request("POST", path, body=body)).status == 401
    assert store.inbox() == []


def test_a_link_that_was_cut_or_made_up_is_refused_and_says_that_nothing_happened(
    receiver, store, sealer, path
) -> None:
    sealed_otherwise = (
        "/u/" + sealer.seal(b'["another kind", "ada@example.com", "email", "", "", "", "2026-05-01"]').decode()
    )
    stranger = Sealer("another lookup key, longer than thirty-two", [Fernet.generate_key().decode()])
    strange = link(stranger, URL, Unsubscription(ADA, SCOPE, date(2026, 5, 1))).removeprefix(URL)
    for broken in (path[:-1], path[:20], path[:-5] + "AAAA=", "/u/é", "/u/\udcff", sealed_otherwise, strange):
        answer = receiver.handle(Request("POST", broken, body=FORM))
        assert answer.status == 401 and b"<strong>not</strong> unsubscribed" in answer.body
    assert store.inbox() == []


def test_unsubscribed_is_said_only_when_it_is_kept(receiver, store, sealer, path, monkeypatch) -> None:
    def away(*event: object) -> bool:
        raise StoreDownError("busy")

    monkeypatch.setattr(store, "receive", away)
    answer = receiver.handle(Request("POST", path, body=FORM))
    assert answer.status == 503 and b"You are unsubscribed" not in answer.body


def test_a_link_outlives_the_key_that_sealed_it_as_long_as_that_key_opens(store, clock) -> None:
    lookup, old, new = (
        "a lookup key of more than thirty-two characters",
        *(Fernet.generate_key().decode() for _ in "12"),
    )
    made = link(Sealer(lookup, [old]), URL, Unsubscription(ADA, SCOPE, date(2020, 1, 1))).removeprefix(URL)
    for keys, status in (([new, old], 200), ([new], 401)):
        receiver = Receiver(store, sources(Sealer(lookup, keys)), clock=lambda: clock.now)
        assert receiver.handle(Request("POST", made, body=FORM)).status == status


def test_a_link_is_opaque_and_differs_each_time(sealer) -> None:
    made = {link(sealer, URL + "/", Unsubscription(ADA, MARKETING, date(2026, 5, 1))) for _ in range(2)}
    assert len(made) == 2
    for url in made:
        assert url.startswith(f"{URL}/u/") and "ada" not in url.lower() and "%40" not in url
        assert len(url) < 500


def test_the_headers_of_an_email_are_those_of_rfc_8058() -> None:
    assert unsubscribe_headers("https://hooks.example.com/u/x") == {
        "List-Unsubscribe": "<https://hooks.example.com/u/x>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }


@pytest.mark.parametrize(
    "url", ["http://hooks.example.com", "hooks.example.com", "", "https://", "https://a b", "https://a\r\nBcc: b"]
)
def test_a_public_url_without_tls_makes_no_link(sealer, url) -> None:
    with pytest.raises(ConfigurationError, match="https://"):
        link(sealer, url, Unsubscription(ADA, SCOPE, date(2026, 5, 1)))


def test_a_link_is_made_for_an_endpoint_only(sealer) -> None:
    with pytest.raises(RecordRejected):
        link(sealer, URL, Unsubscription("ada", SCOPE, date(2026, 5, 1)))
