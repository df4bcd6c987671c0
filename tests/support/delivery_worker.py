"""Another worker that delivers, as a process: ``HOME STORE URL SINK`` on the command line."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from hrhub.pipeline import open_hub
from tests.support.port_worker import settings
from tests.support.registrar import REGISTRAR, RegistrarConfig


def main() -> None:
    """Deliver what is due and say how much was sent."""
    home, store_url, url, sink = sys.argv[1:]
    config = RegistrarConfig(url=url, allow_networks=("127.0.0.0/8",))
    with open_hub(settings(Path(home), store_url)) as hub:
        done = hub.deliver(REGISTRAR, config, "registrar_1", sink, holder=f"worker/{os.getpid()}")
        print(done.sent, flush=True)


if __name__ == "__main__":
    main()
