"""The assets by which DAGs wait for the hub: one per stream, one per canonical entity."""

from __future__ import annotations

from airflow.sdk import Asset

_GROUP = "hrhub"


def stream_asset(conn_id: str, stream: str) -> Asset:
    """Return the asset that moves when a stream of a connection was loaded."""
    return Asset(name=f"{conn_id}.{stream}", uri=f"hrhub://stream/{conn_id}/{stream}", group=_GROUP)


def entity_asset(entity: str) -> Asset:
    """Return the asset that moves when any source brought records of a canonical entity."""
    return Asset(name=f"hub.{entity}", uri=f"hrhub://entity/{entity}", group=_GROUP)
