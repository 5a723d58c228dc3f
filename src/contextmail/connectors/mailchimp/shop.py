"""Orders and products of the shops that are connected to an audience.

They are read, never written: a write of an order or a customer can subscribe people.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from contextmail.connectors.base import OrderLine, Product
from contextmail.connectors.mailchimp.shapes import Line, Order, Store, StoreProduct
from contextmail.connectors.mailchimp.transport import Transport
from contextmail.connectors.mailchimp.values import key_of, moment

_TAKEN_BACK = ("cancelled", "refunded", "voided")
"""Financial statuses of an order that counts no more; what `partially_refunded` takes back is not told."""

_ORDER = """id customer.id customer.email_address currency_code financial_status processed_at_foreign
    cancelled_at_foreign updated_at_foreign lines.id lines.product_id lines.product_title lines.quantity
    lines.price""".split()
_PRODUCT = "id title type url".split()


def orders(transport: Transport, audience: str, since: datetime | None) -> Iterator[OrderLine]:
    """Stream order lines: of an order that was taken back, each line twice, the second time as a return."""
    fields = [*(f"orders.{name}" for name in _ORDER), "total_items"]
    for store, prefix in _stores(transport, audience):
        found: Iterable[Order] = transport.rows("ecommerce.get_store_orders", "orders", store_id=store, fields=fields)
        for order in found:
            yield from _lines(order, prefix, since)


def products(transport: Transport, audience: str) -> Iterator[Product]:
    """Stream products; their type is the category."""
    fields = [*(f"products.{name}" for name in _PRODUCT), "total_items"]
    for store, prefix in _stores(transport, audience):
        found: Iterable[StoreProduct] = transport.rows(
            "ecommerce.get_all_store_products", "products", store_id=store, fields=fields
        )
        for one in found:
            yield Product(prefix + one["id"], one.get("title", ""), one.get("type") or "", one.get("url") or "")


def _stores(transport: Transport, audience: str) -> Iterator[tuple[str, str]]:
    """List the audience's stores, each with what goes before its ids: with several, two could use the same id."""
    found: Iterable[Store] = transport.rows("ecommerce.stores", "stores")
    mine = [one["id"] for one in found if one.get("list_id") == audience]
    for store in mine:
        yield store, f"{store}/" if len(mine) > 1 else ""


def _lines(order: Order, prefix: str, since: datetime | None) -> Iterator[OrderLine]:
    bought = moment(order.get("processed_at_foreign"))
    changed = moment(order.get("updated_at_foreign"))
    cancelled = moment(order.get("cancelled_at_foreign"))
    if bought is None or (since and max(at for at in (bought, changed, cancelled) if at) < since):
        return
    gone = cancelled or (changed or bought if order.get("financial_status") in _TAKEN_BACK else None)
    customer = order.get("customer") or {}
    email = customer.get("email_address")
    # The same key as the contact's, so that orders and contacts join.
    who = key_of(email) if email else f"{prefix}{customer.get('id', '')}"
    for line in order.get("lines") or ():
        yield _line(order, line, prefix, who, bought, is_return=False)
        if gone:
            yield _line(order, line, prefix, who, gone, is_return=True)


def _line(order: Order, line: Line, prefix: str, who: str, at: datetime, *, is_return: bool) -> OrderLine:
    number = line.get("id", "")
    return OrderLine(
        customer=who,
        order=prefix + order["id"],
        line=f"{number} back" if is_return else number,
        product=prefix + line.get("product_id", ""),
        product_name=line.get("product_title") or "",
        quantity=str(line.get("quantity", "")),
        price=str(line.get("price", "")),
        currency=order.get("currency_code", ""),
        at=at,
        is_return=is_return,
    )
