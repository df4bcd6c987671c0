"""Reading the canonical store: who, where, when, since when believed, and who told it.

Everything a reader returns by itself is free of personal values. Those come out of
:meth:`Reader.reveal`, :meth:`Reader.reveal_rows` and :meth:`Reader.export` only, each of which
writes down who asked, for whom and why, before anything is opened.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy import Connection, select

from hrhub.ambient import Clock, SystemClock
from hrhub.crypto import DataKeyCache, TenantKeys, audit_linker
from hrhub.errors import ConfigError
from hrhub.model import ENTITIES, CustomFields, Field, Privacy
from hrhub.model.masking import masked
from hrhub.reading import dossier, history, persons, provenance
from hrhub.reading.finding import FIND, By, Finder, refuse_if_too_many
from hrhub.reading.opening import ALL_CLASSES, Opened, Opener
from hrhub.reading.rows import (
    Assignment,
    Employment,
    Event,
    OrgUnit,
    Origin,
    Person,
    PersonValues,
    Position,
    Punch,
)
from hrhub.reading.timeline import timeline
from hrhub.store import audit, bulk, custom_fields
from hrhub.store.engine import Store
from hrhub.store.schema import ENTITY_TABLES

REASONS = (
    "subject_request",
    "hr_case",
    "recruiting",
    "payroll",
    "legal_duty",
    "incident",
    "data_quality",
)
"""Why somebody may see personal values (closed list)."""
MOST_REVEALED = 1_000
"""People, or rows, that one reveal opens; more is an export and should be one."""

_EMPLOYMENT = (
    "id",
    "link_id",
    "employee_id",
    "employer_code",
    "hire_date",
    "original_hire_date",
    "seniority_date",
    "end_date",
    "last_working_date",
    "contract_type",
    "contract_start",
    "contract_end",
    "probation_end",
    "ext",
)
_PUNCH = (
    "id",
    "employee_id",
    "punched_at",
    "local_offset_min",
    "device_id",
    "verify_method",
    "received_at",
    "clock_skew_s",
)


class Opens(Protocol):
    """What a reader needs of a hub."""

    @property
    def store(self) -> Store:
        """The open store."""

    @property
    def keys(self) -> TenantKeys:
        """The tenant's keys."""

    @property
    def clock(self) -> Clock:
        """Tells the time."""

    @property
    def data_keys(self) -> DataKeyCache:
        """Unwrapped data keys."""


