"""Errors, ordered by what the caller should do next.

::

    HrHubError
    ├── ConfigError            mend the set-up; never retried
    │   ├── AuthError          the vendor refused our credentials
    │   ├── ScopeError         the credentials lack a right
    │   ├── MappingError       a mapping file is wrong (file, line, column, suggestion)
    │   └── PluginError        a connector does not keep the contract, or is not allowed
    ├── ConsentError           ask the person; never retried
    ├── VendorError
    │   ├── Throttled          wait as told, then retry
    │   ├── Transient          back off, retry
    │   └── ContractChanged    the vendor's answer is not what was agreed: stop the stream
    ├── RowRejected            quarantine this record, go on
    ├── Refused                a safety guard: nothing was written
    ├── Busy                   another run holds this sync
    ├── Fenced                 a newer run took over: this one must stop
    ├── KeysUnavailable        no key, no work
    └── StorageError           the store cannot be used

Every error carries a code of the catalogue (``hrhub.messages``) and a context of ids, counts,
codes and field paths: never a personal value, never a third party's exception text.
"""

from __future__ import annotations

from enum import IntEnum
from typing import ClassVar, Self


class ExitStatus(IntEnum):
    """Exit status of every command and the outcome of every run."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    FENCED = 3
    BUSY = 4
    QUARANTINE = 5
    RETRYABLE = 6
    PERMANENT = 7
    KEYS_UNAVAILABLE = 8
    STORAGE = 9


class HrHubError(Exception):
    """Base of all errors that people or the retry policy see.

    Args:
        code: A key of the message catalogue, for example ``vendor.unreachable``.
        retry_after_s: Seconds the vendor asked us to wait, if it did.
        **context: Ids, counts, codes and field paths that the message is filled with.
    """

    status: ClassVar[ExitStatus] = ExitStatus.PERMANENT
    retryable: ClassVar[bool] = False
    default_code: ClassVar[str] = "internal.unexpected"

    def __init__(
        self, code: str | None = None, *, retry_after_s: float | None = None, **context: object
    ) -> None:
        self.code = code or self.default_code
        self.retry_after_s = retry_after_s
        self.context = context
        super().__init__(self.code)

    def about(self, **facts: object) -> Self:
        """Add what it is about, where the one who raised it could not know."""
        for name, value in facts.items():
            self.context.setdefault(name, value)
        return self

    def __str__(self) -> str:
        details = " ".join(f"{k}={v}" for k, v in self.context.items())
        return f"{self.code} {details}".rstrip()

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (type(self), self.code, self.retry_after_s, self.context)


def _rebuild(
    kind: type[HrHubError], code: str, retry_after_s: float | None, context: dict[str, object]
) -> HrHubError:
    return kind(code, retry_after_s=retry_after_s, **context)


class ConfigError(HrHubError):
    """The set-up is wrong; trying again changes nothing."""

    default_code = "config.invalid"


class AuthError(ConfigError):
    """The vendor refused our credentials."""

    default_code = "auth.refused"


class ScopeError(ConfigError):
    """The credentials are valid but lack a right."""

    default_code = "auth.missing_right"


class MappingError(ConfigError):
    """A mapping file is wrong; ``context['problems']`` lists where, as rendered lines."""

    default_code = "mapping.invalid"


class PluginError(ConfigError):
    """A connector breaks the contract or is not on the allow-list."""

    default_code = "plugin.invalid"


class ConsentError(HrHubError):
    """The person has not agreed to what was asked."""

    default_code = "consent.missing"


class VendorError(HrHubError):
    """The vendor's system answered badly or not at all."""

    default_code = "vendor.failed"


class Throttled(VendorError):
    """The vendor asked us to slow down."""

    status = ExitStatus.RETRYABLE
    retryable = True
    default_code = "vendor.throttled"


class Transient(VendorError):
    """The vendor is out of reach or failed for now."""

    status = ExitStatus.RETRYABLE
    retryable = True
    default_code = "vendor.unreachable"


class ContractChanged(VendorError):
    """The vendor's answer does not have the agreed form."""

    default_code = "vendor.contract_changed"


class RowRejected(HrHubError):
    """One record cannot be taken in; it goes to quarantine and the rest goes on.

    ``reason`` is one of :data:`REJECT_REASONS`; ``field_path`` names the vendor's field.
    """

    status = ExitStatus.QUARANTINE
    default_code = "record.rejected"

    def __init__(self, reason: str, field_path: str, rule: str, **context: object) -> None:
        super().__init__(f"record.{reason}", field_path=field_path, rule=rule)
        self.context.update(context)
        self.reason = reason
        self.field_path = field_path
        self.rule = rule

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.reason, self.field_path, self.rule)


REJECT_REASONS = (
    "parse",
    "encoding",
    "type",
    "required",
    "enum",
    "range",
    "date",
    "reference",
    "duplicate_key",
    "too_large",
    "nul_or_surrogate",
    "version_conflict",
    "mapping_error",
    "policy",
)
"""Why a record is in quarantine (closed list)."""


class Refused(HrHubError):
    """A safety guard stopped the act before anything was written."""

    default_code = "guard.refused"


class Busy(HrHubError):
    """Another run is working on the same sync."""

    status = ExitStatus.BUSY
    retryable = True
    default_code = "sync.busy"


class Fenced(HrHubError):
    """A newer run took this sync over; what this run had open was rolled back."""

    status = ExitStatus.FENCED
    default_code = "sync.fenced"


class KeysUnavailable(HrHubError):
    """No key can be had; nothing was written."""

    status = ExitStatus.KEYS_UNAVAILABLE
    retryable = True
    default_code = "keys.unavailable"


class StorageError(HrHubError):
    """The store cannot be used; nothing was written."""

    status = ExitStatus.STORAGE
    retryable = True
    default_code = "store.unavailable"
