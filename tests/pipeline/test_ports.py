"""Workers that ask one vendor share its budget, its circuit and its token, or stop."""

from __future__ import annotations

import json
import select as polling
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, select, text, update

from hrhub.ambient import FakeClock, SystemClock
from hrhub.connector import (
    Checked,
    Connector,
    ConnectorConfig,
    Cursor,
    JsonRecords,
    Page,
    Session,
    Stream,
    setting,
)
from hrhub.errors import StorageError, Throttled
from hrhub.http.auth import ClientCredentials
from hrhub.http.breaker import CONSECUTIVE, WINDOW, Breaker, MemoryBreaker
from hrhub.http.budget import Rate
from hrhub.http.ports import Token
from hrhub.http.testing import Received, Reply, ScriptedServer
from hrhub.pipeline import Hub, open_hub
from hrhub.pipeline.ports import StorePorts
from hrhub.store import Store
from hrhub.store.engine import parse_url
from hrhub.store.schema import hub_breaker, hub_budget, hub_oauth_token
from tests.support.port_worker import settings
from tests.support.shelf import put_mappings

ROOT = Path(__file__).parents[2]
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
ORIGIN = "https://vendor.example:443"
NAME = "Vendor:vendor_default:0123"


@pytest.fixture
def hub(store_url: str, tmp_path: Path) -> Iterator[Hub]:
    """The hub whose workers are looked at."""
    with open_hub(settings(tmp_path / "home", store_url), create=True) as opened:
        yield opened


@pytest.fixture
def worker(hub: Hub) -> Iterator[Callable[[], StorePorts]]:
    """Make ports of another worker in this process: a store and a clock of its own."""
    with ExitStack() as stack:

        def make() -> StorePorts:
            store = stack.enter_context(Store(hub.store.url))
            return StorePorts(store, hub.keys, FakeClock(SystemClock().now()))

        yield make


