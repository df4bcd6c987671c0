"""Private files that are complete or absent."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO


@contextlib.contextmanager
def new_private_file(path: Path) -> Iterator[BinaryIO]:
    """Open a file of mode 0600 that must not exist yet, not through a link.

    Raises:
        OSError: It exists, or the directory cannot be written.
    """
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with os.fdopen(os.open(path, flags, 0o600), "wb") as file:
        os.fchmod(file.fileno(), 0o600)
        yield file


def sync_directory(directory: Path) -> None:
    """Make renames and new names in a directory survive a power cut."""
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_private(path: Path, data: bytes, *, replace: bool) -> None:
    """Write a file of mode 0600 so that readers see all of it or nothing.

    Raises:
        FileExistsError: The file exists and ``replace`` is false.
        OSError: The file cannot be written.
    """
    staged = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    staged.unlink(missing_ok=True)
    try:
        with new_private_file(staged) as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if replace:
            staged.replace(path)
        else:
            path.hardlink_to(staged)
    finally:
        staged.unlink(missing_ok=True)
    sync_directory(path.parent)
