"""Write a campaign in the platform's own language: each edit becomes a slot or a choice over a content-addressed field.

slot    the resolved text is stored in a contact field, the template holds its tag; named by predicates and texts.
        Where one of the texts is empty, an empty field must print nothing: its default is empty then.
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
_MARKUP = ("<", ">", "&", "\ufffc")
_KEYS = "abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True)
class Merged:
    """The rewritten sources by part, the manifest, how each edit was written, and what a person should know."""

    parts: Mapping[str, str]
    manifest: Manifest
    modes: tuple[Mode, ...]
    notes: tuple[str, ...]


def merge(rewrite: Rewrite, campaign: Campaign, dialect: Dialect, *, choose: bool | None = None) -> Merged:
    """Write every edit of `campaign` into the sources of `rewrite` in the words of `dialect`.

    `choose`: the body takes conditionals; None: it does where the language's work in every body.
    """
    writer = _Writer(rewrite, campaign, dialect, dialect.chooses if choose is None else choose)
    texts = [writer.edit(index) for index in range(len(campaign.edits))]
    parts = {
        name: "".join(piece if isinstance(piece, str) else texts[piece] for piece in pieces)
        for name, pieces in campaign.parts.items()
    }
    before = rewrite.checked.manifest
    kept = (
        [field.model_copy(update={"edits": []}) for field in before.fields if field.name not in writer.fields]
        if before
        else []
    )
    manifest = Manifest(campaign=campaign.id, dialect=dialect.name, fields=[*kept, *writer.fields.values()])
    return Merged(parts, manifest, tuple(writer.modes), tuple(writer.notes))


class _Writer:
    def __init__(self, rewrite: Rewrite, campaign: Campaign, dialect: Dialect, choose: bool) -> None:
        self.rewrite, self.campaign, self.dialect, self.choose = rewrite, campaign, dialect, choose
        self.fields: dict[str, Field] = {}
        self.modes: list[Mode] = []
        self.notes: list[str] = []

    def edit(self, index: int) -> str:
        """Write one edit by the way that suits its place and texts."""
        compiled, edit = self.campaign.edits[index], self.rewrite.edits[index]
        if len(compiled.variants) == 1:
            self.modes.append("neutral")
            return "".join(map(str, compiled.variants[0].pieces))
        part = self.rewrite.message.part(edit.part)
        line = part is not None and part.kind is PartKind.LINE
        named = any(_has_slot(variant) for variant in compiled.variants)
        if edit.context.startswith("attr") and (named or self._ends_attribute(compiled, edit)):
            return self._neutral(compiled, edit, "a text or token with quotes would end this attribute")
        if line or named or not self.choose:
            texts = self._plain(compiled, edit, may_be_empty=line or not self.choose)
            if texts is not None:
                self.modes.append("slot")
                before, after = _blank_edges([text for text in texts if text.strip()])
                slot = self._slot(index, [(v, text.strip()) for v, text in zip(compiled.variants, texts, strict=True)])
                return f"{edit.wrap[0]}{before}{slot}{after}{edit.wrap[1]}"
        if line or not self.choose:
            return self._neutral(compiled, edit, "this place takes no conditional")
        self.modes.append("choose")
        return self._choose(index, compiled.variants)

    def _neutral(self, compiled: CompiledEdit, edit: Edit, why: str) -> str:
        self.modes.append("neutral")
        self.notes.append(f"{edit.rule}: {edit.quote!r}: everybody gets the neutral text: {why}")
        return "".join(map(str, for_everybody(compiled.variants).pieces))

    def _ends_attribute(self, compiled: CompiledEdit, edit: Edit) -> bool:
        """Say whether a token, or a text that a field holds unescaped, has the quotes that are round an attribute."""
        quote = {"attr-double": '"', "attr-single": "'"}.get(edit.context)
        name = self._name("")
        tokens = [self.dialect.slot(name, ""), self.dialect.choose(name, [("a", "")], "")]
        texts = [_read(variant.pieces, edit) for variant in compiled.variants]
        return quote is None or any(quote in one for one in (*tokens, *texts))

    def _plain(self, compiled: CompiledEdit, edit: Edit, *, may_be_empty: bool) -> list[str] | None:
        """Give each variant's text as a slot would hold it; None where one needs markup or a token, or is empty.

        White space at the edges does not survive in a field, so all texts must share it: it stays in the template.
        """
        texts: list[str] = []
        for variant in compiled.variants:
            pieces = _unwrapped(variant, edit) if variant.original else _inside(variant.pieces, edit)
            if pieces is None:
                return None
            text = _read(pieces, edit)
            if not (text.strip() or may_be_empty) or any(sign in text for sign in _MARKUP) or self.dialect.tokens(text):
                return None
            texts.append(text)
        return texts if len({_blank_edges([text]) for text in texts if text.strip()}) == 1 else None

    def _slot(self, index: int, texts: Sequence[tuple[CompiledVariant, str]]) -> str:
        """Write a slot that holds the text of whichever variant is true; the last is its default."""
        whens = [_when(variant) for variant, _ in texts]
        values = [
            FieldText(key="", when=when, text=" ".join(text.split()))
            for when, (_, text) in zip(whens, texts, strict=True)
        ]
        name = self._name([[value.when, value.text] for value in values])
        default = values[-1].text if all(value.text for value in values) else ""
        self._add(Field(name=name, mode="slot", default=default, texts=values, edits=[index]))
        return self.dialect.slot(name, default)

    def _choose(self, index: int, variants: Sequence[CompiledVariant]) -> str:
        """Write a choice by key; the texts that hold facts share one slot, whose default is the neutral text."""
        edit = self.rewrite.edits[index]
        whens = [_when(variant) for variant in variants[:-1]]
        neutral = variants[-1]
        default = _read(_inside(neutral.pieces, edit), edit)
        if neutral.original:  # its words, without its markup; a token in them would be read as text
            default = "" if self.dialect.tokens(edit.quote) or any(sign in edit.quote for sign in "<>") else edit.quote
        read = [_read(_inside(variant.pieces, edit), edit) for variant in variants]
        named = [pair for pair in zip(variants, read, strict=True) if _has_slot(pair[0])]
        slot = self._slot(index, [*named, (neutral, default)]) if named else ""
        sources = []
        for variant, text in zip(variants, read, strict=True):
            before, after = _blank_edges([text])
            slotted = f"{edit.wrap[0]}{before}{slot}{after}{edit.wrap[1]}"
            sources.append(slotted if _has_slot(variant) else "".join(map(str, variant.pieces)))
        name = self._name(whens)
        keys = [FieldText(key=key, when=when, text="") for key, when in zip(_KEYS, whens, strict=False)]
        self._add(
            Field(
                name=name,
                mode="choose",
                default="",
                texts=[*keys, FieldText(key="z", when=None, text="")],
                edits=[index],
            )
        )
        return self.dialect.choose(name, list(zip(_KEYS, sources[:-1], strict=False)), sources[-1])

    def _add(self, field: Field) -> None:
        known = self.fields.get(field.name)
        self.fields[field.name] = (
            field if known is None else known.model_copy(update={"edits": [*known.edits, *field.edits]})
        )

    def _name(self, meaning: object) -> str:
        """Name a field by what it means: ten characters, of those that every platform takes."""
        digest = hashlib.sha256(json.dumps(meaning, ensure_ascii=True).encode()).digest()
        short = base64.b32encode(digest).decode()[:8]
        prefix = _PREFIX[self.dialect.name]
        return prefix + (short if prefix.isupper() else short.lower())


def for_everybody(variants: Sequence[CompiledVariant]) -> CompiledVariant:
    """Give the text that is true of everybody: the neutral one, or nothing where that is the author's own words."""
    neutral = variants[-1]
    nothing = next((one for one in variants if not "".join(map(str, one.pieces)).strip()), None)
    return nothing.model_copy(update={"when": None}) if neutral.original and nothing else neutral


