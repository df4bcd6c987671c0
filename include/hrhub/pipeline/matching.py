"""Where identity meets the rows: who a record is about, and who turns out to be one person.

``hrhub.identity`` holds the rules; here its look-ups get a transaction's keys and rows. Placing
comes before a batch's rows are written, settling after it: then everything that is known stands in
the store, and one rule serves whatever brought it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from hrhub.crypto import DataKey, audit_linker
from hrhub.errors import KeysUnavailable
from hrhub.identity import (
    Act,
    Entry,
    Node,
    People,
    Placer,
    State,
    attaches,
    make_node,
    report,
    settle,
    take_contact,
    take_identifier,
    take_job,
    take_person,
    take_turn,
)
from hrhub.pipeline.batch import Batch
from hrhub.pipeline.writes import Writes, shape, stored
from hrhub.store import audit, bulk, schema

if TYPE_CHECKING:
    from hrhub.pipeline.feeds.person import PersonItem

_TOLD = schema.hub_contribution
_DOCUMENT = schema.INDEX_IDS["person_identifier", "number"]
_CONTACT = schema.INDEX_IDS["person_contact", "value"]
_WORK_NO = schema.INDEX_IDS["employee", "work_no"]
_INDEXED = {_DOCUMENT, _CONTACT, _WORK_NO}
_INDEX_OF = {"person_identifier": (_DOCUMENT, "number"), "person_contact": (_CONTACT, "value")}


class Rows:
    """The rows of people as identity needs them; a :class:`hrhub.identity.Desk`."""

    def __init__(self, batch: Batch) -> None:
        self._batch = batch

    def keys(self, person_ids: Collection[str]) -> Mapping[str, DataKey]:
        """Return the data keys of people; those who were erased are left out."""
        subjects = self._batch.subjects
        subjects.load(self._batch.tx, person_ids)
        found: dict[str, DataKey] = {}
        for person_id in person_ids:
            try:
                found[person_id] = subjects.key(person_id)
            except KeysUnavailable:
                continue
        return found

    def told(self, person_ids: Collection[str]) -> Mapping[str, Sequence[Mapping[str, Any]]]:
        """Return what each source tells of people of whom several tell."""
        rows = bulk.fetch_by(
            self._batch.tx,
            _TOLD,
            "row_id",
            list(person_ids),
            select=("row_id", "link_id", "sealed_told"),
            where={"entity": "person"},
        )
        keys = self.keys({row[0] for row in rows})
        found: dict[str, list[Mapping[str, Any]]] = {}
        for row_id, link_id, sealed in rows:
            if row_id in keys:
                _, body = keys[row_id].open(
                    bytes(sealed),
                    entity=_TOLD.name,
                    field_path="sealed_told",
                    row_uid=f"{row_id}/{link_id}",
                )
                found.setdefault(row_id, []).append(msgspec.json.decode(body))
        return found

    def set_states(self, states: Mapping[str, State]) -> None:
        """Write survivor and merge state of people; the row's seal covers them."""
        batch = self._batch
        writes = Writes(batch.sync, batch.now, batch.subjects)
        for row in stored(batch, "person", list(states)).values():
            survivor_id, state = states[row.id]
            values = {n: v for n, v in row.values.items() if n != "survivor_id"}
            if survivor_id is not None:
                values["survivor_id"] = survivor_id
            values["merge_state"] = state
            if values != row.values:
                writes.update(
                    "person",
                    row.id,
                    values,
                    row.content,
                    row.row_version + 1,
                    subject=row.id,
                    provenance=row.provenance,
                )
        writes.flush(batch.tx, new_keys=False)


