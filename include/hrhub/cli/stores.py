"""Commands that care for store and keys: make them and look after them."""

from __future__ import annotations

from typing import Any

import typer

from hrhub.cli.keeping import backup, place_of, restore, verify
from hrhub.cli.out import Out
from hrhub.cli.spoken import spoken
from hrhub.errors import HrHubError


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("verify")(spoken(verify))
    store = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Care for the store.")
    store.command("create")(spoken(store_create))
    store.command("upgrade")(spoken(store_upgrade))
    store.command("status")(spoken(store_status))
    store.command("backup")(spoken(backup))
    store.command("restore")(spoken(restore))
    app.add_typer(store, name="store")
    keys = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Care for the keys.")
    keys.command("create")(spoken(keys_create))
    keys.command("status")(spoken(keys_status))
    app.add_typer(keys, name="keys")


def store_create(out: Out) -> None:
    """Make the store if it is not there; one that is there is left as it is.

    Example: hrhub store create
    """
    from hrhub.settings import Settings
    from hrhub.store.migrations.run import create

    settings = Settings.from_env()
    settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    version = create(settings.store_url)
    out.result({"store": place_of(settings.store_url), "version": version})
    out.line(f"the store at {place_of(settings.store_url)} is ready, version {version}")


def store_upgrade(out: Out) -> None:
    """Bring the store to the version that this program works with. Make a backup first.

    Example: hrhub store upgrade
    """
    from hrhub.settings import Settings
    from hrhub.store.migrations.run import upgrade

    settings = Settings.from_env()
    version = upgrade(settings.store_url)
    out.result({"store": place_of(settings.store_url), "version": version})
    out.line(f"the store has version {version}")


def store_status(out: Out) -> None:
    """Say where the store is, its version, and how many rows it holds.

    Example: hrhub store status
    """
    from sqlalchemy import func, select

    from hrhub.settings import Settings
    from hrhub.store.engine import open_store
    from hrhub.store.migrations import HEAD
    from hrhub.store.schema import ENTITY_TABLES, hub_quarantine

    settings = Settings.from_env()
    rows: dict[str, int] = {}
    with open_store(settings.store_url) as store, store.read() as tx:
        for name, table in ENTITY_TABLES.items():
            mine = select(func.count()).where(table.c.tenant == settings.tenant)
            rows[name] = int(tx.execute(mine).scalar_one())
        c = hub_quarantine.c
        waiting = select(func.count()).where(c.tenant == settings.tenant, c.state == "open")
        rows["in quarantine"] = int(tx.execute(waiting).scalar_one())
        kind = store.dialect
    place = place_of(settings.store_url)
    out.result(
        {
            "store": place,
            "database": kind,
            "version": HEAD,
            "tenant": settings.tenant,
            "landing": str(settings.landing),
            "rows": rows,
        }
    )
    out.line(f"{place} ({kind}), version {HEAD}, tenant {settings.tenant}")
    out.table(("Holds", "Rows"), list(rows.items()), right=("Rows",))


def keys_create(out: Out) -> None:
    """Make a key ring for a new installation; one that is there is never replaced.

    Keep a copy of the file in another place: without it nothing that is stored can be read.

    Example: hrhub keys create
    """
    from hrhub.crypto import FileKeyring
    from hrhub.settings import Settings

    settings = Settings.from_env()
    ring = FileKeyring.create(settings.keyring)
    out.result({"keyring": str(settings.keyring), "key": ring.current()})
    out.line(f"made {settings.keyring} ({ring.current()}); keep a copy of it in another place")


def keys_status(out: Out) -> None:
    """Say which key wraps now, and which keys the tenant has. No key is shown.

    Example: hrhub keys status
    """
    from hrhub.crypto import default_provider
    from hrhub.settings import Settings
    from hrhub.store.engine import open_store
    from hrhub.store.keys import StoredKeys

    settings = Settings.from_env()
    provider = default_provider(settings.keyring)
    current = provider.current()
    found: list[dict[str, Any]] = []
    problem: HrHubError | None = None
    try:
        with open_store(settings.store_url) as store:
            for key in StoredKeys(store).load_tenant_keys(settings.tenant):
                found.append(
                    {
                        "purpose": key.purpose,
                        "version": key.version,
                        "state": key.state,
                        "wrapped_by": key.kek_ref,
                        "profile": key.blob[0] if key.blob else None,
                    }
                )
    except HrHubError as error:
        problem = error
    out.result({"current": current, "tenant": settings.tenant, "keys": found})
    out.line(f"{current} wraps now")
    if found:
        out.table(
            ("Purpose", "Version", "State", "Wrapped by", "Profile"),
            [list(key.values()) for key in found],
        )
    if problem is not None:
        raise problem
