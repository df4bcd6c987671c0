"""What a tenant's ``$metadata`` says about the sets that we read.

Keys, fields and navigations differ between tenants, so they are looked up
before every reading instead of being believed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hrhub.errors import ContractChanged

if TYPE_CHECKING:
    from lxml import etree


@dataclass(frozen=True, slots=True)
class EntityType:
    """One entity type of the tenant.

    Attributes:
        key: Names of the key fields.
        fields: Names of all fields.
        unfilterable: Fields that ``$filter`` refuses.
        navs: Navigation -> name of the type it leads to.
    """

    key: frozenset[str]
    fields: frozenset[str]
    unfilterable: frozenset[str]
    navs: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Metadata:
    """Entity types by name; sets and types carry the same name in SuccessFactors."""

    types: Mapping[str, EntityType] = field(default_factory=dict)

    def has(self, start: str, path: str) -> bool:
        """Tell whether a path leads to a field or a navigation.

        A path that leaves what the document covers is taken to be right.
        """
        kind = self.types.get(start)
        *steps, last = path.split("/")
        for step in steps:
            if kind is None:
                return True
            target = kind.navs.get(step)
            if target is None:
                return False
            kind = self.types.get(target)
        return kind is None or last in kind.fields or last in kind.navs

    def existing(self, start: str, paths: Iterable[str]) -> list[str]:
        """Return the paths that the tenant has, in order."""
        return [path for path in paths if self.has(start, path)]


def parse(body: bytes) -> Metadata:
    """Read an EDMX document; elements and annotations are matched by local name.

    The annotations' namespace differs between tenants.

    Raises:
        ContractChanged: It is not such a document.
    """
    # Loaded when a stream is read, not when the connector is declared (DAG parsing).
    from lxml import etree

    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True)
    try:
        root = etree.fromstring(body, parser)
    except etree.XMLSyntaxError:
        raise ContractChanged("successfactors.metadata_broken", bytes=len(body)) from None
    ends: dict[str, dict[str, str]] = {}
    for association in root.iter("{*}Association"):
        ends[association.get("Name", "")] = {
            end.get("Role", ""): _bare(end.get("Type", "")) for end in association.iter("{*}End")
        }
    types = {node.get("Name", ""): _type(node, ends) for node in root.iter("{*}EntityType")}
    if not types:
        raise ContractChanged("successfactors.metadata_broken", bytes=len(body))
    return Metadata(types)


def _type(node: etree._Element, ends: Mapping[str, Mapping[str, str]]) -> EntityType:
    fields = list(node.iterfind("{*}Property"))
    navs = {}
    for nav in node.iterfind("{*}NavigationProperty"):
        roles = ends.get(_bare(nav.get("Relationship", "")), {})
        navs[nav.get("Name", "")] = roles.get(nav.get("ToRole", ""), "")
    return EntityType(
        key=frozenset(ref.get("Name", "") for ref in node.iterfind("{*}Key/{*}PropertyRef")),
        fields=frozenset(prop.get("Name", "") for prop in fields),
        unfilterable=frozenset(
            prop.get("Name", "") for prop in fields if _annotation(prop, "filterable") == "false"
        ),
        navs=navs,
    )


def _bare(name: str) -> str:
    return name.rpartition(".")[2]


def _annotation(node: etree._Element, name: str) -> str | None:
    return next((str(v) for k, v in node.items() if str(k).rpartition("}")[2] == name), None)
