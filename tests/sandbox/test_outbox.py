"""The outbox in the browser: what each person would receive, escaped, with nothing that runs or loads."""

import html
import re
from html.parser import HTMLParser

import pytest
import requests

from contextmail.sandbox.mailchimp import seeding
from contextmail.sandbox.mailchimp.model import Webhook
from contextmail.sandbox.people import invent

DRAFT = """<h1>Hi *|FNAME|*</h1><script>alert("1")</script><p>*|IF:CM_1=a|*Ours*|ELSE:|*Welcome*|END:IF|*</p>
<a href="*|UNSUB|*">x</a>"""


def page(sandbox, path="/outbox", **query):
    return requests.get(sandbox.address + path, params=query, timeout=10)


def shown_html(answer):
    return html.unescape(re.search(r'srcdoc="([^"]*)"', answer.text)[1])


@pytest.fixture
def shop(sandbox):
    state = sandbox.state
    audience = state.add_list("Lantern & Lace")
    state.add_field(audience, "CM_1", default="neutral")
    state.add_member(audience, "ada@example.com", values={"FNAME": "Ada", "CM_1": "a"})
    state.add_member(audience, "ben@example.com", values={"FNAME": 'B"><b>en'})
    state.add_member(audience, "una@example.com", "unsubscribed")
    campaign = state.add_campaign(
        audience, html=DRAFT, subject_line="*|FNAME|*, <hello>", preview_text="*|CM_1|*", title="Spring & summer"
    )
    return audience, campaign


def test_the_first_page_lists_the_drafts(sandbox, shop):
    answer = page(sandbox, "/")
    assert answer.url == f"{sandbox.address}/outbox"
    assert f'<a href="/outbox/{shop[1].id}">Spring &amp; summer</a>' in answer.text


def test_each_person_is_shown_their_own_message(sandbox, shop):
    audience, campaign = shop
    keys = {member.email: member.key for member in audience.members}
    ada = page(sandbox, f"/outbox/{campaign.id}", person=keys["ada@example.com"])
    ben = page(sandbox, f"/outbox/{campaign.id}", person=keys["ben@example.com"])
    assert "<h1>Hi Ada</h1>" in shown_html(ada) and "<p>Ours</p>" in shown_html(ada)
    assert "<p>Welcome</p>" in shown_html(ben)
    assert "<dd>Ada, &lt;hello&gt;</dd><dt>Preheader</dt><dd>a</dd>" in ada.text
    assert "<dd>neutral</dd>" in ben.text
    assert 'href="https://example.com/unsub"' in shown_html(ada)


def test_only_those_who_would_receive_it_are_in_the_picker(sandbox, shop):
    answer = page(sandbox, f"/outbox/{shop[1].id}")
    assert "2 people would receive it" in answer.text
    assert "una@example.com" not in answer.text


def test_nothing_of_a_message_stands_outside_its_frame(sandbox, shop):
    audience, campaign = shop
    ben = next(member for member in audience.members if member.email == "ben@example.com")
    answer = page(sandbox, f"/outbox/{campaign.id}", person=ben.key, q='"><i>')
    seen = set()

    class Tags(HTMLParser):
        def handle_starttag(self, tag, attrs):
            seen.add(tag)

    Tags().feed(answer.text)
    assert not seen & {"script", "b", "i"}
    assert "<iframe sandbox " in answer.text
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


def test_every_control_has_a_label_and_the_frame_a_title(sandbox, shop):
    text = page(sandbox, f"/outbox/{shop[1].id}").text
    controls = re.findall(r'<(?:input|select) id="(\w+)"', text)
    assert sorted(controls) == ["person", "q"]
    assert all(f'<label for="{name}">' in text for name in controls)
    assert 'lang="en"' in text and "<h1>" in text and 'title="The e-mail as HTML"' in text


