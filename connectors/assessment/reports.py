"""Reports in neutral words: one record per instrument, because each has a norm group of its own.

Nothing is computed from a score: kinds are never turned into each other, a score that is missing
stays null and is never 0, and what no norm stands behind is kept as raw.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

import msgspec

from connectors.assessment.dialect import ReportNames, ScaleNames, at
from connectors.assessment.dialects import DIALECTS
from hrhub.errors import ContractChanged, RowRejected

_UNNORMED = frozenset({"raw", "ratio"})
_FLAGS = {
    "ok": "valid",
    "suspect": "suspect",
    "invalid": "invalid",
    "VALID": "valid",
    "CAUTION": "suspect",
    "INVALID": "invalid",
}
_WORSE = ("valid", "suspect", "invalid")
_VALIDITY = "validity"
"""Code above all validity scales that a report holds."""

_K = "+K"
"""Behind the code of a score that was corrected by the K scale: the two are different scores."""


class _Envelope(msgspec.Struct):
    data: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET


class _Instruments(msgspec.Struct):
    instruments: list[msgspec.Raw] | None = None


class _Part(msgspec.Struct):
    part: int
    said: dict[str, Any]


class Reports:
    """Reports, in an envelope's ``data`` or bare, cut into their instruments."""

    def __init__(self) -> None:
        self._part = msgspec.json.Decoder(_Part, float_hook=Decimal)

    def split(self, body: bytes) -> Sequence[bytes | memoryview]:
        """Cut a report into one record per instrument.

        Raises:
            ContractChanged: It is no report.
        """
        try:
            inner = msgspec.json.decode(body, type=_Envelope).data
            said = body if inner is msgspec.UNSET else bytes(inner)
            listed = msgspec.json.decode(said, type=_Instruments).instruments
        except msgspec.ValidationError:
            raise ContractChanged("vendor.records_missing", path="data") from None
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise ContractChanged("vendor.page_broken", bytes=len(body)) from None
        if listed is not None and not listed:
            raise ContractChanged("vendor.records_missing", path="instruments")
        parts = range(len(listed or (said,)))
        return [b'{"part":%d,"said":%b}' % (part, said) for part in parts]

    def decode(self, raw: bytes | memoryview, meta: Mapping[str, str | int]) -> dict[str, Any]:
        """Return one instrument's record: order, norm group, validity, overall, scales.

        Raises:
            RowRejected: It cannot be read, or of several instruments it is not told which one a
                scale belongs to.
        """
        try:
            given = self._part.decode(raw)
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise RowRejected("parse", "", "json") from None
        dialect = DIALECTS[str(meta.get("dialect"))]
        names, said = dialect.report, given.said
        listed = at(said, names.instruments) if names.instruments else None
        of = listed[given.part] if isinstance(listed, list) else said
        code = at(of, names.code)
        several = isinstance(listed, list) and len(listed) > 1
        overall = at(said, "overall")
        norm = [at(of, f"{names.norm}.{n}") for n in (names.norm_code, "name")]
        scales = [
            *_scales(said, names.scales, names.scale, "", code if several else None),
            *_scales(said, names.validity, names.valid, _VALIDITY, code if several else None),
        ]
        return {
            "order": meta.get("order"),
            "instrument": code,
            "revision": at(said, names.revision),
            "version": at(of, names.version),
            "norm": " ".join(str(n) for n in norm if n) or None,
            "takenAt": at(said, names.taken_at),
            "attempt": at(said, "attempt"),
            # An overall score of a package of several is no instrument's.
            "overall": None if several else _overall(overall, names),
            "validity": _flag(said, names, dialect.doubtful.get(str(meta.get("state")))),
            "scales": scales,
        }

    def group_key(self, raw: bytes | memoryview) -> str:
        """Return nothing: a report is no series."""
        return ""


def _overall(overall: Any, names: ReportNames) -> dict[str, Any] | None:
    if not isinstance(overall, Mapping):
        return None
    level = overall.get(names.level)
    return {**overall, "level": level or overall.get("recommendation")}


def _scales(
    said: Any, path: str, names: ScaleNames, above: str, instrument: str | None
) -> Iterator[dict[str, Any]]:
    """Yield the scales of a list, of one instrument if that is told."""
    listed = at(said, path)
    for place, scale in enumerate(listed if isinstance(listed, list) else (), start=1):
        if not isinstance(scale, Mapping):
            raise RowRejected("parse", path, "assessment.scale")
        if instrument is not None:
            if not scale.get("instrument"):
                raise RowRejected("required", f"{path}.instrument", "assessment.scale")
            if scale["instrument"] != instrument:
                continue
        score, kind = scale.get(names.score), scale.get(names.kind)
        raw = scale.get(names.raw) if names.raw else None
        if str(kind).lower() in _UNNORMED:
            raw, score, kind = (score if raw is None else raw), None, None
        corrected = _K if scale.get("k_corrected") is True else ""
        yield {
            "code": f"{scale.get(names.code)}{corrected}" if scale.get(names.code) else None,
            "name": scale.get(names.name),
            "parent": (scale.get(names.parent) if names.parent else None) or above or None,
            "seq": scale.get(names.seq) if names.seq else place,
            "raw": raw,
            "score": score,
            "kind": kind,
            "percentile": scale.get(names.percentile) if names.percentile else None,
            "level": scale.get(names.level) if names.level else None,
            "text": scale.get(names.text) if names.text else None,
        }


def _flag(said: Any, names: ReportNames, state: str | None) -> Any:
    """Return the worst that is said of validity; None where nothing is.

    A word that is not known is returned as it is: the mapping refuses it.
    """
    if "." in names.flags:
        words = [at(said, names.flags)]
    else:
        listed = at(said, names.validity)
        words = [at(one, names.flags) for one in (listed if isinstance(listed, list) else ())]
    found = [_FLAGS.get(str(word), word) for word in words if word]
    if unknown := [word for word in found if word not in _WORSE]:
        return unknown[0]
    if names.doubts and at(said, names.doubts):
        found.append("suspect")
    found += [state] if state else []
    return max(found, key=_WORSE.index, default=None)
