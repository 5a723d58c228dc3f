"""The official SDK, unchanged, through every method that a connector needs."""

import json
import re
from pathlib import Path

import mailchimp_marketing
import pytest
import requests
from mailchimp_marketing.api_client import ApiClientError

from contextmail.sandbox.mailchimp import seeding
from contextmail.sandbox.mailchimp.application import ROUTES
from contextmail.sandbox.mailchimp.state import key_of
from contextmail.sandbox.people import invent


@pytest.fixture
def shop(sandbox):
    people = list(invent(40, seed=1))
    audience = seeding.fill(sandbox.state, people)
    seeding.open_store(sandbox.state, audience, people)
    return audience


def test_every_route_is_one_of_the_official_sdk():
    folder = Path(mailchimp_marketing.__file__).parent / "api"
    known = set()
    for file in folder.glob("*_api.py"):
        calls = re.findall(r"call_api\(\s*'([^']+)', '(\w+)'", file.read_text())
        known |= {f"{method} {path}" for path, method in calls}
    assert set(ROUTES) <= known


def test_the_account_answers(sdk, shop):
    assert sdk.ping.get() == {"health_status": "Everything's Chimpy!"}
    assert sdk.root.get_root()["role"] == "owner"
    assert sdk.root.get_root()["total_subscribers"] == shop.members.counts()["subscribed"]
    assert [one["id"] for one in sdk.lists.get_all_lists()["lists"]] == [shop.id]
    assert sdk.lists.get_list(shop.id)["stats"]["merge_field_count"] == 4


def test_members_come_in_pages_with_the_asked_fields_only(sdk, shop):
    first = sdk.lists.get_list_members_info(shop.id, count=25, fields=["members.id", "members.status", "total_items"])
    rest = sdk.lists.get_list_members_info(shop.id, count=25, offset=25, exclude_fields=["members.stats"])
    assert first["total_items"] == 40
    assert all(set(member) == {"id", "status"} for member in first["members"])
    assert len({one["id"] for one in [*first["members"], *rest["members"]]}) == 40
    assert "stats" not in rest["members"][0]
    assert rest["members"][0]["list_id"] == shop.id


def test_ten_members_come_unless_more_are_asked_for(sdk, shop):
    assert len(sdk.lists.get_list_members_info(shop.id)["members"]) == 10


def test_one_member_is_read_changed_archived_and_deleted(sdk, shop):
    key = next(member.key for member in shop.members if member.status == "subscribed")
    email = sdk.lists.get_list_member(shop.id, key)["email_address"]
    assert (
        sdk.lists.update_list_member(shop.id, key, {"merge_fields": {"FNAME": "Ada"}})["merge_fields"]["FNAME"] == "Ada"
    )
    written = sdk.lists.set_list_member(shop.id, key, {"email_address": email, "status_if_new": "pending"})
    assert written["status"] == "subscribed"
    sdk.lists.update_list_member_tags(shop.id, key, {"tags": [{"name": "spring", "status": "active"}]})
    assert [tag["name"] for tag in sdk.lists.get_list_member_tags(shop.id, key)["tags"]] == ["spring"]
    assert sdk.lists.tag_search(shop.id, name="spr")["total_items"] == 1
    assert sdk.lists.delete_list_member(shop.id, key).status_code == 204
    assert sdk.lists.get_list_member(shop.id, key)["status"] == "archived"
    assert sdk.lists.delete_list_member_permanent(shop.id, key).status_code == 204
    with pytest.raises(ApiClientError) as caught:
        sdk.lists.add_list_member(shop.id, {"email_address": email, "status": "subscribed"})
    assert json.loads(caught.value.text)["title"] == "Forgotten Email Not Subscribed"


def test_members_are_written_five_hundred_at_once(sdk, audience):
    members = [{"email_address": f"p{number}@example.com", "status": "subscribed"} for number in range(500)]
    assert sdk.lists.batch_list_members(audience.id, {"members": members})["total_created"] == 500
    again = [{**member, "merge_fields": {"FNAME": "Ada"}} for member in members[:3]]
    answer = sdk.lists.batch_list_members(
        audience.id, {"members": again, "update_existing": True}, skip_merge_validation="true"
    )
    assert (answer["total_updated"], answer["error_count"]) == (3, 0)


