"""The properties that every portal has, and what a value must be to be taken."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import datetime

from contextmail.sandbox.hubspot.model import Property
from contextmail.sandbox.hubspot.problems import wrong_value

WRITTEN = {
    "contacts": "email firstname lastname phone mobilephone company jobtitle website address city state zip country"
    " hs_language hubspot_owner_id lifecyclestage hs_lead_status hs_legal_basis",
    "companies": "name domain industry phone city country hubspot_owner_id lifecyclestage numberofemployees",
    "deals": "dealname amount dealstage pipeline closedate hubspot_owner_id dealtype deal_currency_code",
    "tickets": "subject content hs_pipeline hs_pipeline_stage hubspot_owner_id",
    "products": "name price hs_sku description hs_product_type",
    "line_items": "name price quantity hs_product_id hs_sku amount discount hs_line_item_currency_code",
    "orders": "hs_order_name hs_external_order_id hs_currency_code hs_total_price hs_fulfillment_status hs_pipeline"
    " hs_pipeline_stage hs_external_created_date hs_refund_amount hubspot_owner_id",
    "tasks": "hs_task_subject hs_task_body hs_task_status hs_task_priority hs_task_type hs_timestamp hubspot_owner_id",
    "notes": "hs_note_body hs_timestamp hubspot_owner_id",
}
TOLD = {
    "contacts": "createdate lastmodifieddate hs_object_id hs_additional_emails hs_merged_object_ids hs_email_optout"
    " hs_email_domain hs_marketable_status hs_email_bounce hs_email_quarantined hs_email_hard_bounce_reason_enum",
    "companies": "createdate hs_lastmodifieddate hs_object_id hs_merged_object_ids",
    "deals": "createdate hs_lastmodifieddate hs_object_id hs_is_closed_won hs_merged_object_ids",
}
OTHERS_TOLD = "hs_createdate hs_lastmodifieddate hs_object_id"
SHOWN = {
    "contacts": "createdate email firstname hs_object_id lastmodifieddate lastname",
    "companies": "createdate domain hs_lastmodifieddate hs_object_id name",
    "deals": "amount closedate createdate dealname dealstage hs_lastmodifieddate hs_object_id pipeline",
}
"""What comes when no property is asked for."""
NUMBERS = frozenset(
    "amount price quantity discount hs_total_price hs_refund_amount numberofemployees hs_email_bounce".split()
)
MOMENTS = frozenset("closedate hs_timestamp hs_external_created_date".split())
FLAGS = frozenset("hs_email_optout hs_email_quarantined hs_marketable_status hs_is_closed_won".split())
STAGES = "subscriber lead marketingqualifiedlead salesqualifiedlead opportunity customer evangelist other".split()
_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")


def own_properties(kind: str) -> Iterator[Property]:
    """Give the platform's own properties of a kind of object."""
    group = f"{kind.removesuffix('s')}information"
    for name in WRITTEN[kind].split():
        yield _property(name, group, kind)
    for name in TOLD.get(kind, OTHERS_TOLD).split():
        yield _property(name, group, kind, read_only=True)


def _property(name: str, group: str, kind: str, *, read_only: bool = False) -> Property:
    label = name.removeprefix("hs_").replace("_", " ").capitalize()
    made = Property(name, label, group, read_only=read_only, own=False, unique=name == "email" and kind == "contacts")
    if name in NUMBERS:
        made.type = made.field_type = "number"
    elif name in MOMENTS or name.endswith(("createdate", "modifieddate")):
        made.type, made.field_type = "datetime", "date"
    elif name in FLAGS:
        made.type, made.field_type = "bool", "booleancheckbox"
        made.options = [{"label": word, "value": word, "hidden": False} for word in ("true", "false")]
    elif name == "lifecyclestage":
        made.type, made.field_type = "enumeration", "radio"
        made.options = [{"label": word, "value": word, "hidden": False} for word in STAGES]
    return made


def checked(definition: Property, value: object, longest: int) -> str:
    """Give a value as it may be kept; empty clears. Raises Problem."""
    name = definition.name
    if definition.read_only:
        raise wrong_value(name, "READ_ONLY_VALUE", f'"{name}" is a read only property; its value cannot be set.')
    if not isinstance(value, str):
        raise wrong_value(name, "INVALID_VALUE", "Property values must be strings.")
    if value and not _fits(definition, value):
        code = "INVALID_EMAIL" if name == "email" else f"INVALID_{definition.type.upper()}"
        raise wrong_value(name, code, f"{value} was not a valid {'email' if name == 'email' else definition.type}.")
    if len(value) > longest:
        raise wrong_value(name, "PROPERTY_VALUE_TOO_LONG", f"Property values may have {longest} characters at most.")
    return value


def _fits(definition: Property, value: str) -> bool:
    if definition.name == "email":
        return _ADDRESS.fullmatch(value) is not None
    if definition.type == "enumeration":
        return set(value.split(";")) - {""} <= {option["value"] for option in definition.options}
    return definition.type not in _TESTS or _reads(_TESTS[definition.type], value)


def _moment(value: str) -> object:
    return int(value) if value.isdecimal() else datetime.fromisoformat(value)


def _flag(value: str) -> object:
    return ("true", "false").index(value)


_TESTS: dict[str, Callable[[str], object]] = {"number": float, "date": _moment, "datetime": _moment, "bool": _flag}


def _reads(test: Callable[[str], object], value: str) -> bool:
    try:
        test(value)
    except ValueError:
        return False
    return True
