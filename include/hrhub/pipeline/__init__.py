"""One sync, end to end: pull, land, gate, map, check, seal, apply; quarantine and replay."""

from hrhub.pipeline.counts import Counts
from hrhub.pipeline.hub import Hub, PullReceipt, open_hub

__all__ = ["Counts", "Hub", "PullReceipt", "open_hub"]
