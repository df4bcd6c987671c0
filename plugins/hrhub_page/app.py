"""The page's routes: read, put into words, render. Nothing here writes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import FastAPI, HTTPException, Query, Request
from fastapi.exceptions import RequestValidationError
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup, escape
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.responses import HTMLResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from hrhub.ambient import Clock, SystemClock
from hrhub.errors import HrHubError
from hrhub.settings import Settings
from hrhub_page import queries
from hrhub_page.access import MAY_READ_RUNS, SIGNED_IN, zone_name
from hrhub_page.guard import Guard
from hrhub_page.language import LANGUAGES, Words, choose
from hrhub_page.view import Presenter

_HERE = Path(__file__).parent
_CODES = {401: "page.sign_in", 403: "page.forbidden", 404: "page.not_found"}
_LONGEST = 500
_LAST_PAGE = 2000

Name = Annotated[str, Query(min_length=1, max_length=_LONGEST)]
MaybeName = Annotated[str | None, Query(max_length=_LONGEST)]
PageNumber = Annotated[int, Query(ge=1, le=_LAST_PAGE)]


def create_page(
    settings: Callable[[], Settings] = Settings.from_env, clock: Clock | None = None
) -> FastAPI:
    """Return the page as an app of its own, to be mounted in Airflow's.

    Args:
        settings: Tells where the store is, asked anew for every request.
        clock: Tells the time.
    """
    app = FastAPI(
        title="HR Hub",
        dependencies=[SIGNED_IN],
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
    )
    # A mount is outside the app's dependencies: these files are for everybody.
    app.mount("/static", StaticFiles(directory=_HERE / "static"), name="static")
    pages = _Pages(settings, clock or SystemClock())
    for path, page in (
        ("/", pages.front),
        ("/source", pages.source),
        ("/rejects", pages.rejects),
        ("/records", pages.records),
    ):
        app.add_api_route(
            path,
            page,
            methods=["GET"],
            dependencies=[MAY_READ_RUNS],
            response_class=HTMLResponse,
        )
    for kind in (HrHubError, StarletteHTTPException, RequestValidationError, Exception):
        app.add_exception_handler(kind, pages.failed)
    return app


def guarded_page() -> ASGIApp:
    """Return the page as Airflow serves it: outside of everything, the headers."""
    return Guard(create_page())


class _Pages:
    """The routes and what they share."""

    def __init__(self, settings: Callable[[], Settings], clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._templates = Environment(
            loader=FileSystemLoader(_HERE / "templates"),
            autoescape=select_autoescape(),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.filters["marked"] = marked

    def front(
        self, request: Request, dag_id: MaybeName = None, run_id: MaybeName = None
    ) -> Response:
        """Show how all sources stand, those of one DAG, or what one DAG run did."""
        if dag_id and run_id:
            # "+" of a zone means a space when an address was put together by hand.
            return self._dag_run(request, dag_id, run_id.replace(" ", "+"))
        read = queries.read_overview(self._settings(), self._clock.now(), dag_id=dag_id or None)
        shown = self._presenter(request)
        template = "overview.html" if read.standings else "empty.html"
        return self._answer(request, template, board=shown.board(read), dag_id=dag_id or None)

    def source(self, request: Request, connection: Name) -> Response:
        """Show one connection: its streams and its last runs."""
        read = queries.read_source(self._settings(), connection, self._clock.now())
        if read is None:
            raise HTTPException(404)
        shown = self._presenter(request)
        board = shown.board(read.overview, connection)
        return self._answer(
            request, "source.html", board=board, card=board.sources[0], runs=shown.runs(read.runs)
        )

    def rejects(
        self, request: Request, connection: MaybeName = None, stream: MaybeName = None
    ) -> Response:
        """Show what waits in quarantine, by reason."""
        groups = queries.read_rejects(self._settings(), connection or None, stream or None)
        cards = self._presenter(request).rejects(groups)
        return self._answer(
            request,
            "rejects.html",
            cards=cards,
            total=sum(group.rejected.count for group in groups),
            cut=len(groups) == queries.GROUPS_SHOWN,
            connection=connection or None,
            stream=cards[0].stream if stream and cards else stream or None,
            source=cards[0].source if connection and cards else connection or None,
        )

    def records(
        self,
        request: Request,
        connection: Name,
        stream: Name,
        reason: Name,
        rule: Annotated[str, Query(max_length=_LONGEST)] = "",
        field: Annotated[str, Query(max_length=_LONGEST)] = "",
        page: PageNumber = 1,
    ) -> Response:
        """Show all records of one reason, a page at a time."""
        found = queries.read_records(
            self._settings(),
            connection,
            stream,
            reason=reason,
            rule=rule,
            field_path=field,
            page=page,
        )
        if not found:
            raise HTTPException(404)
        shown = self._presenter(request)
        return self._answer(
            request,
            "records.html",
            title=shown.reason_title(reason),
            records=shown.records(found[: queries.PAGE_SIZE]),
            page=page,
            more=len(found) > queries.PAGE_SIZE,
            query={
                "connection": connection,
                "stream": stream,
                "reason": reason,
                "rule": rule,
                "field": field,
            },
            stream=stream,
            connection=connection,
            field_path=field,
        )

    async def failed(self, request: Request, error: Exception) -> Response:
        """Answer an error in four parts, without its own text."""
        status, code = 500, "internal.unexpected"
        context: Mapping[str, object] = {}
        if isinstance(error, HrHubError):
            status, code, context = 503, error.code, error.context
        elif isinstance(error, RequestValidationError):
            status, code = 422, "page.bad_address"
        elif isinstance(error, StarletteHTTPException):
            status = error.status_code
            code = _CODES.get(status, "page.bad_address")
        message = self._presenter(request).explain(code, context)
        return self._answer(request, "error.html", status=status, message=message)

    def _dag_run(self, request: Request, dag_id: str, run_id: str) -> Response:
        found = queries.read_dag_run(self._settings(), dag_id, run_id)
        shown = self._presenter(request)
        return self._answer(
            request,
            "dag_run.html",
            dag_id=dag_id,
            run_id=run_id,
            runs=shown.runs(found),
            concerns=shown.failures(found),
        )

    def _words(self, request: Request) -> Words:
        asked = request.query_params.get("lang")
        return Words(choose(asked, request.headers.get("accept-language")), zone_name())

    def _presenter(self, request: Request) -> Presenter:
        return Presenter(self._words(request), self._clock.now(), _links(request))

    def _answer(
        self, request: Request, template: str, *, status: int = 200, **values: Any
    ) -> Response:
        words, now = self._words(request), self._clock.now()
        here = request.url.path.rpartition("/")[2]
        query = dict(request.query_params)
        html = self._templates.get_template(template).render(
            w=words,
            link=_links(request),
            languages=[
                (code, name, f"{here or './'}?{urlencode({**query, 'lang': code})}")
                for code, name in LANGUAGES.items()
            ],
            now_exact=words.exact(now),
            now_iso=now.isoformat(timespec="seconds"),
            **values,
        )
        return HTMLResponse(html, status)


def _links(request: Request) -> Callable[..., str]:
    """Return what makes addresses: relative, so that any prefix works; a chosen language stays."""
    asked = request.query_params.get("lang")
    kept = {"lang": asked} if asked in LANGUAGES else {}

    def link(name: str, /, **values: object) -> str:
        query = {k: v for k, v in values.items() if v not in (None, "")} | kept
        return f"{name}?{urlencode(query)}" if query else name

    return link


def marked(text: str) -> Markup:
    """Show what stands between backticks as code, everything escaped."""
    parts = [escape(part) for part in text.split("`")]
    out = Markup("")
    for place, part in enumerate(parts):
        out += Markup("<code>{}</code>").format(part) if place % 2 else part
    return out
