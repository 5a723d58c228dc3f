"""What belongs to a person: merges, additional addresses, deletion, and opt-outs that outlive all of them."""

import pytest

from contextmail.sandbox.hubspot import Limits, Readings, Sandbox

ADA, LOVELACE = "ada@example.com", "lovelace@example.org"
WISHES = "/communication-preferences/v4/statuses"
MERGE = "/crm/v3/objects/contacts/merge"


def wish(api, email, subscription, status, **more):
    body = {"subscriptionId": subscription.id, "statusState": status, "channel": "EMAIL", **more}
    return api("POST", f"{WISHES}/{email}", body)


def statuses(api, email):
    rows = api("GET", f"{WISHES}/{email}", channel="EMAIL").json()["results"]
    return [row["status"] for row in rows]


def left_all(api, email):
    return bool(api("GET", f"{WISHES}/{email}/unsubscribe-all", channel="EMAIL").json()["results"])


@pytest.fixture
def news(sandbox):
    return sandbox.state.add_definition("Newsletter")


def test_the_survivor_of_a_merge_answers_for_both(api, sandbox):
    state = sandbox.state
    ada, other = state.add_contact(ADA, city="Leeds"), state.add_contact(LOVELACE, city="York", phone="1")
    firm, held = state.add("companies", {"name": "Alder Books"}), state.add_list("Wave 1")
    state.associations.tie("contacts", other.id, "companies", firm.id)
    state.join(held, other.id)
    merged = api("POST", MERGE, {"primaryObjectId": ada.id, "objectIdToMerge": other.id}).json()
    assert merged["id"] == ada.id
    read = api.properties(other, "city", "phone", "hs_additional_emails", "hs_merged_object_ids")
    told = (read["city"], read["phone"], read["hs_additional_emails"], read["hs_merged_object_ids"])
    assert told == ("Leeds", "1", LOVELACE, other.id)
    assert api("GET", f"/crm/v3/objects/contacts/{LOVELACE}", idProperty="email").json()["id"] == ada.id
    assert api.batch("read", {"id": other.id}).json()["results"][0]["id"] == ada.id
    assert list(held.members) == [ada.id]
    assert firm.id in state.associations.of("contacts", ada.id, "companies")


def test_two_readings_of_a_merge(api_of):
    with Sandbox(readings=Readings(merge_makes_new=True, additional_found=False)) as sandbox:
        api, (ada, other) = api_of(sandbox), [sandbox.state.add_contact(email) for email in (ADA, LOVELACE)]
        made = api("POST", MERGE, {"primaryObjectId": ada.id, "objectIdToMerge": other.id}).json()["id"]
        assert made not in (ada.id, other.id)
        assert {api.batch("read", {"id": one.id}).json()["results"][0]["id"] for one in (ada, other)} == {made}
        assert api("GET", f"/crm/v3/objects/contacts/{LOVELACE}", idProperty="email").status_code == 404


def test_merges_end_somewhere(api_of):
    with Sandbox(limits=Limits(merges=2)) as sandbox:
        ada, *others = (sandbox.state.add_contact(f"p{number}@example.com").id for number in range(3))
        bodies = [{"primaryObjectId": ada, "objectIdToMerge": other} for other in others]
        assert [api_of(sandbox)("POST", MERGE, body).status_code for body in bodies] == [200, 414]


def test_a_merge_can_make_somebody_mailable_who_opted_out(api, sandbox):
    ada, other = sandbox.state.add_contact(ADA), sandbox.state.add_contact(LOVELACE, marketing=False)
    sandbox.state.unsubscribe(LOVELACE)
    assert api.properties(other, "hs_email_optout")["hs_email_optout"] == "true"
    api("POST", MERGE, {"primaryObjectId": ada.id, "objectIdToMerge": other.id})
    read = api.properties(ada, "hs_email_optout", "hs_marketable_status")
    assert (read["hs_email_optout"], read["hs_marketable_status"]) == (None, "true")
    assert left_all(api, LOVELACE) and not left_all(api, ADA)


def test_an_opt_out_outlives_the_contact(api, sandbox, news):
    ada = sandbox.state.add_contact(ADA)
    sandbox.state.unsubscribe(ADA)
    assert api("DELETE", f"/crm/v3/objects/contacts/{ada.id}").status_code == 204
    assert left_all(api, ADA)
    gone = api("GET", "/crm/v3/objects/contacts", archived="true").json()["results"]
    assert [(one["id"], one["archived"]) for one in gone] == [(ada.id, True)]
    again = sandbox.state.add_contact(ADA)
    assert api.properties(again, "hs_email_optout", f"hs_email_optout_{news.id}")["hs_email_optout"] == "true"


