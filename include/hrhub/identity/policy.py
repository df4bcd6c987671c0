"""What counts as evidence: stop lists and limits, with a version, in code and in a policy file.

``identity.yaml`` beside the mappings may add to the lists and set the limits::

    version: "2026-11 acme"
    role_mailboxes: [reception, sales]
    placeholder_mobiles: ["13000000000"]
    limits: {quiet_days: 60}
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path

from hrhub.mapping.policies import read_policy
from hrhub.mapping.shapes import ShapeReader
from hrhub.mapping.tree import Node, Scalar

POLICY_FILE = "identity.yaml"

_ROLES = (
    "admin administrator career careers contact demo enquiry example group hello help hr hrbp hrd "
    "info job jobs mail mailbox no-reply none noreply null office post postmaster recruit "
    "recruiter recruiting recruitment service support talent team test unknown user zhaopin"
)
_NOBODY = frozenset({"n.a", "na"})
"""Stand for "no address" as a whole; ``na.li`` is somebody whose given name is Na."""
_PLACEHOLDERS = "13800138000 13888888888 13000000000 13900000000 18888888888 12345678901"
_LIMITS = ("quiet_days", "names_per_mobile", "stop_after", "holders")
_RUN = 8
"""Equal or counted-up digits at a number's end that no exchange hands out by chance."""


@dataclass(frozen=True, slots=True)
class IdentityPolicy:
    """The rules' numbers and lists.

    Attributes:
        version: Written into every merge and review, so that a decision can be read later.
        role_mailboxes: Local parts of mailboxes that belong to a role, not to a person.
        placeholder_mobiles: Digits that stand for "no number".
        quiet_days: How long after the end of a spell its work number still means the same person.
        names_per_mobile: Names that may share a mobile before it proves nothing (a couple: 2).
        stop_after: Names on a value from which it is a desk's or an agency's.
        holders: Records on a value from which it is not looked into any further.
    """

    version: str = "1"
    role_mailboxes: frozenset[str] = frozenset(_ROLES.split())
    placeholder_mobiles: frozenset[str] = frozenset(_PLACEHOLDERS.split())
    quiet_days: int = 90
    names_per_mobile: int = 2
    stop_after: int = 5
    holders: int = 40

    def speaks_of_mobile(self, digits: str) -> bool:
        """Tell whether a number (E.164 digits) can be somebody's own."""
        national = digits.removeprefix("86")
        return national not in self.placeholder_mobiles and not _is_filler(national)

    def speaks_of_mail(self, address: str) -> bool:
        """Tell whether an address can be somebody's own."""
        local = address.partition("@")[0]
        return local not in _NOBODY and re.split(r"[.+_]", local)[0] not in self.role_mailboxes

    def speaks_of_code(self, number: str) -> bool:
        """Tell whether a work or document number can be somebody's own."""
        return len(set(number)) > 1 or (len(number) < 3 and number.strip("0-") != "")


def _is_filler(digits: str) -> bool:
    """Tell whether a number ends in equal digits, or in digits counted up or down."""
    tail = digits[-_RUN:]
    if len(tail) < _RUN:
        return len(set(digits)) < 2
    return len(set(tail)) == 1 or tail in "01234567890123456789" or tail in "98765432109876543210"


def load_identity_policy(folder: Path) -> IdentityPolicy:
    """Read ``identity.yaml``; without the file the rules are those of the code.

    Raises:
        MappingError: The file is wrong; the problems name line and column.
    """
    return read_policy(folder / POLICY_FILE, _read, IdentityPolicy())


def _read(reader: ShapeReader, tree: Node) -> IdentityPolicy:
    base = IdentityPolicy()
    known = ("version", "role_mailboxes", "placeholder_mobiles", "limits")
    root = reader.table(tree, "the policy", known).entries
    limits: dict[str, int] = {}
    if "limits" in root:
        for name, node in reader.table(root["limits"], "limits", _LIMITS).entries.items():
            if name not in _LIMITS:
                continue  # the reader has noted it
            value = node.value if isinstance(node, Scalar) else None
            if type(value) is not int or value < 1:
                reader.note(node, f"{name} must be a whole number from 1")
                continue
            limits[name] = value
    mails = _texts(reader, root, "role_mailboxes")
    mobiles = _texts(reader, root, "placeholder_mobiles")
    version = reader.text(root["version"], "the version") if "version" in root else base.version
    return replace(
        base,
        version=version,
        role_mailboxes=base.role_mailboxes | {m.casefold() for m in mails},
        placeholder_mobiles=base.placeholder_mobiles | mobiles,
        **limits,
    )


def _texts(reader: ShapeReader, root: dict[str, Node], name: str) -> frozenset[str]:
    return frozenset(reader.texts(root[name], name)) if name in root else frozenset()
