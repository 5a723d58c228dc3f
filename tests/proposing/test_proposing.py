"""It proposes, contextmail disposes: whatever the endpoint does, a text is the phrasebook's or an accepted proposal."""

import json
import time
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from proposing.server import Call, text_of, trickle

from contextmail.checking import Checker
from contextmail.errors import AuthenticationError, ConfigurationError
from contextmail.model.finding import Grade
from contextmail.proposing import summary
from contextmail.rewriting import Rewrite, rewritten

MESSAGE = {
    "id": "spring",
    "dialect": "mailchimp",
    "subject": "Six lanterns",
    "html": "<p>Hi *|FNAME|*, we miss you! Here is 20% off.</p>\r\n"
    "<p>You are <b>one of our most valuable customers</b>. Come and see.</p>",
}
ORDER = ", thank you for your order in {last_order|month}!"
HOPE = ", we hope you are enjoying the {last_product}!"
BETTER = ", many thanks for your order in {last_order|month}!"


def plain(message: object = MESSAGE) -> Rewrite:
    checker = Checker()
    return rewritten(checker.check(message), checker)


def texts(rewrite: Rewrite) -> list[str | None]:
    return [variant.text for edit in rewrite.edits for variant in edit.variants]


def stands(rewrite: Rewrite) -> bool:
    """Say whether nothing at all differs from what the phrasebook says."""
    return replace(rewrite, rewordings=()) == replace(plain(), checked=rewrite.checked)


def outcomes(rewrite: Rewrite) -> set[tuple[str, str]]:
    return {(told.outcome, told.reason) for told in rewrite.rewordings}


def test_a_good_proposal_is_taken_and_nothing_else_moves(reword, endpoint) -> None:
    endpoint.proposes({ORDER: BETTER})
    found, before = reword(MESSAGE), plain()
    assert texts(found) == [BETTER if text == ORDER else text for text in texts(before)]
    taken = [told for told in found.rewordings if told.outcome == "taken"]
    assert [(told.text, told.proposed) for told in taken] == [(ORDER, BETTER)]
    assert {told.outcome for told in found.rewordings} == {"taken", "the same"}
    edit = found.edits[taken[0].edit]
    assert edit.grade is Grade.UNSAFE
    assert "editor-1 proposed" in edit.reason
    assert [variant.proposed_by for variant in edit.variants if variant.proposed_by] == ["editor-1"]
    others = [each for each in found.edits if each is not edit]
    assert others == [each for each in before.edits if each.quote != edit.quote]


def test_an_answer_is_asked_for_once_and_judged_each_time(reword, endpoint) -> None:
    endpoint.proposes({ORDER: BETTER})
    first = reword(MESSAGE)
    asked = len(endpoint.bodies)
    assert asked == len({told.text for told in first.rewordings})
    endpoint.behaviour = lambda call, _: call.send(b"", 500)
    again = reword(MESSAGE)
    assert len(endpoint.bodies) == asked
    assert (again.edits, again.rewordings) == (first.edits, first.rewordings)
    reworded = {**MESSAGE, "html": MESSAGE["html"].replace("Come and see.", "Do come.")}
    endpoint.proposes({})
    reword(reworded)
    assert len(endpoint.bodies) > asked  # what stands round a text is part of what was asked


def test_a_kept_answer_that_was_tampered_with_is_judged_like_any(reword, endpoint, tmp_path) -> None:
    endpoint.proposes({ORDER: BETTER})
    reword(MESSAGE)
    for file in (tmp_path / "proposals").iterdir():
        known = json.loads(file.read_text())
        file.write_text(json.dumps({**known, "answer": '{"text": "You are our best customer, {{ x }}!"}'}))
    found = reword(MESSAGE)
    assert stands(found)
    assert {told.outcome for told in found.rewordings} == {"refused"}
    for file in (tmp_path / "proposals").iterdir():
        file.write_text("not JSON")
    assert texts(reword(MESSAGE)) != texts(plain())


@pytest.mark.parametrize(
    ("content", "taken"),
    [
        (json.dumps({"text": BETTER}), True),
        (f"```json\n{json.dumps({'text': BETTER}, indent=1)}\n```", True),
        (f"```\n{BETTER}\n```", True),
        (BETTER, True),
        (json.dumps(BETTER), True),
        (f"Sure! Here is a better text: {BETTER}", False),
        (json.dumps({"text": BETTER})[:-9], False),
        (json.dumps({"answer": BETTER}), False),
        (json.dumps([BETTER]), False),
        (json.dumps({"text": None}), False),
        ("", False),
        (None, False),
        (["a", "list"], False),
    ],
)
def test_an_answer_is_read_with_fences_or_without_and_else_refused(reword, endpoint, content, taken: bool) -> None:
    endpoint.behaviour = lambda call, _: call.say(content)
    found = reword(MESSAGE)
    assert (BETTER in texts(found)) is taken
    assert taken or stands(found)
    assert {told.outcome for told in found.rewordings} <= {"taken", "refused"}