class Reader:
    """Reads one tenant's people, their history, and where it comes from.

    Args:
        store: The open store.
        keys: The tenant's keys.
        clock: Tells the time.
        data_keys: Unwrapped data keys to share with others.
    """

    def __init__(
        self,
        store: Store,
        keys: TenantKeys,
        *,
        clock: Clock | None = None,
        data_keys: DataKeyCache | None = None,
    ) -> None:
        self._store = store
        self._keys = keys
        self._clock = clock or SystemClock()
        cache = DataKeyCache(clock=self._clock) if data_keys is None else data_keys
        self._opener = Opener(keys, cache)
        self._finder = Finder(keys, cache)
        self._link = audit_linker(keys)
        self._tenant = keys.tenant

    @classmethod
    def of(cls, hub: Opens) -> Reader:
        """Return the reader of a hub that is open."""
        return cls(hub.store, hub.keys, clock=hub.clock, data_keys=hub.data_keys)

    def org_units(
        self,
        as_of: date | None = None,
        known_at: datetime | None = None,
        *,
        codes: Sequence[str] | None = None,
    ) -> list[OrgUnit]:
        """Return the units that held on a day, as believed at a time.

        Args:
            as_of: The day; None returns all slices, the whole history.
            known_at: The time; None is now. What was recorded later is not in the answer.
            codes: Only those with these codes.
        """
        with self._store.read() as tx:
            return history.org_units(tx, self._tenant, as_of, known_at, codes)

    def positions(
        self,
        as_of: date | None = None,
        known_at: datetime | None = None,
        *,
        codes: Sequence[str] | None = None,
    ) -> list[Position]:
        """Return the positions that held on a day, as believed at a time; as :meth:`org_units`."""
        with self._store.read() as tx:
            return history.positions(tx, self._tenant, as_of, known_at, codes)

    def assignments(
        self,
        employee_ids: Sequence[str] | None = None,
        *,
        department: str | None = None,
        as_of: date | None = None,
        known_at: datetime | None = None,
    ) -> list[Assignment]:
        """Return who did what on a day, as believed at a time.

        Args:
            employee_ids: Only theirs; None is everybody's.
            department: Only those in the unit with this code or below it; of these the day is
                today unless ``as_of`` names another.
            as_of: The day; None returns all slices, the whole history.
            known_at: The time; None is now.
        """
        wanted = None if employee_ids is None else set(employee_ids)
        if department is not None:
            found = self.department(department, as_of, known_at)
            return [a for a in found if wanted is None or a.employee_id in wanted]
        with self._store.read() as tx:
            spells = None if wanted is None else self._spells(tx, wanted)
            return history.assignments(tx, self._tenant, spells, as_of, known_at)

    def department(
        self,
        code: str,
        as_of: date | None = None,
        known_at: datetime | None = None,
        *,
        deep: bool = True,
    ) -> list[Assignment]:
        """Return who works in a unit, and with ``deep`` in all units under it; one statement.

        Args:
            code: The unit's code.
            as_of: The day; None is today (UTC).
            known_at: The time; None is now.
            deep: Go down the tree. Units that lead to each other in a circle end it.
        """
        day = as_of or self._clock.now().date()
        with self._store.read() as tx:
            return history.department(tx, self._tenant, code, day, known_at, deep=deep)

    def person(self, person_id: str) -> Person:
        """Return a person; an id that was merged away leads to the person it is read as.

        Raises:
            ConfigError: There is nobody of that id (``person.unknown``).
        """
        found = self.people([person_id])
        if not found:
            raise ConfigError("person.unknown", person=person_id[:36])
        return found[0]

    def people(self, person_ids: Collection[str]) -> list[Person]:
        """Return people, each once; ids that are nobody's are left out."""
        ids = [i for i in dict.fromkeys(person_ids) if _is_id(i)]
        with self._store.read() as tx:
            return self._people(tx, ids)

    def employments(self, person_id: str) -> list[Employment]:
        """Return a person's spells of employment, first one first.

        Raises:
            ConfigError: There is nobody of that id (``person.unknown``).
        """
        person = self.person(person_id)
        with self._store.read() as tx:
            return self._employments(tx, person)

    def history(
        self, person_id: str, *, as_of: date | None = None, known_at: datetime | None = None
    ) -> list[Assignment]:
        """Return a person's assignments over all spells; as :meth:`assignments`.

        Raises:
            ConfigError: There is nobody of that id (``person.unknown``).
        """
        ids = self.person(person_id).employee_ids
        return self.assignments(ids, as_of=as_of, known_at=known_at)

    def timeline(self, person_id: str) -> list[Event]:
        """Return what happened to a person at work, by day, with who told it.

        Raises:
            ConfigError: There is nobody of that id (``person.unknown``).
        """
        person = self.person(person_id)
        with self._store.read() as tx:
            employments = self._employments(tx, person)
            ids = [e.id for e in employments]
            rows = self._opener.rows(tx, "employment", "id", ids, removed=True)
            spells = {r.columns["id"]: provenance.told_of("employment", r.columns) for r in rows}
            slices = history.assignments(tx, self._tenant, ids, None, None)
            return timeline(tx, employments, spells, slices)

    def punches(self, employee_id: str, start: datetime, end: datetime) -> list[Punch]:
        """Return an employee's stamps from one moment on and before another, in order."""
        c = ENTITY_TABLES["attendance_punch"].c
        query = (
            select(*(c[n] for n in _PUNCH))
            .where(c.employee_id == employee_id, c.punched_at >= start, c.punched_at < end)
            .where(c.tenant == self._tenant, c.removed_at.is_(None))
            .order_by(c.punched_at, c.id)
        )
        with self._store.read() as tx:
            return [Punch(**row._mapping) for row in tx.execute(query)]

    def provenance(self, entity: str, row_id: str) -> Mapping[str, Origin]:
        """Return where the value of each field of a row comes from.

        Raises:
            ConfigError: There is no such row (``row.unknown``).
        """
        with self._store.read() as tx:
            told = None
            if entity in ENTITIES and _is_id(row_id):
                told = provenance.fetch(tx, self._tenant, entity, row_id)
            if told is None:
                raise ConfigError("row.unknown", entity=entity[:40], row=row_id[:36])
            return provenance.origins(tx, [told])[0]

    def find(self, by: By | str, value: str, *, actor: str) -> list[Person]:
        """Return the people who have a value; searching is written down and limited.

        Args:
            by: What the value is: one of :class:`~hrhub.reading.By`.
            value: The value, as people write it.
            actor: Who searches.

        Raises:
            ConfigError: The value is not one of its kind (``person.value_malformed``).
            Refused: Too many look-ups of this actor lately (``person.lookups_exceeded``).
        """
        kind = By(by)
        self._finder.entries(kind, value)  # a wrong value is no look-up
        with self._store.write() as tx:
            now = self._clock.now()
            refuse_if_too_many(tx, self._tenant, actor, now)
            found = self._finder.find(tx, kind, value)
            self._note(tx, FIND, actor, sorted(found), kind=kind.value)
            return self._people(tx, sorted(found))

    def masked(self, person_ids: Collection[str]) -> list[PersonValues]:
        """Return people's values as whoever may not read them may see them."""
        with self._store.read() as tx:
            found = self._values(tx, self._people(tx, list(person_ids)), ALL_CLASSES)
            own = custom_fields.known(tx, self._tenant)
        return [_masked(values, own) for values in found]

    def reveal(
        self,
        person_ids: Collection[str],
        *,
        reason: str,
        actor: str,
        classes: Collection[Privacy] = ALL_CLASSES,
    ) -> list[PersonValues]:
        """Return people's values in clear, after noting who sees whose, and why.

        Args:
            person_ids: Whose; at most :data:`MOST_REVEALED`.
            reason: One of :data:`REASONS`.
            actor: Who sees them.
            classes: Of which privacy classes.

        Raises:
            ConfigError: The reason is not of the list (``person.reason``), or too many people are
                asked for (``person.too_many``).
            KeysUnavailable: A key is not in the store.
        """
        _check(reason, person_ids)
        with self._store.write() as tx:
            own = custom_fields.known(tx, self._tenant)
            fields = sorted(
                f"{entity}.{f.name}"
                for entity in ("person", "person_identifier", "person_contact", "employee")
                for f in (*ENTITIES[entity].fields, *own.of(entity).values())
                if f.privacy in classes
            )
            people = self._people(tx, list(person_ids))
            ids = [p.id for p in people]
            self._note(tx, "person.reveal", actor, ids, reason=reason, fields=fields)
        with self._store.read() as tx:
            return self._values(tx, people, classes)

    def reveal_rows(
        self, entity: str, row_ids: Collection[str], *, reason: str, actor: str
    ) -> Mapping[str, Mapping[str, Any]]:
        """Return the values of rows of any entity in clear, by row id; as :meth:`reveal`.

        Raises:
            ConfigError: As :meth:`reveal`; or there is no such entity (``row.unknown``).
            KeysUnavailable: A key is not in the store.
        """
        _check(reason, row_ids)
        if entity not in ENTITIES:
            raise ConfigError("row.unknown", entity=entity[:40], row="-")
        ids = [i for i in row_ids if _is_id(i)]
        with self._store.write() as tx:
            own = custom_fields.known(tx, self._tenant).of(entity)
            fields = sorted(
                f.name
                for f in (*ENTITIES[entity].fields, *own.values())
                if f.privacy is not Privacy.OPEN
            )
            self._note(tx, "row.reveal", actor, ids, object_=entity, reason=reason, fields=fields)
        with self._store.read() as tx:
            rows = self._opener.rows(tx, entity, "id", ids)
        return {row.columns["id"]: row.values for row in rows}

    def export(self, person_id: str, *, reason: str, actor: str) -> dict[str, Any]:
        """Return everything that is held about a person, with its sources, as JSON values.

        Raises:
            ConfigError: There is nobody of that id, or the reason is not of the list.
        """
        _check(reason, [person_id])
        person = self.person(person_id)
        now = self._clock.now()
        with self._store.write() as tx:
            self._note(tx, "person.export", actor, [person.id], reason=reason)
        members = [person.id, *(m for m in person.members if m != person.id)]
        with self._store.read() as tx:
            return dossier.collect(tx, self._opener, self._tenant, members, now)

    def _note(
        self,
        tx: Connection,
        act: str,
        actor: str,
        ids: Sequence[str],
        *,
        object_: str = "person",
        reason: str | None = None,
        fields: Sequence[str] | None = None,
        kind: str | None = None,
    ) -> None:
        audit.append(
            tx,
            self._link,
            self._tenant,
            at=self._clock.now(),
            actor=actor,
            action=act,
            object_=object_,
            n=len(ids),
            rows=list(ids),
            reason=reason,
            fields=fields,
            kind=kind,
        )

    def _people(self, tx: Connection, ids: Sequence[str]) -> list[Person]:
        """Return people in the order of the ids, each once; one round trip per thousand ids."""
        asked = list(dict.fromkeys(ids))
        found: dict[str, Person] = {}
        for start in range(0, len(asked), persons.MOST_AT_ONCE):
            found |= persons.fetch(tx, self._tenant, asked[start : start + persons.MOST_AT_ONCE])
        return list({p.id: p for i in asked if (p := found.get(i))}.values())

    def _spells(self, tx: Connection, employee_ids: Collection[str]) -> list[str]:
        table = ENTITY_TABLES["employment"]
        where = {"tenant": self._tenant}
        rows = bulk.fetch_by(tx, table, "employee_id", employee_ids, ("id",), where)
        return [row_id for (row_id,) in rows]

    def _employments(self, tx: Connection, person: Person) -> list[Employment]:
        where = {"tenant": self._tenant, "removed_at": None}
        ids = person.employee_ids
        status: dict[str, str | None] = dict(
            bulk.fetch_by(tx, ENTITY_TABLES["employee"], "id", ids, ("id", "status"), where)
        )
        rows = bulk.fetch_by(
            tx, ENTITY_TABLES["employment"], "employee_id", ids, _EMPLOYMENT, where
        )
        found = []
        for row in rows:
            values = dict(zip(_EMPLOYMENT, row, strict=True))
            role = status.get(values["employee_id"])
            found.append(Employment(person_id=person.id, status=role, **values))
        return sorted(found, key=lambda e: (e.hire_date, e.id))

    def _values(
        self, tx: Connection, people: Sequence[Person], classes: Collection[Privacy]
    ) -> list[PersonValues]:
        """Open what is known of people; of merged ones the survivor's own value comes first."""
        members = [m for p in people for m in p.members]
        rows = {
            entity: _grouped(self._opener.rows(tx, entity, by, members, classes), by)
            for entity, by in (
                ("person", "id"),
                ("person_identifier", "person_id"),
                ("person_contact", "person_id"),
                ("employee", "person_id"),
            )
        }

        def of(person: Person, entity: str) -> list[Mapping[str, Any]]:
            own = [r for m in person.members for r in rows[entity].get(m, ())]
            return [{"id": r.columns["id"], **r.values} for r in own if not r.erased]

        found = []
        for person in people:
            fields: dict[str, Any] = {}
            order = [person.id, *(m for m in person.members if m != person.id)]
            for row in (r for m in order for r in rows["person"].get(m, ())):
                for name, value in row.values.items():
                    field = ENTITIES["person"].by_name.get(name)
                    if field is None or field.privacy is not Privacy.OPEN:
                        fields.setdefault(name, value)
            found.append(
                PersonValues(
                    person_id=person.id,
                    erased=person.erased,
                    fields=fields,
                    identifiers=of(person, "person_identifier"),
                    contacts=of(person, "person_contact"),
                    employees=of(person, "employee"),
                )
            )
        return found


