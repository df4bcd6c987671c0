"""Memory: a long stream takes no more than a short one."""

from __future__ import annotations

import gc
import resource
import sys
from itertools import cycle
from pathlib import Path

from hrhub.conformance.lab import Lab
from hrhub.conformance.law import NotApplicable, check, demand
from hrhub.connector import Page, Stream
from hrhub.errors import RowRejected

_ALLOWED_BLOCKS = 1000
_ALLOWED_KIB = 32 * 1024


@check(
    "memory.bounded",
    means="Splitting, decoding and mapping of many records takes bounded memory.",
    hint="Keep nothing between records: no caches of bodies, records or values.",
)
def bounded(lab: Lab, _: None) -> str:
    """Take the simulator's pages again and again until there were many records."""
    streams = [s for s in lab.connector.streams if lab.whole(s).raws]
    if not streams:
        raise NotApplicable("there is no record")
    share = lab.options.records // len(streams)
    taken = worst = 0
    gc.collect()  # what earlier checks left behind must not be freed in between
    for stream in streams:
        pages = lab.whole(stream).pages
        _take(lab, stream, pages, share // 10)  # what is built once is not counted
        blocks, kib = _held()
        taken += _take(lab, stream, pages, share)
        more_blocks, more_kib = _held()
        if more_blocks - blocks > _ALLOWED_BLOCKS + share // 10:
            gc.collect()  # garbage is no hoard
            more_blocks, more_kib = _held()
        demand(
            more_blocks - blocks <= _ALLOWED_BLOCKS + share // 10,
            f"{stream.name}: {more_blocks - blocks:,} objects are kept of {share:,} records",
        )
        demand(
            more_kib - kib <= _ALLOWED_KIB,
            f"{stream.name}: {more_kib - kib:,} KiB more for {share:,} records",
        )
        worst = max(worst, more_kib - kib)
    return f"{taken:,} records, at most {worst:,} KiB more"


def _held() -> tuple[int, int]:
    """Return how many small objects are alive, and the memory of this process in KiB."""
    return sys.getallocatedblocks(), _resident_kib()


def _resident_kib() -> int:
    """Return what is resident now, or the most there ever was where the system tells no better."""
    statm = Path("/proc/self/statm")
    if statm.exists():
        return int(statm.read_text().split()[1]) * resource.getpagesize() // 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak // 1024 if sys.platform == "darwin" else peak


def _take(lab: Lab, stream: Stream, pages: list[Page], wanted: int) -> int:
    mapping = lab.mapped(stream)
    taken = 0
    for page in cycle(pages):
        raws = stream.records.split(page.body)
        meta = {"timezone": lab.config.timezone, **page.meta}
        docs = []
        for raw in raws:
            if stream.grouped:
                stream.records.group_key(raw)
            try:
                docs.append(stream.records.decode(raw, meta))
            except RowRejected:
                continue
        for _ in mapping.map(docs):
            pass
        taken += len(raws)
        if taken >= wanted:
            return taken
    return taken
