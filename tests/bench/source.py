"""The vendor of the benchmark: pages built beforehand, served over keep-alive HTTP by a process.

``/before/<stream>`` is the first reading, ``/after/<stream>`` the second, ``/moved/<stream>`` one
in which every employee has changed. The next cursor stands
in the tail of each body, behind the records.
"""

from __future__ import annotations

import json
import socketserver
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from urllib.parse import parse_qs, urlsplit

from tests.bench import people, punches

PAGE = {"employees": 500, "punches": 4_000, "units": 1_000, "positions": 1_000}
"""Records per page."""


def build(stream: str, count: int, moment: str) -> list[bytes]:
    """Return all pages of a stream."""
    records: Iterator[bytes] = {
        "employees": lambda: people.employees(count, moment),
        "punches": lambda: punches.punches(count, moment),
        "units": people.units,
        "positions": people.positions,
    }[stream]()
    pages: list[list[bytes]] = [[]]
    for record in records:
        if len(pages[-1]) == PAGE[stream]:
            pages.append([])
        pages[-1].append(record)
    last = len(pages) - 1
    return [
        b'{"code":0,"data":{"list":[%b]},"next":%b}'
        % (b",".join(page), b"null" if i == last else b'"%d"' % (i + 1))
        for i, page in enumerate(pages)
    ]


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, shelves: dict[str, list[bytes]]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.shelves = shelves


class _Handler(socketserver.StreamRequestHandler):
    disable_nagle_algorithm = True
    server: _Server

    def handle(self) -> None:
        while line := self.rfile.readline():
            while self.rfile.readline() not in (b"\r\n", b""):
                pass
            target = urlsplit(line.split()[1].decode())
            pages = self.server.shelves.get(target.path)
            number = int(parse_qs(target.query).get("cursor", ["0"])[0])
            if pages is None or number >= len(pages):
                self.wfile.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
                continue
            body = pages[number]
            self.wfile.write(
                b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                b"Content-Length: %d\r\n\r\n" % len(body)
            )
            self.wfile.write(body)


@contextmanager
def running(streams: dict[str, int], moments: Sequence[str] = ("before", "after")) -> Iterator[str]:
    """Serve streams of given sizes from a process of their own; yield the address."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.bench.source", json.dumps([streams, list(moments)])],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        address = process.stdout.readline().decode().strip()
        if not address:
            raise RuntimeError("the source did not start")
        yield address
    finally:
        assert process.stdin is not None
        process.stdin.close()  # the process ends with its input
        process.wait()


def main(arguments: Sequence[str]) -> None:
    """Serve until the input is closed."""
    streams, moments = json.loads(arguments[0])
    shelves = {
        f"/{moment}/{stream}": build(stream, count, moment)
        for stream, count in streams.items()
        for moment in moments
    }
    server = _Server(shelves)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(f"http://127.0.0.1:{server.server_address[1]}", flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main(sys.argv[1:])
