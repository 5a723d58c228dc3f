"""Write a message back: each file with new texts in the place of the old ones, and everything else byte for byte."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from itertools import groupby
from pathlib import Path

from contextmail.errors import TemplateError
from contextmail.language.editing import apply
from contextmail.language.reading import part_bytes
from contextmail.model.message import Message, Part

_PARTS_OF_A_MAIL = {"subject": "subject.txt", "html": "body.html", "text": "text.txt"}
_BLOCK_MARKS = ("", "|", ">", "|-", ">-")
_QUOTED = re.compile(r'"""[\s\S]*?"""|' + r"'''[\s\S]*?'''|" + r'"(?:[^"\\\n]|\\.)*"|' + r"'(?:[^'\n]|'')*'")


def written_files(message: Message, texts: Mapping[str, str]) -> dict[Path, bytes]:
    """Give the files of a message that was read from files: name -> bytes, with `texts` (part -> source) put in.

    Front matter, side files' other keys and what an editor put at the end of a line stay. The parts of a mail
    (`spring.eml`) become files of a folder (`spring/body.html`), as `read_message` reads them.
    Raises TemplateError if a file is no longer what was read.
    """
    files: dict[Path, bytes] = {}
    by_file = sorted((part for part in message.parts if part.path), key=lambda part: part.path)
    for name, parts in groupby(by_file, key=lambda part: part.path.partition("#")[0]):
        path = Path(name)
        if path.suffix == ".eml":
            for part in parts:
                files[Path(path.stem, _PARTS_OF_A_MAIL[part.name])] = part_bytes(
                    part, texts.get(part.name, part.source)
                )
        else:
            files[Path(path.name)] = _put_in(path, list(parts), texts)
    return files


def _put_in(path: Path, parts: list[Part], texts: Mapping[str, str]) -> bytes:
    # keys above or beside a text are in its file's encoding, which only the text itself knows
    body = max(parts, key=lambda part: part.bom or part.encoding != "utf-8")
    whole = path.read_bytes().decode(body.encoding, body.errors)
    whole = whole.removeprefix("\ufeff") if body.bom else whole
    edits = []
    for part in parts:
        new = texts.get(part.name, part.source)
        if new != part.source:
            start, end, as_value = _place(whole, part)
            edits.append((start, end, as_value(new)))
    return part_bytes(body, apply(whole, edits))


def _place(whole: str, part: Part) -> tuple[int, int, Callable[[str], str]]:
    """Find a part in the text of its file, and how a new text is written there."""
    start = 0
    for _ in range(part.line - 1):
        start = whole.find("\n", start) + 1
    if whole[start:].rstrip("\r\n") == part.source.rstrip("\r\n"):
        return start, start + len(part.source), str
    if key := re.compile(rf"""["']?\b{part.name}\b["']?\s*[:=][ \t]*""").search(whole, start):
        if quoted := _QUOTED.match(whole, key.end()):
            return *quoted.span(), _in_quotes
        if whole.startswith(part.source, key.end()):
            return key.end(), key.end() + len(part.source), _bare
    raise TemplateError(f"the {part.name} is no longer what was read", where=part.path, cure="run again")


def _in_quotes(text: str) -> str:
    """Write a text as front matter, TOML and JSON all read it."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _bare(text: str) -> str:
    return text if text == text.strip(" \t\"'") and text not in _BLOCK_MARKS and "\n" not in text else _in_quotes(text)
