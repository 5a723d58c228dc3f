"""What the platform refuses: calls too many, rows too many, wrong values, wrong tokens, and what a tier lacks."""

import time

import pytest
import requests

from contextmail.sandbox.hubspot import Fault, Kind, Limits, Readings, Sandbox, State

ADA = "ada@example.com"
CONTACTS = "/crm/v3/objects/contacts"


def test_a_call_too_many_is_refused_until_the_window_has_passed(api_of):
    with Sandbox(limits=Limits(calls=3, window=0.5)) as sandbox:
        answers = [api_of(sandbox)("GET", CONTACTS) for _ in range(4)]
        assert [one.headers.get("X-HubSpot-RateLimit-Remaining") for one in answers] == ["2", "1", "0", None]
        told = answers[-1].json()
        assert (answers[-1].status_code, told["errorType"], told["policyName"]) == (
            429,
            "RATE_LIMIT",
            "TEN_SECONDLY_ROLLING",
        )
        assert "category" not in told and "Retry-After" not in answers[-1].headers
        assert api_of(sandbox)("POST", f"{CONTACTS}/search", {}).ok, "search has a limit of its own"
        time.sleep(0.6)
        assert api_of(sandbox)("GET", CONTACTS).ok


def test_search_and_the_day_have_limits_and_shapes_of_their_own(api_of):
    with Sandbox(limits=Limits(searches=1, daily=1), readings=Readings(retry_after=True)) as sandbox:
        api = api_of(sandbox)
        answers = [api("POST", f"{CONTACTS}/search", {}) for _ in range(2)]
        assert not any(name.startswith("X-HubSpot") for name in answers[0].headers)
        assert answers[1].json()["category"] == "RATE_LIMITS" and "policyName" not in answers[1].json()
        answers = [api("GET", CONTACTS) for _ in range(2)]
        assert answers[1].json()["policyName"] == "DAILY" and answers[1].headers["Retry-After"]


@pytest.mark.parametrize(
    ("tier", "calls"), [("free", 100), ("starter", 100), ("professional", 190), ("enterprise", 190)]
)
def test_a_tier_sets_the_rate(tier, calls):
    assert State(tier=tier).limits.calls == calls


def test_search_ends_at_ten_thousand(api):
    body = {"limit": 200, "after": "9900"}
    assert api("POST", f"{CONTACTS}/search", body).status_code == 400
    assert api("POST", f"{CONTACTS}/search", {**body, "after": "9800"}).ok


def test_search_sees_a_change_late(api_of):
    with Sandbox(readings=Readings(search_lag=60)) as sandbox:
        sandbox.state.add_contact(ADA)
        assert api_of(sandbox)("POST", f"{CONTACTS}/search", {"query": "ada"}).json()["total"] == 0


def test_a_batch_has_a_hundred_rows_and_each_once(api, sandbox):
    ada = sandbox.state.add_contact(ADA)
    assert api.batch("read", *[{"id": str(number)} for number in range(101)]).status_code == 400
    row = {"id": ada.id, "properties": {"city": "Leeds"}}
    assert "Duplicate IDs" in api.batch("update", row, row).json()["message"]


def test_associations_take_a_thousand(api):
    path = "/crm/v4/associations/contacts/companies/batch/read"
    inputs = [{"id": str(number)} for number in range(1001)]
    assert api("POST", path, {"inputs": inputs}).status_code == 400
    answer = api("POST", path, {"inputs": inputs[:1000]})
    assert (answer.status_code, answer.json()["numErrors"]) == (207, 1000)


def test_a_fault_in_one_row_refuses_the_batch_unless_each_row_has_its_trace(api, sandbox):
    rows = [
        {"id": sandbox.state.add_contact(f"p{number}@example.com").id, "properties": {"city": "Leeds"}}
        for number in range(2)
    ]
    rows[1]["properties"] = {"nonsense": "1"}
    refused = api.batch("update", *rows)
    assert refused.status_code == 400
    assert refused.json()["errors"][0]["code"] == "PROPERTY_DOESNT_EXIST"
    assert api.properties(sandbox.state.find_by("contacts", "email", "p0@example.com"), "city")["city"] is None
    traced = api.batch("update", *({**row, "objectWriteTraceId": f"t{at}"} for at, row in enumerate(rows)))
    told = traced.json()
    assert traced.status_code == 207
    assert [one["objectWriteTraceId"] for one in told["results"]] == ["t0"]
    assert told["errors"][0]["context"] == {"ids": [rows[1]["id"]], "objectWriteTraceId": ["t1"]}


