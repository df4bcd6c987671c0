"""Recordings: what a real vendor answered once, freed of personal values, to replay offline."""

from hrhub.recording.capture import Bounds, record
from hrhub.recording.exchange import (
    Exchange,
    Recording,
    read_recording,
    read_recordings,
    write_recording,
)
from hrhub.recording.fakes import Fakes
from hrhub.recording.replay import RecordedSandbox, ReplayServer, recorded_part
from hrhub.recording.scan import Finding, scan
from hrhub.recording.scrub import Scrubber, kept_paths

__all__ = [
    "Bounds",
    "Exchange",
    "Fakes",
    "Finding",
    "RecordedSandbox",
    "Recording",
    "ReplayServer",
    "Scrubber",
    "kept_paths",
    "read_recording",
    "read_recordings",
    "record",
    "recorded_part",
    "scan",
    "write_recording",
]