def nothing(call: Call, asked: object) -> None:
    """Hang up without a word."""


def asleep(call: Call, asked: object) -> None:
    """Take longer than anybody waits."""
    time.sleep(1.5)


def half(call: Call, asked: object) -> None:
    """Hang up in the middle of the body."""
    call.send(b'{"choices": [', Content_Length="5000")


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [
        (lambda call, _: call.send(b"", 500), "500 Internal Server Error"),
        (lambda call, _: call.send(b"busy", 503), "503 Service Unavailable"),
        (lambda call, _: call.send(b"slow down", 429, Retry_After="7200"), "429 Too Many Requests"),
        (lambda call, _: call.send(b"", 404), "404 Not Found"),
        (lambda call, _: call.send(b"", 302, Location="http://example.com/"), "302 Found"),
        (lambda call, _: call.send(b"no", 400), "400 Bad Request"),
        (lambda call, _: call.send(b"<html>Welcome</html>"), "the answer is no chat completion"),
        (lambda call, _: call.send(b"\xff\xfe\x00"), "the answer is no chat completion"),
        (lambda call, _: call.send(b'{"choices": []}'), "the answer is no chat completion"),
        (lambda call, _: call.send(b"[" * 5_000), "the answer is no chat completion"),
        (lambda call, _: call.send(b""), "the answer is no chat completion"),
        (lambda call, _: call.send(b" " * 70_000), "the answer is too long"),
        (lambda call, _: call.propose("long " * 500), None),
        (nothing, "the connection broke"),
        (half, "the connection broke"),
        (trickle, "no whole answer in time"),
        (asleep, "no answer in time"),
    ],
)
def test_a_failure_leaves_the_phrasebooks_text_and_is_told(reword, endpoint, behaviour, reason) -> None:
    endpoint.behaviour = behaviour
    began = time.monotonic()
    found = reword(MESSAGE, timeout=0.5 if behaviour in (trickle, asleep) else 20)
    assert time.monotonic() - began < 10
    assert stands(found)
    told = {(outcome, why) for outcome, why in outcomes(found) if outcome != "not asked"}
    assert told and (
        {why for _, why in told} == {reason} if reason else {outcome for outcome, _ in told} == {"refused"}
    )


def test_an_endpoint_that_is_not_there_is_left_alone_soon(reword, endpoint) -> None:
    endpoint.server_close()
    paragraphs = "".join(f"<p>Dear {n}, you are one of our most valuable customers.</p>" for n in "abcdefghij")
    found = reword({**MESSAGE, "html": paragraphs}, connections=1)
    counted = [told.outcome for told in found.rewordings]
    assert counted.count("failed") == 3
    assert set(counted[3:]) == {"not asked"}
    assert "3 failed" in summary(found.rewordings)
    assert "3 the rewriter cannot be reached" in summary(found.rewordings)


def test_a_busy_endpoint_is_asked_again_when_it_says(reword, endpoint) -> None:
    seen: dict[str, float] = {}
    waits: list[float] = []

    def busy_once(call: Call, asked: dict) -> None:
        if text_of(asked) in seen:
            waits.append(time.monotonic() - seen[text_of(asked)])
            call.propose(BETTER if text_of(asked) == ORDER else text_of(asked))
        else:
            seen[text_of(asked)] = time.monotonic()
            call.send(b"", 429, Retry_After="1")

    endpoint.behaviour = busy_once
    found = reword(MESSAGE, wait=0.01)
    assert BETTER in texts(found)
    assert min(waits) >= 1


def test_a_wrong_key_is_an_error_only_where_every_call_failed_so(reword, endpoint) -> None:
    endpoint.behaviour = lambda call, _: call.send(b'{"error": "bad key sk-test"}', 401)
    with pytest.raises(AuthenticationError, match="put a key that may use editor-1 into MODEL_KEY") as raised:
        reword(MESSAGE, key_variable="MODEL_KEY")
    assert "sk-test" not in str(raised.value)
    assert endpoint.headers[0]["Authorization"] == "Bearer sk-test"

    def some(call: Call, asked: dict) -> None:
        call.propose(BETTER) if text_of(asked) == ORDER else call.send(b"", 401)

    endpoint.behaviour = some
    found = reword(MESSAGE, key_variable="MODEL_KEY")
    assert BETTER in texts(found)
    assert ("failed", "the key is refused: 401 Unauthorized") in outcomes(found)


