"""Nobody sees the page without signing in and without a right; every answer is guarded."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import Depends, FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute, Mount
from starlette.testclient import TestClient

from hrhub_page import access
from hrhub_page.app import create_page
from hrhub_page.guard import POLICY

pytestmark = [pytest.mark.airflow, pytest.mark.xdist_group("airflow")]

PAGE = Path(__file__).parents[2] / "plugins" / "hrhub_page"
ADDRESSES = ("/hub/", "/hub/source", "/hub/rejects", "/hub/records")


def calls(dependant: Dependant) -> Iterator[object]:
    for inner in dependant.dependencies:
        yield inner.call
        yield from calls(inner)


def unguarded(app: FastAPI) -> list[str]:
    """Return what a route lacks, for each that lacks anything."""
    found = []
    for route in app.routes:
        path = getattr(route, "path", "?")
        if not isinstance(route, APIRoute):
            if not is_static(route):
                found.append(f"{path}: unknown kind of route")
            continue
        checks = set(calls(route.dependant))
        # The right's own check asks for the user too, so the app's is looked for by itself.
        own = [d.dependency for d in app.router.dependencies]
        if not set(own) & set(access.USER_CHECKS) or not checks & set(access.USER_CHECKS):
            found.append(f"{path}: no user")
        if not checks & set(access.RIGHT_CHECKS):
            found.append(f"{path}: no right")
        if route.methods - {"GET", "HEAD"}:
            found.append(f"{path}: writes")
    return found


def is_static(route: BaseRoute) -> bool:
    return isinstance(route, Mount) and route.path == "/static"


def test_a_route_without_user_or_right_would_be_found() -> None:
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    app.add_api_route("/bare", lambda: "")
    app.add_api_route("/user", lambda: "", dependencies=[access.SIGNED_IN])
    app.add_api_route("/post", lambda: "", methods=["POST"], dependencies=[Depends(lambda: 1)])
    app.mount("/files", FastAPI())

    assert unguarded(app) == [
        "/bare: no user",
        "/bare: no right",
        "/user: no user",
        "/user: no right",
        "/post: no user",
        "/post: no right",
        "/post: writes",
        "/files: unknown kind of route",
    ]


def test_every_route_asks_for_a_user_and_a_right() -> None:
    app = create_page()

    assert unguarded(app) == []
    paths = {f"/hub{route.path}" for route in app.routes if isinstance(route, APIRoute)}
    assert paths == set(ADDRESSES)


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("sign", ["", "not-a-token"])
def test_strangers_are_turned_away_before_anything_is_read(
    anonymous: TestClient, home: Path, address: str, sign: str
) -> None:
    headers = {"Authorization": f"Bearer {sign}"} if sign else {}

    answer = anonymous.get(address, headers=headers)

    assert answer.status_code == (403 if sign else 401)
    assert "store." not in answer.text
    assert ("page.forbidden" if sign else "page.sign_in") in answer.text


def test_a_user_without_a_role_may_not_read(anonymous: TestClient, home: Path) -> None:
    from airflow.api_fastapi.app import get_auth_manager
    from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser

    token = get_auth_manager().generate_jwt(SimpleAuthManagerUser(username="guest", role=None))
    for address in ADDRESSES:
        answer = anonymous.get(address, headers={"Authorization": f"Bearer {token}"})
        assert (answer.status_code, "page.forbidden" in answer.text) == (403, True)


@pytest.mark.parametrize("address", ["/hub/docs", "/hub/redoc", "/hub/openapi.json"])
def test_the_page_does_not_describe_itself(viewer: TestClient, home: Path, address: str) -> None:
    assert viewer.get(address).status_code == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_nothing_can_be_written(viewer: TestClient, home: Path, method: str) -> None:
    for address in ADDRESSES:
        assert viewer.request(method, address).status_code == 405


def test_only_what_anybody_may_see_lies_among_the_static_files(anonymous: TestClient) -> None:
    files = [path for path in (PAGE / "static").rglob("*") if path.is_file()]

    assert {path.suffix for path in files} == {".css", ".svg"}
    for path in files:
        answer = anonymous.get(f"/hub/static/{path.name}")
        assert answer.status_code == 200
        assert "<script" not in answer.text
        assert "url(" not in answer.text
    for path in ("../app.py", "%2e%2e/app.py", "..%2fapp.py", ""):
        assert anonymous.get(f"/hub/static/{path}").status_code == 404


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/hub/", 503),
        ("/hub/nothing", 404),
        ("/hub/source", 422),
        ("/hub/records?connection=a&stream=b&reason=c&page=x", 422),
        ("/hub/static/hub.css", 200),
        ("/hub/static/nothing.css", 404),
    ],
)
def test_every_answer_carries_the_headers(
    viewer: TestClient, home: Path, address: str, status: int
) -> None:
    answer = viewer.get(address)

    assert answer.status_code == status
    assert answer.headers["content-security-policy"] == POLICY
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] in ("no-store", "no-cache")
    assert (answer.headers["cache-control"] == "no-cache") == ("/static/" in address)
    assert "unsafe" not in POLICY
    assert "script-src" not in POLICY


def test_even_a_fault_of_the_page_is_told_in_four_parts_and_guarded(
    viewer: TestClient, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hrhub_page.queries.open_store", lambda _: 1 / 0)

    answer = viewer.get("/hub/")

    assert answer.status_code == 500
    assert "internal.unexpected" in answer.text
    assert "ZeroDivision" not in answer.text
    assert answer.headers["content-security-policy"] == POLICY
    assert answer.headers["cache-control"] == "no-store"


def test_templates_need_no_script_and_no_inline_style() -> None:
    for path in (PAGE / "templates").iterdir():
        text = path.read_text(encoding="utf-8")
        for forbidden in ("<script", "<style", "style=", "onclick", "javascript:", "|safe"):
            assert forbidden not in text, path.name


def test_airflow_lists_the_page_where_people_look_for_it(viewer: TestClient) -> None:
    from airflow import plugins_manager

    views, _ = plugins_manager._get_ui_plugins()
    own = {view["destination"]: view["href"] for view in views if view["name"] == "HR Hub"}

    assert own == {
        "nav": "hub/",
        "dag": "hub/?dag_id={DAG_ID}",
        "dag_run": "hub/?dag_id={DAG_ID}&run_id={RUN_ID}",
    }
    assert plugins_manager.get_import_errors() == {}
