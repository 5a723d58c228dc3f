"""Where a campaign comes from: a draft on the platform, a message of a file, or the run that held people back."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from pathlib import Path

from contextmail.connectors.base import AudienceField, Capability, Draft, Target
from contextmail.dialects import DIALECTS, LANGUAGES, fields_asked
from contextmail.errors import CapabilityError, UnsafePlanError
from contextmail.language.messages import TEXTS, read_message
from contextmail.model.message import Message, Part
from contextmail.model.plan import FIELD_NAME, Plan


def read_campaign(campaign: str, target: Target, **said: datetime | int | None) -> tuple[Message, Draft]:
    """Read a message at a local path, else the platform's draft of that id, in the platform's language.

    `said` are keys of the message (`expires`, `priority`), which win over its own; one that is None is not given.

    Raises CapabilityError for a draft that cannot be copied, TemplateError for a file that is no message.
    """
    language = LANGUAGES[target.name]
    if Path(campaign).exists():
        message = read_message(Path(campaign), dialect=language)
        draft = Draft(id="", title=message.id, state="", parts={p.name: p.source for p in message.parts}, settings={})
    else:
        draft = target.draft(campaign)
        message = _message(draft, language)
    return message.model_copy(update={key: value for key, value in said.items() if value is not None}), draft


def campaign_of(plan: Plan) -> tuple[Message, Draft]:
    """Give the message and the draft that an earlier plan was made from."""
    planned = plan.draft
    return plan.message, Draft(
        id=planned.source, title=plan.message.id, state="", parts=planned.original, settings=planned.kept,
        segment=planned.targets, lost=tuple(planned.lost),
    )  # fmt: skip


def our_fields(fields: Iterable[AudienceField], tags: Collection[str] = ()) -> dict[str, AudienceField]:
    """List the fields of an audience that are ours, by tag.

    Raises UnsafePlanError where one of `tags` is there under a name that is not ours.
    """
    found = {field.tag: field for field in fields}
    for tag in tags:
        if tag in found and found[tag].name != FIELD_NAME.format(tag=tag):
            what = f"the audience's field {tag} is somebody else's: it is called {found[tag].name!r}"
            raise UnsafePlanError(what, cure="look who made it; contextmail touches only fields that bear its name")
    return {tag: field for tag, field in found.items() if field.name == FIELD_NAME.format(tag=tag)}


def refuse_without_drafts(target: Target) -> None:
    """Raise CapabilityError where no draft can be made."""
    if Capability.DRAFTS not in target.capabilities:
        cure = "--paste: fields and segment are made, and you put the texts into a draft of your own"
        raise CapabilityError("no draft can be made here, by the settings of the account", where=target.name, cure=cure)


def refuse_rewritten(message: Message, ours: Collection[str]) -> None:
    """Raise UnsafePlanError for a message that asks for fields of ours already: it is no original."""
    dialect = DIALECTS[message.dialect]
    for part in message.parts:
        if found := fields_asked(dialect, part.source).intersection(ours):
            what = f"the {part.name} asks for {found.pop()} already, a field of contextmail"
            raise UnsafePlanError(what, where=part.path or message.id, cure="plan the draft that it was made from")


def _message(draft: Draft, language: str) -> Message:
    parts = tuple(
        Part(name=name, kind=kind, source=source)
        for text, kind in TEXTS.items()
        for name, source in draft.parts.items()
        if name.partition(":")[0] == text and source
    )
    return Message(id=draft.title or draft.id, parts=parts, dialect=language)