def test_a_search_finds_one_of_many(sandbox):
    audience = seeding.fill(sandbox.state, invent(300, seed=5))
    campaign = sandbox.state.add_campaign(audience, html="<p>*|EMAIL|*</p>", subject_line="Hi")
    last = [member for member in audience.members if member.status == "subscribed"][-1]
    assert f"the first 50 of {audience.members.counts()['subscribed']}" in page(sandbox, f"/outbox/{campaign.id}").text
    assert shown_html(page(sandbox, f"/outbox/{campaign.id}", q=last.email.upper())) == f"<p>{last.email}</p>"
    straight = page(sandbox, f"/outbox/{campaign.id}", person=last.key)
    assert f'<option value="{last.key}" selected>{last.email}</option>' in straight.text
    assert "Nobody's address holds that" in page(sandbox, f"/outbox/{campaign.id}", q="nobody@").text


def test_a_sent_campaign_shows_what_was_received(sandbox, shop):
    audience, campaign = shop
    ada = next(member for member in audience.members if member.email == "ada@example.com")
    sandbox.state.send(campaign.id)
    ada.values = {**ada.values, audience.field_tagged("FNAME").id: "Adalinde"}
    answer = page(sandbox, f"/outbox/{campaign.id}", person=ada.key)
    assert "received it" in answer.text and "Hi Ada<" in shown_html(answer)


def test_a_broken_template_is_told_and_not_rendered(sandbox, shop):
    broken = sandbox.state.add_campaign(shop[0], html="*|IF:FNAME|*Hi", subject_line="Hi")
    answer = page(sandbox, f"/outbox/{broken.id}")
    assert (
        answer.status_code == 200 and 'role="alert"' in answer.text and "iframe" not in answer.text.split("</style>")[1]
    )


@pytest.mark.parametrize("path", ["/outbox/none", "/outbox/a/b", "/elsewhere"])
def test_there_is_nothing_elsewhere(sandbox, path):
    assert page(sandbox, path).status_code == 404


@pytest.fixture
def told(sandbox, shop):
    """Listen to what webhooks would be told; the one that is there wants nothing itself."""
    shop[0].webhooks["w"] = Webhook("w", "http://127.0.0.1:9/", {}, {})
    heard = []
    sandbox.state.listeners.append(heard.append)
    return heard


def chosen(sandbox, campaign, key, choice):
    url = f"{sandbox.address}/outbox/{campaign.id}"
    return requests.post(url, params={"person": key}, data={"choice": choice}, timeout=10)


def test_a_person_leaves_and_comes_back_from_the_page_as_themselves(sandbox, shop, told):
    audience, campaign = shop
    ada = next(member for member in audience.members if member.email == "ada@example.com")
    left = chosen(sandbox, campaign, ada.key, "manual")
    assert "ada@example.com is unsubscribed." in left.text and "Sign up again" in left.text
    assert ada.status == "unsubscribed" and ada.locked
    back = chosen(sandbox, campaign, ada.key, "subscribe")
    assert "ada@example.com is subscribed." in back.text and "Report as spam" in back.text
    assert (ada.status, ada.ip_opt, ada.source) == ("subscribed", "127.0.0.1", "Hosted Signup Form")
    assert [(event.type, event.source) for event in told] == [("unsubscribe", "user"), ("subscribe", "user")]


def test_a_person_reports_spam_from_the_page(sandbox, shop, told):
    audience, campaign = shop
    chosen(sandbox, campaign, next(iter(audience.members)).key, "abuse")
    assert [event.data["reason"] for event in told] == ["abuse"]


@pytest.mark.parametrize(("person", "choice"), [("nobody", "manual"), ("", "manual"), (None, "delete"), (None, "")])
def test_a_choice_of_nobody_or_of_nothing_is_not_found(sandbox, shop, person, choice):
    audience, campaign = shop
    key = next(iter(audience.members)).key if person is None else person
    assert chosen(sandbox, campaign, key, choice).status_code == 404
    assert next(iter(audience.members)).status == "subscribed"
