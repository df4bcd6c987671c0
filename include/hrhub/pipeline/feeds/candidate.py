"""Candidates: a person and the role of somebody who seeks work, in one record."""

from __future__ import annotations

from hrhub.ambient import new_ids
from hrhub.pipeline.batch import Batch
from hrhub.pipeline.feeds.person import PersonItem, write_people
from hrhub.pipeline.feeds.record import placed, record_feed, targets, wait
from hrhub.pipeline.merging import Manner, Told, write_told
from hrhub.pipeline.writes import shape, stored
from hrhub.store import bulk


def apply_candidates(batch: Batch) -> None:
    """Write the candidate feed; a person has one candidate role, whatever the sources."""
    feed = record_feed("candidate")
    known_roles = stored(batch, "candidate", [link.entity_id for _, link in batch.changed])
    ids = new_ids(len(batch.new))
    items = [PersonItem(u, i, None) for u, i in zip(batch.new, ids, strict=True)]
    items += [
        PersonItem(u, link.id, known_roles[link.entity_id].subject, is_new=False)
        for u, link in batch.changed
    ]
    people = write_people(batch, items)
    role_of: dict[str, str] = dict(
        bulk.fetch_by(
            batch.tx,
            shape("candidate").table,
            "person_id",
            [person_id for _, person_id in people],
            select=("person_id", "id"),
            where={"removed_at": None},
        )
    )
    known = known_roles | stored(
        batch, "candidate", [i for i in role_of.values() if i not in known_roles]
    )
    found = targets(batch, feed)
    told: list[Told] = []
    fixed: dict[str, dict[str, str]] = {}
    for item, person_id in people:
        role_id = role_of.get(person_id)
        if role_id is None:
            role_id = role_of[person_id] = batch.writes.new_id()
            fixed[role_id] = {"person_id": person_id}
        [(_, _, values)] = placed(batch, feed, [(item.unit, None)], found)
        told.append(Told(role_id, item.unit, item.link_id, values))
        wait(batch, feed, item.unit, role_id, values, known=role_id in known)
        if item.is_new:
            batch.writes.link_unit(item.link_id, "candidate", role_id, item.unit)
            batch.writes.arrived["person"][item.unit.source_key] = person_id
    write_told(
        batch,
        Manner("candidate", (*feed.fields, *(column for column, _ in feed.optional.values()))),
        told,
        known,
        fixed=fixed,
        subjects={role_of[person_id]: person_id for _, person_id in people},
    )
