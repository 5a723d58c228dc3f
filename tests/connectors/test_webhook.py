"""A company's own service: signed so that it can tell, told again when it was away, left alone when it wants no more."""

import json
import time
from base64 import b64decode
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from contextmail.connectors.consents import new_secret
from contextmail.connectors.webhook import WebhookConsents
from contextmail.errors import ConfigurationError, RetryableError
from contextmail.model.consent import Act, Assurance, Scope
from contextmail.model.event import Push
from contextmail.sandbox.http import LoopbackServer, Reply
from contextmail.webhooks.standard import Standard

ANN = "ann@example.com"
MARKETING = Scope("email", "marketing")


class Service:
    """A company's service on loopback: it answers `reply`, and keeps what came."""

    def __init__(self):
        self.came = []
        self.reply = Reply(200)
        self.wait = 0.0
        self.server = LoopbackServer(self.answer)
        self.url = f"http://127.0.0.1:{self.server.port}/consent"

    def answer(self, request):
        self.came.append(request)
        time.sleep(self.wait)
        return self.reply

    @property
    def ids(self):
        return [request.headers["webhook-id"] for request in self.came]


@pytest.fixture
def service():
    made = Service()
    made.server.start()
    yield made
    made.server.stop()


@pytest.fixture
def secrets():
    return [new_secret()]


@pytest.fixture
def system(service, secrets):
    made = WebhookConsents("webhook:crm", service.url, lambda: secrets, timeout=(0.5, 0.5))
    yield made
    made.close()


def push(act=Act.DENY, scope=MARKETING, value="", change="c1", tries=1):
    return Push(1, "webhook:crm", "subject", ANN, act, scope, value, 1, change, "pushing", tries, "")


def test_a_secret_is_32_random_bytes_in_the_form_of_the_specification():
    one, other = new_secret(), new_secret()
    assert one != other and len(b64decode(one.removeprefix("whsec_"), validate=True)) == 32


def test_a_message_is_verified_by_the_specifications_library(system, service, secrets):
    assert system.push(push()).outcome == "done"
    (request,) = service.came
    event = Webhook(secrets[0]).verify(request.body, dict(request.headers))
    assert event["type"] == "consent.changed"
    assert event["data"] == {
        "endpoint": ANN,
        "channel": "email",
        "purpose": "marketing",
        "list": "",
        "topic": "",
        "choice": "denied",
    }


def test_while_secrets_rotate_each_of_them_verifies_and_no_other(system, service, secrets):
    secrets.append(new_secret())
    system.push(push())
    (request,) = service.came
    for secret in secrets:
        Webhook(secret).verify(request.body, dict(request.headers))
    with pytest.raises(WebhookVerificationError):
        Webhook(new_secret()).verify(request.body, dict(request.headers))


@pytest.mark.parametrize(
    ("told", "act", "scope", "value"),
    [
        (push(), Act.DENY, MARKETING, ""),
        (push(Act.GRANT), Act.GRANT, MARKETING, ""),
        (
            push(scope=Scope("email", "marketing", "news", "sale")),
            Act.DENY,
            Scope("email", "marketing", "news", "sale"),
            "",
        ),
        (push(scope=Scope()), Act.DENY, Scope(), ""),
        (push(Act.SUPPRESS, Scope("email"), "complaint"), Act.SUPPRESS, Scope("email"), "complaint"),
        (push(Act.ERASE, Scope()), Act.ERASE, Scope(), ""),
    ],
)
def test_what_it_says_is_what_the_receiver_understands(system, service, told, act, scope, value):
    system.push(told)
    (notice,) = Standard().parse(service.came[0].body, "crm", datetime(2026, 1, 1), Assurance.SIGNED)
    assert (notice.endpoint, notice.act, notice.scope, notice.value) == (ANN, act, scope, value)


def test_the_id_is_the_same_at_every_try_and_another_for_every_other_thing(system, service):
    system.push(push())
    system.push(push(tries=2))
    system.push(push(change="c2"))
    system.push(push(Act.SUPPRESS, value="complaint"))
    system.push(push(Act.ERASE))
    system.push(push(scope=Scope()))
    first, again, *others = service.ids
    assert first == again and len({first, *others}) == 5
    assert not [one for one in service.ids if "." in one]


