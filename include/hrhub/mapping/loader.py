"""Find and load mapping files."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from hrhub.connector import registry
from hrhub.errors import ConfigError, MappingError
from hrhub.mapping.check import Checker
from hrhub.mapping.custom_file import custom_fields
from hrhub.mapping.plan import Mapping
from hrhub.mapping.shapes import Problem
from hrhub.mapping.tree import TreeError, parse
from hrhub.model import CustomFields, known_modules
from hrhub.settings import Settings

SIZE_LIMIT_BYTES = 512 * 1024
_PROBLEMS_SHOWN = 50
_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")


def load_mapping(
    path: Path, *, modules: Iterable[str] | None = None, custom: CustomFields | None = None
) -> Mapping:
    """Read and check one mapping file.

    Args:
        path: The file.
        modules: Optional modules of the model that are on; by default those of the installation.
        custom: Custom fields that may be filled; by default those that the installation declares.

    Raises:
        ConfigError: ``mapping.missing``: there is no such file; ``settings.module``: there is no
            such module.
        MappingError: ``mapping.invalid``; ``context["problems"]`` lists every problem as
            ``file:line:column: message``. ``fields.invalid``: so is the file of custom fields.
    """
    try:
        with path.open("rb") as file:
            raw = file.read(SIZE_LIMIT_BYTES + 1)
    except OSError:
        raise ConfigError(
            "mapping.missing", connector=path.parent.name, stream=path.stem, path=str(path)
        ) from None
    if len(raw) > SIZE_LIMIT_BYTES:
        raise _invalid(path, [Problem(1, 1, f"larger than {SIZE_LIMIT_BYTES} bytes")])
    try:
        root = parse(raw.decode("utf-8"))
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise _invalid(path, [Problem(line, 1, "not UTF-8")]) from None
    except TreeError as error:
        problem = Problem(error.mark.line, error.mark.column, error.message)
        raise _invalid(path, [problem]) from None
    settings = Settings.from_env()
    on = settings.modules if modules is None else modules
    own = custom_fields(settings.mappings) if custom is None else custom
    checker = Checker(path, known_modules(on), own)
    mapping = checker.mapping(root)
    if mapping is None:
        raise _invalid(path, checker.problems)
    return mapping


def find_mapping(
    root: Path,
    connector: str,
    stream: str,
    *,
    modules: Iterable[str] | None = None,
    custom: CustomFields | None = None,
) -> Mapping:
    """Load the mapping of one stream.

    The installation's own file, ``root/connector/stream.yaml``, comes first; without one the file
    that the connector's package ships is taken. Custom fields are those that ``root`` declares,
    unless others are given.

    Raises:
        ConfigError: ``mapping.missing``.
        MappingError: ``mapping.invalid``, also when the file says it is for another stream.
    """
    path = mapping_path(root, connector, stream)
    if path is None:
        place = root / connector / f"{stream}.yaml"
        raise ConfigError("mapping.missing", connector=connector, stream=stream, path=str(place))
    own = custom_fields(root) if custom is None else custom
    mapping = load_mapping(path, modules=modules, custom=own)
    if mapping.stream != f"{connector}.{stream}":
        message = f'the file is for stream "{connector}.{stream}", but says "{mapping.stream}"'
        raise _invalid(path, [Problem(1, 1, message)])
    return mapping


def mapping_path(root: Path, connector: str, stream: str) -> Path | None:
    """Return the file that :func:`find_mapping` loads, or None if there is none."""
    if not (_NAME.fullmatch(connector) and _NAME.fullmatch(stream)):
        return None
    for folder in (root, registry.mappings_of(connector)):
        if folder and (path := folder / connector / f"{stream}.yaml").is_file():
            return path
    return None


def _invalid(path: Path, problems: list[Problem]) -> MappingError:
    shown = sorted(problems)[:_PROBLEMS_SHOWN]
    lines = [f"{path}:{p.line}:{p.column}: {p.message}" for p in shown]
    if len(problems) > len(shown):
        lines.append(f"… and {len(problems) - len(shown)} more")
    return MappingError("mapping.invalid", path=str(path), problems=lines)
