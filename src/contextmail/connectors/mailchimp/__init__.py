"""Mailchimp as a source and a target, on its official SDK. Nothing is imported before `connect`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from contextmail.errors import ConfigurationError, MissingExtraError
from contextmail.model.mailchimp import MailchimpOptions

if TYPE_CHECKING:
    from contextmail.connectors.base import Target
    from contextmail.connectors.mailchimp.target import MailchimpTarget

    _: type[Target] = MailchimpTarget


def connect(options: MailchimpOptions, environment: Mapping[str, str]) -> MailchimpTarget:
    """Open the audience that `options` name with the key of the environment; no call is made yet.

    Raises AuthenticationError without a key, ConfigurationError without an audience, MissingExtraError without the
    SDK.
    """
    from contextmail.connectors.mailchimp.credentials import Credentials

    credentials = Credentials.of(environment)
    if not options.audience:
        cure = "`contextmail doctor` lists the audiences; then [mailchimp] audience = …, or --on mailchimp:ID"
        raise ConfigurationError("no audience is chosen", where="[mailchimp] audience", cure=cure)
    try:
        from contextmail.connectors.mailchimp.target import MailchimpTarget
        from contextmail.connectors.mailchimp.transport import Transport
    except ModuleNotFoundError as error:
        raise MissingExtraError("mailchimp-marketing", "mailchimp") from error
    return MailchimpTarget(Transport(credentials, options), options)
