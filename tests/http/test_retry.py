from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hrhub.ambient import FakeClock
from hrhub.errors import AuthError, ContractChanged, HrHubError, Throttled, Transient
from hrhub.http.breaker import CLOSE_AFTER, CONSECUTIVE, PROBE_EVERY_S, WINDOW, MemoryBreaker
from hrhub.http.budget import MemoryBudget, Rate
from hrhub.http.limits import Limits
from hrhub.http.ports import MemoryPorts
from hrhub.http.retry import RetryPlan, retry_after_s
from hrhub.http.testing import Reply, ScriptedServer, local_client

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
GOOD = Reply.json({"data": [1]})
BUSY = Reply(b"{}", 503)
NO_JITTER = RetryPlan(random=lambda: 0.0)


@pytest.mark.parametrize(
    "header",
    ["", "-1", "1.5", "soon", "1_0", "١٢", "+3", "0x10", "1e3", "99999999999", None, "Tue, 99 Foo"],
)
def test_a_malformed_wait_is_ignored(header: str | None) -> None:
    assert retry_after_s(header, NOW) is None


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("0", 0),
        (" 7 ", 7),
        ("7200", 3600),
        ("Tue, 24 Nov 2026 09:00:30 GMT", 30),
        ("Tue, 24 Nov 2026 08:00:00 GMT", 0),
        ("Wed, 25 Nov 2026 09:00:00 GMT", 3600),
    ],
)
def test_a_wait_is_read_as_seconds_or_date_and_held_to_an_hour(header: str, seconds: float) -> None:
    assert retry_after_s(header, NOW) == seconds


@given(st.text(max_size=40))
def test_no_header_of_a_vendor_breaks_the_reading(header: str) -> None:
    seconds = retry_after_s(header, NOW)

    assert seconds is None or 0 <= seconds <= 3600


@given(st.integers(1, 500), st.floats(0, 1, exclude_max=True))
def test_jitter_stays_between_the_shortest_and_the_longest_wait(tries: int, draw: float) -> None:
    plan = RetryPlan(random=lambda: draw)

    assert 0.5 <= plan.wait_s(Transient(), tries) <= 60


def client_of(server: ScriptedServer, **options: Any) -> tuple[Any, FakeClock]:
    clock = FakeClock()
    return local_client(server.url, clock=clock, ports=MemoryPorts(clock), **options), clock


def test_reading_is_retried_with_growing_waits_until_it_works() -> None:
    with ScriptedServer([BUSY, Reply(reset=True), GOOD.but(keep=3), Reply(b"", 429), GOOD]) as s:
        client, clock = client_of(s, retry=RetryPlan(random=lambda: 1.0))
        assert client.get("/x").json() == {"data": [1]}

    assert len(s.requests) == 5
    assert clock.monotonic() == 1 + 2 + 4 + 8


def test_six_tries_are_the_end() -> None:
    with ScriptedServer([BUSY] * 9) as server, pytest.raises(Transient) as caught:
        client_of(server, retry=NO_JITTER)[0].get("/x")

    assert len(server.requests) == 6
    assert caught.value.code == "vendor.server_error"


@pytest.mark.parametrize("reply", [BUSY, Reply(reset=True), Reply.throttled(), GOOD.but(keep=3)])
def test_writing_is_not_repeated_unless_it_does_no_harm(reply: Reply) -> None:
    with ScriptedServer([reply, GOOD, reply, GOOD]) as server:
        client, _ = client_of(server)
        with pytest.raises(HrHubError):
            client.post("/x", json={})
        assert len(server.requests) == 1
        server._next(server.requests[0])
        assert client.post("/x", json={}, idempotent=True).status == 200


def test_a_write_that_never_left_is_repeated() -> None:
    plan = RetryPlan(random=lambda: 0.0)

    assert plan.next_wait_s(Transient("vendor.unreachable"), 1, repeatable=False, left_s=9) == 0.5
    with pytest.raises(Transient):
        plan.next_wait_s(Transient("vendor.connection_lost"), 1, repeatable=False, left_s=9)


@pytest.mark.parametrize("error", [AuthError(), ContractChanged()])
def test_what_trying_again_cannot_mend_is_not_tried_again(error: HrHubError) -> None:
    with pytest.raises(type(error)):
        NO_JITTER.next_wait_s(error, 1, repeatable=True, left_s=300)


def test_a_short_wait_the_vendor_names_is_slept_through() -> None:
    with ScriptedServer([Reply.throttled("30"), GOOD]) as server:
        client, clock = client_of(server)
        client.get("/x")

    assert clock.monotonic() == 30


