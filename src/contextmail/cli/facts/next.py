"""contextmail facts next: what people who bought a product bought next."""

from __future__ import annotations

from typing import Annotated

import typer

from contextmail import wiring
from contextmail.cli import options
from contextmail.cli.formats import next_json, next_line
from contextmail.cli.options import TextOrJson
from contextmail.cli.output import say, write_json
from contextmail.errors import ConfigurationError
from contextmail.facts.offering import LIFT, SUPPORT
from contextmail.model.claim import RuleOverride


def next_(
    products: Annotated[
        list[str], typer.Argument(help="Ids of products, as the tables have them.", show_default=False)
    ],
    most: Annotated[int, typer.Option("--most", min=1, help="Products to list for each.")] = 10,
    form: Annotated[TextOrJson, typer.Option("--format", help="How it is written.")] = TextOrJson.TEXT,
    config: options.Config = None,
    facts: options.Facts = None,
) -> None:
    """Show what people who bought a product bought in a later order, with how many they are and the lift.

    The lift says how many times as many they are as the product's share of all buyers would make them; "surely" is its
    lower bound. `[rules.owned-offer]` sets the least support and lift; to owners of the product the first are proposed.

    ```
    contextmail facts next 22423
    contextmail facts next 22423 85123A --format json
    ```
    """
    settings = options.settings_of(config, facts=facts)
    folder = wiring.facts_folder(settings)
    known = folder.products
    if known is None:
        raise ConfigurationError("the facts know no products", where=str(folder.path), cure="contextmail facts build")
    for product in products:
        if not known.has(product):
            cure = "write the id as the tables have it"
            raise ConfigurationError(f"the facts have no product {product!r}", where=str(folder.path), cure=cure)
    own = settings.rules.get("owned-offer", RuleOverride())
    support, lift = own.support or SUPPORT, own.lift or LIFT
    found = known.bought_next(products, support=support, lift=lift, most=most)
    if form is TextOrJson.JSON:
        write_json({product: list(map(next_json, found.get(product, ()))) for product in products})
        return
    for product in products:
        say((product, "bold"))
        for bought in found.get(product, ()):
            say(f"  {bought.product:<12}  {next_line(bought)}")
        if product not in found:
            say((f"  nothing that {support} people bought next, with a lift of surely {lift:g}", "dim"))
