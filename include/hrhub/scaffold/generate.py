"""Write the package of a new connector from the template."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

from hrhub.errors import ConfigError
from hrhub.scaffold.choices import AUTH, KINDS, PAGING, SHAPES
from hrhub.scaffold.wish import Wish

_TEMPLATE = Path(__file__).parent / "template"

_PLACES = {"package": "{package}", "gitignore": ".gitignore", "ci": ".ci"}
"""Names in the template -> names in the project."""

_ONLY_FOR = {
    "orders.py.jinja": "orders",
    "desk.py.jinja": "orders",
    "writes.py.jinja": "sink",
    "events.py.jinja": "events",
}
"""Templates that belong to a part which not every connector has."""


def generate(wish: Wish, folder: Path) -> list[Path]:
    """Write a connector's project; return its files, relative to the folder.

    Raises:
        ConfigError: ``scaffold.exists``: the folder is there and not empty.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ConfigError("scaffold.exists", path=str(folder))
    written = []
    for place, text in _files(wish):
        target = folder / place
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
        if place.parts[0] == ".ci":
            target.chmod(0o755)
        written.append(place)
    return sorted(written)


def _files(wish: Wish) -> Iterator[tuple[Path, str]]:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    engine = Environment(
        loader=FileSystemLoader(_TEMPLATE),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # Python, TOML, YAML and Markdown are written, no HTML.
    )
    facts = _facts(wish)
    for path in sorted((_TEMPLATE / "project").rglob("*")):
        part = _ONLY_FOR.get(path.name)
        if path.is_dir() or (part and not facts[part]):
            continue
        template = path.relative_to(_TEMPLATE)
        parts = [_PLACES.get(part, part) for part in template.parts[1:]]
        place = Path(*parts).as_posix().format(package=wish.package).removesuffix(".jinja")
        yield Path(place), engine.get_template(template.as_posix()).render(facts)
    mappings = Path(wish.package) / "mappings" / wish.name
    for stream in facts["streams"]:
        template_name = f"parts/shapes/{stream['feed']}.mapping.yaml.jinja"
        text = engine.get_template(template_name).render(facts, stream=stream)
        yield mappings / f"{stream['name']}.yaml", text
    for order in facts["orders"]:
        text = engine.get_template(f"parts/orders/{order['feed']}.mapping.yaml.jinja").render(facts)
        yield mappings / f"{order['name']}.yaml", text


def _facts(wish: Wish) -> dict[str, Any]:
    """Return what the templates are filled with."""
    auth, paging, kind = AUTH[wish.auth], PAGING[wish.paging], KINDS[wish.kind]
    streams = _streams(wish)
    order = kind.order
    feeds = [stream["feed"] for stream in streams]
    orders = (
        [
            {
                "name": order.name,
                "title": order.title,
                "feed": order.feed,
                "consent": order.consent,
                "kind": wish.kind,
            }
        ]
        if order
        else []
    )
    contract = {"Checked", "Connector", "ConnectorConfig", "Session", "VendorAnswer", "setting"}
    rest = {"Asked", "Reply", "RestServer", *auth.helpers}
    if streams:
        contract |= {"HttpStream", "JsonRecords"}
        rest |= {"changed_since", "iso", paging.helper}
    if {"employee", "candidate", "punch"} & set(feeds):
        contract.add("ModifiedSince")
    if "org_unit" in feeds:
        contract.add("Mode")
    return {
        "name": wish.name,
        "title": wish.label,
        "package": wish.package,
        "distribution": wish.distribution,
        "class_name": _class_name(wish),
        "host": wish.name.replace("_", "-"),
        "hub_version": version("hrhub"),
        "auth_kind": wish.auth,
        "auth_imports": ", ".join(sorted({"Auth", auth.class_name})),
        "settings": auth.settings,
        "secret": bool(auth.settings),
        "secret_name": auth.settings[-1].name if auth.settings else "",
        "tokens": auth.tokens,
        "paging_kind": wish.paging,
        "paging_class": paging.class_name,
        "streams": streams,
        "stream_tuple": ", ".join(s["name"] for s in streams) + ("," if len(streams) == 1 else ""),
        "orders": orders,
        "order": orders[0] if orders else None,
        "sink": wish.sink,
        "events": wish.events,
        "told_stream": streams[-1]["name"] if streams else "",
        "settings_secret": bool(auth.settings) or wish.events,
        "faulty": "punch" in feeds,
        "mapping_names": _names([one["name"] for one in (*streams, *orders)]),
        "connector_imports": _ordered(contract),
        "rest_imports": _ordered(rest),
        "sandbox_stdlib": _stdlib(wish, feeds),
        "running": f"Running{_class_name(wish)}" if order or wish.events else "RestServer",
    }


def _streams(wish: Wish) -> list[dict[str, str]]:
    by_feed = {feed: name for name, feed in wish.feeds.items()}
    return [
        {
            "name": name,
            "title": name.replace("_", " ").capitalize(),
            "feed": feed,
            "shape": feed,
            "key": SHAPES[feed].key,
            "again": SHAPES[feed].again,
            "after": by_feed.get(SHAPES[feed].after, ""),
        }
        for name, feed in wish.feeds.items()
    ]


def _class_name(wish: Wish) -> str:
    return "".join(part.capitalize() for part in wish.name.split("_"))


def _stdlib(wish: Wish, feeds: list[str]) -> list[str]:
    """Return the standard library's imports of the simulator, sorted as linters want them."""
    plain = ["import hmac"] if wish.auth == "hmac" or wish.events else []
    plain += ["import json"] if wish.events else []
    plain += ["import threading"] if wish.sink else []
    ordered = KINDS[wish.kind].order is not None
    collections = ["Callable"] * ordered + ["Mapping"] + ["Sequence"] * bool(feeds)
    lines = [f"from collections.abc import {', '.join(collections)}"]
    lines += ["from datetime import datetime"] if wish.events else []
    lines.append("from typing import Any")
    if feeds and wish.paging == "next_link":
        lines.append("from urllib.parse import urlencode")
    if "punch" in feeds:
        lines.append("from zoneinfo import ZoneInfo")
    return plain + lines


def _names(names: list[str]) -> str:
    """Write a list of names as source code."""
    return "[" + ", ".join(f'"{name}"' for name in names) + "]"


def _ordered(names: set[str]) -> list[str]:
    """Sort imported names as linters want them: constants, classes, functions."""
    return sorted(names, key=lambda n: (not n[0].isupper(), n))
