"""Say whether a place keeps what is written to it."""

from __future__ import annotations

import os
from pathlib import Path

from contextmail.errors import ConfigurationError

_TEMPORARY = ("/tmp", "/var/tmp", "/dev/shm", "/run", "/var/task", "/var/run")
_IN_MEMORY = {"tmpfs", "ramfs"}
_NETWORK = ("nfs", "cifs", "smb", "fuse.", "9p", "afs", "ceph", "gluster", "lustre")


def refuse_unfit(path: Path, mounts: Path = Path("/proc/mounts")) -> None:
    """Raise ConfigurationError where a production store would be lost or damaged: temporary, read-only or network.

    SQLite's locks do not hold on network disks (sqlite.org/howtocorrupt.html, 2.1).
    """
    place = path.absolute().parent.resolve()
    why = _unfit(place, mounts)
    if why:
        cure = "set [consent] store to a file on a local disk that lasts; production = false is for trying out"
        raise ConfigurationError(f"not a place for a production store: {why}", where=str(path), cure=cure)


def _unfit(place: Path, mounts: Path) -> str:
    if any(place.is_relative_to(folder) for folder in _TEMPORARY):
        return "what lies there does not last"
    kind, options = _mount(place, mounts)
    if kind in _IN_MEMORY:
        return f"{kind} is memory, not a disk"
    if kind.startswith(_NETWORK):
        return f"{kind} is a network disk, where SQLite's locks do not hold"
    existing = next(folder for folder in (place, *place.parents) if folder.exists())
    if "ro" in options or not os.access(existing, os.W_OK):
        return "it cannot be written"
    return ""


def _mount(place: Path, mounts: Path) -> tuple[str, list[str]]:
    """Give the kind and the options of the mount that holds a place; nothing where the system does not say."""
    if not mounts.exists():
        return "", []
    best, found = -1, ("", list[str]())
    for line in mounts.read_text(errors="replace").splitlines():
        _, point, kind, options, *_ = line.split(" ")
        folder = Path(point.encode().decode("unicode_escape"))
        if place.is_relative_to(folder) and len(folder.parts) >= best:
            best, found = len(folder.parts), (kind, options.split(","))
    return found
