"""The files of a rewritten message: laid out as the message was, in another folder, with a diff."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import unified_diff
from pathlib import Path

from contextmail.errors import ConfigurationError
from contextmail.language.writing import written_files
from contextmail.model.message import Message

_LINE = re.compile(r"[^\n]*\n|[^\n]+")


@dataclass(frozen=True, slots=True)
class Output:
    """A file to write: its bytes before and after."""

    path: Path
    before: bytes
    after: bytes


def outputs(path: Path, message: Message, texts: Mapping[str, str], out: Path) -> list[Output]:
    """Lay out the files of the message at `path` in the folder `out`, with new `texts`, its side files as they are.

    Raises ConfigurationError where a file of the message itself would be overwritten.
    """
    base = out / path.resolve().name if path.is_dir() else out
    before, after = written_files(message, {}), written_files(message, texts)
    files = [Output(base / name, before[name], after[name]) for name in after]
    known = {file.path for file in files}
    for side in _side_files(path):
        target = beside(path, out, side.suffix) if path.is_file() else base / side.name
        if target not in known:
            files.append(Output(target, side.read_bytes(), side.read_bytes()))
    sources = {Path(part.path.partition("#")[0]).resolve() for part in message.parts if part.path}
    if any(file.path.resolve() in sources for file in files):
        raise ConfigurationError("this would overwrite the message itself", where=str(out), cure="name another folder")
    return files


def beside(path: Path, out: Path, ending: str) -> Path:
    """Name a file beside the rewritten message, `out/spring.diff`; of a folder in it: `out/spring/message.diff`."""
    if path.is_dir():
        return out / path.resolve().name / f"message{ending}"
    return out / path.stem / f"message{ending}" if path.suffix == ".eml" else out / f"{path.stem}{ending}"


def diff(files: Iterable[Output], out: Path) -> str:
    """Write a unified diff of files; bytes that are no UTF-8 are kept as surrogates."""
    return "".join(line for file in files for line in _diff(file, file.path.relative_to(out).as_posix()))


def _diff(file: Output, name: str) -> Iterator[str]:
    before, after = (_LINE.findall(data.decode("utf-8", "surrogateescape")) for data in (file.before, file.after))
    for line in unified_diff(before, after, f"a/{name}", f"b/{name}"):
        yield line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"


def _side_files(path: Path) -> list[Path]:
    places = (
        [path / "message.toml", path / "message.json"]
        if path.is_dir()
        else [path.with_suffix(s) for s in (".toml", ".json")]
    )
    return [place for place in places if place.is_file() and place != path]
