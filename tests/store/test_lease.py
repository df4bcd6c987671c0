"""One run per sync, by the database's clock alone."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial

import pytest
from sqlalchemy import insert, select, update

from hrhub.errors import Busy, Fenced
from hrhub.store import Store, lease
from hrhub.store.lease import Lease
from hrhub.store.schema import hub_fence, hub_lease, hub_meta

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
NEVER_S = 3600.0
acquire = partial(lease.acquire, renew_s=NEVER_S)


@pytest.fixture
def held(store: Store, sync_id: int) -> Iterator[Lease]:
    with acquire(store, sync_id, "run-1") as taken:
        yield taken


def expire(store: Store) -> None:
    with store.write() as tx:
        tx.execute(update(hub_lease).values(expires_at=LONG_AGO))


def rows(store: Store) -> list[str]:
    with store.read() as tx:
        return list(tx.execute(select(hub_meta.c.key).order_by(hub_meta.c.key)).scalars())


def test_a_second_run_is_told_who_is_working_and_until_when(
    store: Store, sync_id: int, held: Lease
) -> None:
    with pytest.raises(Busy) as caught:
        acquire(store, sync_id, "run-2")

    assert caught.value.context["holder"] == "run-1"
    assert datetime.fromisoformat(str(caught.value.context["until"])).tzinfo is not None
    with store.read() as tx:
        assert lease.holder_of(tx, sync_id)[0] == "run-1"  # type: ignore[index]


def test_an_expired_lease_goes_to_the_next_run_and_its_holder_can_not_write(
    store: Store, sync_id: int, held: Lease
) -> None:
    expire(store)

    with acquire(store, sync_id, "run-2") as newer:
        with pytest.raises(Fenced), store.write() as tx:
            tx.execute(insert(hub_meta).values(key="stale", value=""))
            held.fence(tx)
        with store.write() as tx:
            tx.execute(insert(hub_meta).values(key="good", value=""))
            newer.fence(tx)

    assert newer.token == held.token + 1
    assert rows(store) == ["good"]


def test_a_retry_of_the_same_run_takes_over_at_once_and_fences_the_first(
    store: Store, sync_id: int, held: Lease
) -> None:
    with acquire(store, sync_id, "run-1"):
        with pytest.raises(Fenced), store.write() as tx:
            tx.execute(insert(hub_meta).values(key="stale", value=""))
            held.fence(tx)
        assert not held.renew()
        with pytest.raises(Fenced):
            held.check()

    assert rows(store) == []


def test_releasing_a_lost_lease_leaves_it_to_its_new_holder(
    store: Store, sync_id: int, held: Lease
) -> None:
    with acquire(store, sync_id, "run-1"):
        held.release()

        with store.read() as tx:
            assert lease.holder_of(tx, sync_id) is not None
        with pytest.raises(Busy):
            acquire(store, sync_id, "run-2")


def test_a_released_lease_is_free_for_anybody(store: Store, sync_id: int) -> None:
    with acquire(store, sync_id, "run-1") as first:
        pass

    with store.read() as tx:
        assert lease.holder_of(tx, sync_id) is None
    with acquire(store, sync_id, "run-2") as second:
        assert second.token == first.token + 1


def test_only_one_of_many_starters_gets_the_lease(store: Store, sync_id: int) -> None:
    outcomes: list[Lease | Busy] = []
    gate = threading.Barrier(4)

    def start(number: int) -> None:
        gate.wait()
        try:
            outcomes.append(acquire(store, sync_id, f"run-{number}"))
        except Busy as busy:
            outcomes.append(busy)

    threads = [threading.Thread(target=start, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    winners = [o for o in outcomes if isinstance(o, Lease)]
    assert (len(outcomes), len(winners)) == (4, 1)
    winners[0].release()


def test_renewal_goes_on_by_itself_while_a_batch_is_open(store: Store, sync_id: int) -> None:
    renewed = threading.Event()

    class Watched(Lease):
        def renew(self) -> bool:
            kept = super().renew()
            renewed.set()
            return kept

    first = acquire(store, sync_id, "run-1")
    watched = Watched(store, sync_id, "run-1", first.token, renew_s=0.01)
    expire(store)
    renewed.clear()
    assert renewed.wait(10)

    with store.read() as tx:
        assert lease.holder_of(tx, sync_id) is not None
    watched.release()
    first.release()


def test_a_renewal_that_finds_the_lease_gone_stops_the_run(store: Store, sync_id: int) -> None:
    first = lease.acquire(store, sync_id, "run-1", renew_s=0.01)

    with store.write() as tx:
        tx.execute(update(hub_lease).values(holder="run-2"))
    first._thread.join(10)

    assert not first._thread.is_alive()
    with pytest.raises(Fenced):
        first.check()


@pytest.mark.parametrize("dialect", ["postgresql"], indirect=True)
def test_on_postgresql_an_open_batch_does_not_hold_up_the_renewal(
    store: Store, held: Lease
) -> None:
    with store.write() as tx:
        held.fence(tx)

        assert held.renew()


def test_the_fence_counts_transactions(store: Store, held: Lease) -> None:
    for _ in range(2):
        with store.write() as tx:
            held.fence(tx)

    with store.read() as tx:
        assert tx.execute(select(hub_fence.c.token, hub_fence.c.n)).one() == (1, 2)
