"""/ecommerce: stores, customers, products and orders, to be read."""

from __future__ import annotations

from typing import Any

from contextmail.sandbox.mailchimp.call import Call, found, iso
from contextmail.sandbox.mailchimp.model import Customer, Order, Product, Store


def stores(call: Call) -> dict[str, Any]:
    """List the stores."""
    return call.page("stores", list(call.state.stores.values()), _store_document)


def store(call: Call) -> dict[str, Any]:
    """Read a store."""
    return _store_document(_store(call))


def customers(call: Call) -> dict[str, Any]:
    """List a store's customers, or the one of an address."""
    at, email = _store(call), call.query.get("email_address", "").lower()
    shown = [one for one in at.customers.values() if not email or one.email.lower() == email]
    return call.page("customers", shown, lambda one: _customer_document(at, one), store_id=at.id)


def customer(call: Call) -> dict[str, Any]:
    """Read a customer."""
    at = _store(call)
    return _customer_document(at, found(at.customers.get(call.params["customer_id"])))


def products(call: Call) -> dict[str, Any]:
    """List a store's products."""
    at = _store(call)
    return call.page("products", list(at.products.values()), lambda one: _product_document(at, one), store_id=at.id)


def product(call: Call) -> dict[str, Any]:
    """Read a product."""
    at = _store(call)
    return _product_document(at, found(at.products.get(call.params["product_id"])))


def orders(call: Call) -> dict[str, Any]:
    """List a store's orders, of one customer if asked; the platform has no filter by date."""
    at = _store(call)
    shown = [one for one in at.orders.values() if _asked_for(call, one)]
    return call.page("orders", shown, lambda one: _order_document(at, one), store_id=at.id)


def all_orders(call: Call) -> dict[str, Any]:
    """List the orders of every store."""
    shown = [(at, one) for at in call.state.stores.values() for one in at.orders.values() if _asked_for(call, one)]
    return call.page("orders", shown, lambda pair: _order_document(*pair))


def order(call: Call) -> dict[str, Any]:
    """Read an order."""
    at = _store(call)
    return _order_document(at, found(at.orders.get(call.params["order_id"])))


def _store(call: Call) -> Store:
    return found(call.state.stores.get(call.params["store_id"]))


def _asked_for(call: Call, one: Order) -> bool:
    customer_id, campaign_id = call.query.get("customer_id", ""), call.query.get("campaign_id", "")
    return (not customer_id or one.customer == customer_id) and (not campaign_id or one.campaign == campaign_id)


def _store_document(at: Store) -> dict[str, Any]:
    return {
        "id": at.id,
        "list_id": at.list_id,
        "name": at.name,
        "platform": "",
        "domain": "example.com",
        "is_syncing": False,
        "email_address": "shop@example.com",
        "currency_code": at.currency,
        "money_format": "£" if at.currency == "GBP" else at.currency,
        "primary_locale": "en",
        "timezone": "UTC",
        "phone": "",
        "list_is_active": True,
        "created_at": iso(at.created_at),
        "updated_at": iso(at.created_at),
    }


def _customer_document(at: Store, one: Customer) -> dict[str, Any]:
    return {
        "id": one.id,
        "email_address": one.email,
        "opt_in_status": one.opted_in,
        "company": "",
        "first_name": one.first_name,
        "last_name": one.last_name,
        "orders_count": one.orders,
        "total_spent": one.spent,
        "created_at": iso(at.created_at),
        "updated_at": iso(at.created_at),
    }


def _product_document(at: Store, one: Product) -> dict[str, Any]:
    variant = {"id": one.id, "title": one.title, "url": one.url, "price": one.price}
    return {
        "id": one.id,
        "currency_code": at.currency,
        "title": one.title,
        "handle": "",
        "url": one.url,
        "description": "",
        "type": one.category,
        "vendor": "",
        "image_url": "",
        "variants": [variant],
    }


def _order_document(at: Store, one: Order) -> dict[str, Any]:
    lines = []
    for number, line in enumerate(one.lines, 1):
        sold = at.products.get(line.product)
        title = sold.title if sold else ""
        lines.append(
            {
                "id": f"{one.id}-{number}",
                "product_id": line.product,
                "product_title": title,
                "product_variant_id": line.product,
                "product_variant_title": title,
                "image_url": "",
                "quantity": line.quantity,
                "price": line.price,
                "discount": 0,
            }
        )
    written = {
        "id": one.id,
        "customer": _customer_document(at, at.customers[one.customer]),
        "store_id": at.id,
        "campaign_id": one.campaign,
        "landing_site": "",
        "financial_status": one.financial_status,
        "fulfillment_status": "shipped",
        "currency_code": at.currency,
        "order_total": one.total,
        "discount_total": 0,
        "tax_total": 0,
        "shipping_total": 0,
        "tracking_code": "",
        "processed_at_foreign": iso(one.at),
        "updated_at_foreign": iso(one.cancelled_at or one.at),
        "promos": [],
        "lines": lines,
    }
    if one.cancelled_at is not None:
        written["cancelled_at_foreign"] = iso(one.cancelled_at)
    return written