class Process:
    """A worker in a process of its own."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def tell(self, *words: object) -> None:
        """Send a command."""
        assert self._process.stdin
        self._process.stdin.write(f"{json.dumps(words)}\n")
        self._process.stdin.flush()

    def hear(self) -> Any:
        """Return its next answer."""
        assert self.speaks(30), "the worker says nothing"
        assert self._process.stdout
        return json.loads(self._process.stdout.readline())

    def speaks(self, seconds: float) -> bool:
        """Tell whether it says something within some seconds."""
        return bool(polling.select([self._process.stdout], [], [], seconds)[0])


@pytest.fixture(scope="module")
def started() -> Iterator[list[Process]]:
    """Two processes for all tests: starting one costs seconds."""
    command = [sys.executable, "-m", "tests.support.port_worker"]
    with ExitStack() as stack:
        workers = []
        for _ in range(2):
            process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
            )
            stack.callback(process.wait, 10)
            for pipe in (process.stdout, process.stdin):
                assert pipe
                stack.enter_context(closing(pipe))
            workers.append(Process(process))
        yield workers


@pytest.fixture
def processes(hub: Hub, started: list[Process]) -> Iterator[list[Process]]:
    """Two processes that work on the hub."""
    url = hub.store.url.render_as_string(hide_password=False)
    for each in started:
        each.tell("open", str(hub.settings.home), url)
    assert [each.hear() for each in started] == ["open"] * 2
    yield started
    for each in started:
        each.tell("close")
    assert [each.hear() for each in started] == ["closed"] * 2


def together(count: int, act: Callable[[int], Any]) -> list[Any]:
    """Run something in threads that start at once; return the outcomes."""
    gate, outcomes = threading.Barrier(count), []

    def run(number: int) -> None:
        gate.wait()
        outcomes.append(act(number))

    threads = [threading.Thread(target=run, args=(n,)) for n in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


def token(value: str, life: timedelta = timedelta(hours=1)) -> Callable[[], Token]:
    return lambda: Token(value, SystemClock().now() + life)


def never() -> Token:
    raise AssertionError("nothing is to be fetched")


def change(hub: Hub, table: Any, **values: object) -> None:
    with hub.store.write() as tx:
        assert tx.execute(update(table).values(values)).rowcount


def fail(breaker: Breaker, times: int = CONSECUTIVE) -> None:
    for _ in range(times):
        breaker.record(ORIGIN, good=False)


class TestStore:
    """A store that does not answer is an error, never a reason to count alone."""

    @pytest.mark.parametrize("ask", ["take", "block", "admit", "record", "obtain", "no rate"])
    def test_no_port_goes_on_without_the_store(
        self, hub: Hub, dialect: str, tmp_path: Path, ask: str
    ) -> None:
        nowhere = f"sqlite:///{tmp_path}/gone/store.db"
        if dialect == "postgresql":
            nowhere = "postgresql://127.0.0.1:1/none"
        with Store(parse_url(nowhere)) as gone:
            ports = StorePorts(gone, hub.keys, FakeClock())
            acts: dict[str, Callable[[], object]] = {
                "take": lambda: ports.budget.take("a", Rate(1)),
                "no rate": lambda: ports.budget.take("a", None),
                "block": lambda: ports.budget.block("a", 1),
                "admit": lambda: ports.breaker.admit(ORIGIN),
                "record": lambda: ports.breaker.record(ORIGIN, good=False),
                "obtain": lambda: ports.tokens.obtain(NAME, never),
            }
            with pytest.raises(StorageError, match=r"store\.unavailable"):
                acts[ask]()

    def test_what_was_known_does_not_outlive_its_second(self, hub: Hub) -> None:
        clock = FakeClock()
        ports = StorePorts(hub.store, hub.keys, clock)
        assert ports.breaker.admit(ORIGIN) == 0
        with hub.store.write() as tx:
            tx.execute(text("ALTER TABLE hub_breaker RENAME TO gone"))
        try:
            clock.sleep(1.0)
            with pytest.raises(StorageError):
                ports.breaker.admit(ORIGIN)
        finally:
            with hub.store.write() as tx:
                tx.execute(text("ALTER TABLE gone RENAME TO hub_breaker"))

    def test_a_token_that_could_not_be_kept_is_not_used(self, hub: Hub) -> None:
        def fetch() -> Token:
            with hub.store.write() as tx:
                tx.execute(text("ALTER TABLE hub_oauth_token RENAME TO gone"))
            return token("t")()

        try:
            with pytest.raises(StorageError):
                hub.ports.tokens.obtain(NAME, fetch)
        finally:
            with hub.store.write() as tx:
                tx.execute(text("ALTER TABLE gone RENAME TO hub_oauth_token"))
        with pytest.raises(AssertionError, match="nothing is to be fetched"):
            change(hub, hub_oauth_token, lease_until=LONG_AGO)
            hub.ports.tokens.obtain(NAME, never)

    def test_requests_without_a_declared_rate_cost_one_look_a_second(self, hub: Hub) -> None:
        clock = FakeClock()
        ports = StorePorts(hub.store, hub.keys, clock)
        begun: list[object] = []
        event.listen(hub.store.engine, "begin", begun.append)

        for _ in range(100):
            assert ports.breaker.admit(ORIGIN) == 0
            assert ports.budget.take("a", None) == 0
            ports.breaker.record(ORIGIN, good=True)
        assert len(begun) == 1

        clock.sleep(1.0)
        ports.budget.take("a", None)
        assert len(begun) == 2


class TestBudget:
    def test_two_processes_together_never_exceed_the_rate(self, processes: list[Process]) -> None:
        per_s, burst = 40.0, 3

        for each in processes:
            each.tell("take", 0.8, per_s, burst)
        lists = [each.hear() for each in processes]

        assert all(lists), "both got some"
        # Both processes read one monotonic clock; a request is noticed a little after it was given.
        given = sorted(moment for listed in lists for moment in listed)
        allowed = burst + (given[-1] - given[0]) * per_s + 2
        assert 10 <= len(given) <= allowed

    def test_the_burst_is_given_once_to_all_workers_together(
        self, worker: Callable[[], StorePorts]
    ) -> None:
        rate = Rate(per_s=0.01, burst=5)
        workers = [worker() for _ in range(4)]

        def drain(number: int) -> tuple[int, float]:
            taken = 0
            while (wait_s := workers[number].budget.take("a", rate)) < 1:
                taken += not wait_s
            return taken, wait_s

        drained = together(4, drain)

        assert sum(taken for taken, _ in drained) == 5
        assert all(90 < wait_s <= 100 for _, wait_s in drained)

    def test_accounts_have_budgets_of_their_own(self, hub: Hub) -> None:
        assert [hub.ports.budget.take(name, Rate(0.01)) for name in "ab"] == [0, 0]

    def test_a_block_told_to_one_worker_holds_for_all(
        self, worker: Callable[[], StorePorts]
    ) -> None:
        first, second = worker(), worker()
        first.budget.block("a", 30)
        first.budget.block("a", 5)

        for rate in (None, Rate(100.0, burst=10)):
            assert 28 < second.budget.take("a", rate) <= 30
            assert second.budget.take("b", rate) == 0

    def test_a_block_that_is_over_is_forgotten(
        self, hub: Hub, worker: Callable[[], StorePorts]
    ) -> None:
        worker().budget.block("a", 30)
        change(hub, hub_budget, blocked_until=LONG_AGO)

        assert [worker().budget.take("a", rate) for rate in (None, Rate(1))] == [0, 0]


class TestBreaker:
    def test_a_circuit_opened_by_one_process_stops_the_other(
        self, processes: list[Process]
    ) -> None:
        one, other = processes
        other.tell("admit", ORIGIN)
        assert other.hear() == 0
        for _ in range(CONSECUTIVE):
            one.tell("fail", ORIGIN)
            one.hear()

        end = SystemClock().monotonic() + 10
        wait_s = 0.0
        while not wait_s and SystemClock().monotonic() < end:
            other.tell("admit", ORIGIN)
            wait_s = other.hear()

        assert 20 < wait_s <= 30
        other.tell("admit", "https://other.example:443")
        assert other.hear() == 0

    def test_failures_of_several_workers_count_together(
        self, worker: Callable[[], StorePorts]
    ) -> None:
        for _ in range(CONSECUTIVE):
            assert worker().breaker.admit(ORIGIN) == 0
            worker().breaker.record(ORIGIN, good=False)

        assert worker().breaker.admit(ORIGIN) > 20

    def test_a_due_probe_is_given_to_one_worker_only(
        self, hub: Hub, worker: Callable[[], StorePorts]
    ) -> None:
        fail(worker().breaker)
        change(hub, hub_breaker, next_probe_at=LONG_AGO)
        workers = [worker() for _ in range(4)]

        waits = together(4, lambda n: workers[n].breaker.admit(ORIGIN))

        assert waits.count(0.0) == 1
        assert all(wait_s > 20 for wait_s in waits if wait_s)

    def test_three_good_probes_by_different_workers_close_it_for_all(
        self, hub: Hub, worker: Callable[[], StorePorts]
    ) -> None:
        fail(worker().breaker)
        change(hub, hub_breaker, next_probe_at=LONG_AGO)

        for _ in range(3):
            probing = worker()
            assert probing.breaker.admit(ORIGIN) == 0
            probing.breaker.record(ORIGIN, good=True)

        fail(worker().breaker, CONSECUTIVE - 1)
        assert worker().breaker.admit(ORIGIN) == 0

    def test_a_failed_probe_keeps_it_open(self, hub: Hub, worker: Callable[[], StorePorts]) -> None:
        fail(worker().breaker)
        change(hub, hub_breaker, next_probe_at=LONG_AGO)
        probing = worker()
        assert probing.breaker.admit(ORIGIN) == 0

        probing.breaker.record(ORIGIN, good=False)

        assert worker().breaker.admit(ORIGIN) > 20

    @pytest.mark.parametrize(
        "outcomes",
        [
            "+" * 8 + "----+" * 2 + "--",
            "-+" * 10,
            "+" * 30 + "-+" * 10,
            "-" * 4 + "+" * 20 + "-+" * 10,
            "-++" * 12,
        ],
    )
    def test_it_opens_at_the_same_outcome_as_the_one_in_memory(
        self, hub: Hub, outcomes: str
    ) -> None:
        memory = MemoryBreaker(FakeClock())

        for mark in outcomes:
            for breaker in (memory, hub.ports.breaker):
                breaker.record(ORIGIN, good=mark == "+")
            assert bool(hub.ports.breaker.admit(ORIGIN)) == bool(memory.admit(ORIGIN))

    def test_nothing_is_written_once_all_is_well_again(self, hub: Hub) -> None:
        hub.ports.breaker.record(ORIGIN, good=False)
        for _ in range(WINDOW):
            hub.ports.breaker.record(ORIGIN, good=True)
        begun: list[object] = []
        event.listen(hub.store.engine, "begin", begun.append)

        for _ in range(50):
            hub.ports.breaker.record(ORIGIN, good=True)

        # Looks are at most one a second; writes would be fifty.
        assert len(begun) < 10


class TestTokens:
    def test_two_processes_fetch_one_token_once(self, processes: list[Process]) -> None:
        for each in processes:
            each.tell("token", NAME)
        one, other = processes
        if not one.speaks(1):
            one, other = other, one
        assert one.hear() == "fetching"
        assert not other.speaks(0.4), "the other waits"

        one.tell("secret-1")

        assert (one.hear(), other.hear()) == ("secret-1", "secret-1")

    def test_many_workers_that_saw_a_token_refused_fetch_one_new_one(
        self, worker: Callable[[], StorePorts]
    ) -> None:
        workers = [worker() for _ in range(4)]
        for each in workers:
            assert each.tokens.obtain(NAME, token("old")).value == "old"
        fetched: list[str] = []

        def fetch() -> Token:
            fetched.append("new")
            return token("new")()

        found = together(4, lambda n: workers[n].tokens.obtain(NAME, fetch, rejected="old").value)

        assert (found, fetched) == (["new"] * 4, ["new"])

    def test_a_fetch_that_fails_lets_the_next_worker_try_at_once(
        self, worker: Callable[[], StorePorts]
    ) -> None:
        def fetch() -> Token:
            raise Throttled("vendor.throttled")

        with pytest.raises(Throttled):
            worker().tokens.obtain(NAME, fetch)

        assert worker().tokens.obtain(NAME, token("t")).value == "t"

    def test_a_worker_that_died_while_fetching_is_replaced_and_its_late_token_dropped(
        self, hub: Hub, worker: Callable[[], StorePorts]
    ) -> None:
        def slow() -> Token:
            change(hub, hub_oauth_token, lease_until=LONG_AGO)
            assert worker().tokens.obtain(NAME, token("newer")).value == "newer"
            return token("late")()

        assert worker().tokens.obtain(NAME, slow).value == "newer"
        assert worker().tokens.obtain(NAME, never).value == "newer"

    def test_a_token_past_its_refresh_is_fetched_anew(
        self, hub: Hub, worker: Callable[[], StorePorts]
    ) -> None:
        worker().tokens.obtain(NAME, token("first"))
        change(hub, hub_oauth_token, refresh_at=LONG_AGO)

        assert worker().tokens.obtain(NAME, token("second")).value == "second"

    def test_a_fresh_token_costs_no_transaction(self, hub: Hub) -> None:
        hub.ports.tokens.obtain(NAME, token("t"))
        begun: list[object] = []
        event.listen(hub.store.engine, "begin", begun.append)

        assert hub.ports.tokens.obtain(NAME, never).value == "t"

        assert begun == []

    def test_no_token_is_in_the_store_in_clear(self, hub: Hub, tmp_path: Path) -> None:
        secret = "Zq7-plain-access-token"
        hub.ports.tokens.obtain(NAME, token(secret))

        with hub.store.read() as tx:
            [row] = tx.execute(select(hub_oauth_token)).all()
        assert row.sealed_token is not None
        assert secret not in repr(tuple(row))
        files = [path for path in tmp_path.rglob("*") if path.is_file()]
        assert files
        assert not [path for path in files if secret.encode() in path.read_bytes()]

    def test_a_token_moved_to_another_account_is_not_used_there(
        self, hub: Hub, worker: Callable[[], StorePorts]
    ) -> None:
        worker().tokens.obtain(NAME, token("mine"))
        change(hub, hub_oauth_token, name="Vendor:other_default:4567")

        found = worker().tokens.obtain("Vendor:other_default:4567", token("theirs"))

        assert found.value == "theirs"

    def test_tokens_that_nobody_renews_leave_the_store(
        self, hub: Hub, worker: Callable[[], StorePorts]
    ) -> None:
        worker().tokens.obtain("Vendor:gone:1", token("gone"))
        change(hub, hub_oauth_token, refresh_at=LONG_AGO)

        worker().tokens.obtain(NAME, token("t"))

        with hub.store.read() as tx:
            assert tx.execute(select(hub_oauth_token.c.name)).scalars().all() == [NAME]


class ServerConfig(ConnectorConfig):
    """Where the scripted vendor is."""

    url: str = setting(title="Address", help="Address of the vendor.", slot="host")


@dataclass(frozen=True, kw_only=True)
class ServerStream(Stream):
    """One page."""

    def read(self, session: Session, cursor: Cursor) -> Iterator[Page]:
        """Yield the page."""
        yield Page(body=session.http.get("/employees").body)


SERVER = Connector(
    name="shelf",
    title="Shelf",
    version="1",
    config=ServerConfig,
    check=lambda session: Checked("Shelf"),
    base_url=lambda config: config.url,
    auth=lambda config: ClientCredentials("/token", "hub", "client-secret"),
    rate=Rate(per_s=50, burst=10),
    streams=(
        ServerStream(
            name="employees",
            title="Employees",
            feed="employee",
            key=("empId",),
            records=JsonRecords("rows"),
        ),
    ),
)


def test_syncs_of_several_hubs_share_one_token_and_one_budget(hub: Hub) -> None:
    put_mappings(hub.settings.mappings)

    def answer(received: Received) -> Reply:
        if received.path == "/token":
            return Reply.json({"access_token": "secret-token", "expires_in": 3600})
        return Reply.json({"rows": []})

    with ScriptedServer(answer) as server:
        config = ServerConfig(url=server.url, allow_networks=("127.0.0.0/8",))
        for _ in range(2):
            with open_hub(hub.settings) as other:
                other.sync(SERVER, config, "shelf_default", "employees", holder="test")

    assert [r.path for r in server.requests] == ["/token", "/employees", "/employees"]
    assert server.requests[2].headers["authorization"] == "Bearer secret-token"
    with hub.store.read() as tx:
        assert tx.execute(select(hub_budget.c.account)).scalars().all() == ["Shelf:shelf_default"]
