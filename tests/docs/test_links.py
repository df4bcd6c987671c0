"""Links lead somewhere, every page can be found, and nothing speaks of one machine."""

from __future__ import annotations

from pathlib import PurePosixPath

import pytest

from tests.support.pages import NAMES, ROOT, anchors, links, text_of


@pytest.mark.parametrize("name", NAMES)
def test_links_inside_the_project_lead_to_a_file_and_a_heading(name: str) -> None:
    broken = []
    for link in links(name):
        target, _, anchor = link.partition("#")
        if link.startswith("https://"):
            continue
        path = ((ROOT / name).parent / target if target else ROOT / name).resolve()
        inside = path.exists() and path.is_relative_to(ROOT)
        if not inside or (anchor and anchor not in anchors(str(path.relative_to(ROOT)))):
            broken.append(link)

    assert not broken


def test_every_page_is_reached_from_the_readme() -> None:
    reached, waiting = set(), ["README.md"]
    while waiting:
        name = waiting.pop()
        if name in reached or not name.endswith(".md"):
            continue
        reached.add(name)
        for link in links(name):
            target = link.partition("#")[0]
            if target and not link.startswith("https://"):
                path = (ROOT / name).parent / target
                waiting.append(str(PurePosixPath(path.resolve().relative_to(ROOT))))

    assert set(NAMES) <= reached


@pytest.mark.parametrize("name", NAMES)
def test_no_page_names_a_place_that_only_its_writer_has(name: str) -> None:
    text = text_of(name)

    assert not [word for word in ("/work/", "/home/", "/root/", "TODO", "TBD") if word in text]
