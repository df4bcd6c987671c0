"""Commands about mappings: test them, explain them, print their schema."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hrhub.cli.out import Out
from hrhub.cli.spoken import spoken
from hrhub.errors import ConfigError, ExitStatus, MappingError

if TYPE_CHECKING:
    from hrhub.mapping import CaseResult


_NO_MAPPINGS = ("custom_fields.yaml", "identity.yaml", "survivorship.yaml")
"""Files beside the connectors' directories that are no mappings."""


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Work on mappings.")
    group.command("test")(spoken(test))
    group.command("explain")(spoken(explain))
    group.command("schema")(spoken(schema))
    app.add_typer(group, name="map")


def test(
    out: Out,
    what: Annotated[
        str,
        typer.Argument(
            metavar="PATH|CONNECTION|CONNECTOR",
            help="A file or directory, or whose mappings; all when empty.",
        ),
    ] = "",
) -> ExitStatus:
    """Check mappings and run the golden cases they carry.

    Wrong lines are listed as file:line:column with a suggestion (exit status 7); a case that
    comes out otherwise is shown line by line (exit status 1).

    Example: hrhub map test mappings/zkteco/punches.yaml
    """
    from hrhub.mapping import load_mapping

    rows: list[dict[str, Any]] = []
    problems: list[str] = []
    paths = _files(what)
    for path in paths:
        try:
            mapping = load_mapping(path)
        except MappingError as error:
            problems += error.context["problems"]  # type: ignore[arg-type]
            rows.append({"path": str(path), "status": "wrong", "cases": 0, "failed": []})
            continue
        results = _run(mapping)
        failed = [_failed(path, result) for result in results if not result.passed]
        status = "failed" if failed else "ok" if results else "no cases"
        rows.append({"path": str(path), "status": status, "cases": len(results), "failed": failed})
    out.result({"mappings": rows})
    out.table(
        ("Mapping", "Status", "Cases", "Failed"),
        [(r["path"], r["status"], r["cases"], len(r["failed"])) for r in rows],
        right=("Cases", "Failed"),
    )
    for row in rows:
        for case in row["failed"]:
            out.line(f"{case['at']}: {case['name']}", style="bold")
            for diff in case["diffs"]:
                out.line(f"  {diff}")
    if problems:
        raise MappingError("mapping.invalid", path=what or "mappings", problems=problems)
    return ExitStatus.FAILED if any(row["failed"] for row in rows) else ExitStatus.DONE


def explain(
    out: Out,
    path: Annotated[Path, typer.Argument(metavar="PATH", help="A mapping file.")],
    code: Annotated[bool, typer.Option("--code", help="Show the generated function.")] = False,
    unmapped: Annotated[
        bool, typer.Option("--unmapped", help="List the fields that get no value too.")
    ] = False,
) -> None:
    """Tell what a mapping does, field by field: source, treatment, class, place.

    Example: hrhub map explain mappings/zkteco/punches.yaml
    """
    from hrhub.ambient import SystemClock
    from hrhub.mapping import compile_mapping, load_mapping
    from hrhub.mapping import explain as stories_of

    mapping = load_mapping(path)
    stories = stories_of(mapping, unmapped=unmapped)
    source = compile_mapping(mapping, today=SystemClock().now().date()).source if code else None
    fields = [
        {
            "field": s.field,
            "source": s.source,
            "how": list(s.how),
            "class": s.privacy.value,
            "stored": s.stored,
            "required": s.required,
            "line": s.line,
        }
        for s in stories
    ]
    document = {
        "stream": mapping.stream,
        "to": mapping.feed.name,
        "version": mapping.version,
        "fields": fields,
    }
    out.result(document | ({"code": source} if code else {}))
    if source is not None:
        out.line(source)
        return
    out.line(f"{mapping.stream} -> {mapping.feed.name}, version {mapping.version}")
    out.table(
        ("Field", "From", "How", "Class", "Stored in", "Line"),
        [
            (
                s.field + (" *" if s.required else ""),
                s.source,
                "; ".join(s.how),
                s.privacy.value,
                s.stored,
                s.line or None,
            )
            for s in stories
        ],
        right=("Line",),
    )
    out.line("* a record without it is refused")


def schema(out: Out) -> None:
    """Print the JSON Schema of mapping files, for editors.

    Example: hrhub map schema > mapping.schema.json
    """
    import json

    from hrhub.mapping import custom_fields, mapping_schema
    from hrhub.settings import Settings

    found = mapping_schema(custom_fields(Settings.from_env().mappings))
    out.result(found)
    out.line(json.dumps(found, ensure_ascii=False, indent=2))


def _run(mapping: Any) -> list[CaseResult]:
    from hrhub.ambient import SystemClock
    from hrhub.mapping import run_cases

    return run_cases(mapping, today=SystemClock().now().date())


def _failed(path: Path, result: CaseResult) -> dict[str, Any]:
    return {
        "name": result.name,
        "at": f"{path}:{result.line}",
        "diffs": list(result.diffs),
    }


def _files(what: str) -> list[Path]:
    """Return the mapping files that are meant: a file, a folder, a connector's, or all.

    Of a connector those of the installation, and those it ships that are not replaced there.

    Raises:
        ConfigError: There is none.
    """
    from hrhub.connector.registry import mappings_of
    from hrhub.settings import Settings

    root = Settings.from_env().mappings
    place = Path(what) if what else root
    if place.is_file():
        return [place]
    shipped = None
    if what and not place.is_dir():
        place, shipped = root / _connector(what), mappings_of(_connector(what))
    by_place = {
        file.relative_to(folder): file
        for folder in (shipped / place.name if shipped else None, place)
        if folder is not None
        for file in folder.rglob("*.yaml")
        if file.name not in _NO_MAPPINGS
    }
    found = sorted(by_place.values())
    if not found:
        raise ConfigError("mapping.missing", connector=what or "*", stream="*", path=str(place))
    return found


def _connector(what: str) -> str:
    """Return the connector of that name, or that of a connection."""
    from hrhub.connector import registry

    if what in registry.names():
        return what
    if "/" in what or what.endswith((".yaml", ".yml")):
        return what.replace("/", "_")
    from hrhub.airflow.connections import resolve

    return resolve(what).connector.name
