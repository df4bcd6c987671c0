"""From canonical values to columns: sealed by class, indexed blindly. The hot path of writing.

What is the same for every row of an entity is worked out once per sync, not once per row.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from hrhub.crypto import DataKey, RowSealer, normaliser_for
from hrhub.model import Privacy, custom

if TYPE_CHECKING:
    from hrhub.pipeline.batch import Sync
    from hrhub.pipeline.writes import Shape

Values = Mapping[str, Any]
Entries = list[tuple[Any, ...]]

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
        own = partial(sync.custom.keys, form.name)
        self._open_custom = own(Privacy.OPEN)
        self._personal = tuple(sorted((*form.personal, *own(Privacy.PERSONAL))))
        self._sensitive = tuple(sorted((*form.sensitive, *own(Privacy.SENSITIVE))))
        self._own_subject = form.subject == "subject_id"
        self._indexes: dict[tuple[str, str | None], tuple[int, Index] | None] = {}

    def open_columns(self, values: Values) -> list[Any]:
        """Return open columns in table order; open custom fields lie together in the last one."""
        row: list[Any] = list(map(values.get, self.form.open))
        if self._open_custom:
            row[-1] = custom.nested(values, self._open_custom)
        return row

    def columns(
        self, row_id: str, values: Values, row_version: int, subject: str, key: DataKey
    ) -> list[Any]:
        """Return open columns, envelopes and row seal in table order."""
        form = self.form
        row = self.open_columns(values)
        told = {n: v for n, v in zip(form.open, row, strict=True) if v is not None}
        personal, sensitive, seal = self._sealer.seal(
            key,
            row_id,
            row_version,
            told,
            {n: values[n] for n in self._personal if n in values},
            {n: values[n] for n in self._sensitive if n in values},
        )
        if self._own_subject:
            row.append(subject)
        row += (personal, sensitive, seal)
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
