"""Answers of a language model on disk, by what was asked: a run repeats byte for byte, and asks nothing twice."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path


class Answers:
    """A folder of answers, one file each. They are only what a model said: whoever reads one judges it again."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get(self, asked: object) -> str | None:
        """Give the answer to what was asked; None: there is none, or the file holds none."""
        try:
            known = json.loads(self._file(asked).read_text("utf-8"))
        except (FileNotFoundError, ValueError):
            return None
        answer = known.get("answer") if isinstance(known, dict) else None
        return answer if isinstance(answer, str) else None

    def put(self, asked: object, answer: str) -> None:
        """Keep an answer: whole, or not at all."""
        self._folder.mkdir(parents=True, exist_ok=True)
        file = self._file(asked)
        new = file.with_suffix(f".{os.getpid()}")
        new.write_text(json.dumps({"asked": asked, "answer": answer}, indent=1) + "\n", "utf-8")
        new.replace(file)

    def _file(self, asked: object) -> Path:
        written = json.dumps(asked, sort_keys=True)
        return self._folder / f"{hashlib.sha256(written.encode()).hexdigest()}.json"
