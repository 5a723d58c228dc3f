"""The receiver of webhooks: verify the raw bytes, keep them, answer; nothing after the answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from contextmail.webhooks.base import WebhookSource
    from contextmail.webhooks.unsubscribe import Seal


def sources(
    seal: Seal, *, scope: Literal["channel", "list"] = "channel", public_url: str = "", hubspot_v1: bool = False
) -> Mapping[str, WebhookSource]:
    """Give every source by its name, a line for each file; `scope`, `public_url`, `hubspot_v1` as in `[consent]`."""
    from contextmail.webhooks.hubspot import Hubspot
    from contextmail.webhooks.mailchimp import Mailchimp
    from contextmail.webhooks.one_click import OneClick
    from contextmail.webhooks.standard import Standard

    return {
        "hubspot": Hubspot(public_url, hubspot_v1),
        "mailchimp": Mailchimp(scope),
        "one-click": OneClick(seal),
        "standard": Standard(),
    }
