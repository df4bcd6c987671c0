"""Policy files of a tenant: read if there is one, refused with line and column if it is wrong."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from hrhub.errors import MappingError
from hrhub.mapping.shapes import ShapeReader, Wrong
from hrhub.mapping.tree import Node, TreeError, parse

Policy = TypeVar("Policy")


def read_policy(path: Path, read: Callable[[ShapeReader, Node], Policy], missing: Policy) -> Policy:
    """Return what a file says; ``missing`` without the file.

    Args:
        path: The file.
        read: Reads its tree and notes what is wrong.
        missing: The policy of those who have no file.

    Raises:
        MappingError: The file is wrong; the problems name line and column.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return missing
    reader = ShapeReader()
    policy = missing
    try:
        policy = read(reader, parse(text))
    except TreeError as error:
        reader.note(error.mark, error.message)
    except Wrong:
        pass  # the reader has noted it
    if reader.problems:
        problems = [f"{path.name}:{p.line}:{p.column}: {p.message}" for p in reader.problems]
        raise MappingError(path=path.name, problems=problems)
    return policy
