"""An inbox process that is killed once it has kept a report: ``HOME STORE SHELF``."""

from __future__ import annotations

import os
import signal
import sys
from dataclasses import replace
from pathlib import Path

from hrhub.connector import ConnectorConfig, Received, Reply
from hrhub.pipeline import open_hub
from tests.support import reporter
from tests.support.port_worker import settings
from tests.support.shelf import ShelfConfig


class _Deadly(reporter.Hook):
    """Dies between keeping and answering."""

    def reply(self, config: ConnectorConfig, received: Received) -> Reply:
        os.kill(os.getpid(), signal.SIGKILL)
        return Reply()


def main() -> None:
    """Serve until killed."""
    home, store_url, shelf = sys.argv[1:]
    deadly = _Deadly(name="hook", title="Webhook")
    reporter.REPORTER = replace(reporter.REPORTER, events=(deadly,))
    with (
        open_hub(settings(Path(home), store_url)) as hub,
        reporter.served(hub, ShelfConfig(folder=shelf)) as box,
    ):
        print(box.port, flush=True)
        sys.stdin.readline()


if __name__ == "__main__":
    main()
