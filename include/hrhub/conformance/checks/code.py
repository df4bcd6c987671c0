"""The code itself: what it imports, and whether two readings can run side by side."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from hrhub.conformance.lab import Lab, told
from hrhub.conformance.law import Broken, NotApplicable, check, demand, some
from hrhub.conformance.reading import Reading, gather
from hrhub.connector import Cursor, Page, Session, Stream
from hrhub.errors import HrHubError

_FORBIDDEN = {
    "airflow": "Airflow is none of a connector's business",
    "sqlalchemy": "the store is none of a connector's business",
    "requests": "ask through session.http",
    "urllib3": "ask through session.http",
    "httpx": "ask through session.http",
    "aiohttp": "ask through session.http",
    "http.client": "ask through session.http",
    "urllib.request": "ask through session.http",
    "socket": "connect through session.tcp",
    "ssl": "connect through session.http",
    "subprocess": "a connector starts nothing",
    "hrhub.store": "the store is none of a connector's business",
    "hrhub.pipeline": "the pipeline is none of a connector's business",
    "hrhub.airflow": "Airflow is none of a connector's business",
}
_CLOCKS = {
    ("time", "time"),
    ("time", "sleep"),
    ("time", "monotonic"),
    ("datetime", "now"),
    ("datetime", "utcnow"),
    ("date", "today"),
    ("os", "urandom"),
}


@check(
    "code.imports",
    means="The connector imports neither Airflow nor a way out of its own, and asks no clock.",
    hint="Ask through session.http and session.tcp; take the time from session.clock.",
)
def imports(lab: Lab, _: None) -> str:
    """Read the connector's source files; the simulator may do as it likes."""
    wrong = [finding for path in lab.subject.sources for finding in _findings(path)]
    demand(not wrong, some(wrong, 3))
    return f"{len(lab.subject.sources)} files"


@check(
    "code.threads",
    scope="stream",
    means="Readings of one stream can run side by side without disturbing each other.",
    hint="Keep state in variables of `read`, never in the stream, the module or the connector.",
)
def threads(lab: Lab, stream: Stream) -> str:
    """Take turns between two readings page by page, then run some in threads."""
    for got in _in_turns(lab, stream):
        demand(lab.same(stream, got.content()), "two readings that take turns disturb each other")

    def read(_: int) -> Reading | HrHubError:
        try:
            return gather(stream, lab.session(), None, None)
        except HrHubError as error:
            return error

    with ThreadPoolExecutor(3) as pool:
        results = list(pool.map(read, range(3)))
    readings = [r for r in results if isinstance(r, Reading)]
    broken = [r.code for r in results if isinstance(r, HrHubError) and not r.retryable]
    demand(not broken, f"readings in threads end with {some(broken)}")
    demand(readings, "no reading in a thread came to its end")
    undisturbed = all(lab.same(stream, r.content()) for r in readings)
    demand(undisturbed, "readings in threads disturb each other")
    return f"{len(readings)} at once"


def _in_turns(lab: Lab, stream: Stream) -> list[Reading]:
    """Pull pages from two readings in turn."""
    taken: list[list[Page]] = [[], []]
    readers = [iter(stream.read(lab.session(), None)) for _ in range(2)]
    waiting = [0, 1]
    while waiting:
        for number in list(waiting):
            try:
                taken[number].append(next(readers[number]))
            except StopIteration:
                waiting.remove(number)
            except HrHubError as error:
                if error.retryable:  # a terminal may bear one session only
                    raise NotApplicable("the vendor bears one reading at a time") from None
                raise
            except Exception as error:
                raise Broken(f"two readings that take turns end with {told(error)}") from None
    session = lab.session()
    return [gather(_replay(stream, pages), session, None, None) for pages in taken]


def _replay(stream: Stream, pages: list[Page]) -> Stream:
    """Return a stream like another that yields pages which were read before."""

    class Replayed(Stream):
        def read(self, session: Session, cursor: Cursor) -> Iterator[Page]:
            yield from pages

    return Replayed(
        name=stream.name,
        title=stream.title,
        feed=stream.feed,
        key=stream.key,
        records=stream.records,
        mode=stream.mode,
        grouped=stream.grouped,
        volatile=stream.volatile,
    )


def _findings(path: Path) -> Iterator[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _asks_clock(node.func):
            yield f"{path.name}:{node.lineno} asks a clock or the machine's randomness"
        if not isinstance(node, ast.Import | ast.ImportFrom):
            continue
        for name in _imported(node):
            for forbidden, why in _FORBIDDEN.items():
                if name == forbidden or name.startswith(f"{forbidden}."):
                    yield f"{path.name}:{node.lineno} imports {forbidden}: {why}"
                    break


def _asks_clock(called: ast.expr) -> bool:
    return (
        isinstance(called, ast.Attribute)
        and isinstance(called.value, ast.Name)
        and (called.value.id, called.attr) in _CLOCKS
    )


def _imported(node: ast.Import | ast.ImportFrom) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if node.module is None or node.level:
        return []
    return [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
