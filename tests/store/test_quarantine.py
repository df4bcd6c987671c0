"""Records set aside: once each, findable, closed once."""

from __future__ import annotations

from datetime import datetime, timedelta

from hrhub.ambient import new_id
from hrhub.store import Store, quarantine
from hrhub.store.quarantine import Quarantined


def record(sync_id: int, at: datetime, **changes: object) -> Quarantined:
    values: dict[str, object] = {
        "uid": new_id(),
        "tenant": "default",
        "sync_id": sync_id,
        "run_id": new_id(),
        "batch_uid": new_id(),
        "index": 0,
        "landed_seq": 1,
        "reason": "date",
        "rule": "calendar",
        "field_path": "dateOfBirth",
        "field": "birth_date",
        "sealed_raw": b"sealed",
        "created_at": at,
        **changes,
    }
    return Quarantined(**values)  # type: ignore[arg-type]


def test_a_batch_applied_twice_sets_a_record_aside_once(
    store: Store, sync_id: int, at: datetime
) -> None:
    first = record(sync_id, at)
    again = record(sync_id, at, batch_uid=first.batch_uid, rule="another")
    neighbour = record(sync_id, at, batch_uid=first.batch_uid, index=1)

    with store.write() as tx:
        assert quarantine.add(tx, [first]) == 1
        assert quarantine.add(tx, [again, neighbour]) == 1
        assert quarantine.count(tx, "default") == 2
        assert quarantine.get(tx, first.uid) == first
        assert quarantine.get(tx, again.uid) is None


def test_records_are_found_by_what_people_ask_for(store: Store, sync_id: int, at: datetime) -> None:
    old = record(sync_id, at)
    new = record(sync_id, at + timedelta(hours=1), reason="required", field_path="userId")
    foreign = record(sync_id, at, tenant="other")

    with store.write() as tx:
        quarantine.add(tx, [old, new, foreign])
        listed = quarantine.list_records

        assert listed(tx, "default") == [new, old]
        assert listed(tx, "default", limit=1, offset=1) == [old]
        assert listed(tx, "default", reason="date") == [old]
        assert listed(tx, "default", run_id=new.run_id) == [new]
        assert listed(tx, "default", sync_id=sync_id + 1) == []
        assert listed(tx, "default", connection="beisen_default", stream="employees") == [new, old]
        assert listed(tx, "default", connection="elsewhere") == []
        assert quarantine.reasons(tx, "default") == [
            (sync_id, "date", "dateOfBirth", 1),
            (sync_id, "required", "userId", 1),
        ]


def test_a_record_is_closed_once(store: Store, sync_id: int, at: datetime) -> None:
    one, two = record(sync_id, at), record(sync_id, at)
    with store.write() as tx:
        quarantine.add(tx, [one, two])
        assert quarantine.count_attempt(tx, [one.uid]) == 1
        assert quarantine.mark_replayed(tx, [one.uid], actor="cli:a", at=at) == 1
        assert (
            quarantine.mark_discarded(
                tx, [one.uid, two.uid], actor="user:b", note="left_company", at=at
            )
            == 1
        )
        assert quarantine.count_attempt(tx, [one.uid]) == 0
        first, second = quarantine.get(tx, one.uid), quarantine.get(tx, two.uid)

        assert first is not None
        assert second is not None
        assert (first.state, first.actor, first.note, first.attempts) == (
            "replayed",
            "cli:a",
            None,
            2,
        )
        assert (second.state, second.actor, second.note) == ("discarded", "user:b", "left_company")
        assert quarantine.count(tx, "default") == 0
        assert quarantine.count(tx, "default", state=None) == 2
