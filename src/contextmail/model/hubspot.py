"""How a company's HubSpot is reached: the settings of `[hubspot]`, none of them secret."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Tier = Literal["free", "starter", "professional", "enterprise"]
Property = Annotated[str, StringConstraints(pattern=r"^((contacts|companies|deals)\.)?[a-z][a-z0-9_]*$")]
"""A property by its internal name: `lifecyclestage`, `companies.plan`, `deals.mrr`; without an object a contact's."""

RATES: dict[Tier, int] = {"free": 100, "starter": 100, "professional": 190, "enterprise": 190}
"""Calls that a private app may make in ten seconds; HubSpot's page "API usage guidelines and limits"."""
WITHOUT_EMAIL_API: tuple[Tier, ...] = ("free", "starter")
"""Tiers whose e-mails the API neither reads nor writes: Marketing Hub Professional and Enterprise only."""


class HubspotOptions(BaseModel):
    """Say which contacts are read and written, and how gently. The token stays in the environment."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    audience: str = ""
    """The id of a list; empty: all contacts."""
    tier: Tier = "professional"
    """The subscription: how many calls are allowed (100 in ten seconds, from `professional` on 190), and what else."""
    rate_share: float = Field(default=0.8, gt=0, le=1)
    """The share of the allowed calls that this process takes; the rest is left to other tools."""
    connections: int = Field(default=10, ge=1, le=50)
    """Calls at the same time, over the whole process."""
    timeout: float = Field(default=60.0, gt=0)
    """Seconds to wait for an answer."""
    attempts: int = Field(default=8, ge=1)
    """Tries of a call that may be repeated."""
    wait: float = Field(default=1.0, ge=0)
    """Seconds before the second try; they double from try to try, up to 30. With 0, no try waits for what HubSpot asks."""
    fields: int = Field(default=1000, ge=1)
    """Custom contact properties that the account allows."""
    read_back: int = Field(default=100, ge=1)
    """Of each batch, one contact in so many at least is read back soon after, to see that its status has not moved."""
    order_stages: tuple[str, ...] = ()
    """Deal stages, by id, of which a deal counts as an order; empty: no deal does."""
    properties: dict[str, Property] = {}
    """Fact -> property: `plan = "companies.plan"`, `mrr = "deals.mrr"`, `seats = "seats"`. Of a contact's deals the
    latest that has the property counts, of its companies the primary one."""
    mode: Literal["slot", "choose"] = "slot"
    """`slot`: texts lie in properties, and a token names each: every editor takes it. `choose`: the template holds
    the variants behind a conditional, which only a coded template with programmable email takes."""
    sender: Literal["draft", "owner"] = "draft"
    """Whose name and reply-to a draft bears: those of the author's draft, or those of each contact's owner, which the
    e-mail API cannot say: choose it in HubSpot's editor, and a clone keeps it."""
    statuses: int = Field(default=20_000, ge=0)
    """Contacts whose choices of subscriptions are read one by one, where the tier has no batch (`enterprise` has). Of
    the others no permission is on record; an opt-out of everything is known of all."""
    reroute_tasks: bool = False
    """Whether a decision to reroute to a person makes a task for the contact's owner."""