def test_fields_are_made_changed_and_deleted(sdk, audience):
    made = sdk.lists.add_list_merge_field(audience.id, {"tag": "CM_1", "name": "One", "type": "text", "public": False})
    assert (made["tag"], made["public"], made["required"], made["options"]) == ("CM_1", False, False, {"size": 25})
    sdk.lists.update_list_merge_field(audience.id, made["merge_id"], {"name": "Two", "default_value": "friend"})
    assert sdk.lists.get_list_merge_field(audience.id, made["merge_id"])["default_value"] == "friend"
    assert sdk.lists.get_list_merge_fields(audience.id, count=100)["total_items"] == 5
    assert sdk.lists.delete_list_merge_field(audience.id, made["merge_id"]).status_code == 204
    assert audience.field_tagged("CM_1") is None


def test_a_segment_is_made_changed_read_and_deleted(sdk, sandbox, audience):
    emails = [sandbox.state.add_member(audience, f"p{number}@example.com").email for number in range(4)]
    made = sdk.lists.create_segment(audience.id, {"name": "wave 1", "static_segment": emails[:2]})
    assert made["member_count"] == 2
    changed = sdk.lists.batch_segment_members(
        {"members_to_add": emails[2:], "members_to_remove": emails[:1]}, audience.id, made["id"]
    )
    assert (changed["total_added"], changed["total_removed"]) == (2, 1)
    members = sdk.lists.get_segment_members_list(audience.id, made["id"], count=1000)["members"]
    assert {member["email_address"] for member in members} == set(emails[1:])
    assert sdk.lists.update_segment(audience.id, made["id"], {"name": "wave 2"})["name"] == "wave 2"
    assert sdk.lists.get_segment(audience.id, made["id"])["type"] == "static"
    assert sdk.lists.list_segments(audience.id, type="static")["total_items"] == 1
    assert sdk.lists.delete_segment(audience.id, made["id"]).status_code == 204
    assert sandbox.state.lists[audience.id].members[key_of(emails[1])].segments == ()


def test_a_draft_is_made_filled_checked_scheduled_and_deleted(sdk, sandbox, audience):
    sandbox.state.add_member(audience, "ada@example.com")
    settings = {"subject_line": "Hello", "from_name": "Shop", "reply_to": "shop@example.com", "title": "Spring"}
    made = sdk.campaigns.create({"type": "regular", "recipients": {"list_id": audience.id}, "settings": settings})
    assert made["status"] == "save"
    assert not sdk.campaigns.get_send_checklist(made["id"])["is_ready"]
    sdk.campaigns.set_content(made["id"], {"html": "<p>Hi *|FNAME|*</p>"})
    assert sdk.campaigns.get_content(made["id"])["html"] == "<p>Hi *|FNAME|*</p>"
    assert sdk.campaigns.get_send_checklist(made["id"])["is_ready"]
    assert (
        sdk.campaigns.update(made["id"], {"settings": {**settings, "title": "Summer"}})["settings"]["title"] == "Summer"
    )
    assert sdk.campaigns.replicate(made["id"])["settings"]["title"] == "Summer (copy 01)"
    assert sdk.campaigns.send_test_email(made["id"], {"test_emails": ["a@example.com"], "send_type": "html"}).ok
    assert sdk.campaigns.schedule(made["id"], {"schedule_time": "2099-01-01T10:15:00+00:00"}).status_code == 204
    assert sdk.campaigns.get(made["id"])["status"] == "schedule"
    assert sdk.campaigns.unschedule(made["id"]).status_code == 204
    assert sdk.campaigns.list(status="save", count=10)["total_items"] == 2
    assert sdk.campaigns.remove(made["id"]).status_code == 204


