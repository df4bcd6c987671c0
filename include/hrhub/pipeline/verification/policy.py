"""Limits of the comparison, with a version, in code and in a policy file.

``verification.yaml`` beside the mappings may set them::

    version: "2026-11 acme"
    limits: {tolerance_months: 2}
    min_coverage: "0.6"
    aliases:
      - [云禾科技, 上海云禾信息技术有限公司]
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from decimal import Decimal, InvalidOperation
from pathlib import Path

from hrhub.mapping.policies import read_policy
from hrhub.mapping.shapes import ShapeReader
from hrhub.mapping.tree import Listing, Node, Scalar
from hrhub.pipeline.verification.employers import Aliases

POLICY_FILE = "verification.yaml"
RULESET = "1"
"""Version of the rules themselves; every change of what they find makes a new one."""

_LIMITS = ("tolerance_months", "gap_months", "overlap_months", "back_paid_months")
_SHARES = ("min_coverage", "min_base_share")


@dataclass(frozen=True, slots=True)
class VerificationPolicy:
    """What counts as a difference.

    Attributes:
        version: Of the tenant's file; written into every verification beside that of the rules.
        tolerance_months: How far beginnings and ends may differ: people start in mid-month.
        gap_months: Months in a row without a record that make a gap.
        overlap_months: Months in a row with two payers that are worth a word.
        back_paid_months: Months in a row paid later that are worth a word.
        min_coverage: Share of claimed months with a record below which nothing can be said.
        min_base_share: Share of the claimed pay below which a base is worth a word.
        aliases: Names that mean one employer.
    """

    version: str = ""
    tolerance_months: int = 1
    gap_months: int = 2
    overlap_months: int = 2
    back_paid_months: int = 2
    min_coverage: Decimal = Decimal("0.5")
    min_base_share: Decimal = Decimal("0.5")
    aliases: Aliases = field(default_factory=Aliases)

    @property
    def ruleset(self) -> str:
        """Version of the rules, and of the tenant's file if there is one."""
        return f"{RULESET}/{self.version}" if self.version else RULESET


def load_verification_policy(folder: Path) -> VerificationPolicy:
    """Read ``verification.yaml``; without the file the limits are those of the code.

    Raises:
        MappingError: The file is wrong; the problems name line and column.
    """
    return read_policy(folder / POLICY_FILE, _read, VerificationPolicy())


def _read(reader: ShapeReader, tree: Node) -> VerificationPolicy:
    known = ("version", "limits", "aliases", *_SHARES)
    root = reader.table(tree, "the policy", known, ("version",)).entries
    limits: dict[str, int] = {}
    if "limits" in root:
        for name, node in reader.table(root["limits"], "limits", _LIMITS).entries.items():
            value = node.value if isinstance(node, Scalar) else None
            least = 0 if name == "tolerance_months" else 1
            if name in _LIMITS and (type(value) is not int or value < least):
                reader.note(node, f"{name} must be a whole number from {least}")
            elif type(value) is int and name in _LIMITS:
                limits[name] = value
    shares = {name: _share(reader, root[name], name) for name in _SHARES if name in root}
    return replace(
        VerificationPolicy(),
        version=reader.text(root["version"], "the version"),
        aliases=Aliases(_groups(reader, root["aliases"]) if "aliases" in root else ()),
        **limits,  # type: ignore[arg-type]
        **shares,  # type: ignore[arg-type]
    )


def _share(reader: ShapeReader, node: Node, name: str) -> Decimal:
    try:
        value = Decimal(reader.text(node, name))
    except InvalidOperation:
        value = Decimal(-1)
    if not 0 <= value <= 1:
        raise reader.fail(node, f"{name} must be a number from 0 to 1")
    return value


def _groups(reader: ShapeReader, node: Node) -> list[tuple[str, ...]]:
    if not isinstance(node, Listing):
        raise reader.fail(node, "aliases must be a list of lists of names")
    groups = [reader.texts(item, "names of one employer") for item in node.items]
    for item, group in zip(node.items, groups, strict=True):
        if len(group) < 2:
            reader.note(item, "names of one employer: at least two")
    return groups
