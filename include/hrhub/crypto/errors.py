"""Errors of sealing and keys; codes and counts only, never a value.

::

    HrHubError
    ├── EnvelopeError        a sealed value cannot be opened: one class, one message, no reason
    ├── UnsealableValue      a value has no canonical form (a lone surrogate, NaN, a naive time)
    ├── KeyCommitmentError   a data key is not the one its record commits to
    └── AuditBroken          the audit chain does not hold
"""

from __future__ import annotations

from collections import Counter

from hrhub.errors import HrHubError

refusals: Counter[str] = Counter()
"""Why envelopes were refused, by reason: for metrics only, callers are not told."""


class EnvelopeError(HrHubError):
    """A sealed value cannot be opened.

    Callers learn nothing about the reason, so that nobody can use the answer as an oracle.
    """

    default_code = "seal.unreadable"


class UnsealableValue(HrHubError):
    """A value cannot be brought into the form that is sealed."""

    default_code = "seal.unsealable"


class KeyCommitmentError(HrHubError):
    """A data key is not the one its record commits to; no other key is tried."""

    default_code = "keys.commitment"


class AuditBroken(HrHubError):
    """The audit chain was edited, cut or reordered."""

    default_code = "audit.broken"


def unreadable(reason: str) -> EnvelopeError:
    """Count the reason and return the one error that callers see."""
    refusals[reason] += 1
    return EnvelopeError()
