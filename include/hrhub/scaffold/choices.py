"""What a new connector can start from: kinds of system, ways to authorise, ways to page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting that a way to authorise brings along."""

    name: str
    meaning: str
    secret: bool = False


@dataclass(frozen=True, slots=True)
class AuthChoice:
    """A way to authorise.

    Attributes:
        doc: What it is, for the question.
        class_name: Class of ``hrhub.http.auth``.
        settings: Its settings; the last one is the secret.
        tokens: Whether the vendor gives out tokens.
        helpers: Names of ``hrhub.sandbox.rest`` that the simulator needs for it.
    """

    doc: str
    class_name: str = ""
    settings: tuple[Setting, ...] = ()
    tokens: bool = False
    helpers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PagingChoice:
    """A way to page: a class of ``hrhub.http.paging`` and the simulator's counterpart."""

    doc: str
    class_name: str
    helper: str


@dataclass(frozen=True, slots=True)
class Shape:
    """An example of a stream: what its records look like and which feed they become.

    Attributes:
        feed: Canonical feed; also the name of its template files.
        key: The vendor's field that identifies a record.
        again: How it is read again, in words.
        after: Feed of the stream that should be loaded before, if there is one.
        needs: Feed without whose records those of this one cannot be stored.
    """

    feed: str
    key: str
    again: str
    after: str = ""
    needs: str = ""


@dataclass(frozen=True, slots=True)
class OrderShape:
    """An example of an order service.

    Attributes:
        name: Its name, and that of its mapping.
        feed: Feed of its results.
        consent: Purpose that the person must have agreed to.
    """

    name: str
    title: str
    feed: str
    consent: str


@dataclass(frozen=True, slots=True)
class KindChoice:
    """A kind of vendor system.

    Attributes:
        doc: What it is, for the question.
        streams: Streams it starts with, if none are named: name -> feed.
        order: The order service it starts with.
    """

    doc: str
    streams: Mapping[str, str]
    order: OrderShape | None = None


_CLIENT_ID = Setting("client_id", "id of the application registered for the hub")
_CLIENT_SECRET = Setting("client_secret", "secret of that application", secret=True)

AUTH: Mapping[str, AuthChoice] = {
    "client_credentials": AuthChoice(
        "OAuth 2 client credentials",
        "ClientCredentials",
        (_CLIENT_ID, _CLIENT_SECRET),
        tokens=True,
        helpers=("Tokens", "basic"),
    ),
    "gettoken": AuthChoice(
        "id and secret in the query give a token that goes into the query (WeCom's way)",
        "ClientCredentials",
        (_CLIENT_ID, _CLIENT_SECRET),
        tokens=True,
        helpers=("Tokens",),
    ),
    "api_key": AuthChoice(
        "a fixed key in a header",
        "ApiKey",
        (Setting("api_key", "key made for the hub", secret=True),),
    ),
    "basic": AuthChoice(
        "user and password in every request",
        "Basic",
        (
            Setting("user", "technical user of the hub"),
            Setting("password", "its password", secret=True),
        ),
        helpers=("basic",),
    ),
    "hmac": AuthChoice(
        "every request is signed with a shared secret",
        "HmacSigned",
        (
            Setting("key_id", "names the key; it is no secret"),
            Setting("secret", "what requests are signed with", secret=True),
        ),
    ),
    "none": AuthChoice("none; the network is trusted"),
}

PAGING: Mapping[str, PagingChoice] = {
    "page": PagingChoice("pages have numbers", "PageNumber", "page_by_number"),
    "offset": PagingChoice("pages start at a record number", "Offset", "page_by_offset"),
    "cursor": PagingChoice("an answer holds a token for the next", "CursorParam", "page_after"),
    "next_link": PagingChoice(
        "an answer holds the address of the next page", "NextLink", "page_after"
    ),
    "scroll": PagingChoice("a scroll id, until a page is empty", "ScrollId", "page_after"),
}

SHAPES: Mapping[str, Shape] = {
    shape.feed: shape
    for shape in (
        Shape("org_unit", "`code`", "everything"),
        Shape("employee", "`id`", "what changed", after="org_unit"),
        Shape("candidate", "`id`", "what changed"),
        Shape("punch", "`id`", "what changed", after="employee", needs="employee"),
    )
}
"""Feed -> example, in the order in which streams are loaded."""

STREAM_FEEDS: Mapping[str, str] = {
    "departments": "org_unit",
    "org_units": "org_unit",
    "employees": "employee",
    "staff": "employee",
    "users": "employee",
    "candidates": "candidate",
    "applicants": "candidate",
    "punches": "punch",
    "attendance": "punch",
}
"""Usual names of streams and what they hold; other names hold what their kind is about."""

KINDS: Mapping[str, KindChoice] = {
    "hr": KindChoice(
        "personnel system: organisation and employees",
        {"departments": "org_unit", "employees": "employee"},
    ),
    "recruiting": KindChoice("recruiting system: candidates", {"candidates": "candidate"}),
    "attendance": KindChoice(
        "attendance system: employees and their punches",
        {"employees": "employee", "punches": "punch"},
    ),
    "assessment": KindChoice(
        "tests that candidates or employees take",
        {},
        OrderShape("assessments", "Assessment", "assessment_result", "assessment"),
    ),
    "background": KindChoice(
        "background checks",
        {},
        OrderShape("checks", "Background check", "background_check", "background_check"),
    ),
    "social_security": KindChoice(
        "social-security months, queried with the person's consent",
        {},
        OrderShape(
            "contributions",
            "Social-security months",
            "social_security_month",
            "social_security_query",
        ),
    ),
}
