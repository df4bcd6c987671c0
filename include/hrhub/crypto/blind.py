"""Blind indexes: find equal values without storing or opening them.

``kf = HKDF(BIK, none, "HIHB1" || lp(tenant, entity, index_name, mode, version), 32)`` and
``bi = HMAC(kf, "HIHB1" || lp(normalised…))[0:L]``. Equal values are visible as equal, and whoever
holds the BIK can enumerate national ids; only processes that match or search load it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from hrhub.crypto.framing import lp
from hrhub.crypto.keys import TenantKeys
from hrhub.crypto.normalise import Normaliser, normaliser
from hrhub.errors import ConfigError

EQ_BYTES = 16
_BIK_STEP = 256


@dataclass(frozen=True, slots=True)
class BlindIndex:
    """One index of one field, callable with a value.

    ``version`` is stored next to each entry: it changes with the normaliser and with the BIK
    (256 per BIK version), so that old and new entries can stand side by side.
    """

    entity: str
    index_name: str
    mode: str
    version: int
    of: Callable[[str], bytes | None]

    def __call__(self, value: str) -> bytes | None:
        """Return the entry for a value, or None if the value has no comparable form."""
        return self.of(value)


@dataclass(frozen=True, slots=True)
class CompoundIndex:
    """One index over several fields, callable with their values in order."""

    entity: str
    index_name: str
    version: int
    of: Callable[[Sequence[str]], bytes | None]

    def __call__(self, values: Sequence[str]) -> bytes | None:
        """Return the entry for the values, or None if one of them has no comparable form."""
        return self.of(values)


class BlindIndexer:
    """Makes index entries of one tenant.

    Args:
        keys: The tenant's keys.
        bik_version: Version of the BIK; None is the newest. Both are used while it rotates.
    """

    def __init__(self, keys: TenantKeys, bik_version: int | None = None) -> None:
        self._tenant = keys.tenant
        self._bik = keys.key("bik", bik_version)
        self._made: dict[tuple[object, ...], BlindIndex] = {}

    def eq(self, entity: str, index_name: str, normaliser_name: str) -> BlindIndex:
        """Return the equality index of a field: 16 bytes per value.

        For identifiers that nearly nobody shares. Candidates are opened and compared before use.

        Raises:
            ConfigError: There is no such normaliser (``index.normaliser``).
        """
        wanted = ("eq", entity, index_name, normaliser_name)
        found = self._made.get(wanted)
        if found is None:
            rule = normaliser(normaliser_name)
            version = self._version(rule)
            mac = self._mac(entity, index_name, "eq", version)
            found = BlindIndex(entity, index_name, "eq", version, _single(rule, mac))
            self._made[wanted] = found
        return found

    def bucket(self, entity: str, index_name: str, normaliser_name: str, bits: int) -> BlindIndex:
        """Return an index that many values share on purpose: the leading bits, zero-filled.

        With R rows choose ``2 <= R / 2**bits <= sqrt(R)``; false positives are opened and dropped.

        Raises:
            ConfigError: There is no such normaliser, or ``bits`` is not 1 to 128 (``index.bits``).
        """
        if not 1 <= bits <= 8 * EQ_BYTES:
            raise ConfigError("index.bits", bits=bits)
        wanted = ("bucket", entity, index_name, normaliser_name, bits)
        found = self._made.get(wanted)
        if found is None:
            rule = normaliser(normaliser_name)
            version = self._version(rule)
            mac = self._mac(entity, index_name, "bucket", version)
            of = _leading(_single(rule, mac), bits)
            found = BlindIndex(entity, index_name, "bucket", version, of)
            self._made[wanted] = found
        return found

    def compound(
        self, entity: str, index_name: str, normaliser_names: Sequence[str]
    ) -> CompoundIndex:
        """Return an equality index over several values, one normaliser each.

        Raises:
            ConfigError: There is no such normaliser (``index.normaliser``).
        """
        rules = [normaliser(name) for name in normaliser_names]
        version = (self._bik.version - 1) * _BIK_STEP + sum(r.version - 1 for r in rules) + 1
        mac = self._mac(entity, index_name, "eq", version)

        def of(values: Sequence[str]) -> bytes | None:
            parts = [rule.of(value) for rule, value in zip(rules, values, strict=True)]
            known = [part for part in parts if part is not None]
            return mac(lp(*known))[:EQ_BYTES] if len(known) == len(parts) else None

        return CompoundIndex(entity, index_name, version, of)

    def _version(self, rule: Normaliser) -> int:
        return (self._bik.version - 1) * _BIK_STEP + rule.version

    def _mac(
        self, entity: str, index_name: str, mode: str, version: int
    ) -> Callable[[bytes], bytes]:
        info = b"HIHB1" + lp(self._tenant, entity, index_name, mode, str(version))
        return self._bik.suite.keyed(self._bik.suite.hkdf(self._bik.key, info), b"HIHB1")


def _single(rule: Normaliser, mac: Callable[[bytes], bytes]) -> Callable[[str], bytes | None]:
    normalised = rule.of

    def of(value: str) -> bytes | None:
        text = normalised(value)
        if text is None:
            return None
        data = text.encode()
        # A value too long for framing is no identifier.
        if len(data) > 0xFFFF:
            return None
        return mac(len(data).to_bytes(2, "big") + data)[:EQ_BYTES]

    return of


def _leading(of: Callable[[str], bytes | None], bits: int) -> Callable[[str], bytes | None]:
    size = (bits + 7) // 8
    mask = (0xFF << (8 * size - bits)) & 0xFF

    def bucket(value: str) -> bytes | None:
        full = of(value)
        return None if full is None else full[: size - 1] + bytes((full[size - 1] & mask,))

    return bucket
