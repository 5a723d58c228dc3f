"""Webhooks at Mailchimp: registered once, kept secret, rotated without a gap, missed when they are gone."""

from datetime import timedelta
from itertools import count

import pytest

from contextmail.connectors.mailchimp.webhooks import Webhooks
from contextmail.errors import ConfigurationError, ContextmailError, PlatformError, UncertainError
from contextmail.sandbox.faults import Fault, Kind
from contextmail.sandbox.http import LoopbackServer, Reply
from contextmail.sandbox.mailchimp import Sandbox
from contextmail.store.sealing import Sealer, new_keys
from contextmail.store.sqlite_consent import SqliteConsentStore
from contextmail.syncing import utc_now
from contextmail.webhooks import sources
from contextmail.webhooks.http import Request
from contextmail.webhooks.receiver import Receiver

ANN = "ann.subscribed@example.com"
HOOKS = "/lists/{list_id}/webhooks"


@pytest.fixture
def sandbox():
    with Sandbox(webhook_retries=()) as running:
        yield running


@pytest.fixture
def sealer():
    lookup, seals = new_keys().values()
    return Sealer(lookup, [seals])


@pytest.fixture
def store(tmp_path, sealer):
    opened = SqliteConsentStore(tmp_path / "consent.db", sealer)
    yield opened
    opened.close()


@pytest.fixture
def url(store, sealer):
    """Run the receiver itself, and give its address."""
    # Each request comes a second after the one before: for so long the receiver goes by the secrets that it has seen.
    seconds = count()
    receiver = Receiver(store, sources(sealer), clock=lambda: utc_now() + timedelta(seconds=next(seconds)))

    def answer(request):
        given = receiver.handle(Request(request.method, request.path, request.headers, request.body))
        return Reply(given.status, given.body)

    server = LoopbackServer(answer)
    server.start()
    yield f"http://127.0.0.1:{server.port}"
    server.stop()


@pytest.fixture
def webhooks(target, store):
    return Webhooks(target.transport, target.audience, store)


@pytest.fixture
def accepted(sandbox, audience):
    """Let somebody leave, and tell how the receiver answers at each hook."""

    def statuses(email=ANN):
        before = len(sandbox.courier.delivered)
        sandbox.state.unsubscribe(audience.id, email)
        sandbox.courier.wait()
        return [delivery.status for delivery in sandbox.courier.delivered[before:]]

    return statuses


def there(audience):
    return [hook.url for hook in audience.webhooks.values()]


def test_a_webhook_is_registered_for_every_event_of_every_source(webhooks, audience, url):
    made = webhooks.add(url)
    (hook,) = audience.webhooks.values()
    assert hook.url == made and made.startswith(f"{url}/hooks/mailchimp/{audience.id}/")
    assert all(hook.events.values()) and all(hook.sources.values())


def test_its_path_holds_at_least_128_bits_of_chance(webhooks, url):
    tokens = {webhooks.rotate(url).rpartition("/")[2] for _ in range(3)}
    # 22 characters of base64 hold 128 bits.
    assert len(tokens) == 3 and all(len(token) >= 22 for token in tokens)


def test_what_it_sends_is_verified_by_the_secrets_that_were_kept(webhooks, store, url, accepted):
    webhooks.add(url)
    assert accepted() == [200]
    (event,) = store.inbox()
    assert (event.source, event.assurance) == ("mailchimp", "signed")


def test_adding_it_again_changes_nothing(webhooks, audience, url, accepted):
    webhooks.add(url)
    before = there(audience)
    assert webhooks.add(url) is None
    assert there(audience) == before and accepted() == [200]


def test_adding_mends_one_that_is_not_told_of_everything(webhooks, audience, url):
    webhooks.add(url)
    next(iter(audience.webhooks.values())).sources["api"] = False
    assert "is not told of everything: contextmail webhooks rotate" in webhooks.missing()
    assert webhooks.add(url) is not None
    assert webhooks.missing() == "" and len(there(audience)) == 1


def test_one_whose_secret_was_lost_is_made_anew(webhooks, store, audience, url, accepted):
    webhooks.add(url)
    store.forget_secret("mailchimp", audience.id)
    assert webhooks.add(url) is not None
    assert accepted() == [200] and len(there(audience)) == 1


def test_a_url_that_is_not_encrypted_is_refused(webhooks, audience):
    with pytest.raises(ConfigurationError, match="unencrypted"):
        webhooks.add("http://hooks.example.com")
    assert there(audience) == []


def test_a_receiver_that_does_not_answer_is_told_with_the_cure_and_without_the_token(webhooks, store, audience):
    with pytest.raises(PlatformError, match="start the receiver first") as caught:
        webhooks.add("http://127.0.0.1:9")
    (token,) = store.secrets("mailchimp-path", audience.id, webhooks._clock())
    assert token not in str(caught.value)


