"""Write a campaign in the platform's own language: each edit becomes a slot or a choice over a content-addressed field.

slot    the resolved text is stored in a contact field, the template holds its tag; named by predicates and texts.
choose  the field holds a short key, the template holds the texts behind the platform's own conditional; named by the
        ordered predicates only, so edits with the same predicates share one field.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from contextmail.campaign import Campaign, CompiledEdit, CompiledVariant, Slot
from contextmail.dialects.base import Dialect
from contextmail.model.finding import Edit
from contextmail.model.manifest import Field, FieldText, Manifest
from contextmail.model.message import PartKind
from contextmail.predicates.tree import describe
from contextmail.rewriting import Rewrite

Mode = Literal["slot", "choose", "neutral"]

_PREFIX = {"mailchimp": "CM", "hubl": "cm_", "liquid": "cm_"}
_MARKUP = ("<", ">", "\ufffc")
_KEYS = "abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True)
class Merged:
    """The rewritten sources by part, the manifest, how each edit was written, and what a person should know."""

    parts: Mapping[str, str]
    manifest: Manifest
    modes: tuple[Mode, ...]
    notes: tuple[str, ...]


def merge(rewrite: Rewrite, campaign: Campaign, dialect: Dialect) -> Merged:
    """Write every edit of `campaign` into the sources of `rewrite` in the words of `dialect`."""
    writer = _Writer(rewrite, campaign, dialect)
    texts = [writer.edit(index) for index in range(len(campaign.edits))]
    parts = {
        name: "".join(piece if isinstance(piece, str) else texts[piece] for piece in pieces)
        for name, pieces in campaign.parts.items()
    }
    before = rewrite.checked.manifest
    kept = [field.model_copy(update={"edits": []}) for field in before.fields if field.name not in writer.fields] if before else []
    manifest = Manifest(campaign=campaign.id, dialect=dialect.name, fields=[*kept, *writer.fields.values()])
    return Merged(parts, manifest, tuple(writer.modes), tuple(writer.notes))


class _Writer:
    def __init__(self, rewrite: Rewrite, campaign: Campaign, dialect: Dialect) -> None:
        self.rewrite, self.campaign, self.dialect = rewrite, campaign, dialect
        self.fields: dict[str, Field] = {}
        self.modes: list[Mode] = []
        self.notes: list[str] = []

    def edit(self, index: int) -> str:
        """Write one edit by the way that suits its place and texts."""
        compiled, edit = self.campaign.edits[index], self.rewrite.edits[index]
        plain = self._plain(compiled, edit)
        line = self._kind(edit.part) is PartKind.LINE
        named = any(isinstance(piece, Slot) for variant in compiled.variants for piece in variant.pieces)
        slots_first = line or named or self.dialect.name == "hubl"
        if plain is not None and slots_first:
            self.modes.append("slot")
            return edit.wrap[0] + self._slot(index, compiled.variants, plain) + edit.wrap[1]
        if line or self.dialect.name == "hubl":
            self.modes.append("neutral")
            self.notes.append(f"{edit.rule}: {edit.quote!r}: everybody gets the neutral text: this place takes no conditional")
            return self._source(compiled.variants[-1], index, nested=False)
        self.modes.append("choose")
        return self._choose(index, compiled.variants)

    def _kind(self, part: str) -> PartKind | None:
        found = self.rewrite.message.part(part)
        return found.kind if found else None

    def _plain(self, compiled: CompiledEdit, edit: Edit) -> list[str] | None:
        """Give each variant's text as a slot would hold it, or None where one needs markup, or is empty among texts."""
        texts: list[str] = []
        for variant in compiled.variants:
            pieces = variant.pieces if variant.original else _inside(variant.pieces, edit)
            text = "".join(f"{{{p.fact}|{p.format}}}" if isinstance(p, Slot) else p for p in pieces)
            if edit.context == "text" or edit.context.startswith("attr"):
                text = html.unescape(text)
            if variant.original and (edit.wrap != ("", "") or self._tokens(text)):
                return None
            if any(sign in text for sign in _MARKUP) or "&" in text or self._tokens(text):
                return None
            texts.append(text)
        if any(not text for text in texts):
            return None
        return texts

    def _tokens(self, text: str) -> bool:
        return bool(self.dialect.tokens(text))

    def _slot(self, index: int, variants: Sequence[CompiledVariant], texts: Sequence[str]) -> str:
        whens = [describe(v.when) if v.when is not None else None for v in variants]
        name = self._name([*zip(whens, texts, strict=True)])
        values = [FieldText(key="", when=when, text=text) for when, text in zip(whens, texts, strict=True)]
        self._add(Field(name=name, mode="slot", default=texts[-1], texts=values, edits=[index]))
        return self.dialect.slot(name, texts[-1])

    def _choose(self, index: int, variants: Sequence[CompiledVariant]) -> str:
        whens = [describe(v.when) for v in variants if v.when is not None]
        name = self._name(whens)
        sources = [self._source(variant, index, nested=True) for variant in variants]
        branches = [(_KEYS[at], source) for at, source in enumerate(sources[:-1])]
        values = [FieldText(key=_KEYS[at], when=when, text="") for at, when in enumerate(whens)]
        self._add(Field(name=name, mode="choose", default="", texts=[*values, FieldText(key="z", when=None, text="")], edits=[index]))
        return self.dialect.choose(name, branches, sources[-1])

    def _source(self, variant: CompiledVariant, index: int, *, nested: bool) -> str:
        """Write a variant as source of the template; a slot in it prints a field of its own, with the neutral text behind."""
        if not any(isinstance(piece, Slot) for piece in variant.pieces):
            return "".join(str(piece) for piece in variant.pieces)
        edit = self.rewrite.edits[index]
        inside = "".join(f"{{{p.fact}|{p.format}}}" if isinstance(p, Slot) else html.unescape(p) for p in _inside(variant.pieces, edit))
        neutral = self.campaign.edits[index].variants[-1]
        default = html.unescape("".join(str(p) for p in _inside(neutral.pieces, edit))) if not neutral.original else ""
        when = describe(variant.when) if variant.when is not None else None
        name = self._name([(when, inside), (None, default)])
        texts = [FieldText(key="", when=when, text=inside), FieldText(key="", when=None, text=default)]
        self._add(Field(name=name, mode="slot", default=default, texts=texts, edits=[index]))
        return edit.wrap[0] + self.dialect.slot(name, default) + edit.wrap[1]

    def _add(self, field: Field) -> None:
        known = self.fields.get(field.name)
        self.fields[field.name] = field if known is None else known.model_copy(update={"edits": [*known.edits, *field.edits]})

    def _name(self, meaning: object) -> str:
        """Name a field by what it means: ten characters, of those that every platform takes."""
        digest = hashlib.sha256(json.dumps(meaning, ensure_ascii=True).encode()).digest()
        short = base64.b32encode(digest).decode()[:8]
        prefix = _PREFIX[self.dialect.name]
        return prefix + (short if prefix.isupper() else short.lower())


def _inside(pieces: Sequence[str | Slot], edit: Edit) -> list[str | Slot]:
    """Give a variant's pieces without the tags that stay round every text."""
    if not pieces or pieces == [edit.bare]:
        return []
    return list(pieces[1:-1]) if len(pieces) > 2 and pieces[0] == edit.wrap[0] and pieces[-1] == edit.wrap[1] else list(pieces)
