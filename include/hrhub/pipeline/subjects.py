"""The data keys of the people a batch touches: one key per person."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from typing import Any

from hrhub.crypto import DataKey, DataKeyCache, DekRecord, TenantKeys
from hrhub.crypto.caching import MAX_DATA_KEYS
from hrhub.errors import KeysUnavailable
from hrhub.store import keys as key_store

PURPOSE = "subject"


class Subjects:
    """Load and create data keys in bulk, and remember a bounded number of them.

    Keys made in a transaction are not remembered: one that was rolled back must never seal.
    """

    def __init__(self, keys: TenantKeys, cache: DataKeyCache) -> None:
        self._keys = keys
        self._cache = cache
        self._ids: OrderedDict[str, bytes] = OrderedDict()
        self._batch: dict[str, DataKey] = {}
        self._counted: list[tuple[DataKey, int]] = []
        self.created: list[DekRecord] = []

    def create(self, person_ids: Sequence[str]) -> None:
        """Make a key for each new person."""
        for record, key in self._keys.create_deks(PURPOSE, person_ids):
            self.created.append(record)
            self._batch[record.owner] = key

    def load(self, tx: Any, person_ids: Iterable[str]) -> None:
        """Have the keys of known people at hand, in one round trip."""
        missing: list[str] = []
        for person_id in set(person_ids).difference(self._batch):
            key_id = self._ids.get(person_id)
            key = self._cache.get(key_id) if key_id else None
            if key is None:
                missing.append(person_id)
            else:
                self._batch[person_id] = key
        if missing:
            for record in key_store.load_deks(tx, self._keys.tenant, missing, purpose=PURPOSE):
                self._batch[record.owner] = self._cache.load(record, self._keys)
                self._remember(record.owner, record.dek_id)

    def key(self, person_id: str) -> DataKey:
        """Return the key of a person loaded or created in this transaction.

        Raises:
            KeysUnavailable: The person has no key any more: erased, or never stored.
        """
        key = self._batch.get(person_id)
        if key is None:
            raise KeysUnavailable("keys.subject_missing", person=person_id)
        return key

    def write(self, tx: Any, *, new_keys: bool = True) -> None:
        """Write new keys, and how often keys have sealed; ``new_keys`` only once in a transaction.

        Call it after everything was sealed. What is sealed later counts with the next time.
        """
        counted = [(key, n) for key in self._batch.values() if (n := key.take_uses())]
        uses = {key.dek_id: n for key, n in counted}
        self._counted += counted
        if new_keys and self.created:
            key_store.insert_deks(tx, self.created, uses)
            for record in self.created:
                uses.pop(record.dek_id, None)
        key_store.add_uses(tx, uses)

    def end(self, *, committed: bool) -> None:
        """Forget the transaction's keys: new people come once, few of them soon again."""
        if not committed:
            for key, uses in self._counted:
                key.return_uses(uses)
        self._counted = []
        self._batch = {}
        self.created = []

    def _remember(self, person_id: str, key_id: bytes) -> None:
        self._ids[person_id] = key_id
        if len(self._ids) > MAX_DATA_KEYS:
            self._ids.popitem(last=False)
