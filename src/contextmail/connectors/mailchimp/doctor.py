"""What stands between us and an account: reachable, whose, what the key may do, limits, what is missing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from contextmail.connectors.mailchimp import connect
from contextmail.connectors.mailchimp.credentials import Credentials
from contextmail.connectors.symptoms import Report, Symptom, report
from contextmail.model.mailchimp import MailchimpOptions

if TYPE_CHECKING:
    from contextmail.connectors.base import AudienceField
    from contextmail.connectors.mailchimp.shapes import ListAnswer, Store
    from contextmail.connectors.mailchimp.target import MailchimpTarget


def doctor(options: MailchimpOptions, environment: Mapping[str, str]) -> Report:
    """Look at a connection without writing anything; what is wrong is in the report, and nothing is raised."""
    return report("mailchimp", _symptoms(options, environment))


def _symptoms(options: MailchimpOptions, environment: Mapping[str, str]) -> Iterator[Symptom]:
    credentials = Credentials.of(environment)
    yield Symptom("key", f"is there, and goes to {credentials.url}")
    target = connect(options.model_copy(update={"audience": options.audience or "none"}), environment)
    try:
        yield from _account(target)
        if not options.audience:
            yield _choose(target)
            return
        yield from _audience(target)
    finally:
        target.close()


def _account(target: MailchimpTarget) -> Iterator[Symptom]:
    target.transport.call("ping.get")
    account = target.account()
    yield Symptom("account", f"{account.name} ({account.id})")
    missing = [may for may in ("read", "write fields", "write segments", "write drafts") if may not in account.may]
    yield Symptom(
        "the key may",
        ", ".join(account.may) or "nothing that its role tells",
        ok=not missing,
        cure=f"it may not {', '.join(missing)}: use the key of an Admin or Manager" if missing else "",
    )
    limits = account.limits
    yield Symptom(
        "limits",
        f"{limits['connections']} calls at the same time, {limits['page']:,} contacts a read,"
        f" {limits['batch']} a write, {limits['field_bytes']} bytes a field",
    )


def _choose(target: MailchimpTarget) -> Symptom:
    lists: Iterable[ListAnswer] = target.transport.rows(
        "lists.get_all_lists", "lists", fields=["lists.id", "lists.name", "total_items"]
    )
    there = ", ".join(f"{one['id']} ({one.get('name', '')})" for one in lists)
    return Symptom("audience", "none is chosen", ok=False, cure=f"[mailchimp] audience = one of {there or 'none yet'}")


def _audience(target: MailchimpTarget) -> Iterator[Symptom]:
    found: ListAnswer = target.transport.call(
        "lists.get_list", list_id=target.audience, fields=["id", "name", "stats.member_count"]
    )
    count = (found.get("stats") or {}).get("member_count", 0)
    yield Symptom("audience", f"{found.get('name', '')} ({target.audience}), {count} subscribed")
    yield _fields(target.fields(), target.options.fields)
    stores: Iterable[Store] = target.transport.rows("ecommerce.stores", "stores")
    mine = [one["id"] for one in stores if one.get("list_id") == target.audience]
    if mine:
        yield Symptom("orders", f"from {', '.join(mine)}")
    else:
        yield Symptom("orders", "no shop is connected", cure="connect one in Mailchimp, or map a file: [tables.orders]")


def _fields(there: list[AudienceField], allowed: int) -> Symptom:
    left = allowed - len(there)
    cure = "`contextmail tidy` deletes those of ours that nobody uses; on Premium: [mailchimp] fields = 80"
    return Symptom(
        "contact fields", f"{len(there)} of {allowed}, {max(left, 0)} free", ok=left > 0, cure="" if left > 0 else cure
    )
