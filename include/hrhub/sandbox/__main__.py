"""Host simulated vendors in a process of their own: ``python -m hrhub.sandbox``."""

from __future__ import annotations

import argparse
from datetime import date
from pathlib import Path

from hrhub.sandbox.host import company_of, serve
from hrhub.sandbox.world import build_world


def main() -> None:
    """Build the world, serve it until told to stop."""
    parser = argparse.ArgumentParser(prog="python -m hrhub.sandbox", description=__doc__)
    parser.add_argument("vendors", nargs="+", help="connectors to simulate")
    parser.add_argument("--state", type=Path, required=True, help="file that tells the addresses")
    parser.add_argument("--size", type=int, default=2000, help="people in the company")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--edits", type=int, default=0, help="changes on top of the company")
    parser.add_argument("--as-of", type=date.fromisoformat, default=None)
    parser.add_argument("--base-port", type=int, default=0, help="0: any free ports")
    asked = parser.parse_args()
    day = {"as_of": asked.as_of} if asked.as_of else {}
    world = build_world(size=asked.size, seed=asked.seed, edits=asked.edits, **day)
    world = company_of(world, asked.vendors)
    serve(asked.vendors, world, base_port=asked.base_port, state_file=asked.state)


if __name__ == "__main__":
    main()
