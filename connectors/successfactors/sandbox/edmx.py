"""The EDMX document of the simulated tenant, shaped as on real tenants."""

from __future__ import annotations

from collections.abc import Container, Iterable
from xml.sax.saxutils import quoteattr

from connectors.successfactors.sandbox.edm import visible
from connectors.successfactors.sandbox.schema import TYPES

_FIXED = 'sap:creatable="false" sap:updatable="false" sap:upsertable="true"'


def edmx(names: Iterable[str], unfilterable: Container[str] = ()) -> bytes:
    """Write the metadata document of some entity sets and those their navigations lead to.

    ``unfilterable`` names sets whose time stamp of change cannot be used in a filter. Two
    schemas as on real tenants: the container alone in ``SFODataSet``, types in ``SFOData``.
    """
    wanted: list[str] = []
    queue = list(names)
    while queue:
        name = queue.pop(0)
        if name not in wanted:
            wanted.append(name)
            queue += [n.target for n in TYPES[name].navs]
    sets, links, bodies, associations = [], [], [], []
    for name in wanted:
        kind = TYPES[name]
        sets.append(
            f'<EntitySet Name="{name}" EntityType="SFOData.{name}"'
            f' sap:label={quoteattr(kind.label)} {_FIXED} sap:deletable="false"/>'
        )
        parts = "".join(f'<PropertyRef Name="{k}"/>' for k in kind.key)
        lines = [f"<Key>{parts}</Key>"]
        for prop in visible(kind):
            size = f' MaxLength="{prop.max_length}"' if prop.max_length else ""
            pick = f' sap:picklist="{prop.picklist}"' if prop.picklist else ""
            nullable = "false" if prop.name in kind.key else "true"
            closed = prop.name == "lastModifiedDateTime" and name in unfilterable
            filterable = "false" if closed else "true"
            lines.append(
                f'<Property Name="{prop.name}" Type="{prop.type}" Nullable="{nullable}"{size}'
                f' sap:required="{"true" if prop.name in kind.key else "false"}" {_FIXED}'
                f' sap:visible="true" sap:sortable="true" sap:filterable="{filterable}"'
                f' sap:label="{prop.name}"{pick}/>'
            )
        for nav in kind.navs:
            link = f"{nav.name}_of_{name}"
            ours, theirs = f"{name}_{nav.name}", f"{nav.target}_by_{nav.name}"
            lines.append(
                f'<NavigationProperty Name="{nav.name}" Relationship="SFOData.{link}"'
                f' FromRole="{ours}" ToRole="{theirs}" sap:required="false"'
                f' sap:visible="true" sap:label="{nav.name}"/>'
            )
            many = "*" if nav.many else "0..1"
            associations.append(
                f'<Association Name="{link}">'
                f'<End Type="SFOData.{name}" Multiplicity="1" Role="{ours}"/>'
                f'<End Type="SFOData.{nav.target}" Multiplicity="{many}" Role="{theirs}"/>'
                "</Association>"
            )
            links.append(
                f'<AssociationSet Name="{link}Set" Association="SFOData.{link}">'
                f'<End EntitySet="{name}" Role="{ours}"/>'
                f'<End EntitySet="{nav.target}" Role="{theirs}"/></AssociationSet>'
            )
        bodies.append(f'<EntityType Name="{name}">{"".join(lines)}</EntityType>')
    schema = 'xmlns="http://schemas.microsoft.com/ado/2008/09/edm"'
    return (
        '<?xml version="1.0" encoding="utf-8"?>'
        '<edmx:Edmx Version="1.0" xmlns:edmx="http://schemas.microsoft.com/ado/2007/06/edmx"'
        ' xmlns:sap="http://www.successfactors.com/edm/sap">'
        '<edmx:DataServices m:DataServiceVersion="2.0"'
        ' xmlns:m="http://schemas.microsoft.com/ado/2007/08/dataservices/metadata">'
        f'<Schema Namespace="SFODataSet" {schema}>'
        '<EntityContainer Name="EntityContainer" m:IsDefaultEntityContainer="true">'
        f"{''.join(sets)}{''.join(links)}</EntityContainer></Schema>"
        f'<Schema Namespace="SFOData" {schema}>{"".join(bodies)}{"".join(associations)}</Schema>'
        "</edmx:DataServices></edmx:Edmx>"
    ).encode()