def test_a_row_that_is_not_there_is_told_beside_the_rest(api, sandbox):
    ada = sandbox.state.add_contact(ADA)
    rows = [{"id": id_, "properties": {"city": "Leeds"}} for id_ in (ada.id, "999")]
    answer = api.batch("update", *rows)
    assert answer.status_code == 207
    assert api.properties(ada, "city")["city"] == "Leeds"


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"email": "nobody"}, "INVALID_EMAIL"),
        ({"hs_email_optout": "true"}, "READ_ONLY_VALUE"),
        ({"hs_marketable_status": "true"}, "READ_ONLY_VALUE"),
        ({"lifecyclestage": "friend"}, "INVALID_ENUMERATION"),
        ({"city": 5}, "INVALID_VALUE"),
        ({"city": "x" * 65_537}, "PROPERTY_VALUE_TOO_LONG"),
        ({"nonsense": ""}, "PROPERTY_DOESNT_EXIST"),
    ],
)
def test_a_wrong_value_is_refused(api, values, code):
    answer = api("POST", CONTACTS, {"properties": {"email": ADA, **values}})
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, code)


def test_an_address_belongs_to_one_contact(api, sandbox):
    ada = sandbox.state.add_contact(ADA)
    answer = api("POST", CONTACTS, {"properties": {"email": "ADA@example.com"}})
    assert (answer.status_code, answer.json()["message"]) == (409, f"Contact already exists. Existing ID: {ada.id}")


def test_a_life_cycle_only_moves_forward(api, sandbox):
    ada = sandbox.state.add_contact(ADA, lifecyclestage="customer")
    api("PATCH", f"{CONTACTS}/{ada.id}", {"properties": {"lifecyclestage": "lead"}})
    assert api.properties(ada, "lifecyclestage")["lifecyclestage"] == "customer"


def test_only_the_token_is_taken(sandbox):
    answer = requests.get(f"{sandbox.url}{CONTACTS}", headers={"Authorization": "Bearer other"}, timeout=5)
    assert (answer.status_code, answer.json()["category"]) == (401, "INVALID_AUTHENTICATION")


def test_properties_are_limited_named_and_grouped(api_of):
    with Sandbox(limits=Limits(properties=1)) as sandbox:
        api, path = api_of(sandbox), "/crm/v3/properties/contacts"
        made = {"name": "cm_1", "label": "1", "type": "string", "fieldType": "text", "groupName": "contactinformation"}
        assert api("POST", path, made).status_code == 201
        for wrong in ({"name": "cm_2"}, {"name": "CM"}, {"name": "cm_3", "groupName": "none"}):
            assert api("POST", path, {**made, **wrong}).status_code == 400
        assert api("DELETE", f"{path}/email").status_code == 400


@pytest.mark.parametrize(
    ("tier", "emails", "publishing", "batch"),
    [("starter", 403, 403, 403), ("professional", 200, 403, 403), ("enterprise", 200, 204, 200)],
)
def test_a_tier_opens_what_it_has(api_of, tier, emails, publishing, batch):
    with Sandbox(tier=tier) as sandbox:
        api, email = api_of(sandbox), sandbox.state.add_email("Spring")
        assert api("GET", f"/marketing/v3/emails/{email.id}").status_code == emails
        assert api("POST", f"/marketing/v3/emails/{email.id}/publish").status_code == publishing
        path = "/communication-preferences/v4/statuses/batch/read"
        answer = api("POST", path, {"inputs": [ADA]}, channel="EMAIL")
        assert answer.status_code == batch
        if batch == 403:
            assert answer.json()["category"] == "MISSING_SCOPES"


@pytest.mark.parametrize(
    ("status", "category"), [(423, "LOCKED"), (477, "MIGRATION_IN_PROGRESS"), (502, "INTERNAL_ERROR")]
)
def test_a_fault_comes_in_the_platforms_shape(api, sandbox, status, category):
    sandbox.faults.add(Fault(Kind.ERROR, on=f"GET {CONTACTS}", status=status))
    answer = api("GET", CONTACTS)
    assert (answer.status_code, answer.json()["category"]) == (status, category)
    assert ("Retry-After" in answer.headers) is (status == 477)
    assert api("GET", CONTACTS).ok


DATED = {
    "/crm/v3/objects/contacts": "/crm/objects/2026-09/contacts",
    "/crm/v3/objects/0-1/batch/read": "/crm/objects/2026-09/contacts/batch/read",
    "/crm/v3/properties/contacts": "/crm/properties/2026-09/contacts",
    "/crm/v3/lists": "/crm/lists/2026-09",
    "/marketing/v3/emails": "/marketing/emails/2026-03",
    "/account-info/v3/details": "/account-info/2026-09/details",
    "/communication-preferences/v4/definitions": "/communication-preferences/2026-09/definitions",
}


@pytest.mark.parametrize(("legacy", "dated"), DATED.items())
def test_both_notations_lead_to_the_same_until_the_legacy_one_ends(api_of, legacy, dated):
    method, body = ("POST", {"inputs": []}) if legacy.endswith("read") else ("GET", None)
    with Sandbox() as before, Sandbox(readings=Readings(legacy_paths=False)) as after:
        assert api_of(before)(method, legacy, body).ok and api_of(before)(method, dated, body).ok
        assert len(before.calls.counts) == 1
        assert api_of(after)(method, legacy, body).status_code == 404 and api_of(after)(method, dated, body).ok


def test_a_path_that_nobody_has_is_not_found(api):
    assert api("GET", "/crm/2026-09/objects/contacts").status_code == 404
