"""The page in a real browser inside the real Airflow UI.

Skipped only on machines without a Chromium binary (``chromium``, ``chromium-browser`` or
``google-chrome`` on the PATH, or the one that ``HRHUB_TEST_CHROMIUM`` names).
"""

from __future__ import annotations

import os
import shutil
import socket
import threading
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from tests.pipeline.conftest import Bench

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

NAMES = ("chromium", "chromium-browser", "google-chrome")
FOUND = os.environ.get("HRHUB_TEST_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
ARGUMENTS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
PAGES = (
    "/hub/",
    "/hub/?lang=zh",
    "/hub/rejects",
    "/hub/source?connection=shelf_default",
    "/hub/source?connection=nobody",
    "/hub/?dag_id=hub_shelf&run_id=manual__2026-11-24T01:00:00%2B00:00",
)

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.xdist_group("airflow"),
    pytest.mark.skipif(FOUND is None, reason="no Chromium on this machine"),
    pytest.mark.parametrize("dialect", ["sqlite"]),
]


@pytest.fixture(scope="module")
def address(airflow_app: Any) -> Iterator[str]:
    """Airflow's API server on a free port of this process."""
    import uvicorn

    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(airflow_app, log_level="error", access_log=False))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    deadline = time.monotonic() + 30
    while not server.started:
        assert thread.is_alive()
        assert time.monotonic() < deadline
        time.sleep(0.02)
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    server.should_exit = True
    thread.join(10)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A headless Chromium."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        running = play.chromium.launch(executable_path=FOUND, args=list(ARGUMENTS))
        yield running
        running.close()


@pytest.fixture
def open_page(browser: Browser, address: str, tokens: dict[str, str]) -> Iterator[Any]:
    """Return what opens an address as a viewer; complaints of the browser are in ``faults``."""
    contexts = []

    def opened(path: str, width: int = 1280, scheme: str = "light") -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": 900},
            color_scheme=scheme,  # type: ignore[arg-type]
        )
        contexts.append(context)
        context.add_cookies([{"name": "_token", "value": tokens["viewer"], "url": address}])
        page = context.new_page()
        page.faults = []  # type: ignore[attr-defined]
        page.on("console", lambda said: page.faults.append(said.text))  # type: ignore[attr-defined]
        page.on("pageerror", lambda error: page.faults.append(str(error)))  # type: ignore[attr-defined]
        page.goto(f"{address}{path}")
        return page

    yield opened
    for context in contexts:
        context.close()


@pytest.mark.parametrize("width", [1280, 390])
def test_nothing_is_cut_off_and_the_policy_blocks_nothing(
    open_page: Any,
    filled: Bench,
    width: int,
) -> None:
    for path in PAGES:
        page = open_page(path, width)

        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
        beyond = page.evaluate(
            """[...document.querySelectorAll('main *')]
            .filter(e => !e.closest('pre') && !e.closest('.hidden'))
            .filter(e => e.getBoundingClientRect().right > innerWidth + 1)
            .map(e => e.outerHTML.slice(0, 80))"""
        )
        assert beyond == [], path
        refused = [fault for fault in page.faults if "Content Security" in fault]
        assert refused == [], path
        if "nobody" not in path:
            assert page.faults == [], path
        # The style sheet counts: without it the body has the browser's own margin.
        assert page.evaluate("getComputedStyle(document.body).margin") == "0px"


def test_the_scheme_of_the_machine_is_followed(open_page: Any, filled: Bench) -> None:
    grounds = [
        open_page("/hub/", scheme=scheme).evaluate(
            "getComputedStyle(document.body).backgroundColor"
        )
        for scheme in ("light", "dark")
    ]

    assert grounds == ["rgb(246, 247, 249)", "rgb(17, 19, 24)"]


def test_the_keyboard_reaches_every_link_visibly(open_page: Any, filled: Bench) -> None:
    page = open_page("/hub/")
    links = page.evaluate("document.querySelectorAll('a[href]').length")
    seen = []
    for _ in range(links):
        page.keyboard.press("Tab")
        seen.append(
            page.evaluate(
                """(e => [e.tagName, getComputedStyle(e).outlineStyle,
                parseFloat(getComputedStyle(e).outlineWidth)])(document.activeElement)"""
            )
        )

    assert seen == [["A", "solid", 3]] * links


def test_pages_have_one_heading_and_tables_a_caption(open_page: Any, filled: Bench) -> None:
    for path in PAGES:
        page = open_page(path)
        assert page.locator("h1").count() == 1, path
        assert page.locator("table:not(:has(caption))").count() == 0, path
        assert page.locator("th:not([scope])").count() == 0, path
        assert page.locator("img:not([alt])").count() == 0, path


def test_people_find_the_page_in_airflows_navigation(open_page: Any, filled: Bench) -> None:
    page = open_page("/")
    page.get_by_role("link", name="HR Hub").click(timeout=30_000)
    frame = page.frame_locator("iframe")

    frame.get_by_role("heading", name="one stream left records out").wait_for(timeout=20_000)
    frame.get_by_role("link", name="A date does not exist").click()
    frame.get_by_role("heading", name="3 records wait in quarantine").wait_for(timeout=10_000)
    frame.get_by_role("link", name="简体中文").click()
    frame.get_by_role("heading", name="3 条记录在隔离区等待处理").wait_for(timeout=10_000)
    assert frame.get_by_text("日期不存在或无法读取").count() == 1
