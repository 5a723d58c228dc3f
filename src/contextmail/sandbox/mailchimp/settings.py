"""What the platform limits, and how the sandbox reads what nobody has confirmed: both by setting."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Limits:
    """The platform's limits; `throttle_status` and `throttle_body` say how it refuses the connection too many."""

    connections: int = 10
    page: int = 1000
    batch_members: int = 500
    segment_changes: int = 500
    merge_fields: int = 30
    tag_length: int = 10
    text_bytes: int = 255
    throttle_status: Literal[429, 403] = 429
    throttle_body: bool = True


@dataclass(frozen=True, slots=True)
class Readings:
    """Both readings of what no documentation settles; a client has to be right under each of them."""

    batch_without_status: Literal["kept", "rejected"] = "kept"
    """A batch item without `status` for a contact that is there: its status is kept, or the item is an error."""
    batch_status_if_new: bool = True
    """Batch items understand `status_if_new`, which the published description does not list."""
    batch_resubscribes: bool = True
    """`status: subscribed` in a batch brings somebody unsubscribed by the sender back; False: it is ignored."""
    archived_is_new: bool = True
    """A write to an archived contact treats it as new; False: as one that is there."""
    archived_listed: bool = True
    """Members without a `status` filter come with the archived ones."""
    unknown_tags: Literal["ignored", "rejected"] = "ignored"
    """A merge value for a tag that the audience lacks."""
    compliance_takes_pending: bool = True
    """Somebody who unsubscribed themselves may be asked once more by `status: pending`; False: that is refused, too."""
    webhook_url_checked: bool = True
    """Creating a webhook first asks its URL by GET, and refuses one that does not answer."""