def test_an_address_deleted_for_good_cannot_come_back(api, sandbox):
    ada = sandbox.state.add_contact(ADA)
    path = "/crm/v3/objects/contacts/gdpr-delete"
    assert api("POST", path, {"objectId": ada.id}).status_code == 204
    assert api("POST", path, {"objectId": LOVELACE, "idProperty": "email"}).status_code == 204
    for email in (ADA, LOVELACE):
        assert api("POST", "/crm/v3/objects/contacts", {"properties": {"email": email}}).status_code == 400
    assert api.batch("read", {"id": ada.id}).status_code == 207


def test_who_was_never_asked_is_told_from_who_left(api, sandbox, news):
    assert statuses(api, ADA) == ["NOT_SPECIFIED"]
    sandbox.state.unsubscribe(ADA, news.id)
    assert statuses(api, ADA) == ["UNSUBSCRIBED"] and not left_all(api, ADA)


def test_subscribing_needs_a_legal_basis_and_brings_back_who_left(api, sandbox, news):
    basis = {"legalBasis": "CONSENT_WITH_NOTICE", "legalBasisExplanation": "form of 1 June"}
    assert wish(api, ADA, news, "SUBSCRIBED").status_code == 400
    assert wish(api, ADA, news, "UNSUBSCRIBED").ok
    back = wish(api, ADA, news, "SUBSCRIBED", **basis).json()["results"][0]
    assert (back["setStatusSuccessReason"], back["legalBasis"]) == ("RESUBSCRIBE_OCCURRED", "CONSENT_WITH_NOTICE")
    again = wish(api, ADA, news, "SUBSCRIBED", **basis).json()["results"][0]
    assert again["setStatusSuccessReason"] == "NO_STATUS_CHANGE"


@pytest.mark.parametrize("lifted", [True, False])
def test_whether_subscribing_ends_an_opt_out_of_all_has_two_readings(api_of, lifted):
    with Sandbox(readings=Readings(subscribing_lifts_all=lifted, legal_basis_required=False)) as sandbox:
        api, news = api_of(sandbox), sandbox.state.add_definition("Newsletter")
        answer = api("POST", f"{WISHES}/{ADA}/unsubscribe-all", channel="EMAIL")
        assert answer.json()["results"] == [] and left_all(api, ADA)
        wish(api, ADA, news, "SUBSCRIBED")
        assert left_all(api, ADA) is not lifted
        assert statuses(api, ADA) == ["SUBSCRIBED" if lifted else "UNSUBSCRIBED"]


def test_enterprise_reads_and_writes_many_at_once(api_of):
    with Sandbox(tier="enterprise") as sandbox:
        api, news = api_of(sandbox), sandbox.state.add_definition("Newsletter")
        row = {"subscriptionId": news.id, "statusState": "UNSUBSCRIBED", "channel": "EMAIL"}
        rows = [
            {**row, "subscriberIdString": ADA},
            {**row, "subscriberIdString": LOVELACE, "statusState": "SUBSCRIBED"},
        ]
        written = api("POST", f"{WISHES}/batch/write", {"inputs": rows})
        assert written.status_code == 207
        assert written.json()["errors"][0]["context"] == {"subscriberIdString": [LOVELACE]}
        api("POST", f"{WISHES}/batch/unsubscribe-all", {"inputs": [LOVELACE]}, channel="EMAIL")
        read = api("POST", f"{WISHES}/batch/read", {"inputs": [ADA, LOVELACE]}, channel="EMAIL").json()["results"]
        assert [one["statuses"][0]["status"] for one in read] == ["UNSUBSCRIBED"] * 2
        wide = api("POST", f"{WISHES}/batch/unsubscribe-all/read", {"inputs": [ADA, LOVELACE]}, channel="EMAIL").json()
        assert [len(one["wideStatuses"]) for one in wide["results"]] == [0, 1]


def test_the_timeline_tells_who_left_of_themselves(api, sandbox, news):
    wish(api, ADA, news, "UNSUBSCRIBED")
    sandbox.state.unsubscribe(LOVELACE)
    told = api("GET", "/email/public/v1/subscriptions/timeline", limit=1).json()
    assert told["hasMore"] and told["timeline"][0]["recipient"] == LOVELACE
    assert told["timeline"][0]["changes"][0]["changeType"] == "PORTAL_STATUS"
    rest = api("GET", "/email/public/v1/subscriptions/timeline", offset=told["offset"]).json()
    change = rest["timeline"][0]["changes"][0]
    assert not rest["hasMore"] and (change["source"], change["subscriptionId"]) == ("SOURCE_API", news.id)
