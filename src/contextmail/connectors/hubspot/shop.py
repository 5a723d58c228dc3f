"""Orders, deals that count as orders, their lines, and products."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from decimal import Decimal, InvalidOperation
from itertools import chain
from typing import NamedTuple

from contextmail.connectors.base import OrderLine, Product
from contextmail.connectors.calling import batches
from contextmail.connectors.hubspot.records import (
    ASSOCIATED,
    Record,
    Values,
    by_id,
    changed,
    listed,
    may_read,
    read,
    related,
    values,
)  # fmt: skip
from contextmail.connectors.hubspot.times import moment
from contextmail.connectors.hubspot.transport import Transport

_ORDER = """hs_order_name hs_currency_code hs_total_price hs_refund_amount hs_fulfillment_status hs_payment_status
    hs_external_created_date hs_createdate hs_lastmodifieddate""".split()
_DEAL = "dealname deal_currency_code amount dealstage closedate createdate hs_lastmodifieddate".split()
_LINE = "name price quantity amount hs_product_id hs_sku hs_line_item_currency_code".split()
_PRODUCT = "name hs_product_type hs_url".split()
_AHEAD = 4
"""Thousands of orders that are read ahead of whoever takes them."""
_TAKEN_BACK = ("cancelled", "canceled", "refunded", "voided")


class _Sale(NamedTuple):
    """An order or a deal: what both say, in words of our own."""

    id: str
    name: str
    currency: str
    total: str
    at: datetime
    gone: datetime | None = None
    """When it was taken back as a whole."""
    refunded: str = ""
    """What of it was given back, where it was not taken back as a whole."""
    changed: datetime | None = None


def orders(transport: Transport, stages: Collection[str], since: datetime | None) -> Iterator[OrderLine]:
    """Stream the lines of orders, and of deals in one of `stages`; of one that was taken back, each line twice.

    Raises AuthenticationError where the token may read neither: without orders is not the same as unknown.
    """
    if not stages or may_read(transport, "orders"):
        sales = filter(None, map(_order, _records(transport, "orders", _ORDER, since)))
        yield from _lines(transport, "orders", sales)
    if stages:
        deals = (one for one in _records(transport, "deals", _DEAL, since) if values(one).get("dealstage") in stages)
        yield from _lines(transport, "deals", filter(None, map(_deal, deals)))


def products(transport: Transport) -> Iterator[Product]:
    """Stream products; their type is the category."""
    for one in listed(transport, "products", _PRODUCT):
        own = values(one)
        yield Product(str(one["id"]), own.get("name") or "", own.get("hs_product_type") or "", own.get("hs_url") or "")


def _records(transport: Transport, kind: str, names: Collection[str], since: datetime | None) -> Iterator[Record]:
    return by_id(transport, kind, changed(transport, kind, since), names) if since else listed(transport, kind, names)


def _order(record: Record) -> _Sale | None:
    own = values(record)
    at = moment(own.get("hs_external_created_date")) or moment(own.get("hs_createdate"))
    if at is None:
        return None
    total, refunded = own.get("hs_total_price") or "", own.get("hs_refund_amount") or ""
    words = {(own.get(name) or "").lower() for name in ("hs_fulfillment_status", "hs_payment_status")}
    changed_at = moment(own.get("hs_lastmodifieddate"))
    whole = not words.isdisjoint(_TAKEN_BACK) or (_number(refunded) > 0 and _number(refunded) >= _number(total))
    sale = _Sale(str(record["id"]), own.get("hs_order_name") or "", own.get("hs_currency_code") or "", total, at)
    return sale._replace(
        gone=(changed_at or at) if whole else None,
        refunded=refunded if not whole and _number(refunded) > 0 else "",
        changed=changed_at,
    )


def _deal(record: Record) -> _Sale | None:
    own = values(record)
    at = moment(own.get("closedate")) or moment(own.get("createdate"))
    if at is None:
        return None
    named = own.get("dealname") or "", own.get("deal_currency_code") or "", own.get("amount") or ""
    return _Sale(f"deal {record['id']}", *named, at)


def _lines(transport: Transport, kind: str, sales: Iterable[_Sale]) -> Iterator[OrderLine]:
    def part(some: list[_Sale]) -> list[OrderLine]:
        ids = [one.id.removeprefix("deal ") for one in some]
        contacts, lines = (related(transport, kind, other, ids) for other in ("contacts", "line_items"))
        found = read(transport, "line_items", sorted(set(chain.from_iterable(lines.values()))), _LINE)
        return [
            line
            for sale, id_ in zip(some, ids, strict=True)
            for line in _of(
                sale, (contacts.get(id_) or [""])[0], [found[one] for one in lines.get(id_, ()) if one in found]
            )
        ]

    return chain.from_iterable(transport.in_order(part, batches(sales, ASSOCIATED), ahead=_AHEAD))


def _of(sale: _Sale, who: str, lines: list[Record]) -> Iterator[OrderLine]:
    """Give the lines of a sale, one of its total where it has none; those of what was taken back a second time."""
    kept = [_line(sale, who, one) for one in lines] or [_total(sale, who, "1", sale.total, sale.at)]
    yield from kept
    if sale.gone:
        for one in kept:
            yield _back(one, sale.gone)
    elif sale.refunded:
        yield _back(_total(sale, who, "refund", sale.refunded, sale.at), sale.changed or sale.at)


def _line(sale: _Sale, who: str, record: Record) -> OrderLine:
    own = values(record)
    return OrderLine(
        customer=who,
        order=sale.id,
        line=str(record["id"]),
        product=own.get("hs_product_id") or own.get("hs_sku") or "",
        product_name=own.get("name") or "",
        quantity=own.get("quantity") or "1",
        price=_each(own),
        currency=own.get("hs_line_item_currency_code") or sale.currency,
        at=sale.at,
    )


def _total(sale: _Sale, who: str, line: str, price: str, at: datetime) -> OrderLine:
    return OrderLine(who, sale.id, line, "", sale.name, "1", price or "0", sale.currency, at)


def _back(line: OrderLine, at: datetime) -> OrderLine:
    return OrderLine(
        line.customer, line.order, f"{line.line} back", line.product, line.product_name, line.quantity, line.price,
        line.currency, at, is_return=True,
    )  # fmt: skip


def _each(own: Values) -> str:
    """Give what one piece cost: `amount` is what the line cost after its discount, `price` before it."""
    amount, quantity = _number(own.get("amount") or ""), _number(own.get("quantity") or "1")
    return format(amount / quantity, "f") if own.get("amount") and quantity else own.get("price") or "0"


def _number(text: str) -> Decimal:
    try:
        return Decimal(text or "0")
    except InvalidOperation:
        return Decimal(0)