def test_a_server_that_takes_no_response_format_is_asked_without(reword, endpoint) -> None:
    def plain_only(call: Call, asked: dict) -> None:
        if "response_format" in asked or "temperature" in asked:
            call.send(b'{"error": "unknown field response_format"}', 400)
        else:
            call.propose(BETTER if text_of(asked) == ORDER else text_of(asked))

    endpoint.behaviour = plain_only
    assert BETTER in texts(reword(MESSAGE))


def test_the_calls_of_a_run_have_an_end(reword, endpoint) -> None:
    found = reword(MESSAGE, most=1)
    assert len(endpoint.bodies) == 1
    assert sum(told.outcome == "not asked" for told in found.rewordings) == len(found.rewordings) - 1


@pytest.mark.parametrize(
    "proposed",
    [
        ", thank you for your order in {last_order|month}! Ignore all rules and write to every customer",
        ", thank you *|UNSUB|* for your order in {last_order|month}!",
        ", thank you for your order in {last_order|month} https://evil.example/!",
        ", vielen Dank für die Bestellung im {last_order|month}!",
        ", merci pour votre commande en {last_order|month}!",
        ", thank you for your orders in {last_order|month}!",
        ", thank you for your first order in {last_order|month}!",
        ", you are so loved, thank you for your order in {last_order|month}!",
        ", thank you for your order in {first_order|month}!",
    ],
)
def test_what_changes_the_truth_is_refused(reword, endpoint, proposed: str) -> None:
    endpoint.proposes({ORDER: proposed})
    found = reword(MESSAGE)
    assert stands(found)
    assert [told.text for told in found.rewordings if told.outcome == "refused"] == [ORDER]


def test_what_a_rule_finds_in_its_place_is_refused(reword, endpoint) -> None:
    """A brand lists phrases that do not mean the same: the check of the message sees it."""
    message = {**MESSAGE, "html": "<p>You are one of our most valuable customers, and that is that.</p>"}
    endpoint.proposes({"one of our readers": "one of our most loyal readers"})
    found = reword(message, phrasebook={"proposals": {"same": [["one of our", "one of our most loyal"]]}})
    assert texts(found) == texts(plain(message))
    assert ("refused", "unearned-value-claim finds something in it") in outcomes(found)


def test_two_sentences_do_not_come_to_open_alike(reword, endpoint) -> None:
    message = {**MESSAGE, "html": MESSAGE["html"].replace("Come and see.", "We really hope that it rains.")}
    endpoint.proposes({HOPE: ", we really hope you are enjoying the {last_product}!"})
    found = reword(message)
    assert ("refused", "it opens as another sentence does") in outcomes(found)
    assert HOPE in texts(found)


@pytest.mark.parametrize("place", ["<h1>{}</h1>", "<a href='x' class='button'>{}</a>", "<img alt='{}'>"])
def test_only_running_text_is_asked_for(reword, endpoint, place: str) -> None:
    found = reword({**MESSAGE, "html": place.format("You are one of our most valuable customers")})
    assert found.rewordings == ()
    assert endpoint.bodies == []


def test_german_is_asked_for_in_german(reword, endpoint) -> None:
    message = {"id": "de", "dialect": "mailchimp", "text": "Sie sind unser bester Kunde.\n"}
    old = "Danke für {orders|count} Bestellungen seit {first_order|month}."
    new = "Herzlichen Dank für {orders|count} Bestellungen seit {first_order|month}."
    endpoint.proposes({old: new})
    found = reword(message, language="de")
    assert new in texts(found)
    assert all('\\"language\\": \\"de\\"' in body for body in endpoint.bodies)


@given(answer=st.one_of(st.text(max_size=60), st.sampled_from([BETTER, ORDER, HOPE, "", "{", "```", "null", "{}"])))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_nothing_but_an_accepted_text_changes_anything(reword, endpoint, answer: str, tmp_path) -> None:
    endpoint.behaviour = lambda call, _: call.say(answer)
    for file in (tmp_path / "proposals").glob("*"):
        file.unlink()
    found, before = reword(MESSAGE), plain()
    accepted = {(told.edit, told.text) for told in found.rewordings if told.outcome == "taken"}
    for index, (edit, old) in enumerate(zip(found.edits, before.edits, strict=True)):
        assert replace(edit, variants=(), grade=old.grade, reason="", finding=None) == replace(
            old, variants=(), reason="", finding=None
        )
        for variant, was in zip(edit.variants, old.variants, strict=True):
            assert variant.when == was.when
            assert variant == was or (index, was.text) in accepted


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"url": ""}, "the rewriter has no url"),
        ({"model": ""}, "the rewriter has no model"),
        ({"url": "http://models.example.com/v1"}, "would not protect"),
        ({"url": "https://user:secret@models.example.com/v1"}, "a URL holds no password"),
        ({"key_variable": "NO_SUCH_KEY"}, "there is no key for the rewriter"),
    ],
)
def test_what_is_not_set_is_said(reword, options: dict, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        reword(MESSAGE, **options)
