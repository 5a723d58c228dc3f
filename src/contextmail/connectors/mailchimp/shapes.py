"""What Mailchimp's answers look like, as far as they are read here (Marketing API 3.0)."""

from __future__ import annotations

from typing import TypedDict


class Location(TypedDict, total=False):
    """Where a contact is, as the platform guesses it."""

    country_code: str
    timezone: str


class Tag(TypedDict, total=False):
    """A tag of a contact."""

    id: int
    name: str


class Contact(TypedDict, total=False):
    """A member of an audience."""

    id: str
    email_address: str
    unique_email_id: str
    status: str
    merge_fields: dict[str, object]
    last_changed: str
    timestamp_opt: str
    timestamp_signup: str
    ip_opt: str
    source: str
    unsubscribe_reason: str
    location: Location
    tags: list[Tag]
    sms_phone_number: str
    sms_subscription_status: str
    sms_subscription_last_updated: str


class Webhook(TypedDict, total=False):
    """A webhook of an audience; only the answer that makes it holds its secret."""

    id: str
    url: str
    events: dict[str, bool]
    sources: dict[str, bool]
    signing_enabled: bool
    signing_secret: str


class MergeField(TypedDict, total=False):
    """A contact field."""

    merge_id: int
    tag: str
    name: str
    type: str
    default_value: str
    public: bool
    required: bool


class BatchError(TypedDict, total=False):
    """Why one address of a batch was not written."""

    email_address: str
    error: str
    error_code: str
    field: str
    field_message: str


class BatchAnswer(TypedDict, total=False):
    """What became of a batch of members."""

    new_members: list[Contact]
    updated_members: list[Contact]
    errors: list[BatchError]


class Condition(TypedDict, total=False):
    """A condition of a segment."""

    condition_type: str
    op: str
    value: object


class SegmentOptions(TypedDict, total=False):
    """Whom of an audience a campaign targets."""

    saved_segment_id: int
    prebuilt_segment_id: str
    match: str
    conditions: list[Condition]


class Recipients(TypedDict, total=False):
    """The audience of a campaign."""

    list_id: str
    segment_opts: SegmentOptions


class Campaign(TypedDict, total=False):
    """A campaign, sent or not."""

    id: str
    type: str
    status: str
    send_time: str
    content_type: str
    recipients: Recipients
    settings: dict[str, object]
    tracking: dict[str, object]
    social_card: dict[str, object]


class Content(TypedDict, total=False):
    """A campaign's texts."""

    html: str
    plain_text: str


class ChecklistItem(TypedDict, total=False):
    """A line of the send checklist; `type` is success, warning or error."""

    type: str
    heading: str
    details: str


class Checklist(TypedDict, total=False):
    """What stands between a draft and its sending."""

    is_ready: bool
    items: list[ChecklistItem]


class Store(TypedDict, total=False):
    """A connected shop."""

    id: str
    list_id: str


class StoreCustomer(TypedDict, total=False):
    """Who ordered."""

    id: str
    email_address: str


class Line(TypedDict, total=False):
    """A line of an order."""

    id: str
    product_id: str
    product_title: str
    quantity: int
    price: float


class Order(TypedDict, total=False):
    """An order."""

    id: str
    customer: StoreCustomer
    currency_code: str
    financial_status: str
    processed_at_foreign: str
    cancelled_at_foreign: str
    updated_at_foreign: str
    lines: list[Line]


class StoreProduct(TypedDict, total=False):
    """A product of a shop."""

    id: str
    title: str
    type: str
    url: str


class Activity(TypedDict, total=False):
    """What a recipient did: open, click or bounce."""

    action: str


class Recipient(TypedDict, total=False):
    """Somebody who was sent a campaign: in its sent-to, activity and unsubscribed reports."""

    email_id: str
    email_address: str
    status: str
    activity: list[Activity]
    timestamp: str
    reason: str


class Template(TypedDict, total=False):
    """A classic template."""

    id: int
    name: str


class Automation(TypedDict, total=False):
    """A classic automation, or one of its e-mails."""

    id: str
    settings: dict[str, object]


class AccountAnswer(TypedDict, total=False):
    """Who is behind the key."""

    account_id: str
    account_name: str
    role: str


class ListAnswer(TypedDict, total=False):
    """An audience."""

    id: str
    name: str
    campaign_defaults: dict[str, str]
    stats: dict[str, object]