def test_a_sent_campaign_has_reports(sdk, sandbox, shop):
    draft = sandbox.state.add_campaign(shop, html="<p>Hi</p>", subject_line="Hello")
    assert sdk.campaigns.send(draft.id).status_code == 204
    subscribed = shop.members.counts()["subscribed"]
    sent = sdk.reports.get_campaign_recipients(draft.id, count=1000)
    assert sent["total_items"] == len(sent["sent_to"]) == subscribed
    activity = sdk.reports.get_email_activity_for_campaign(draft.id, count=1000)["emails"]
    assert any(one["activity"] for one in activity)
    assert sdk.reports.get_campaign_report(draft.id)["emails_sent"] == subscribed
    assert sdk.reports.get_all_campaign_reports()["total_items"] == 1
    sandbox.state.unsubscribe(shop.id, sent["sent_to"][0]["email_address"], campaign_id=draft.id)
    gone = sdk.reports.get_unsubscribed_list_for_campaign(draft.id)["unsubscribes"]
    assert [one["email_id"] for one in gone] == [sent["sent_to"][0]["email_id"]]


def test_a_store_is_read(sdk, shop):
    store = sdk.ecommerce.stores()["stores"][0]
    assert store["list_id"] == shop.id
    orders = sdk.ecommerce.get_store_orders(store["id"], count=1000)["orders"]
    assert orders == sdk.ecommerce.orders(count=1000)["orders"]
    buyer = orders[0]["customer"]
    assert sdk.ecommerce.get_all_store_customers(store["id"], email_address=buyer["email_address"])["customers"] == [
        buyer
    ]
    mine = sdk.ecommerce.get_store_orders(store["id"], customer_id=buyer["id"], count=1000)["orders"]
    assert buyer["total_spent"] == pytest.approx(sum(order["order_total"] for order in mine))
    assert buyer["orders_count"] == len(mine)
    products = sdk.ecommerce.get_all_store_products(store["id"], count=1000)["products"]
    assert {line["product_id"] for order in orders for line in order["lines"]} <= {one["id"] for one in products}
    member = sdk.lists.get_list_member(shop.id, key_of(buyer["email_address"]))
    assert member["stats"]["ecommerce_data"]["number_of_orders"] == len(mine)


def test_templates_automations_and_interests_are_read(sdk, sandbox, audience):
    template = sandbox.state.add_template("Plain", "<p>*|CM_1|*</p>")
    assert sdk.templates.list()["templates"][0]["id"] == template.id
    assert sdk.templates.get_default_content_for_template(template.id)["sections"] == {"body": "<p>*|CM_1|*</p>"}
    welcome = sandbox.state.add_campaign(audience, html="<p>Welcome</p>", subject_line="Welcome")
    flow = sandbox.state.add_automation(audience, "Welcome", welcome)
    assert sdk.automations.list()["automations"][0]["id"] == flow.id
    assert sdk.automations.list_all_workflow_emails(flow.id)["emails"][0]["id"] == welcome.id
    topic = sdk.lists.create_list_interest_category(audience.id, {"title": "Topics", "type": "checkboxes"})
    lights = sdk.lists.create_interest_category_interest(audience.id, topic["id"], {"name": "Lights"})
    sandbox.state.add_member(audience, "ada@example.com")
    body = {"interests": {lights["id"]: True}}
    assert sdk.lists.update_list_member(audience.id, key_of("ada@example.com"), body)["interests"] == {
        lights["id"]: True
    }
    held = sdk.lists.list_interest_category_interests(audience.id, topic["id"])["interests"]
    assert [one["subscriber_count"] for one in held] == ["1"]


def test_what_is_not_modelled_says_so(sdk, audience):
    with pytest.raises(ApiClientError) as caught:
        sdk.lists.get_list_growth_history(audience.id)
    problem = json.loads(caught.value.text)
    assert (problem["status"], problem["title"]) == (501, "Not Modelled By The Sandbox")


def test_a_path_that_the_platform_lacks_is_not_found(sandbox):
    answer = requests.get(f"{sandbox.url}/nowhere", auth=("user", "key"), timeout=5)
    assert (answer.status_code, answer.json()["title"]) == (404, "Resource Not Found")
    assert answer.headers["Content-Type"].startswith("application/problem+json")


def test_a_call_without_a_key_is_turned_away(sandbox):
    assert requests.get(f"{sandbox.url}/ping", timeout=5).json()["title"] == "API Key Missing"


def test_a_named_error_is_given_when_asked_for(sdk):
    sdk.api_client.default_headers["X-Trigger-Error"] = "UserDisabled"
    with pytest.raises(ApiClientError) as caught:
        sdk.ping.get()
    assert caught.value.status_code == 403
