"""Holds one server process and ends it when the starter is gone; run by path, stdlib only.

Arguments: lock file of the starter, directory of the server, uid to run as (or empty), command.
The starter holds the lock for as long as it lives, however it dies: the kernel lets it go.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

_STOP_S = 10
_PR_SET_PDEATHSIG = 1


def _die_with_watcher() -> None:
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGQUIT)


def main(alive: str, directory: str, uid: str, *command: str) -> None:
    """Run the command until the lock on ``alive`` can be had, then stop it."""
    running = (Path(directory) / "running").open("rb")
    fcntl.flock(running, fcntl.LOCK_EX)
    user = int(uid) if uid else None
    server = subprocess.Popen(
        command,
        user=user,
        group=user,
        extra_groups=None if user is None else [],
        preexec_fn=_die_with_watcher,
    )
    # When the server ends by itself there is nothing left to watch.
    threading.Thread(target=lambda: os._exit(server.wait() and 1), daemon=True).start()
    with open(alive, "rb") as lock:  # noqa: PTH123 - may be a path of another process's choosing
        fcntl.flock(lock, fcntl.LOCK_SH)
    server.send_signal(signal.SIGINT)
    try:
        server.wait(_STOP_S)
    except subprocess.TimeoutExpired:
        server.send_signal(signal.SIGQUIT)
        server.wait()


if __name__ == "__main__":
    main(*sys.argv[1:])
