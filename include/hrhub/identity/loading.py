"""Read what is known of people, and who else holds a value: in bulk, opened, never per person.

A blind index only proposes: the rows it leads to are opened and their values compared. The index is
16 bytes wide, so chance does not bring two values together; but an entry may be stale or of another
kind, and the kinds decide (a work address is evidence, the same address as a private one is not).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from hrhub.crypto import BlindIndexer, DataKey, open_group
from hrhub.crypto.normalise import NORMALISERS, normaliser_for
from hrhub.identity.names import comparable
from hrhub.identity.nodes import Job, Node
from hrhub.identity.ports import Desk
from hrhub.store import bulk, schema

Entry = tuple[int, int, bytes]
"""Number and version of a blind index, and an entry of it."""

_INDEX = schema.hub_blind_index
_DOCUMENT = schema.INDEX_IDS["person_identifier", "number"]
_CONTACT = schema.INDEX_IDS["person_contact", "value"]
_WORK_NO = schema.INDEX_IDS["employee", "work_no"]
_OWNED = {_DOCUMENT: "person_identifier", _CONTACT: "person_contact", _WORK_NO: "employee"}
_PERSONAL, _SENSITIVE = schema.SEALED_PERSONAL, schema.SEALED_SENSITIVE


class People:
    """Reads people of one tenant within one transaction.

    Args:
        tx: The transaction.
        tenant: Whose people.
        index: Makes index entries.
        desk: Gives keys, and what several sources told.
    """

    def __init__(self, tx: Any, tenant: str, index: BlindIndexer, desk: Desk) -> None:
        self._tx = tx
        self._tenant = tenant
        self._index = index
        self._desk = desk

    def holders(self, entries: Collection[Entry]) -> dict[Entry, set[str]]:
        """Return the people on index entries; entries that nobody has are left out."""
        by_index: dict[tuple[int, int], list[bytes]] = defaultdict(list)
        for number, version, bi in entries:
            by_index[number, version].append(bi)
        found: list[tuple[Entry, str]] = []
        owners: dict[str, str] = {}
        for (number, version), hashes in by_index.items():
            rows = bulk.fetch_by(
                self._tx,
                _INDEX,
                "bi",
                hashes,
                select=("bi", "row_uid"),
                where={"tenant": self._tenant, "index_id": number, "version": version},
            )
            found += [((number, version, bytes(bi)), row_id) for bi, row_id in rows]
            ids = [row_id for _, row_id in rows]
            owners.update(self._fetch(_OWNED[number], "id", ids, ("id", "person_id")))
        out: dict[Entry, set[str]] = defaultdict(set)
        for entry, row_id in found:
            if row_id in owners:
                out[entry].add(owners[row_id])
        return dict(out)

    def entries(self, node: Node) -> Iterator[tuple[Entry, object]]:
        """Yield the index entries of a node's evidence, each with its value."""
        eq = self._index.eq
        for number in node.residents | node.claimed:
            yield from _entry(_DOCUMENT, eq("person_identifier", "number", "cn_id"), number, number)
        for kind, number in node.papers:
            rule = normaliser_for("cn_id", kind) or "document"
            index = eq("person_identifier", "number", rule)
            yield from _entry(_DOCUMENT, index, number, (kind, number))
        for number in {job.work_no for job in node.jobs}:
            yield from _entry(_WORK_NO, eq("employee", "work_no", "code"), number, number)
        phone, mail = (eq("person_contact", "value", n) for n in ("phone", "email"))
        for number in node.mobiles:
            yield from _entry(_CONTACT, phone, f"+{number}", number)
        for address in node.work_mails | node.own_mails:
            yield from _entry(_CONTACT, mail, address, address)

    def nodes(self, person_ids: Collection[str]) -> dict[str, Node]:
        """Return what is known of people; those who were erased are left out."""
        keys = self._desk.keys(person_ids)
        parts: dict[str, dict[str, set[Any]]] = {
            person_id: defaultdict(set) for person_id in person_ids if person_id in keys
        }
        told = self._desk.told(person_ids)
        rows = self._fetch("person", "id", parts, ("id", _PERSONAL))
        for person_id, sealed in rows:
            values = self._open(keys, "person", _PERSONAL, person_id, person_id, sealed)
            for one in (values, *told.get(person_id, ())):
                take_person(parts[person_id], one)
        self._contacts(parts, keys)
        self._identifiers(parts, keys)
        self._jobs(parts, keys)
        return {person_id: make_node(person_id, parts[person_id]) for person_id, *_ in rows}

    def _contacts(
        self, parts: Mapping[str, dict[str, set[Any]]], keys: Mapping[str, DataKey]
    ) -> None:
        columns = ("person_id", "id", "kind", "use", _PERSONAL)
        for person_id, row_id, kind, use, sealed in self._living("person_contact", parts, columns):
            values = self._open(keys, "person_contact", _PERSONAL, row_id, person_id, sealed)
            take_contact(parts[person_id], kind, use, values.get("value"))

    def _identifiers(
        self, parts: Mapping[str, dict[str, set[Any]]], keys: Mapping[str, DataKey]
    ) -> None:
        columns = ("person_id", "id", "kind", _SENSITIVE)
        for person_id, row_id, kind, sealed in self._living("person_identifier", parts, columns):
            values = self._open(keys, "person_identifier", _SENSITIVE, row_id, person_id, sealed)
            take_identifier(parts[person_id], kind, values.get("number"))

    def _jobs(self, parts: Mapping[str, dict[str, set[Any]]], keys: Mapping[str, DataKey]) -> None:
        roles = self._living("employee", parts, ("person_id", "id", _PERSONAL))
        owner = {row_id: person_id for person_id, row_id, _ in roles}
        number: dict[str, Any] = {}
        for person_id, row_id, sealed in roles:
            values = self._open(keys, "employee", _PERSONAL, row_id, person_id, sealed)
            number[row_id] = values.get("work_no")
        spells = self._fetch(
            "employment",
            "employee_id",
            owner,
            ("employee_id", "employer_code", "hire_date", "end_date"),
            {"removed_at": None},
        )
        for employee_id, employer, hired, ended in spells:
            take_job(parts[owner[employee_id]], employer, number[employee_id], hired, ended)

    def _living(self, entity: str, parts: Iterable[str], columns: tuple[str, ...]) -> list[Any]:
        return self._fetch(entity, "person_id", parts, columns, {"removed_at": None})

    def _fetch(
        self,
        entity: str,
        by: str,
        values: Iterable[Any],
        columns: tuple[str, ...],
        where: Mapping[str, object] | None = None,
    ) -> list[Any]:
        table = schema.ENTITY_TABLES[entity]
        return bulk.fetch_by(self._tx, table, by, list(values), select=columns, where=where)

    def _open(
        self,
        keys: Mapping[str, DataKey],
        entity: str,
        group: str,
        row_id: str,
        person_id: str,
        sealed: bytes | None,
    ) -> dict[str, Any]:
        if sealed is None:
            return {}
        return open_group(keys[person_id], self._tenant, entity, group, row_id, bytes(sealed))


