"""The simulated API host: routes, headers, sessions, errors and faults over HTTP."""

from __future__ import annotations

import itertools
import json
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit
from xml.sax.saxutils import escape

from connectors.successfactors.sandbox.edmx import edmx
from connectors.successfactors.sandbox.faults import Fault, Faults
from connectors.successfactors.sandbox.filters import BadRequest
from connectors.successfactors.sandbox.reads import Answered, Service
from connectors.successfactors.sandbox.rows import build_tables
from connectors.successfactors.sandbox.schema import TYPES
from connectors.successfactors.sandbox.tables import iso_ms
from connectors.successfactors.sandbox.tokens import (
    Client,
    Denied,
    TokenService,
    certify,
    new_identity,
)
from connectors.successfactors.sandbox.writes import upsert
from hrhub.ambient import Clock, SystemClock
from hrhub.sandbox.world import World

COMPANY = "HRHUBSANDBOX"
API_KEY = "c2FuZGJveC1hcGkta2V5LW9mLWhyaHVi"
TECHNICAL_USER = "sfapi_hrhub"

_ODATA = "/odata/v2"
_ENTITY = re.compile(r"(\w+)(?:\((.*)\))?(?:/([\w$]+))?")
_SORRY = b"<!DOCTYPE html><html><body><h1>We're sorry...</h1></body></html>"
_FORM_LIMIT = 256 * 1024


@dataclass(slots=True)
class Reply:
    """What goes back over the wire."""

    status: int
    body: bytes
    content_type: str = "application/json;charset=utf-8"
    headers: dict[str, str] = field(default_factory=dict)


