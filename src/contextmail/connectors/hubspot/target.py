"""Write the contacts of a portal: properties of ours, static lists, drafts, tasks. It never sends, and writes no status."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property

from contextmail.connectors.base import AudienceField, Capability, Draft, FieldWrite, RowError, Tasks
from contextmail.connectors.hubspot import emails, lists, properties, uses
from contextmail.connectors.hubspot.source import HubspotSource
from contextmail.connectors.hubspot.tasks import HubspotTasks
from contextmail.connectors.hubspot.writing import FieldWriter
from contextmail.errors import CapabilityError
from contextmail.model.hubspot import WITHOUT_EMAIL_API


class HubspotTarget(HubspotSource):
    """The contacts of a portal, or of one list, to read and to write."""

    @cached_property
    def capabilities(self) -> frozenset[Capability]:  # type: ignore[override]
        """Say what this portal can represent, as its settings tell: its tier, its templates, its tasks."""
        # Whether a property that was deleted comes back with its values is not documented.
        lacks = {Capability.CHOOSE_IN_SUBJECT, Capability.EMPTY_FIELDS}
        if self.options.tier in WITHOUT_EMAIL_API or self.options.sender == "owner":
            lacks.add(Capability.DRAFTS)
        if self.options.mode == "slot" or self.options.tier in WITHOUT_EMAIL_API:
            lacks.add(Capability.CHOOSE)
        if not self.options.reroute_tasks:
            lacks.add(Capability.TASKS)
        return frozenset(Capability) - lacks

    @cached_property
    def tasks(self) -> Tasks | None:
        """Give the tasks of the portal, where the settings want them made."""
        return HubspotTasks(self.transport) if self.options.reroute_tasks else None

    def create_field(self, tag: str, name: str, default: str) -> AudienceField:
        """Create a text property that is on no form; one of this name and label that is there is taken.

        Raises CapabilityError for a name that HubSpot does not take, UnsafePlanError where it is somebody else's.
        """
        made = properties.create(self.transport, tag, name, default)
        self._read_again()
        return made

    def delete_field(self, field: AudienceField) -> None:
        """Delete a property with its values; one that is gone is gone. Raises UnsafePlanError for somebody else's."""
        properties.delete(self.transport, field)
        self._read_again()

    def write_fields(self, writes: Iterable[FieldWrite]) -> Iterator[list[RowError]]:
        """Write in batches of 100 by record id; yield the errors of each batch, in order, when it is written.

        Raises StatusMovedError, after which nothing more is begun.
        """
        return FieldWriter(self.transport, self.options.read_back, self.read_members, self._named()).write(writes)

    def segment_members(self, segment: str) -> Iterator[str]:
        """Stream the ids of the contacts of a list, or of what a draft targets (`12,34,-56`)."""
        return lists.segment_keys(self.transport, segment)

    def saved_segments(self) -> Iterator[tuple[str, str]]:
        """Stream the id and the name of each list of contacts."""
        return lists.named(self.transport)

    def find_segment(self, name: str) -> str | None:
        """Look for a list of exactly this name; return its id, None: there is none."""
        return lists.find(self.transport, name)

    def create_segment(self, name: str, emails: Iterable[str]) -> str:
        """Create a static list of the contacts of these addresses; return its id."""
        return lists.create(self.transport, name, emails)

    def change_segment(self, segment: str, *, add: Iterable[str] = (), remove: Iterable[str] = ()) -> None:
        """Remove the contacts of addresses from a static list, and add others."""
        lists.change(self.transport, segment, add=add, remove=remove)

    def delete_segment(self, segment: str) -> None:
        """Delete a list; the contacts stay. One that is gone is gone."""
        lists.delete(self.transport, segment)

    def draft(self, campaign: str) -> Draft:
        """Read a draft. Raises CapabilityError for one that cannot be copied, with the step to take."""
        return emails.read(self.transport, campaign, self.options.mode)

    def find_draft(self, title: str) -> str | None:
        """Look for an e-mail of exactly this name; return its id, None: there is none."""
        return emails.find(self.transport, title)

    def create_draft(self, draft: Draft, *, parts: Mapping[str, str], segment: str, title: str) -> str:
        """Clone a draft, with other texts and our list; of a file's message make a new one. Return its id.

        Raises PlatformError where HubSpot did not take the list or the texts (the new draft is removed), CapabilityError
        for a sender that the API cannot say.
        """
        if self.options.sender == "owner":
            cure = 'choose the contact owner as sender in HubSpot\'s editor, which a clone keeps, and [hubspot] sender = "draft"'
            raise CapabilityError("the e-mail API names one sender for everybody", where="[hubspot] sender", cure=cure)
        return emails.create(self.transport, draft, parts, segment, title)

    def change_draft(self, campaign: str, parts: Mapping[str, str]) -> None:
        """Put other texts into a draft of ours. Raises StalePlanError once it is scheduled or sent."""
        emails.change(self.transport, campaign, parts)

    def delete_draft(self, campaign: str) -> None:
        """Delete a draft of ours. Raises StalePlanError once it is scheduled or sent."""
        emails.delete(self.transport, campaign)

    def checklist(self, campaign: str) -> list[str]:
        """List what is missing before HubSpot would send; empty: nothing that the API tells."""
        return emails.checklist(self.transport, campaign)

    def tags_in_use(self) -> Iterator[tuple[str, str]]:
        """Stream (property, where) for each contact property that an e-mail names which is not sent yet."""
        return uses.tags_in_use(self.transport)

    def _read_again(self) -> None:
        """Forget which properties contacts are read with."""
        self._read = None

    def _named(self) -> str:
        return f"hubspot:{self.audience}"
