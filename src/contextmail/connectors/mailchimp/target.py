"""Write an audience of Mailchimp's: contact fields, static segments, drafts. It never sends, and writes no status."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from http import HTTPStatus

from contextmail.connectors.base import AudienceField, Draft, FieldWrite, RowError
from contextmail.connectors.calling import unless_gone
from contextmail.connectors.mailchimp import drafts, segments, uses
from contextmail.connectors.mailchimp.shapes import MergeField
from contextmail.connectors.mailchimp.source import MailchimpSource, audience_field
from contextmail.connectors.mailchimp.values import FIELD_BYTES, fits
from contextmail.connectors.mailchimp.writing import FieldWriter
from contextmail.errors import CapabilityError, PlatformError, UnsafePlanError

TAG_LENGTH = 10


class MailchimpTarget(MailchimpSource):
    """One audience of an account, to read and to write."""

    tasks = None

    def create_field(self, tag: str, name: str, default: str) -> AudienceField:
        """Create a text field that is neither public nor required; one of this tag and name that is there is taken.

        Raises CapabilityError for a tag or default that Mailchimp would cut, UnsafePlanError where the tag is taken by
        a field of another name: it is somebody else's.
        """
        if len(tag) > TAG_LENGTH:
            raise CapabilityError(f"the tag {tag} has more than {TAG_LENGTH} characters", where=self._named())
        if not fits(default):
            cure = "a shorter neutral text"
            raise CapabilityError(
                f"the default of {tag} has more than {FIELD_BYTES} bytes", where=self._named(), cure=cure
            )
        # A field that is public would appear on the signup form; a required one would close it to others.
        body = {"tag": tag, "name": name, "type": "text", "default_value": default, "public": False, "required": False}

        def make() -> AudienceField:
            made: MergeField = self.transport.call("lists.add_list_merge_field", list_id=self.audience, body=body)
            return audience_field(made)

        try:
            return self.transport.once(make, lambda: self._field_tagged(tag, name))
        except PlatformError as error:
            if error.status == HTTPStatus.BAD_REQUEST and (there := self._field_tagged(tag, name)):
                return there
            raise

    def delete_field(self, field: AudienceField) -> None:
        """Delete a field with its values; one that is gone is gone.

        Raises UnsafePlanError if another field bears its id by now, or its name was changed.
        """

        def remove() -> None:
            found: MergeField = self.transport.call(
                "lists.get_list_merge_field", list_id=self.audience, merge_id=field.id
            )
            if (found.get("tag"), found.get("name")) != (field.tag, field.name):
                raise self._foreign(field.tag)
            self.transport.call("lists.delete_list_merge_field", list_id=self.audience, merge_id=field.id)

        unless_gone(remove)

    def write_fields(self, writes: Iterable[FieldWrite]) -> Iterator[list[RowError]]:
        """Write in batches of 500; yield the errors of each batch, in order, when it is written.

        The n-th list is of the n-th 500 of `writes`. Raises StatusMovedError, after which nothing more is written, and
        CapabilityError where the audience takes no batch without statuses.
        """
        return FieldWriter(self.transport, self.options).write(writes)

    def find_segment(self, name: str) -> str | None:
        """Look for a static segment of exactly this name; return its id, None: there is none."""
        return segments.find(self.transport, self.audience, name)

    def create_segment(self, name: str, emails: Iterable[str]) -> str:
        """Create a static segment of these addresses, 500 a call; return its id."""
        return segments.create(self.transport, self.audience, name, emails)

    def change_segment(self, segment: str, *, add: Iterable[str] = (), remove: Iterable[str] = ()) -> None:
        """Remove addresses from a static segment, and add others, 500 a call."""
        segments.change(self.transport, self.audience, segment, add=add, remove=remove)

    def delete_segment(self, segment: str) -> None:
        """Delete a segment; the contacts stay. One that is gone is gone."""
        unless_gone(lambda: self.transport.call("lists.delete_segment", list_id=self.audience, segment_id=segment))

    def draft(self, campaign: str) -> Draft:
        """Read a draft. Raises CapabilityError for one that cannot be copied, with the step to take."""
        return drafts.read(self.transport, self.audience, campaign)

    def find_draft(self, title: str) -> str | None:
        """Look for a campaign of exactly this title; return its id, None: there is none."""
        return drafts.find(self.transport, self.audience, title)

    def create_draft(self, draft: Draft, *, parts: Mapping[str, str], segment: str, title: str) -> str:
        """Make a new draft without template, for a segment; the original stays. Return its id.

        Raises PlatformError where Mailchimp did not take the segment (the new draft is removed) or the texts.
        """
        return drafts.create(self.transport, self.audience, draft, parts, segment, title)

    def change_draft(self, campaign: str, parts: Mapping[str, str]) -> None:
        """Put other texts into a draft of ours. Raises StalePlanError once it is scheduled or sent."""
        drafts.change(self.transport, campaign, parts)

    def delete_draft(self, campaign: str) -> None:
        """Delete a draft of ours. Raises StalePlanError once it is scheduled or sent."""
        drafts.delete(self.transport, campaign)

    def checklist(self, campaign: str) -> list[str]:
        """List what Mailchimp still wants before it would send; empty: ready."""
        return drafts.checklist(self.transport, campaign)

    def tags_in_use(self) -> Iterator[tuple[str, str]]:
        """Stream (tag, where) for each merge tag in an unsent campaign, template or automation."""
        return uses.tags_in_use(self.transport)

    def _field_tagged(self, tag: str, name: str) -> AudienceField | None:
        """Find the field of a tag. Raises UnsafePlanError for one of another name."""
        found = next((one for one in self.fields() if one.tag == tag), None)
        if found and found.name != name:
            raise self._foreign(tag)
        return found

    def _foreign(self, tag: str) -> UnsafePlanError:
        cure = "rename or remove it in Mailchimp: Audience > Settings > Audience fields"
        return UnsafePlanError(
            f"the field {tag} is somebody else's: it has another name", where=self._named(), cure=cure
        )

    def _named(self) -> str:
        return f"mailchimp:{self.audience}"