@pytest.mark.parametrize("status", [429, 503])
def test_a_long_wait_is_told_instead_of_slept(status: int) -> None:
    with ScriptedServer([Reply(b"{}", status, {"retry-after": "600"})]) as server:
        client, clock = client_of(server)
        with pytest.raises(Throttled) as caught:
            client.get("/x")

    assert caught.value.retry_after_s == 600
    assert clock.monotonic() == 0


def test_all_tries_together_keep_the_total_time() -> None:
    replies = [Reply.throttled("40")] * 9
    with ScriptedServer(replies) as server, pytest.raises(Throttled) as caught:
        client_of(server, limits=Limits(total_s=100))[0].get("/x")

    assert len(server.requests) == 3
    assert caught.value.retry_after_s == 40


def test_an_error_with_a_wait_survives_pickling() -> None:
    import pickle

    error = pickle.loads(pickle.dumps(Throttled(retry_after_s=9, vendor="v")))

    assert (error.retry_after_s, error.context) == (9, {"vendor": "v"})


def test_a_bucket_gives_its_burst_and_then_its_rate() -> None:
    clock = FakeClock()
    budget = MemoryBudget(clock)
    rate = Rate(per_s=2, burst=3)

    assert [budget.take("a", rate) for _ in range(3)] == [0, 0, 0]
    assert budget.take("a", rate) == 0.5
    assert budget.take("other", rate) == 0
    clock.sleep(0.5)
    assert budget.take("a", rate) == 0
    clock.sleep(100)
    assert [budget.take("a", rate) > 0 for _ in range(4)] == [False, False, False, True]


def test_a_block_holds_everybody_back_and_the_longer_one_stays() -> None:
    clock = FakeClock()
    budget = MemoryBudget(clock)

    budget.block("a", 30)
    budget.block("a", 10)

    assert budget.take("a", None) == 30
    clock.sleep(30)
    assert budget.take("a", None) == 0


def test_the_client_waits_for_its_budget_or_says_how_long() -> None:
    with ScriptedServer(lambda _: GOOD) as server:
        client, clock = client_of(server, rate=Rate(per_s=0.5, burst=1))
        for _ in range(3):
            client.get("/x")
        assert clock.monotonic() == pytest.approx(4)

        slow, _ = client_of(server, rate=Rate(per_s=0.001, burst=1))
        slow.get("/x")
        with pytest.raises(Throttled) as caught:
            slow.get("/x")

    assert caught.value.code == "vendor.budget_used"
    assert caught.value.retry_after_s == pytest.approx(1000)


def test_a_throttled_account_blocks_every_client_that_shares_it() -> None:
    clock = FakeClock()
    ports = MemoryPorts(clock)
    with ScriptedServer([Reply.throttled("600"), GOOD]) as server:
        one, two = (local_client(server.url, clock=clock, ports=ports) for _ in range(2))
        with pytest.raises(Throttled):
            one.get("/x")
        with pytest.raises(Throttled):
            two.get("/x")

    assert len(server.requests) == 1


def test_a_circuit_opens_after_failures_in_a_row_and_closes_after_good_probes() -> None:
    clock = FakeClock()
    breaker = MemoryBreaker(clock)
    for _ in range(CONSECUTIVE):
        assert breaker.admit("o") == 0
        breaker.record("o", good=False)

    assert breaker.admit("o") == PROBE_EVERY_S
    assert breaker.admit("another") == 0
    clock.sleep(PROBE_EVERY_S)
    assert breaker.admit("o") == 0
    assert breaker.admit("o") == PROBE_EVERY_S
    breaker.record("o", good=False)
    clock.sleep(PROBE_EVERY_S)
    for _ in range(CLOSE_AFTER):
        assert breaker.admit("o") == 0
        breaker.record("o", good=True)
    assert [breaker.admit("o") for _ in range(3)] == [0, 0, 0]


def test_a_circuit_opens_when_half_of_many_fail() -> None:
    breaker = MemoryBreaker(FakeClock())
    for turn in range(WINDOW):
        assert breaker.admit("o") == 0
        breaker.record("o", good=turn % 2 == 0)

    assert breaker.admit("o") > 0


def test_a_failing_vendor_is_left_alone_and_the_first_error_is_the_vendor_s() -> None:
    with ScriptedServer([BUSY] * 99) as server:
        client, _ = client_of(server, retry=RetryPlan(tries=1))
        codes = []
        for _ in range(CONSECUTIVE + 1):
            with pytest.raises(Transient) as caught:
                client.get("/x")
            codes.append(caught.value.code)

    assert codes == ["vendor.server_error"] * CONSECUTIVE + ["vendor.circuit_open"]
    assert caught.value.retry_after_s == PROBE_EVERY_S
    assert len(server.requests) == CONSECUTIVE


def test_dates_of_other_zones_are_waits_too() -> None:
    header = "Tue, 24 Nov 2026 17:00:10 +0800"

    assert retry_after_s(header, NOW + timedelta(seconds=4)) == 6
