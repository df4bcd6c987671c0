"""The simulated agency: what it answers, remembers and forbids, written from its documentation."""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from connectors.checkr.sandbox.hooks import Hooks
from connectors.checkr.sandbox.reports import report_of, with_included
from hrhub.sandbox.rest import Asked, Reply, basic, iso
from hrhub.sandbox.world import World, WorldPerson

API_KEY = "sandbox-secret-key-of-checkr"
ABROAD_EVERY = 40
"""One candidate in so many works outside the US and never shows up in lists."""

_HAN = re.compile("[\u2e80-\u9fff]")
_LIFETIME = timedelta(days=7)
_REMEMBERED = timedelta(hours=24)
_DUPLICATES = 2
_PACKAGES = (
    ("basic_criminal", "Basic+ Criminal"),
    ("verified_professional", "Professional with verifications"),
)

Row = dict[str, Any]
Answerer = Callable[[Asked], Reply]


class Refusal(Exception):
    """A request that is refused, as ``{"error": text}``."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.text = text


class Agency:
    """One account."""

    def __init__(
        self, world: World, options: Mapping[str, str], hooks: Hooks | None = None
    ) -> None:
        self._lock = threading.Lock()
        self._hooks = hooks
        self._limit = int(options.get("limit", "1200"))
        self._left = self._limit
        self._name = options.get("per_account", "hrhub sandbox")
        self.now = world.now
        self._candidates: dict[str, Row] = {
            row["id"]: row for n, p in enumerate(world.people) for row in [candidate_of(p, n)]
        }
        self._invitations: dict[str, Row] = {}
        self._reports: dict[str, Row] = {}
        self._done: dict[str, tuple[datetime, Reply]] = {}

    def listed(self) -> list[Row]:
        """Return the candidates that lists show, newest first."""
        shown = [c for c in self._candidates.values() if _in_us(c)]
        return sorted(shown, key=lambda c: (c["created_at"], c["id"]), reverse=True)

    def answer(self, asked: Asked) -> Reply:
        """Answer one request; all answers tell what is left of the limit."""
        with self._lock:
            headers = self._limits()
            try:
                if self._left < 0:
                    raise Refusal(429, "Rate limit exceeded")
                reply = self._answer(asked)
            except Refusal as refusal:
                reply = Reply.json({"error": refusal.text}, refusal.status)
        return reply.but(headers={**reply.headers, **headers})

    def advance(self) -> None:
        """Let a day pass: people answer invitations, reports become complete."""
        self.now += timedelta(days=1)
        self._left = self._limit
        for report in self._reports.values():
            if report["status"] == "pending":
                report.update(
                    status="complete", result="clear", completed_at=iso(self.now), turnaround_time=1
                )
                self._tell("report.completed", report)
        for invitation in self._invitations.values():
            if invitation["status"] != "pending" or invitation["deleted_at"]:
                continue
            if datetime.fromisoformat(invitation["expires_at"]) <= self.now:
                invitation["status"] = "expired"
                self._tell("invitation.expired", invitation)
                continue
            self._complete(invitation)

    def _complete(self, invitation: Row) -> None:
        report = report_of(self._id("report", invitation["id"]), invitation, iso(self.now))
        self._reports[report["id"]] = report
        self._candidates[invitation["candidate_id"]]["report_ids"].append(report["id"])
        invitation.update(status="completed", completed_at=iso(self.now), report_id=report["id"])
        self._tell("invitation.completed", invitation)
        self._tell("report.created", report)

    def _answer(self, asked: Asked) -> Reply:
        if asked.path == "/_sim/advance" and asked.method == "POST":
            self.advance()
            return Reply.json({})
        if basic(asked) != (API_KEY, ""):
            raise Refusal(401, "Bad authentication error")
        key = asked.headers.get("idempotency-key")
        if asked.method != "POST" or key is None:
            return self._route(asked)
        before = self._done.get(key)
        if before and self.now - before[0] < _REMEMBERED:
            return before[1]
        reply = self._route(asked)
        # Failed answers are not kept.
        self._done[key] = (self.now, reply)
        return reply

    def _route(self, asked: Asked) -> Reply:
        match asked.method, asked.path.removeprefix("/v1").strip("/").split("/"):
            case "GET", ["account"]:
                facts = {"id": self._id("account"), "name": self._name, "api_authorized": True}
                return Reply.json({"object": "account", **facts, "available_screenings": []})
            case "GET", ["packages"]:
                rows = [
                    {"id": self._id(slug), "object": "package", "slug": slug, "name": name}
                    for slug, name in _PACKAGES
                ]
                return _page(asked, rows)
            case "GET", ["candidates"]:
                return _page(asked, _matching(asked, self.listed()))
            case "POST", ["candidates"]:
                return Reply.json(self._new_candidate(_body(asked)), 201)
            case "GET", ["candidates", id_]:
                return Reply.json(_found(self._candidates, id_))
            case "GET", ["invitations"]:
                return _page(asked, self._listed_invitations(asked))
            case "POST", ["invitations"]:
                return Reply.json(self._new_invitation(_body(asked)), 201)
            case "GET", ["invitations", id_]:
                return Reply.json(_found(self._invitations, id_))
            case "DELETE", ["invitations", id_]:
                return Reply.json(self._delete(_found(self._invitations, id_)))
            case "GET", ["reports", id_]:
                return Reply.json(
                    with_included(_found(self._reports, id_), asked.params.get("include", ""))
                )
            case _:
                # There is no list of reports, among other things that are missed.
                raise Refusal(404, "Not found")

    def _new_candidate(self, given: Row) -> Row:
        for name in ("first_name", "last_name", "middle_name"):
            if _HAN.search(str(given.get(name) or "")):
                raise Refusal(400, f"{name} contains unsupported characters")
        if "@" not in str(given.get("email", "")):
            raise Refusal(400, "email is invalid")
        same = [c for c in self._candidates.values() if c["email"] == given["email"]]
        fresh = [
            c for c in same if self.now - datetime.fromisoformat(c["created_at"]) < _REMEMBERED
        ]
        if len(fresh) >= _DUPLICATES and not given.get("custom_id"):
            raise Refusal(409, "Too many duplicate candidates")
        id_ = self._id("candidate", str(len(self._candidates)))
        candidate = _candidate(id_, iso(self.now), {**given, "ssn": _masked(given.get("ssn"))})
        self._candidates[id_] = candidate
        self._tell("candidate.created", candidate)
        return candidate

    def _new_invitation(self, given: Row) -> Row:
        candidate = self._candidates.get(str(given.get("candidate_id")))
        if candidate is None or given.get("package") not in {slug for slug, _ in _PACKAGES}:
            raise Refusal(400, "candidate_id or package is invalid")
        id_ = self._id("invitation", str(len(self._invitations)))
        invitation = {
            "id": id_,
            "object": "invitation",
            "uri": f"/v1/invitations/{id_}",
            "invitation_url": f"https://apply.checkr.example/invite/{id_}",
            "status": "pending",
            "created_at": iso(self.now),
            "expires_at": iso(self.now + _LIFETIME),
            "completed_at": None,
            "deleted_at": None,
            "package": given["package"],
            "candidate_id": candidate["id"],
            "report_id": None,
            "tags": [],
            "archived": False,
        }
        self._invitations[id_] = invitation
        self._tell("invitation.created", invitation)
        return invitation

    def _delete(self, invitation: Row) -> Row:
        if invitation["status"] != "pending":
            raise Refusal(400, "only pending invitations can be canceled")
        if not invitation["deleted_at"]:
            invitation["deleted_at"] = iso(self.now)
            self._tell("invitation.deleted", invitation)
        return invitation

    def _listed_invitations(self, asked: Asked) -> list[Row]:
        shown = [
            row
            for row in self._invitations.values()
            if _in_us(self._candidates[row["candidate_id"]])
        ]
        for name in ("candidate_id", "status"):
            if wanted := asked.params.get(name):
                shown = [row for row in shown if row[name] == wanted]
        return shown[::-1]

    def _limits(self) -> dict[str, str]:
        self._left -= 1
        return {
            "x-ratelimit-limit": str(self._limit),
            "x-ratelimit-remaining": str(max(self._left, 0)),
            "x-ratelimit-reset": iso(self.now + timedelta(minutes=1)),
        }

    def _tell(self, kind: str, thing: Row) -> None:
        if self._hooks:
            self._hooks.tell(kind, thing, self.now)

    @staticmethod
    def _id(*parts: str) -> str:
        return object_id(*parts)


def object_id(*parts: str) -> str:
    """Return 24 hexadecimal digits that are the same for the same words."""
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:24]


def candidate_of(person: WorldPerson, number: int) -> Row:
    """Return a person of the company as the candidate they were before they were hired."""
    family, _, given = person.latin_name.partition(" ")
    hired = datetime.combine(person.spells[0].hire_date, datetime.min.time(), UTC)
    work = {"country": "US", "state": "CA"} if number % ABROAD_EVERY else {"country": "DE"}
    return _candidate(
        object_id("person", person.person_id),
        iso(hired - timedelta(days=60)),
        {
            "email": person.personal_email,
            "first_name": given or family,
            "last_name": family,
            "no_middle_name": True,
            "phone": f"+86{person.mobile}",
            "dob": person.birth_date.isoformat(),
            "ssn": f"XXX-XX-{1000 + number % 9000}" if number % 3 else None,
            "zipcode": f"{94000 + number % 200}",
            "custom_id": f"HUB-{person.person_id}",
            "work_locations": [work],
        },
    )


def _candidate(id_: str, created_at: str, given: Mapping[str, Any]) -> Row:
    plain = ("first_name", "middle_name", "last_name", "no_middle_name", "email", "phone")
    row = {name: given.get(name) for name in (*plain, "dob", "ssn", "zipcode", "custom_id")}
    return {
        "id": id_,
        "object": "candidate",
        "uri": f"/v1/candidates/{id_}",
        "created_at": created_at,
        **row,
        "work_locations": list(given.get("work_locations") or [{"country": "US"}]),
        "report_ids": [],
        "geo_ids": [],
        "adjudication": None,
        "copy_requested": False,
        "metadata": dict(given.get("metadata") or {}),
    }


def _masked(ssn: object) -> str | None:
    return f"XXX-XX-{str(ssn)[-4:]}" if ssn else None


def _in_us(candidate: Row) -> bool:
    return all(place.get("country", "US") == "US" for place in candidate["work_locations"])


def _matching(asked: Asked, rows: Sequence[Row]) -> list[Row]:
    found = list(rows)
    for name in ("custom_id", "email", "adjudication"):
        if wanted := asked.params.get(name):
            found = [row for row in found if row[name] == wanted]
    if after := asked.params.get("created_after"):
        found = [row for row in found if row["created_at"] >= after]
    return found


def _page(asked: Asked, rows: Sequence[Row]) -> Reply:
    try:
        page, size = (int(asked.params.get(n, d)) for n, d in (("page", "1"), ("per_page", "25")))
    except ValueError:
        raise Refusal(400, "page and per_page are numbers") from None
    if page < 1 or not 0 <= size <= 100:
        raise Refusal(400, "page or per_page is out of range")
    data, root = rows[(page - 1) * size : page * size], "http://api.checkr.example"
    links = {
        name: f"{root}{asked.path}?page={page + step}&per_page={size}" if there else None
        for name, step, there in (
            ("next_href", 1, page * size < len(rows)),
            ("previous_href", -1, page > 1),
        )
    }
    return Reply.json({"object": "list", "data": list(data), "count": len(rows), **links})


def _found(rows: Mapping[str, Row], id_: str) -> Row:
    if id_ not in rows:
        raise Refusal(404, "Not found")
    return rows[id_]


def _body(asked: Asked) -> Row:
    if "json" in asked.headers.get("content-type", ""):
        given: Row = asked.json()
        return given
    return dict(asked.form)