def _has_slot(variant: CompiledVariant) -> bool:
    return any(isinstance(piece, Slot) for piece in variant.pieces)


def _when(variant: CompiledVariant) -> str | None:
    return describe(variant.when) if variant.when is not None else None


def _read(pieces: Sequence[str | Slot], edit: Edit) -> str:
    """Give pieces as a reader sees them, slots in braces."""
    text = "".join(f"{{{p.fact}|{p.format}}}" if isinstance(p, Slot) else p for p in pieces)
    return html.unescape(text) if edit.context == "text" or edit.context.startswith("attr") else text


def _blank_edges(texts: Sequence[str]) -> tuple[str, str]:
    text = texts[0]
    return text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :]


def _unwrapped(variant: CompiledVariant, edit: Edit) -> list[str | Slot] | None:
    """Give the author's own words without what stays round every text; None where that is not round them."""
    text, (before, after) = "".join(map(str, variant.pieces)), edit.wrap
    fits = text.startswith(before) and text.endswith(after) and len(text) >= len(before) + len(after)
    return [text[len(before) : len(text) - len(after)]] if fits else None


def _inside(pieces: Sequence[str | Slot], edit: Edit) -> list[str | Slot]:
    """Give a variant's pieces without the tags that stay round every text."""
    if not pieces or pieces == [edit.bare]:
        return []
    return (
        list(pieces[1:-1])
        if len(pieces) > 2 and pieces[0] == edit.wrap[0] and pieces[-1] == edit.wrap[1]
        else list(pieces)
    )
