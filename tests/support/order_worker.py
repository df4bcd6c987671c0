"""A process that is killed while it works on orders: ``HOME STORE URL PERSON ACT``."""

from __future__ import annotations

import sys
from pathlib import Path

from hrhub.pipeline import open_hub
from tests.orders.conftest import settings_in
from tests.support.bureau import CONNECTION, BureauConfig, connector


def main() -> None:
    """Do one thing."""
    place, store_url, url, person, act = sys.argv[1:]
    config = BureauConfig(url=url, allow_networks=["127.0.0.0/8"])
    with open_hub(settings_in(Path(place), store_url)) as hub:
        print("ready", flush=True)
        sys.stdin.readline()
        if act == "place":
            hub.orders.place(
                connector, config, CONNECTION, "checks", "basic", person, actor="worker"
            )
        else:
            hub.orders.poll(connector, config, CONNECTION, holder="worker")


if __name__ == "__main__":
    main()
