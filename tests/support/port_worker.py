"""Another worker of the same hub, as a process: takes commands on stdin, answers on stdout.

Commands and answers are lines of JSON. ``open HOME STORE`` begins the work on a hub and ``close``
ends it. ``token NAME`` obtains a token; when this worker is the one to fetch it, it says
``fetching`` and takes the next line as the token. ``fail ORIGIN`` notes a failed request, ``admit
ORIGIN`` says how long the origin is left alone. ``take SECONDS PER_S BURST`` makes requests for so
long and says when each was given.
"""

from __future__ import annotations

import json
import sys
from datetime import timedelta
from pathlib import Path

from hrhub.ambient import SystemClock
from hrhub.http.budget import Budget, Rate
from hrhub.http.ports import Token
from hrhub.pipeline import Hub, open_hub
from hrhub.settings import Settings

CLOCK = SystemClock()


def settings(home: Path, store_url: str) -> Settings:
    """Return where the hub keeps its things."""
    return Settings(home, store_url, home / "keyring.json", home / "landing", home / "mappings")


def _say(answer: object) -> None:
    print(json.dumps(answer), flush=True)


def _fetch() -> Token:
    _say("fetching")
    [value] = json.loads(sys.stdin.readline())
    return Token(value, CLOCK.now() + timedelta(hours=1))


def main() -> None:
    """Do what is asked until stdin ends."""
    while line := sys.stdin.readline():
        command, *words = json.loads(line)
        assert command == "open"
        with open_hub(settings(Path(words[0]), words[1])) as hub:
            _say("open")
            _work(hub)
        _say("closed")


def _work(hub: Hub) -> None:
    while line := sys.stdin.readline():
        command, *words = json.loads(line)
        if command == "close":
            return
        if command == "token":
            _say(hub.ports.tokens.obtain(words[0], _fetch).value)
        elif command == "fail":
            _say(hub.ports.breaker.record(words[0], good=False))
        elif command == "admit":
            _say(hub.ports.breaker.admit(words[0]))
        elif command == "take":
            _say(_take(hub.ports.budget, words[0], Rate(words[1], words[2])))


def _take(budget: Budget, seconds: float, rate: Rate) -> list[float]:
    given, end = [], CLOCK.monotonic() + seconds
    while CLOCK.monotonic() < end:
        if wait_s := budget.take("vendor:one", rate):
            CLOCK.sleep(min(wait_s, max(0.0, end - CLOCK.monotonic())))
        else:
            given.append(CLOCK.monotonic())
    return given


if __name__ == "__main__":
    main()