def _grouped(rows: Sequence[Opened], by: str) -> dict[str, list[Opened]]:
    found: dict[str, list[Opened]] = {}
    for row in rows:
        found.setdefault(row.columns[by], []).append(row)
    return found


def _masked(values: PersonValues, own: CustomFields) -> PersonValues:
    def each(entity: str) -> Callable[[Mapping[str, Any]], dict[str, Any]]:
        fields = {**ENTITIES[entity].by_name, **own.of(entity)}

        def shown(name: str, value: Any) -> Any:
            if name == "id":
                return value
            field = fields.get(name) or Field(name=name)  # nobody classified it: sensitive
            return value if field.privacy is Privacy.OPEN else masked(field, value)

        return lambda row: {n: shown(n, v) for n, v in row.items()}

    return replace(
        values,
        fields=each("person")(values.fields),
        identifiers=list(map(each("person_identifier"), values.identifiers)),
        contacts=list(map(each("person_contact"), values.contacts)),
        employees=list(map(each("employee"), values.employees)),
    )


def _check(reason: str, ids: Collection[str]) -> None:
    if reason not in REASONS:
        raise ConfigError("person.reason", known=", ".join(REASONS))
    if len(ids) > MOST_REVEALED:
        raise ConfigError("person.too_many", n=len(ids), most=MOST_REVEALED)


def _is_id(text: str) -> bool:
    """Tell whether a text can be an id; PostgreSQL refuses to compare any other."""
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False
