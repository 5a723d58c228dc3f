"""The official SDK talks to the sandbox unchanged, and finds every member that its models require."""

import pytest
from hubspot.crm import associations, contacts, lists, objects, properties
from hubspot.crm.contacts import ApiException
from hubspot.marketing.emails import ContentCloneRequestVNext, EmailUpdateRequest, PublicEmailContent

from contextmail.sandbox.hubspot import seeding


@pytest.fixture
def business(sandbox):
    return seeding.portal(sandbox.state, 30)


def test_contacts_are_listed_by_pages_with_their_firms(sdk, business):
    asked = {"limit": 20, "properties": ["email", "hs_email_optout"], "associations": ["companies", "orders"]}
    first = sdk.crm.contacts.basic_api.get_page(**asked)
    second = sdk.crm.contacts.basic_api.get_page(after=first.paging.next.after, **asked)
    everybody = [*first.results, *second.results]
    assert len({one.id for one in everybody}) == 30 and second.paging is None
    assert all(one.properties["email"].endswith("@example.com") for one in everybody)
    assert any(one.associations and "companies" in one.associations for one in everybody)


def test_a_contact_is_made_read_by_address_changed_and_deleted(sdk):
    api, values = sdk.crm.contacts.basic_api, {"email": "Ada@example.com", "firstname": "Ada"}
    made = api.create(contacts.SimplePublicObjectInputForCreate(properties=values, associations=[]))
    assert api.get_by_id("ada@example.com", id_property="email").id == made.id
    api.update(made.id, contacts.SimplePublicObjectInput(properties={"firstname": "", "lastname": "Hope"}))
    read = api.get_by_id(made.id, properties=["firstname", "lastname", "nonsense"]).properties
    assert (read["firstname"], read["lastname"]) == (None, "Hope") and "nonsense" not in read
    api.archive(made.id)
    with pytest.raises(ApiException) as caught:
        api.get_by_id(made.id)
    assert caught.value.status == 404


def test_batches_read_update_and_upsert(sdk, sandbox):
    ada, batch_api = sandbox.state.add_contact("ada@example.com"), sdk.crm.contacts.batch_api
    update = contacts.SimplePublicObjectBatchInput(id=ada.id, properties={"city": "London"})
    batch_api.update(contacts.BatchInputSimplePublicObjectBatchInput(inputs=[update]))
    rows = [
        contacts.SimplePublicObjectBatchInputUpsert(id=f"{name}@example.com", id_property="email", properties={})
        for name in ("ada", "ben")
    ]
    upserted = batch_api.upsert(contacts.BatchInputSimplePublicObjectBatchInputUpsert(inputs=rows)).results
    assert [one.new for one in upserted] == [False, True]
    ids = [contacts.SimplePublicObjectId(id=one) for one in (ada.id, "999")]
    asked = contacts.BatchReadInputSimplePublicObjectId(inputs=ids, properties=["city"], properties_with_history=[])
    answer = batch_api.read(asked)
    assert answer.results[0].properties["city"] == "London"
    assert answer.errors[0].context == {"ids": ["999"]} and answer.num_errors == 1


def test_orders_and_their_lines_are_reached_by_associations(sdk, business, sandbox):
    tied = sdk.crm.associations.v4.batch_api.get_page(
        "contacts",
        "orders",
        associations.v4.BatchInputPublicFetchAssociationsBatchRequest(inputs=[{"id": one} for one in business.members]),
    )
    order_ids = [to.to_object_id for row in tied.results for to in row.to]
    assert {to.association_types[0].type_id for row in tied.results for to in row.to} == {508}
    assert tied.errors[0].sub_category == "crm.associations.NO_ASSOCIATIONS_FOUND"
    order = sdk.crm.objects.basic_api.get_by_id(
        "orders", order_ids[0], properties=["hs_total_price"], associations=["line_items"]
    )
    lines = [one.id for one in order.associations["line items"].results]
    read = [sdk.crm.line_items.basic_api.get_by_id(one, properties=["amount"]).properties["amount"] for one in lines]
    assert float(order.properties["hs_total_price"]) == pytest.approx(sum(map(float, read)))
    assert sdk.crm.deals.basic_api.get_page().results and sdk.crm.products.basic_api.get_page().results


def test_owners_pipelines_and_subscription_types_are_listed(sdk, business):
    assert len(sdk.crm.owners.owners_api.get_page().results) == 3
    assert sdk.crm.pipelines.pipelines_api.get_all("deals").results[0].id == "default"
    types = sdk.communication_preferences.definition_api.get_page().subscription_definitions
    assert [one.name for one in types] == ["Newsletter", "Product updates"]


