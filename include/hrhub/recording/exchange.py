"""A recording as a file: requests and answers, free of personal values, readable by people."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from hrhub.errors import ConfigError

FORMAT = 1
ORIGIN = "http://recorded.invalid"
"""Stands for the vendor's address (RFC 2606); a replay puts its own in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One request and what was answered.

    Attributes:
        params: Query parameters without credentials.
        dropped: Names of the parameters that carried credentials.
        sent: JSON body that was sent, scrubbed; None without one.
        headers: Headers of the answer that connectors may need.
        body: Body of the answer.
    """

    method: str
    path: str
    params: Mapping[str, str] = field(default_factory=dict)
    dropped: Sequence[str] = ()
    sent: Any = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """What a vendor answered while one stream was read.

    Attributes:
        pulled: Records of the hub in it (a series counts once).
        rejected: How many of them the mapping of the day refused.
        settings: Settings of the connection that are no secrets and shape its requests, scrubbed.
        complete: Whether the stream ended before the limits did.
    """

    connector: str
    stream: str
    evidence: str = "recorded"
    recorded_on: str
    complete: bool
    pulled: int
    rejected: int
    settings: Mapping[str, Any]
    exchanges: tuple[Exchange, ...]

    def text(self) -> str:
        """Return the recording as it is written."""
        document = {"hrhub_recording": FORMAT, **asdict(self)}
        return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def write_recording(recording: Recording, folder: Path) -> Path:
    """Put a recording in place at once; return its file."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{recording.connector}.{recording.stream}.json"
    draft = path.with_suffix(".draft")
    draft.write_text(recording.text(), encoding="utf-8")
    draft.replace(path)
    return path


def read_recordings(folder: Path, connector: str) -> tuple[Recording, ...]:
    """Read all recordings of a connector in a folder.

    Raises:
        ConfigError: ``recording.unreadable``: one cannot be read, or there is none.
    """
    paths = sorted(folder.glob(f"{connector}.*.json"))
    if not paths:
        raise ConfigError("recording.unreadable", path=str(folder))
    return tuple(read_recording(path) for path in paths)


def read_recording(path: Path) -> Recording:
    """Read a recording.

    Raises:
        ConfigError: ``recording.unreadable``: it is none, or of another format.
    """
    try:
        loaded = json.loads(path.read_text(encoding="utf-8"))
        if loaded.pop("hrhub_recording") != FORMAT:
            raise ValueError("format")
        exchanges = tuple(Exchange(**one) for one in loaded.pop("exchanges"))
        return Recording(exchanges=exchanges, **loaded)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise ConfigError("recording.unreadable", path=str(path)) from None
