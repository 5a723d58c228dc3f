"""HubSpot as a source and a target, on its official SDK. Nothing is imported before `connect`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from contextmail.errors import MissingExtraError
from contextmail.model.hubspot import HubspotOptions

if TYPE_CHECKING:
    from contextmail.connectors.hubspot.target import HubspotTarget


def connect(options: HubspotOptions, environment: Mapping[str, str]) -> HubspotTarget:
    """Open the contacts that `options` name with the token of the environment; no call is made yet.

    Raises AuthenticationError without a token, MissingExtraError without the SDK.
    """
    from contextmail.connectors.hubspot.credentials import Credentials

    credentials = Credentials.of(environment)
    try:
        from contextmail.connectors.hubspot.target import HubspotTarget
        from contextmail.connectors.hubspot.transport import Transport
    except ModuleNotFoundError as error:
        raise MissingExtraError("hubspot-api-client", "hubspot") from error
    return HubspotTarget(Transport(credentials, options), options)
