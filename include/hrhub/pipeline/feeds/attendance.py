"""Attendance: users of terminals and their stamps."""

from __future__ import annotations

from collections.abc import Sequence

from hrhub.ambient import new_ids
from hrhub.identity import EmployeeMatch, one_by_work_no, resolve_ids
from hrhub.pipeline.batch import Batch
from hrhub.pipeline.records import Unit
from hrhub.store import bulk, schema


def apply_device_users(batch: Batch) -> None:
    """Link users of a terminal to employees by work number; nobody is created."""
    units: list[Unit] = [*batch.new, *(u for u, _ in batch.changed)]
    matches = _by_work_no(batch, [u.values["work_no"] for u in units])
    ids = iter(new_ids(len(batch.new)))
    for unit in batch.new:
        match = matches.get(unit.values["work_no"])
        if match is None:
            batch.reject(unit, "reference", "work_no", "employee")
        else:
            batch.writes.link_unit(next(ids), "employee", match.employee_id, unit)
    holders: dict[str, str] = dict(
        bulk.fetch_by(
            batch.tx,
            schema.ENTITY_TABLES["employee"],
            "id",
            [link.entity_id for _, link in batch.changed],
            select=("id", "person_id"),
        )
    )
    read_as = resolve_ids(batch.tx, {*holders.values(), *(m.person_id for m in matches.values())})
    for unit, link in batch.changed:
        match = matches.get(unit.values["work_no"])
        if match is None or read_as[match.person_id] != read_as[holders[link.entity_id]]:
            # A user id given to somebody else: history must not move with it.
            batch.reject(unit, "policy", "work_no", "user_id_reused")


def apply_punches(batch: Batch) -> None:
    """Write stamps of employees known on the terminal, or by work number."""
    units: list[Unit] = [*batch.new, *(u for u, _ in batch.changed)]
    owners = _employees(batch, {u.values["employee"] for u in units})
    batch.subjects.load(batch.tx, [m.person_id for m in owners.values()])
    ids = iter(new_ids(len(units)))
    for unit in batch.new:
        owner = owners.get(unit.values["employee"])
        if owner is None:
            batch.reject(unit, "reference", "employee", "employee")
            continue
        batch.writes.insert(
            "attendance_punch",
            next(ids),
            _values(unit, owner),
            unit.content,
            subject=owner.person_id,
            extra=(unit.source_key, batch.sync.sync_id, unit.record.fingerprint),
        )
    for unit, link in batch.changed:
        owner = owners.get(unit.values["employee"])
        if owner is None:
            batch.reject(unit, "reference", "employee", "employee")
            continue
        batch.writes.update(
            "attendance_punch",
            link.entity_id,
            _values(unit, owner),
            unit.content,
            link.row_version + 1,
            subject=owner.person_id,
        )
        batch.writes.refinger("attendance_punch", link.entity_id, unit.record.fingerprint)


def _values(unit: Unit, owner: EmployeeMatch) -> dict[str, object]:
    """Return what a stamp tells of its row: the feed's other fields are named as the row's."""
    told: dict[str, object] = {"employee_id": owner.employee_id, **unit.values}
    del told["employee"]
    return told


def _employees(batch: Batch, user_ids: set[str]) -> dict[str, EmployeeMatch]:
    """Return the employee behind each user id: by the terminal's user list, else by work number."""
    by_key = {batch.sync.key_of(user_id): user_id for user_id in user_ids}
    linked = batch.links.targets(batch.tx, "employee", by_key)
    people: dict[str, str] = dict(
        bulk.fetch_by(
            batch.tx,
            schema.ENTITY_TABLES["employee"],
            "id",
            list(set(linked.values())),
            select=("id", "person_id"),
            where={},
        )
    )
    found = {
        by_key[key]: EmployeeMatch(employee_id, people[employee_id])
        for key, employee_id in linked.items()
    }
    return found | _by_work_no(batch, [u for u in user_ids if u not in found])


def _by_work_no(batch: Batch, work_nos: Sequence[str]) -> dict[str, EmployeeMatch]:
    """Return the one employee with each work number; shared numbers are for a human to decide."""
    index = batch.sync.index.eq("employee", "work_no", "code")
    hashes = {work_no: index(work_no) or b"" for work_no in set(work_nos)}
    found = one_by_work_no(
        batch.tx,
        batch.sync.tenant,
        index,
        hashes.values(),
        today=batch.now.date(),
        quiet_days=batch.sync.identity.quiet_days,
    )
    return {work_no: found[bi] for work_no, bi in hashes.items() if bi in found}
