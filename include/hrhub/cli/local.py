"""Commands for a machine of one's own: the simulated vendors, and a local Airflow."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hrhub.cli.out import Out
from hrhub.cli.spoken import spoken

if TYPE_CHECKING:
    from hrhub.sandbox.host import Hosted

_State = Annotated[
    Path | None,
    typer.Option("--state", metavar="FILE", help="State file; else HRHUB_HOME/sandbox.json."),
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(
        no_args_is_help=True, rich_markup_mode=None, help="Simulated vendors on this machine."
    )
    group.command("start")(spoken(start))
    group.command("connections")(spoken(connections))
    group.command("truth")(spoken(truth))
    app.add_typer(group, name="sandbox")
    app.command("up")(spoken(up))


def start(
    out: Out,
    size: Annotated[int, typer.Option(min=40, help="People in the company.")] = 2000,
    seed: Annotated[int, typer.Option(help="Another number gives another company.")] = 1,
    edits: Annotated[int, typer.Option(min=0, help="Changes on top of it.")] = 0,
    port: Annotated[
        int, typer.Option(min=0, max=65_000, help="Port of the first vendor; 0: free ones.")
    ] = 0,
    state: _State = None,
    names: Annotated[
        str, typer.Option(metavar="A,B", help="Connectors to simulate; else all that can be.")
    ] = "",
    option: Annotated[
        list[str] | None,
        typer.Option(
            "--option",
            metavar="VENDOR.NAME=VALUE",
            help="Switch of a simulator, as its README lists them; repeatable.",
        ),
    ] = None,
) -> None:
    """Serve simulated vendors until Ctrl-C.

    They listen on the loopback interface. All of them serve one company of generated people.

    Example: hrhub sandbox start --size 500 --names zkteco,successfactors
    """
    from hrhub.sandbox.host import company_of, serve, simulated
    from hrhub.sandbox.world import build_world

    chosen = [name.strip() for name in names.split(",") if name.strip()] or simulated()
    options = _options(option or [])
    place = _state_file(state)
    with out.working(f"building a company of {size:,}"):
        world = company_of(build_world(size=size, seed=seed, edits=edits), chosen)

    def ready(hosted: Mapping[str, Hosted]) -> None:
        out.aside(f"serving {size:,} people; stop with Ctrl-C (state in {place})")
        for name, entry in hosted.items():
            out.aside(f"  {name}: {entry.address}")

    out.result({"state": str(place), "vendors": chosen, "size": size, "seed": seed})
    serve(chosen, world, base_port=port, state_file=place, ready=ready, options=options)


def connections(out: Out, state: _State = None) -> None:
    """Print connections to the sandbox for a shell.

    Their secrets are those of the sandbox and open nothing else.

    Example: eval "$(hrhub sandbox connections)"
    """
    from hrhub.airflow.connections import connection_json
    from hrhub.connector import registry
    from hrhub.sandbox.host import read_state

    found: dict[str, dict[str, Any]] = {}
    for name, entry in read_state(_state_file(state)).vendors.items():
        connector = registry.get(name)
        config = connector.config.model_validate(entry.connection)
        found[f"{name}_default"] = connection_json(connector, config)
    out.result({"connections": found})
    for conn, fields in found.items():
        value = shlex.quote(json.dumps(fields, ensure_ascii=False))
        out.line(f"export AIRFLOW_CONN_{conn.upper()}={value}")


def truth(out: Out, state: _State = None) -> None:
    """Say what full syncs of the sandbox must report.

    And how many rows the store must hold then.

    Example: hrhub sandbox truth
    """
    from hrhub.sandbox.host import read_state
    from hrhub.sandbox.truth import expected_store, expected_streams

    running = read_state(_state_file(state))
    world = running.company()
    store = expected_store(world, running.vendors)
    streams = [
        {"vendor": name, "stream": stream, "pulled": t.pulled, "rejected": t.rejected}
        for name, truths in expected_streams(world, running.vendors).items()
        for stream, t in truths.items()
    ]
    out.result({"streams": streams, "store": store})
    out.table(
        ("Vendor", "Stream", "Pulled", "Rejected"),
        [list(row.values()) for row in streams],
        right=("Pulled", "Rejected"),
    )
    out.table(("Store must hold", "Rows"), list(store.items()), right=("Rows",))


def up(
    out: Out,
    port: Annotated[
        int | None, typer.Option(help="Port of the pages; else the first free one from 8080.")
    ] = None,
) -> None:
    """Run a local Airflow with the hub's pages.

    It listens on 127.0.0.1 only and ends with Ctrl-C.

    Example: hrhub up --port 8080
    """
    from hrhub.airflow.runner import up as run
    from hrhub.settings import Settings

    out.result({"status": "stopped"})
    run(Settings.from_env().home, port=port, say=out.aside)


def _options(given: list[str]) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for text in given:
        path, equals, value = text.partition("=")
        vendor, dot, name = path.partition(".")
        if not (equals and dot and name):
            raise typer.BadParameter("say VENDOR.NAME=VALUE", param_hint="--option")
        found.setdefault(vendor, {})[name] = value
    return found


def _state_file(given: Path | None) -> Path:
    from hrhub.settings import Settings

    return (given or Settings.from_env().home / "sandbox.json").absolute()
