"""Real templates: no edit gives identical bytes; edits change exactly their spans."""

import os
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from contextmail.language.flow import Barrier, apply, escape, fill, flow_of
from contextmail.language.reading import part_bytes, part_from_bytes
from contextmail.model.message import Part, PartKind

HERE = Path(__file__).parents[1] / "data" / "templates"
CORPUS = Path(os.environ.get("CONTEXTMAIL_TEMPLATES") or Path(__file__).parents[3] / "shared" / "data" / "templates")


def templates(folder: Path) -> Iterator[tuple[Path, bytes]]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.suffix != ".md":
            yield path, path.read_bytes()


def kind_of(path: Path) -> PartKind:
    return PartKind.TEXT if path.suffix == ".txt" else PartKind.HTML


def edits_of(part: Part, chance: random.Random) -> list[tuple[int, int, str]]:
    """Make edits at random places of random blocks that do not overlap."""
    edits: list[tuple[int, int, str]] = []
    for block in flow_of(part, None).blocks:
        start = chance.randrange(len(block.text))
        end = chance.randint(start + 1, len(block.text))
        edit = fill(block, start, end, escape("Zoë & <Söhne>", block, part.encoding))
        if not isinstance(edit, Barrier):
            edits.append(edit)
    edits.sort()
    return [edit for before, edit in zip([(0, 0, ""), *edits], edits, strict=False) if before[1] <= edit[0]]


def check(path: Path, data: bytes, seed: int) -> int:
    part = part_from_bytes("html", kind_of(path), data)
    assert part_bytes(part, apply(part.source, [])) == data
    edits = edits_of(part, random.Random(seed))
    changed = part_bytes(part, apply(part.source, edits))
    # Walk both byte for byte: what lies between the edits is the same, and each edit's text stands in its place.
    old = new = at = 0
    for start, end, text in edits:
        between = part.source[at:start].encode(part.encoding, part.errors)
        assert data[old + len(part_bytes(part, "")) :].startswith(between)
        assert changed[new + len(part_bytes(part, "")) :].startswith(between + text.encode(part.encoding))
        old += len(between) + len(part.source[start:end].encode(part.encoding, part.errors))
        new += len(between) + len(text.encode(part.encoding))
        at = end
    assert data[old + len(part_bytes(part, "")) :] == changed[new + len(part_bytes(part, "")) :]
    return len(edits)


def disguised(data: bytes) -> Iterator[bytes]:
    """Give the template as other systems would save it."""
    text = data.decode()
    yield data
    yield text.replace("\n", "\r\n").encode()
    yield text.replace("\n", "\r").encode("cp1252", "xmlcharrefreplace")
    yield b"\xef\xbb\xbf" + data
    yield b"\xff\xfe" + text.encode("utf-16-le")
    yield data.replace(b"a", b"\xff", 3)
    yield data[: len(data) // 2]


@pytest.mark.parametrize("path", [path for path, _ in templates(HERE)], ids=lambda path: path.name)
def test_an_edit_changes_exactly_its_span(path: Path) -> None:
    assert sum(check(path, data, seed) for data in disguised(path.read_bytes()) for seed in range(3)) > 0


def test_an_edit_changes_exactly_its_span_in_the_whole_corpus() -> None:
    if not CORPUS.is_dir():
        pytest.skip(f"no folder {CORPUS}: set CONTEXTMAIL_TEMPLATES to a folder of templates")
    assert sum(check(path, data, seed=1) for path, data in templates(CORPUS)) > 1000