def test_properties_and_groups_are_made_and_deleted(sdk):
    sdk.crm.properties.groups_api.create("contacts", properties.PropertyGroupCreate(name="contextmail", label="Ours"))
    wanted = properties.PropertyCreate(
        name="cm_1", label="One", type="string", field_type="text", group_name="contextmail"
    )
    assert sdk.crm.properties.core_api.create("contacts", wanted).modification_metadata.read_only_value is False
    with pytest.raises(properties.ApiException) as caught:
        sdk.crm.properties.core_api.create("contacts", wanted)
    assert caught.value.status == 409
    sdk.crm.properties.core_api.archive("contacts", "cm_1")
    names = {one.name for one in sdk.crm.properties.core_api.get_all("contacts").results}
    assert "cm_1" not in names and "email" in names


def test_a_list_is_made_filled_read_and_deleted(sdk, sandbox):
    ids = [sandbox.state.add_contact(f"p{number}@example.com").id for number in range(3)]
    wanted = lists.ListCreateRequest(name="Wave 1", object_type_id="0-1", processing_type="MANUAL")
    made = sdk.crm.lists.lists_api.create(wanted).list
    changed = sdk.crm.lists.memberships_api.add(made.list_id, [*ids, "999"])
    assert (changed.records_ids_added, changed.record_ids_missing) == (ids, ["999"])
    assert sdk.crm.lists.memberships_api.remove(made.list_id, ids[:1]).record_ids_removed == ids[:1]
    page = sdk.crm.lists.memberships_api.get_page(made.list_id, limit=1)
    rest = sdk.crm.lists.memberships_api.get_page(made.list_id, after=page.paging.next.after)
    assert [one.record_id for one in (*page.results, *rest.results)] == ids[1:]
    assert sdk.crm.lists.lists_api.get_by_name("Wave 1", "0-1").list.size == 2
    with pytest.raises(lists.ApiException) as caught:
        sdk.crm.lists.lists_api.create(wanted)
    assert caught.value.status == 400 and "DUPLICATE_LIST_NAMES" in caught.value.body
    sdk.crm.lists.lists_api.remove(made.list_id)
    assert sdk.crm.lists.lists_api.do_search(lists.ListSearchRequest(query="wave", list_ids=[])).total == 0


def test_an_email_is_cloned_and_its_draft_changed_with_every_widget(sdk, sandbox):
    widgets = {name: {"body": {"html": f"<p>{name}</p>"}} for name in ("one", "two")}
    source, api = sandbox.state.add_email("Spring", "Hello", widgets=widgets), sdk.marketing.emails.marketing_emails_api
    clone = api.clone(ContentCloneRequestVNext(id=source.id, clone_name="Spring 2"))
    draft = api.get_draft(clone.id)
    draft.content.widgets["one"]["body"]["html"] = "<p>changed</p>"
    content = PublicEmailContent(widgets=draft.content.widgets)
    api.upsert_draft(clone.id, EmailUpdateRequest(content=content, subject="Hi"))
    after = api.get_draft(clone.id)
    assert (after.subject, after.content.widgets["one"]["body"]["html"]) == ("Hi", "<p>changed</p>")
    assert after.content.template_path and after.content.widgets["two"] == widgets["two"]
    assert source.body["subject"] == "Hello" and api.get_page().total == 2
    api.archive(clone.id)
    assert list(sandbox.state.emails) == [source.id]


def test_a_task_is_made_for_a_contacts_owner(sdk, sandbox):
    owner = sandbox.state.add_owner("Ruth", "Vale")
    ada = sandbox.state.add_contact("ada@example.com", hubspot_owner_id=owner.id)
    about = {"types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 204}], "to": {"id": ada.id}}
    values = {"hs_timestamp": "2026-06-01T09:00:00Z", "hs_task_subject": "Call Ada", "hubspot_owner_id": owner.id}
    wanted = objects.SimplePublicObjectInputForCreate(properties=values, associations=[about])
    made = sdk.crm.objects.basic_api.create("tasks", wanted)
    assert sandbox.state.associations.of("contacts", ada.id, "tasks") == {made.id: {203}}


def test_search_finds_by_filters_and_by_words(sdk, sandbox):
    for number in range(5):
        sandbox.state.add_contact(f"p{number}@example.com", city="London" if number % 2 else "Leeds")
    group = contacts.FilterGroup(filters=[contacts.Filter(property_name="city", operator="EQ", value="london")])
    asked = contacts.PublicObjectSearchRequest(filter_groups=[group], limit=1)
    page = sdk.crm.contacts.search_api.do_search(asked)
    assert (page.total, page.paging.next.after) == (2, "1")
    asked = contacts.PublicObjectSearchRequest(query="p3")
    assert sdk.crm.contacts.search_api.do_search(asked).total == 1
