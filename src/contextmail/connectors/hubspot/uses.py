"""Where contact properties are used: the e-mails of a portal, as far as the API tells their texts.

Of workflows, forms and lists it tells nothing; HubSpot itself refuses to delete a property that one of them uses.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from contextmail.connectors.hubspot import emails
from contextmail.connectors.hubspot.transport import Transport

_PROPERTY = re.compile(r"\bcontact\.([a-z][a-z0-9_]*)")
_OVER = ("PUBLISHED", "PUBLISHED_AB", "PUBLISHED_AB_VARIANT", "LOSER_AB_VARIANT")
"""States of an e-mail that was sent and is not sent again."""


def tags_in_use(transport: Transport) -> Iterator[tuple[str, str]]:
    """Stream (property, where) for each contact property that an e-mail names which may still be sent."""
    for email in emails.listed(transport):
        if email.get("state") not in _OVER:
            for tag in sorted(set(_PROPERTY.findall(json.dumps(email)))):
                yield tag, f"e-mail {email['id']} ({(email.get('state') or 'DRAFT').lower()})"
