"""What the demo's steps share: a heading, and a command that is shown as typed and run."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path


def say(text: str) -> None:
    """Print a heading."""
    print(f"\n== {text}\n", flush=True)


def show(*words: str, folder: Path, may_end_with: Sequence[int] = (0,), env: Mapping[str, str] | None = None) -> None:
    """Run a command of contextmail in a folder, and show it with what it prints."""
    print("$ contextmail " + " ".join(f"'{word}'" if " " in word else word for word in words), flush=True)
    ended(subprocess.run(command(*words), check=False, cwd=folder, env=env).returncode, may_end_with)


def output(*words: str, folder: Path, may_end_with: Sequence[int] = (0,), env: Mapping[str, str] | None = None) -> str:
    """Run a command of contextmail in a folder, shown as typed; give what it prints."""
    print("$ contextmail " + " ".join(words), flush=True)
    done = subprocess.run(command(*words), check=False, cwd=folder, env=env, stdout=subprocess.PIPE, text=True)
    ended(done.returncode, may_end_with)
    return done.stdout


def command(*words: str) -> list[str]:
    """Give a command of contextmail as it is run."""
    return [sys.executable, "-m", "contextmail", *words]


def ended(code: int, may_end_with: Sequence[int]) -> None:
    """End the demo where a command did not end as it should."""
    if code not in may_end_with:
        sys.exit(code or 1)
