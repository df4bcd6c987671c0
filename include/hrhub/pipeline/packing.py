"""From canonical values to columns: sealed by class, indexed blindly. The hot path of writing.

What is the same for every row of an entity is worked out once per sync, not once per row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from msgspec import UNSET

from hrhub.crypto import CanonicalFields, DataKey, RowSealer, normaliser_for
from hrhub.model import Privacy, custom

if TYPE_CHECKING:
    from hrhub.pipeline.batch import Sync
    from hrhub.pipeline.writes import Shape

Values = Mapping[str, Any]
Row = tuple[Any, ...]
_NOTHING: Values = {}
KeyOf = Callable[[str], DataKey]
"""Person -> the data key that seals their rows."""

Provenance = dict[str, str] | None
"""Field -> link behind its value, where it is not the row's own link."""


class NewRow(NamedTuple):
    """A row to insert.

    Attributes:
        id: Its id.
        values: What its source tells, by field; may hold fields of other entities.
        own: Open columns that ``values`` do not hold: references, resolved, and what no source
            tells.
        content: Keyed hash of what it says.
        subject: The person whose key seals it; None where nothing is sealed.
        link_id: The record behind it.
        provenance: Links behind values that ``link_id`` does not tell; None for one source.
        extra: Columns of ``Shape.extra``.
    """

    id: str
    values: Values
    own: Values
    content: bytes
    subject: str | None
    link_id: str | None
    provenance: Provenance
    extra: Row

    def __repr__(self) -> str:
        return f"NewRow({self.id})"


class ChangedRow(NamedTuple):
    """A row to replace; ``values`` holds all of them, old ones and references included."""

    id: str
    values: Values
    content: bytes
    row_version: int
    subject: str | None
    provenance: Provenance

    def __repr__(self) -> str:
        return f"ChangedRow({self.id})"


class Packer:
    """Packs the rows of one entity in one transaction.

    Args:
        form: Its columns.
        sync: Whose tenant, keys and indexes are used.
        key_of: Gives the keys of people.
        now: The transaction's time.
    """

    def __init__(self, form: Shape, sync: Sync, key_of: KeyOf, now: datetime) -> None:
        self.form = form
        self._sync = sync
        self._key_of = key_of
        self._now = now
        self._place = {name: at for at, name in enumerate(form.open)}
        custom_keys = partial(sync.custom.keys, form.name)
        self._custom_at = self._place[custom.COLUMN]
        self._custom = custom_keys(Privacy.OPEN)
        self._sealer = RowSealer(sync.tenant, form.name)
        self._open = CanonicalFields(form.open, absent=None)
        self._personal = CanonicalFields(
            (*form.personal, *custom_keys(Privacy.PERSONAL)), absent=UNSET
        )
        self._sensitive = CanonicalFields(
            (*form.sensitive, *custom_keys(Privacy.SENSITIVE)), absent=UNSET
        )
        self._by_kind = "kind" in form.open
        self._indexes: dict[tuple[str, str | None], tuple[int, Index] | None] = {}
        self._entries: dict[tuple[str, str | None, str], Entry | None] = {}
        self.index_rows: list[Row] = []
        """What the rows packed so far add to ``hub_blind_index``."""

    def inserts(self, rows: Iterable[NewRow]) -> Iterator[Row]:
        """Yield new rows in the order of ``Shape.insert``."""
        tenant, now, has_provenance = self._sync.tenant, self._now, bool(self.form.told)
        columns = self._sealed if self.form.sealed else self._plain
        for row_id, values, own, content, subject, link_id, provenance, extra in rows:
            packed = columns(row_id, values, own, 1, subject)
            if has_provenance:
                packed.append(provenance)
            yield (row_id, tenant, link_id, *packed, content, 1, now, now, *extra)
            if self.form.indexed:
                self._index(row_id, values)

    def updates(self, rows: Iterable[ChangedRow]) -> Iterator[Row]:
        """Yield changed rows, the id first, then in the order of ``Shape.update``."""
        now, has_provenance = self._now, bool(self.form.told)
        columns = self._sealed if self.form.sealed else self._plain
        for row_id, values, content, row_version, subject, provenance in rows:
            packed = columns(row_id, values, _NOTHING, row_version, subject)
            if has_provenance:
                packed.append(provenance)
            yield (row_id, *packed, content, row_version, now)
            if self.form.indexed:
                self._index(row_id, values)

    def _plain(self, _: str, values: Values, own: Values, *__: object) -> list[Any]:
        """Return the open columns; open custom fields lie together in one of them."""
        row: list[Any] = list(map(values.get, self.form.open))
        for name, value in own.items():
            row[self._place[name]] = value
        if self._custom:
            row[self._custom_at] = custom.nested(values, self._custom)
        return row

    def _sealed(
        self, row_id: str, values: Values, own: Values, row_version: int, subject: str | None
    ) -> list[Any]:
        """Return open columns, envelopes and row seal."""
        form, get = self.form, values.get
        assert subject is not None, f"{form.name} rows are sealed and need their subject"
        row = self._plain(row_id, values, own)
        personal, sensitive = self._personal, self._sensitive
        first, second, seal = self._sealer.seal(
            self._key_of(subject),
            row_id,
            row_version,
            self._open.json(row),
            personal.json([*map(get, personal.names, personal.absent)]),
            sensitive.json([*map(get, sensitive.names, sensitive.absent)]),
        )
        if form.subject == "subject_id":
            row.append(subject)
        row += (first, second, seal)
        return row

    def _index(self, row_id: str, values: Values) -> None:
        for field, number in self.form.index_ids:
            found = self.entry(field, values)
            if found:
                version, entry = found
                self.index_rows.append((self._sync.tenant, number, version, entry, row_id))

    def entry(self, field: str, values: Values) -> Entry | None:
        """Return version and entry of a field's blind index; None without a comparable form.

        It is remembered: identity asks first, the row is packed later.
        """
        value = values.get(field)
        if value is None:
            return None
        kind = values.get("kind") if self._by_kind else None
        wanted = field, kind, value
        entries = self._entries
        if wanted not in entries:
            index = self._index_of(field, kind)
            entry = index[1](value) if index else None
            entries[wanted] = (index[0], entry) if index and entry is not None else None
        return entries[wanted]

    def _index_of(self, field: str, kind: str | None) -> tuple[int, Index] | None:
        """Return version and function of a field's index; contacts and documents have kinds."""
        wanted = field, kind
        if wanted not in self._indexes:
            declared = dict(self.form.indexed)[field]
            normaliser = normaliser_for(declared, kind)
            found = None
            if normaliser:
                made = self._sync.index.eq(self.form.name, field, normaliser)
                found = made.version, made.of
            self._indexes[wanted] = found
        return self._indexes[wanted]


Index = Callable[[str], bytes | None]
Entry = tuple[int, bytes]
"""Version of a blind index, and an entry of it."""