def test_a_rotation_leaves_one_webhook_with_another_path(webhooks, audience, url, accepted):
    first = webhooks.add(url)
    second = webhooks.rotate()
    assert first != second and there(audience) == [second]
    assert accepted() == [200]


def test_what_is_still_on_its_way_from_the_webhook_before_is_taken(webhooks, sandbox, audience, url, accepted):
    webhooks.add(url)
    old = next(iter(audience.webhooks.values()))
    webhooks.rotate()
    audience.webhooks[old.id] = old
    assert sorted(accepted()) == [200, 200]


def test_secrets_of_a_webhook_that_is_gone_lapse(webhooks, store, audience, url):
    webhooks.add(url)
    webhooks.rotate()
    now = webhooks._clock()
    for kept in ("mailchimp", "mailchimp-path"):
        assert len(store.secrets(kept, audience.id, now)) == 2
        assert len(store.secrets(kept, audience.id, now.replace(year=now.year + 1))) == 1


@pytest.mark.parametrize(
    "fault",
    [
        Fault(Kind.DROP, on=f"POST {HOOKS}", times=None),
        Fault(Kind.DROP, on=f"POST {HOOKS}", times=None, done=True),
        Fault(Kind.DROP, on=f"DELETE {HOOKS}/*", times=None),
        Fault(Kind.DROP, on=f"DELETE {HOOKS}/*", times=None, done=True),
        Fault(Kind.DROP, on=f"GET {HOOKS}", times=None),
    ],
    ids=lambda fault: f"{fault.on}-{'done' if fault.done else 'not done'}",
)
@pytest.mark.parametrize("command", ["add", "rotate"])
def test_a_command_that_was_interrupted_is_ended_by_the_same_command(
    target_of, store, sandbox, audience, url, accepted, fault, command
):
    target = target_of(attempts=1, timeout=0.5)
    webhooks = Webhooks(target.transport, target.audience, store)
    webhooks.add(url)
    if command == "add":
        next(iter(audience.webhooks.values())).events["cleaned"] = False
    sandbox.faults.add(fault)
    with pytest.raises(ContextmailError):
        getattr(webhooks, command)(url)
    sandbox.faults.clear()
    # Whatever was left in between, at least one webhook is heard.
    assert 200 in accepted("bob.subscribed@example.com")
    getattr(webhooks, command)(url)
    assert len(there(audience)) == 1 and webhooks.missing() == ""
    assert accepted() == [200]


def test_one_that_went_and_whose_successor_was_made_unanswered_is_made_anew(
    target_of, store, sandbox, audience, url, accepted
):
    target = target_of(attempts=1, timeout=0.5)
    webhooks = Webhooks(target.transport, target.audience, store)
    webhooks.add(url)
    audience.webhooks.clear()
    sandbox.faults.add(Fault(Kind.DROP, on=f"POST {HOOKS}", done=True))
    with pytest.raises(UncertainError):
        webhooks.add(url)
    assert webhooks.add(url) is not None
    assert accepted() == [200]


def test_a_webhook_whose_making_went_unanswered_is_made_again_with_a_secret_we_know(
    webhooks, sandbox, audience, url, accepted
):
    sandbox.faults.add(Fault(Kind.DROP, on=f"POST {HOOKS}", done=True))
    webhooks.add(url)
    assert len(there(audience)) == 1 and accepted() == [200]


def test_the_list_shows_no_token(webhooks, store, audience, url):
    made = webhooks.add(url)
    (hook,) = webhooks.hooks()
    assert hook.url == f"{url}/hooks/mailchimp/{audience.id}/…" and hook.whole and hook.signed
    assert made.rpartition("/")[2] not in repr(hook)


def test_removing_takes_ours_and_leaves_those_of_others(webhooks, store, sandbox, audience, url):
    webhooks.add(url)
    others = sandbox.state.lists[audience.id].webhooks
    ours = set(others)
    webhooks._transport.call(
        "lists.create_list_webhook", list_id=audience.id, body={"url": f"{url}/hooks/mailchimp/another/x"}
    )
    assert webhooks.remove() == 1
    assert not ours & set(others) and len(others) == 1
    assert store.accounts() == []


def test_one_that_is_gone_is_missed(webhooks, audience, url):
    assert webhooks.missing() == ""
    webhooks.add(url)
    assert webhooks.missing() == ""
    audience.webhooks.clear()
    cure = f"contextmail webhooks add --on mailchimp:{audience.id} --url URL"
    assert webhooks.missing() == f"its webhook is gone: {cure}"
