"""/ecommerce: stores, customers, products and orders, to be read."""

from __future__ import annotations

from collections.abc import Iterable

from contextmail.sandbox.mailchimp.call import Call, Collection, Document, Shape
from contextmail.sandbox.mailchimp.model import Customer, Order, Product, Store


def all_orders(call: Call) -> Document:
    """List the orders of every store."""
    held = [(store, order) for store in call.state.stores.values() for order in _chosen(call, store.orders.values())]
    return call.page("orders", held, lambda _, one: _order(call, *one))


_STORE = Shape(
    "id list_id name currency_code=currency created_at updated_at=created_at",
    domain="example.com",
    email_address="shop@example.com",
    primary_locale="en",
    timezone="UTC",
    is_syncing=False,
    list_is_active=True,
)
_CUSTOMER = Shape(
    "id email_address=email first_name last_name opt_in_status=opted_in orders_count=orders total_spent=spent"
)


def _by_email(call: Call, customers: Iterable[Customer]) -> Iterable[Customer]:
    email = call.query.get("email_address", "").lower()
    return (one for one in customers if not email or one.email.lower() == email)


_VARIANT = Shape("id title url price")
_PRODUCT = Shape("id title url type=category")


def _product(call: Call, one: Product) -> Document:
    return _PRODUCT(call, one, currency_code=STORES.one(call).currency, variants=[_VARIANT(call, one)])


def _chosen(call: Call, orders: Iterable[Order]) -> Iterable[Order]:
    """Choose the orders of one customer if asked; the platform has no filter by date."""
    customer = call.query.get("customer_id", "")
    return (one for one in orders if not customer or one.customer == customer)


_LINE = Shape("product_id=product product_variant_id=product quantity price", discount=0)
_ORDER = Shape(
    "id campaign_id=campaign financial_status order_total=total processed_at_foreign=at"
    " updated_at_foreign=changed_at cancelled_at_foreign=cancelled_at",
    fulfillment_status="shipped",
    **dict.fromkeys(("discount_total", "tax_total", "shipping_total"), 0),
)


def _order(call: Call, store: Store, one: Order) -> Document:
    lines = []
    for number, line in enumerate(one.lines, 1):
        sold = store.products.get(line.product)
        title = sold.title if sold else ""
        told = _LINE(call, line, id=f"{one.id}-{number}", product_title=title, product_variant_title=title)
        lines.append(told)
    customer = _CUSTOMER(call, store.customers[one.customer])
    return _ORDER(call, one, store_id=store.id, customer=customer, currency_code=store.currency, lines=lines)


STORES = Collection("stores", "/ecommerce/stores/{store_id}", lambda call: call.state.stores, _STORE)
CUSTOMERS = Collection(
    "customers",
    "/ecommerce/stores/{store_id}/customers/{customer_id}",
    lambda call: STORES.one(call).customers,
    _CUSTOMER,
    chosen=_by_email,
)
PRODUCTS = Collection(
    "products", "/ecommerce/stores/{store_id}/products/{product_id}", lambda call: STORES.one(call).products, _product
)
ORDERS = Collection(
    "orders",
    "/ecommerce/stores/{store_id}/orders/{order_id}",
    lambda call: STORES.one(call).orders,
    lambda call, one: _order(call, STORES.one(call), one),
    chosen=_chosen,
)
