"""The checks, one module per theme; importing this package declares them all, in this order."""

from __future__ import annotations

from hrhub.conformance.law import declared

from hrhub.conformance.checks import (  # isort: skip  # the order in which they are run
    spec,
    asking,
    records,
    paging,
    cursors,
    hub,
    faults,
    tokens,
    mappings,
    times,
    texts,
    memory,
    code,
    # What changes the vendor comes last: orders and write-backs may show up in its lists.
    orders,
    sinks,
    events,
    secrecy,
)

__all__ = ["ALL"]

ALL = declared()

del spec, asking, records, paging, cursors, hub, faults, tokens, orders, sinks, events
del mappings, times, texts, secrecy, memory, code
