"""From canonical values to columns: sealed by class, indexed blindly. The hot path of writing.

What is the same for every row of an entity is worked out once per sync, not once per row.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from hrhub.crypto import DataKey, RowSealer, normaliser_for
from hrhub.store import schema

if TYPE_CHECKING:
    from hrhub.pipeline.batch import Sync
    from hrhub.pipeline.writes import Shape

Values = Mapping[str, Any]
Entries = list[tuple[Any, ...]]

_NOTHING: Values = {}


Index = Callable[[str], bytes | None]


class Packer:
    """Packs the rows of one entity of one tenant.

    Args:
        form: Its columns.
        sync: Whose tenant, keys and indexes are used.
    """

    def __init__(self, form: Shape, sync: Sync) -> None:
        self.form = form
        self._sync = sync
        self._sealer = RowSealer(sync.tenant, form.name)
        self._groups = schema.SEALED_PERSONAL in form.sealed, schema.SEALED_SENSITIVE in form.sealed
        self._own_subject = form.subject == "subject_id"
        self._indexes: dict[tuple[str, str | None], tuple[int, Index] | None] = {}

    def columns(
        self, row_id: str, values: Values, row_version: int, subject: str, key: DataKey
    ) -> list[Any]:
        """Return open columns, envelopes and row seal in table order."""
        form = self.form
        row: list[Any] = list(map(values.get, form.open))
        told = {n: v for n, v in zip(form.open, row, strict=True) if v is not None}
        has_personal, has_sensitive = self._groups
        personal, sensitive, seal = self._sealer.seal(
            key,
            row_id,
            row_version,
            told,
            {n: values[n] for n in form.personal if n in values} if has_personal else _NOTHING,
            {n: values[n] for n in form.sensitive if n in values} if has_sensitive else _NOTHING,
        )
        if self._own_subject:
            row.append(subject)
        if has_personal:
            row.append(personal)
        if has_sensitive:
            row.append(sensitive)
        row.append(seal)
        return row

    def entry(self, field: str, values: Values) -> bytes | None:
        """Return the blind-index entry of a field; None if its value has no comparable form."""
        value = values.get(field)
        if value is None:
            return None
        index = self._index(field, values.get("kind"))
        return index[1](value) if index else None

    def index(
        self, row_id: str, values: Values, entries: Entries, known: Mapping[Any, bytes]
    ) -> None:
        """Add the index entries of a row.

        Args:
            row_id: The row.
            values: Its values.
            entries: Where to add them.
            known: Entries that were needed before: (field, value) -> entry.
        """
        tenant = self._sync.tenant
        for field, number in self.form.index_ids:
            value = values.get(field)
            if value is None:
                continue
            index = self._index(field, values.get("kind"))
            if index is None:
                continue
            version, of = index
            entry = known.get((field, value)) or of(value)
            if entry is not None:
                entries.append((tenant, number, version, entry, row_id))

    def _index(self, field: str, kind: str | None) -> tuple[int, Index] | None:
        """Return version and function of a field's index; contacts and documents have kinds."""
        wanted = (field, kind)
        if wanted not in self._indexes:
            declared = dict(self.form.indexed)[field]
            normaliser = normaliser_for(declared, kind)
            found = None
            if normaliser:
                made = self._sync.index.eq(self.form.name, field, normaliser)
                found = made.version, made.of
            self._indexes[wanted] = found
        return self._indexes[wanted]
