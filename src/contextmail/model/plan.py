"""The plan as data: what would be written where, who gets what and why, and the limits that it keeps to."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict

from contextmail.model.channel import Channel
from contextmail.model.consent import Scope
from contextmail.model.manifest import Manifest
from contextmail.model.message import Message
from contextmail.model.pitch import BoughtNext

FIELD_NAME = "contextmail {tag}"
"""The name of every contact field of ours; a field with one of our tags and another name is somebody else's."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True)


class Check(_Frozen):
    """A limit, what was found, and where to change the limit (empty: it cannot be changed)."""

    name: str
    found: float
    limit: float
    setting: str = ""

    @property
    def ok(self) -> bool:
        """Say whether the limit is kept."""
        return self.found <= self.limit


class Reason(_Frozen):
    """How many recipients have one outcome for one reason; the reason of `send` is empty."""

    outcome: str
    reason: str
    people: int


class PlannedField(_Frozen):
    """A contact field that the draft asks for; `create`: the audience has none of that tag yet."""

    tag: str
    name: str
    mode: Literal["slot", "choose"]
    default: str
    create: bool


class PlannedText(_Frozen):
    """One text of an edit: for whom, what they read, how many of those who are sent to."""

    when: str
    text: str
    people: int


class PlannedEdit(_Frozen):
    """An edit as the draft holds it: by slot, by choose, or `neutral`: everybody reads the neutral text."""

    rule: str
    part: str
    quote: str
    mode: Literal["slot", "choose", "neutral"]
    texts: list[PlannedText]
    bought_next: list[BoughtNext] = []
    """Of a pitch: what is proposed to those who own the product, with support and lift."""


class PlannedDraft(_Frozen):
    """The draft to be made: its texts, how they differ from the author's, which settings a copy keeps and loses."""

    source: str
    """The id of the author's draft; empty: a message of a file."""
    targets: str
    """The saved segment that the author's draft targets; empty: everybody."""
    title: str
    original: dict[str, str]
    parts: dict[str, str]
    diff: str
    kept: dict[str, str]
    lost: list[str]


class Calls(_Frozen):
    """Calls that applying takes, at the platform's own page and batch sizes, and the seconds that they take."""

    reads: int
    writes: int
    seconds: float


class Plan(_Frozen):
    """What `apply` will do, for a person to review.

    Beside it lie Parquet files: `changes` (key, email, status, tag, old, new), `segment` (key, email), `decisions`
    (key, outcome, reason, until, to, and the index of each edit's variant), `held` (key, email, until).
    """

    version: Literal[1] = 1
    kind: Literal["campaign"] = "campaign"
    run: str
    """The name of the run that applies it; the segment and the draft bear it."""
    on: str
    """The audience: `mailchimp:LIST`."""
    made_at: datetime
    """When reading began, UTC without a zone: what changed in the audience since then is read again."""
    valid_until: datetime
    as_of: datetime
    """The clock of facts, ages and policies."""
    held_of: str = ""
    """The run whose held people this plan is for; empty: everybody whom the author's draft targets."""
    paste: bool = False
    """Fields and segment are made, and the draft is the user's own."""
    message: Message
    manifest: Manifest
    recipients: int
    """Subscribed contacts whom the author's draft targets (or who were held)."""
    others: dict[str, int]
    """Contacts whom the platform would not send to, by status."""
    decisions: list[Reason]
    fields: list[PlannedField]
    edits: list[PlannedEdit]
    changes: int
    people_changed: int
    segment: str
    segment_people: int
    held: int
    draft: PlannedDraft
    checks: list[Check]
    calls: Calls
    notes: list[str]
    files: dict[str, str] = {}
    """File -> SHA-256 of its bytes."""
    digest: str = ""
    """SHA-256 of all of the above."""

    @property
    def scope(self) -> Scope:
        """Say in which scope of consent the message is sent."""
        return Scope(Channel.EMAIL, self.message.purpose, self.on.partition(":")[2])

    def people(self, outcome: str) -> int:
        """Count the recipients of one outcome."""
        return sum(reason.people for reason in self.decisions if reason.outcome == outcome)


class TidyField(_Frozen):
    """A contact field of ours that a tidy looked at: `delete` it, or why it is left."""

    tag: str
    delete: bool
    why: str


class TidyPlan(_Frozen):
    """Which of our contact fields nobody uses any more; applying it deletes them with their values, for good."""

    version: Literal[1] = 1
    kind: Literal["tidy"] = "tidy"
    run: str
    on: str
    made_at: datetime
    valid_until: datetime
    fields: list[TidyField]
    digest: str = ""


class AuditPlan(_Frozen):
    """What of an audit's findings a program may mend: new values of name fields, and nothing else.

    Beside it lies `changes.parquet` (key, email, status, tag, old, new), of contacts that may be written.
    """

    version: Literal[1] = 1
    kind: Literal["audit"] = "audit"
    run: str
    on: str
    made_at: datetime
    """When reading began, UTC without a zone: what changed in the audience since then is read again."""
    valid_until: datetime
    contacts: int
    """Contacts of the audience, whatever their status."""
    tags: list[str]
    """The fields that are rewritten."""
    mends: dict[str, int]
    """What is wrong -> values that are mended."""
    changes: int
    people_changed: int
    checks: list[Check]
    calls: Calls
    files: dict[str, str] = {}
    digest: str = ""


AnyPlan = Plan | TidyPlan | AuditPlan