def _entry(index_id: int, index: Any, value: str, key: object) -> Iterator[tuple[Entry, object]]:
    bi = index(value)
    if bi is not None:
        yield (index_id, index.version, bi), key


def make_node(node_id: str, parts: Mapping[str, set[Any]]) -> Node:
    """Return the node of gathered evidence, its resident numbers judged."""
    return Node(node_id, **{name: frozenset(values) for name, values in parts.items()}).settled()


def take_person(parts: dict[str, set[Any]], values: Mapping[str, Any]) -> None:
    """Take what a person's row, or a source, tells of name, birth and gender."""
    name, birth, gender = (values.get(n) for n in ("display_name", "birth_date", "gender"))
    if name and (known := comparable(name)):
        parts["names"].add(known)
    if birth:
        parts["births"].add(str(birth))
    if gender:
        parts["genders"].add(gender)


def take_contact(parts: dict[str, set[Any]], kind: str, use: str, value: str | None) -> None:
    """Take a contact; those of relatives and addresses are no evidence."""
    if not value or use == "emergency" or kind not in ("mobile", "email"):
        return
    known = NORMALISERS["phone" if kind == "mobile" else "email"].of(value)
    if known is None:
        return
    if kind == "mobile":
        parts["mobiles"].add(known)
    else:
        parts["work_mails" if use == "work" else "own_mails"].add(known)


def take_identifier(parts: dict[str, set[Any]], kind: str, number: str | None) -> None:
    """Take an identity document; a resident number of 15 digits counts as its 18 (GB 11643)."""
    rule = normaliser_for("cn_id", kind)
    known = NORMALISERS[rule].of(number) if rule and number else None
    if known is None:
        return
    if kind == "cn_resident_id":
        parts["residents"].add(known)
    elif len(set(known)) > 1:
        parts["papers"].add((kind, known))


def take_job(
    parts: dict[str, set[Any]], employer: str | None, work_no: str | None, hired: Any, ended: Any
) -> None:
    """Take a spell under a work number."""
    known = NORMALISERS["code"].of(work_no) if work_no else None
    if known is not None and hired is not None:
        parts["jobs"].add(Job(employer or None, known, hired, ended))
