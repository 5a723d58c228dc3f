"""What each recipient of an e-mail would receive, and who gets nothing."""

import pytest

from contextmail.sandbox.hubspot import Readings, Sandbox, seeding

BODY = (
    'Hi {{ personalization_token("contact.firstname", "there") }}{% if contact.city == "Leeds" %} from Leeds{% endif %}'
)


def email_to(state, held, html=BODY, **more):
    widgets = {"preview_text": {"body": {"value": "{{ contact.city }}"}}, "text": {"body": {"html": html}}}
    to = {"contactIlsLists": {"include": [held.id], "exclude": []}}
    return state.add_email("Spring", "For {{ contact.firstname }}", widgets=widgets, to=to, **more)


def test_tokens_are_filled_for_each_and_an_empty_one_takes_its_default(sandbox):
    state, held = sandbox.state, sandbox.state.add_list("Wave 1")
    ada, ben = state.add_contact("ada@example.com", firstname="Ada", city="Leeds"), state.add_contact("ben@example.com")
    state.join(held, ada.id, ben.id)
    first, second = sandbox.outbox(email_to(state, held).id)
    assert (first.email, first.subject, first.preheader, first.html) == (
        "ada@example.com",
        "For Ada",
        "Leeds",
        "Hi Ada",
    )
    assert (second.contact_id, second.subject, second.html) == (ben.id, "For ", "Hi there")


def test_only_programmable_email_decides_by_the_contact(sandbox):
    state, held = sandbox.state, sandbox.state.add_list("Wave 1")
    state.join(held, state.add_contact("ada@example.com", firstname="Ada", city="Leeds").id)
    (copy,) = sandbox.outbox(email_to(state, held, programmable=True).id)
    assert copy.html == "Hi Ada from Leeds"


def test_whoever_is_opted_out_or_no_marketing_contact_gets_nothing(sandbox):
    state, held = sandbox.state, sandbox.state.add_list("Wave 1")
    news, other = state.add_definition("Newsletter"), state.add_definition("Updates")
    names = ("left-all", "left-news", "left-updates", "bounced", "excluded")
    people = {name: state.add_contact(f"{name}@example.com") for name in names}
    people["unmarketable"] = state.add_contact("unmarketable@example.com", marketing=False)
    state.join(held, *(one.id for one in people.values()))
    state.unsubscribe("left-all@example.com")
    state.unsubscribe("left-news@example.com", news.id)
    state.unsubscribe("left-updates@example.com", other.id)
    state.bounce("bounced@example.com")
    email = email_to(state, held, subscriptionDetails={"subscriptionId": str(news.id)})
    email.body["to"]["contactIds"] = {"include": [], "exclude": [people["excluded"].id]}
    assert [copy.email for copy in sandbox.outbox(email.id)] == ["left-updates@example.com"]


@pytest.mark.parametrize(("how", "kept"), [("widgets", ["text"]), ("deep", ["preview_text", "text"])])
def test_what_a_patch_of_widgets_does_has_two_readings(api_of, how, kept):
    with Sandbox(readings=Readings(email_patch=how)) as sandbox:
        email = email_to(sandbox.state, sandbox.state.add_list("Wave 1"))
        body = {"content": {"widgets": {"text": {"body": {"html": "Hello"}}}}}
        answer = api_of(sandbox)("PATCH", f"/marketing/v3/emails/{email.id}/draft", body).json()
        assert sorted(answer["content"]["widgets"]) == kept
        assert answer["content"]["widgets"]["text"]["body"]["html"] == "Hello"


def test_a_message_of_a_file_becomes_a_draft_for_everybody(sandbox, tmp_path):
    everybody = seeding.portal(sandbox.state, 40)
    message = tmp_path / "spring.html"
    message.write_text("---\nsubject: Hello {{ contact.firstname }}\n---\n<p>Lights for {{ contact.firstname }}</p>")
    email = seeding.add_draft(sandbox.state, everybody, message)
    copies = sandbox.outbox(email.id)
    assert 20 < len(copies) < 40
    assert all(copy.subject.startswith("Hello ") and copy.subject[6:] in copy.html for copy in copies)
