"""Commands that keep the store whole: verify it, back it up, bring it back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hrhub.cli.out import Out
from hrhub.cli.spoken import actor, ends_cleanly
from hrhub.errors import ExitStatus

if TYPE_CHECKING:
    from hrhub.pipeline.verify import Report


def verify(out: Out) -> ExitStatus:
    """Check that all that is stored is as it was written.

    Nothing is changed. Seals, envelopes, search indexes, links, run counts, reading positions,
    landed pages, quarantine and the audit chain are checked. Exit status 1 when something does not
    hold. What sources tell that cannot all be true (units in a circle, spells or slices that
    overlap) is listed as well; it is stored as told, so it does not change the exit status.

    Example: hrhub verify
    """
    from hrhub.pipeline import open_hub

    with open_hub() as hub, out.working("verifying") as tell:
        report = hub.verify(progress=lambda what, n: tell(f"verifying {what}: {n:,}"))
    out.result(_verified(out, report))
    return _print_verified(out, report)


def backup(
    out: Out,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where to; not there yet.")],
) -> None:
    """Write the whole store into one sealed file, as of one moment; syncs may go on.

    Only the key ring opens it: keep that in another place. Landed pages are not in it.

    Example: hrhub store backup /backup/hrhub-2026-11-24.backup
    """
    from hrhub.pipeline import backup as backups
    from hrhub.pipeline import open_hub

    with ends_cleanly(), open_hub() as hub, out.working("backing up") as tell:
        done = backups.backup(
            hub, file, actor=actor(), progress=lambda what, n: tell(f"backing up {what}: {n:,}")
        )
    held = {name: n for name, n in done.rows.items() if n}
    out.result(
        {
            "file": str(file),
            "archive": done.archive,
            "taken_at": done.taken_at.isoformat(),
            "bytes": done.bytes,
            "rows": held,
        }
    )
    out.table(("Table", "Rows"), sorted(held.items()), right=("Rows",))
    out.line(f"{file}: {done.bytes:,} bytes, the store as of {done.taken_at:%Y-%m-%d %H:%M:%S} UTC")


def restore(
    out: Out,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A backup.")],
    replace: Annotated[
        bool, typer.Option("--replace", help="Give up what the store holds now.")
    ] = False,
) -> ExitStatus:
    """Bring a backup back into the store, and verify what came.

    The store is made if it is not there; it may be of the other kind of database. People erased
    since the backup stay erased. Until all is done nobody else can open the store.

    Example: hrhub store restore /backup/hrhub-2026-11-24.backup
    """
    from hrhub.pipeline import backup as backups
    from hrhub.pipeline import open_hub
    from hrhub.settings import Settings

    settings = Settings.from_env()
    with ends_cleanly(), out.working("restoring") as tell:
        done = backups.restore(
            settings,
            file,
            actor=actor(),
            replace=replace,
            progress=lambda what, n: tell(f"restoring {what}: {n:,}"),
        )
        with open_hub(settings) as hub:
            report = hub.verify(progress=lambda what, n: tell(f"verifying {what}: {n:,}"))
    held = {name: n for name, n in done.rows.items() if n}
    out.result(
        {
            "store": place_of(settings.store_url),
            "archive": done.archive,
            "taken_at": done.taken_at.isoformat(),
            "made_by": done.program,
            "rows": held,
            "forgotten": done.forgotten,
            "verified": _verified(out, report),
        }
    )
    out.line(
        f"restored {sum(held.values()):,} rows as of {done.taken_at:%Y-%m-%d %H:%M:%S} UTC; "
        f"{done.forgotten:,} keys of people erased since were destroyed"
    )
    return _print_verified(out, report)


def _verified(out: Out, report: Report) -> dict[str, Any]:
    return {
        "ok": report.ok,
        "kinds": _kinds(out, report),
        "findings": [{"code": f.code, "place": f.place, "id": f.id} for f in report.findings],
        "checked": dict(report.checked),
        "suites": dict(report.suites),
        "erased": report.erased,
    }


def _kinds(out: Out, report: Report) -> list[dict[str, Any]]:
    from hrhub.messages import render

    kinds = []
    for code, many in sorted(report.totals.items()):
        message = render(code, {}, out.language)
        kinds.append(
            {"code": code, "n": many, "what": message.what, "who": message.who, "do": message.do}
        )
    return kinds


def _print_verified(out: Out, report: Report) -> ExitStatus:
    found = sorted((name, number) for name, number in report.checked.items() if number)
    out.table(("Checked", "Number"), found, right=("Number",))
    out.table(("Cipher suite", "Sealed groups"), sorted(report.suites.items()))
    if report.ok:
        out.line("everything holds")
    for kind in _kinds(out, report):
        out.line(f"{kind['code']} ({kind['n']:,}): {kind['what']}", style="bold")
        out.line(f"  {kind['who']}")
        out.line(f"  {kind['do']}")
        out.table(
            ("Place", "Id"), [(f.place, f.id) for f in report.findings if f.code == kind["code"]]
        )
    return ExitStatus.DONE if report.ok else ExitStatus.FAILED


def place_of(url: str) -> str:
    """Return the address of the store without a password."""
    from hrhub.store.engine import parse_url

    return parse_url(url).render_as_string(hide_password=True)