@pytest.mark.parametrize("status", [200, 202, 204])
def test_every_2xx_is_done(system, service, status):
    service.reply = Reply(status)
    assert system.push(push()).outcome == "done"


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_not_followed(system, service, status):
    service.reply = Reply(status, headers={"Location": service.url + "/elsewhere"})
    pushed = system.push(push())
    assert pushed.outcome == "blocked" and str(status) in pushed.reason
    assert len(service.came) == 1


def test_410_is_left_to_a_person(system, service):
    service.reply = Reply(410)
    assert system.push(push()).outcome == "blocked"


@pytest.mark.parametrize("status", [400, 401, 404, 422])
def test_a_refusal_of_a_grant_counts_after_three_tries_and_a_withdrawal_is_never_given_up(system, service, status):
    service.reply = Reply(status)
    for again in (push(Act.GRANT, tries=1), push(Act.GRANT, tries=2), push(tries=9), push(Act.ERASE, tries=9)):
        with pytest.raises(RetryableError, match=str(status)):
            system.push(again)
    assert system.push(push(Act.GRANT, tries=3)).outcome == "blocked"


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503])
def test_a_service_that_is_busy_is_worth_another_try_however_often(system, service, status):
    service.reply = Reply(status)
    with pytest.raises(RetryableError) as caught:
        system.push(push(tries=9))
    assert caught.value.status == status and caught.value.after == 0


@pytest.mark.parametrize(
    ("asked", "seconds"),
    [
        ("120", 120),
        ("999999", 3600),
        (timedelta(minutes=30), pytest.approx(1800, abs=120)),
        (timedelta(minutes=-5), 0),
        ("soon", 0),
        ("-5", 0),
        ("", 0),
    ],
)
def test_the_time_that_a_service_asks_for_is_passed_on_up_to_an_hour(system, service, asked, seconds):
    if isinstance(asked, timedelta):
        asked = format_datetime(datetime.now(UTC) + asked, usegmt=True)
    service.reply = Reply(503, headers={"Retry-After": asked})
    with pytest.raises(RetryableError) as caught:
        system.push(push())
    assert caught.value.after == seconds


def test_a_service_that_does_not_answer_in_time_is_worth_another_try(system, service):
    service.wait = 1.0
    with pytest.raises(RetryableError, match="no answer in time"):
        system.push(push())


def test_a_service_that_is_not_there_is_worth_another_try(system, service):
    service.server.stop()
    with pytest.raises(RetryableError, match="cannot be reached"):
        system.push(push())
    service.server = LoopbackServer(service.answer)
    service.server.start()


def test_without_a_secret_nothing_is_sent_and_the_cure_is_told(system, service, secrets):
    secrets.clear()
    with pytest.raises(RetryableError, match="contextmail webhooks secret webhook:crm"):
        system.push(push())
    assert service.came == []


def test_a_password_of_netrc_is_not_sent_along(system, service, tmp_path, monkeypatch):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login someone password theirs\n")
    monkeypatch.setenv("NETRC", str(netrc))
    system.push(push())
    assert "authorization" not in service.came[0].headers


def test_a_url_that_is_not_encrypted_is_refused():
    with pytest.raises(ConfigurationError, match="unencrypted"):
        WebhookConsents("webhook:crm", "http://crm.example.com/consent", list)


def test_it_can_be_neither_read_nor_swept(system):
    assert not system.readable
    assert system.read(ANN) == [] == list(system.sweep(since=None))


def test_what_has_no_word_is_left_to_a_person(system, service):
    assert system.push(push(Act.PREFER, value="only=sms")).outcome == "blocked"
    assert service.came == []


def test_the_body_holds_no_more_than_it_says(system, service):
    system.push(push(Act.ERASE, Scope()))
    assert json.loads(service.came[0].body)["data"] == {"endpoint": ANN}