class Matching:
    """Identity in one transaction: what was placed, and what is to be settled."""

    def __init__(self, batch: Batch) -> None:
        self._batch = batch
        self._rows = Rows(batch)
        self._people = People(batch.tx, batch.sync.tenant, batch.sync.index, self._rows)
        self._placer = Placer(batch.tx, self._people, batch.sync.identity)
        self._outcomes: list[tuple[str, int | None]] = []

    def place(self, items: Sequence[PersonItem]) -> list[str | None]:
        """Return the person of each record not seen before; None where it is a new one.

        Most are new and share nothing with anybody; only the others are looked at closely.
        """
        take_turn(self._batch.tx, self._batch.sync.tenant)
        evidence = [self._evidence(item) for item in items]
        shared = {*self._placer.look_up(evidence), *_repeated_documents(evidence)}
        near = [i for i, some in enumerate(evidence) if not shared.isdisjoint(some)]
        found: list[tuple[str, int] | None] = [None] * len(items)
        for at, one in zip(near, self._look_closely([items[i] for i in near]), strict=True):
            found[at] = one
        self._outcomes += [one or (i.new_id, None) for i, one in zip(items, found, strict=True)]
        return [None if one is None else one[0] for one in found]

    def held(self, work_nos: Iterable[tuple[int, bytes] | None]) -> list[bytes]:
        """Return the work-number hashes that somebody may hold; placing has asked for most."""
        known, asked = self._placer.known, self._placer.asked
        entries = ((_WORK_NO, *made) for made in work_nos if made)
        return [entry[2] for entry in entries if entry in known or entry not in asked]

    def _evidence(self, item: PersonItem) -> list[Entry]:
        """Return the index entries of a record: of all that tells who it is, and of some more."""
        entry = self._batch.writes.entry
        found = [
            (_INDEX_OF[entity][0], *made)
            for entity, child in item.children
            if (made := entry(entity, _INDEX_OF[entity][1], child))
        ]
        made = entry("employee", "work_no", item.unit.values)
        if made:
            found.append((_WORK_NO, *made))
        return found

    def _look_closely(self, items: Sequence[PersonItem]) -> list[tuple[str, int] | None]:
        """Place records; those of this batch with one resident number are one person."""
        if not items:
            return []
        nodes = [node_of(item) for item in items]
        out: list[tuple[str, int] | None] = list(self._placer.place(nodes))
        first: dict[str, tuple[int, str | None]] = {}
        for place, node in enumerate(nodes):
            for number in node.residents:
                if out[place] is None and number in first:
                    other, person_id = first[number]
                    if attaches(node, nodes[other]):
                        out[place] = person_id or items[other].new_id, 1
                elif number not in first:
                    known = out[place]
                    first[number] = place, known[0] if known else None
        return out

    def settle(self) -> None:
        """Bring merges and questions in step with what this transaction has written."""
        batch, sync = self._batch, self._batch.sync
        act = Act(
            sync.tenant,
            f"sync:{sync.connection}/{sync.stream}",
            batch.now,
            sync.identity.version,
            sync.run_id,
        )
        done = settle(batch.tx, self._people, self._rows, sync.identity, act, self._seeds())
        counts: Counter[str] = Counter(linked=len(batch.changed))
        for person_id, attached in self._outcomes:
            tier = attached or done.tier_of.get(person_id)
            if tier:
                counts[f"tier{tier}"] += 1
            else:
                counts["review" if person_id in done.asked else "new"] += 1
        report.note(batch.tx, sync.tenant, sync.run_id, counts)
        if done.operations:
            audit.append(
                batch.tx,
                audit_linker(sync.keys),
                sync.tenant,
                at=batch.now,
                actor=act.actor,
                action="identity.settle",
                object_="person",
                run_id=sync.run_id,
                n=len(done.operations),
            )

    def _seeds(self) -> set[str]:
        """Return the people of whom something new is known that may join or part them.

        That is a value which somebody else has too, or something that has changed.
        """
        writes, tx = self._batch.writes, self._batch.tx
        times: Counter[Entry] = Counter(
            row[1:4] for row in writes.new_entries() if row[1] in _INDEXED
        )
        known, asked = self._placer.known, self._placer.asked
        unsure = {e for e, n in times.items() if n > 1 or e in known or e not in asked}
        seeds: set[str] = set()
        for holders in self._people.holders(unsure).values():
            if 1 < len(holders) <= self._batch.sync.identity.holders:
                seeds |= holders
        seeds.update(writes.evident_ids("person"), writes.contributed_ids("person"))
        for entity in ("person_contact", "person_identifier"):
            seeds |= self._owners(tx, entity, writes.retired_ids(entity))
        employees = set(writes.owners_of("employment", "employee_id"))
        employees -= set(writes.inserted_ids("employee"))
        return seeds | self._owners(tx, "employee", employees)

    @staticmethod
    def _owners(tx: Any, entity: str, row_ids: Collection[str]) -> set[str]:
        if not row_ids:
            return set()
        table = shape(entity).table
        return {p for (p,) in bulk.fetch_by(tx, table, "id", row_ids, select=("person_id",))}


def _repeated_documents(evidence: Sequence[Sequence[Entry]]) -> set[Entry]:
    """Return the document entries that several records have."""
    times = Counter(e for some in evidence for e in set(some) if e[0] == _DOCUMENT)
    return {entry for entry, n in times.items() if n > 1}


def node_of(item: PersonItem) -> Node:
    """Return what a record tells of who it is about."""
    parts: dict[str, set[Any]] = {name: set() for name in _EVIDENCE}
    values = item.unit.values
    take_person(parts, values)
    for entity, child in item.children:
        if entity == "person_contact":
            take_contact(parts, child["kind"], child["use"], child.get("value"))
        elif entity == "person_identifier":
            take_identifier(parts, child["kind"], child.get("number"))
    take_job(
        parts,
        values.get("employer_code"),
        values.get("work_no"),
        values.get("hire_date"),
        values.get("end_date"),
    )
    return make_node("", parts)


_EVIDENCE = (
    "names",
    "births",
    "genders",
    "residents",
    "papers",
    "mobiles",
    "work_mails",
    "own_mails",
    "jobs",
)


def matching_of(batch: Batch) -> Matching:
    """Return the identity of a transaction, made when it is first needed."""
    if batch.matching is None:
        batch.matching = Matching(batch)
    return batch.matching


def settle_people(batch: Batch) -> None:
    """Settle who is one person, where a transaction has placed or changed people."""
    if batch.matching is not None or batch.writes.touches("person", "employee", "employment"):
        matching_of(batch).settle()
