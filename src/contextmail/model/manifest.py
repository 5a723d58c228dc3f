"""What lies beside a rewritten template: the contact fields that it asks for, with what each value means."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from contextmail.errors import ConfigurationError


class FieldText(BaseModel):
    """One value of a field: for a choice its key, for a slot its text; `when` None is the neutral last."""

    model_config = ConfigDict(frozen=True)

    key: str
    when: str | None
    text: str


class Field(BaseModel):
    """A contact field that the rewritten template asks for. `default` stands for a contact without it."""

    model_config = ConfigDict(frozen=True)

    name: str
    mode: Literal["slot", "choose"]
    default: str
    texts: list[FieldText]
    edits: list[int]
    """The edits of the campaign that print it; none: an earlier rewrite put it there."""


class Manifest(BaseModel):
    """The fields of a rewritten template, so that it is read as clean and left alone."""

    model_config = ConfigDict(frozen=True)

    version: Literal[1] = 1
    campaign: str
    dialect: str
    fields: list[Field]

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a manifest; raise ConfigurationError where it is not one."""
        try:
            return cls.model_validate_json(path.read_bytes())
        except ValidationError as error:
            first = error.errors()[0]
            what = f"not a manifest: {'.'.join(map(str, first['loc']))}: {first['msg'].lower()}"
            raise ConfigurationError(what, where=str(path), cure="contextmail rewrite MESSAGE -o FOLDER") from None

    @classmethod
    def beside(cls, files: Iterable[Path]) -> Self | None:
        """Read the manifest of the message that lies in `files`: a file's own, or a folder's; None: there is none."""
        for file in dict.fromkeys(files):
            for path in (manifest_path(file), file.with_name(FOLDER_MANIFEST)):
                if path.is_file():
                    return cls.load(path)
        return None

    def written(self, name: str) -> bool:
        """Say whether the field that a token names is one of these; HubL writes `contact.` before it."""
        return any(field.name == name.removeprefix("contact.") for field in self.fields)


FOLDER_MANIFEST = "message.manifest.json"
"""The manifest of a message that is a folder, in the folder."""


def manifest_path(template: Path) -> Path:
    """Give the place of the manifest beside `template`, a file."""
    return template.with_name(f"{template.stem}.manifest.json")
