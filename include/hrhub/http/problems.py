"""What an answer means: fine, or which error of ours it is.

The vendor's own codes come first, because vendors report anything under any status; the HTTP
status decides only where they say nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from hrhub.errors import (
    AuthError,
    ConfigError,
    ContractChanged,
    HrHubError,
    ScopeError,
    Throttled,
    Transient,
)
from hrhub.http.answer import Answer
from hrhub.http.lookup import find_text
from hrhub.http.retry import RETRIED_STATUSES, retry_after_s

CodeFinder = Callable[[Answer], str | None]
"""Find the vendor's error code in an answer; None when it reports no error."""

CORRELATION_HEADERS = ("correlationid", "x-correlation-id", "x-request-id", "x-tt-logid")
_SAFE_CODE = re.compile(r"[\w.:/-]{1,64}", re.ASCII)


class Meaning(Protocol):
    """What one vendor code means: the class that decides what happens next, and our code."""

    @property
    def error(self) -> type[HrHubError]:
        """Error class."""
        ...

    @property
    def code(self) -> str:
        """Catalogue code."""
        ...


@dataclass(frozen=True, slots=True)
class JsonCode:
    """Find an error code in JSON bodies.

    Attributes:
        path: Dotted path to the code, for example ``errcode`` or ``error.code``.
        ok: Values that mean no error.
        in_success: Whether answers with a good status are looked at too (vendors that always
            answer 200).
    """

    path: str
    ok: tuple[str, ...] = ("0",)
    in_success: bool = False

    def __call__(self, answer: Answer) -> str | None:
        """Return the code, or None."""
        if answer.status < 400 and not self.in_success:
            return None
        code = find_text(answer.body, self.path)
        return None if code is None or code in self.ok else code


@dataclass(frozen=True, slots=True)
class Reader:
    """Judge answers of one connection.

    Attributes:
        meanings: Vendor code -> what it means.
        code_of: Finds the vendor code.
        labels: Context of every error: vendor and connection.
    """

    meanings: Mapping[str, Meaning]
    code_of: CodeFinder | None
    labels: Mapping[str, str]

    def problem(self, answer: Answer, ok: Collection[int], now: datetime) -> HrHubError | None:
        """Return the error an answer stands for, or None if it is fine.

        A code found in a good answer (status below 300) is an error even if the table does not
        know it. ``ok`` lists further statuses that the caller handles itself.
        """
        code = self.code_of(answer) if self.code_of else None
        if answer.status in ok and (answer.status >= 300 or code is None):
            return None
        context = self._context(answer, code)
        wait = retry_after_s(answer.headers.get("retry-after"), now)
        known = self.meanings.get(code) if code else None
        if known is not None:
            retry = wait if known.error.retryable else None
            return known.error(known.code, retry_after_s=retry, **context)
        if answer.status < 300 and code is None:
            return None
        return _by_status(answer.status, wait, context)

    def _context(self, answer: Answer, code: str | None) -> dict[str, Any]:
        context: dict[str, Any] = {**self.labels, "status": answer.status}
        for name, value in (("vendor_code", code), ("correlation", _correlation(answer))):
            if value and _SAFE_CODE.fullmatch(value):
                context[name] = value
        return context


def _correlation(answer: Answer) -> str | None:
    return next((v for name in CORRELATION_HEADERS if (v := answer.headers.get(name))), None)


def proxy_problem(status: int, context: Mapping[str, Any]) -> HrHubError:
    """Return the error for a status that the proxy on the way gave, not the vendor."""
    if status in RETRIED_STATUSES:
        return Transient("proxy.failed", **{**context, "status": status})
    return ConfigError("proxy.refused", **{**context, "status": status})


def _by_status(status: int, wait: float | None, context: dict[str, Any]) -> HrHubError:
    kind: type[HrHubError]
    if status == 407:
        # RFC 9110 §15.5.8: only a proxy asks for this.
        return proxy_problem(status, context)
    if status == 429:
        kind, code = Throttled, "vendor.throttled"
    elif status == 401:
        kind, code = AuthError, "auth.refused"
    elif status == 403:
        kind, code = ScopeError, "auth.missing_right"
    elif status == 408:
        kind, code = Transient, "vendor.timeout"
    elif status in RETRIED_STATUSES or status > 505:
        kind, code = Transient, "vendor.server_error"
    else:
        kind, code = ContractChanged, "vendor.refused_request"
    return kind(code, retry_after_s=wait if kind.retryable else None, **context)
