"""How to get from one page to the next: first request, learn from the answer, next request or stop.

A paging is a declaration without state: the next request follows from the last one and its answer.
:class:`LoopGuard` stops a vendor that leads in circles.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from hrhub.ambient import new_id
from hrhub.errors import ContractChanged, Transient
from hrhub.http.answer import Answer
from hrhub.http.lookup import count, find, find_text

Value = str | int


@dataclass(frozen=True, slots=True)
class PageRequest:
    """What to ask for.

    Attributes:
        path: Path below the connection's address, or an absolute link of the vendor.
        params: Query parameters.
        method: HTTP method.
        json: JSON body, for vendors that page by POST.
        xml: The same as XML, for :func:`~hrhub.http.xml.write_xml`; its one key is the root.
        headers: Further headers.
    """

    path: str
    params: Mapping[str, Value] = field(default_factory=dict, repr=False)
    method: str = "GET"
    json: Mapping[str, Any] | None = field(default=None, repr=False)
    xml: Mapping[str, Any] | None = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)

    def put(self, values: Mapping[str, Value]) -> PageRequest:
        """Return the request with further values: in its body if it has one, or the query.

        A dotted name such as ``data.Limit`` leads into the body's objects.
        """
        if self.json is not None:
            return replace(self, json=_with_all(self.json, values))
        if self.xml is not None:
            return replace(self, xml=_with_all(self.xml, values))
        return replace(self, params={**self.params, **values})

    def value(self, name: str) -> Value | None:
        """Return a value of the body, also at a dotted name, or of the query."""
        found: Any = self.json if self.json is not None else self.xml
        if found is None:
            return self.params.get(name)
        for part in name.split("."):
            found = found.get(part) if isinstance(found, Mapping) else None
        return found  # type: ignore[no-any-return]


class Paging(Protocol):
    """Walk from page to page."""

    def first(self, request: PageRequest) -> PageRequest:
        """Return the request for the first page."""
        ...

    def following(self, request: PageRequest, answer: Answer) -> PageRequest | None:
        """Return the request for the page after ``answer``, or None after the last."""
        ...


@dataclass(frozen=True, slots=True)
class SinglePage:
    """Everything comes in one answer."""

    def first(self, request: PageRequest) -> PageRequest:
        """Return the request as it is."""
        return request

    def following(self, request: PageRequest, answer: Answer) -> PageRequest | None:
        """Return None."""
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Counted:
    """What pagings by number and by offset share: a size, and three ways to know the end.

    The end is where ``more`` is false, or ``total`` is reached, or a page is shorter than asked.

    Attributes:
        size: Records per page.
        size_name: Parameter of the size.
        records: Dotted path to the list of records, for the short page.
        total: Dotted path to the total number of records, if the vendor tells.
        more: Dotted path to a flag that tells whether more follows, if there is one.
    """

    size: int
    size_name: str
    records: str = ""
    total: str = ""
    more: str = ""

    def _ends(self, answer: Answer, read_before: int) -> bool:
        """Tell whether the answer is the last page.

        Raises:
            Transient: ``vendor.page_short``: an empty page came before the total was reached.
        """
        if self.more:
            return not _flag(find(answer.body, self.more))
        got = count(answer.body, self.records) or 0
        total = _number(find(answer.body, self.total)) if self.total else None
        if total is None:
            return got < self.size
        if not got and read_before < total:
            raise Transient("vendor.page_short", read=read_before, total=total)
        return read_before + got >= total


@dataclass(frozen=True, slots=True, kw_only=True)
class PageNumber(_Counted):
    """Pages have numbers.

    Attributes:
        name: Parameter of the page number.
        start: Number of the first page.
    """

    name: str = "page"
    size_name: str = "size"
    start: int = 1

    def first(self, request: PageRequest) -> PageRequest:
        """Ask for the first page."""
        return request.put({self.name: self.start, self.size_name: self.size})

    def following(self, request: PageRequest, answer: Answer) -> PageRequest | None:
        """Ask for the next number.

        Raises:
            ContractChanged: ``vendor.page_small``: the vendor gives fewer records than asked for
                although more follow; numbers of pages would then skip some.
        """
        number = int(request.value(self.name) or self.start)
        if self._ends(answer, (number - self.start) * self.size):
            return None
        got = count(answer.body, self.records)
        if self.total and got is not None and got < self.size:
            raise ContractChanged("vendor.page_small", asked=self.size, got=got)
        return request.put({self.name: number + 1})


@dataclass(frozen=True, slots=True, kw_only=True)
class Offset(_Counted):
    """Pages begin at a record number; it grows by the records that came, or by the page size."""

    name: str = "offset"
    size_name: str = "limit"

    def first(self, request: PageRequest) -> PageRequest:
        """Ask from the first record on."""
        return request.put({self.name: 0, self.size_name: self.size})

    def following(self, request: PageRequest, answer: Answer) -> PageRequest | None:
        """Ask from the next record on."""
        offset = int(request.value(self.name) or 0)
        if self._ends(answer, offset):
            return None
        # Some vendors silently give less than was asked for: what came is where we are.
        return request.put({self.name: offset + (count(answer.body, self.records) or self.size)})


@dataclass(frozen=True, slots=True)
class CursorParam:
    """An answer holds a token that the next request carries; no token or ``more`` false ends.

    Attributes:
        path: Dotted path to the token.
        name: Parameter that carries it.
        more: Dotted path to a flag that tells whether more follows, if there is one.
        extra: What the first request carries besides, for example a page size.
    """

    path: str
    name: str
    more: str = ""
    extra: Mapping[str, Value] = field(default_factory=dict)

    def first(self, request: PageRequest) -> PageRequest:
        """Ask without a token."""
        return request.put(self.extra)

    def following(self, request: PageRequest, answer: Answer) -> PageRequest | None:
        """Ask with the token of the answer."""
        if self.more and not _flag(find(answer.body, self.more)):
            return None
        token = find_text(answer.body, self.path)
        return None if token is None else request.put({self.name: token})


@dataclass(frozen=True, slots=True)
class ScrollId:
    """Like a search engine's scroll: the token stays valid and an empty page ends.

    Attributes:
        name: Parameter and field name of the scroll id.
        records: Dotted path to the list of records.
        path: Dotted path to the id in answers; ``name`` if empty.
        extra: What the first request carries besides.
    """

    name: str
    records: str
    path: str = ""
    extra: Mapping[str, Value] = field(default_factory=dict)

    repeats: bool = field(default=True, init=False, repr=False)
    """The same request is sent again on purpose; only repeated bodies are a loop."""

    def first(self, request: PageRequest) -> PageRequest:
        """Ask without an id."""
        return request.put(self.extra)

    def following(self, request: PageRequest, answer: Answer) -> PageRequest | None:
        """Ask with the id of the answer, or with the last one, until a page is empty."""
        if not count(answer.body, self.records):
            return None
        token = find_text(answer.body, self.path or self.name)
        if token is None:
            return None if request.value(self.name) is None else request
        return request.put({self.name: token})


@dataclass(frozen=True, slots=True)
class NextLink:
    """An answer holds the whole address of the next page; it is followed as it stands.

    The client refuses links that leave the connection's origin.

    Attributes:
        path: Dotted path to the link.
        extra: What the first request carries besides.
    """

    path: str
    extra: Mapping[str, Value] = field(default_factory=dict)

    def first(self, request: PageRequest) -> PageRequest:
        """Ask for the first page."""
        return request.put(self.extra)

    def following(self, request: PageRequest, answer: Answer) -> PageRequest | None:
        """Ask for what the link names."""
        link = find_text(answer.body, self.path)
        return None if link is None else replace(request, path=link, params={})


class ODataSkipToken(NextLink):
    """OData version 2 server paging: ``d.__next`` is the next address, absent on the last page.

    Args:
        size: Rows per page (SuccessFactors: ``customPageSize``, 1 to 1000).
        style: SuccessFactors' ``paging`` option, ``snapshot`` or ``cursor``; empty for default.
    """

    def __init__(self, *, size: int = 1000, style: str = "", path: str = "d.__next") -> None:
        extra: dict[str, Value] = {"customPageSize": size}
        if style:
            extra["paging"] = style
        super().__init__(path, extra)


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchPosition:
    """A search that is read from positions on, as access terminals have it (Hikvision ISAPI).

    Every page of one search bears the same id; every search has one of its own. What came says
    where the next page begins, because devices give less than was asked for.

    Attributes:
        ask: Dotted path to the object of requests that takes id, position and size, or the root
            element of an XML body.
        answer: Dotted path to the object of answers that holds status, numbers and id.
        size: Records asked for at once.
        records: Dotted path to the list of records, for answers without ``got``.
        total: Name of the number of all records, if the vendor's total stands still while it is
            read. A search that ends before it is reached is read again.
        more: Words of the status for more to come.
        end: Words for the last page and for none at all. Any other word is an error.
    """

    ask: str
    answer: str
    size: int
    records: str = ""
    total: str = ""
    id_name: str = "searchID"
    position_name: str = "searchResultPosition"
    size_name: str = "maxResults"
    status: str = "responseStatusStrg"
    got: str = "numOfMatches"
    more: tuple[str, ...] = ("MORE",)
    end: tuple[str, ...] = ("OK", "NO MATCH", "NO MATCHES", "NO_MATCH", "NO_MATCHES")

    def first(self, request: PageRequest) -> PageRequest:
        """Begin a search of its own."""
        return request.put(
            {
                f"{self.ask}.{self.id_name}": new_id(),
                f"{self.ask}.{self.position_name}": 0,
                f"{self.ask}.{self.size_name}": self.size,
            }
        )

    def following(self, request: PageRequest, answer: Answer) -> PageRequest | None:
        """Ask from behind the records that came.

        Raises:
            Transient: ``vendor.search_lost``: another search took the place of ours;
                ``vendor.page_short``: it ended before its own total.
            ContractChanged: ``vendor.page_status``: a status that is none of ours;
                ``vendor.page_loop``: more is promised and nothing comes, or more than there is.
        """
        owner = find_text(answer.body, f"{self.answer}.{self.id_name}")
        if owner is not None and owner != request.value(f"{self.ask}.{self.id_name}"):
            raise Transient("vendor.search_lost")
        got = _number(find(answer.body, f"{self.answer}.{self.got}"))
        listed = count(answer.body, self.records) if self.records else None
        if got is None:
            got = listed or 0
        place = f"{self.ask}.{self.position_name}"
        read = int(request.value(place) or 0) + got
        total = None
        if self.total:
            total = _number(find(answer.body, f"{self.answer}.{self.total}"))
        status = find_text(answer.body, f"{self.answer}.{self.status}")
        if status in self.more:
            if got:
                if total is not None and read > total:
                    raise ContractChanged("vendor.page_loop", rule="beyond_total")
                return request.put({place: read})
            # Some devices promise more behind their last record; only a total proves it.
            if total is None or read < total:
                raise ContractChanged("vendor.page_loop", rule="no_progress")
            return None
        if status not in self.end:
            raise ContractChanged("vendor.page_status", path=f"{self.answer}.{self.status}")
        if total is not None and read < total:
            raise Transient("vendor.page_short", read=read, total=total)
        return None


class LoopGuard:
    """Notice a vendor that leads in circles.

    Args:
        repeats: Whether equal requests are in order (scrolls).
    """

    def __init__(self, *, repeats: bool = False) -> None:
        self._repeats = repeats
        self._requests: set[int] = set()
        self._bodies: set[int] = set()

    def sent(self, request: PageRequest) -> None:
        """Note a request.

        Raises:
            ContractChanged: ``vendor.page_loop``: it was sent before.
        """
        mark = hash(repr((request.path, request.params, request.json, request.xml)))
        if mark in self._requests and not self._repeats:
            raise ContractChanged("vendor.page_loop", rule="request")
        self._requests.add(mark)

    def came(self, answer: Answer) -> None:
        """Note an answer.

        Raises:
            ContractChanged: ``vendor.page_loop``: the same body came before.
        """
        # 64 bits, at four times the speed of a cryptographic hash: a vendor that made two bodies
        # collide would only stop its own stream.
        mark = hash(answer.body)
        if mark in self._bodies:
            raise ContractChanged("vendor.page_loop", rule="body")
        self._bodies.add(mark)


def repeats(paging: Paging) -> bool:
    """Tell whether a paging sends equal requests on purpose."""
    return bool(getattr(paging, "repeats", False))


def _with_all(body: Mapping[str, Any], values: Mapping[str, Value]) -> Mapping[str, Any]:
    for name, value in values.items():
        body = _with(body, name.split("."), value)
    return body


def _with(body: Mapping[str, Any], place: Sequence[str], value: Value) -> Mapping[str, Any]:
    """Return a copy of a body with one value set, objects on the way to it made as needed."""
    name, *rest = place
    if not rest:
        return {**body, name: value}
    inner = body.get(name)
    return {**body, name: _with(inner if isinstance(inner, Mapping) else {}, rest, value)}


def _flag(value: Any) -> bool:
    return value not in (None, False, 0, "0", "false", "")


def _number(value: Any) -> int | None:
    try:
        return int(value)
    except (TypeError, ValueError):
        return None