class RunningTenant:
    """A simulated tenant that listens on a port.

    Attributes:
        faults: Faults that tests arm.
        private_key: The technical client's key in PEM: only the hub's side needs it.
        requests: Paths and queries asked for so far, in order.
    """

    def __init__(self, world: World, host: str, port: int, options: Mapping[str, str]) -> None:
        self._clock: Clock = SystemClock()
        self.faults = Faults()
        self.requests: list[str] = []
        now = self._clock.now()
        if "private_key" in options:
            self.private_key = options["private_key"]
            certificate = certify(self.private_key, "hrhub", now)
        else:
            self.private_key, certificate = new_identity("hrhub", now)
        self._server = _Server((host, port), _Handler)
        self._server.tenant = self
        self.address = f"http://{host}:{self.port}"
        self._link_root = options.get("next_authority", self.address) + _ODATA
        self._unfilterable = frozenset(options.get("unfilterable", "").split(","))
        self.tokens = TokenService(
            Client(COMPANY, API_KEY, TECHNICAL_USER, certificate),
            frozenset({f"{self.address}/oauth/token", f"{self.address}{_ODATA}"}),
            self._clock,
        )
        self._sessions: set[str] = set()
        self._numbers = itertools.count(1)
        self._writing = threading.Lock()
        self.serve(world)
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        )
        self._thread.start()

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self._server.server_address[1])

    def serve(self, world: World) -> None:
        """Serve another state of the company from the next request on."""
        self._service = Service(build_tables(world), self.address + _ODATA, self._link_root)

    def option(self, picklist: str, code: str) -> str:
        """Return this tenant's id of a picklist's option."""
        label = f"{picklist} {code}"
        rows = self._service.tables.rows["PicklistOption"]
        return next(str(r.values["id"]) for r in rows if r.values["localeLabel"] == label)

    def rows(self, entity: str, **values: Any) -> list[dict[str, Any]]:
        """Return the rows of an entity that have certain values, as they are now."""
        return [
            dict(row.values)
            for row in self._service.tables.rows[entity]
            if all(row.values[name] == value for name, value in values.items())
        ]

    def stop(self) -> None:
        """Stop listening."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()

    def answer(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes = b""
    ) -> Reply:
        """Answer one request."""
        parts = urlsplit(target)
        options = dict(parse_qsl(parts.query, keep_blank_values=True))
        self.requests.append(unquote(target))
        as_json = options.get("$format") == "json" or "json" in headers.get("Accept", "")
        fault = self.faults.take(parts.path)
        if fault and (reply := self._fault(fault, as_json)) is not None:
            return reply
        if parts.path == "/oauth/token" and method == "POST":
            return self._token(dict(parse_qsl(body.decode("ascii", "replace"))))
        writing = method == "POST" and parts.path == f"{_ODATA}/upsert"
        if method != "GET" and not writing:
            return _error(405, "MethodNotAllowed", "Method not allowed.", as_json)
        if not self.tokens.alive(headers.get("Authorization")):
            if "Authorization" not in headers:
                return _error(401, "LGN0003", "[LGN0003]Credentials are missing.", as_json)
            text = "[LGN0022]The access token is either rejected or expired."
            return _error(401, "LGN0022", text, as_json)
        if parts.path == "/oauth/validate":
            return Reply(200, b'{"valid":true}')
        if not parts.path.startswith(f"{_ODATA}/"):
            return _error(404, "LGN0001", "[LGN0001]Invalid endpoint.", as_json)
        if writing:
            return self._upsert(body)
        new, session = self._session(headers.get("Cookie", ""))
        try:
            answered = self._read(unquote(parts.path)[len(_ODATA) + 1 :], options, session, as_json)
        except BadRequest as error:
            reply = _error(error.status, error.code, error.text, as_json)
        else:
            reply = Reply(200, answered.body, _content_type(answered))
            reply.headers.update(self._counts(answered, headers))
            if fault and fault.kind in ("foreign_next", "loop"):
                reply.body = _bend_next(reply.body, fault.kind, self.address, target)
        reply.headers.update(self._trace())
        if new:
            reply.headers["Set-Cookie"] = f"JSESSIONID={session}; Path=/odata; HttpOnly"
            reply.headers["X-CSRF-Token"] = f"csrf-{session}"
        return reply

    def _read(self, path: str, options: Mapping[str, str], session: str, as_json: bool) -> Answered:
        if path.endswith("$metadata"):
            names = [n for n in path.removesuffix("$metadata").strip("/").split(",") if n]
            kinds = [self._service.entity_type(n).name for n in names]
            xml = "application/xml;charset=utf-8"
            return Answered(edmx(kinds or TYPES, self._unfilterable), 0, 0, content_type=xml)
        match = _ENTITY.fullmatch(path)
        if match is None:
            raise BadRequest("COE_ENTITY_NOT_FOUND", "[COE0007]invalid entity (or function) name")
        name, key, onward = match.groups()
        if key is not None:
            return self._service.single(name, key, onward or "", options, as_json=as_json)
        if onward == "$count":
            return self._service.count(name, options)
        if onward:
            raise BadRequest("COE_ENTITY_NOT_FOUND", f"[COE0007]invalid entity name: {onward}")
        return self._service.collection(name, options, session, as_json=as_json)

    def _upsert(self, body: bytes) -> Reply:
        try:
            given = json.loads(body)
            with self._writing:
                tables, told = upsert(self._service.tables, given)
                self._service = Service(tables, self.address + _ODATA, self._link_root)
        except ValueError:
            return _error(400, "BadRequestException", "malformed JSON", True)
        except BadRequest as error:
            return _error(error.status, error.code, error.text, True)
        return Reply(200, json.dumps({"d": told}).encode(), headers=self._trace())

    def _token(self, form: Mapping[str, str]) -> Reply:
        try:
            return Reply(200, json.dumps(self.tokens.grant(form)).encode())
        except Denied as error:
            body = {"errorHttpCode": "401", "errorMessage": error.args[0]}
            return Reply(401, json.dumps(body).encode())

    def _session(self, cookie: str) -> tuple[bool, str]:
        for part in cookie.split(";"):
            name, _, value = part.strip().partition("=")
            if name == "JSESSIONID" and value in self._sessions:
                return False, value
        session = f"{next(self._numbers):08X}.sandbox"
        self._sessions.add(session)
        return True, session

    def _counts(self, answered: Answered, headers: Mapping[str, str]) -> dict[str, str]:
        found = {
            "record-count": str(answered.rows),
            "x-sf-record-count-recursive": str(answered.recursive),
            "apiqueryexecutiontimestamp": iso_ms(self._service.tables.now_ms),
            "sfodataservertimezone": "UTC",
        }
        if "successfactors-sourcetype" not in headers:
            found["successfactors-message"] = (
                "successfactors-sourcetype is missing in request headers"
            )
        return found

    def _trace(self) -> dict[str, str]:
        number = next(self._numbers)
        return {
            "dataserviceversion": "2.0",
            "company-id": COMPANY,
            "successfactors-immutable-companyid": COMPANY,
            "correlationid": f"[{number:08x}]",
            "x-correlation-id": f"{number:08x}",
            "requestno": f"[{number}]",
            "api-elapsed-time": "1",
            "cache-control": "no-store",
        }

    def _fault(self, fault: Fault, as_json: bool) -> Reply | None:
        """Return the reply of a fault, or None when the request is answered after all."""
        if fault.kind == "throttled":
            reply = _error(429, "TooManyRequests", "Too Many Requests", as_json)
            reply.headers["Retry-After"] = f"{fault.value:g}"
            return reply
        if fault.kind == "token_rejected":
            self.tokens.revoke()
            return None
        if fault.kind == "html_502":
            return Reply(502, _SORRY, "text/html;charset=utf-8")
        if fault.kind == "html_200":
            return Reply(200, _SORRY, "text/html;charset=utf-8")
        if fault.kind == "maintenance":
            return Reply(503, b"The system is under maintenance.", "text/plain;charset=utf-8")
        if fault.kind == "metadata_busy":
            text = (
                "The request has timed out. OData metadata is being generated for the same "
                "instance in another thread. Please try again later."
            )
            return _error(500, "InternalServerError", text, as_json)
        if fault.kind == "half_body":
            return Reply(200, b'{"d":{"results":[{"personIdEx', headers={"X-Cut": "4096"})
        if fault.kind == "delay":
            self._clock.sleep(fault.value)
        return None


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    tenant: RunningTenant


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    server_version = "sandbox"
    sys_version = ""
    timeout = 60
    disable_nagle_algorithm = True
    # Headers and body leave in one packet; two would wait for each other's acknowledgement.
    wbufsize = -1

    def do_GET(self) -> None:
        """Answer a read."""
        self._send(self.server.tenant.answer("GET", self.path, dict(self.headers.items())))

    def do_POST(self) -> None:
        """Answer a token request or an upsert."""
        length = self.headers.get("Content-Length", "")
        if not length.isdigit() or int(length) > _FORM_LIMIT:
            self.close_connection = True
            self._send(Reply(413, b""))
            return
        body = self.rfile.read(int(length))
        self._send(self.server.tenant.answer("POST", self.path, dict(self.headers.items()), body))

    def _send(self, reply: Reply) -> None:
        cut = reply.headers.pop("X-Cut", None)
        self.send_response(reply.status)
        self.send_header("Content-Type", reply.content_type)
        self.send_header("Content-Length", cut or str(len(reply.body)))
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(reply.body)
        self.wfile.flush()
        if cut:
            self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:
        """Keep quiet: addresses carry filters."""


def _content_type(answered: Answered) -> str:
    if answered.content_type:
        return answered.content_type
    kind = "application/json" if answered.as_json else "application/atom+xml"
    return f"{kind};charset=utf-8"


def _error(status: int, code: str, text: str, as_json: bool) -> Reply:
    if as_json:
        body = {"error": {"code": code, "message": {"lang": "en-US", "value": text}}}
        return Reply(status, json.dumps(body).encode())
    xml = (
        '<?xml version="1.0" encoding="utf-8"?>'
        '<error xmlns="http://schemas.microsoft.com/ado/2007/08/dataservices/metadata">'
        f'<code>{escape(code)}</code><message xml:lang="en-US">{escape(text)}</message></error>'
    )
    return Reply(status, xml.encode(), "application/xml;charset=utf-8")


def _bend_next(body: bytes, kind: str, address: str, target: str) -> bytes:
    """Let the next link lead to another host, or back to this very page."""
    value = json.loads(body)
    if "__next" in value["d"]:
        onward = value["d"]["__next"]
        away = onward.replace(address, "https://elsewhere.example")
        value["d"]["__next"] = away if kind == "foreign_next" else address + target
    return json.dumps(value, ensure_ascii=False).encode()
